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
      case .exp: for l in 0..<width { unsafe target[l] = Libm.exp(a[l]) }
      case .tanh: for l in 0..<width { unsafe target[l] = Libm.tanh(a[l]) }
      case .sin: for l in 0..<width { unsafe target[l] = Libm.sin(a[l]) }
      case .cos: for l in 0..<width { unsafe target[l] = Libm.cos(a[l]) }
      case .squareRoot: for l in 0..<width { unsafe target[l] = a[l].squareRoot() }
      case .log: for l in 0..<width { unsafe target[l] = Libm.log(a[l]) }
      case .sigmoid: for l in 0..<width { unsafe target[l] = ScalarFunctions.sigmoid(a[l]) }
      case .otherUnary:
        let function = unsafe step.pointee.unary
        for l in 0..<width { unsafe target[l] = function(a[l]) }
      case .otherBinary:
        let function = unsafe step.pointee.binary
        for l in 0..<width { unsafe target[l] = function(a[l], b[l]) }
      }
    }
  }
}
