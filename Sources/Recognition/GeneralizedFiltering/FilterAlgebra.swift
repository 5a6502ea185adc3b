internal import DynamicModels
internal import Foundation
internal import TensorCore

/// Inverses of symmetric positive definite matrices of one size, over buffers made once.
struct SymmetricInverter {
  let size: Int
  private var factor: [Double]
  private var root: [Double]

  init(size: Int) {
    self.size = size
    factor = [Double](repeating: 0, count: size * size)
    root = factor
  }

  /// Writes `(A + load I)⁻¹` and returns `ln |A + load I|`; nil where that is not positive definite.
  mutating func invert(
    _ a: [Double], load: Double = 0, into result: inout [Double]
  ) -> Double? {
    for index in factor.indices {
      factor[index] = a[index]
      root[index] = 0
    }
    for index in 0..<size {
      factor[index * size + index] += load
      root[index * size + index] = 1
    }
    guard let logDeterminant = Self.factorize(&factor, size) else { return nil }
    Self.solve(factor, &root, size)
    // A⁻¹ = L⁻ᵀ L⁻¹, so that both triangles come from the same sums.
    InPlace.transposedProduct(root, root, into: &result, rows: size, inner: size, columns: size)
    return logDeterminant
  }

  /// `ln |A|`; nil where A is not positive definite.
  mutating func logDeterminant(_ a: [Double]) -> Double? {
    for index in factor.indices { factor[index] = a[index] }
    return Self.factorize(&factor, size)
  }

  /// Replaces a matrix by its Cholesky factor and returns its logarithmic determinant.
  private static func factorize(_ factor: inout [Double], _ size: Int) -> Double? {
    do throws(LinearAlgebraError) {
      var buffer = factor.mutableSpan
      try LinearAlgebraKernels.cholesky(inPlace: &buffer, size: size)
    } catch { return nil }
    var total = 0.0
    for index in 0..<size { total += log(factor[index * size + index]) }
    return 2 * total
  }

  private static func solve(_ factor: [Double], _ root: inout [Double], _ size: Int) {
    var rows = root.mutableSpan
    LinearAlgebraKernels.solveLower(factor.span, inPlace: &rows, size: size, columns: size)
  }

  /// Writes the inverse as the reference takes it, with a load on the diagonal, however singular.
  mutating func invertLoaded(
    _ a: [Double], into result: inout [Double]
  ) throws(LinearAlgebraError) {
    if size == 0 || invert(a, load: Self.load(a, size), into: &result) != nil { return }
    result = try RegularizedStep.inverse(Tensor(shape: .matrix(size, size), values: a)).values
  }

  /// Writes the inverse; a matrix that is not positive definite is inverted by elimination.
  mutating func invertPlain(
    _ a: [Double], into result: inout [Double]
  ) throws(LinearAlgebraError) -> Double {
    if size == 0 { return 0 }
    if let logDeterminant = invert(a, into: &result) { return logDeterminant }
    let square = Tensor(shape: .matrix(size, size), values: a)
    result = try LinearAlgebra.inverse(square).values
    return LinearAlgebra.logAbsoluteDeterminant(square).value
  }

  private static func load(_ a: [Double], _ size: Int) -> Double {
    var largest = 0.0
    for row in 0..<size {
      var sum = 0.0
      for column in 0..<size { sum += abs(a[row * size + column]) }
      largest = max(largest, sum)
    }
    return max(largest.ulp * Double(size), RegularizedStep.leastLoad)
  }
}

/// Products of row-major matrices into arrays that exist.
enum InPlace {
  /// `C = A B` with A `[rows × inner]` and B `[inner × columns]`.
  static func product(
    _ a: [Double], _ b: [Double], into c: inout [Double], rows: Int, inner: Int, columns: Int
  ) {
    var output = c.mutableSpan
    LinearAlgebraKernels.product(
      a.span, b.span, into: &output, rows: rows, inner: inner, columns: columns)
  }

  /// `C = Aᵀ B` with A `[inner × rows]` and B `[inner × columns]`.
  static func transposedProduct(
    _ a: [Double], _ b: [Double], into c: inout [Double], rows: Int, inner: Int, columns: Int
  ) {
    var output = c.mutableSpan
    LinearAlgebraKernels.transposedProduct(
      a.span, b.span, into: &output, rows: rows, inner: inner, columns: columns)
  }

  /// `C = [A B]` of matrices of `left` and `right` columns.
  static func join(
    _ a: [Double], _ b: [Double], into c: inout [Double], rows: Int, _ left: Int, _ right: Int
  ) {
    let width = left + right
    for row in 0..<rows {
      for column in 0..<left { c[row * width + column] = a[row * left + column] }
      for column in 0..<right { c[row * width + left + column] = b[row * right + column] }
    }
  }

  /// Copies the leading `size` rows and columns of a matrix whose rows are `stride` apart.
  static func copyBlock(_ a: [Double], stride: Int, into c: inout [Double], size: Int) {
    for row in 0..<size {
      for column in 0..<size { c[row * size + column] = a[row * stride + column] }
    }
  }

  /// `A x` of a small matrix, as a new array.
  static func applied(_ a: [Double], _ x: [Double]) -> [Double] {
    let count = x.count
    return (0..<count).map { row in
      (0..<count).reduce(0) { $0 + a[row * count + $1] * x[$1] }
    }
  }

  /// `tr(A B)` of two symmetric matrices.
  static func trace(_ a: [Double], _ b: [Double]) -> Double {
    var total = 0.0
    for index in a.indices { total += a[index] * b[index] }
    return total
  }
}
