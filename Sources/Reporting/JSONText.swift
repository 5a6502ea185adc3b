internal import TensorCore

extension ResultTree {
  /// The tree as JSON text with a final newline.
  ///
  /// Members in their own order, two spaces of indentation, one line per numeric row. Every finite
  /// number reads back to the same bits; a number that is not finite becomes `null`.
  public func json() -> String {
    var writer = JSONWriter()
    writer.write(self, depth: 0)
    writer.text += "\n"
    return writer.text
  }
}

/// Builds JSON text.
struct JSONWriter {
  var text = ""

  mutating func write(_ tree: ResultTree, depth: Int) {
    switch tree {
    case .object(let members): write(members, depth: depth)
    case .array(let values): write(values, depth: depth)
    case .tensor(let tensor):
      write(tensor, axis: 0, offset: 0, strides: tensor.shape.strides, depth: depth)
    case .number(let value): write(value)
    case .integer(let value): text += String(value)
    case .string(let value): write(value)
    case .bool(let value): text += value ? "true" : "false"
    case .null: text += "null"
    }
  }

  private mutating func write(_ members: [ResultTree.Member], depth: Int) {
    guard !members.isEmpty else {
      text += "{}"
      return
    }
    text += "{"
    for (index, member) in members.enumerated() {
      newLine(index == 0 ? "" : ",", depth: depth + 1)
      write(member.name)
      text += ": "
      write(member.value, depth: depth + 1)
    }
    newLine("", depth: depth)
    text += "}"
  }

  private mutating func write(_ values: [ResultTree], depth: Int) {
    // Short lists of plain values, such as names, stay on one line.
    let inline = values.allSatisfy(\.isPlain)
    text += "["
    for (index, value) in values.enumerated() {
      if inline {
        text += index == 0 ? "" : ", "
      } else {
        newLine(index == 0 ? "" : ",", depth: depth + 1)
      }
      write(value, depth: depth + 1)
    }
    if !inline { newLine("", depth: depth) }
    text += "]"
  }

  private mutating func write(
    _ tensor: Tensor<Double>, axis: Int, offset: Int, strides: [Int], depth: Int
  ) {
    guard axis < tensor.shape.rank else {
      write(tensor.values[offset])
      return
    }
    let inline = axis == tensor.shape.rank - 1
    text += "["
    for index in 0..<tensor.shape[axis] {
      if inline {
        text += index == 0 ? "" : ", "
      } else {
        newLine(index == 0 ? "" : ",", depth: depth + 1)
      }
      write(
        tensor, axis: axis + 1, offset: offset + index * strides[axis], strides: strides,
        depth: depth + 1)
    }
    if !inline && tensor.shape[axis] > 0 { newLine("", depth: depth) }
    text += "]"
  }

  private mutating func write(_ value: Double) {
    text += value.isFinite ? value.description : "null"
  }

  private mutating func write(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }

  private mutating func newLine(_ separator: String, depth: Int) {
    text += separator
    text += "\n"
    for _ in 0..<depth { text += "  " }
  }
}

extension ResultTree {
  /// Whether the value takes no line of its own.
  fileprivate var isPlain: Bool {
    switch self {
    case .number, .integer, .string, .bool, .null: true
    case .object, .array, .tensor: false
    }
  }
}
