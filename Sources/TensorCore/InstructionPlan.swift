/// Orders a graph into instructions and gives every value a place, reusing places by lifetime.
struct InstructionPlan {
  private(set) var instructions: [Instruction] = []
  private(set) var runs: [InstructionRun] = []
  private(set) var arenaCount: Int
  private(set) var preloaded: [(place: Int, value: Double)] = []

  init(_ graph: ScalarGraph, program: Program, outputs: [[Int32]]) {
    let inputCount = program.inputs.reduce(0) { $0 + $1.shape.count }
    let outputCount = program.outputs.reduce(0) { $0 + $1.shape.count }
    arenaCount = inputCount + outputCount

    let schedule = InstructionSchedule(graph, outputs: outputs)
    let nodes = graph.nodes
    // Where every value is read last, as a position in the schedule.
    var lastRead = [Int](repeating: -1, count: nodes.count)
    for (position, entry) in schedule.order.enumerated() {
      for operand in schedule.reads(of: entry.node) { lastRead[Int(operand)] = position }
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
    for (index, node) in nodes.enumerated() where schedule.needed[index] {
      switch node.operation {
      case .input(let offset): place[index] = Int32(offset)
      case .constant(let bits):
        if lastRead[index] >= 0 {
          place[index] = next
          preloaded.append((Int(next), Double(bitPattern: bits)))
          next += 1
        }
      default: break
      }
    }
    let permanent = next
    for (position, entry) in schedule.order.enumerated() {
      let node = nodes[entry.node]
      guard var instruction = Self.instruction(for: node, nodes, schedule.fused, place) else {
        continue
      }
      for operand in schedule.reads(of: entry.node)
      where lastRead[Int(operand)] == position && place[Int(operand)] >= permanent {
        free.append(place[Int(operand)])
        // An operand read twice gives its place back once.
        lastRead[Int(operand)] = -1
      }
      if place[entry.node] < 0 { place[entry.node] = claim() }
      instruction.target = place[entry.node]
      append(instruction, entry.opcode)
    }
    for copy in copies {
      append(Instruction(target: copy.to, a: place[Int(copy.from)]), .copy)
    }
    arenaCount = Int(next)
  }

  private mutating func append(_ instruction: Instruction, _ opcode: Opcode) {
    instructions.append(instruction)
    if let last = runs.last, last.opcode == opcode {
      runs[runs.count - 1].end += 1
    } else {
      let end = Int32(instructions.count)
      runs.append(InstructionRun(opcode: opcode, start: end - 1, end: end))
    }
  }

  private static func instruction(
    for node: ScalarGraph.Node, _ nodes: [ScalarGraph.Node], _ fused: [Bool], _ place: [Int32]
  ) -> Instruction? {
    func at(_ node: Int32) -> Int32 { node < 0 ? 0 : place[Int(node)] }
    switch node.operation {
    case .constant, .input: return nil
    case .select: return Instruction(target: 0, a: at(node.a), b: at(node.b), c: at(node.c))
    case .unary(let function):
      var order: Int32 = 0
      if case .polygamma(let value) = function { order = Int32(value) }
      return Instruction(target: 0, a: at(node.a), b: order)
    case .binary:
      if fused[Int(node.a)] {
        let product = nodes[Int(node.a)]
        return Instruction(target: 0, a: at(product.a), b: at(product.b), c: at(node.b))
      }
      if fused[Int(node.b)] {
        let product = nodes[Int(node.b)]
        return Instruction(target: 0, a: at(product.a), b: at(product.b), c: at(node.a))
      }
      return Instruction(target: 0, a: at(node.a), b: at(node.b))
    }
  }
}
