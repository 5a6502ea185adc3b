import TestSupport
import Testing

@testable import TensorCore

/// The Jacobian transformation applied to its own results, and what it knows to be zero.
struct ProgramSecondDerivativeTests {
  /// Adds `J` and `H`, the first and second derivatives of `y` by `x0`.
  private func twice(_ program: Program) -> Program {
    program.jacobian(of: "y", withRespectTo: "x0", as: "J")
      .jacobian(of: "J", withRespectTo: "x0", as: "H")
  }

  @Test(.tags(.property), arguments: ProgramOperationTests.unaries.map(\.0))
  func functionsOfOneNumber(function: UnaryOperation) {
    let program = twice(Programs.make([.vector(3)]) { $0.unary(function, $1[0]) })
    let x = ["x0": Programs.uniform(.vector(3), 0.2...0.8, seed: 1)]
    let expected = Programs.differences(program, x, of: "J", by: "x0")
    expectClose(
      Programs.output(program, x, "H").values, expected.values,
      within: Tolerance("secondDerivative", relative: 1e-7), "\(function)")
  }

  @Test(.tags(.property), arguments: ProgramOperationTests.binaries.map(\.0))
  func functionsOfTwoNumbers(function: BinaryOperation) {
    let base = Programs.make([.vector(2), .vector(2)]) { builder, x in
      builder.binary(function, x[0], builder.binary(.multiply, x[0], x[1]))
    }
    let program = twice(base).jacobian(of: "J", withRespectTo: "x1", as: "M")
    let x = [
      "x0": Programs.uniform(.vector(2), 0.5...1.5, seed: 2),
      "x1": Programs.uniform(.vector(2), 1.2...2, seed: 3),
    ]
    for (name, input) in [("H", "x0"), ("M", "x1")] {
      let expected = Programs.differences(program, x, of: "J", by: input)
      expectClose(
        Programs.output(program, x, name).values, expected.values,
        within: Tolerance("secondDerivative", relative: 1e-7), "\(function), \(name)")
    }
  }

  @Test(.tags(.property), arguments: 0..<40)
  func secondDerivativesOfRandomProgramsAreSymmetric(seed: UInt64) {
    let program = RandomProgram.make(seed: seed, steps: 8, smooth: true)
      .jacobian(of: "y", withRespectTo: "a", as: "J")
      .jacobian(of: "J", withRespectTo: "a", as: "H")
      .jacobian(of: "J", withRespectTo: "b", as: "JaJb")
      .jacobian(of: "y", withRespectTo: "b", as: "K")
      .jacobian(of: "K", withRespectTo: "a", as: "JbJa")
    let arguments = Programs.arguments(program, seed: seed)
    let outputs = program.evaluate(arguments)
    let rows = outputs["y"]?.values.count ?? 0
    let (n, m) = (arguments["a"]?.values.count ?? 0, arguments["b"]?.values.count ?? 0)
    let second = outputs["H"]?.values ?? []
    let flipped = (0..<(rows * n * n)).map { index in
      second[(index / (n * n) * n + index % n) * n + index / n % n]
    }
    expectClose(second, flipped, within: .identity, "seed \(seed)")
    let mixed = outputs["JaJb"]?.values ?? []
    let other = outputs["JbJa"]?.values ?? []
    let turned = (0..<(rows * n * m)).map { index in
      other[(index / (n * m) * m + index % m) * n + index / m % n]
    }
    expectClose(mixed, turned, within: .identity, "seed \(seed)")
    let expected = Programs.differences(program, arguments, of: "J", by: "a")
    expectClose(
      second, expected.values, within: Tolerance("secondDerivative", relative: 1e-5),
      "seed \(seed)")
  }

  @Test func thirdDerivatives() {
    // y = Σ sin(x²) has y‴ = −12 x sin(x²) − 8 x³ cos(x²) on the diagonal, zero elsewhere.
    let base = Programs.make([.vector(3)]) { builder, x in
      builder.sum(builder.unary(.sin, builder.binary(.multiply, x[0], x[0])))
    }
    let program = twice(base).jacobian(of: "H", withRespectTo: "x0", as: "T")
    let x = Tensor(vector: [0.3, -1.1, 0.8])
    let actual = Programs.output(program, ["x0": x], "T")
    var expected = Tensor<Double>(repeating: 0, shape: Shape([3, 3, 3]))
    for (index, value) in x.values.enumerated() {
      let square = value * value
      expected[index, index, index] =
        -12 * value * Libm.sin(square) - 8 * value * square * Libm.cos(square)
    }
    expectClose(actual.values, expected.values)
    let entries = Executable(program).constants(ofOutput: "T")
    let zeros = entries.filter { $0 == 0 }
    #expect(zeros.count == 24)
  }

