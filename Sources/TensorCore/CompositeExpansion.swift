extension Program {
  /// Whether any operation is one that primitives could express.
  var hasComposites: Bool {
    nodes.contains { if case .composite = $0.operation { true } else { false } }
  }

  /// The same program in primitives only.
  package func expandingComposites() -> Program { expandingComposites { _ in true } }

  /// The same program with some of its composite operations written in primitives.
  func expandingComposites(where chosen: (CompositeOperation) -> Bool) -> Program {
    let affected = nodes.contains { node in
      if case .composite(let operation) = node.operation { chosen(operation) } else { false }
    }
    guard affected else { return self }
    var builder = ProgramBuilder()
    var arguments: [String: Value] = [:]
    for port in inputs { arguments[port.name] = builder.input(port.name, shape: port.shape) }
    let values = builder.inline(self, arguments: arguments, expanding: chosen)
    for port in outputs {
      if let value = values[port.name] { builder.output(port.name, value) }
    }
    return builder.build()
  }
}

extension ProgramBuilder {
  /// A composite operation in terms of others, down to primitives: what it means.
  mutating func expanded(
    _ operation: CompositeOperation, _ operands: [Value], shape: Shape
  ) -> Value {
    switch operation {
    case .gather:
      let (table, numbers) = (operands[0], operands[1])
      let rows = table.shape[0]
      let flat = reshape(table, to: .matrix(rows, table.shape.dimensions.dropFirst().reduce(1, *)))
      return reshape(matrixProduct(oneHot(numbers, count: rows), flat), to: shape)
    case .scatterAdd:
      let (numbers, rows) = (operands[0], operands[1])
      let width = shape.dimensions.dropFirst().reduce(1, *)
      let flat = reshape(rows, to: .matrix(numbers.shape.count, width))
      return reshape(
        matrixProduct(transpose(oneHot(numbers, count: shape[0])), flat), to: shape)
    case .softmax:
      let x = operands[0]
      if shape.count == 0 { return x }
      // Shifting by the largest entry keeps exponents in range; where that is minus infinity, by 0.
      let largest = maximum(x, axis: shape.rank - 1)
      let hidden = binary(.equal, largest, constant(-Double.infinity))
      let shift = select(hidden, constant(0), largest)
      let weights = unary(.exp, binary(.subtract, x, alongLast(shift, shape)))
      let total = binary(.add, sum(weights, axis: shape.rank - 1), hidden)
      return binary(.divide, weights, alongLast(total, shape))
    case .softmaxGradient:
      let (y, gradient) = (operands[0], operands[1])
      let mean = sum(binary(.multiply, y, gradient), axis: shape.rank - 1)
      return binary(.multiply, y, binary(.subtract, gradient, alongLast(mean, shape)))
    case .logSumExp:
      let x = operands[0]
      let rank = x.shape.rank
      if x.shape[rank - 1] == 0 {
        return constant(Tensor(repeating: -Double.infinity, shape: shape))
      }
      let largest = maximum(x, axis: rank - 1)
      let shift = select(
        binary(.equal, largest, constant(-Double.infinity)), constant(0), largest)
      let weights = unary(.exp, binary(.subtract, x, alongLast(shift, x.shape)))
      return binary(.add, unary(.log, sum(weights, axis: rank - 1)), shift)
    case .standardize(let epsilon):
      let x = operands[0]
      let (centered, deviation) = spread(x, epsilon: epsilon)
      return binary(.divide, centered, alongLast(deviation, shape))
    case .standardizeGradient(let epsilon):
      let (x, y, gradient) = (operands[0], operands[1], operands[2])
      let (_, deviation) = spread(x, epsilon: epsilon)
      let mean = meanAlongLast(gradient)
      let correlation = meanAlongLast(binary(.multiply, y, gradient))
      let moved = binary(
        .subtract, binary(.subtract, gradient, alongLast(mean, shape)),
        binary(.multiply, y, alongLast(correlation, shape)))
      return binary(.divide, moved, alongLast(deviation, shape))
    case .attention(let scale, let isCausal):
      let (q, k, v) = (operands[0], operands[1], operands[2])
      let rank = q.shape.rank
      let products = matrixProduct(q, transposeLast(k))
      var scores = binary(.multiply, products, constant(scale))
      if operands.count > 3 { scores = binary(.add, scores, operands[3]) }
      if isCausal {
        let (queries, keys) = (q.shape[rank - 2], k.shape[rank - 2])
        scores = binary(
          .add, scores,
          broadcast(constant(Self.causalBias(queries: queries, keys: keys)), to: scores.shape))
      }
      return matrixProduct(softmax(scores), v)
    }
  }

