/// One step of local linearisation for a Jacobian that changes from step to step.
///
/// Around the start of a step, `δ̇ = J δ + Σₖ cₖ τᵏ/k!` with `cₖ = ∂ᵏF/∂tᵏ`, k = 0…p−1. With
/// `wₖ = τᵏ/k!`, for which `ẇₖ = wₖ₋₁`, the pair (δ, w) obeys one linear system, and
///
///     δ(h) = top of column n of exp(h [[J, C], [0, N]])      C = [c₀ … cₚ₋₁], N = shift
///
/// which is the formula of mathematics §5 with its blocks in the opposite order. It is exact when
/// F is affine in the state with forcing that is a polynomial in time of degree below p. A
/// singular J is no special case. Nothing is allocated after `init`.
///
/// Reference: Ozaki (1992), Statistica Sinica 2:113; Al-Mohy & Higham (2011), SIAM J. Sci.
/// Comput. 33:488 for the augmented matrix.
@safe
public struct LocalLinearPropagator: ~Copyable {
  /// The number of state variables n.
  public let dimension: Int
  /// The number p of forcing terms `c₀ … cₚ₋₁`.
  public let forcingCount: Int

  private var exponential: MatrixExponential
  private let vectors: UnsafeMutablePointer<Double>
  private var unscale = 1.0
  private let isDoubling: Bool

  /// The squarings that one column takes as so many products of a matrix with a vector.
  private static let columnSquarings = 4

  /// Creates the buffers for `dimension` variables and `forcingCount` ≥ 1 forcing terms.
  ///
  /// Without `isDoubling` there is no `doubledIncrement`, and a step costs less.
  public init(dimension: Int, forcingCount: Int, isDoubling: Bool = true) {
    precondition(
      dimension >= 0 && forcingCount >= 1,
      "local linearisation of \(dimension) variables with \(forcingCount) forcing terms")
    self.dimension = dimension
    self.forcingCount = forcingCount
    self.isDoubling = isDoubling
    exponential = MatrixExponential(dimension: dimension + forcingCount, split: dimension)
    let count = 2 * (dimension + forcingCount)
    unsafe vectors = UnsafeMutablePointer.allocate(capacity: count)
    unsafe vectors.initialize(repeating: 0, count: count)
  }

  deinit {
    unsafe vectors.deallocate()
  }

  /// Computes the increment `δ(step)`.
  ///
  /// - Parameters:
  ///   - jacobian: `J`, row-major, `[n × n]`.
  ///   - forcing: `c₀ … cₚ₋₁`, one row each, `[p × n]`; `c₀` is F at the start.
  ///   - step: The length of the step in time units; may be negative.
  ///   - increment: Receives δ, `[n]`.
  /// - Returns: Whether the increment is finite; if not, `increment` is not written.
  public mutating func propagate(
    jacobian: Span<Double>, forcing: Span<Double>, step: Double,
    into increment: inout MutableSpan<Double>
  ) -> Bool {
    let n = dimension
    let p = forcingCount
    precondition(
      jacobian.count == n * n && forcing.count == n * p && increment.count == n,
      "\(jacobian.count), \(forcing.count), \(increment.count) entries for \(n) variables")
    let stride = exponential.kernels.stride
    let a = unsafe exponential.working
    for index in 0..<exponential.kernels.count { unsafe a[index] = 0 }
    for row in 0..<n {
      for column in 0..<n {
        unsafe a[row * stride + column] = step * jacobian[row * n + column]
      }
    }
    let factors = unsafe exponential.factors
    unsafe exponential.kernels.balance(n, a, factors: factors)
    // Each w is rescaled by a power of two such that its column is smaller than one: the size of
    // the forcing then never decides how often the matrix is halved.
    var exponent = 0
    for k in Swift.stride(from: p - 1, through: 0, by: -1) {
      let column = n + k
      var size = k == p - 1 ? 0 : abs(step)
      var ceiling = k == p - 1 ? 0 : exponent - Self.log2Ceiling(size)
      var sum = 0.0
      for row in 0..<n {
        let entry = unsafe step * forcing[k * n + row] / factors[row]
        unsafe a[row * stride + column] = entry
        sum += abs(entry)
      }
      guard sum.isFinite else { return false }
      if sum > 0 { ceiling = min(ceiling, -Self.log2Ceiling(sum)) }
      ceiling -= 2
      let scale = Double(sign: .plus, exponent: ceiling, significand: 1)
      for row in 0..<n { unsafe a[row * stride + column] *= scale }
      if k < p - 1 {
        size = step * Double(sign: .plus, exponent: ceiling - exponent, significand: 1)
        unsafe a[(column + 1) * stride + column] = size
      }
      exponent = ceiling
    }
    unscale = Double(sign: .plus, exponent: -exponent, significand: 1)
    guard let left = exponential.run(leaving: isDoubling ? 0 : Self.columnSquarings) else {
      return false
    }
    // Column n of (I + X)^(2ᵏ) − I, by v ← v + X v + X eₙ.
    let size = n + p
    let v = unsafe vectors
    let moved = unsafe vectors + size
    for row in 0..<size { unsafe v[row] = a[row * stride + n] }
    for _ in 1..<(1 << left) {
      unsafe exponential.kernels.multiply(a, vector: v, into: moved)
      for row in 0..<size { unsafe v[row] += moved[row] + a[row * stride + n] }
    }
    for row in 0..<n {
      guard unsafe (v[row] * factors[row] * unscale).isFinite else { return false }
    }
    for row in 0..<n { unsafe increment[row] = v[row] * factors[row] * unscale }
    return true
  }

  /// Computes the increment over twice the step of the last `propagate`, by one squaring.
  ///
  /// - Parameter increment: Receives δ(2 step), `[n]`.
  public mutating func doubledIncrement(into increment: inout MutableSpan<Double>) {
    let n = dimension
    precondition(isDoubling, "a propagator that was made for single steps")
    precondition(increment.count == n, "\(increment.count) entries for \(n) variables")
    let size = n + forcingCount
    let stride = exponential.kernels.stride
    let x = unsafe vectors
    let y = unsafe vectors + size
    let a = unsafe exponential.working
    for row in 0..<size { unsafe x[row] = a[row * stride + n] }
    unsafe exponential.kernels.multiply(a, vector: x, into: y)
    let factors = unsafe exponential.factors
    for row in 0..<n { unsafe increment[row] = (2 * x[row] + y[row]) * factors[row] * unscale }
  }

  /// The least integer e with `x ≤ 2ᵉ`, or a little above it; zero for zero.
  private static func log2Ceiling(_ x: Double) -> Int {
    x > 0 ? Int(x.exponent) + 1 : 0
  }
}
