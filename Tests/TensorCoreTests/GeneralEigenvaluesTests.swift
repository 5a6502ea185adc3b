import Foundation
import TensorCore
import Testing

@Suite("Eigenvalues of general matrices")
struct GeneralEigenvaluesTests {
  @Test("a rotation has the pair ±i")
  func rotation() throws {
    let found = try GeneralEigenvalues(Tensor(rows: [[0, 1], [-1, 0]])).values
    #expect(found.count == 2)
    #expect(abs(found[0].real) < 1e-14 && abs(found[1].real) < 1e-14)
    #expect(found.map(\.imaginary).sorted().map { abs($0) }.allSatisfy { abs($0 - 1) < 1e-14 })
  }

  @Test("a companion matrix has the roots of its polynomial, however far apart")
  func companion() throws {
    // (λ + 1)(λ + 1000)(λ + 10⁶)
    let c2 = 1_001_001.0
    let c1 = 1_001_001_000.0
    let c0 = 1e9
    let found = try GeneralEigenvalues(
      Tensor(rows: [[0, 1, 0], [0, 0, 1], [-c0, -c1, -c2]])
    ).values.map(\.real)
    for (value, expected) in zip(found, [-1e6, -1000, -1]) {
      #expect(abs(value / expected - 1) < 1e-9)
    }
  }

  @Test("sum and product are trace and determinant", arguments: 1...24)
  func traceAndDeterminant(size: Int) throws {
    var random = RandomSource(seed: UInt64(size))
    let values = (0..<(size * size)).map { _ in random.normal() }
    let matrix = Tensor(shape: .matrix(size, size), values: values)
    let found = try GeneralEigenvalues(matrix).values
    #expect(found.count == size)
    let trace = (0..<size).reduce(0) { $0 + matrix[$1, $1] }
    #expect(abs(found.reduce(0) { $0 + $1.real } - trace) < 1e-10)
    #expect(abs(found.reduce(0) { $0 + $1.imaginary }) < 1e-10)
    let logarithm = found.reduce(0) { $0 + log($1.magnitude) }
    #expect(abs(logarithm - LinearAlgebra.logAbsoluteDeterminant(matrix).value) < 1e-8)
  }

  @Test("symmetric matrices agree with the symmetric decomposition")
  func symmetric() throws {
    let matrix = Tensor<Double>(rows: [[2, 1, 0.5], [1, 3, -1], [0.5, -1, 1]])
    let general = try GeneralEigenvalues(matrix).values.map(\.real)
    let symmetric = try SymmetricEigendecomposition(matrix).values.sorted()
    for (a, b) in zip(general, symmetric) { #expect(abs(a - b) < 1e-12) }
  }

  @Test("what is not finite is refused")
  func notFinite() {
    #expect(throws: LinearAlgebraError.notFinite(row: 0, column: 1)) {
      try GeneralEigenvalues(Tensor(rows: [[0, .nan], [0, 1]]))
    }
  }
}
