/// The exponential of a square matrix, over buffers allocated once.
///
/// Scaling and squaring with a diagonal Padé approximant of degree 3 to 13 chosen by norms
/// (Higham 2005; Al-Mohy & Higham 2009), after balancing. The squarings carry `X = eᴬ − I`
/// instead of `eᴬ`, by `X ← 2X + X²`: slow modes next to fast ones, for which `eᴬ` is within
/// rounding of one before the first squaring, keep their relative accuracy.
///
/// Nothing is allocated after `init`.
@safe
public struct MatrixExponential: ~Copyable {
  /// The number of rows and columns.
  public let dimension: Int

  let kernels: SquareMatrixKernels
  private let storage: UnsafeMutablePointer<Double>
  private let vectors: UnsafeMutablePointer<Double>

  /// Creates the buffers for matrices of `dimension` rows and columns.
  public init(dimension: Int) { self.init(dimension: dimension, split: dimension) }

  /// The same for matrices whose entries (i, j) are zero for i ≥ split > j.
  init(dimension: Int, split: Int) {
    precondition(dimension >= 0, "matrix exponential of dimension \(dimension)")
    self.dimension = dimension
    kernels = SquareMatrixKernels(dimension: dimension, split: split)
    unsafe storage = kernels.allocate(9)
    unsafe vectors = UnsafeMutablePointer.allocate(capacity: 3 * kernels.stride + 1)
    unsafe vectors.initialize(repeating: 0, count: 3 * kernels.stride + 1)
  }

  deinit {
    unsafe storage.deallocate()
    unsafe vectors.deallocate()
  }

  private func matrix(_ index: Int) -> UnsafeMutablePointer<Double> {
    unsafe storage + index * kernels.count
  }

  /// The matrix to exponentiate, padded; `run` overwrites it with `eᴬ − I`.
  var working: UnsafeMutablePointer<Double> { unsafe matrix(0) }

  /// The diagonal of the balancing transformation, at least `dimension` entries.
  var factors: UnsafeMutablePointer<Double> { unsafe vectors }

  /// Computes `e^{scale A} − I`.
  ///
  /// - Parameters:
  ///   - a: `A`, row-major, `[dimension × dimension]`.
  ///   - scale: A factor on `A`, for example a length of time.
  ///   - result: Receives the result, row-major, of the same shape.
  /// - Returns: Whether the result is finite; if not, `result` is not written.
  public mutating func exponentialMinusIdentity(
    of a: Span<Double>, scale: Double = 1, into result: inout MutableSpan<Double>
  ) -> Bool {
    let n = dimension
    precondition(
      a.count == n * n && result.count == n * n,
      "\(a.count) and \(result.count) entries for a \(n) × \(n) exponential")
    let work = unsafe working
    let stride = kernels.stride
    for row in 0..<n {
      for column in 0..<n { unsafe work[row * stride + column] = scale * a[row * n + column] }
    }
    unsafe kernels.balance(n, work, factors: factors)
    guard run() else { return false }
    for row in 0..<n {
      for column in 0..<n {
        unsafe result[row * n + column] =
          work[row * stride + column] * factors[row] / factors[column]
      }
    }
    return true
  }

  /// Computes `e^{scale A}`.
  ///
  /// - Parameters:
  ///   - a: `A`, row-major, `[dimension × dimension]`.
  ///   - scale: A factor on `A`, for example a length of time.
  ///   - result: Receives the exponential, row-major, of the same shape.
  /// - Returns: Whether the result is finite; if not, `result` is not written.
  public mutating func exponential(
    of a: Span<Double>, scale: Double = 1, into result: inout MutableSpan<Double>
  ) -> Bool {
    guard exponentialMinusIdentity(of: a, scale: scale, into: &result) else { return false }
    for index in 0..<dimension { result[index * dimension + index] += 1 }
    return true
  }

  // Coefficients of the numerators of the diagonal Padé approximants, ascending.
  private static let coefficients: [[Double]] = [
    [120, 60, 12, 1],
    [30240, 15120, 3360, 420, 30, 1],
    [17_297_280, 8_648_640, 1_995_840, 277_200, 25_200, 1_512, 56, 1],
    [
      17_643_225_600, 8_821_612_800, 2_075_673_600, 302_702_400, 30_270_240, 2_162_160, 110_880,
      3_960, 90, 1,
    ],
    [
      64_764_752_532_480_000, 32_382_376_266_240_000, 7_771_770_303_897_600,
      1_187_353_796_428_800, 129_060_195_264_000, 10_559_470_521_600, 670_442_572_800,
      33_522_128_640, 1_323_241_920, 40_840_800, 960_960, 16_380, 182, 1,
    ],
  ]

