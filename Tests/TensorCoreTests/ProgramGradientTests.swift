import TestSupport
import Testing

@testable import TensorCore

/// The reverse transformation against the forward one, which shares no rule's code with it, and
/// against differences.
struct ProgramGradientTests {
  /// Checks `seedᵀ ∂y/∂x` by every input.
  static func expectGradients(
    _ program: Program, _ arguments: [String: Tensor<Double>], seed: UInt64,
    _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let names = program.inputs.map(\.name)
    let reverse = program.gradient(of: "y", withRespectTo: names, seededBy: "s")
    var given = arguments
    let shape = program.output("y")?.shape ?? .scalar
    given["s"] = Programs.normals(shape, seed: seed)
    let weights = given["s"]?.values ?? []
    let outputs = reverse.evaluate(given)
    for port in program.inputs {
      let jacobian = Programs.output(
        program.jacobian(of: "y", withRespectTo: port.name, as: "J"), arguments, "J")
      let columns = port.shape.count
      let expected = (0..<columns).map { column in
        weights.indices.reduce(0) {
          $0 + weights[$1] * jacobian.values[$1 * columns + column]
        }
      }
      let actual = outputs["gradient.\(port.name)"]
      #expect(actual?.shape == port.shape, sourceLocation: sourceLocation)
      expectClose(
        actual?.values ?? [], expected,
        within: Tolerance("identity", relative: 1e-12, floor: 1e-12),
        "gradient by \(port.name) \(comment())", sourceLocation: sourceLocation)
    }
  }

  @Test(.tags(.identity), arguments: ProgramOperationTests.unaries.map(\.0))
  func functionsOfOneNumber(function: UnaryOperation) {
    for shape in [Shape.scalar, .vector(3), .matrix(2, 2), .vector(0), .vector(1)] {
      let program = Programs.make([shape]) { $0.unary(function, $1[0]) }
      let x = Programs.uniform(shape, 0.2...0.8, seed: 1)
      Self.expectGradients(program, ["x0": x], seed: 2, "\(function) of \(shape)")
    }
  }

  @Test(.tags(.identity), arguments: ProgramOperationTests.binaries.map(\.0))
  func functionsOfTwoNumbers(function: BinaryOperation) {
    for shape in [Shape.scalar, .vector(3), .matrix(2, 2), .matrix(0, 2)] {
      let x = Programs.uniform(shape, 0.5...2, seed: 3)
      let y = Programs.uniform(shape, -2 ... -0.5, seed: 4)
      let pair = Programs.make([shape, shape]) { $0.binary(function, $1[0], $1[1]) }
      Self.expectGradients(pair, ["x0": x, "x1": y], seed: 5, "\(function)")
      let twice = Programs.make([shape]) { $0.binary(function, $1[0], $1[0]) }
      Self.expectGradients(twice, ["x0": x], seed: 6, "\(function) of x and x")
      let scalar = Programs.make([shape, .scalar]) { $0.binary(function, $1[0], $1[1]) }
      Self.expectGradients(scalar, ["x0": x, "x1": Tensor(2.5)], seed: 7, "\(function), scalar")
    }
  }

  @Test(.tags(.identity), arguments: Programs.shapes().filter { $0.count < 13 && $0.rank > 0 })
  func operationsAlongAxes(shape: Shape) {
    let x = Programs.normals(shape, seed: 8)
    func check(
      _ name: String, _ body: (inout ProgramBuilder, Value) -> Value
    ) {
      let program = Programs.make([shape]) { body(&$0, $1[0]) }
      Self.expectGradients(program, ["x0": x], seed: 9, "\(name) of \(shape)")
    }
    for axis in 0..<shape.rank {
      check("sum") { $0.sum($1, axis: axis) }
      if shape[axis] > 0 { check("maximum") { $0.maximum($1, axis: axis) } }
      if shape[axis] > 1 { check("slice") { $0.slice($1, axis: axis, start: 1, count: 1) } }
      check("concatenation") { $0.concatenate([$1, $0.unary(.sin, $1), $1], axis: axis) }
    }
    check("permutation") { $0.permute($1, Array((0..<shape.rank).reversed())) }
    check("reshape") { $0.reshape($1, to: .vector(shape.count)) }
    check("broadcast") { $0.broadcast($1, to: Shape([2] + shape.dimensions)) }
    check("softmax") { $0.softmax($1) }
    check("logSumExp") { $0.logSumExp($1) }
    check("standardize") { $0.standardize($1, epsilon: 0.01) }
    check("select") { $0.select($0.binary(.less, $1, $0.constant(0)), $0.unary(.exp, $1), $1) }
    if shape[0] > 0 {
      check("gather") {
        $0.gather($1, at: $0.constant(Tensor(vector: [0, Double(shape[0] - 1), 0])))
      }
    }
    check("scatterAdd") {
      $0.scatterAdd(
        $1, at: $0.constant(Tensor(repeating: 1, shape: .vector(shape[0]))), count: 3)
    }
  }

