internal import Foundation

/// Steps of local linearisation for a chain of blocks, by quadrature along a contour.
///
///     δ(h) = Σₖ hᵏ⁺¹ φₖ₊₁(hJ) cₖ = (1/2πi) ∮ e^z (z − hJ)⁻¹ Σₖ hᵏ⁺¹ z^(−k−1) cₖ dz
///
/// on the cotangent contour `z(θ) = N(0.5017 θ cot 0.6407 θ − 0.6122 + 0.2645 i θ)`, whose N-point
/// trapezoidal rule converges geometrically for matrices with a spectrum near the negative real
/// axis. The flows of recognition are such matrices: a symmetric negative definite curvature plus a
/// shift of norm one. With N = 32 the increments are good to about 1e−12; each needs 16 complex
/// solves, which keep to the chain, where the exponential of a matrix would fill it. Unlike scaling
/// and squaring the solves do not lose the slow directions of a stiff matrix.
///
/// The matrix has general diagonal blocks and symmetric couplings. Nothing is allocated after
/// `init`. Reference: Trefethen, Weideman & Schmelzer 2006, BIT Numer Math 46:653.
@safe
public struct ContourPropagator: ~Copyable {
  /// The layout of J.
  public let chain: BlockChain
  /// The number p of forcing terms `c₀ … cₚ₋₁`.
  public let forcingCount: Int

  /// Half the number of points on the contour: the other half are their conjugates.
  private static let count = 16
  private let poles: [(z: Complex, weight: Complex)]
  /// Per pole: LU factors of the diagonal blocks, with inverted pivots, and the couplings.
  private let storage: UnsafeMutablePointer<Complex>
  private let pivots: UnsafeMutablePointer<Int>
  private let vector: UnsafeMutablePointer<Complex>
  private let residual: UnsafeMutablePointer<Complex>
  private let keepsFactors: Bool
  private var step = 0.0

  /// A complex number.
  struct Complex {
    var re: Double
    var im: Double

    static func * (a: Complex, b: Complex) -> Complex {
      Complex(re: a.re * b.re - a.im * b.im, im: a.re * b.im + a.im * b.re)
    }
    static func - (a: Complex, b: Complex) -> Complex {
      Complex(re: a.re - b.re, im: a.im - b.im)
    }
    static func + (a: Complex, b: Complex) -> Complex {
      Complex(re: a.re + b.re, im: a.im + b.im)
    }
    /// 1/z without needless overflow.
    var inverse: Complex {
      if abs(re) >= abs(im) {
        let ratio = im / re
        let scale = 1 / (re + im * ratio)
        return Complex(re: scale, im: -ratio * scale)
      }
      let ratio = re / im
      let scale = 1 / (re * ratio + im)
      return Complex(re: ratio * scale, im: -scale)
    }
    var size: Double { abs(re) + abs(im) }
  }

  /// Creates the buffers for a layout and `forcingCount` ≥ 1 forcing terms.
  ///
  /// - Parameters:
  ///   - chain: the layout of J.
  ///   - forcingCount: p.
  ///   - keepsFactors: whether J stays, for `prepare` and `propagate`; `propagate(jacobian:…)` does
  ///     without, in memory that stays in the cache.
  public init(_ chain: BlockChain, forcingCount: Int, keepsFactors: Bool = true) {
    precondition(forcingCount >= 1, "\(forcingCount) forcing terms")
    self.chain = chain
    self.forcingCount = forcingCount
    let points = Double(2 * Self.count)
    poles = (0..<Self.count).map { index in
      let angle = Double(2 * index + 1) * Double.pi / points
      let (sine, cosine) = (sin(0.6407 * angle), cos(0.6407 * angle))
      let z = Complex(
        re: points * (0.5017 * angle * cosine / sine - 0.6122), im: points * 0.2645 * angle)
      let slope = Complex(
        re: points * (0.5017 * cosine / sine - 0.5017 * 0.6407 * angle / (sine * sine)),
        im: points * 0.2645)
      // 2 e^z z′ / (iN)
      let growth = 2 * exp(z.re) / points
      let turn = Complex(re: growth * sin(z.im), im: -growth * cos(z.im))
      return (z, turn * slope)
    }
    // A matrix that is prepared keeps its factors; one that changes needs one set at a time.
    let sets = keepsFactors ? Self.count : 1
    self.keepsFactors = keepsFactors
    let size = max(chain.storageCount * sets, 1)
    unsafe storage = .allocate(capacity: size)
    unsafe storage.initialize(repeating: Complex(re: 0, im: 0), count: size)
    unsafe pivots = .allocate(capacity: max(chain.dimension * sets, 1))
    unsafe pivots.initialize(repeating: 0, count: max(chain.dimension * sets, 1))
    unsafe vector = .allocate(capacity: max(chain.dimension, 1))
    unsafe vector.initialize(repeating: Complex(re: 0, im: 0), count: max(chain.dimension, 1))
    let widest = max(chain.sizes.max() ?? 0, 1)
    unsafe residual = .allocate(capacity: widest)
    unsafe residual.initialize(repeating: Complex(re: 0, im: 0), count: widest)
  }