  // The largest norms for which each degree has backward error within rounding.
  private static let bounds = [
    1.495585217958292e-2, 2.539398330063230e-1, 9.504178996162932e-1, 2.097847961257068,
    5.371920351148152,
  ]

  /// Replaces `working` by its exponential minus the identity.
  ///
  /// - Returns: Whether the result is finite.
  mutating func run() -> Bool { run(leaving: 0) != nil }

  /// Replaces `working` by `e^{A/2ᵏ} − I`, for callers that need few columns of the exponential.
  ///
  /// - Parameter most: the largest k: the squarings that may be left to the caller.
  /// - Returns: k, or nil where the result is not finite.
  mutating func run(leaving most: Int) -> Int? {
    guard dimension > 0 else { return 0 }
    let (a, a2, a4, a6) = unsafe (matrix(0), matrix(1), matrix(2), matrix(3))
    let scratch = unsafe vectors + kernels.stride
    let norm = unsafe kernels.columnNorm(a, scratch: scratch)
    guard norm.isFinite else { return nil }
    if norm == 0 { return 0 }
    unsafe kernels.multiply(a, a, into: a2)
    var squarings = 0
    var degree = 0
    while degree < 4 && norm > Self.bounds[degree] { degree += 1 }
    if degree > 0 { unsafe kernels.multiply(a2, a2, into: a4) }
    if degree > 1 { unsafe kernels.multiply(a2, a4, into: a6) }
    if degree == 4 {
      squarings = unsafe scalingExponent(norm: norm, a4: a4, a6: a6)
      let factor = Double(sign: .plus, exponent: -squarings, significand: 1)
      if squarings > 0 {
        unsafe kernels.scale(a, by: factor, into: a)
        unsafe kernels.scale(a2, by: factor * factor, into: a2)
        // Powers of two commute with rounding, unless the powers have overflown.
        let fourth = factor * factor * factor * factor
        let sixth = fourth * factor * factor
        if unsafe kernels.columnNorm(a6, scratch: scratch).isFinite && sixth > 0x1p-900 {
          unsafe kernels.scale(a4, by: fourth, into: a4)
          unsafe kernels.scale(a6, by: sixth, into: a6)
        } else {
          unsafe kernels.multiply(a2, a2, into: a4)
          unsafe kernels.multiply(a2, a4, into: a6)
        }
      }
    }
    guard approximate(degree: degree) else { return nil }
    let left = min(most, squarings)
    return square(squarings - left) ? left : nil
  }

  /// The number of halvings that brings the matrix within reach of the degree 13 approximant.
  private func scalingExponent(
    norm: Double, a4: UnsafePointer<Double>, a6: UnsafePointer<Double>
  ) -> Int {
    let scratch = unsafe vectors + kernels.stride
    let norm4 = unsafe kernels.columnNorm(a4, scratch: scratch)
    let norm6 = unsafe kernels.columnNorm(a6, scratch: scratch)
    var effective = norm
    if norm4.isFinite && norm6.isFinite {
      effective = min(norm, max(norm4.squareRoot().squareRoot(), cubeRoot(norm6.squareRoot())))
    }
    var exponent = 0
    if effective > Self.bounds[4] {
      exponent = Int((effective / Self.bounds[4]).exponent) + 1
    }
    return exponent + correction(exponent, norm: norm)
  }

  private func cubeRoot(_ x: Double) -> Double {
    guard x > 0 else { return 0 }
    // Three Newton steps from a power of two are within a few per cent, which is enough here.
    var root = Double(sign: .plus, exponent: x.exponent / 3, significand: 1)
    for _ in 0..<6 { root = (2 * root + x / (root * root)) / 3 }
    return root
  }

