/// A handle to a value of the program under construction.
public struct Value: Hashable, Sendable {
  /// The node that computes it.
  public let node: Int
  /// Its shape.
  public let shape: Shape
}

/// Builds a `Program`: checks shapes, shares equal values, folds constants, drops structural zeros.
///
/// A shape that does not fit is a caller's bug here and stops the process; the model language checks
/// shapes first and answers with line and column.
public struct ProgramBuilder {
  package var nodes: [ProgramNode] = []
  package var constants: [Tensor<Double>] = []
  private var inputs: [Program.Port] = []
  private var outputs: [Program.Port] = []
  private var known: [ProgramNode: Int] = [:]
  private var knownConstants: [Tensor<Double>: Int] = [:]

  /// Creates a builder without inputs and outputs.
  public init() {}

  /// Continues from an existing program: its values, inputs and outputs are kept.
  public init(_ program: Program) {
    nodes = program.nodes
    constants = program.constants
    inputs = program.inputs
    outputs = program.outputs
    for (index, node) in nodes.enumerated() { known[node] = index }
    for (index, constant) in constants.enumerated() { knownConstants[constant] = index }
  }

  /// The value of an existing output or input port.
  public func value(of port: Program.Port) -> Value { Value(node: port.node, shape: port.shape) }

  /// Declares an input; names are unique.
  public mutating func input(_ name: String, shape: Shape) -> Value {
    precondition(!inputs.contains { $0.name == name }, "input '\(name)' declared twice")
    let value = append(.input(inputs.count), [], shape)
    inputs.append(Program.Port(name: name, shape: shape, node: value.node))
    return value
  }

  /// Declares an output; names are unique.
  public mutating func output(_ name: String, _ value: Value) {
    precondition(!outputs.contains { $0.name == name }, "output '\(name)' declared twice")
    outputs.append(Program.Port(name: name, shape: value.shape, node: value.node))
  }

  /// Ends the construction: only what the outputs need is kept.
  public func build() -> Program {
    var needed = [Bool](repeating: false, count: nodes.count)
    for port in outputs { needed[port.node] = true }
    for port in inputs { needed[port.node] = true }
    for index in stride(from: nodes.count - 1, through: 0, by: -1) where needed[index] {
      for operand in nodes[index].operands { needed[operand] = true }
    }
    var renumbered = [Int](repeating: -1, count: nodes.count)
    var kept: [ProgramNode] = []
    var keptConstants: [Tensor<Double>] = []
    for (index, node) in nodes.enumerated() where needed[index] {
      renumbered[index] = kept.count
      var operation = node.operation
      if case .constant(let constant) = operation {
        operation = .constant(keptConstants.count)
        keptConstants.append(constants[constant])
      }
      kept.append(
        ProgramNode(
          operation: operation, operands: node.operands.map { renumbered[$0] }, shape: node.shape))
    }
    func renumber(_ port: Program.Port) -> Program.Port {
      Program.Port(name: port.name, shape: port.shape, node: renumbered[port.node])
    }
    return Program(
      nodes: kept, constants: keptConstants, inputs: inputs.map(renumber),
      outputs: outputs.map(renumber))
  }

  // MARK: Constants

  /// A tensor known now.
  public mutating func constant(_ tensor: Tensor<Double>) -> Value {
    let index: Int
    // NaN never equals itself, so such a constant is simply stored again.
    if let existing = knownConstants[tensor] {
      index = existing
    } else {
      index = constants.count
      constants.append(tensor)
      knownConstants[tensor] = index
    }
    return append(.constant(index), [], tensor.shape)
  }

  /// A number known now.
  public mutating func constant(_ number: Double) -> Value { constant(Tensor(number)) }

  /// A tensor of zeros.
  public mutating func zeros(_ shape: Shape) -> Value {
    constant(Tensor(repeating: 0, shape: shape))
  }

  /// The tensor behind a value that does not depend on inputs.
  public func constantValue(_ value: Value) -> Tensor<Double>? {
    guard case .constant(let index) = nodes[value.node].operation else { return nil }
    return constants[index]
  }

  /// Whether a value is known to be zero in every entry.
  public func isZero(_ value: Value) -> Bool { isFilled(value, with: 0) }

  private func isFilled(_ value: Value, with number: Double) -> Bool {
    constantValue(value)?.values.allSatisfy { $0 == number } ?? false
  }

  // MARK: Arithmetic, entry by entry

  /// Applies a function to every entry.
  public mutating func unary(_ operation: UnaryOperation, _ a: Value) -> Value {
    if operation == .negate, case .unary(.negate) = nodes[a.node].operation {
      return value(nodes[a.node].operands[0])
    }
    return append(.unary(operation), [a.node], a.shape)
  }

