/// What the machine of `Workspace.run` can do in one instruction.
enum Opcode: UInt8 {
  case copy, add, subtract, multiply, divide, negate, reciprocal, square
  /// `a · b + c`, rounded twice, so that fusing changes no bit.
  case multiplyAdd
  /// `a · b − c`, rounded twice.
  case multiplySubtract
  /// `c − a · b`, rounded twice.
  case negatedMultiplyAdd
  case select
  case absolute, sign, heaviside, exp, log, log1p, expm1, squareRoot
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh
  case sigmoid, softplus, relu, erf, gamma, lgamma
  /// The order stands in the instruction's `b`.
  case polygamma
  case power, atan2, minimum, maximum, less, lessOrEqual, equal, notEqual
}

/// One instruction: reads places `a`, `b`, `c` of the arena and writes `target`.
struct Instruction: Sendable, BitwiseCopyable {
  var target: Int32
  var a: Int32 = 0
  var b: Int32 = 0
  var c: Int32 = 0
}

/// Neighbouring instructions `start ..< end` of one opcode, run by one loop.
struct InstructionRun: Sendable, BitwiseCopyable {
  var opcode: Opcode
  var start: Int32
  var end: Int32
}

extension Opcode {
  /// The instruction that applies a function of one number.
  init(_ function: UnaryOperation) {
    self =
      switch function {
      case .negate: .negate
      case .absolute: .absolute
      case .sign: .sign
      case .heaviside: .heaviside
      case .exp: .exp
      case .log: .log
      case .log1p: .log1p
      case .expm1: .expm1
      case .sin: .sin
      case .cos: .cos
      case .tan: .tan
      case .asin: .asin
      case .acos: .acos
      case .atan: .atan
      case .sinh: .sinh
      case .cosh: .cosh
      case .tanh: .tanh
      case .sigmoid: .sigmoid
      case .softplus: .softplus
      case .relu: .relu
      case .erf: .erf
      case .gamma: .gamma
      case .lgamma: .lgamma
      case .reciprocal: .reciprocal
      case .sqrt: .squareRoot
      case .polygamma: .polygamma
      }
  }

  /// The instruction that applies a function of two numbers.
  init(_ function: BinaryOperation) {
    self =
      switch function {
      case .add: .add
      case .subtract: .subtract
      case .multiply: .multiply
      case .divide: .divide
      case .power: .power
      case .atan2: .atan2
      case .minimum: .minimum
      case .maximum: .maximum
      case .less: .less
      case .lessOrEqual: .lessOrEqual
      case .equal: .equal
      case .notEqual: .notEqual
      }
  }
}
