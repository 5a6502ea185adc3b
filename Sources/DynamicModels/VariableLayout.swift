public import TensorCore

/// One named variable inside a flat vector.
public struct VariableBlock: Hashable, Sendable {
  /// The name the model gives it.
  public let name: String
  /// Its shape; entries lie in row-major order.
  public let shape: Shape
  /// Where its first entry stands in the flat vector.
  public let offset: Int

  /// The positions of its entries in the flat vector.
  public var range: Range<Int> { offset..<(offset + shape.count) }

  /// Creates a block.
  public init(name: String, shape: Shape, offset: Int) {
    self.name = name
    self.shape = shape
    self.offset = offset
  }
}

/// How named variables are packed into one flat vector, in order of declaration.
public struct VariableLayout: Hashable, Sendable {
  /// The blocks in storage order.
  public let blocks: [VariableBlock]
  /// The length of the flat vector.
  public let count: Int

  /// A layout without variables.
  public static let empty = VariableLayout([])

  /// Packs variables one after the other.
  public init(_ variables: [(name: String, shape: Shape)]) {
    var blocks: [VariableBlock] = []
    var offset = 0
    for variable in variables {
      blocks.append(VariableBlock(name: variable.name, shape: variable.shape, offset: offset))
      offset += variable.shape.count
    }
    self.blocks = blocks
    count = offset
  }

  /// The block of a name, if there is one.
  public subscript(name: String) -> VariableBlock? { blocks.first { $0.name == name } }

  /// A name for every entry: `x` for a scalar, `x[2]` for a vector, `A[1,2]` for a matrix.
  public var elementNames: [String] {
    blocks.flatMap { block -> [String] in
      if block.shape.isScalar { return [block.name] }
      return (0..<block.shape.count).map { flat in
        var rest = flat
        let indices = block.shape.strides.map { stride -> String in
          defer { rest %= stride }
          return String(rest / stride + 1)
        }
        return "\(block.name)[\(indices.joined(separator: ","))]"
      }
    }
  }
}