  /// A composite operation in terms of those that were not chosen.
  mutating func expand(
    _ operation: CompositeOperation, _ operands: [Value], shape: Shape,
    where chosen: (CompositeOperation) -> Bool
  ) -> Value {
    // Attention is made of a softmax, which may have been chosen as well.
    guard case .attention = operation, chosen(.softmax) else {
      return expanded(operation, operands, shape: shape)
    }
    var parts = ProgramBuilder()
    let names = operands.indices.map { "\($0)" }
    let inputs = zip(names, operands).map { parts.input($0, shape: $1.shape) }
    parts.output("value", parts.expanded(operation, inputs, shape: shape))
    let arguments = Dictionary(uniqueKeysWithValues: zip(names, operands))
    let values = inline(parts.build(), arguments: arguments, expanding: chosen)
    guard let value = values["value"] else { preconditionFailure("the output was declared") }
    return value
  }

  /// Biases `[queries × keys]` that hide the future: query i sees keys up to i + keys − queries.
  package static func causalBias(queries: Int, keys: Int) -> Tensor<Double> {
    var bias = Tensor<Double>(repeating: 0, shape: .matrix(queries, keys))
    for query in 0..<queries {
      for key in max(0, query + keys - queries + 1)..<max(keys, query + keys - queries + 1) {
        if key < keys { bias.values[query * keys + key] = -Double.infinity }
      }
    }
    return bias
  }

  /// Exchanges the last two axes.
  package mutating func transposeLast(_ x: Value) -> Value {
    var order = Array(0..<x.shape.rank)
    order.swapAt(x.shape.rank - 2, x.shape.rank - 1)
    return permute(x, order)
  }

  /// One row per number, 1 in the column of that number and 0 elsewhere: `[numbers, count]`.
  package mutating func oneHot(_ numbers: Value, count: Int) -> Value {
    let shape = Shape.matrix(numbers.shape.count, count)
    let column = broadcast(reshape(numbers, to: .matrix(numbers.shape.count, 1)), to: shape)
    let row = broadcast(constant(Tensor(vector: (0..<count).map(Double.init))), to: shape)
    return binary(.equal, column, row)
  }

  /// Repeats a value along a new last axis.
  mutating func alongLast(_ x: Value, _ shape: Shape) -> Value {
    broadcast(reshape(x, to: Shape(x.shape.dimensions + [1])), to: shape)
  }

  private mutating func meanAlongLast(_ x: Value) -> Value {
    let extent = x.shape[x.shape.rank - 1]
    return binary(.multiply, sum(x, axis: x.shape.rank - 1), constant(1 / Double(max(1, extent))))
  }

  /// The deviations from the mean along the last axis, and `√(variance + ε)`.
  private mutating func spread(_ x: Value, epsilon: Double) -> (Value, Value) {
    let centered = binary(.subtract, x, alongLast(meanAlongLast(x), x.shape))
    let variance = meanAlongLast(binary(.multiply, centered, centered))
    return (centered, unary(.sqrt, binary(.add, variance, constant(epsilon))))
  }
}

extension TensorKernels {
  /// The value of a composite operation by its meaning in primitives.
  static func evaluate(
    _ operation: CompositeOperation, _ operands: [Tensor<Double>], shape: Shape
  ) -> Tensor<Double> {
    var builder = ProgramBuilder()
    let constants = operands.map { builder.constant($0) }
    let value = builder.expanded(operation, constants, shape: shape)
    guard let tensor = builder.constantValue(value) else {
      preconditionFailure("an operation on constants is a constant")
    }
    return tensor
  }
}
