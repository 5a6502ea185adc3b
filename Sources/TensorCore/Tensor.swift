/// The number types a tensor can hold: `Float` and `Double`.
public protocol TensorScalar: BinaryFloatingPoint, Sendable {}

extension Float: TensorScalar {}
extension Double: TensorScalar {}

/// Numbers in a rectangular arrangement, stored row by row.
///
/// A value type: copies are independent, storage is shared until written.
public struct Tensor<Scalar: TensorScalar>: Hashable, Sendable {
  /// The extents.
  public let shape: Shape
  /// The entries, row-major; their number is `shape.count`.
  public var values: [Scalar]

  /// Creates a tensor from its shape and its entries in row-major order.
  public init(shape: Shape, values: [Scalar]) {
    precondition(
      values.count == shape.count, "\(values.count) values for a tensor of shape \(shape)")
    self.shape = shape
    self.values = values
  }

  /// Creates a tensor with every entry equal to `value`.
  public init(repeating value: Scalar, shape: Shape) {
    self.init(shape: shape, values: [Scalar](repeating: value, count: shape.count))
  }

  /// Creates a tensor without axes.
  public init(_ scalar: Scalar) {
    self.init(shape: .scalar, values: [scalar])
  }

  /// Creates a vector.
  public init(vector: [Scalar]) {
    self.init(shape: .vector(vector.count), values: vector)
  }

  /// Creates a matrix from its rows, which must have equal lengths.
  public init(rows: [[Scalar]]) {
    let columns = rows.first?.count ?? 0
    precondition(rows.allSatisfy { $0.count == columns }, "rows of different lengths")
    self.init(shape: .matrix(rows.count, columns), values: rows.flatMap { $0 })
  }

  /// The `count` × `count` identity matrix.
  public static func identity(_ count: Int) -> Tensor {
    var result = Tensor(repeating: 0, shape: .matrix(count, count))
    for index in 0..<count { result.values[index * count + index] = 1 }
    return result
  }

  /// A square matrix with `entries` on its diagonal and zeros elsewhere.
  public static func diagonal(_ entries: [Scalar]) -> Tensor {
    var result = Tensor(repeating: 0, shape: .matrix(entries.count, entries.count))
    for (index, entry) in entries.enumerated() {
      result.values[index * entries.count + index] = entry
    }
    return result
  }

  /// The entry at one index per axis.
  public subscript(indices: Int...) -> Scalar {
    get { values[offset(indices)] }
    set { values[offset(indices)] = newValue }
  }

  private func offset(_ indices: [Int]) -> Int {
    precondition(indices.count == shape.rank, "\(indices.count) indices for shape \(shape)")
    var offset = 0
    for (axis, index) in indices.enumerated() {
      precondition(
        index >= 0 && index < shape[axis], "index \(indices) outside shape \(shape)")
      offset = offset * shape[axis] + index
    }
    return offset
  }

  /// The same entries under another shape of equal count.
  public func reshaped(_ shape: Shape) -> Tensor { Tensor(shape: shape, values: values) }

  /// The number of rows of a matrix.
  public var rows: Int { shape[0] }

  /// The number of columns of a matrix.
  public var columns: Int { shape[1] }
}