  deinit {
    unsafe storage.deallocate()
    unsafe pivots.deallocate()
    unsafe vector.deallocate()
    unsafe residual.deallocate()
  }

  /// Factors `z − hJ` at every point of the contour.
  ///
  /// - Parameters:
  ///   - jacobian: J in the storage of the layout.
  ///   - step: h, in time units.
  /// - Returns: Whether every factor is finite.
  public mutating func prepare(jacobian: Span<Double>, step: Double) -> Bool {
    precondition(keepsFactors, "a propagator that keeps no factors cannot be prepared")
    self.step = step
    for pole in 0..<Self.count {
      guard
        unsafe factor(
          jacobian, pole, into: storage + pole * chain.storageCount,
          order: pivots + pole * chain.dimension)
      else { return false }
    }
    return true
  }

  /// Factors `z − hJ` at one point of the contour.
  private func factor(
    _ jacobian: Span<Double>, _ pole: Int, into target: UnsafeMutablePointer<Complex>,
    order: UnsafeMutablePointer<Int>
  ) -> Bool {
    precondition(jacobian.count == chain.storageCount, "storage of another layout")
    for index in 0..<jacobian.count {
      unsafe target[index] = Complex(re: -step * jacobian[index], im: 0)
    }
    for block in chain.sizes.indices {
      let n = chain.sizes[block]
      for row in 0..<n {
        let place = chain.diagonals[block] + row * (n + 1)
        unsafe target[place] = target[place] + poles[pole].z
      }
    }
    return unsafe factor(target, order)
  }

  private func factor(
    _ a: UnsafeMutablePointer<Complex>, _ order: UnsafeMutablePointer<Int>
  ) -> Bool {
    for block in chain.sizes.indices.reversed() {
      let n = chain.sizes[block]
      let d = unsafe a + chain.diagonals[block]
      let swaps = unsafe order + chain.starts[block]
      for k in 0..<n {
        var best = k
        var largest = unsafe d[k * n + k].size
        for row in (k + 1)..<max(n, k + 1) {
          let size = unsafe d[row * n + k].size
          if size > largest {
            best = row
            largest = size
          }
        }
        guard largest > 0, largest.isFinite else { return false }
        unsafe swaps[k] = best
        if best != k {
          for column in 0..<n {
            let entry = unsafe d[k * n + column]
            unsafe d[k * n + column] = d[best * n + column]
            unsafe d[best * n + column] = entry
          }
        }
        let inverse = unsafe d[k * n + k].inverse
        unsafe d[k * n + k] = inverse
        for row in (k + 1)..<max(n, k + 1) {
          let gain = unsafe d[row * n + k] * inverse
          unsafe d[row * n + k] = gain
          for column in (k + 1)..<max(n, k + 1) {
            unsafe d[row * n + column] = d[row * n + column] - gain * d[k * n + column]
          }
        }
      }
      let r = chain.couplings[block].count
      guard block > 0, r > 0 else { continue }
      let cross = unsafe a + chain.crossings[block]
      let size = chain.sizes[block - 1]
      let first = chain.couplings[block].lowerBound
      let previous = unsafe a + chain.diagonals[block - 1]
      // The Schur complement Cᵀ D⁻¹ C, column by column.
      for c in 0..<r {
        for j in 0..<n { unsafe residual[j] = cross[j * r + c] }
        unsafe solve(d, swaps, n, residual)
        for b in 0..<r {
          var sum = Complex(re: 0, im: 0)
          for j in 0..<n { unsafe sum = sum + cross[j * r + b] * residual[j] }
          let place = (first + b) * size + first + c
          unsafe previous[place] = previous[place] - sum
        }
      }
    }
    return true
  }

  /// Solves with the factors of one diagonal block, in place.
  @inline(__always)
  private func solve(
    _ d: UnsafeMutablePointer<Complex>, _ swaps: UnsafeMutablePointer<Int>, _ n: Int,
    _ x: UnsafeMutablePointer<Complex>
  ) {
    for k in 0..<n {
      let other = unsafe swaps[k]
      if other != k {
        let entry = unsafe x[k]
        unsafe x[k] = x[other]
        unsafe x[other] = entry
      }
    }
    for row in 0..<n {
      var re = unsafe x[row].re
      var im = unsafe x[row].im
      let line = unsafe d + row * n
      for column in 0..<row {
        let (p, q) = unsafe (line[column], x[column])
        re -= p.re * q.re - p.im * q.im
        im -= p.re * q.im + p.im * q.re
      }
      unsafe x[row] = Complex(re: re, im: im)
    }
    for row in (0..<n).reversed() {
      var re = unsafe x[row].re
      var im = unsafe x[row].im
      let line = unsafe d + row * n
      for column in (row + 1)..<max(n, row + 1) {
        let (p, q) = unsafe (line[column], x[column])
        re -= p.re * q.re - p.im * q.im
        im -= p.re * q.im + p.im * q.re
      }
      unsafe x[row] = Complex(re: re, im: im) * line[row]
    }
  }

