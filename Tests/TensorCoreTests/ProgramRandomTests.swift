import TestSupport
import Testing

@testable import TensorCore

struct ProgramRandomTests {
  @Test(.tags(.property), arguments: 0..<10)
  func instructionsGiveTheBitsOfThePlainKernels(block: UInt64) {
    for seed in (block * 50)..<(block * 50 + 50) {
      let program = RandomProgram.make(seed: seed)
      let arguments = Programs.arguments(program, seed: seed)
      let expected = Programs.interpret(program, arguments)
      let actual = program.evaluate(arguments)
      for port in program.outputs {
        let (left, right) = (actual[port.name]?.values ?? [], expected[port.name]?.values ?? [])
        #expect(Programs.same(left, right), "seed \(seed), output \(port.name)")
        #expect(left.allSatisfy { $0.isFinite }, "seed \(seed) left the domain")
      }
    }
  }

  @Test(.tags(.property), arguments: 0..<6)
  func jacobiansAgreeWithDifferences(block: UInt64) {
    for seed in (block * 20)..<(block * 20 + 20) {
      let program = RandomProgram.make(seed: seed, steps: 9, smooth: true)
      Programs.expectJacobians(
        program, Programs.arguments(program, seed: seed),
        within: Tolerance("derivative", relative: 1e-6), "seed \(seed)")
    }
  }

  @Test(.tags(.property), arguments: 0..<4)
  func derivativeProgramsAgreeWithThePlainKernels(block: UInt64) {
    for seed in (block * 20)..<(block * 20 + 20) {
      let program = RandomProgram.make(seed: seed, steps: 9, smooth: true)
        .jacobian(of: "y", withRespectTo: "a", as: "J")
      let arguments = Programs.arguments(program, seed: seed)
      let expected = Programs.interpret(program, arguments)["J"]?.values ?? []
      let actual = program.evaluate(arguments)["J"]?.values ?? []
      // The entry-wise rewrites of powers and negated sums touch the last bits only.
      expectClose(actual, expected, within: .identity, "seed \(seed)")
    }
  }

  @Test(.tags(.property), arguments: 0..<4)
  func tangentsAreJacobiansTimesTheDirection(block: UInt64) {
    for seed in (block * 20)..<(block * 20 + 20) {
      let program = RandomProgram.make(seed: seed, steps: 10)
        .jacobian(of: "y", withRespectTo: "b", as: "J")
        .tangent(of: "y", withRespectTo: "b", along: "v", as: "Jv")
      let arguments = Programs.arguments(program, seed: seed)
      let outputs = program.evaluate(arguments)
      let jacobian = outputs["J"]?.values ?? []
      let direction = arguments["v"]?.values ?? []
      let actual = outputs["Jv"]?.values ?? []
      let expected = actual.indices.map { row in
        direction.indices.reduce(0) {
          $0 + jacobian[row * direction.count + $1] * direction[$1]
        }
      }
      expectClose(actual, expected, within: .identity, "seed \(seed)")
    }
  }

  @Test(.tags(.property), arguments: 0..<40)
  func inlinedProgramsObeyTheChainRule(seed: UInt64) {
    let outer = RandomProgram.make(seed: seed, steps: 6, smooth: true)
    let inner = RandomProgram.make(seed: seed + 1000, steps: 6, smooth: true)
    guard let target = outer.input("a") else {
      Issue.record("no input a")
      return
    }
    let shape = target.shape
    // Composed: u = the inner result repeated to the shape of a, times a coefficient per entry.
    let coefficients = Programs.normals(shape, seed: seed)
    var link = ProgramBuilder()
    let p = link.input("p", shape: inner.outputs[0].shape)
    let total = link.unary(.tanh, link.sum(p))
    link.output("u", link.binary(.multiply, link.constant(coefficients), total))
    let linking = link.build()

    var builder = ProgramBuilder()
    var own: [String: Value] = [:]
    for port in inner.inputs {
      own[port.name] = builder.input("in-" + port.name, shape: port.shape)
    }
    let first = builder.inline(inner, arguments: own)
    guard let y = first["y"] else { return }
    guard let u = builder.inline(linking, arguments: ["p": y])["u"] else { return }
    var others: [String: Value] = ["a": u]
    for port in outer.inputs where port.name != "a" {
      others[port.name] = builder.input("out-" + port.name, shape: port.shape)
    }
    guard let result = builder.inline(outer, arguments: others)["y"] else { return }
    builder.output("y", result)
    builder.output("p", y)
    builder.output("u", u)
    let composed = builder.build()
    let whole = composed.jacobian(of: "y", withRespectTo: "in-b", as: "J")
    let arguments = Programs.arguments(composed, seed: seed)
    let outputs = whole.evaluate(arguments)

    var innerArguments: [String: Tensor<Double>] = [:]
    for port in inner.inputs { innerArguments[port.name] = arguments["in-" + port.name] }
    var outerArguments = ["a": outputs["u"] ?? Tensor(.nan)]
    for port in outer.inputs where port.name != "a" {
      outerArguments[port.name] = arguments["out-" + port.name]
    }
    let inside = Programs.output(
      inner.jacobian(of: "y", withRespectTo: "b", as: "J"), innerArguments, "J")
    let between = Programs.output(
      linking.jacobian(of: "u", withRespectTo: "p", as: "J"),
      ["p": outputs["p"] ?? Tensor(.nan)], "J")
    let outside = Programs.output(
      outer.jacobian(of: "y", withRespectTo: "a", as: "J"), outerArguments, "J")
    let (rows, columns) = (outputs["y"]?.values.count ?? 0, arguments["in-b"]?.values.count ?? 0)
    let middle = outputs["p"]?.values.count ?? 0
    let product = LinearAlgebra.product(
      outside.reshaped(.matrix(rows, shape.count)),
      LinearAlgebra.product(
        between.reshaped(.matrix(shape.count, middle)), inside.reshaped(.matrix(middle, columns))))
    expectClose(outputs["J"]?.values ?? [], product.values, within: .identity, "seed \(seed)")
  }
}
