import TestSupport
import Testing

@testable import TensorCore

/// Random matrices from one seed; small shapes are walked through in full.
enum Matrices {
  static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Tensor<Double> {
    var source = RandomSource(seed: seed)
    return Tensor(shape: .matrix(rows, columns), values: source.normals(rows * columns))
  }

  static func positiveDefinite(_ size: Int, seed: UInt64) -> Tensor<Double> {
    let root = random(size, size, seed: seed)
    var product = LinearAlgebra.transposedProduct(root, root)
    for index in 0..<size { product.values[index * size + index] += 0.5 }
    return product
  }

  static func low(rank: Int, _ rows: Int, _ columns: Int, seed: UInt64) -> Tensor<Double> {
    LinearAlgebra.product(random(rows, rank, seed: seed), random(rank, columns, seed: seed + 1))
  }
}

struct LinearAlgebraTests {
  static let sizes = [1, 2, 3, 5, 8, 17]

  @Test(
    .tags(.identity),
    arguments: [
      (1, 1, 1), (2, 3, 4), (5, 1, 2), (7, 6, 5), (3, 0, 2), (5, 4, 19), (4, 9, 8), (1, 2, 16),
    ])
  func productsAgreeWithTheirDefinition(m: Int, k: Int, n: Int) {
    let a = Matrices.random(m, k, seed: 1)
    let b = Matrices.random(k, n, seed: 2)
    var expected = Tensor<Double>(repeating: 0, shape: .matrix(m, n))
    for row in 0..<m {
      for column in 0..<n {
        for inner in 0..<k { expected[row, column] += a[row, inner] * b[inner, column] }
      }
    }
    expectClose(LinearAlgebra.product(a, b).values, expected.values)
    expectClose(
      LinearAlgebra.transposedProduct(LinearAlgebra.transpose(a), b).values, expected.values)
    var third = [Double](repeating: 1, count: m * n)
    var output = third.mutableSpan
    let flipped = LinearAlgebra.transpose(b)
    LinearAlgebraKernels.productTransposed(
      a.values.span, flipped.values.span, into: &output, rows: m, inner: k, columns: n,
      adding: true)
    expectClose(third, expected.values.map { $0 + 1 })
    var fourth = [Double](repeating: 1, count: m * n)
    var added = fourth.mutableSpan
    LinearAlgebraKernels.product(
      a.values.span, b.values.span, into: &added, rows: m, inner: k, columns: n, adding: true)
    expectClose(fourth, third)
  }

  @Test(.tags(.identity)) func vectorProductsAgreeWithMatrixProducts() {
    let a = Matrices.random(4, 3, seed: 3)
    let x = Matrices.random(3, 1, seed: 4)
    let y = Matrices.random(4, 1, seed: 5)
    var forward = [Double](repeating: 0, count: 4)
    var output = forward.mutableSpan
    LinearAlgebraKernels.matrixVector(
      a.values.span, x.values.span, into: &output, rows: 4, columns: 3)
    expectClose(forward, LinearAlgebra.product(a, x).values)
    var backward = [Double](repeating: 0, count: 3)
    var other = backward.mutableSpan
    LinearAlgebraKernels.transposedMatrixVector(
      a.values.span, y.values.span, into: &other, rows: 4, columns: 3)
    expectClose(backward, LinearAlgebra.transposedProduct(a, y).values)
  }

