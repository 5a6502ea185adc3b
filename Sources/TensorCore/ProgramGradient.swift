extension Program {
  /// A program with more outputs: the gradient of `output` by each of some inputs.
  ///
  /// The reverse transformation: one sweep from the output to the inputs, whose cost is a small
  /// multiple of the program's own, however many inputs there are. The result is a program again, so
  /// gradients of gradients are the transformation applied twice. Attention is differentiated in the
  /// form `softmax(Q Kᵀ scale + bias) V`, so memory grows with queries × keys.
  ///
  /// - Parameters:
  ///   - output: the name of an output. Without a seed it has one entry.
  ///   - inputs: the names of inputs.
  ///   - seed: the name of a new input with the shape of `output`, or of an existing one: the result
  ///     is then the gradient of `Σ seed ⊙ output`.
  ///   - name: the name of the new output of an input, which has the input's shape.
  /// - Returns: this program with the new outputs appended in the order of `inputs`.
  public func gradient(
    of output: String, withRespectTo inputs: [String], seededBy seed: String? = nil,
    as name: (String) -> String = { "gradient.\($0)" }
  ) -> Program {
    let source = expandingComposites { $0.isDifferentiatedExpanded }
    guard let target = source.output(output) else {
      preconditionFailure("no output '\(output)' to differentiate")
    }
    let ports = inputs.map { input -> Port in
      guard let port = source.input(input) else {
        preconditionFailure("no input '\(input)' to differentiate by")
      }
      return port
    }
    var builder = ProgramBuilder(source)
    let first: Value
    if let seed {
      first =
        source.input(seed).map { builder.value(of: $0) }
        ?? builder.input(seed, shape: target.shape)
      precondition(
        first.shape == target.shape, "seed of shape \(first.shape) for output \(target.shape)")
    } else {
      precondition(target.shape.count == 1, "gradient of an output of shape \(target.shape)")
      first = builder.constant(Tensor(repeating: 1, shape: target.shape))
    }
    var propagation = AdjointPropagation(source, sources: ports.map(\.node))
    propagation.run(from: target.node, seed: first, in: &builder)
    for (input, port) in zip(inputs, ports) {
      builder.output(
        name(input), propagation.adjoint(of: port.node) ?? builder.zeros(port.shape))
    }
    return builder.build()
  }
}

extension CompositeOperation {
  /// Whether its gradient is taken in primitives.
  fileprivate var isDifferentiatedExpanded: Bool {
    switch self {
    case .gather, .scatterAdd, .softmax, .logSumExp, .standardize: false
    case .softmaxGradient, .standardizeGradient, .attention: true
    }
  }
}

/// Reverse differentiation: carries the gradient by every node from the output to the inputs.
struct AdjointPropagation {
  /// The nodes of the program, before any were added.
  private let nodes: [ProgramNode]
  /// Whether a node depends on the inputs that are asked for.
  private let isActive: [Bool]
  private var adjoints: [Int: Value] = [:]

  init(_ program: Program, sources: [Int]) {
    nodes = program.nodes
    var isActive = [Bool](repeating: false, count: program.nodes.count)
    for source in sources { isActive[source] = true }
    for (index, node) in program.nodes.enumerated()
    where node.operands.contains(where: { isActive[$0] }) {
      isActive[index] = true
    }
    self.isActive = isActive
  }

  /// The gradient by a node, nil where it is structurally zero.
  func adjoint(of node: Int) -> Value? { adjoints[node] }

  /// One sweep from a node to everything it depends on.
  mutating func run(from target: Int, seed: Value, in builder: inout ProgramBuilder) {
    guard isActive[target] else { return }
    adjoints[target] = seed
    for index in stride(from: target, through: 0, by: -1) where isActive[index] {
      guard let gradient = adjoints[index] else { continue }
      propagate(index, gradient, in: &builder)
    }
  }

