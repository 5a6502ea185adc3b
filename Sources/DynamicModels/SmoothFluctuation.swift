#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif
public import TensorCore

/// A seeded smooth random process whose value and derivatives are exact at any time.
///
/// Each channel starts as a random Fourier series of K terms with a Gaussian spectrum,
///
///     z(t) = √(2/K) Σ_k cos(ω_k t + φ_k),   ω_k ~ N(0, 1/(2s²)), one per stratum of equal share
///
/// with uniform phases φ_k, so that it has unit variance and the autocorrelation
/// `ρ(t) = exp(−t²/4s²)` (mathematics §2), exactly over seeds and nearly within one realization.
/// The frequencies are drawn one per stratum: evenly spread, but with irregular gaps, so that
/// nothing repeats within a record. Channels are mixed by the Cholesky factor of Π⁻¹.
///
/// A channel whose precision is infinite or at least e³² does not fluctuate: it is exactly zero
/// and costs nothing.
public struct SmoothFluctuation: Sendable {
  /// The precision from which on a channel counts as free of noise, e³².
  public static let noiselessPrecision = exp(32.0)

  /// The number m of channels.
  public let channels: Int
  /// The smoothness s in use, in time units; e⁻⁸ where zero was asked for.
  public let smoothness: Double
  /// The number K of terms per fluctuating channel.
  public let termCount: Int
  /// The factor L `[m × m]` of the covariance of the values; rows of quiet channels are zero.
  public let factor: Tensor<Double>

  /// The channels that fluctuate.
  private let active: [Int]
  /// ω and φ of every term, in groups of four, one active channel after the other; in quarter
  /// turns, which makes the reduction of the angle exact and cheap.
  private let terms: [Term]
  private let amplitude: Double

  private struct Term: Sendable {
    var frequency: SIMD4<Double>
    var phase: SIMD4<Double>
  }

  /// A process that is zero in all of its channels.
  public static func none(channels: Int) -> SmoothFluctuation {
    SmoothFluctuation(
      factor: Tensor(repeating: 0, shape: .matrix(channels, channels)), active: [],
      smoothness: 1, source: RandomSource(seed: 0), termCount: 4)
  }

  /// Creates the process of fluctuations of precision Π.
  ///
  /// - Parameters:
  ///   - precision: Π `[m × m]`, positive definite where it is finite.
  ///   - smoothness: s ≥ 0, in time units.
  ///   - source: the stream that the frequencies and phases are drawn from.
  ///   - termCount: K, rounded up to a multiple of four.
  /// - Throws: `LinearAlgebraError.notPositiveDefinite` when Π has no inverse as a covariance.
  public init(
    precision: Tensor<Double>, smoothness: Double, source: RandomSource, termCount: Int = 128
  ) throws(LinearAlgebraError) {
    precondition(
      precision.shape.rank == 2 && precision.rows == precision.columns && termCount > 0
        && smoothness >= 0,
      "\(termCount) terms of smoothness \(smoothness) for a precision of \(precision.shape)")
    let m = precision.rows
    // Quiet channels are known exactly, so the others keep their block of the precision.
    let active = (0..<m).filter { !(precision[$0, $0] >= Self.noiselessPrecision) }
    var block = Tensor<Double>(repeating: 0, shape: .matrix(active.count, active.count))
    for (i, row) in active.enumerated() {
      for (j, column) in active.enumerated() { block[i, j] = precision[row, column] }
    }
    let lower = try CholeskyFactor(CholeskyFactor(block).inverse).lower
    var factor = Tensor<Double>(repeating: 0, shape: precision.shape)
    for (i, row) in active.enumerated() {
      for (j, column) in active.enumerated() { factor[row, column] = lower[i, j] }
    }
    self.init(
      factor: factor, active: active, smoothness: smoothness, source: source,
      termCount: (termCount + 3) / 4 * 4)
  }

  private init(
    factor: Tensor<Double>, active: [Int], smoothness: Double, source: RandomSource,
    termCount: Int
  ) {
    channels = factor.rows
    self.factor = factor
    self.active = active
    self.smoothness = smoothness == 0 ? TemporalCovariance.smallestSmoothness : smoothness
    self.termCount = termCount
    amplitude = (2 / Double(termCount)).squareRoot()
    let deviation = (0.5).squareRoot() / self.smoothness
    var terms: [Term] = []
    terms.reserveCapacity(active.count * termCount / 4)
    for channel in active {
      var stream = source.split(channel)
      for group in 0..<(termCount / 4) {
        var term = Term(frequency: .zero, phase: .zero)
        for lane in 0..<4 {
          let place = (Double(4 * group + lane) + stream.uniform()) / Double(termCount)
          let share = min((1 + place) / 2, 1 - 0x1p-53)
          term.frequency[lane] = deviation * ScalarFunctions.normalQuantile(share) * 2 / .pi
          term.phase[lane] = 4 * stream.uniform()
        }
        terms.append(term)
      }
    }
    self.terms = terms
  }

