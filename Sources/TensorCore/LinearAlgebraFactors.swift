#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The lower Cholesky factor of a symmetric positive definite matrix, `A = L Lᵀ`.
public struct CholeskyFactor: Sendable, Hashable {
  /// The lower triangular factor L with a positive diagonal.
  public let lower: Tensor<Double>

  /// Factors a matrix, of which only the lower triangle is read.
  /// - Throws: `LinearAlgebraError.notPositiveDefinite`, naming the row and the pivot.
  public init(_ matrix: Tensor<Double>) throws(LinearAlgebraError) {
    LinearAlgebra.requireSquare(matrix)
    var lower = matrix
    var buffer = lower.values.mutableSpan
    try LinearAlgebraKernels.cholesky(inPlace: &buffer, size: matrix.rows)
    self.lower = lower
  }

  /// The number of rows.
  public var size: Int { lower.rows }

  /// The solution of `A X = B` for a vector or a matrix of right-hand sides.
  public func solve(_ b: Tensor<Double>) -> Tensor<Double> {
    precondition(
      b.shape.rank >= 1 && b.shape.rank <= 2 && b.shape[0] == size,
      "right-hand side of shape \(b.shape) for a factor of \(lower.shape)")
    let columns = b.shape.rank == 1 ? 1 : b.columns
    var result = b
    var buffer = result.values.mutableSpan
    LinearAlgebraKernels.solveLower(
      lower.values.span, inPlace: &buffer, size: size, columns: columns)
    LinearAlgebraKernels.solveLowerTransposed(
      lower.values.span, inPlace: &buffer, size: size, columns: columns)
    return result
  }

  /// The inverse of the factored matrix, symmetric to the last bit.
  public var inverse: Tensor<Double> {
    // A⁻¹ = L⁻ᵀ L⁻¹, so that both triangles come from the same sums.
    var root = Tensor<Double>.identity(size)
    var buffer = root.values.mutableSpan
    LinearAlgebraKernels.solveLower(
      lower.values.span, inPlace: &buffer, size: size, columns: size)
    return LinearAlgebra.transposedProduct(root, root)
  }

  /// `ln |A|`, twice the sum of the logarithms on the diagonal of L.
  public var logDeterminant: Double {
    var sum = 0.0
    for row in 0..<size { sum += log(lower.values[row * size + row]) }
    return 2 * sum
  }
}

/// The factors of a square matrix with its rows exchanged, `P A = L U`.
///
/// Building it never fails; a singular matrix shows as a zero on the diagonal of U.
public struct LUFactor: Sendable, Hashable {
  /// L below the diagonal (its unit diagonal left out) and U on and above it.
  public let factors: Tensor<Double>
  /// For every step the row that was exchanged with it.
  public let pivots: [Int]
  /// +1 for an even number of exchanges and −1 for an odd one.
  public let parity: Double

  /// Factors a square matrix with partial pivoting.
  public init(_ matrix: Tensor<Double>) {
    LinearAlgebra.requireSquare(matrix)
    var factors = matrix
    var pivots = [Int](repeating: 0, count: matrix.rows)
    var buffer = factors.values.mutableSpan
    var exchanges = pivots.mutableSpan
    parity = LinearAlgebraKernels.lu(inPlace: &buffer, pivots: &exchanges, size: matrix.rows)
    self.factors = factors
    self.pivots = pivots
  }

  /// The number of rows.
  public var size: Int { factors.rows }

  /// The solution of `A X = B` for a vector or a matrix of right-hand sides.
  /// - Throws: `LinearAlgebraError.singular`.
  public func solve(_ b: Tensor<Double>) throws(LinearAlgebraError) -> Tensor<Double> {
    precondition(
      b.shape.rank >= 1 && b.shape.rank <= 2 && b.shape[0] == size,
      "right-hand side of shape \(b.shape) for factors of \(factors.shape)")
    var result = b
    var buffer = result.values.mutableSpan
    try LinearAlgebraKernels.solveLU(
      factors.values.span, pivots: pivots.span, inPlace: &buffer, size: size,
      columns: b.shape.rank == 1 ? 1 : b.columns)
    return result
  }

  /// The inverse of the factored matrix.
  /// - Throws: `LinearAlgebraError.singular`.
  public func inverse() throws(LinearAlgebraError) -> Tensor<Double> { try solve(.identity(size)) }

  /// The determinant; it may overflow or underflow.
  public var determinant: Double {
    var product = parity
    for row in 0..<size { product *= factors.values[row * size + row] }
    return product
  }

  /// `ln |det A|` with the sign of the determinant: 0 and −∞ when singular, NaN stays NaN.
  public var logAbsoluteDeterminant: (sign: Double, value: Double) {
    var sign = parity
    var value = 0.0
    for row in 0..<size {
      let entry = factors.values[row * size + row]
      if entry == 0 { return (0, -.infinity) }
      if entry < 0 { sign = -sign }
      value += log(abs(entry))
    }
    return (sign, value)
  }
}
