import TestSupport
import Testing

@testable import TensorCore

/// First derivatives of every operation against five-point differences.
struct ProgramJacobianTests {
  static let smooth: [UnaryOperation] = ProgramOperationTests.unaries.map(\.0)
  static let smoothBinaries: [BinaryOperation] = ProgramOperationTests.binaries.map(\.0)

  @Test(.tags(.property), arguments: smooth)
  func functionsOfOneNumber(function: UnaryOperation) {
    for shape in [Shape.scalar, .vector(3), .matrix(2, 2), .vector(0)] {
      let program = Programs.make([shape]) { $0.unary(function, $1[0]) }
      let x = Programs.uniform(shape, 0.2...0.8, seed: 1)
      Programs.expectJacobians(program, ["x0": x], "\(function)")
      guard ![.log, .log1p, .sqrt, .asin, .acos].contains(function) else { continue }
      let negative = Programs.uniform(shape, -0.8 ... -0.2, seed: 2)
      Programs.expectJacobians(program, ["x0": negative], "\(function) of negative numbers")
    }
  }

  @Test(.tags(.property), arguments: smoothBinaries)
  func functionsOfTwoNumbers(function: BinaryOperation) {
    for shape in [Shape.scalar, .vector(3), .matrix(2, 2)] {
      let program = Programs.make([shape, shape]) { $0.binary(function, $1[0], $1[1]) }
      let x = Programs.uniform(shape, 0.5...2, seed: 3)
      let y = Programs.uniform(shape, -2 ... -0.5, seed: 4)
      Programs.expectJacobians(program, ["x0": x, "x1": y], "\(function)")
      let square = Programs.make([shape]) { $0.binary(function, $1[0], $1[0]) }
      Programs.expectJacobians(square, ["x0": x], "\(function) of x and x")
      let scalar = Programs.make([shape, .scalar]) { $0.binary(function, $1[0], $1[1]) }
      Programs.expectJacobians(scalar, ["x0": x, "x1": Tensor(2.5)], "\(function) by a scalar")
      let fixed = Programs.make([shape]) { $0.binary(function, $0.constant(1.5), $1[0]) }
      Programs.expectJacobians(fixed, ["x0": y], "\(function) of a constant")
    }
  }

  @Test(arguments: [-2.5, -2, -1, 0, 0.5, 1, 2, 3, 4, 2.7])
  func powersWithFixedExponents(exponent: Double) {
    let program = Programs.make([.vector(3)]) {
      $0.binary(.power, $1[0], $0.constant(exponent))
    }
    Programs.expectJacobians(
      program, ["x0": Programs.uniform(.vector(3), 0.5...2, seed: 5)], "exponent \(exponent)")
  }

  @Test func powersAtZeroHaveFiniteDerivatives() {
    let program = Programs.make([.vector(2), .vector(2)]) { $0.binary(.power, $1[0], $1[1]) }
      .jacobian(of: "y", withRespectTo: "x1", as: "J")
      .jacobian(of: "y", withRespectTo: "x0", as: "K")
    let outputs = program.evaluate([
      "x0": Tensor(vector: [0, 0]), "x1": Tensor(vector: [2, 3]),
    ])
    #expect(outputs["J"]?.values == [0, 0, 0, 0])
    #expect(outputs["K"]?.values == [0, 0, 0, 0])
  }

