internal import Foundation
internal import TensorCore

extension Compilation {
  /// A call of a function of the file or of the language.
  mutating func call(_ call: CallNode, _ range: Range<Int>) throws(Diagnostic) -> Value {
    if let function = scope.function(call.name) { return try inline(function, call) }
    guard let function = BuiltinFunction.table[call.name] else { throw unknown(call) }
    guard function.arity.contains(call.arguments.count) else {
      throw problem(
        .wrongArgumentCount(
          function: call.name, expected: function.arity, found: call.arguments.count),
        call.nameRange)
    }
    var values: [Value] = []
    for argument in call.arguments { values.append(try value(argument)) }
    switch function.kind {
    case .unary(let operation): return builder.unary(operation, values[0])
    case .binary(let operation):
      return try entrywise(
        operation, call.name, values[0], values[1], call.arguments[1].range)
    case .extremum(let operation):
      guard values.count == 1 else {
        return try entrywise(
          operation, call.name, values[0], values[1], call.arguments[1].range)
      }
      let flat = try flattened(call, values[0])
      return operation == .maximum
        ? builder.maximum(flat, axis: 0)
        : builder.unary(.negate, builder.maximum(builder.unary(.negate, flat), axis: 0))
    case .sum: return builder.sum(values[0])
    case .product: return product(of: values[0])
    case .mean:
      let flat = try flattened(call, values[0])
      return builder.binary(
        .divide, builder.sum(flat), builder.constant(Double(flat.shape.count)))
    case .norm: return builder.unary(.sqrt, sumOfProducts(values[0], values[0]))
    case .logSumExp:
      let flat = try flattened(call, values[0])
      let largest = builder.maximum(flat, axis: 0)
      let shifted = builder.unary(.exp, builder.binary(.subtract, flat, largest))
      return builder.binary(.add, largest, builder.unary(.log, builder.sum(shifted)))
    case .softmax:
      let vector = try self.vector(call, 0, values[0])
      let largest = builder.maximum(vector, axis: 0)
      let weights = builder.unary(.exp, builder.binary(.subtract, vector, largest))
      return builder.binary(.divide, weights, builder.sum(weights))
    case .dot: return try dot(call, values)
    case .outer: return try outer(call, values, range)
    case .diagonal: return try diagonal(call, values[0], range)
    case .identity, .filled, .cosineBasis: return try table(function.kind, call, values, range)
    case .linearSpace: return try linearSpace(call, values)
    case .gaussian: return try gaussian(call, values)
    case .choose: return try choose(call, values)
    }
  }

  private func unknown(_ call: CallNode) -> Diagnostic {
    if scope.symbol(call.name) != nil || ModelVocabulary.constants[call.name] != nil {
      return problem(.notAFunction(call.name), call.nameRange)
    }
    let suggestion = NameSuggestion.nearest(
      to: call.name, among: ModelVocabulary.functions + scope.functionNames)
    return problem(.unknownFunction(call.name, suggestion: suggestion), call.nameRange)
  }

  // MARK: Shapes of arguments

  /// All entries in a row; there is at least one.
  private mutating func flattened(_ call: CallNode, _ value: Value) throws(Diagnostic) -> Value {
    guard value.shape.count > 0 else {
      throw problem(
        .unsuitableShape(operation: call.name, found: value.shape, expected: .vectorOrMatrix),
        call.arguments[0].range)
    }
    return builder.reshape(value, to: .vector(value.shape.count))
  }

  private mutating func vector(
    _ call: CallNode, _ position: Int, _ value: Value
  ) throws(Diagnostic) -> Value {
    guard value.shape.rank <= 1, value.shape.count > 0 else {
      throw problem(
        .unsuitableShape(operation: call.name, found: value.shape, expected: .vector),
        call.arguments[position].range)
    }
    return builder.reshape(value, to: .vector(value.shape.count))
  }

  private func size(_ call: CallNode, _ position: Int, _ value: Value) throws(Diagnostic) -> Int {
    try integer(
      value, .argument(position + 1, of: call.name), in: 1...ExpressionCompiler.entryLimit,
      call.arguments[position].range)
  }

