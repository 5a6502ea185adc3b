#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif
public import TensorCore

/// The covariance S of the generalized coordinates of a smooth fluctuation (mathematics §2).
///
///     ρ(t) = exp(−t²/4s²),  S_jk = (−1)^j ρ^{(j+k)}(0),  σ² = 1/(2s²)
///
/// Everything comes from closed forms, never from a numerical inverse. With Hermite polynomials
/// as the bridge between monomials and orthogonal coordinates, `S = L Lᵀ` where, for
/// `i − k = 2m ≥ 0`,
///
///     L_ik   = (−1)^m i! √k! σ^i / (2^m m! k!)
///     L⁻¹_ik = √i! σ^(−k) / (2^m m! k!)
///
/// so that `S⁻¹ = L⁻ᵀ L⁻¹` is a sum of positive terms and loses nothing to cancellation.
///
/// Reference: Friston et al. 2008, NeuroImage 41:849.
public struct TemporalCovariance: Hashable, Sendable {
  /// The smoothness that stands in for zero, e⁻⁸ time units.
  public static let smallestSmoothness = exp(-8.0)

  /// The number of generalized coordinates n.
  public let orders: Int
  /// The smoothness s in use, in time units; e⁻⁸ where zero was asked for.
  public let smoothness: Double
  /// S `[n × n]`.
  public let covariance: Tensor<Double>
  /// The lower Cholesky factor L of S.
  public let factor: Tensor<Double>
  /// The inverse `L⁻¹` of the factor, lower triangular.
  public let inverseFactor: Tensor<Double>
  /// `S⁻¹` `[n × n]`, the temporal part of the generalized precision.
  public let precision: Tensor<Double>
  /// `ln |S|`.
  public let logDeterminant: Double

  /// Creates the covariance of `orders` coordinates of a fluctuation of smoothness s ≥ 0.
  public init(orders: Int, smoothness: Double) {
    precondition(
      orders >= 0 && smoothness >= 0 && smoothness.isFinite,
      "\(orders) orders of smoothness \(smoothness)")
    self.orders = orders
    let width = smoothness == 0 ? Self.smallestSmoothness : smoothness
    self.smoothness = width
    let n = orders
    let variance = 1 / (2 * width * width)
    let deviation = variance.squareRoot()
    var factorials = [1.0]
    for number in 1..<max(2, n) { factorials.append(factorials[number - 1] * Double(number)) }

    // The even moments (2m−1)!! σ^2m of the spectrum.
    var moments = [1.0]
    for m in 1..<max(2, n + 1) { moments.append(moments[m - 1] * Double(2 * m - 1) * variance) }
    var covariance = Tensor<Double>(repeating: 0, shape: .matrix(n, n))
    var factor = covariance
    var inverse = covariance
    var precision = covariance
    for row in 0..<n {
      for column in 0..<n where (row + column) % 2 == 0 {
        let m = (row + column) / 2
        covariance.values[row * n + column] = (row + m) % 2 == 0 ? moments[m] : -moments[m]
        if column > row { continue }
        let half = (row - column) / 2
        let shared = Self.power(2, half) * factorials[half] * factorials[column]
        let size =
          factorials[row] * factorials[column].squareRoot() * Self.power(deviation, row) / shared
        factor.values[row * n + column] = half % 2 == 0 ? size : -size
        inverse.values[row * n + column] =
          factorials[row].squareRoot() / (shared * Self.power(deviation, column))
      }
    }
    for row in 0..<n {
      for column in 0..<n {
        var sum = 0.0
        for k in max(row, column)..<n {
          sum += inverse.values[k * n + row] * inverse.values[k * n + column]
        }
        precision.values[row * n + column] = sum
      }
    }
    var logDeterminant = 0.0
    for k in 0..<n { logDeterminant += log(factorials[k]) + Double(k) * log(variance) }
    self.covariance = covariance
    self.factor = factor
    self.inverseFactor = inverse
    self.precision = precision
    self.logDeterminant = logDeterminant
  }

  /// The generalized precision `Π̃ = S⁻¹ ⊗ Π` of fluctuations of precision Π `[d × d]`.
  public func generalizedPrecision(_ precision: Tensor<Double>) -> Tensor<Double> {
    LinearAlgebra.kronecker(self.precision, precision)
  }

  /// `ln |S⁻¹ ⊗ Π|` from `ln |Π|` and the number d of channels.
  public func generalizedLogDeterminant(_ logDeterminant: Double, channels: Int) -> Double {
    Double(orders) * logDeterminant - Double(channels) * self.logDeterminant
  }

  /// The autocorrelation ρ(t) of the fluctuation.
  public func autocorrelation(at lag: Double) -> Double {
    exp(-lag * lag / (4 * smoothness * smoothness))
  }

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    for _ in 0..<exponent { result *= base }
    return result
  }
}