  /// Extra halvings for matrices far from normal, whose powers cancel (Al-Mohy & Higham, eq 5.1).
  private func correction(_ exponent: Int, norm: Double) -> Int {
    let a = unsafe working
    let stride = kernels.stride
    let scale = Double(sign: .plus, exponent: -exponent, significand: 1)
    var x = unsafe vectors + stride
    var y = unsafe vectors + 2 * stride
    for index in 0..<dimension { unsafe x[index] = 1 }
    // ‖|A|²⁷‖₁ / ‖A‖₁, with the size kept apart so that it cannot overflow.
    var logarithm = 0
    for _ in 0..<27 {
      for index in 0..<dimension { unsafe x[index] *= scale }
      unsafe kernels.multiplySizes(a, transposed: x, into: y)
      var largest = 0.0
      for index in 0..<dimension { unsafe largest = max(largest, y[index]) }
      guard largest > 0 else { return 0 }
      let power = largest.exponent
      logarithm += Int(power)
      let down = Double(sign: .plus, exponent: -power, significand: 1)
      for index in 0..<dimension { unsafe y[index] *= down }
      unsafe swap(&x, &y)
    }
    // 1 / c₂₇ ≈ 2¹⁰⁶·⁵, unit roundoff 2⁻⁵³.
    let excess = logarithm + 1 - Int(norm.exponent) + exponent - 106 + 53
    return excess > 0 ? (excess + 25) / 26 : 0
  }

  /// Replaces `working` by the Padé approximant of its exponential, minus the identity.
  private func approximate(degree: Int) -> Bool {
    let b = Self.coefficients[degree]
    let (a, a2, a4, a6) = unsafe (matrix(0), matrix(1), matrix(2), matrix(3))
    let (u, v, w, z) = unsafe (matrix(4), matrix(5), matrix(6), matrix(7))
    // w: the odd part divided by A; v: the even part.
    if degree == 4 {
      unsafe combine(b[13], b[11], b[9], into: z)
      unsafe kernels.multiply(a6, z, into: w)
      unsafe kernels.add(b[7], a6, to: w)
      unsafe kernels.add(b[5], a4, to: w)
      unsafe kernels.add(b[3], a2, to: w)
      unsafe combine(b[12], b[10], b[8], into: z)
      unsafe kernels.multiply(a6, z, into: v)
      unsafe kernels.add(b[6], a6, to: v)
      unsafe kernels.add(b[4], a4, to: v)
      unsafe kernels.add(b[2], a2, to: v)
    } else {
      unsafe kernels.scale(a2, by: b[3], into: w)
      unsafe kernels.scale(a2, by: b[2], into: v)
      if degree > 0 {
        unsafe kernels.add(b[5], a4, to: w)
        unsafe kernels.add(b[4], a4, to: v)
      }
      if degree > 1 {
        unsafe kernels.add(b[7], a6, to: w)
        unsafe kernels.add(b[6], a6, to: v)
      }
      if degree > 2 {
        unsafe kernels.multiply(a4, a4, into: z)
        unsafe kernels.add(b[9], z, to: w)
        unsafe kernels.add(b[8], z, to: v)
      }
    }
    unsafe kernels.addToDiagonal(b[1], w)
    unsafe kernels.addToDiagonal(b[0], v)
    unsafe kernels.multiply(a, w, into: u)
    // (V − U) X = 2U gives r − I without cancellation.
    unsafe kernels.add(-1, u, to: v)
    unsafe kernels.scale(u, by: 2, into: a)
    return unsafe kernels.solve(v, a)
  }

  /// `target = w6 A⁶ + w4 A⁴ + w2 A²`.
  private func combine(
    _ w6: Double, _ w4: Double, _ w2: Double, into target: UnsafeMutablePointer<Double>
  ) {
    unsafe kernels.scale(matrix(3), by: w6, into: target)
    unsafe kernels.add(w4, matrix(2), to: target)
    unsafe kernels.add(w2, matrix(1), to: target)
  }

  /// Applies `X ← 2X + X²` in `working`.
  private func square(_ times: Int) -> Bool {
    let x = unsafe matrix(0)
    let y = unsafe matrix(8)
    for step in 0..<times {
      if step.isMultiple(of: 2) {
        unsafe kernels.multiply(x, x, adding: 2, times: x, into: y)
      } else {
        unsafe kernels.multiply(y, y, adding: 2, times: y, into: x)
      }
    }
    if !times.isMultiple(of: 2) { unsafe kernels.scale(y, by: 1, into: x) }
    let norm = unsafe kernels.columnNorm(x, scratch: vectors + kernels.stride)
    return norm.isFinite
  }
}
