extension Program {
  /// A program with one more output: the derivative of `output` by `input`.
  ///
  /// The new output has shape `output × input` (rows of the Jacobian run over the output). Applied to
  /// its own result the transformation gives exact second derivatives of shape
  /// `output × input × input`. Structural zeros and constants are propagated, so a linear program has
  /// a constant Jacobian and a zero second derivative.
  ///
  /// - Parameters:
  ///   - output: the name of an output of this program.
  ///   - input: the name of an input of this program.
  ///   - name: the name of the new output.
  /// - Returns: this program with the new output appended.
  public func jacobian(
    of output: String, withRespectTo input: String, as name: String
  ) -> Program {
    // Composite operations are differentiated in the form that primitives give them.
    let primitive = expandingComposites()
    guard let source = primitive.input(input), let target = primitive.output(output) else {
      preconditionFailure("no output '\(output)' or input '\(input)' to differentiate")
    }
    var builder = ProgramBuilder(primitive)
    let directions = source.shape.count
    let seed = builder.constant(
      Tensor<Double>.identity(directions).reshaped(Shape([directions] + source.shape.dimensions)))
    var propagation = TangentPropagation(directions: directions, seeds: [source.node: seed])
    let shape = Shape(target.shape.dimensions + source.shape.dimensions)
    guard let tangent = propagation.tangent(of: target.node, in: &builder) else {
      builder.output(name, builder.zeros(shape))
      return builder.build()
    }
    let rank = target.shape.rank
    let moved = builder.permute(tangent, Array(1..<(rank + 1)) + [0])
    builder.output(name, builder.reshape(moved, to: shape))
    return builder.build()
  }

  /// A program with one more output: the derivative of `output` along a direction of `input`.
  ///
  /// - Parameters:
  ///   - output: the name of an output.
  ///   - input: the name of an input.
  ///   - direction: the name of a new input with the shape of `input`, or of an existing one.
  ///   - name: the name of the new output, which has the shape of `output`.
  /// - Returns: this program with the new input and output.
  public func tangent(
    of output: String, withRespectTo input: String, along direction: String, as name: String
  ) -> Program {
    // Composite operations are differentiated in the form that primitives give them.
    let primitive = expandingComposites()
    guard let source = primitive.input(input), let target = primitive.output(output) else {
      preconditionFailure("no output '\(output)' or input '\(input)' to differentiate")
    }
    var builder = ProgramBuilder(primitive)
    let along =
      primitive.input(direction).map { builder.value(of: $0) }
      ?? builder.input(direction, shape: source.shape)
    let seed = builder.reshape(along, to: Shape([1] + source.shape.dimensions))
    var propagation = TangentPropagation(directions: 1, seeds: [source.node: seed])
    let tangent =
      propagation.tangent(of: target.node, in: &builder)
      ?? builder.zeros(Shape([1] + target.shape.dimensions))
    builder.output(name, builder.reshape(tangent, to: target.shape))
    return builder.build()
  }

  /// The same program with its ports in another order; every input is named, outputs may be left out.
  package func reordered(inputs names: [String], outputs kept: [String]) -> Program {
    precondition(
      names.sorted() == inputs.map(\.name).sorted(),
      "inputs \(inputs.map(\.name)) in the order \(names)")
    var builder = ProgramBuilder()
    var arguments: [String: Value] = [:]
    for name in names {
      arguments[name] = builder.input(name, shape: input(name)?.shape ?? .scalar)
    }
    let values = builder.inline(self, arguments: arguments)
    for name in kept {
      guard let value = values[name] else { preconditionFailure("no output '\(name)'") }
      builder.output(name, value)
    }
    return builder.build()
  }

  /// The same program with only some of its outputs; all inputs stay.
  public func keeping(outputs names: [String]) -> Program {
    let kept = names.map { name -> Port in
      guard let port = output(name) else { preconditionFailure("no output '\(name)'") }
      return port
    }
    return ProgramBuilder(
      Program(nodes: nodes, constants: constants, inputs: inputs, outputs: kept)
    ).build()
  }
}

/// Forward differentiation: carries K tangents, stacked along a leading axis, through a program.
struct TangentPropagation {
  /// K, the number of directions carried at once.
  let directions: Int
  /// The tangent `[K] + shape` of every node seen so far; nil is a structural zero.
  private var tangents: [Int: Value?]

  init(directions: Int, seeds: [Int: Value]) {
    self.directions = directions
    tangents = seeds.mapValues { Optional($0) }
  }

  /// The tangent of a node, or nil where it is structurally zero.
  mutating func tangent(of target: Int, in builder: inout ProgramBuilder) -> Value? {
    // Nodes refer to earlier ones only, so one ascending pass over what the target needs suffices.
    var needed = Set([target])
    var pending = [target]
    while let node = pending.popLast() {
      for operand in builder.nodes[node].operands where needed.insert(operand).inserted {
        pending.append(operand)
      }
    }
    for node in needed.sorted() where tangents[node] == nil {
      let rule = rule(for: node, in: &builder)
      tangents[node] = .some(rule.flatMap { builder.isZero($0) ? nil : $0 })
    }
    return tangents[target] ?? nil
  }

  private func known(_ node: Int) -> Value? { tangents[node] ?? nil }

