internal import Foundation

/// The eigenvalues of any real square matrix, symmetric or not.
///
/// Householder reflections bring the balanced matrix to Hessenberg form; complex QR steps with
/// Wilkinson's shift take it apart. Source: Golub & Van Loan 2013, Matrix Computations, §7.4–7.5.
public struct GeneralEigenvalues: Sendable, Hashable {
  /// One eigenvalue.
  public struct Value: Sendable, Hashable {
    /// Its real part.
    public var real: Double
    /// Its imaginary part.
    public var imaginary: Double

    /// |λ|.
    public var magnitude: Double { hypot(real, imaginary) }
  }

  /// The eigenvalues by increasing real part, then imaginary part.
  public let values: [Value]

  /// Finds the eigenvalues of a square matrix `[n × n]`.
  ///
  /// - Throws: `LinearAlgebraError.notFinite` or `.noConvergence`.
  /// - Complexity: O(n³).
  public init(_ matrix: Tensor<Double>) throws(LinearAlgebraError) {
    precondition(
      matrix.shape.rank == 2 && matrix.rows == matrix.columns,
      "eigenvalues of a matrix of shape \(matrix.shape)")
    let n = matrix.rows
    for (index, value) in matrix.values.enumerated() where !value.isFinite {
      throw .notFinite(row: index / n, column: index % n)
    }
    var a = matrix
    Self.balance(&a)
    Self.reduceToHessenberg(&a)
    var hessenberg = ComplexHessenberg(a)
    var found = try hessenberg.eigenvalues()
    found.sort { ($0.real, $0.imaginary) < ($1.real, $1.imaginary) }
    values = found
  }

  /// Scales rows and columns by powers of two until their sums are alike; eigenvalues stay.
  private static func balance(_ a: inout Tensor<Double>) {
    let n = a.rows
    var isDone = false
    var sweeps = 0
    while !isDone && sweeps < 100 {
      isDone = true
      sweeps += 1
      for i in 0..<n {
        var column = 0.0
        var row = 0.0
        for j in 0..<n where j != i {
          column += abs(a[j, i])
          row += abs(a[i, j])
        }
        guard column > 0 && row > 0 else { continue }
        let exponent = ((log2(row) - log2(column)) / 2).rounded()
        let factor = exp2(exponent)
        guard column * factor + row / factor < 0.95 * (column + row) else { continue }
        isDone = false
        for j in 0..<n {
          a[j, i] *= factor
          a[i, j] /= factor
        }
      }
    }
  }

  private static func reduceToHessenberg(_ a: inout Tensor<Double>) {
    let n = a.rows
    guard n > 2 else { return }
    for k in 0..<(n - 2) {
      var vector = (0..<n).map { $0 > k ? a[$0, k] : 0 }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm > 0 else { continue }
      vector[k + 1] += vector[k + 1] < 0 ? -norm : norm
      let square = vector.reduce(0) { $0 + $1 * $1 }
      for column in 0..<n {
        var total = 0.0
        for row in (k + 1)..<n { total += vector[row] * a[row, column] }
        let factor = 2 * total / square
        for row in (k + 1)..<n { a[row, column] -= factor * vector[row] }
      }
      for row in 0..<n {
        var total = 0.0
        for column in (k + 1)..<n { total += a[row, column] * vector[column] }
        let factor = 2 * total / square
        for column in (k + 1)..<n { a[row, column] -= factor * vector[column] }
      }
      for row in (k + 2)..<n { a[row, k] = 0 }
    }
  }
}

/// A complex upper Hessenberg matrix on its way to its eigenvalues.
private struct ComplexHessenberg {
  private struct Complex {
    var re: Double
    var im: Double

    static func + (a: Complex, b: Complex) -> Complex { Complex(re: a.re + b.re, im: a.im + b.im) }
    static func - (a: Complex, b: Complex) -> Complex { Complex(re: a.re - b.re, im: a.im - b.im) }
    static func * (a: Complex, b: Complex) -> Complex {
      Complex(re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re)
    }
    static func * (a: Double, b: Complex) -> Complex { Complex(re: a * b.re, im: a * b.im) }
    var conjugate: Complex { Complex(re: re, im: -im) }
    var magnitude: Double { hypot(re, im) }

    var squareRoot: Complex {
      let size = magnitude
      let real = max(0, (size + re) / 2).squareRoot()
      let imaginary = max(0, (size - re) / 2).squareRoot()
      return Complex(re: real, im: im < 0 ? -imaginary : imaginary)
    }
  }

  private let n: Int
  private var h: [Complex]

  init(_ a: Tensor<Double>) {
    n = a.rows
    h = a.values.map { Complex(re: $0, im: 0) }
  }

  private subscript(row: Int, column: Int) -> Complex {
    get { h[row * n + column] }
    set { h[row * n + column] = newValue }
  }

  mutating func eigenvalues() throws(LinearAlgebraError) -> [GeneralEigenvalues.Value] {
    var found: [GeneralEigenvalues.Value] = []
    var high = n - 1
    var steps = 0
    while high >= 0 {
      var low = high
      while low > 0 {
        let scale = self[low - 1, low - 1].magnitude + self[low, low].magnitude
        if self[low, low - 1].magnitude <= Double.ulpOfOne * scale { break }
        low -= 1
      }
      if low == high {
        found.append(
          GeneralEigenvalues.Value(real: self[high, high].re, imaginary: self[high, high].im))
        high -= 1
        steps = 0
        continue
      }
      steps += 1
      guard steps <= 100 else { throw .noConvergence(sweeps: steps) }
      // An unusual shift now and then breaks cycles.
      let shift =
        steps % 11 == 0
        ? Complex(re: self[high, high - 1].magnitude, im: 0) + self[high, high]
        : wilkinsonShift(high)
      step(low, high, shift)
    }
    return found
  }

  /// The eigenvalue of the last 2 × 2 block that is nearer to its last entry.
  private func wilkinsonShift(_ high: Int) -> Complex {
    let a = self[high - 1, high - 1]
    let d = self[high, high]
    let half = 0.5 * (a - d)
    let root = (half * half + self[high - 1, high] * self[high, high - 1]).squareRoot
    let plus = d + half + root
    let minus = d + half - root
    return (plus - d).magnitude < (minus - d).magnitude ? plus : minus
  }

  /// One step `H − σ = QR`, `H ← RQ + σ` on the rows and columns from `low` to `high`.
  private mutating func step(_ low: Int, _ high: Int, _ shift: Complex) {
    for k in low...high { self[k, k] = self[k, k] - shift }
    var rotations: [(c: Complex, s: Complex)] = []
    for k in low..<high {
      let a = self[k, k]
      let b = self[k + 1, k]
      let norm = hypot(a.magnitude, b.magnitude)
      guard norm > 0 else {
        rotations.append((Complex(re: 1, im: 0), Complex(re: 0, im: 0)))
        continue
      }
      let c = (1 / norm) * a
      let s = (1 / norm) * b
      rotations.append((c, s))
      for column in k...high {
        let upper = self[k, column]
        let lower = self[k + 1, column]
        self[k, column] = c.conjugate * upper + s.conjugate * lower
        self[k + 1, column] = c * lower - s * upper
      }
    }
    for (offset, rotation) in rotations.enumerated() {
      let k = low + offset
      for row in low...min(k + 1, high) {
        let left = self[row, k]
        let right = self[row, k + 1]
        self[row, k] = left * rotation.c + right * rotation.s
        self[row, k + 1] = right * rotation.c.conjugate - left * rotation.s.conjugate
      }
    }
    for k in low...high { self[k, k] = self[k, k] + shift }
  }
}
