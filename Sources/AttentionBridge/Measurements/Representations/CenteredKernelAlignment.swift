package import TensorCore

/// Linear centered kernel alignment between two sets of features of the same samples.
///
/// `CKA(X, Y) = ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F)` with centered columns: 1 for equal features, the same
/// after orthogonal maps and isotropic scaling of either side, symmetric. Source: Kornblith et al.
/// 2019, eq. 5 and 3.
package enum CenteredKernelAlignment {
  /// One side, made ready: centered columns and `‖XᵀX‖_F`.
  package struct Side: Sendable {
    /// The centered features `[n × p]`.
    package let centered: Tensor<Double>
    /// `‖XᵀX‖_F`.
    package let norm: Double

    /// Centers features `[n × p]`.
    package init(_ x: Tensor<Double>) {
      var centered = CenteredKernelAlignment.centered(x)
      // The unit changes nothing, but fourth powers of small numbers vanish. A power of two is exact.
      let largest = centered.values.reduce(0) { max($0, abs($1)) }
      if largest > 0, largest.isFinite {
        let unit = Double(sign: .plus, exponent: min(1023, -largest.exponent), significand: 1)
        for index in centered.values.indices { centered.values[index] *= unit }
      }
      self.centered = centered
      norm = frobenius(LinearAlgebra.transposedProduct(centered, centered))
    }

    private init(centered: Tensor<Double>, norm: Double) {
      self.centered = centered
      self.norm = norm
    }

    /// The same with the samples moved in a circle.
    package func rotated(by shift: Int) -> Side {
      Side(centered: centered.rotated(by: shift), norm: norm)
    }
  }

  /// Linear CKA from the features of n samples, `[n × p]` and `[n × q]`.
  ///
  /// - Parameters:
  ///   - x: one side.
  ///   - y: the other.
  /// - Returns: a number from 0 to 1; nil where one side does not vary.
  package static func linear(_ x: Side, _ y: Side) -> Double? {
    precondition(
      x.centered.rows == y.centered.rows,
      "features of \(x.centered.rows) and of \(y.centered.rows) samples")
    guard x.norm > 0, y.norm > 0 else { return nil }
    let cross = frobenius(LinearAlgebra.transposedProduct(y.centered, x.centered))
    return min(1, cross * cross / (x.norm * y.norm))
  }

  /// Linear CKA of features as they are; see `linear(_:_:)` of two sides.
  package static func linear(_ x: Tensor<Double>, _ y: Tensor<Double>) -> Double? {
    linear(Side(x), Side(y))
  }

  /// Linear CKA from the Gram matrices `K = XXᵀ`, `L = YYᵀ`: `tr(KHLH) / √(tr(KHKH) tr(LHLH))`.
  ///
  /// - Parameters:
  ///   - k: the Gram matrix of one side `[n × n]`.
  ///   - l: that of the other.
  /// - Returns: the same number as from the features; nil where one side does not vary.
  package static func linear(gram k: Tensor<Double>, gram l: Tensor<Double>) -> Double? {
    let (a, b) = (doublyCentered(k), doublyCentered(l))
    let (ab, aa, bb) = (inner(a, b), inner(a, a), inner(b, b))
    guard aa > 0, bb > 0 else { return nil }
    return min(1, ab / (aa.squareRoot() * bb.squareRoot()))
  }

  /// CKA from the unbiased estimator of the Hilbert–Schmidt independence criterion.
  ///
  /// The plain form grows with the number of features even where two sides are independent; this
  /// one is about 0 there, and may be negative. With diagonals of the Gram matrices set to zero,
  /// `HSIC₁ = [tr(KL) + 1ᵀK1 1ᵀL1 / ((n−1)(n−2)) − 2 1ᵀKL1 / (n−2)] / (n(n−3))`. Source: Song et
  /// al. 2012, eq. 5.
  ///
  /// - Parameters:
  ///   - x: one side `[n × p]`, n at least 4.
  ///   - y: the other `[n × q]`.
  /// - Returns: at most about 1; nil where one side has no variation to speak of.
  package static func debiased(_ x: Tensor<Double>, _ y: Tensor<Double>) -> Double? {
    precondition(
      x.rows == y.rows && x.rows >= 4, "features of \(x.rows) and of \(y.rows) samples")
    let (k, l) = (hollowGram(x), hollowGram(y))
    let (ab, aa, bb) = (unbiased(k, l), unbiased(k, k), unbiased(l, l))
    guard aa > 0, bb > 0 else { return nil }
    return ab / (aa.squareRoot() * bb.squareRoot())
  }

  static func centered(_ x: Tensor<Double>) -> Tensor<Double> {
    var means = Standardization(x).means
    // A constant column is its own mean; what rounding leaves of it may drown the other columns.
    for column in 0..<(x.rows > 0 ? x.columns : 0)
    where (1..<x.rows).allSatisfy({ x.values[$0 * x.columns + column] == x.values[column] }) {
      means[column] = x.values[column]
    }
    var result = x
    for index in result.values.indices { result.values[index] -= means[index % x.columns] }
    return result
  }

  private static func frobenius(_ a: Tensor<Double>) -> Double { inner(a, a).squareRoot() }

  private static func inner(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    var sum = 0.0
    for index in a.values.indices { sum += a.values[index] * b.values[index] }
    return sum
  }

  private static func rowSums(_ a: Tensor<Double>) -> [Double] {
    (0..<a.rows).map { row in
      a.values[(row * a.columns)..<((row + 1) * a.columns)].reduce(0, +)
    }
  }

  private static func doublyCentered(_ k: Tensor<Double>) -> Tensor<Double> {
    precondition(k.rows == k.columns, "a Gram matrix of shape \(k.shape)")
    let n = Double(max(1, k.rows))
    let means = rowSums(k).map { $0 / n }
    let total = SampleCorrelation.mean(means)
    var result = k
    for row in 0..<k.rows {
      for column in 0..<k.rows {
        result.values[row * k.rows + column] += total - means[row] - means[column]
      }
    }
    return result
  }

  private static func hollowGram(_ x: Tensor<Double>) -> Tensor<Double> {
    // Centering changes nothing in exact arithmetic and saves digits.
    let centered = centered(x)
    var gram = LinearAlgebra.product(centered, LinearAlgebra.transpose(centered))
    for row in 0..<gram.rows { gram.values[row * gram.rows + row] = 0 }
    return gram
  }

  private static func unbiased(_ k: Tensor<Double>, _ l: Tensor<Double>) -> Double {
    let n = Double(k.rows)
    let (sumsK, sumsL) = (rowSums(k), rowSums(l))
    let both = sumsK.reduce(0, +) * sumsL.reduce(0, +) / ((n - 1) * (n - 2))
    let chained = zip(sumsK, sumsL).reduce(0) { $0 + $1.0 * $1.1 } * 2 / (n - 2)
    return (inner(k, l) + both - chained) / (n * (n - 3))
  }
}