  private mutating func add(
    _ node: Int, in builder: inout ProgramBuilder, _ term: (inout ProgramBuilder) -> Value
  ) {
    guard isActive[node] else { return }
    let value = term(&builder)
    precondition(
      value.shape == nodes[node].shape,
      "gradient of shape \(value.shape) for a node of shape \(nodes[node].shape)")
    if builder.isZero(value) { return }
    adjoints[node] = adjoints[node].map { builder.binary(.add, $0, value) } ?? value
  }

  private mutating func propagate(
    _ index: Int, _ gradient: Value, in builder: inout ProgramBuilder
  ) {
    let node = nodes[index]
    let operands = node.operands
    let result = builder.value(index)
    switch node.operation {
    case .input, .constant: break
    case .unary(let function):
      add(operands[0], in: &builder) { builder in
        if function == .negate { return builder.unary(.negate, gradient) }
        let x = builder.value(operands[0])
        let slope = builder.derivative(of: function, at: x, value: result)
        return builder.binary(.multiply, gradient, slope)
      }
    case .binary(let function): binaryRule(function, operands, result, gradient, in: &builder)
    case .select:
      let condition = builder.value(operands[0])
      add(operands[1], in: &builder) { $0.select(condition, gradient, $0.zeros(gradient.shape)) }
      add(operands[2], in: &builder) { $0.select(condition, $0.zeros(gradient.shape), gradient) }
    case .matrixProduct:
      let (a, b) = (builder.value(operands[0]), builder.value(operands[1]))
      add(operands[0], in: &builder) { $0.matrixProduct(gradient, $0.transposeLast(b)) }
      add(operands[1], in: &builder) { $0.matrixProduct($0.transposeLast(a), gradient) }
    case .permute(let order):
      var inverse = order
      for (place, axis) in order.enumerated() { inverse[axis] = place }
      add(operands[0], in: &builder) { $0.permute(gradient, inverse) }
    case .reshape:
      add(operands[0], in: &builder) { $0.reshape(gradient, to: nodesShape(operands[0], $0)) }
    case .slice(let axis, let start, let count):
      add(operands[0], in: &builder) { builder in
        let shape = nodesShape(operands[0], builder)
        return Self.padded(
          gradient, axis: axis, before: start, after: shape[axis] - start - count, in: &builder)
      }
    case .concatenate(let axis):
      var start = 0
      for operand in operands {
        let count = nodes[operand].shape[axis]
        let first = start
        add(operand, in: &builder) {
          $0.slice(gradient, axis: axis, start: first, count: count)
        }
        start += count
      }
    case .broadcast:
      add(operands[0], in: &builder) { builder in
        Self.collapsed(gradient, to: nodesShape(operands[0], builder), in: &builder)
      }
    case .reduce(let reduction, let axis):
      reduceRule(reduction, axis, operands[0], result, gradient, in: &builder)
    case .composite(let operation):
      compositeRule(operation, operands, result, gradient, in: &builder)
    }
  }

  private mutating func binaryRule(
    _ function: BinaryOperation, _ operands: [Int], _ result: Value, _ gradient: Value,
    in builder: inout ProgramBuilder
  ) {
    let (a, b) = (builder.value(operands[0]), builder.value(operands[1]))
    switch function {
    case .add, .subtract:
      add(operands[0], in: &builder) { _ in gradient }
      add(operands[1], in: &builder) {
        function == .add ? gradient : $0.unary(.negate, gradient)
      }
    case .multiply, .divide, .power, .atan2:
      let needed = (isActive[operands[0]], isActive[operands[1]])
      let (byA, byB) = builder.partialDerivatives(of: function, a, b, value: result, needed: needed)
      if let byA { add(operands[0], in: &builder) { $0.binary(.multiply, gradient, byA) } }
      if let byB { add(operands[1], in: &builder) { $0.binary(.multiply, gradient, byB) } }
    case .minimum, .maximum:
      let takesA = builder.binary(
        .lessOrEqual, function == .minimum ? a : b, function == .minimum ? b : a)
      add(operands[0], in: &builder) { $0.select(takesA, gradient, $0.zeros(gradient.shape)) }
      add(operands[1], in: &builder) { $0.select(takesA, $0.zeros(gradient.shape), gradient) }
    case .less, .lessOrEqual, .equal, .notEqual: break
    }
  }

