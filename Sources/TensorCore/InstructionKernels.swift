/// How many values an instruction treats at once; a constant one keeps the loops away.
protocol LaneCount {
  var count: Int { get }
}

struct OneLane: LaneCount {
  @inline(__always) var count: Int { 1 }
}

struct ManyLanes: LaneCount {
  let count: Int
}

/// The interpreter of instructions: the hottest loop of the tensor core, hence on raw pointers.
///
/// It switches once a run of equal opcodes; places were checked when the plan was made.
@safe
struct InstructionKernels<Lanes: LaneCount> {
  private let code: UnsafePointer<Instruction>
  private let arena: UnsafeMutablePointer<Double>
  private let width: Int

  @inline(__always)
  init(
    _ code: UnsafePointer<Instruction>, _ arena: UnsafeMutablePointer<Double>, _ lanes: Lanes
  ) {
    unsafe self.code = code
    unsafe self.arena = arena
    width = lanes.count
  }

  /// Applies a function of one number along a run.
  @inline(__always)
  private func unary(_ run: InstructionRun, _ function: (Double) -> Double) {
    for index in Int(run.start)..<Int(run.end) {
      let step = unsafe code[index]
      let target = unsafe arena + Int(step.target) * width
      let a = unsafe arena + Int(step.a) * width
      for lane in 0..<width { unsafe target[lane] = function(a[lane]) }
    }
  }

  /// Applies a function of two numbers along a run.
  @inline(__always)
  private func binary(_ run: InstructionRun, _ function: (Double, Double) -> Double) {
    for index in Int(run.start)..<Int(run.end) {
      let step = unsafe code[index]
      let target = unsafe arena + Int(step.target) * width
      let a = unsafe arena + Int(step.a) * width
      let b = unsafe arena + Int(step.b) * width
      for lane in 0..<width { unsafe target[lane] = function(a[lane], b[lane]) }
    }
  }

  /// Applies a function of three numbers along a run.
  @inline(__always)
  private func ternary(_ run: InstructionRun, _ function: (Double, Double, Double) -> Double) {
    for index in Int(run.start)..<Int(run.end) {
      let step = unsafe code[index]
      let target = unsafe arena + Int(step.target) * width
      let a = unsafe arena + Int(step.a) * width
      let b = unsafe arena + Int(step.b) * width
      let c = unsafe arena + Int(step.c) * width
      for lane in 0..<width { unsafe target[lane] = function(a[lane], b[lane], c[lane]) }
    }
  }

  /// The polygamma function, whose order stands in the instruction.
  private func polygamma(_ run: InstructionRun) {
    for index in Int(run.start)..<Int(run.end) {
      let step = unsafe code[index]
      for lane in 0..<width {
        unsafe arena[Int(step.target) * width + lane] = ScalarFunctions.polygamma(
          Int(step.b), arena[Int(step.a) * width + lane])
      }
    }
  }

  /// Executes runs in order.
  @inline(__always)
  func execute(_ runs: UnsafeBufferPointer<InstructionRun>) {
    for index in 0..<runs.count {
      let run = unsafe runs[index]
      switch run.opcode {
      case .copy: unary(run) { $0 }
      case .add: binary(run) { $0 + $1 }
      case .subtract: binary(run) { $0 - $1 }
      case .multiply: binary(run) { $0 * $1 }
      case .divide: binary(run) { $0 / $1 }
      case .negate: unary(run) { -$0 }
      case .reciprocal: unary(run) { 1 / $0 }
      case .square: unary(run) { $0 * $0 }
      case .squareRoot: unary(run) { $0.squareRoot() }
      case .multiplyAdd: ternary(run) { $0 * $1 + $2 }
      case .multiplySubtract: ternary(run) { $0 * $1 - $2 }
      case .negatedMultiplyAdd: ternary(run) { $2 - $0 * $1 }
      case .select: ternary(run) { $0 != 0 ? $1 : $2 }
      case .polygamma: polygamma(run)
      case .absolute: unary(run) { UnaryOperation.absolute($0) }
      case .sign: unary(run) { UnaryOperation.sign($0) }
      case .heaviside: unary(run) { UnaryOperation.heaviside($0) }
      case .exp: unary(run) { UnaryOperation.exp($0) }
      case .log: unary(run) { UnaryOperation.log($0) }
      case .log1p: unary(run) { UnaryOperation.log1p($0) }
      case .expm1: unary(run) { UnaryOperation.expm1($0) }
      case .sin: unary(run) { UnaryOperation.sin($0) }
      case .cos: unary(run) { UnaryOperation.cos($0) }
      case .tan: unary(run) { UnaryOperation.tan($0) }
      case .asin: unary(run) { UnaryOperation.asin($0) }
      case .acos: unary(run) { UnaryOperation.acos($0) }
      case .atan: unary(run) { UnaryOperation.atan($0) }
      case .sinh: unary(run) { UnaryOperation.sinh($0) }
      case .cosh: unary(run) { UnaryOperation.cosh($0) }
      case .tanh: unary(run) { UnaryOperation.tanh($0) }
      case .sigmoid: unary(run) { UnaryOperation.sigmoid($0) }
      case .softplus: unary(run) { UnaryOperation.softplus($0) }
      case .relu: unary(run) { UnaryOperation.relu($0) }
      case .erf: unary(run) { UnaryOperation.erf($0) }
      case .gamma: unary(run) { UnaryOperation.gamma($0) }
      case .lgamma: unary(run) { UnaryOperation.lgamma($0) }
      case .power: binary(run) { BinaryOperation.power($0, $1) }
      case .atan2: binary(run) { BinaryOperation.atan2($0, $1) }
      case .minimum: binary(run) { BinaryOperation.minimum($0, $1) }
      case .maximum: binary(run) { BinaryOperation.maximum($0, $1) }
      case .less: binary(run) { BinaryOperation.less($0, $1) }
      case .lessOrEqual: binary(run) { BinaryOperation.lessOrEqual($0, $1) }
      case .equal: binary(run) { BinaryOperation.equal($0, $1) }
      case .notEqual: binary(run) { BinaryOperation.notEqual($0, $1) }
      }
    }
  }
}
