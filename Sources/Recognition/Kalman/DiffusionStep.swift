internal import Foundation

/// The exact solution of `dx = (J x + b) dt + dw`, `⟨dw dwᵀ⟩ = W dt`, over a step h.
///
///     x(h) = A x(0) + Φ b + noise,   A = e^{Jh},   Φ = ∫₀ʰ e^{Js} ds,
///     ⟨noise noiseᵀ⟩ = Q = ∫₀ʰ e^{Js} W e^{Jᵀs} ds
///
/// These are the integrals of Van Loan 1978 (IEEE Trans Autom Control 23:395), here by Taylor series
/// over `h/2ᵏ` and k doublings, which stay in range for stiff J, where his block exponential holds
/// `e^{−Jh}`. Nothing is allocated after set-up.
struct DiffusionStep {
  let size: Int
  /// A `[n × n]`.
  private(set) var transition: [Double]
  /// Φ `[n × n]`.
  private(set) var integral: [Double]
  /// Q `[n × n]`.
  private(set) var noise: [Double]
  private var term: [Double]
  private var next: [Double]

  init(size: Int) {
    self.size = size
    transition = [Double](repeating: 0, count: size * size)
    integral = transition
    noise = transition
    term = transition
    next = transition
  }

  /// Computes A, Φ and Q; they are not finite where J is not, or where they overflow.
  mutating func advance(drift: [Double], diffusion: [Double], over step: Double) {
    let n = size
    var norm = 0.0
    for row in 0..<n {
      var sum = 0.0
      for column in 0..<n { sum += abs(drift[row * n + column]) }
      norm = max(norm, sum * step)
    }
    guard norm.isFinite, norm < 0x1p40 else {
      for index in transition.indices {
        transition[index] = .nan
        integral[index] = .nan
        noise[index] = .nan
      }
      return
    }
    let doublings = norm > 0.25 ? Int(log2(norm / 0.25).rounded(.up)) : 0
    let h = step * pow(0.5, Double(doublings))
    // Φ = Σ Jᵏ h^{k+1}/(k+1)!
    for index in term.indices {
      term[index] = index / max(n, 1) == index % max(n, 1) ? h : 0
      integral[index] = term[index]
    }
    for order in 1..<Self.orders {
      KalmanKernels.product(drift, term, into: &next, n, n, n)
      var largest = 0.0
      for index in term.indices {
        term[index] = next[index] * h / Double(order + 1)
        integral[index] += term[index]
        largest = max(largest, abs(term[index]))
      }
      if largest == 0 { break }
    }
    // Q = Σ M_k h^{k+1}/(k+1)!,  M₀ = W,  M_{k+1} = J M_k + M_k Jᵀ
    for index in term.indices {
      term[index] = diffusion[index] * h
      noise[index] = term[index]
    }
    for order in 1..<Self.orders {
      KalmanKernels.product(drift, term, into: &next, n, n, n)
      var largest = 0.0
      for row in 0..<n {
        for column in 0..<n {
          let sum = next[row * n + column] + next[column * n + row]
          term[row * n + column] = sum * h / Double(order + 1)
          largest = max(largest, abs(term[row * n + column]))
        }
      }
      for index in term.indices { noise[index] += term[index] }
      if largest == 0 { break }
    }
    KalmanKernels.product(drift, integral, into: &transition, n, n, n)
    for row in 0..<n { transition[row * n + row] += 1 }
    for _ in 0..<doublings {
      KalmanKernels.product(transition, noise, into: &next, n, n, n)
      KalmanKernels.productTransposed(next, transition, into: &noise, n, n, n, adding: true)
      KalmanKernels.product(transition, integral, into: &next, n, n, n)
      for index in integral.indices { integral[index] += next[index] }
      KalmanKernels.product(transition, transition, into: &next, n, n, n)
      swap(&transition, &next)
    }
    KalmanKernels.symmetrize(&noise, n)
  }

  /// Terms of the series: `(2 · ¼)^18 / 19!` is far below rounding.
  private static let orders = 18
}