  @Test func cornersTakeTheDocumentedSides() {
    func slope(_ function: UnaryOperation) -> [Double] {
      let program = Programs.make([.scalar]) { $0.unary(function, $1[0]) }
        .jacobian(of: "y", withRespectTo: "x0", as: "J")
      return Programs.output(program, ["x0": Tensor(0)], "J").values
    }
    for function in [UnaryOperation.absolute, .sign, .heaviside, .relu] {
      #expect(slope(function) == [0], "\(function)")
    }
    // Ties of a maximum share the slope; ties of two numbers take the first.
    let largest = Programs.make([.vector(3)]) { $0.maximum($1[0], axis: 0) }
      .jacobian(of: "y", withRespectTo: "x0", as: "J")
    #expect(
      Programs.output(largest, ["x0": Tensor(vector: [4, 1, 4])], "J").values == [0.5, 0, 0.5])
    for function in [BinaryOperation.minimum, .maximum] {
      let pair = Programs.make([.scalar, .scalar]) { $0.binary(function, $1[0], $1[1]) }
        .jacobian(of: "y", withRespectTo: "x0", as: "J")
      #expect(Programs.output(pair, ["x0": Tensor(2), "x1": Tensor(2)], "J").values == [1])
    }
  }

  @Test(.tags(.property), arguments: Programs.shapes().filter { $0.count < 13 })
  func rearrangements(shape: Shape) {
    let x = ["x0": Programs.normals(shape, seed: 6)]
    let linear = Tolerance("derivative", relative: 1e-11)
    func check(_ name: String, _ body: (inout ProgramBuilder, Value) -> Value) {
      // A square first, so that the Jacobian is not a constant.
      let program = Programs.make([shape]) { builder, inputs in
        let square = builder.binary(.multiply, inputs[0], inputs[0])
        return body(&builder, square)
      }
      Programs.expectJacobians(program, x, within: linear, name)
    }
    for order in ProgramOperationTests.permutations(shape.rank) {
      check("permute") { $0.permute($1, order) }
    }
    check("reshape") { $0.reshape($1, to: .vector(shape.count)) }
    check("broadcast") { $0.broadcast($1, to: Shape([2] + shape.dimensions)) }
    for axis in 0..<shape.rank {
      check("sum") { $0.sum($1, axis: axis) }
      check("concatenate") { $0.concatenate([$1, $0.zeros(shape), $1], axis: axis) }
      guard shape[axis] > 0 else { continue }
      check("slice") { $0.slice($1, axis: axis, start: shape[axis] - 1, count: 1) }
      check("maximum") { $0.maximum($1, axis: axis) }
      guard shape[axis] == 1 else { continue }
      var wide = shape.dimensions
      wide[axis] = 3
      check("broadcast along \(axis)") { $0.broadcast($1, to: Shape(wide)) }
    }
  }

  @Test(.tags(.property), arguments: [[], [1], [2]])
  func matrixProducts(batch: [Int]) {
    for (m, k, n) in [(1, 1, 1), (2, 3, 1), (1, 2, 3), (3, 2, 2), (2, 0, 2)] {
      let (left, right) = (Shape(batch + [m, k]), Shape(batch + [k, n]))
      let program = Programs.make([left, right]) { $0.matrixProduct($1[0], $1[1]) }
      Programs.expectJacobians(
        program, Programs.arguments(program, seed: 7),
        within: Tolerance("derivative", relative: 1e-11))
      let square = Programs.make([Shape(batch + [m, m])]) { $0.matrixProduct($1[0], $1[0]) }
      Programs.expectJacobians(square, Programs.arguments(square, seed: 8))
    }
  }

  @Test func selections() {
    let shape = Shape.vector(4)
    let program = Programs.make([shape, shape, shape]) { builder, x in
      let a = builder.unary(.sin, x[1])
      let b = builder.binary(.multiply, x[1], x[2])
      let chosen = builder.select(builder.binary(.less, x[0], x[1]), a, b)
      return builder.binary(.multiply, chosen, x[0])
    }
    Programs.expectJacobians(program, Programs.arguments(program, seed: 9))
  }

  @Test func anInputThatIsAnOutputHasTheIdentity() {
    let program = Programs.make([.matrix(2, 2)]) { $1[0] }
      .jacobian(of: "y", withRespectTo: "x0", as: "J")
    #expect(
      program.constantOutput("J")
        == Tensor.identity(4).reshaped(Shape([2, 2, 2, 2])))
  }

  @Test func tangentsMayShareTheirDirection() {
    let program = Programs.make([.vector(3)]) { $0.unary(.exp, $1[0]) }
      .tangent(of: "y", withRespectTo: "x0", along: "v", as: "t")
      .tangent(of: "t", withRespectTo: "x0", along: "v", as: "tt")
    #expect(program.inputs.map(\.name) == ["x0", "v"])
    let arguments = Programs.arguments(program, seed: 10)
    let outputs = program.evaluate(arguments)
    let v = arguments["v"]?.values ?? []
    let y = outputs["y"]?.values ?? []
    expectClose(outputs["tt"]?.values ?? [], zip(y, v).map { $0 * $1 * $1 })
  }
}
