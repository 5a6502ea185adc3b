import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("The Kalman scheme against exact answers")
struct KalmanSchemeTests {
  /// Prior precisions of the three states of the two-level model.
  static let starts: [[Double]] = [[1.5, 0.7, 2], [0, 0, 0], [0, 2, 0], [1.5, 0.7, 0]]

  private func twoLevel(_ start: [Double]) -> HierarchicalDynamicModel {
    var model = SampleModels.linearTwoLevel()
    if start[0...1].contains(where: { $0 > 0 }) {
      model.levels[0].statePriorPrecision = .diagonal(Array(start[0...1]))
    }
    if start[2] > 0 { model.levels[1].statePriorPrecision = .diagonal([start[2]]) }
    return model
  }

  private func data(_ model: HierarchicalDynamicModel, seed: UInt64, missing: Int) -> Tensor<Double>
  {
    var source = RandomSource(seed: seed)
    let (samples, channels) = (model.time.count, model.level(1).outputs.count)
    var data = Tensor(shape: .matrix(samples, channels), values: source.normals(samples * channels))
    if missing > 0 { data[2, 1] = .nan }
    if missing > 1 {
      for sample in [0, 5] { for channel in 0..<channels { data[sample, channel] = .nan } }
    }
    return data
  }

  @Test(
    "states, causes, evidence and its parts equal the joint Gaussian", arguments: starts, [0, 1, 2])
  func joint(start: [Double], missing: Int) throws {
    let model = twoLevel(start)
    let data = data(model, seed: 5 + UInt64(missing), missing: missing)
    let record = try KalmanScheme().run(model, on: RecognitionInput(data: data, model: model))
    #expect(record.failure == nil)
    let exact = try JointGaussian.twoLevel(startPrecision: start).solve(data)
    let tolerance = Tolerance.reference(1e-10)
    for sample in 0..<model.time.count {
      func row(_ tensor: Tensor<Double>) -> [Double] {
        let width = tensor.values.count / model.time.count
        return Array(tensor.values[(sample * width)..<((sample + 1) * width)])
      }
      let states = row(record.levels[0].states.mean) + row(record.levels[1].states.mean)
      expectClose(states, exact.states[sample], within: tolerance)
      let causes = row(record.levels[1].outputs.mean) + row(record.levels[2].outputs.mean)
      expectClose(causes, exact.causes[sample], within: tolerance)
      let spread = exact.stateSpreads[sample]
      expectClose(
        row(record.levels[0].states.covariance),
        [spread[0, 0], spread[0, 1], spread[1, 0], spread[1, 1]], within: tolerance)
      expectClose(
        row(record.levels[1].states.standardDeviation), [spread[2, 2].squareRoot()],
        within: tolerance)
      for level in 1...2 {
        expectClose(
          row(record.levels[level].outputs.covariance),
          [exact.causeSpreads[sample][level - 1, level - 1]], within: tolerance)
      }
      for (channel, own) in [[1.0, 0.5, 0.1], [0.3, -1, 0.4]].enumerated() {
        let value = own[0] * states[0] + own[1] * states[1] + own[2] * causes[0]
        expectClose(record.levels[0].outputs.mean[sample, channel], value, within: tolerance)
        let error = record.levels[0].outputs.error[sample, channel]
        if data[sample, channel].isNaN {
          #expect(error.isNaN)
        } else {
          expectClose(error, data[sample, channel] - value, within: tolerance)
        }
      }
    }
    let total = try #require(record.totalFreeEnergy)
    expectClose(-total, exact.logEvidence, within: .reference(1e-10))
    expectClose(
      record.freeEnergy.reduce(0) { $0 + $1.freeEnergy }, total, within: .reference(1e-12))
    let parts = try #require(record.evidence)
    expectClose(parts.accuracy, exact.accuracy, within: .reference(1e-10))
    expectClose(parts.complexity, exact.complexity, within: .reference(1e-10))
    expectClose(parts.freeEnergy, total, within: .reference(1e-10))
    for terms in record.freeEnergy {
      expectClose(terms.freeEnergy, terms.energy - terms.entropy, within: .identity)
      expectClose(terms.freeEnergy, terms.complexity - terms.accuracy, within: .identity)
      #expect(terms.surprise == terms.freeEnergy && terms.divergence == 0)
    }
  }

