#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Functions of one number that the system library lacks or computes unsafely.
public enum ScalarFunctions {
  /// The logistic function `1 / (1 + e^{−x})`, without overflow at either end.
  public static func sigmoid(_ x: Double) -> Double {
    if x >= 0 { return 1 / (1 + exp(-x)) }
    let tail = exp(x)
    return tail / (1 + tail)
  }

  /// `ln(1 + e^x)`, without overflow for large x and without loss for very negative x.
  public static func softplus(_ x: Double) -> Double {
    max(x, 0) + log1p(exp(-abs(x)))
  }

  /// The digamma function, the derivative of `ln Γ`.
  public static func digamma(_ x: Double) -> Double { polygamma(0, x) }

  /// The trigamma function, the derivative of digamma.
  public static func trigamma(_ x: Double) -> Double { polygamma(1, x) }

  /// The polygamma function ψ⁽ⁿ⁾(x), the derivative of order `n + 1` of `ln Γ`.
  ///
  ///     ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(x + 1) − (−1)ⁿ n! / xⁿ⁺¹            until x is large
  ///     ψ⁽ⁿ⁾(x) ~ (−1)ⁿ⁺¹ [(n−1)!/xⁿ + n!/2xⁿ⁺¹ + Σ B₂ₖ (2k+n−1)!/((2k)! x²ᵏ⁺ⁿ)]
  ///     ψ⁽ⁿ⁾(x) = (−1)ⁿ ψ⁽ⁿ⁾(1 − x) − π dⁿ/dxⁿ cot πx       for x < 0
  ///
  /// Accurate to about 1e-13 of the value (of 1 near the zeros). Poles at 0, −1, −2 …: +∞ for odd
  /// `order`, where both sides agree, and NaN for even `order`. `+∞` gives +∞ for order 0 and a
  /// zero for the others; `−∞` gives NaN.
  ///
  /// Reference: NIST Digital Library of Mathematical Functions, §5.15.
  public static func polygamma(_ order: Int, _ x: Double) -> Double {
    precondition(order >= 0, "polygamma of order \(order)")
    if x.isNaN { return x }
    if x == .infinity { return order == 0 ? .infinity : (order % 2 == 0 ? -0.0 : 0.0) }
    if x == -.infinity { return .nan }
    if x <= 0 {
      if x == x.rounded() { return order % 2 == 0 ? .nan : .infinity }
      let mirrored = polygamma(order, 1 - x)
      return (order % 2 == 0 ? mirrored : -mirrored) - cotangentDerivative(order, x)
    }
    let factorial = tgamma(Double(order) + 1)
    let start = max(15, Double(order) + 15)
    let shifts = x < start ? Int((start - x).rounded(.up)) : 0
    // (−1)ⁿ⁺¹ times the result: all terms of one sign for n > 0.
    var sum =
      order == 0 ? -asymptotic(0, x + Double(shifts)) : asymptotic(order, x + Double(shifts))
    for step in (0..<shifts).reversed() {
      let power = pow(x + Double(step), Double(order + 1))
      sum += factorial / power
    }
    return order % 2 == 0 ? -sum : sum
  }

  /// The asymptotic series: ψ itself for order 0, else `(−1)ⁿ⁺¹ ψ⁽ⁿ⁾`.
  private static func asymptotic(_ order: Int, _ x: Double) -> Double {
    let square = 1 / (x * x)
    if order == 0 {
      var tail = 0.0
      for k in stride(from: bernoulli.count, through: 1, by: -1) {
        tail = square * (tail + bernoulli[k - 1] / Double(2 * k))
      }
      return log(x) - 0.5 / x - tail
    }
    let n = Double(order)
    // Terms over (n−1)!/xⁿ; c_k = (2k+n−1)! / ((n−1)! (2k)!) by its ratio.
    var coefficient = 1.0
    var power = 1.0
    var sum = 1 + n / (2 * x)
    for (index, number) in bernoulli.enumerated() {
      let twice = Double(2 * (index + 1))
      coefficient *= (twice + n - 2) * (twice + n - 1) / (twice * (twice - 1))
      power *= square
      sum += number * coefficient * power
    }
    return sum * tgamma(n) / pow(x, n)
  }

  /// `dⁿ/dxⁿ (π cot πx) = πⁿ⁺¹ Pₙ(cot πx)` with `P₀ = c`, `Pₙ₊₁ = −(1 + c²) Pₙ′`.
  private static func cotangentDerivative(_ order: Int, _ x: Double) -> Double {
    let reduced = x - x.rounded()
    let cotangent = abs(reduced) == 0.5 ? 0 : cos(.pi * reduced) / sin(.pi * reduced)
    var polynomial = [0.0, 1.0]
    for _ in 0..<order {
      var next = [Double](repeating: 0, count: polynomial.count + 1)
      for power in 1..<polynomial.count {
        let slope = -Double(power) * polynomial[power]
        next[power - 1] += slope
        next[power + 1] += slope
      }
      polynomial = next
    }
    let value = polynomial.reversed().reduce(0) { $0 * cotangent + $1 }
    return pow(.pi, Double(order + 1)) * value
  }

  /// The Bernoulli numbers B₂, B₄ … B₃₀.
  private static let bernoulli: [Double] = [
    1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510,
    43867.0 / 798, -174611.0 / 330, 854513.0 / 138, -236364091.0 / 2730, 8553103.0 / 6,
    -23749461029.0 / 870, 8615841276005.0 / 14322,
  ]
}
