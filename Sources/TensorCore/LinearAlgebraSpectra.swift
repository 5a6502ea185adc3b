/// The eigenvalues and orthonormal eigenvectors of a symmetric matrix, `A = V diag(values) Vᵀ`.
///
/// Found by cyclic Jacobi rotations, which keep small eigenvalues of scaled diagonal matrices to
/// high relative accuracy and touch a diagonal matrix not at all.
///
/// Reference: Golub & Van Loan, Matrix Computations, §8.5.
public struct SymmetricEigendecomposition: Sendable, Hashable {
  /// The eigenvalues in falling order; equal ones in order of their column.
  public let values: [Double]
  /// The eigenvectors as columns, in the order of `values`.
  public let vectors: Tensor<Double>

  /// Decomposes a symmetric matrix, of which only the lower triangle is read.
  /// - Throws: `LinearAlgebraError.notFinite`, or `.noConvergence` after 60 sweeps.
  public init(_ matrix: Tensor<Double>) throws(LinearAlgebraError) {
    LinearAlgebra.requireSquare(matrix)
    try LinearAlgebra.requireFinite(matrix)
    let n = matrix.rows
    var a = matrix.values
    for row in 0..<n {
      for column in (row + 1)..<max(n, row + 1) { a[row * n + column] = a[column * n + row] }
    }
    var v = Tensor<Double>.identity(n).values
    let sweeps = 60
    var converged = n < 2
    var sweep = 0
    while !converged {
      if sweep == sweeps { throw .noConvergence(sweeps: sweeps) }
      sweep += 1
      converged = true
      for p in 0..<n {
        for q in (p + 1)..<max(n, p + 1) {
          let off = a[p * n + q]
          let scale = (abs(a[p * n + p]) * abs(a[q * n + q])).squareRoot()
          // Relative to both diagonal entries; one of them zero leaves the plain test.
          let negligible =
            scale > 0
            ? abs(off) <= 0x1p-54 * scale
            : abs(off) <= 0x1p-60 * max(abs(a[p * n + p]), abs(a[q * n + q]))
          if off == 0 || negligible { continue }
          converged = false
          Self.rotate(&a, &v, p, q, n)
        }
      }
    }
    let diagonal = (0..<n).map { a[$0 * n + $0] }
    let order = (0..<n).sorted { (diagonal[$0], $1) > (diagonal[$1], $0) }
    values = order.map { diagonal[$0] }
    var sorted = Tensor<Double>(repeating: 0, shape: .matrix(n, n))
    for (column, source) in order.enumerated() {
      for row in 0..<n { sorted.values[row * n + column] = v[row * n + source] }
    }
    vectors = sorted
  }

  private static func rotate(_ a: inout [Double], _ v: inout [Double], _ p: Int, _ q: Int, _ n: Int)
  {
    let off = a[p * n + q]
    let theta = (a[q * n + q] - a[p * n + p]) / (2 * off)
    let tangent =
      abs(theta) > 1e150
      ? 0.5 / theta
      : (theta < 0 ? -1.0 : 1.0) / (abs(theta) + (theta * theta + 1).squareRoot())
    let cosine = 1 / (tangent * tangent + 1).squareRoot()
    let sine = tangent * cosine
    a[p * n + p] -= tangent * off
    a[q * n + q] += tangent * off
    a[p * n + q] = 0
    a[q * n + p] = 0
    for k in 0..<n where k != p && k != q {
      let left = a[k * n + p]
      let right = a[k * n + q]
      a[k * n + p] = cosine * left - sine * right
      a[k * n + q] = sine * left + cosine * right
      a[p * n + k] = a[k * n + p]
      a[q * n + k] = a[k * n + q]
    }
    for k in 0..<n {
      let left = v[k * n + p]
      let right = v[k * n + q]
      v[k * n + p] = cosine * left - sine * right
      v[k * n + q] = sine * left + cosine * right
    }
  }
}

/// The singular values of a matrix `[m × n]` with orthonormal bases, `A = U diag(values) Vᵀ`.
///
/// One-sided Jacobi rotations of the columns; k = min(m, n) values are kept. Columns of U that
/// belong to zero singular values are zero.
///
/// Reference: Golub & Van Loan, Matrix Computations, §8.6.
public struct SingularValueDecomposition: Sendable, Hashable {
  /// The left basis U `[m × k]`.
  public let left: Tensor<Double>
  /// The singular values in falling order.
  public let values: [Double]
  /// The right basis V `[n × k]`.
  public let right: Tensor<Double>