  @Test("the errors are the smoothed fluctuations", arguments: starts)
  func errors(start: [Double]) throws {
    let model = twoLevel(start)
    let data = data(model, seed: 9, missing: 0)
    let record = try KalmanScheme().run(model, on: RecognitionInput(data: data, model: model))
    let reference = JointGaussian.twoLevel(startPrecision: start)
    let (a, phi, q) = try reference.discretization()
    for sample in 0..<(model.time.count - 1) {
      func states(_ j: Int) -> [Double] {
        (0..<2).map { record.levels[0].states.mean[j, $0] } + [record.levels[1].states.mean[j, 0]]
      }
      let causes = [
        record.levels[1].outputs.mean[sample, 0], record.levels[2].outputs.mean[sample, 0],
      ]
      let held = zip(
        LinearAlgebra.product(reference.input, Tensor(vector: causes)).values, reference.constant
      ).map { $0 + $1 }
      let expected = zip(
        LinearAlgebra.product(a, Tensor(vector: states(sample))).values,
        LinearAlgebra.product(phi, Tensor(vector: held)).values
      ).map { $0 + $1 }
      let fluctuation = zip(states(sample + 1), expected).map { $0 - $1 }
      let error =
        (0..<2).map { record.levels[0].states.error[sample, $0] }
        + [record.levels[1].states.error[sample, 0]]
      expectClose(error.map { $0 * 0.5 }, fluctuation, within: .reference(1e-9))
      let weighted =
        (0..<2).map { record.levels[0].states.weightedError[sample, $0] }
        + [record.levels[1].states.weightedError[sample, 0]]
      expectClose(
        LinearAlgebra.product(q, Tensor(vector: weighted)).values, fluctuation,
        within: .reference(1e-9))
      expectClose(
        record.levels[2].outputs.error[sample, 0], causes[1] - 0.2, within: .reference(1e-9))
      expectClose(
        record.levels[1].outputs.weightedError[sample, 0],
        2 * (causes[0] - 0.3 - states(sample)[2]),
        within: .reference(1e-9))
    }
  }

  @Test("a static model has its closed-form evidence")
  func closedForm() throws {
    let model = SampleModels.hierarchy()
    let data = data(model, seed: 3, missing: 0)
    let record = try KalmanScheme().run(model, on: RecognitionInput(data: data, model: model))
    let first = Tensor<Double>(rows: [[1, 0.5], [-0.3, 1], [0.7, 0.2], [0.1, -0.6]])
    let second = Tensor<Double>(rows: [[1], [-0.5]])
    var middle = LinearAlgebra.product(second, LinearAlgebra.transpose(second))
    for index in middle.values.indices { middle.values[index] *= 2 }
    for k in 0..<2 { middle[k, k] += exp(-1) }
    var spread = LinearAlgebra.product(
      LinearAlgebra.product(first, middle), LinearAlgebra.transpose(first))
    for k in 0..<4 { spread[k, k] += exp(-2) }
    let factor = try CholeskyFactor(spread)
    let mean = LinearAlgebra.product(
      first, LinearAlgebra.product(second, Tensor(vector: [0.3]))
    ).values
    for sample in 0..<model.time.count {
      let error = (0..<4).map { data[sample, $0] - mean[$0] }
      let weighted = factor.solve(Tensor(vector: error)).values
      let square: Double = zip(error, weighted).reduce(0.0) { $0 + $1.0 * $1.1 }
      let surprise: Double = 0.5 * (square + factor.logDeterminant + 4 * log(2 * Double.pi))
      expectClose(record.freeEnergy[sample].freeEnergy, surprise, within: .reference(1e-12))
      let middleCause = LinearAlgebra.product(
        middle, LinearAlgebra.transposedProduct(first, Tensor(vector: weighted))
      ).values
      expectClose(
        (0..<2).map { record.levels[1].outputs.mean[sample, $0] },
        [0.3 + middleCause[0], -0.15 + middleCause[1]], within: .reference(1e-10))
    }
  }