  @Test(.tags(.identity)) func broadcastsAlongAxesOfExtentOne() {
    for (from, to) in [
      ([1, 3], [2, 3]), ([2, 1], [2, 3]), ([1], [4, 5]), ([1, 2, 1], [3, 2, 2]),
    ] {
      let program = Programs.make([Shape(from)]) {
        $0.broadcast($0.unary(.sin, $1[0]), to: Shape(to))
      }
      let x = Programs.normals(Shape(from), seed: 10)
      Self.expectGradients(program, ["x0": x], seed: 11, "\(from) to \(to)")
    }
  }

  @Test(.tags(.identity), arguments: [[], [2], [2, 1]])
  func products(batch: [Int]) {
    for (rows, inner, columns) in [(2, 3, 2), (1, 1, 1), (3, 0, 2), (0, 2, 2), (1, 4, 1)] {
      let shapes = [Shape(batch + [rows, inner]), Shape(batch + [inner, columns])]
      let program = Programs.make(shapes) { $0.matrixProduct($1[0], $1[1]) }
      Self.expectGradients(
        program, Programs.arguments(program, seed: 12), seed: 13,
        "\(batch) \(rows) × \(inner) × \(columns)")
    }
  }

  @Test(.tags(.identity), arguments: [false, true])
  func attention(isCausal: Bool) {
    for (queries, keys) in [(3, 3), (1, 1), (2, 4), (4, 2)] {
      let shapes = [
        Shape([2, queries, 2]), Shape([2, keys, 2]), Shape([2, keys, 3]),
        Shape([queries, keys]),
      ]
      let program = Programs.make(shapes) {
        $0.attention($1[0], $1[1], $1[2], bias: $1[3], isCausal: isCausal)
      }
      Self.expectGradients(
        program, Programs.arguments(program, seed: 14), seed: 15, "\(queries) × \(keys)")
    }
  }

  @Test(.tags(.property), arguments: 0..<10)
  func randomPrograms(block: UInt64) {
    for seed in (block * 30)..<(block * 30 + 30) {
      let program = RandomProgram.make(seed: seed, composites: true)
      Self.expectGradients(
        program, Programs.arguments(program, seed: seed), seed: seed &+ 1, "seed \(seed)")
    }
  }

  @Test(.tags(.property), arguments: 0..<4)
  func randomSmoothProgramsAgainstDifferences(block: UInt64) {
    for seed in (block * 20)..<(block * 20 + 20) {
      var builder = ProgramBuilder(
        RandomProgram.make(seed: seed, steps: 9, smooth: true, composites: true))
      let outputs = builder.build().outputs
      builder = ProgramBuilder(builder.build())
      builder.output("total", builder.sum(builder.value(of: outputs[0])))
      let program = builder.build()
      let arguments = Programs.arguments(program, seed: seed)
      let names = program.inputs.map(\.name)
      let gradients = program.gradient(of: "total", withRespectTo: names).evaluate(arguments)
      for name in names {
        let expected = Programs.differences(program, arguments, of: "total", by: name)
        expectClose(
          gradients["gradient.\(name)"]?.values ?? [], expected.values,
          within: Tolerance("derivative", relative: 1e-6, floor: 1e-6), "seed \(seed), \(name)")
      }
    }
  }

  @Test(.tags(.identity)) func gradientsOfGradientsAreHessians() {
    for seed in UInt64(0)..<20 {
      var builder = ProgramBuilder(
        RandomProgram.make(seed: seed, steps: 8, smooth: true, composites: true))
      let port = builder.build().outputs[0]
      builder.output("total", builder.sum(builder.value(of: port)))
      let program = builder.build()
      let arguments = Programs.arguments(program, seed: seed)
      let forward = program.jacobian(of: "total", withRespectTo: "a", as: "J")
        .jacobian(of: "J", withRespectTo: "a", as: "H")
      let expected = Programs.output(forward, arguments, "H").values
      let count = program.input("a")?.shape.count ?? 0
      let first = program.gradient(of: "total", withRespectTo: ["a"])
      var given = arguments
      for row in 0..<count {
        var unit = Tensor<Double>(repeating: 0, shape: program.input("a")?.shape ?? .scalar)
        unit.values[row] = 1
        given["s"] = unit
        let second = first.gradient(
          of: "gradient.a", withRespectTo: ["a"], seededBy: "s", as: { _ in "row" })
        expectClose(
          Programs.output(second, given, "row").values,
          (0..<count).map { expected[row * count + $0] },
          within: Tolerance("identity", relative: 1e-10, floor: 1e-10), "seed \(seed), row \(row)")
      }
    }
  }

  @Test func whatDoesNotDependHasZeroGradient() {
    let program = Programs.make([.vector(2), .vector(3)]) { $0.sum($1[0]) }
    let gradient = program.gradient(of: "y", withRespectTo: ["x0", "x1"])
    #expect(gradient.constantOutput("gradient.x0")?.values == [1, 1])
    #expect(gradient.constantOutput("gradient.x1")?.values == [0, 0, 0])
  }
}
