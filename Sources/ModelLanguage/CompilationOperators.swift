internal import TensorCore

extension Compilation {
  // MARK: Sums and products

  mutating func chain(
    _ first: ExpressionNode, _ links: [ChainLink]
  ) throws(Diagnostic) -> Value {
    var result = try value(first)
    for link in links {
      let operand = try value(link.operand)
      switch link.operation {
      case .add, .subtract, .entrywiseMultiply:
        result = try entrywise(
          Self.operation(link.operation), link.operation.rawValue, result, operand,
          link.operatorRange)
      case .multiply: result = try product(result, operand, link.operatorRange)
      case .divide, .entrywiseDivide:
        result = try quotient(
          result, operand, link.operation.rawValue, link.operatorRange, link.operand.range)
      default: preconditionFailure("\(link.operation) stands in no chain")
      }
      result = try checked(
        result, first.range.lowerBound..<link.operand.range.upperBound)
    }
    return result
  }

  private static func operation(_ infix: InfixOperator) -> BinaryOperation {
    switch infix {
    case .add: .add
    case .subtract: .subtract
    case .multiply, .entrywiseMultiply: .multiply
    case .divide, .entrywiseDivide: .divide
    case .power, .entrywisePower: .power
    case .equal: .equal
    case .notEqual: .notEqual
    case .less, .greater: .less
    case .lessOrEqual, .greaterOrEqual: .lessOrEqual
    }
  }

  /// Combines entry by entry; a value of one entry goes with every shape.
  mutating func entrywise(
    _ operation: BinaryOperation, _ name: String, _ left: Value, _ right: Value,
    _ range: Range<Int>
  ) throws(Diagnostic) -> Value {
    let (a, b) = try paired(name, left, right, range)
    return builder.binary(operation, a, b)
  }

  /// The operands with equal shapes, or one of them as a scalar.
  mutating func paired(
    _ name: String, _ left: Value, _ right: Value, _ range: Range<Int>
  ) throws(Diagnostic) -> (Value, Value) {
    if left.shape == right.shape { return (left, right) }
    if right.shape.count == 1, left.shape.count != 1 || left.shape.rank >= right.shape.rank {
      return (left, builder.reshape(right, to: .scalar))
    }
    if left.shape.count == 1 { return (builder.reshape(left, to: .scalar), right) }
    throw problem(
      .shapeMismatch(operation: name, left: left.shape, right: right.shape), range)
  }

  private mutating func product(
    _ a: Value, _ b: Value, _ range: Range<Int>
  ) throws(Diagnostic) -> Value {
    switch (a.shape.rank, b.shape.rank) {
    case (2, 2) where a.shape[1] == b.shape[0]:
      _ = try admit([a.shape[0], b.shape[1]], range)
      return builder.matrixProduct(a, b)
    case (2, 1) where a.shape[1] == b.shape[0]:
      let column = builder.reshape(b, to: .matrix(b.shape[0], 1))
      return builder.reshape(builder.matrixProduct(a, column), to: .vector(a.shape[0]))
    case (1, 2) where b.shape[0] == 1:
      // A column times a row.
      _ = try admit([a.shape[0], b.shape[1]], range)
      return builder.matrixProduct(builder.reshape(a, to: .matrix(a.shape[0], 1)), b)
    default: return try entrywise(.multiply, "*", a, b, range)
    }
  }

  /// Division entry by entry; a constant divisor must not be zero.
  mutating func quotient(
    _ a: Value, _ b: Value, _ name: String, _ range: Range<Int>, _ divisor: Range<Int>
  ) throws(Diagnostic) -> Value {
    if let constant = builder.constantValue(b), constant.values.contains(0) {
      throw problem(.divisionByZero, divisor)
    }
    return try entrywise(.divide, name, a, b, range)
  }

  // MARK: Powers and comparisons

  mutating func binary(
    _ operation: InfixOperator, _ range: Range<Int>, _ left: ExpressionNode,
    _ right: ExpressionNode
  ) throws(Diagnostic) -> Value {
    let a = try value(left)
    let b = try value(right)
    switch operation {
    case .power: return try power(a, b, left, right)
    case .greater, .greaterOrEqual:
      let (first, second) = try paired(operation.rawValue, a, b, range)
      return builder.binary(Self.operation(operation), second, first)
    default: return try entrywise(Self.operation(operation), operation.rawValue, a, b, range)
    }
  }

