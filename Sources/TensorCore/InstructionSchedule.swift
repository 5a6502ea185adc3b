/// The order in which a graph's values are computed: runs of one opcode, as long as they come.
///
/// Switching between opcodes costs a mispredicted jump, more than the arithmetic itself, so of all
/// instructions that are ready the most numerous kind goes first, together with those of its kind
/// that become ready meanwhile. Within a run values are computed first come, first served, which
/// interleaves independent chains.
struct InstructionSchedule {
  /// The nodes in order, with what computes them.
  private(set) var order: [(node: Int, opcode: Opcode)] = []
  /// Whether anything depends on a node.
  let needed: [Bool]
  /// Whether a product became part of the sum that reads it.
  let fused: [Bool]
  private let nodes: [ScalarGraph.Node]

  init(_ graph: ScalarGraph, outputs: [[Int32]]) {
    let nodes = graph.nodes
    self.nodes = nodes
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
    self.needed = needed
    self.fused = fused
    schedule()
  }

  /// The values that computing a node reads, through a fused product.
  func reads(of node: Int) -> [Int32] {
    nodes[node].reads.flatMap { fused[Int($0)] ? nodes[Int($0)].reads : [$0] }
  }

  private mutating func schedule() {
    var waiting = [Int32](repeating: 0, count: nodes.count)
    var readers = [[Int32]](repeating: [], count: nodes.count)
    var ready: [Opcode: [Int]] = [:]
    var remaining = 0
    for index in nodes.indices where needed[index] && !fused[index] {
      guard let opcode = opcode(of: index) else { continue }
      remaining += 1
      for operand in Set(reads(of: index)).sorted() where self.opcode(of: Int(operand)) != nil {
        waiting[index] += 1
        readers[Int(operand)].append(Int32(index))
      }
      if waiting[index] == 0 { ready[opcode, default: []].append(index) }
    }
    order.reserveCapacity(remaining)
    while order.count < remaining {
      // Ties go to the smaller opcode, so that a plan never depends on hashing.
      guard
        let opcode = ready.filter({ !$0.value.isEmpty })
          .min(by: { ($1.value.count, $0.key.rawValue) < ($0.value.count, $1.key.rawValue) })?.key
      else { preconditionFailure("a cycle among the values of a program") }
      var head = 0
      while let queue = ready[opcode], head < queue.count {
        let node = queue[head]
        head += 1
        order.append((node, opcode))
        for reader in readers[node] {
          waiting[Int(reader)] -= 1
          if waiting[Int(reader)] == 0, let next = self.opcode(of: Int(reader)) {
            ready[next, default: []].append(Int(reader))
          }
        }
      }
      ready[opcode] = []
    }
  }

  /// What computes a node; nil for inputs and constants, which are simply there.
  private func opcode(of index: Int) -> Opcode? {
    let node = nodes[index]
    switch node.operation {
    case .constant, .input: return nil
    case .select: return .select
    case .unary(let function): return Opcode(function)
    case .binary(let function):
      let isSum = function == .add
      if fused[Int(node.a)] { return isSum ? .multiplyAdd : .multiplySubtract }
      if fused[Int(node.b)] { return isSum ? .multiplyAdd : .negatedMultiplyAdd }
      if function == .multiply && node.a == node.b { return .square }
      return Opcode(function)
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