  private mutating func reduceRule(
    _ reduction: ReduceOperation, _ axis: Int, _ operand: Int, _ result: Value, _ gradient: Value,
    in builder: inout ProgramBuilder
  ) {
    let x = builder.value(operand)
    var kept = result.shape.dimensions
    kept.insert(1, at: axis)
    func alongAxis(_ value: Value, _ builder: inout ProgramBuilder) -> Value {
      builder.broadcast(builder.reshape(value, to: Shape(kept)), to: x.shape)
    }
    add(operand, in: &builder) { builder in
      guard reduction == .maximum else { return alongAxis(gradient, &builder) }
      // Where several entries share the maximum each has an equal part, as in the forward rule.
      let mask = builder.binary(.equal, x, alongAxis(result, &builder))
      let share = builder.binary(.divide, gradient, builder.sum(mask, axis: axis))
      return builder.binary(.multiply, mask, alongAxis(share, &builder))
    }
  }

  private mutating func compositeRule(
    _ operation: CompositeOperation, _ operands: [Int], _ result: Value, _ gradient: Value,
    in builder: inout ProgramBuilder
  ) {
    switch operation {
    case .gather:
      let numbers = builder.value(operands[1])
      let count = nodes[operands[0]].shape[0]
      add(operands[0], in: &builder) { $0.scatterAdd(gradient, at: numbers, count: count) }
    case .scatterAdd:
      let numbers = builder.value(operands[0])
      add(operands[1], in: &builder) { $0.gather(gradient, at: numbers) }
    case .softmax: add(operands[0], in: &builder) { $0.softmaxGradient(result, gradient) }
    case .logSumExp:
      let x = builder.value(operands[0])
      add(operands[0], in: &builder) {
        $0.binary(.multiply, $0.softmax(x), $0.alongLast(gradient, x.shape))
      }
    case .standardize(let epsilon):
      let x = builder.value(operands[0])
      add(operands[0], in: &builder) {
        $0.standardizeGradient(x, result, gradient, epsilon: epsilon)
      }
    case .softmaxGradient, .standardizeGradient, .attention:
      preconditionFailure("\(operation) has been expanded")
    }
  }

  /// Zeros before and after along an axis.
  private static func padded(
    _ x: Value, axis: Int, before: Int, after: Int, in builder: inout ProgramBuilder
  ) -> Value {
    var parts: [Value] = []
    for (count, isData) in [(before, false), (0, true), (after, false)] {
      if isData { parts.append(x) }
      if !isData && count > 0 {
        var dimensions = x.shape.dimensions
        dimensions[axis] = count
        parts.append(builder.zeros(Shape(dimensions)))
      }
    }
    return builder.concatenate(parts, axis: axis)
  }

  /// The reverse of a broadcast: sums over the axes along which a value was repeated.
  private static func collapsed(
    _ x: Value, to shape: Shape, in builder: inout ProgramBuilder
  ) -> Value {
    let missing = x.shape.rank - shape.rank
    var value = x
    if missing > 0 {
      let leading = x.shape.dimensions.prefix(missing).reduce(1, *)
      value = builder.sum(
        builder.reshape(
          value, to: Shape([leading] + x.shape.dimensions.dropFirst(missing))), axis: 0)
    }
    for axis in 0..<shape.rank where shape[axis] == 1 && value.shape[axis] != 1 {
      var kept = value.shape.dimensions
      kept[axis] = 1
      value = builder.reshape(builder.sum(value, axis: axis), to: Shape(kept))
    }
    return value
  }
}

/// The shape of a node that was there before differentiation.
private func nodesShape(_ node: Int, _ builder: ProgramBuilder) -> Shape {
  builder.nodes[node].shape
}
