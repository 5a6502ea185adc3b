extension UnaryOperation {
  /// The value of the function at one number.
  @inline(__always)
  package func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .negate: -x
    case .absolute: Swift.abs(x)
    case .sign: x > 0 ? 1 : (x < 0 ? -1 : x)
    case .heaviside: x > 0 ? 1 : (x == 0 ? 0.5 : (x < 0 ? 0 : x))
    case .exp: Libm.exp(x)
    case .log: Libm.log(x)
    case .log1p: Libm.log1p(x)
    case .expm1: Libm.expm1(x)
    case .sqrt: x.squareRoot()
    case .reciprocal: 1 / x
    case .sin: Libm.sin(x)
    case .cos: Libm.cos(x)
    case .tan: Libm.tan(x)
    case .asin: Libm.asin(x)
    case .acos: Libm.acos(x)
    case .atan: Libm.atan(x)
    case .sinh: Libm.sinh(x)
    case .cosh: Libm.cosh(x)
    case .tanh: Libm.tanh(x)
    case .sigmoid: ScalarFunctions.sigmoid(x)
    case .softplus: ScalarFunctions.softplus(x)
    case .relu: x > 0 ? x : (x <= 0 ? 0 : x)
    case .erf: Libm.erf(x)
    case .gamma: Libm.tgamma(x)
    case .lgamma: Libm.lgamma(x)
    case .polygamma(let order): ScalarFunctions.polygamma(order, x)
    }
  }
}

extension BinaryOperation {
  /// The value of the function at two numbers.
  @inline(__always)
  package func callAsFunction(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: Libm.pow(a, b)
    case .atan2: Libm.atan2(a, b)
    case .minimum: b < a ? b : (a.isNaN || b >= a ? a : b)
    case .maximum: b > a ? b : (a.isNaN || b <= a ? a : b)
    case .less: a < b ? 1 : 0
    case .lessOrEqual: a <= b ? 1 : 0
    case .equal: a == b ? 1 : 0
    case .notEqual: a != b ? 1 : 0
    }
  }
}