  /// Whether no channel fluctuates.
  public var isZero: Bool { active.isEmpty }

  /// Writes the m values at a time.
  public func value(at time: Double, into output: inout MutableSpan<Double>) {
    derivatives(at: time, orders: 1, into: &output)
  }

  /// Writes the value and the first `orders − 1` derivatives at a time, order-major
  /// `[orders × m]`.
  public func derivatives(
    at time: Double, orders: Int, into output: inout MutableSpan<Double>
  ) {
    let m = channels
    precondition(
      orders >= 0 && output.count == orders * m,
      "a buffer of \(output.count) for \(orders) orders of \(m) channels")
    for index in 0..<(orders * m) { output[index] = 0 }
    if active.isEmpty || orders == 0 { return }
    let groups = termCount / 4
    if orders == 1 {
      for (index, channel) in active.enumerated() {
        var sum = SIMD4<Double>.zero
        for group in (index * groups)..<((index + 1) * groups) {
          let term = terms[group]
          sum += QuarterTurns.cosineAndSine(term.phase + term.frequency * time).cosine
        }
        mix(amplitude * total(sum), channel, offset: 0, into: &output)
      }
      return
    }
    unsafe withUnsafeTemporaryAllocation(of: SIMD4<Double>.self, capacity: orders) { sums in
      for (index, channel) in active.enumerated() {
        unsafe sums.update(repeating: .zero)
        for group in (index * groups)..<((index + 1) * groups) {
          let term = terms[group]
          let angle = QuarterTurns.cosineAndSine(term.phase + term.frequency * time)
          let frequency = term.frequency * (.pi / 2)
          // d/dt turns (cos, sin) into ω (−sin, cos).
          var (cosine, sine) = angle
          for order in 0..<orders {
            unsafe sums[order] += cosine
            (cosine, sine) = (-frequency * sine, frequency * cosine)
          }
        }
        for order in 0..<orders {
          let value = unsafe amplitude * total(sums[order])
          mix(value, channel, offset: order * m, into: &output)
        }
      }
    }
  }

  /// The value and the first `orders − 1` derivatives at a time.
  public func generalized(at time: Double, orders: Int) -> GeneralizedVector {
    var result = GeneralizedVector(orders: orders, channels: channels)
    var output = result.values.mutableSpan
    derivatives(at: time, orders: orders, into: &output)
    return result
  }

  /// Adds one unit-variance channel to the outputs; L is lower triangular.
  private func mix(
    _ value: Double, _ channel: Int, offset: Int, into output: inout MutableSpan<Double>
  ) {
    for row in channel..<channels {
      output[offset + row] += factor.values[row * channels + channel] * value
    }
  }

  private func total(_ sum: SIMD4<Double>) -> Double { (sum[0] + sum[1]) + (sum[2] + sum[3]) }
}

/// Cosine and sine of angles in quarter turns, four at a time, from exactly rounded operations.
///
/// Polynomials on [−π/4, π/4] of degree 14 and 13; the error is below two units in the last place
/// of 1. Reference: FreeBSD msun, `k_sin.c` and `k_cos.c` (coefficients).
enum QuarterTurns {
  @inline(__always)
  static func cosineAndSine(
    _ angle: SIMD4<Double>
  ) -> (cosine: SIMD4<Double>, sine: SIMD4<Double>) {
    let turns = nearest(angle)
    let y = (angle - turns) * (.pi / 2)
    let quadrant = turns - 4 * nearest(turns * 0.25)
    let z = y * y
    var c = z * -1.13596475577881948265e-11 + 2.08757232129817482790e-09
    c = c * z - 2.75573143513906633035e-07
    c = c * z + 2.48015872894767294178e-05
    c = c * z - 1.38888888888741095749e-03
    c = c * z + 4.16666666666666019037e-02
    let cosine = (1 - 0.5 * z) + z * z * c
    var s = z * 1.58969099521155010221e-10 - 2.50507602534068634195e-08
    s = s * z + 2.75573137070700676789e-06
    s = s * z - 1.98412698298579493134e-04
    s = s * z + 8.33333333332248946124e-03
    s = s * z - 1.66666666666666324348e-01
    let sine = y + y * z * s
    // Quadrants −2, −1, 0, 1, 2: odd ones exchange the two functions.
    let square = quadrant * quadrant
    let isOdd = square .== 1
    let isHalf = square .== 4
    var first = cosine.replacing(with: sine, where: isOdd)
    var second = sine.replacing(with: cosine, where: isOdd)
    first.replace(with: -first, where: isHalf .| (quadrant .== 1))
    second.replace(with: -second, where: isHalf .| (quadrant .== -1))
    return (first, second)
  }

  /// The nearest whole number; adding and subtracting a large one needs no special instruction.
  @inline(__always)
  private static func nearest(_ x: SIMD4<Double>) -> SIMD4<Double> {
    let shift = SIMD4<Double>(repeating: 0x1.8p52)
    return (x + shift) - shift
  }
}
