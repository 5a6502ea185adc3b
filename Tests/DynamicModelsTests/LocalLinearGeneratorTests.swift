import TensorCore
import TestSupport
import Testing

@testable import DynamicModels

struct LocalLinearGeneratorTests {
  static func zero(_ rows: Int, _ columns: Int) -> Tensor<Double> {
    Tensor(repeating: 0, shape: .matrix(rows, columns))
  }

  @Test(.tags(.reference), arguments: 0...3)
  func storedInnovationsGiveTheReferenceData(index: Int) throws {
    let cases = try Reference.load("spm/generate")["cases"]
    #expect(try cases.list.count == 4)
    let entry = try cases[index]
    let name = try entry["name"].text
    let settings = try entry["E"]
    let model = try entry["model"][0]
    let generator = LocalLinearGenerator(
      levels: [try Self.level(name, model)], orders: try settings["n"].integer + 1,
      step: try settings["dt"].number, subSteps: try settings["nD"].integer)
    let record = try generator.generate(
      initialStates: [try model["x0"].numbers],
      outputInnovations: [try entry["z1"].matrix, try entry["U"].matrix],
      stateInnovations: [try entry["w1"].matrix])
    // The reference differentiates numerically, which is exact where the equations are linear in
    // each state; the double well is not.
    let tolerance: Tolerance = name.hasPrefix("double well") ? .reference(2e-5) : .reference(1e-10)
    let expectedStates = try entry["X1"].matrix
    let expectedOutputs = try entry["V1"].matrix
    expectClose(record.states[0].values, expectedStates.values, within: tolerance, name)
    expectClose(record.outputs[0].values, expectedOutputs.values, within: tolerance, name)
    expectClose(
      record.outputs[1].values, try entry["V2"].matrix.values, within: .reference(1e-12), name)
  }

  static func level(_ name: String, _ model: Reference) throws -> LocalLinearGenerator.Level {
    switch name {
    case "lorenz":
      let p = try model["pE"].numbers
      return LocalLinearGenerator.Level(
        stateCount: 3, outputCount: 1,
        motion: { x, _ in
          [
            p[0] * (x[1] - x[0]) / 32, ((p[2] - x[2]) * x[0] - x[1] - x[0] * x[2]) / 32,
            (x[1] * x[0] + x[0] * x[1] + p[1] * x[2]) / 32,
          ]
        },
        output: { x, _ in [x[0] + x[1] + x[2]] },
        motionByState: { x, _ in
          Tensor(rows: [
            [-p[0] / 32, p[0] / 32, 0], [(p[2] - 2 * x[2]) / 32, -1.0 / 32, -x[0] / 16],
            [x[1] / 16, x[0] / 16, p[1] / 32],
          ])
        },
        motionByCause: { _, _ in Self.zero(3, 1) },
        outputByState: { _, _ in Tensor(rows: [[1, 1, 1]]) },
        outputByCause: { _, _ in Self.zero(1, 1) })
    case "double well, nD = 4":
      return LocalLinearGenerator.Level(
        stateCount: 1, outputCount: 1,
        motion: { x, v in [(16 * x[0] / (1 + x[0] * x[0]) - x[0] / 2 + 2 * v[0]) / 8] },
        output: { x, _ in [x[0] * x[0] / 16] },
        motionByState: { x, _ in
          let square = x[0] * x[0]
          return Tensor(rows: [[(16 * (1 - square) / ((1 + square) * (1 + square)) - 0.5) / 8]])
        },
        motionByCause: { _, _ in Tensor(rows: [[0.25]]) },
        outputByState: { x, _ in Tensor(rows: [[x[0] / 8]]) },
        outputByCause: { _, _ in Self.zero(1, 1) })
    default:
      let f = try model["pE_struct"]["f"].matrix
      let g = try model["pE_struct"]["g"].matrix
      let h = try model["pE_struct"]["h"].matrix
      return LocalLinearGenerator.Level(
        stateCount: 2, outputCount: 4,
        motion: { x, v in
          zip(
            LinearAlgebra.product(f, Tensor(vector: x)).values,
            LinearAlgebra.product(h, Tensor(vector: v)).values
          ).map(+)
        },
        output: { x, _ in LinearAlgebra.product(g, Tensor(vector: x)).values },
        motionByState: { _, _ in f }, motionByCause: { _, _ in h },
        outputByState: { _, _ in g }, outputByCause: { _, _ in Self.zero(4, 1) })
    }
  }

  @Test(.tags(.identity)) func levelsWithoutStatesPassCausesThrough() throws {
    // Two linear levels, the upper one static, equal one level with the product of the gains.
    let gain = Tensor<Double>(rows: [[2], [-1]])
    let input = Tensor<Double>(rows: [[1, 0.5]])
    let decay = Tensor<Double>(rows: [[-0.5]])
    func dynamic(_ drive: Tensor<Double>) -> LocalLinearGenerator.Level {
      LocalLinearGenerator.Level(
        stateCount: 1, outputCount: 1,
        motion: { x, v in
          [-0.5 * x[0] + LinearAlgebra.product(drive, Tensor(vector: v)).values[0]]
        },
        output: { x, _ in x }, motionByState: { _, _ in decay }, motionByCause: { _, _ in drive },
        outputByState: { _, _ in .identity(1) },
        outputByCause: { _, _ in Self.zero(1, drive.columns) })
    }
    let upper = LocalLinearGenerator.Level(
      stateCount: 0, outputCount: 2, motion: { _, _ in [] },
      output: { _, v in LinearAlgebra.product(gain, Tensor(vector: v)).values },
      motionByState: { _, _ in Self.zero(0, 0) }, motionByCause: { _, _ in Self.zero(0, 1) },
      outputByState: { _, _ in Self.zero(2, 0) }, outputByCause: { _, _ in gain })
    var source = RandomSource(seed: 21)
    let count = 12
    let top = Tensor(shape: .matrix(1, count), values: source.normals(count))
    let w = Tensor(shape: .matrix(1, count), values: source.normals(count))
    let zero = Self.zero(1, count)
    let two = try LocalLinearGenerator(levels: [dynamic(input), upper], orders: 4, step: 0.5)
      .generate(
        initialStates: [[1], []], outputInnovations: [zero, Self.zero(2, count), top],
        stateInnovations: [w, Self.zero(0, count)])
    let one = try LocalLinearGenerator(
      levels: [dynamic(LinearAlgebra.product(input, gain))], orders: 4, step: 0.5
    ).generate(
      initialStates: [[1]], outputInnovations: [zero, top], stateInnovations: [w])
    expectClose(two.states[0].values, one.states[0].values)
    expectClose(
      two.outputs[1].values, LinearAlgebra.product(gain, top).values,
      within: Tolerance("identity", relative: 1e-11))
  }
}
