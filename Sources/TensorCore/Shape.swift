/// The extents of a tensor, outermost axis first; storage is row-major.
///
/// A scalar has no axes, a vector one, a matrix two. An extent of zero is allowed and means an
/// empty tensor.
public struct Shape: Hashable, Sendable, CustomStringConvertible {
  /// The extent of every axis, outermost first.
  public let dimensions: [Int]

  /// Creates a shape from its extents; a negative extent is a caller's bug.
  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "negative extent in shape \(dimensions)")
    self.dimensions = dimensions
  }

  /// The shape of a single number.
  public static let scalar = Shape([])

  /// The shape of a vector with `count` entries.
  public static func vector(_ count: Int) -> Shape { Shape([count]) }

  /// The shape of a matrix with `rows` rows and `columns` columns.
  public static func matrix(_ rows: Int, _ columns: Int) -> Shape { Shape([rows, columns]) }

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// The number of entries.
  public var count: Int { dimensions.reduce(1, *) }

  /// Whether this is the shape of a single number without axes.
  public var isScalar: Bool { dimensions.isEmpty }

  /// The distance in storage between neighbours along each axis.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * dimensions[axis + 1]
    }
    return strides
  }

  /// The extent of one axis.
  public subscript(axis: Int) -> Int { dimensions[axis] }

  /// The shape as people read it: `scalar`, `3`, or `4 × 2`.
  public var description: String {
    isScalar ? "scalar" : dimensions.map(String.init).joined(separator: " × ")
  }
}