  @Test(.tags(.identity)) func kroneckerMixesProducts() {
    let a = Matrices.random(2, 3, seed: 6)
    let b = Matrices.random(3, 2, seed: 7)
    let c = Matrices.random(3, 2, seed: 8)
    let d = Matrices.random(2, 4, seed: 9)
    // (A ⊗ B)(C ⊗ D) = AC ⊗ BD.
    expectClose(
      LinearAlgebra.product(LinearAlgebra.kronecker(a, b), LinearAlgebra.kronecker(c, d)).values,
      LinearAlgebra.kronecker(LinearAlgebra.product(a, c), LinearAlgebra.product(b, d)).values)
    #expect(
      LinearAlgebra.kronecker(Tensor(rows: [[1, 2]]), Tensor(rows: [[3], [5]]))
        == Tensor(rows: [[3, 6], [5, 10]]))
  }

  @Test(.tags(.identity), arguments: sizes)
  func choleskySolvesInvertsAndGivesTheDeterminant(size: Int) throws {
    let a = Matrices.positiveDefinite(size, seed: UInt64(size))
    let factor = try CholeskyFactor(a)
    let lower = factor.lower
    expectClose(LinearAlgebra.product(lower, LinearAlgebra.transpose(lower)).values, a.values)
    for row in 0..<size {
      for column in 0..<size where column > row { #expect(lower[row, column] == 0) }
    }
    let b = Matrices.random(size, 3, seed: 40)
    expectClose(LinearAlgebra.product(a, factor.solve(b)).values, b.values)
    let inverse = factor.inverse
    expectClose(LinearAlgebra.product(a, inverse).values, Tensor<Double>.identity(size).values)
    #expect(inverse == LinearAlgebra.transpose(inverse))
    let (sign, value) = LinearAlgebra.logAbsoluteDeterminant(a)
    #expect(sign == 1)
    expectClose(factor.logDeterminant, value)
  }

  @Test func choleskyNamesTheFailingPivot() {
    let a = Tensor<Double>(rows: [[4, 2, 0], [2, 1, 0], [0, 0, 1]])
    #expect(throws: LinearAlgebraError.notPositiveDefinite(row: 1, pivot: 0)) {
      try CholeskyFactor(a)
    }
    #expect(throws: LinearAlgebraError.notPositiveDefinite(row: 0, pivot: -1)) {
      try LinearAlgebra.inversePositiveDefinite(Tensor(rows: [[-1]]))
    }
    #expect(throws: LinearAlgebraError.self) {
      try CholeskyFactor(Tensor(rows: [[.nan]]))
    }
    let text = LinearAlgebraError.notPositiveDefinite(row: 1, pivot: 0).render(language: "en")
    #expect(text == "the matrix is not positive definite (pivot 0.0 in row 2)")
  }

  @Test(.tags(.identity), arguments: sizes)
  func luSolvesInvertsAndGivesTheDeterminant(size: Int) throws {
    let a = Matrices.random(size, size, seed: UInt64(100 + size))
    let factor = LUFactor(a)
    let b = Matrices.random(size, 2, seed: 41)
    expectClose(LinearAlgebra.product(a, try factor.solve(b)).values, b.values)
    expectClose(
      LinearAlgebra.product(try factor.inverse(), a).values, Tensor<Double>.identity(size).values)
    let (sign, value) = factor.logAbsoluteDeterminant
    let twice = LinearAlgebra.logAbsoluteDeterminant(LinearAlgebra.product(a, a))
    expectClose(twice.value, 2 * value)
    #expect(twice.sign == 1)
    #expect(factor.determinant.sign == (sign < 0 ? .minus : .plus))
  }

  @Test func determinantsOfKnownMatrices() {
    #expect(LinearAlgebra.determinant(Tensor(rows: [[0, 1], [1, 0]])) == -1)
    expectClose(LinearAlgebra.determinant(Tensor(rows: [[2, 1], [7, 3]])), -1)
    let singular = Tensor<Double>(rows: [[1, 2], [2, 4]])
    #expect(LinearAlgebra.logAbsoluteDeterminant(singular) == (0, -.infinity))
    #expect(throws: LinearAlgebraError.singular(row: 1)) { try LinearAlgebra.inverse(singular) }
    // Too large for a determinant, not for its logarithm.
    let large = Tensor<Double>.diagonal([1e200, -1e200])
    #expect(LinearAlgebra.determinant(large) == -.infinity)
    expectClose(LinearAlgebra.logAbsoluteDeterminant(large).value, 921.0340371976183)
  }

  @Test(.tags(.identity), arguments: sizes)
  func eigenvectorsRebuildTheMatrix(size: Int) throws {
    let root = Matrices.random(size, size, seed: UInt64(200 + size))
    var a = LinearAlgebra.transpose(root)
    for index in a.values.indices { a.values[index] += root.values[index] }
    let eigen = try SymmetricEigendecomposition(a)
    let vectors = eigen.vectors
    expectClose(
      LinearAlgebra.transposedProduct(vectors, vectors).values,
      Tensor<Double>.identity(size).values)
    let scaled = LinearAlgebra.product(vectors, .diagonal(eigen.values))
    expectClose(LinearAlgebra.product(scaled, LinearAlgebra.transpose(vectors)).values, a.values)
    #expect(eigen.values == eigen.values.sorted(by: >))
  }

  @Test(
    .tags(.identity), arguments: [(1, 1), (3, 3), (6, 2), (2, 6), (9, 7)])
  func singularVectorsRebuildTheMatrix(rows: Int, columns: Int) throws {
    let a = Matrices.random(rows, columns, seed: 300)
    let svd = try SingularValueDecomposition(a)
    let count = min(rows, columns)
    for basis in [svd.left, svd.right] {
      expectClose(
        LinearAlgebra.transposedProduct(basis, basis).values,
        Tensor<Double>.identity(count).values)
    }
    let scaled = LinearAlgebra.product(svd.left, .diagonal(svd.values))
    expectClose(LinearAlgebra.product(scaled, LinearAlgebra.transpose(svd.right)).values, a.values)
  }

  @Test(.tags(.identity), arguments: [(4, 4, 2), (6, 3, 2), (3, 6, 1), (5, 5, 5), (3, 3, 0)])
  func pseudoInverseMeetsThePenroseConditions(rows: Int, columns: Int, rank: Int) throws {
    let a = Matrices.low(rank: rank, rows, columns, seed: 400)
    #expect(try SingularValueDecomposition(a).rank() == rank)
    let p = try LinearAlgebra.pseudoInverse(a)
    let left = LinearAlgebra.product(a, p)
    let right = LinearAlgebra.product(p, a)
    expectClose(LinearAlgebra.product(left, a).values, a.values)
    expectClose(LinearAlgebra.product(right, p).values, p.values)
    expectClose(LinearAlgebra.transpose(left).values, left.values)
    expectClose(LinearAlgebra.transpose(right).values, right.values)
  }

  @Test func pseudoInverseSurvivesExtremeScales() throws {
    let small = try LinearAlgebra.pseudoInverse(Tensor(rows: [[1e-250, 0], [0, 2e-250]]))
    expectClose(small.values, [1e250, 0, 0, 5e249])
    let large = try LinearAlgebra.pseudoInverse(Tensor(rows: [[1e250, 0], [0, 2e250]]))
    expectClose(
      large.values, [1e-250, 0, 0, 5e-251],
      within: Tolerance("scaled", relative: 1e-12, floor: 0))
    #expect(throws: LinearAlgebraError.notFinite(row: 0, column: 1)) {
      try LinearAlgebra.pseudoInverse(Tensor(rows: [[1, .infinity]]))
    }
  }
}