  // MARK: Products

  private mutating func sumOfProducts(_ a: Value, _ b: Value) -> Value {
    builder.sum(builder.binary(.multiply, a, b))
  }

  /// The product of all entries, by halves so that the program stays short.
  private mutating func product(of value: Value) -> Value {
    var rest = builder.reshape(value, to: .vector(value.shape.count))
    guard rest.shape[0] > 0 else { return builder.constant(1) }
    while rest.shape[0] > 1 {
      let half = rest.shape[0] / 2
      let folded = builder.binary(
        .multiply, builder.slice(rest, axis: 0, start: 0, count: half),
        builder.slice(rest, axis: 0, start: half, count: half))
      guard rest.shape[0] % 2 == 1 else {
        rest = folded
        continue
      }
      let last = builder.slice(rest, axis: 0, start: 2 * half, count: 1)
      rest = builder.concatenate([folded, last], axis: 0)
    }
    return builder.reshape(rest, to: .scalar)
  }

  private mutating func dot(_ call: CallNode, _ values: [Value]) throws(Diagnostic) -> Value {
    let a = try vector(call, 0, values[0])
    let b = try vector(call, 1, values[1])
    guard a.shape == b.shape else {
      throw problem(
        .shapeMismatch(operation: call.name, left: values[0].shape, right: values[1].shape),
        call.arguments[1].range)
    }
    return sumOfProducts(a, b)
  }

  private mutating func outer(
    _ call: CallNode, _ values: [Value], _ range: Range<Int>
  ) throws(Diagnostic) -> Value {
    let a = try vector(call, 0, values[0])
    let b = try vector(call, 1, values[1])
    let (rows, columns) = (a.shape[0], b.shape[0])
    _ = try admit([rows, columns], range)
    return builder.matrixProduct(
      builder.reshape(a, to: .matrix(rows, 1)), builder.reshape(b, to: .matrix(1, columns)))
  }

  /// A vector on the diagonal of a matrix, or the diagonal of a square matrix.
  ///
  /// In storage the diagonal of an n × n matrix stands n + 1 entries apart, so that it is the first
  /// column of an (n − 1) × (n + 1) arrangement, and one entry more.
  private mutating func diagonal(
    _ call: CallNode, _ value: Value, _ range: Range<Int>
  ) throws(Diagnostic) -> Value {
    if value.shape.rank == 2 {
      let count = value.shape[0]
      guard count == value.shape[1], count > 0 else {
        throw problem(
          .unsuitableShape(operation: call.name, found: value.shape, expected: .squareMatrix),
          call.arguments[0].range)
      }
      let flat = builder.reshape(value, to: .vector(count * count))
      let last = builder.slice(flat, axis: 0, start: count * count - 1, count: 1)
      guard count > 1 else { return last }
      let body = builder.slice(flat, axis: 0, start: 0, count: count * count - 1)
      let column = builder.slice(
        builder.reshape(body, to: .matrix(count - 1, count + 1)), axis: 1, start: 0, count: 1)
      return builder.concatenate(
        [builder.reshape(column, to: .vector(count - 1)), last], axis: 0)
    }
    let entries = try vector(call, 0, value)
    let count = entries.shape[0]
    let shape = try admit([count, count], range)
    guard count > 1 else { return builder.reshape(entries, to: shape) }
    let last = builder.slice(entries, axis: 0, start: count - 1, count: 1)
    let column = builder.reshape(
      builder.slice(entries, axis: 0, start: 0, count: count - 1), to: .matrix(count - 1, 1))
    let body = builder.concatenate(
      [column, builder.zeros(.matrix(count - 1, count))], axis: 1)
    let flat = builder.concatenate(
      [builder.reshape(body, to: .vector(count * count - 1)), last], axis: 0)
    return builder.reshape(flat, to: shape)
  }

  // MARK: Tables of constants

