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
enum InstructionKernels {
  /// Runs instructions in order over an arena; places were checked when the plan was made.
  @inline(__always)
  static func run<Lanes: LaneCount>(
    _ instructions: UnsafeBufferPointer<Instruction>, _ arena: UnsafeMutablePointer<Double>,
    _ lanes: Lanes
  ) {
    guard let code = instructions.baseAddress else { return }
    let width = lanes.count
    for index in 0..<instructions.count {
      let step = unsafe code + index
      let target = unsafe arena + Int(step.pointee.target) * width
      let a = unsafe arena + Int(step.pointee.a) * width
      let b = unsafe arena + Int(step.pointee.b) * width
      let c = unsafe arena + Int(step.pointee.c) * width
      switch unsafe step.pointee.opcode {
      case .copy: for l in 0..<width { unsafe target[l] = a[l] }
      case .add: for l in 0..<width { unsafe target[l] = a[l] + b[l] }
      case .subtract: for l in 0..<width { unsafe target[l] = a[l] - b[l] }
      case .multiply: for l in 0..<width { unsafe target[l] = a[l] * b[l] }
      case .divide: for l in 0..<width { unsafe target[l] = a[l] / b[l] }
      case .negate: for l in 0..<width { unsafe target[l] = -a[l] }
      case .reciprocal: for l in 0..<width { unsafe target[l] = 1 / a[l] }
      case .square: for l in 0..<width { unsafe target[l] = a[l] * a[l] }
      case .multiplyAdd: for l in 0..<width { unsafe target[l] = a[l] * b[l] + c[l] }
      case .multiplySubtract: for l in 0..<width { unsafe target[l] = a[l] * b[l] - c[l] }
      case .negatedMultiplyAdd: for l in 0..<width { unsafe target[l] = c[l] - a[l] * b[l] }
      case .select: for l in 0..<width { unsafe target[l] = a[l] != 0 ? b[l] : c[l] }
      case .absolute: for l in 0..<width { unsafe target[l] = UnaryOperation.absolute(a[l]) }
      case .sign: for l in 0..<width { unsafe target[l] = UnaryOperation.sign(a[l]) }
      case .heaviside: for l in 0..<width { unsafe target[l] = UnaryOperation.heaviside(a[l]) }
      case .exp: for l in 0..<width { unsafe target[l] = UnaryOperation.exp(a[l]) }
      case .log: for l in 0..<width { unsafe target[l] = UnaryOperation.log(a[l]) }
      case .log1p: for l in 0..<width { unsafe target[l] = UnaryOperation.log1p(a[l]) }
      case .expm1: for l in 0..<width { unsafe target[l] = UnaryOperation.expm1(a[l]) }
      case .sin: for l in 0..<width { unsafe target[l] = UnaryOperation.sin(a[l]) }
      case .cos: for l in 0..<width { unsafe target[l] = UnaryOperation.cos(a[l]) }
      case .tan: for l in 0..<width { unsafe target[l] = UnaryOperation.tan(a[l]) }
      case .asin: for l in 0..<width { unsafe target[l] = UnaryOperation.asin(a[l]) }
      case .acos: for l in 0..<width { unsafe target[l] = UnaryOperation.acos(a[l]) }
      case .atan: for l in 0..<width { unsafe target[l] = UnaryOperation.atan(a[l]) }
      case .sinh: for l in 0..<width { unsafe target[l] = UnaryOperation.sinh(a[l]) }
      case .cosh: for l in 0..<width { unsafe target[l] = UnaryOperation.cosh(a[l]) }
      case .tanh: for l in 0..<width { unsafe target[l] = UnaryOperation.tanh(a[l]) }
      case .sigmoid: for l in 0..<width { unsafe target[l] = UnaryOperation.sigmoid(a[l]) }
      case .softplus: for l in 0..<width { unsafe target[l] = UnaryOperation.softplus(a[l]) }
      case .relu: for l in 0..<width { unsafe target[l] = UnaryOperation.relu(a[l]) }
      case .erf: for l in 0..<width { unsafe target[l] = UnaryOperation.erf(a[l]) }
      case .gamma: for l in 0..<width { unsafe target[l] = UnaryOperation.gamma(a[l]) }
      case .lgamma: for l in 0..<width { unsafe target[l] = UnaryOperation.lgamma(a[l]) }
      case .squareRoot: for l in 0..<width { unsafe target[l] = a[l].squareRoot() }
      case .polygamma:
        let order = unsafe Int(step.pointee.b)
        for l in 0..<width { unsafe target[l] = ScalarFunctions.polygamma(order, a[l]) }
      case .power: for l in 0..<width { unsafe target[l] = BinaryOperation.power(a[l], b[l]) }
      case .atan2: for l in 0..<width { unsafe target[l] = BinaryOperation.atan2(a[l], b[l]) }
      case .minimum: for l in 0..<width { unsafe target[l] = BinaryOperation.minimum(a[l], b[l]) }
      case .maximum: for l in 0..<width { unsafe target[l] = BinaryOperation.maximum(a[l], b[l]) }
      case .less: for l in 0..<width { unsafe target[l] = BinaryOperation.less(a[l], b[l]) }
      case .lessOrEqual:
        for l in 0..<width { unsafe target[l] = BinaryOperation.lessOrEqual(a[l], b[l]) }
      case .equal: for l in 0..<width { unsafe target[l] = BinaryOperation.equal(a[l], b[l]) }
      case .notEqual: for l in 0..<width { unsafe target[l] = BinaryOperation.notEqual(a[l], b[l]) }
      }
    }
  }
}
