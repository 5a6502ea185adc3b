/// Dense linear algebra on matrices held as tensors; vectors are tensors with one axis.
///
/// The factorizations have their own types: `CholeskyFactor`, `LUFactor`,
/// `SymmetricEigendecomposition`, `SingularValueDecomposition`. Loops without allocation are in
/// `LinearAlgebraKernels`.
public enum LinearAlgebra {
  /// The product of a matrix with a matrix `[m × k][k × n]` or with a vector `[m × k][k]`.
  public static func product(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
    precondition(
      a.shape.rank == 2 && (b.shape.rank == 1 || b.shape.rank == 2) && a.columns == b.shape[0],
      "product of shapes \(a.shape) and \(b.shape)")
    let columns = b.shape.rank == 1 ? 1 : b.columns
    let shape: Shape = b.shape.rank == 1 ? .vector(a.rows) : .matrix(a.rows, columns)
    var result = Tensor<Double>(repeating: 0, shape: shape)
    var output = result.values.mutableSpan
    LinearAlgebraKernels.product(
      a.values.span, b.values.span, into: &output, rows: a.rows, inner: a.columns,
      columns: columns)
    return result
  }

  /// The product `Aᵀ B` without forming the transpose.
  public static func transposedProduct(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
    precondition(
      a.shape.rank == 2 && (b.shape.rank == 1 || b.shape.rank == 2) && a.rows == b.shape[0],
      "transposed product of shapes \(a.shape) and \(b.shape)")
    let columns = b.shape.rank == 1 ? 1 : b.columns
    let shape: Shape = b.shape.rank == 1 ? .vector(a.columns) : .matrix(a.columns, columns)
    var result = Tensor<Double>(repeating: 0, shape: shape)
    var output = result.values.mutableSpan
    LinearAlgebraKernels.transposedProduct(
      a.values.span, b.values.span, into: &output, rows: a.columns, inner: a.rows,
      columns: columns)
    return result
  }

  /// The transpose of a matrix.
  public static func transpose(_ a: Tensor<Double>) -> Tensor<Double> {
    requireMatrix(a)
    var result = Tensor<Double>(repeating: 0, shape: .matrix(a.columns, a.rows))
    var output = result.values.mutableSpan
    LinearAlgebraKernels.transpose(
      a.values.span, into: &output, rows: a.rows, columns: a.columns)
    return result
  }

  /// The Kronecker product `A ⊗ B`; its blocks are the entries of A times B.
  public static func kronecker(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
    requireMatrix(a)
    requireMatrix(b)
    var result = Tensor<Double>(
      repeating: 0, shape: .matrix(a.rows * b.rows, a.columns * b.columns))
    var output = result.values.mutableSpan
    LinearAlgebraKernels.kronecker(
      a.values.span, rows: a.rows, columns: a.columns,
      b.values.span, innerRows: b.rows, innerColumns: b.columns, into: &output)
    return result
  }

  /// The solution of `A X = B` for a symmetric positive definite A, by its Cholesky factor.
  /// - Throws: `LinearAlgebraError.notPositiveDefinite`.
  public static func solvePositiveDefinite(
    _ a: Tensor<Double>, _ b: Tensor<Double>
  ) throws(LinearAlgebraError) -> Tensor<Double> {
    try CholeskyFactor(a).solve(b)
  }

  /// The inverse of a symmetric positive definite matrix.
  /// - Throws: `LinearAlgebraError.notPositiveDefinite`.
  public static func inversePositiveDefinite(
    _ a: Tensor<Double>
  ) throws(LinearAlgebraError) -> Tensor<Double> {
    try CholeskyFactor(a).inverse
  }

  /// `ln |A|` of a symmetric positive definite matrix.
  /// - Throws: `LinearAlgebraError.notPositiveDefinite`.
  public static func logDeterminantPositiveDefinite(
    _ a: Tensor<Double>
  ) throws(LinearAlgebraError) -> Double {
    try CholeskyFactor(a).logDeterminant
  }

  /// The solution of `A X = B` for a square A, by LU with partial pivoting.
  /// - Throws: `LinearAlgebraError.singular`.
  public static func solve(
    _ a: Tensor<Double>, _ b: Tensor<Double>
  ) throws(LinearAlgebraError) -> Tensor<Double> {
    try LUFactor(a).solve(b)
  }

  /// The inverse of a square matrix.
  /// - Throws: `LinearAlgebraError.singular`.
  public static func inverse(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Tensor<Double> {
    try LUFactor(a).inverse()
  }

  /// The determinant of a square matrix; it may overflow where `logAbsoluteDeterminant` does not.
  public static func determinant(_ a: Tensor<Double>) -> Double { LUFactor(a).determinant }

  /// `ln |det A|` of a square matrix with the sign of the determinant (0 when singular).
  public static func logAbsoluteDeterminant(_ a: Tensor<Double>) -> (sign: Double, value: Double) {
    LUFactor(a).logAbsoluteDeterminant
  }

  /// The Moore–Penrose inverse; singular values not above `tolerance` count as zero.
  ///
  /// The default tolerance is the largest singular value times the larger extent times the
  /// rounding unit.
  /// - Throws: `LinearAlgebraError.noConvergence` or `.notFinite`.
  public static func pseudoInverse(
    _ a: Tensor<Double>, tolerance: Double? = nil
  ) throws(LinearAlgebraError) -> Tensor<Double> {
    try SingularValueDecomposition(a).pseudoInverse(tolerance: tolerance)
  }

  static func requireMatrix(_ a: Tensor<Double>) {
    precondition(a.shape.rank == 2, "a matrix is needed, not shape \(a.shape)")
  }

  static func requireSquare(_ a: Tensor<Double>) {
    precondition(
      a.shape.rank == 2 && a.rows == a.columns, "a square matrix is needed, not shape \(a.shape)")
  }

  static func requireFinite(_ a: Tensor<Double>) throws(LinearAlgebraError) {
    for (index, entry) in a.values.enumerated() where !entry.isFinite {
      throw .notFinite(row: index / a.columns, column: index % a.columns)
    }
  }
}