  /// Combines two values of equal shape entry by entry; a scalar is repeated to the other's shape.
  public mutating func binary(_ operation: BinaryOperation, _ a: Value, _ b: Value) -> Value {
    var (a, b) = (a, b)
    if a.shape != b.shape {
      precondition(
        a.shape.isScalar || b.shape.isScalar,
        "\(operation): shapes \(a.shape) and \(b.shape) do not match")
      if a.shape.isScalar { a = broadcast(a, to: b.shape) } else { b = broadcast(b, to: a.shape) }
    }
    if let simple = simplified(operation, a, b) { return simple }
    return append(.binary(operation), [a.node, b.node], a.shape)
  }

  private mutating func simplified(_ operation: BinaryOperation, _ a: Value, _ b: Value) -> Value? {
    if constantValue(a) != nil, constantValue(b) != nil { return nil }
    switch operation {
    case .add:
      if isZero(a) { return b }
      if isZero(b) { return a }
    case .subtract:
      if isZero(b) { return a }
      if isZero(a) { return unary(.negate, b) }
    case .multiply:
      if isZero(a) { return a }
      if isZero(b) { return b }
      if isFilled(a, with: 1) { return b }
      if isFilled(b, with: 1) { return a }
      if isFilled(a, with: -1) { return unary(.negate, b) }
      if isFilled(b, with: -1) { return unary(.negate, a) }
    case .divide:
      if isZero(a) { return a }
      if isFilled(b, with: 1) { return a }
    case .power:
      if isFilled(b, with: 1) { return a }
      if isFilled(b, with: 2) { return binary(.multiply, a, a) }
      if isZero(b) { return constant(Tensor(repeating: 1, shape: a.shape)) }
      if isFilled(b, with: -1) { return unary(.reciprocal, a) }
      if isFilled(b, with: 3) { return binary(.multiply, binary(.multiply, a, a), a) }
    default: break
    }
    return nil
  }

  /// Chooses entry by entry: `a` where `condition` is not zero, else `b`; scalars are repeated.
  public mutating func select(_ condition: Value, _ a: Value, _ b: Value) -> Value {
    let shape = [condition, a, b].map(\.shape).first { !$0.isScalar } ?? .scalar
    for operand in [condition, a, b] {
      precondition(
        operand.shape == shape || operand.shape.isScalar,
        "select: shapes \(operand.shape) and \(shape) do not match")
    }
    let operands = [condition, a, b].map { $0.shape == shape ? $0 : broadcast($0, to: shape) }
    if operands[1] == operands[2] { return operands[1] }
    return append(.select, operands.map(\.node), shape)
  }

  // MARK: Products and reductions

  /// The matrix product over the last two axes, `[…, m, k] × […, k, n] → […, m, n]`.
  public mutating func matrixProduct(_ a: Value, _ b: Value) -> Value {
    let rank = a.shape.rank
    precondition(
      rank >= 2 && b.shape.rank == rank && a.shape[rank - 1] == b.shape[rank - 2]
        && a.shape.dimensions.dropLast(2) == b.shape.dimensions.dropLast(2),
      "matrix product of shapes \(a.shape) and \(b.shape)")
    let shape = Shape(a.shape.dimensions.dropLast() + [b.shape[rank - 1]])
    if isZero(a) || isZero(b) { return zeros(shape) }
    return append(.matrixProduct, [a.node, b.node], shape)
  }

  /// The sum over one axis, which disappears.
  public mutating func sum(_ a: Value, axis: Int) -> Value { reduce(.sum, a, axis: axis) }

  /// The sum of all entries.
  public mutating func sum(_ a: Value) -> Value {
    sum(reshape(a, to: .vector(a.shape.count)), axis: 0)
  }

  /// The largest entry along one axis, which disappears; the axis is not empty.
  public mutating func maximum(_ a: Value, axis: Int) -> Value { reduce(.maximum, a, axis: axis) }

  /// Collapses one axis.
  public mutating func reduce(_ operation: ReduceOperation, _ a: Value, axis: Int) -> Value {
    precondition(axis >= 0 && axis < a.shape.rank, "axis \(axis) of shape \(a.shape)")
    precondition(operation == .sum || a.shape[axis] > 0, "maximum over an empty axis")
    var dimensions = a.shape.dimensions
    dimensions.remove(at: axis)
    let shape = Shape(dimensions)
    if operation == .sum && isZero(a) { return zeros(shape) }
    if a.shape[axis] == 1 { return reshape(a, to: shape) }
    return append(.reduce(operation, axis: axis), [a.node], shape)
  }