  /// Decomposes a matrix.
  /// - Throws: `LinearAlgebraError.notFinite`, or `.noConvergence` after 60 sweeps.
  public init(_ matrix: Tensor<Double>) throws(LinearAlgebraError) {
    LinearAlgebra.requireMatrix(matrix)
    try LinearAlgebra.requireFinite(matrix)
    if matrix.rows < matrix.columns {
      let flipped = try SingularValueDecomposition(LinearAlgebra.transpose(matrix))
      left = flipped.right
      values = flipped.values
      right = flipped.left
      return
    }
    let m = matrix.rows
    let n = matrix.columns
    // Columns are rotated as rows of the transpose, which lie together in storage; a common
    // scale keeps squares from overflowing or vanishing.
    let largest = matrix.values.reduce(0) { max($0, abs($1)) }
    let exponent = largest > 0 ? largest.exponent : 0
    let scale = Double(sign: .plus, exponent: -exponent / 2, significand: 1)
    let rest = Double(sign: .plus, exponent: -exponent - (-exponent / 2), significand: 1)
    var u = LinearAlgebra.transpose(matrix).values.map { $0 * scale * rest }
    var v = Tensor<Double>.identity(n).values
    try Self.orthogonalize(&u, &v, m, n)
    var norms = [Double](repeating: 0, count: n)
    for column in 0..<n {
      norms[column] = Self.dot(u, column, column, m).squareRoot()
    }
    let order = (0..<n).sorted { (norms[$0], $1) > (norms[$1], $0) }
    var left = Tensor<Double>(repeating: 0, shape: .matrix(m, n))
    var right = Tensor<Double>(repeating: 0, shape: .matrix(n, n))
    for (column, source) in order.enumerated() {
      let norm = norms[source]
      if norm > 0 {
        for row in 0..<m { left.values[row * n + column] = u[source * m + row] / norm }
      }
      for row in 0..<n { right.values[row * n + column] = v[source * n + row] }
    }
    values = order.map { norms[$0] / scale / rest }
    self.left = left
    self.right = right
  }

  private static func orthogonalize(
    _ u: inout [Double], _ v: inout [Double], _ m: Int, _ n: Int
  ) throws(LinearAlgebraError) {
    let sweeps = 60
    for _ in 0..<sweeps {
      var converged = true
      for p in 0..<n {
        for q in (p + 1)..<max(n, p + 1) {
          let alpha = dot(u, p, p, m)
          let beta = dot(u, q, q, m)
          let gamma = dot(u, p, q, m)
          if gamma == 0 || abs(gamma) <= 0x1p-51 * (alpha * beta).squareRoot() { continue }
          converged = false
          let zeta = (beta - alpha) / (2 * gamma)
          let tangent =
            abs(zeta) > 1e150
            ? 0.5 / zeta : (zeta < 0 ? -1.0 : 1.0) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
          let cosine = 1 / (1 + tangent * tangent).squareRoot()
          let sine = cosine * tangent
          rotate(&u, p, q, m, cosine, sine)
          rotate(&v, p, q, n, cosine, sine)
        }
      }
      if converged { return }
    }
    throw .noConvergence(sweeps: sweeps)
  }

  private static func rotate(
    _ rows: inout [Double], _ p: Int, _ q: Int, _ length: Int, _ cosine: Double, _ sine: Double
  ) {
    for k in 0..<length {
      let first = rows[p * length + k]
      let second = rows[q * length + k]
      rows[p * length + k] = cosine * first - sine * second
      rows[q * length + k] = sine * first + cosine * second
    }
  }

  private static func dot(_ rows: [Double], _ p: Int, _ q: Int, _ length: Int) -> Double {
    var sum = 0.0
    for k in 0..<length { sum += rows[p * length + k] * rows[q * length + k] }
    return sum
  }

  /// The tolerance below which a singular value counts as rounding.
  public var defaultTolerance: Double {
    (values.first ?? 0) * Double(max(left.rows, right.rows)) * Double.ulpOfOne
  }

  /// The number of singular values above `tolerance`.
  public func rank(tolerance: Double? = nil) -> Int {
    let limit = tolerance ?? defaultTolerance
    return values.count { $0 > limit }
  }

  /// The Moore–Penrose inverse from the singular values above `tolerance`.
  public func pseudoInverse(tolerance: Double? = nil) -> Tensor<Double> {
    let kept = rank(tolerance: tolerance)
    let m = left.rows
    let n = right.rows
    let k = values.count
    var result = Tensor<Double>(repeating: 0, shape: .matrix(n, m))
    for index in 0..<kept {
      for row in 0..<n {
        let factor = right.values[row * k + index] / values[index]
        for column in 0..<m {
          result.values[row * m + column] += factor * left.values[column * k + index]
        }
      }
    }
    return result
  }
}
