/// Steps of local linearisation for a constant Jacobian and step length.
///
/// `δ(h) = Σₖ hᵏ⁺¹ φₖ₊₁(hJ) cₖ` with `φₖ(z) = Σⱼ zʲ/(j+k)!`. The φ matrices are computed once per
/// step length and kept; a step then costs p matrix–vector products. They come from a Taylor
/// polynomial of the halved matrix and the doubling formula (Skaflestad & Wright 2009)
///
///     φₖ(2z) = 2⁻ᵏ (e^z φₖ(z) + Σⱼ φⱼ(z)/(k−j)!)     j = 1…k
///
/// with `e^z − I` carried as in ``MatrixExponential``. Nothing is allocated after `init`.
@safe
public struct LinearPropagator: ~Copyable {
  /// The number of state variables n.
  public let dimension: Int
  /// The number p of forcing terms `c₀ … cₚ₋₁`.
  public let forcingCount: Int
  /// The step length the φ matrices belong to; nil before the first `prepare`.
  public private(set) var step: Double?

  private let kernels: SquareMatrixKernels
  private let storage: UnsafeMutablePointer<Double>
  private let vectors: UnsafeMutablePointer<Double>

  /// Creates the buffers for `dimension` variables and `forcingCount` ≥ 1 forcing terms.
  public init(dimension: Int, forcingCount: Int) {
    precondition(
      dimension >= 0 && forcingCount >= 1,
      "linear propagation of \(dimension) variables with \(forcingCount) forcing terms")
    self.dimension = dimension
    self.forcingCount = forcingCount
    kernels = SquareMatrixKernels(dimension: dimension)
    unsafe storage = kernels.allocate(forcingCount + 3)
    let count = 3 * kernels.stride + 1
    unsafe vectors = UnsafeMutablePointer.allocate(capacity: count)
    unsafe vectors.initialize(repeating: 0, count: count)
  }

  deinit {
    unsafe storage.deallocate()
    unsafe vectors.deallocate()
  }

  /// `φₖ`, k = 1…p.
  private func phi(_ k: Int) -> UnsafeMutablePointer<Double> {
    unsafe storage + (2 + k) * kernels.count
  }

  /// Forgets the φ matrices, because the Jacobian is no longer the same.
  public mutating func invalidate() { step = nil }

  /// Computes the φ matrices of one Jacobian and step length.
  ///
  /// - Parameters:
  ///   - jacobian: `J`, row-major, `[n × n]`.
  ///   - step: The length of the step in time units; may be negative.
  /// - Returns: Whether all matrices are finite.
  public mutating func prepare(jacobian: Span<Double>, step: Double) -> Bool {
    let n = dimension
    precondition(jacobian.count == n * n, "\(jacobian.count) entries for \(n) × \(n)")
    self.step = nil
    let stride = kernels.stride
    let z = unsafe storage
    let x = unsafe storage + kernels.count
    let scratch = unsafe storage + 2 * kernels.count
    for row in 0..<n {
      for column in 0..<n {
        unsafe z[row * stride + column] = step * jacobian[row * n + column]
      }
    }
    unsafe kernels.balance(n, z, factors: vectors)
    let norm = unsafe kernels.columnNorm(z, scratch: vectors + stride)
    guard norm.isFinite else { return false }
    let halvings = norm > 0.5 ? Int(norm.exponent) + 2 : 0
    if halvings > 0 {
      unsafe kernels.scale(
        z, by: Double(sign: .plus, exponent: -halvings, significand: 1), into: z)
    }
    unsafe taylor(z, top: phi(forcingCount), scratch: scratch)
    for k in Swift.stride(from: forcingCount - 1, through: 1, by: -1) {
      unsafe kernels.multiply(z, phi(k + 1), into: phi(k))
      unsafe kernels.addToDiagonal(1 / Self.factorial(k), phi(k))
    }
    unsafe kernels.multiply(z, phi(1), into: x)
    for _ in 0..<halvings { unsafe double(x, scratch: scratch) }
    for k in 1...forcingCount {
      let size = unsafe kernels.columnNorm(phi(k), scratch: vectors + stride)
      guard size.isFinite else { return false }
    }
    self.step = step
    return true
  }

  /// `top = φₚ(z)` by its Taylor polynomial; enough terms for a norm of one half.
  private func taylor(
    _ z: UnsafePointer<Double>, top: UnsafeMutablePointer<Double>,
    scratch: UnsafeMutablePointer<Double>
  ) {
    let terms = 15
    unsafe kernels.clear(top)
    unsafe kernels.addToDiagonal(1 / Self.factorial(terms + forcingCount), top)
    for m in Swift.stride(from: terms - 1, through: 0, by: -1) {
      unsafe kernels.multiply(z, top, into: scratch)
      unsafe kernels.scale(scratch, by: 1, into: top)
      unsafe kernels.addToDiagonal(1 / Self.factorial(m + forcingCount), top)
    }
  }

  private func double(
    _ x: UnsafeMutablePointer<Double>, scratch: UnsafeMutablePointer<Double>
  ) {
    for k in Swift.stride(from: forcingCount, through: 1, by: -1) {
      unsafe kernels.multiply(x, phi(k), adding: 2, times: phi(k), into: scratch)
      for j in 1..<max(k, 1) {
        unsafe kernels.add(1 / Self.factorial(k - j), phi(j), to: scratch)
      }
      unsafe kernels.scale(
        scratch, by: Double(sign: .plus, exponent: -k, significand: 1), into: phi(k))
    }
    unsafe kernels.multiply(x, x, adding: 2, times: x, into: scratch)
    unsafe kernels.scale(scratch, by: 1, into: x)
  }

  /// Computes the increment of one step of the prepared length.
  ///
  /// - Parameters:
  ///   - forcing: `c₀ … cₚ₋₁`, one row each, `[p × n]`; `c₀` is F at the start.
  ///   - increment: Receives δ, `[n]`.
  public mutating func propagate(
    forcing: Span<Double>, into increment: inout MutableSpan<Double>
  ) {
    let n = dimension
    precondition(
      forcing.count == n * forcingCount && increment.count == n,
      "\(forcing.count) and \(increment.count) entries for \(n) variables")
    guard let step else { preconditionFailure("propagate before prepare") }
    let factors = unsafe vectors
    let input = unsafe vectors + kernels.stride
    let output = unsafe vectors + 2 * kernels.stride
    for row in 0..<n { increment[row] = 0 }
    var power = 1.0
    for k in 0..<forcingCount {
      power *= step
      var isZero = true
      for row in 0..<n {
        let entry = forcing[k * n + row]
        if entry != 0 { isZero = false }
        unsafe input[row] = entry * power / factors[row]
      }
      if isZero { continue }
      unsafe kernels.multiply(phi(k + 1), vector: input, into: output)
      for row in 0..<n { unsafe increment[row] += output[row] * factors[row] }
    }
  }

  private static func factorial(_ n: Int) -> Double {
    var product = 1.0
    for factor in 1..<max(n + 1, 1) { product *= Double(factor) }
    return product
  }
}
