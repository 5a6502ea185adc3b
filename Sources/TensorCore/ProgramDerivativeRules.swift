extension ProgramBuilder {
  /// The derivative of an entry-wise function at `x`, given its value there.
  ///
  /// At the corners of `abs`, `sign`, `heaviside` and `relu` it is the derivative from the left side
  /// of zero for `relu` and zero for the others.
  mutating func derivative(of function: UnaryOperation, at x: Value, value y: Value) -> Value {
    let one = constant(1)
    switch function {
    case .negate: return constant(Tensor(repeating: -1, shape: x.shape))
    case .absolute: return unary(.sign, x)
    case .sign, .heaviside: return zeros(x.shape)
    case .exp: return y
    case .log: return unary(.reciprocal, x)
    case .log1p: return unary(.reciprocal, binary(.add, x, one))
    case .expm1: return binary(.add, y, one)
    case .sqrt: return binary(.divide, constant(0.5), y)
    case .reciprocal: return unary(.negate, binary(.multiply, y, y))
    case .sin: return unary(.cos, x)
    case .cos: return unary(.negate, unary(.sin, x))
    case .tan: return binary(.add, binary(.multiply, y, y), one)
    case .asin: return unary(.reciprocal, complement(x))
    case .acos: return unary(.negate, unary(.reciprocal, complement(x)))
    case .atan: return unary(.reciprocal, binary(.add, binary(.multiply, x, x), one))
    case .sinh: return unary(.cosh, x)
    case .cosh: return unary(.sinh, x)
    case .tanh: return binary(.subtract, one, binary(.multiply, y, y))
    case .sigmoid: return binary(.multiply, y, binary(.subtract, one, y))
    case .softplus: return unary(.sigmoid, x)
    case .relu: return binary(.less, constant(0), x)
    case .erf:
      let square = unary(.negate, binary(.multiply, x, x))
      return binary(.multiply, constant(2 / Double.pi.squareRoot()), unary(.exp, square))
    case .gamma: return binary(.multiply, y, unary(.polygamma(0), x))
    case .lgamma: return unary(.polygamma(0), x)
    case .polygamma(let order): return unary(.polygamma(order + 1), x)
    }
  }

  /// `sqrt(1 − x²)`.
  private mutating func complement(_ x: Value) -> Value {
    unary(.sqrt, binary(.subtract, constant(1), binary(.multiply, x, x)))
  }

  /// The partial derivatives of a function of two numbers; nil where not needed.
  mutating func partialDerivatives(
    of function: BinaryOperation, _ a: Value, _ b: Value, value y: Value,
    needed: (Bool, Bool)
  ) -> (Value?, Value?) {
    switch function {
    case .multiply: return (b, a)
    case .divide:
      let byA = unary(.reciprocal, b)
      let byB = needed.1 ? unary(.negate, binary(.divide, y, b)) : nil
      return (byA, byB)
    case .power:
      let byA =
        needed.0
        ? binary(.multiply, b, binary(.power, a, binary(.subtract, b, constant(1)))) : nil
      // y ln a, with the limit 0 at a = 0, where ln a alone would make it a NaN.
      let byB =
        needed.1
        ? select(
          binary(.equal, y, constant(0)), zeros(y.shape),
          binary(.multiply, y, unary(.log, a))) : nil
      return (byA, byB)
    case .atan2:
      let square = binary(.add, binary(.multiply, a, a), binary(.multiply, b, b))
      return (
        binary(.divide, b, square), unary(.negate, binary(.divide, a, square))
      )
    default: preconditionFailure("\(function) has no partial derivatives here")
    }
  }
}