  /// Repeats a value along the leading axis of directions.
  private func spread(_ value: Value, in builder: inout ProgramBuilder) -> Value {
    builder.broadcast(value, to: Shape([directions] + value.shape.dimensions))
  }

  /// `tangent ⊙ factor`, the factor being the same in every direction.
  private func scaled(_ tangent: Value, by factor: Value, in builder: inout ProgramBuilder) -> Value
  {
    if builder.isZero(factor) { return builder.zeros(tangent.shape) }
    return builder.binary(.multiply, tangent, spread(factor, in: &builder))
  }

  private func rule(for index: Int, in builder: inout ProgramBuilder) -> Value? {
    let node = builder.nodes[index]
    let operands = node.operands
    guard operands.contains(where: { known($0) != nil }) else { return nil }
    let shape = Shape([directions] + node.shape.dimensions)
    let result = builder.value(index)
    switch node.operation {
    case .input, .constant: return nil
    case .unary(let function):
      guard let tangent = known(operands[0]) else { return nil }
      if function == .negate { return builder.unary(.negate, tangent) }
      let x = builder.value(operands[0])
      return scaled(
        tangent, by: builder.derivative(of: function, at: x, value: result), in: &builder)
    case .binary(let function):
      return binaryRule(function, operands, result, in: &builder)
    case .select:
      let branches = operands.dropFirst().map { known($0) ?? builder.zeros(shape) }
      return builder.select(
        spread(builder.value(operands[0]), in: &builder), branches[0], branches[1])
    case .matrixProduct:
      let a = builder.value(operands[0])
      let b = builder.value(operands[1])
      var terms: [Value] = []
      if let tangent = known(operands[0]) {
        terms.append(builder.matrixProduct(tangent, spread(b, in: &builder)))
      }
      if let tangent = known(operands[1]) {
        terms.append(builder.matrixProduct(spread(a, in: &builder), tangent))
      }
      return terms.dropFirst().reduce(terms[0]) { builder.binary(.add, $0, $1) }
    case .permute(let order):
      return known(operands[0]).map { builder.permute($0, [0] + order.map { $0 + 1 }) }
    case .reshape:
      return known(operands[0]).map { builder.reshape($0, to: shape) }
    case .slice(let axis, let start, let count):
      return known(operands[0]).map {
        builder.slice($0, axis: axis + 1, start: start, count: count)
      }
    case .concatenate(let axis):
      let parts = operands.map { operand in
        known(operand)
          ?? builder.zeros(Shape([directions] + builder.nodes[operand].shape.dimensions))
      }
      return builder.concatenate(parts, axis: axis + 1)
    case .broadcast:
      return known(operands[0]).map { tangent in
        let own = builder.nodes[operands[0]].shape
        let padding = [Int](repeating: 1, count: node.shape.rank - own.rank)
        let aligned = builder.reshape(
          tangent, to: Shape([directions] + padding + own.dimensions))
        return builder.broadcast(aligned, to: shape)
      }
    case .reduce(.sum, let axis):
      return known(operands[0]).map { builder.sum($0, axis: axis + 1) }
    case .reduce(.maximum, let axis):
      return known(operands[0]).map { tangent in
        // Where several entries share the maximum, the mean of their tangents is a subgradient.
        let x = builder.value(operands[0])
        var kept = node.shape.dimensions
        kept.insert(1, at: axis)
        let largest = builder.broadcast(builder.reshape(result, to: Shape(kept)), to: x.shape)
        let mask = builder.binary(.equal, x, largest)
        let ties = builder.broadcast(
          builder.reshape(builder.sum(mask, axis: axis), to: Shape(kept)), to: x.shape)
        let weights = builder.binary(.divide, mask, ties)
        return builder.sum(scaled(tangent, by: weights, in: &builder), axis: axis + 1)
      }
    case .composite: preconditionFailure("composite operations have been expanded")
    }
  }

  private func binaryRule(
    _ function: BinaryOperation, _ operands: [Int], _ result: Value,
    in builder: inout ProgramBuilder
  ) -> Value? {
    let a = builder.value(operands[0])
    let b = builder.value(operands[1])
    let tangentA = known(operands[0])
    let tangentB = known(operands[1])
    switch function {
    case .add, .subtract:
      guard let tangentB else { return tangentA }
      guard let tangentA else {
        return function == .add ? tangentB : builder.unary(.negate, tangentB)
      }
      return builder.binary(function, tangentA, tangentB)
    case .multiply, .divide, .power, .atan2:
      let (byA, byB) = builder.partialDerivatives(
        of: function, a, b, value: result, needed: (tangentA != nil, tangentB != nil))
      var terms: [Value] = []
      if let tangentA, let byA { terms.append(scaled(tangentA, by: byA, in: &builder)) }
      if let tangentB, let byB { terms.append(scaled(tangentB, by: byB, in: &builder)) }
      return terms.dropFirst().reduce(terms[0]) { builder.binary(.add, $0, $1) }
    case .minimum, .maximum:
      let shape = Shape([directions] + result.shape.dimensions)
      let first = tangentA ?? builder.zeros(shape)
      let second = tangentB ?? builder.zeros(shape)
      let takesA = builder.binary(
        .lessOrEqual, function == .minimum ? a : b, function == .minimum ? b : a)
      return builder.select(spread(takesA, in: &builder), first, second)
    case .less, .lessOrEqual, .equal, .notEqual: return nil
    }
  }
}