  // MARK: Rearrangement

  /// Repeats `a` along new leading axes and along its axes of extent one.
  public mutating func broadcast(_ a: Value, to shape: Shape) -> Value {
    if a.shape == shape { return a }
    let missing = shape.rank - a.shape.rank
    precondition(
      missing >= 0
        && zip(a.shape.dimensions, shape.dimensions.dropFirst(missing)).allSatisfy {
          $0 == $1 || $0 == 1
        },
      "cannot broadcast shape \(a.shape) to \(shape)")
    return append(.broadcast, [a.node], shape)
  }

  /// The same entries under another shape.
  public mutating func reshape(_ a: Value, to shape: Shape) -> Value {
    if a.shape == shape { return a }
    precondition(a.shape.count == shape.count, "cannot reshape \(a.shape) to \(shape)")
    if case .reshape = nodes[a.node].operation {
      return reshape(value(nodes[a.node].operands[0]), to: shape)
    }
    return append(.reshape, [a.node], shape)
  }

  /// Reorders axes: axis `i` of the result is axis `order[i]` of `a`.
  public mutating func permute(_ a: Value, _ order: [Int]) -> Value {
    precondition(order.sorted() == Array(0..<a.shape.rank), "\(order) is no order of axes")
    if order == Array(0..<a.shape.rank) { return a }
    return append(.permute(order), [a.node], Shape(order.map { a.shape[$0] }))
  }

  /// The transpose of a matrix.
  public mutating func transpose(_ a: Value) -> Value { permute(a, [1, 0]) }

  /// Entries `start ..< start + count` along an axis, which stays.
  public mutating func slice(_ a: Value, axis: Int, start: Int, count: Int) -> Value {
    precondition(
      axis >= 0 && axis < a.shape.rank && start >= 0 && count >= 0
        && start + count <= a.shape[axis],
      "slice \(start)..<\(start + count) on axis \(axis) of shape \(a.shape)")
    if start == 0 && count == a.shape[axis] { return a }
    var dimensions = a.shape.dimensions
    dimensions[axis] = count
    return append(.slice(axis: axis, start: start, count: count), [a.node], Shape(dimensions))
  }

  /// The entry at `index` along an axis, which disappears.
  public mutating func element(_ a: Value, axis: Int, index: Int) -> Value {
    let part = slice(a, axis: axis, start: index, count: 1)
    var dimensions = a.shape.dimensions
    dimensions.remove(at: axis)
    return reshape(part, to: Shape(dimensions))
  }

  /// Puts values one after the other along an existing axis; other extents are equal.
  public mutating func concatenate(_ parts: [Value], axis: Int) -> Value {
    precondition(!parts.isEmpty, "nothing to concatenate")
    precondition(
      axis >= 0 && axis < parts[0].shape.rank, "axis \(axis) of shape \(parts[0].shape)")
    if parts.count == 1 { return parts[0] }
    var dimensions = parts[0].shape.dimensions
    for part in parts.dropFirst() {
      var other = part.shape.dimensions
      precondition(other.count == dimensions.count, "ranks differ in concatenation")
      dimensions[axis] += other[axis]
      other[axis] = dimensions[axis]
      precondition(other == dimensions, "extents differ in concatenation along axis \(axis)")
    }
    return append(.concatenate(axis: axis), parts.map(\.node), Shape(dimensions))
  }

  /// Stacks values of equal shape along a new leading axis.
  public mutating func stack(_ parts: [Value]) -> Value {
    concatenate(
      parts.map { reshape($0, to: Shape([1] + $0.shape.dimensions)) }, axis: 0)
  }

  // MARK: Nodes

  package func value(_ node: Int) -> Value { Value(node: node, shape: nodes[node].shape) }

  /// Adds a node, or finds its equal; evaluates it now when all operands are constants.
  package mutating func append(
    _ operation: Operation, _ operands: [Int], _ shape: Shape
  ) -> Value {
    let node = ProgramNode(operation: operation, operands: operands, shape: shape)
    if let existing = known[node] { return Value(node: existing, shape: shape) }
    if !operands.isEmpty && Self.folds(operation, shape) {
      let tensors = operands.compactMap { constantValue(value($0)) }
      if tensors.count == operands.count {
        return constant(TensorKernels.evaluate(operation, tensors, shape: shape))
      }
    }
    known[node] = nodes.count
    nodes.append(node)
    return Value(node: nodes.count - 1, shape: shape)
  }

  /// Whether constants are worth evaluating now: a small tensor repeated to a large one is not.
  private static func folds(_ operation: Operation, _ shape: Shape) -> Bool {
    operation != .broadcast || shape.count <= 1 << 14
  }
}
