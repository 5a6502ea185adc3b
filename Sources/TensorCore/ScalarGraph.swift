/// What one instruction of an executable does.
enum ScalarOperation: Hashable {
  case constant(UInt64)
  case input(Int)
  case unary(UnaryOperation)
  case binary(BinaryOperation)
  case select
}

/// The entries of a program's tensors as one graph of numbers.
///
/// Equal entries are shared, constants are folded and zeros dropped entry by entry: this is where
/// the zeros inside a Jacobian are found.
struct ScalarGraph {
  struct Node: Hashable {
    var operation: ScalarOperation
    var a: Int32 = -1
    var b: Int32 = -1
    var c: Int32 = -1
  }

  private(set) var nodes: [Node] = []
  private var known: [Node: Int32] = [:]

  /// Lowers a program; the result names, per output, the graph node of every entry.
  init(_ source: Program, outputs: inout [[Int32]]) {
    let program = source.expandingComposites()
    var inputOffset = 0
    var entries: [[Int32]] = []
    entries.reserveCapacity(program.nodes.count)
    for port in program.inputs {
      for index in 0..<port.shape.count { _ = add(Node(operation: .input(inputOffset + index))) }
      inputOffset += port.shape.count
    }
    let offsets = program.inputs.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.shape.count) }
    for node in program.nodes {
      let count = node.shape.count
      let operands = node.operands
      switch node.operation {
      case .input(let port):
        entries.append((0..<count).map { Int32(offsets[port] + $0) })
      case .constant(let index):
        entries.append(program.constants[index].values.map { constant($0) })
      case .unary(let function):
        entries.append(entries[operands[0]].map { unary(function, $0) })
      case .binary(let function):
        let (a, b) = (entries[operands[0]], entries[operands[1]])
        entries.append((0..<count).map { binary(function, a[$0], b[$0]) })
      case .select:
        let (s, a, b) = (entries[operands[0]], entries[operands[1]], entries[operands[2]])
        entries.append((0..<count).map { select(s[$0], a[$0], b[$0]) })
      case .matrixProduct:
        entries.append(
          product(
            entries[operands[0]], program.nodes[operands[0]].shape, entries[operands[1]],
            program.nodes[operands[1]].shape))
      case .reduce(let reduction, let axis):
        entries.append(
          reduce(reduction, entries[operands[0]], program.nodes[operands[0]].shape, axis: axis))
      case .composite: preconditionFailure("composite operations have been expanded")
      case .permute, .reshape, .slice, .concatenate, .broadcast:
        var moved = [Int32](repeating: 0, count: count)
        TensorKernels.forEachSource(
          node.operation, operands.map { program.nodes[$0].shape }, node.shape
        ) { target, operand, source in
          moved[target] = entries[operands[operand]][source]
        }
        entries.append(moved)
      }
    }
    outputs = program.outputs.map { entries[$0.node] }
  }

  /// The number a node is known to hold, if it does not depend on inputs.
  func constantValue(_ node: Int32) -> Double? {
    guard case .constant(let bits) = nodes[Int(node)].operation else { return nil }
    return Double(bitPattern: bits)
  }

  private mutating func add(_ node: Node) -> Int32 {
    if let existing = known[node] { return existing }
    let index = Int32(nodes.count)
    nodes.append(node)
    known[node] = index
    return index
  }

  private mutating func constant(_ value: Double) -> Int32 {
    // Both zeros are one structural zero.
    add(Node(operation: .constant((value == 0 ? 0 : value).bitPattern)))
  }

  private mutating func unary(_ function: UnaryOperation, _ a: Int32) -> Int32 {
    if let value = constantValue(a) { return constant(function(value)) }
    if function == .negate, nodes[Int(a)].operation == .unary(.negate) { return nodes[Int(a)].a }
    return add(Node(operation: .unary(function), a: a))
  }

  private mutating func binary(_ function: BinaryOperation, _ a: Int32, _ b: Int32) -> Int32 {
    let (left, right) = (constantValue(a), constantValue(b))
    if let left, let right { return constant(function(left, right)) }
    switch function {
    case .add:
      if left == 0 { return b }
      if right == 0 { return a }
      if nodes[Int(b)].operation == .unary(.negate) {
        return binary(.subtract, a, nodes[Int(b)].a)
      }
      if nodes[Int(a)].operation == .unary(.negate) {
        return binary(.subtract, b, nodes[Int(a)].a)
      }
    case .subtract:
      if right == 0 { return a }
      if left == 0 { return unary(.negate, b) }
      if nodes[Int(b)].operation == .unary(.negate) { return binary(.add, a, nodes[Int(b)].a) }
    case .multiply:
      if left == 0 || right == 0 { return constant(0) }
      if left == 1 { return b }
      if right == 1 { return a }
      if left == -1 { return unary(.negate, b) }
      if right == -1 { return unary(.negate, a) }
    case .divide:
      if left == 0 { return constant(0) }
      if right == 1 { return a }
      // A power of two has an exact reciprocal, and a product is cheaper than a quotient.
      if let right, right != 0, right.significand == 1, (1 / right).isFinite {
        return binary(.multiply, a, constant(1 / right))
      }
    case .power:
      if right == 1 { return a }
      if right == 0 { return constant(1) }
      if right == 2 { return binary(.multiply, a, a) }
      if right == 3 { return binary(.multiply, binary(.multiply, a, a), a) }
      if right == -1 { return unary(.reciprocal, a) }
    default: break
    }
    let swaps = function == .add || function == .multiply
    return add(
      Node(operation: .binary(function), a: swaps ? min(a, b) : a, b: swaps ? max(a, b) : b))
  }

  private mutating func select(_ condition: Int32, _ a: Int32, _ b: Int32) -> Int32 {
    if a == b { return a }
    if let value = constantValue(condition) { return value != 0 ? a : b }
    return add(Node(operation: .select, a: condition, b: a, c: b))
  }

  private mutating func product(
    _ a: [Int32], _ shapeA: Shape, _ b: [Int32], _ shapeB: Shape
  ) -> [Int32] {
    let rank = shapeA.rank
    let (rows, inner, columns) = (shapeA[rank - 2], shapeA[rank - 1], shapeB[rank - 1])
    let batches = shapeA.dimensions.dropLast(2).reduce(1, *)
    var result: [Int32] = []
    result.reserveCapacity(batches * rows * columns)
    for batch in 0..<batches {
      for row in 0..<rows {
        for column in 0..<columns {
          var total = constant(0)
          for middle in 0..<inner {
            let term = binary(
              .multiply, a[(batch * rows + row) * inner + middle],
              b[(batch * inner + middle) * columns + column])
            total = binary(.add, total, term)
          }
          result.append(total)
        }
      }
    }
    return result
  }

  private mutating func reduce(
    _ reduction: ReduceOperation, _ a: [Int32], _ shape: Shape, axis: Int
  ) -> [Int32] {
    let inner = shape.dimensions.dropFirst(axis + 1).reduce(1, *)
    let outer = shape.dimensions.prefix(axis).reduce(1, *)
    let extent = shape[axis]
    var result: [Int32] = []
    for block in 0..<outer {
      for entry in 0..<inner {
        var total = constant(reduction == .sum ? 0 : -.infinity)
        for index in 0..<extent {
          let term = a[(block * extent + index) * inner + entry]
          if reduction == .maximum && index == 0 {
            total = term
          } else {
            total = binary(reduction == .sum ? .add : .maximum, total, term)
          }
        }
        result.append(total)
      }
    }
    return result
  }
}