  private mutating func power(
    _ a: Value, _ b: Value, _ left: ExpressionNode, _ right: ExpressionNode
  ) throws(Diagnostic) -> Value {
    guard b.shape.count == 1 else {
      throw problem(
        .unsuitableShape(operation: "^", found: b.shape, expected: .scalar), right.range)
    }
    if a.shape.count == 1 {
      return builder.binary(.power, a, builder.reshape(b, to: .scalar))
    }
    guard a.shape.rank == 2, a.shape[0] == a.shape[1] else {
      throw problem(
        .unsuitableShape(operation: "^", found: a.shape, expected: .scalarOrSquareMatrix),
        left.range)
    }
    var exponent = try integer(b, .exponent, in: 0...1024, right.range)
    var result: Value?
    var square = a
    while exponent > 0 {
      if exponent & 1 == 1 { result = result.map { builder.matrixProduct($0, square) } ?? square }
      exponent >>= 1
      if exponent > 0 { square = builder.matrixProduct(square, square) }
    }
    return result ?? builder.constant(.identity(a.shape[0]))
  }

  mutating func transpose(_ operand: ExpressionNode) throws(Diagnostic) -> Value {
    let a = try value(operand)
    switch a.shape.rank {
    case 0: return a
    case 1: return builder.reshape(a, to: .matrix(1, a.shape[0]))
    case 2: return builder.transpose(a)
    default:
      throw problem(
        .unsuitableShape(operation: "'", found: a.shape, expected: .matrix), operand.range)
    }
  }

  // MARK: Literals

  mutating func literal(_ entries: [ExpressionNode]) throws(Diagnostic) -> Value {
    // Long tables of plain numbers are data; they need no node per entry.
    let numbers = entries.lazy.compactMap(\.literalNumber)
    if entries.allSatisfy({ $0.literalNumber != nil }) {
      return builder.constant(Tensor(vector: Array(numbers)))
    }
    var parts: [Value] = []
    parts.reserveCapacity(entries.count)
    for entry in entries {
      let part = try value(entry)
      guard part.shape.rank <= 1 else {
        throw problem(
          .unsuitableShape(operation: "[…]", found: part.shape, expected: .scalarOrVector),
          entry.range)
      }
      if let first = parts.first, first.shape != part.shape {
        guard first.shape.count == 1, part.shape.count == 1 else {
          throw problem(.unevenLiteral(first: first.shape, other: part.shape), entry.range)
        }
        parts = parts.map { builder.reshape($0, to: .scalar) }
        parts.append(builder.reshape(part, to: .scalar))
      } else {
        parts.append(part)
      }
    }
    return builder.stack(parts)
  }

  // MARK: Indices

  mutating func index(
    _ base: ExpressionNode, _ indices: [IndexNode], _ range: Range<Int>
  ) throws(Diagnostic) -> Value {
    var result = try value(base)
    guard indices.count == result.shape.rank, !indices.isEmpty else {
      throw problem(.wrongIndexCount(found: indices.count, shape: result.shape), range)
    }
    var axis = 0
    for index in indices {
      let extent = result.shape[axis]
      switch index {
      case .single(let node):
        let position = try position(node, extent)
        result = builder.element(result, axis: axis, index: position - 1)
      case .range(let first, let last, let range):
        guard extent > 0 else {
          throw problem(.indexOutOfRange(index: 1, extent: extent), range)
        }
        let from = try first.map { node throws(Diagnostic) in try position(node, extent) } ?? 1
        let to = try last.map { node throws(Diagnostic) in try position(node, extent) } ?? extent
        guard from <= to else { throw problem(.emptyRange(first: from, last: to), range) }
        result = builder.slice(result, axis: axis, start: from - 1, count: to - from + 1)
        axis += 1
      }
    }
    return result
  }

  private mutating func position(
    _ node: ExpressionNode, _ extent: Int
  ) throws(Diagnostic) -> Int {
    // In two steps: a method that does not change the compilation reads it before its arguments.
    let compiled = try value(node)
    let index = try integer(compiled, .index, in: nil, node.range)
    guard index >= 1, index <= extent else {
      throw problem(.indexOutOfRange(index: index, extent: extent), node.range)
    }
    return index
  }

  /// A constant whole number.
  func integer(
    _ value: Value, _ role: ConstantRole, in allowed: ClosedRange<Int>?, _ range: Range<Int>
  ) throws(Diagnostic) -> Int {
    guard let tensor = builder.constantValue(value), tensor.values.count == 1 else {
      throw problem(.notConstant(role), range)
    }
    let number = tensor.values[0]
    // Beyond 2^53 neighbours of a whole number are not told apart.
    guard let whole = Int(exactly: number), abs(number) <= 0x1p53 else {
      throw problem(.notInteger(role, value: number), range)
    }
    if let allowed, !allowed.contains(whole) {
      throw problem(.integerOutOfRange(role, value: whole, allowed: allowed), range)
    }
    return whole
  }
}
