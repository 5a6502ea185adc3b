/// What the machine of `Workspace.run` can do in one instruction.
enum Opcode: UInt8 {
  case copy, add, subtract, multiply, divide, negate, reciprocal, square
  /// `a · b + c`, rounded twice, so that fusing changes no bit.
  case multiplyAdd
  /// `a · b − c`, rounded twice.
  case multiplySubtract
  /// `c − a · b`, rounded twice.
  case negatedMultiplyAdd
  case select, exp, tanh, sin, cos, squareRoot, log, sigmoid
  /// Any other function of one number, named by the instruction's `unary`.
  case otherUnary
  /// Any other function of two numbers, named by the instruction's `binary`.
  case otherBinary
}

/// One instruction: reads places `a`, `b`, `c` of the arena and writes `target`.
struct Instruction: Sendable {
  var opcode: Opcode
  var unary: UnaryOperation = .negate
  var binary: BinaryOperation = .add
  var target: Int32
  var a: Int32 = 0
  var b: Int32 = 0
  var c: Int32 = 0
}

/// Orders a graph into instructions and gives every value a place, reusing places by lifetime.
struct InstructionPlan {
  private(set) var instructions: [Instruction] = []
  private(set) var arenaCount: Int
  private(set) var preloaded: [(place: Int, value: Double)] = []

  init(_ graph: ScalarGraph, program: Program, outputs: [[Int32]]) {
    let inputCount = program.inputs.reduce(0) { $0 + $1.shape.count }
    let outputCount = program.outputs.reduce(0) { $0 + $1.shape.count }
    arenaCount = inputCount + outputCount

    // What is needed at all, how often it is read, and where it is read last.
    let nodes = graph.nodes
    var uses = [Int32](repeating: 0, count: nodes.count)
    var isOutput = [Bool](repeating: false, count: nodes.count)
    for entry in outputs.joined() { isOutput[Int(entry)] = true }
    var needed = isOutput
    for index in stride(from: nodes.count - 1, through: 0, by: -1) where needed[index] {
      for operand in nodes[index].reads {
        needed[Int(operand)] = true
        uses[Int(operand)] += 1
      }
    }
    // A product read by nothing but one sum becomes part of that sum's instruction.
    var fused = [Bool](repeating: false, count: nodes.count)
    func fusible(_ node: Int32) -> Bool {
      nodes[Int(node)].operation == .binary(.multiply) && uses[Int(node)] == 1
        && !isOutput[Int(node)]
    }
    for (index, node) in nodes.enumerated() where needed[index] {
      guard case .binary(let function) = node.operation, function == .add || function == .subtract
      else { continue }
      if fusible(node.a) {
        fused[Int(node.a)] = true
      } else if node.a != node.b && fusible(node.b) {
        fused[Int(node.b)] = true
      }
    }
    var lastRead = [Int](repeating: -1, count: nodes.count)
    for (index, node) in nodes.enumerated() where needed[index] && !fused[index] {
      for operand in node.reads {
        lastRead[Int(operand)] = index
        if fused[Int(operand)] {
          for inner in nodes[Int(operand)].reads { lastRead[Int(inner)] = index }
        }
      }
    }

    // Places: inputs, outputs, then constants and temporaries as they come.
    var place = [Int32](repeating: -1, count: nodes.count)
    var free: [Int32] = []
    var next = Int32(inputCount + outputCount)
    func claim() -> Int32 {
      if let reused = free.popLast() { return reused }
      defer { next += 1 }
      return next
    }
    var outputPlace = Int32(inputCount)
    var copies: [(from: Int32, to: Int32)] = []
    for entry in outputs.joined() {
      let node = nodes[Int(entry)]
      if case .constant(let bits) = node.operation {
        preloaded.append((Int(outputPlace), Double(bitPattern: bits)))
      } else if case .input = node.operation {
        copies.append((entry, outputPlace))
      } else if place[Int(entry)] < 0 {
        place[Int(entry)] = outputPlace
      } else {
        copies.append((entry, outputPlace))
      }
      outputPlace += 1
    }
    for (index, node) in nodes.enumerated() where needed[index] {
      switch node.operation {
      case .input(let offset): place[index] = Int32(offset)
      case .constant(let bits):
        if lastRead[index] >= 0 || uses[index] > 0 {
          place[index] = next
          preloaded.append((Int(next), Double(bitPattern: bits)))
          next += 1
        }
      default: break
      }
    }
    let permanent = next
    for (index, node) in nodes.enumerated() where needed[index] && !fused[index] {
      guard var instruction = Self.instruction(for: node, nodes, fused, place) else { continue }
      var reads = node.reads
      for operand in node.reads where fused[Int(operand)] { reads += nodes[Int(operand)].reads }
      for operand in Set(reads)
      where lastRead[Int(operand)] == index && place[Int(operand)] >= permanent {
        free.append(place[Int(operand)])
      }
      if place[index] < 0 { place[index] = claim() }
      instruction.target = place[index]
      instructions.append(instruction)
    }
    for copy in copies {
      instructions.append(
        Instruction(opcode: .copy, target: copy.to, a: place[Int(copy.from)]))
    }
    arenaCount = Int(next)
  }

  private static func instruction(
    for node: ScalarGraph.Node, _ nodes: [ScalarGraph.Node], _ fused: [Bool], _ place: [Int32]
  ) -> Instruction? {
    func at(_ node: Int32) -> Int32 { node < 0 ? 0 : place[Int(node)] }
    switch node.operation {
    case .constant, .input: return nil
    case .select:
      return Instruction(
        opcode: .select, target: 0, a: at(node.a), b: at(node.b), c: at(node.c))
    case .unary(let function):
      let opcode: Opcode =
        switch function {
        case .negate: .negate
        case .reciprocal: .reciprocal
        case .exp: .exp
        case .tanh: .tanh
        case .sin: .sin
        case .cos: .cos
        case .sqrt: .squareRoot
        case .log: .log
        case .sigmoid: .sigmoid
        default: .otherUnary
        }
      return Instruction(opcode: opcode, unary: function, target: 0, a: at(node.a))
    case .binary(let function):
      let isSum = function == .add || function == .subtract
      if isSum && fused[Int(node.a)] {
        let product = nodes[Int(node.a)]
        return Instruction(
          opcode: function == .add ? .multiplyAdd : .multiplySubtract, target: 0,
          a: at(product.a), b: at(product.b), c: at(node.b))
      }
      if isSum && fused[Int(node.b)] {
        let product = nodes[Int(node.b)]
        return Instruction(
          opcode: function == .add ? .multiplyAdd : .negatedMultiplyAdd, target: 0,
          a: at(product.a), b: at(product.b), c: at(node.a))
      }
      let opcode: Opcode =
        switch function {
        case .add: .add
        case .subtract: .subtract
        case .multiply: node.a == node.b ? .square : .multiply
        case .divide: .divide
        default: .otherBinary
        }
      return Instruction(
        opcode: opcode, binary: function, target: 0, a: at(node.a), b: at(node.b))
    }
  }
}

extension ScalarGraph.Node {
  /// The nodes this one reads.
  var reads: [Int32] {
    switch operation {
    case .constant, .input: []
    case .unary: [a]
    case .binary: [a, b]
    case .select: [a, b, c]
    }
  }
}