  /// Computes the increment of one step of the prepared length.
  ///
  /// - Parameters:
  ///   - forcing: `c₀ … cₚ₋₁`, one row each, `[p × n]`; `c₀` is F at the start.
  ///   - increment: Receives δ, `[n]`.
  public mutating func propagate(
    forcing: Span<Double>, into increment: inout MutableSpan<Double>
  ) {
    check(forcing, increment.count)
    for row in 0..<chain.dimension { increment[row] = 0 }
    for pole in 0..<Self.count {
      unsafe add(
        pole, forcing, storage + pole * chain.storageCount, pivots + pole * chain.dimension,
        to: &increment)
    }
  }

  /// Computes the increment of one step with a matrix of its own.
  ///
  /// - Parameters:
  ///   - jacobian: J in the storage of the layout.
  ///   - forcing: as in `propagate(forcing:into:)`.
  ///   - step: h, in time units.
  ///   - increment: Receives δ, `[n]`.
  /// - Returns: Whether every factor is finite.
  public mutating func propagate(
    jacobian: Span<Double>, forcing: Span<Double>, step: Double,
    into increment: inout MutableSpan<Double>
  ) -> Bool {
    check(forcing, increment.count)
    self.step = step
    for row in 0..<chain.dimension { increment[row] = 0 }
    for pole in 0..<Self.count {
      guard unsafe factor(jacobian, pole, into: storage, order: pivots) else { return false }
      unsafe add(pole, forcing, storage, pivots, to: &increment)
    }
    return true
  }

  private func check(_ forcing: Span<Double>, _ count: Int) {
    precondition(
      forcing.count == chain.dimension * forcingCount && count == chain.dimension,
      "\(forcing.count) and \(count) entries for \(chain.dimension) variables")
  }

  /// Adds what one point of the contour and its conjugate give.
  private func add(
    _ pole: Int, _ forcing: Span<Double>, _ factors: UnsafeMutablePointer<Complex>,
    _ order: UnsafeMutablePointer<Int>, to increment: inout MutableSpan<Double>
  ) {
    let dimension = chain.dimension
    let inverse = poles[pole].z.inverse
    let turn = Complex(re: inverse.re * step, im: inverse.im * step)
    for row in 0..<dimension { unsafe vector[row] = Complex(re: 0, im: 0) }
    // Horner's rule in h/z.
    for k in (0..<forcingCount).reversed() {
      for row in 0..<dimension {
        let entry = unsafe vector[row]
        unsafe vector[row] =
          turn * Complex(re: entry.re + forcing[k * dimension + row], im: entry.im)
      }
    }
    unsafe solve(factors, order)
    let weight = poles[pole].weight
    for row in 0..<dimension {
      let entry = unsafe vector[row]
      increment[row] += weight.re * entry.re - weight.im * entry.im
    }
  }

  private func solve(_ a: UnsafeMutablePointer<Complex>, _ order: UnsafeMutablePointer<Int>) {
    for block in chain.sizes.indices.reversed() {
      let (n, start, r) = (chain.sizes[block], chain.starts[block], chain.couplings[block].count)
      let x = unsafe vector + start
      unsafe solve(a + chain.diagonals[block], order + start, n, x)
      guard block > 0, r > 0 else { continue }
      let before = unsafe vector + chain.starts[block - 1] + chain.couplings[block].lowerBound
      let cross = unsafe a + chain.crossings[block]
      for j in 0..<n {
        let entry = unsafe x[j]
        for c in 0..<r {
          // Couplings are real.
          let gain = unsafe cross[j * r + c].re
          unsafe before[c].re -= gain * entry.re
          unsafe before[c].im -= gain * entry.im
        }
      }
    }
    // Back up the chain: x_i = y_i − D_i⁻¹ C_i x_R.
    for block in chain.sizes.indices.dropFirst() {
      let (n, start, r) = (chain.sizes[block], chain.starts[block], chain.couplings[block].count)
      guard r > 0 else { continue }
      let before = unsafe vector + chain.starts[block - 1] + chain.couplings[block].lowerBound
      let cross = unsafe a + chain.crossings[block]
      let scratch = unsafe residual
      for j in 0..<n {
        var re = 0.0
        var im = 0.0
        for c in 0..<r {
          let gain = unsafe cross[j * r + c].re
          re += unsafe gain * before[c].re
          im += unsafe gain * before[c].im
        }
        unsafe scratch[j] = Complex(re: re, im: im)
      }
      unsafe solve(a + chain.diagonals[block], order + start, n, scratch)
      let x = unsafe vector + start
      for j in 0..<n { unsafe x[j] = x[j] - scratch[j] }
    }
  }
}
