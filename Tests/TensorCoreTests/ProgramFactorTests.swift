import TestSupport
import Testing

@testable import TensorCore

/// Factors written out inside a program against the dense ones.
struct ProgramFactorTests {
  private func factorProgram(_ size: Int) -> Program {
    var builder = ProgramBuilder()
    let matrix = builder.input("x0", shape: .matrix(size, size))
    let factor = builder.choleskyFactor(matrix)
    let zero = builder.constant(0)
    let entries = factor.flatMap { row in row.map { $0 ?? zero } }
    builder.output("factor", builder.reshape(builder.stack(entries), to: .matrix(size, size)))
    builder.output("inverse", builder.inverse(matrix))
    builder.output("logDeterminant", builder.logDeterminant(matrix))
    return builder.build()
  }

  @Test(.tags(.identity), arguments: 1...7)
  func factorsAgreeWithLinearAlgebra(size: Int) throws {
    let program = factorProgram(size)
    for seed in UInt64(0)..<10 {
      let matrix = Matrices.positiveDefinite(size, seed: seed)
      let outputs = program.evaluate(["x0": matrix])
      let lower = outputs["factor"] ?? Tensor(.nan)
      let tolerance = Tolerance("identity", relative: 1e-10)
      expectClose(
        LinearAlgebra.product(lower, LinearAlgebra.transpose(lower)).values, matrix.values)
      for row in 0..<size {
        for column in (row + 1)..<max(size, row + 1) { #expect(lower[row, column] == 0) }
      }
      expectClose(
        outputs["inverse"]?.values ?? [],
        try LinearAlgebra.inversePositiveDefinite(matrix).values, within: tolerance)
      expectClose(
        outputs["logDeterminant"]?.values ?? [],
        [try LinearAlgebra.logDeterminantPositiveDefinite(matrix)], within: tolerance)
    }
  }

  @Test func diagonalMatricesStaySparse() {
    let size = 8
    let program = Programs.make([.vector(size)]) { builder, x in
      let rows = (0..<size).map { row in
        let entry = builder.slice(x[0], axis: 0, start: row, count: 1)
        return builder.concatenate(
          [builder.zeros(.vector(row)), entry, builder.zeros(.vector(size - 1 - row))], axis: 0)
      }
      return builder.stack(rows)
    }
    var builder = ProgramBuilder(program)
    let matrix = builder.value(of: program.outputs[0])
    builder.output("inverse", builder.inverse(matrix))
    builder.output("logDeterminant", builder.logDeterminant(matrix))
    let whole = builder.build()
    let inverse = Executable(whole.keeping(outputs: ["inverse"]))
    let logDeterminant = Executable(whole.keeping(outputs: ["logDeterminant"]))
    // A root, a reciprocal and a square an entry; a root, a logarithm, a doubling and a sum.
    #expect(inverse.instructionCount == 3 * size)
    #expect(logDeterminant.instructionCount <= 4 * size)
    let x = Programs.uniform(.vector(size), 0.5...3, seed: 1)
    let outputs = whole.evaluate(["x0": x])
    expectClose(outputs["inverse"]?.values ?? [], Tensor.diagonal(x.values.map { 1 / $0 }).values)
    expectClose(
      outputs["logDeterminant"]?.values ?? [], [x.values.map { Libm.log($0) }.reduce(0, +)])
    let zeros = inverse.constants(ofOutput: "inverse").filter { $0 == 0 }
    #expect(zeros.count == size * (size - 1))
  }

  @Test(arguments: 1...4) func derivativesOfFactors(size: Int) {
    // ∂ ln|M| / ∂M = M⁻ᵀ, and ∂M⁻¹ against differences; M = R Rᵀ + I keeps it symmetric.
    let program = Programs.make([.matrix(size, size)]) { builder, x in
      let square = builder.matrixProduct(x[0], builder.transpose(x[0]))
      let matrix = builder.binary(.add, square, builder.constant(.identity(size)))
      return builder.concatenate(
        [
          builder.reshape(builder.inverse(matrix), to: .vector(size * size)),
          builder.reshape(builder.logDeterminant(matrix), to: .vector(1)),
        ], axis: 0)
    }
    Programs.expectJacobians(program, Programs.arguments(program, seed: 4))
  }

  @Test func indefiniteMatricesShow() {
    let program = factorProgram(2)
    let indefinite = program.evaluate(["x0": Tensor(rows: [[1, 2], [2, 1]])])
    #expect(indefinite["logDeterminant"]?.values[0].isNaN == true)
    // A structural zero on the diagonal is as singular as a computed one.
    var builder = ProgramBuilder()
    let singular = builder.constant(Tensor.diagonal([1, 0]))
    let determinant = builder.logDeterminant(singular)
    #expect(builder.constantValue(determinant) == Tensor(-.infinity))
    let inverse = builder.inverse(singular)
    #expect(builder.constantValue(inverse)?.values.last?.isFinite == false)
  }

  @Test func emptyMatrices() {
    var builder = ProgramBuilder()
    let empty = builder.input("x", shape: .matrix(0, 0))
    let (inverse, determinant) = (builder.inverse(empty), builder.logDeterminant(empty))
    #expect(inverse == empty)
    #expect(builder.constantValue(determinant) == Tensor(0))
  }
}
