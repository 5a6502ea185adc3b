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

  /// The quantile of the standard normal law: the x below which a share `p` of it lies.
  ///
  /// About 1e-15 relative for p in (0, 1), from exactly rounded operations only, so that equal p
  /// gives equal bytes everywhere; −∞ at 0, +∞ at 1, NaN outside.
  ///
  /// Reference: Wichura 1988, Appl Stat 37:477 (algorithm AS 241).
  public static func normalQuantile(_ p: Double) -> Double {
    if !(p >= 0 && p <= 1) { return .nan }
    if p == 0 { return -.infinity }
    if p == 1 { return .infinity }
    let q = p - 0.5
    if abs(q) <= 0.425 {
      return q * rational(0.180625 - q * q, centralNumerator, centralDenominator)
    }
    let tail = (-RandomSource.portableLog(q < 0 ? p : 1 - p)).squareRoot()
    let size =
      tail <= 5
      ? rational(tail - 1.6, middleNumerator, middleDenominator)
      : rational(tail - 5, farNumerator, farDenominator)
    return q < 0 ? -size : size
  }

  private static func rational(_ r: Double, _ top: [Double], _ bottom: [Double]) -> Double {
    let numerator = top.reversed().reduce(0) { $0 * r + $1 }
    let denominator = bottom.reversed().reduce(0) { $0 * r + $1 }
    return numerator / denominator
  }

  private static let centralNumerator: [Double] = [
    3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
    1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
    3.3430575583588128105e+4, 2.5090809287301226727e+3,
  ]
  private static let centralDenominator: [Double] = [
    1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
    2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
    5.2264952788528545610e+3,
  ]
  private static let middleNumerator: [Double] = [
    1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
    3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
    2.27238449892691845833e-2, 7.74545014278341407640e-4,
  ]
  private static let middleDenominator: [Double] = [
    1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
    1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
    1.05075007164441684324e-9,
  ]
  private static let farNumerator: [Double] = [
    6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
    2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
    2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ]
  private static let farDenominator: [Double] = [
    1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
    2.04426310338993978564e-15,
  ]
}