  private mutating func table(
    _ kind: BuiltinFunction.Kind, _ call: CallNode, _ values: [Value], _ range: Range<Int>
  ) throws(Diagnostic) -> Value {
    let rows = try size(call, 0, values[0])
    let columns = values.count > 1 ? try size(call, 1, values[1]) : nil
    if case .filled(let number) = kind {
      let shape = try admit([rows] + (columns.map { [$0] } ?? []), range)
      return builder.constant(Tensor(repeating: number, shape: shape))
    }
    let width = columns ?? rows
    if case .cosineBasis = kind, width > rows {
      throw problem(
        .integerOutOfRange(.argument(2, of: call.name), value: width, allowed: 1...rows),
        call.arguments[1].range)
    }
    var result = Tensor<Double>(repeating: 0, shape: try admit([rows, width], range))
    if case .cosineBasis = kind {
      for row in 0..<rows {
        for column in 0..<width {
          result.values[row * width + column] = Self.cosine(row, column, of: rows)
        }
      }
    } else {
      for index in 0..<min(rows, width) { result.values[index * width + index] = 1 }
    }
    return builder.constant(result)
  }

  /// An entry of the orthonormal discrete cosine basis of the second kind.
  ///
  ///     C(i, 0) = 1/√n,  C(i, k) = √(2/n) cos(π (2i + 1) k / 2n)
  private static func cosine(_ row: Int, _ column: Int, of count: Int) -> Double {
    let n = Double(count)
    guard column > 0 else { return 1 / n.squareRoot() }
    return (2 / n).squareRoot()
      * cos(Double.pi * Double(2 * row + 1) * Double(column) / (2 * n))
  }

  /// Evenly spaced numbers; both ends are met exactly.
  private mutating func linearSpace(
    _ call: CallNode, _ values: [Value]
  ) throws(Diagnostic) -> Value {
    for position in 0..<2 where values[position].shape.count != 1 {
      throw problem(
        .unsuitableShape(
          operation: call.name, found: values[position].shape, expected: .scalar),
        call.arguments[position].range)
    }
    let count = try integer(
      values[2], .argument(3, of: call.name), in: 2...ExpressionCompiler.entryLimit,
      call.arguments[2].range)
    let steps = (0..<count).map { Double($0) / Double(count - 1) }
    let ends = values.prefix(2).map { builder.reshape($0, to: .scalar) }
    let last = builder.binary(.multiply, builder.constant(Tensor(vector: steps)), ends[1])
    let first = builder.binary(
      .multiply, builder.constant(Tensor(vector: steps.map { 1 - $0 })), ends[0])
    return builder.binary(.add, first, last)
  }

  // MARK: Densities and choices

  /// The normal density; mean zero and deviation one unless they are given.
  private mutating func gaussian(
    _ call: CallNode, _ values: [Value]
  ) throws(Diagnostic) -> Value {
    var deviation = values[0]
    if values.count > 1 {
      deviation = try entrywise(
        .subtract, call.name, deviation, values[1], call.arguments[1].range)
    }
    if values.count > 2 {
      let place = call.arguments[2].range
      deviation = try quotient(deviation, values[2], call.name, place, place)
    }
    let square = builder.binary(.multiply, deviation, deviation)
    let kernel = builder.unary(
      .exp, builder.binary(.multiply, builder.constant(-0.5), square))
    let density = builder.binary(
      .multiply, builder.constant(1 / (2 * Double.pi).squareRoot()), kernel)
    guard values.count > 2 else { return density }
    return try entrywise(.divide, call.name, density, values[2], call.arguments[2].range)
  }

  /// Entry by entry one of two values; single entries go with every shape.
  private mutating func choose(_ call: CallNode, _ values: [Value]) throws(Diagnostic) -> Value {
    let shape = values.map(\.shape).max { ($0.count, $0.rank) < ($1.count, $1.rank) } ?? .scalar
    var operands: [Value] = []
    for (position, value) in values.enumerated() {
      if value.shape == shape {
        operands.append(value)
      } else if value.shape.count == 1 {
        operands.append(builder.reshape(value, to: .scalar))
      } else {
        let other = values.first { $0.shape == shape } ?? value
        throw problem(
          .shapeMismatch(operation: call.name, left: other.shape, right: value.shape),
          call.arguments[position].range)
      }
    }
    return builder.select(operands[0], operands[1], operands[2])
  }
}
