internal import ModelLanguage
internal import TensorCore

/// Compiles the values of a model file: expressions, plain numbers and nested lists of both.
struct ValueCompiler {
  let problems: ProblemCollector

  /// The value of a node inside a program, or nil after reporting what is wrong.
  func value(
    _ node: YamlNode, in scope: Scope, _ builder: inout ProgramBuilder,
    _ context: ExpressionContext, key: String, constant: Bool = false
  ) -> Value? {
    switch node.content {
    case .scalar(let text, let style):
      if node.isNull {
        problems.add(.wrongKind(key: key, expected: .expression, found: .nothing), at: node)
        return nil
      }
      if style == .plain, let number = plainNumber(text) {
        guard number.isFinite else {
          problems.add(.nonFiniteNumber(text), at: node)
          return nil
        }
        return builder.constant(number)
      }
      do {
        let expression = try ExpressionParser.parse(node.fragment, context: context)
        if constant {
          return builder.constant(
            try ExpressionCompiler.constant(expression, in: scope, context: context))
        }
        return try ExpressionCompiler.compile(
          expression, in: scope, builder: &builder, context: context)
      } catch {
        problems.add(error)
        return nil
      }
    case .sequence(let items):
      return list(items, node, in: scope, &builder, context, key: key, constant: constant)
    case .mapping:
      problems.add(.wrongKind(key: key, expected: .expression, found: .mapping), at: node)
      return nil
    }
  }

  /// A list is a vector, a list of equally long lists a matrix; entries of one shape are stacked.
  private func list(
    _ items: [YamlNode], _ node: YamlNode, in scope: Scope, _ builder: inout ProgramBuilder,
    _ context: ExpressionContext, key: String, constant: Bool
  ) -> Value? {
    guard !items.isEmpty else {
      problems.add(.wrongKind(key: key, expected: .numbers, found: .nothing), at: node)
      return nil
    }
    let lengths = items.map { item -> Int? in
      if case .sequence(let cells) = item.content { return cells.count }
      return nil
    }
    for (index, length) in lengths.enumerated() where length != lengths[0] {
      if let first = lengths[0], let length {
        problems.add(
          .raggedMatrix(row: index + 1, expected: first, found: length), at: items[index])
      } else {
        problems.add(
          .wrongKind(
            key: key, expected: lengths[0] == nil ? .expression : .list, found: items[index].kind),
          at: items[index])
      }
      return nil
    }
    let entries = items.map {
      value($0, in: scope, &builder, context, key: key, constant: constant)
    }
    let values = entries.compactMap { $0 }
    guard values.count == items.count else { return nil }
    for (entry, item) in zip(values, items) where entry.shape != values[0].shape {
      problems.add(
        Diagnostic(
          .unevenLiteral(first: values[0].shape, other: entry.shape), at: item.span,
          context: context))
      return nil
    }
    return builder.stack(values)
  }

  /// The tensor of a node that must be constant, or nil after reporting what is wrong.
  func tensor(
    _ node: YamlNode, in scope: Scope, _ context: ExpressionContext, key: String
  ) -> Tensor<Double>? {
    var builder = ProgramBuilder()
    // Only constants: the scope may hold values that belong to another builder.
    guard
      let value = value(node, in: scope, &builder, context, key: key, constant: true),
      let tensor = builder.constantValue(value)
    else { return nil }
    guard let bad = tensor.values.first(where: { !$0.isFinite }) else { return tensor }
    problems.add(Diagnostic(.nonFinite(bad), at: node.span, context: context))
    return nil
  }

  /// A single finite number.
  func number(_ node: YamlNode, in scope: Scope, key: String) -> Double? {
    guard let tensor = tensor(node, in: scope, .key(key), key: key) else { return nil }
    guard tensor.shape.isScalar else {
      problems.add(
        Diagnostic(
          .resultShape(expected: .scalar, found: tensor.shape), at: node.span,
          context: .key(key)))
      return nil
    }
    return tensor.values[0]
  }

  /// A number written as YAML writes numbers, infinite where it is none that a machine can hold.
  private func plainNumber(_ text: String) -> Double? {
    switch text.lowercased() {
    case ".inf", "+.inf", "-.inf", ".nan", "inf", "+inf", "-inf", "nan", "infinity", "-infinity":
      return .infinity
    default: break
    }
    guard let first = text.utf8.first, first < 0x3A,
      text.utf8.allSatisfy({ ($0 < 0x3A && $0 > 0x2A) || $0 == 0x65 || $0 == 0x45 })
    else { return nil }
    return Double(text)
  }
}

extension FileQuantity {
  /// The key under which the file gives the quantity.
  var key: String {
    switch self {
    case .samples: "samples"
    case .step: "step"
    case .stateOrder: "states"
    case .causeOrder: "causes"
    case .smoothness: "smoothness"
    case .stepsPerSample: "stepsPerSample"
    case .iterations: "iterations"
    case .precisionIterations: "precisionIterations"
    case .passes: "passes"
    case .gradientGain: "gradientGain"
    case .priorVariance: "priorVariance"
    case .delay: "delays"
    }
  }
}

extension ValueCompiler {
  /// A whole number from 1 to a limit.
  func count(_ node: YamlNode?, _ quantity: FileQuantity, in scope: Scope, limit: Int) -> Int? {
    guard let node, let value = number(node, in: scope, key: quantity.key) else { return nil }
    let text = value.plainText
    if value <= 0 {
      problems.add(.notPositive(quantity, value: text), at: node)
    } else if value != value.rounded() {
      problems.add(.notWhole(quantity, value: text), at: node)
    } else if value > Double(limit) {
      problems.add(.tooLarge(quantity, value: text, limit: limit), at: node)
    } else {
      return Int(value)
    }
    return nil
  }

  /// A number greater than zero.
  func positive(_ node: YamlNode?, _ quantity: FileQuantity, in scope: Scope) -> Double? {
    guard let node, let value = number(node, in: scope, key: quantity.key) else { return nil }
    if value > 0 { return value }
    problems.add(.notPositive(quantity, value: value.plainText), at: node)
    return nil
  }

  /// A number that is not negative.
  func nonnegative(_ node: YamlNode?, _ quantity: FileQuantity, in scope: Scope) -> Double? {
    guard let node, let value = number(node, in: scope, key: quantity.key) else { return nil }
    if value >= 0 { return value }
    problems.add(.negative(quantity, value: value.plainText), at: node)
    return nil
  }
}

extension Double {
  /// The number as a person writes it: `3` rather than `3.0`.
  var plainText: String {
    let text = description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