  @Test func linearMapsHaveConstantDerivatives() {
    let matrix = Programs.normals(.matrix(3, 4), seed: 1)
    let base = Programs.make([.vector(4)]) { builder, x in
      let column = builder.reshape(x[0], to: .matrix(4, 1))
      let product = builder.reshape(
        builder.matrixProduct(builder.constant(matrix), column), to: .vector(3))
      let part = builder.slice(x[0], axis: 0, start: 1, count: 3)
      let reversed = builder.concatenate(
        [2, 0, 1].map { builder.slice(part, axis: 0, start: $0, count: 1) }, axis: 0)
      let scaled = builder.binary(.multiply, reversed, builder.constant(-3))
      let shifted = builder.binary(.add, scaled, builder.constant(7))
      return builder.binary(
        .subtract, product, builder.binary(.divide, shifted, builder.constant(3)))
    }
    let program = twice(base)
    var expected = matrix
    for (row, column) in [3, 1, 2].enumerated() { expected[row, column] += 1 }
    expectClose(program.constantOutput("J")?.values ?? [], expected.values)
    #expect(program.constantOutput("H") == Tensor(repeating: 0, shape: Shape([3, 4, 4])))
    let executable = Executable(program)
    #expect(executable.constants(ofOutput: "J").allSatisfy { $0 != nil })
    #expect(executable.constants(ofOutput: "H").allSatisfy { $0 == 0 })
    #expect(executable.constants(ofOutput: "y").allSatisfy { $0 == nil })
    #expect(program.constantOutput("y") == nil)
    #expect(executable.instructionCount == Executable(base).instructionCount)
  }

  @Test func theLorenzJacobianKnowsItsZeros() {
    let (sigma, rho, beta) = (10.0, 28.0, 8.0 / 3)
    let base = Programs.make([.vector(3)]) { builder, inputs in
      let x = (0..<3).map { builder.element(inputs[0], axis: 0, index: $0) }
      let first = builder.binary(
        .multiply, builder.constant(sigma), builder.binary(.subtract, x[1], x[0]))
      let lift = builder.binary(.subtract, builder.constant(rho), x[2])
      let second = builder.binary(.subtract, builder.binary(.multiply, x[0], lift), x[1])
      let third = builder.binary(
        .subtract, builder.binary(.multiply, x[0], x[1]),
        builder.binary(.multiply, builder.constant(beta), x[2]))
      return builder.stack([first, second, third])
    }
    let program = twice(base)
    let executable = Executable(program)
    let jacobian = executable.constants(ofOutput: "J")
    #expect(jacobian == [-sigma, sigma, 0, nil, -1, nil, nil, nil, -beta])
    let second = executable.constants(ofOutput: "H")
    var expected = [Double?](repeating: 0, count: 27)
    for (row, column, layer, value) in [
      (1, 0, 2, -1.0), (1, 2, 0, -1.0), (2, 0, 1, 1.0), (2, 1, 0, 1.0),
    ] {
      expected[(row * 3 + column) * 3 + layer] = value
    }
    #expect(second == expected)
    let outputs = executable.evaluate(["x0": Tensor(vector: [1, 2, 3])])
    #expect(outputs["y"]?.values == [10, 23, -6])
    #expect(outputs["J"]?.values == [-10, 10, 0, 25, -1, -1, 2, 1, -beta])
    // Three slopes beyond the flow itself: ρ − z, −x and the copies of x and y.
    let flow = Executable(base).instructionCount
    #expect(executable.instructionCount <= flow + 4)
  }

  @Test func independentInputsHaveZeroDerivatives() {
    let program = Programs.make([.vector(2), .matrix(2, 2)]) { $0.unary(.exp, $1[0]) }
      .jacobian(of: "y", withRespectTo: "x1", as: "J")
      .tangent(of: "y", withRespectTo: "x1", along: "v", as: "t")
    #expect(program.constantOutput("J") == Tensor(repeating: 0, shape: Shape([2, 2, 2])))
    #expect(program.constantOutput("t") == Tensor(repeating: 0, shape: .vector(2)))
  }
}