  @Test("a vanishing prior precision tends to the diffuse start, less its log density")
  func limit() throws {
    let data = data(twoLevel([0, 0, 0]), seed: 12, missing: 1)
    func run(_ start: [Double]) throws -> InversionRecord {
      let model = twoLevel(start)
      return try KalmanScheme().run(model, on: RecognitionInput(data: data, model: model))
    }
    let diffuse = try run([0, 0, 0])
    let total = try #require(diffuse.totalFreeEnergy)
    var last = Double.infinity
    for precision in [1e-2, 1e-4, 1e-6] {
      let near = try run([precision, precision, precision])
      let density = 1.5 * log(precision / (2 * Double.pi))
      let difference = abs(try #require(near.totalFreeEnergy) + density - total)
      #expect(difference < 20 * precision && difference < 0.02 * last)
      last = difference
      expectClose(
        near.levels[0].states.mean.values, diffuse.levels[0].states.mean.values,
        within: Tolerance("limit", relative: 20 * precision))
    }
  }

  /// Annual flow of the Nile at Aswan 1871–1970 in 10⁸ m³ (Cobb 1978, Biometrika 65:243).
  static let nile: [Double] = [
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180,
    799, 958, 1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833,
    701, 916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845,
    864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649,
    846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923, 975, 815,
    1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
  ]

  /// A random walk seen through noise, without causes.
  static func localLevel(count: Int, noise: Double, walk: Double) -> HierarchicalDynamicModel {
    let level = SampleModels.level(
      states: 1, causes: 0, outputs: 1, outputPrecision: SampleModels.isotropic(1 / noise, 1),
      statePrecision: SampleModels.isotropic(1 / walk, 1)
    ) { builder, x, _, _ in (builder.zeros(.vector(1)), x) }
    return HierarchicalDynamicModel(
      levels: [level, SampleModels.prior("v", [], precision: 1)], stateOrder: 1, causeOrder: 1,
      smoothness: 0, time: SampleTimes(count: count, step: 1))
  }

  @Test("the local level model of the Nile has its published diffuse likelihood")
  func nileSeries() throws {
    #expect(Self.nile.count == 100 && Self.nile.reduce(0, +) == 91935)
    let model = Self.localLevel(count: 100, noise: 15099, walk: 1469.1)
    let data = Tensor(shape: .matrix(100, 1), values: Self.nile)
    let record = try KalmanScheme().run(model, on: RecognitionInput(data: data, model: model))
    // Durbin & Koopman 2012, §2.2 and §7.3: −632.5456 without the first observation's term.
    expectClose(
      try #require(record.totalFreeEnergy), 632.5456,
      within: Tolerance("published", relative: 0, floor: 6e-5))
    expectClose(record.freeEnergy[0].freeEnergy, 0, within: Tolerance("flat", relative: 1e-10))
    // The steady state of the filter: P⁻ = ½ q (1 + √(1 + 4 r / q)).
    let (noise, walk) = (15099.0, 1469.1)
    let root: Double = (1 + 4 * noise / walk).squareRoot()
    let steady: Double = 0.5 * walk * (1 + root)
    let filtered: Double = steady * noise / (steady + noise)
    expectClose(
      record.levels[0].states.covariance[99, 0, 0], filtered, within: .reference(1e-9))
  }

  @Test("the exact step is Van Loan's, and stays in range where his exponential does not")
  func discretization() throws {
    let joint = JointGaussian.twoLevel(startPrecision: [0, 0, 0])
    for step in [1e-3, 0.5, 9] {
      var reference = joint
      reference.step = step
      let (a, phi, q) = try reference.discretization()
      var own = DiffusionStep(size: 3)
      own.advance(drift: joint.drift.values, diffusion: joint.diffusion.values, over: step)
      expectClose(own.transition, a.values, within: .reference(1e-11))
      expectClose(own.integral, phi.values, within: .reference(1e-11))
      expectClose(own.noise, q.values, within: .reference(1e-11))
    }
    var stiff = DiffusionStep(size: 1)
    stiff.advance(drift: [-5000], diffusion: [2], over: 1)
    expectClose(stiff.noise, [2.0 / 10000], within: .reference(1e-12))
    expectClose(stiff.integral, [1.0 / 5000], within: .reference(1e-12))
  }

  @Test("a linear model gives the same bytes by the path of nonlinear ones")
  func samePath() throws {
    for model in [twoLevel([0, 0, 0]), twoLevel([1.5, 0.7, 2]), SampleModels.convolution()] {
      let data = data(model, seed: 21, missing: 1)
      let input = RecognitionInput(data: data, model: model)
      func run(_ reuses: Bool) throws -> InversionRecord {
        let session = try KalmanSession(model, input, KalmanScheme.Options(), reuses: reuses)
        _ = try session.step(shouldStop: nil)
        return session.record()
      }
      let (kept, anew) = (try run(true), try run(false))
      #expect(kept.levels[0].states.mean.values == anew.levels[0].states.mean.values)
      #expect(kept.levels[0].states.covariance.values == anew.levels[0].states.covariance.values)
      #expect(kept.freeEnergy == anew.freeEnergy && kept.evidence == anew.evidence)
    }
  }
}
