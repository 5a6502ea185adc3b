internal import TensorCore

/// Dense products on arrays.
enum Dense {
  /// `A B` with A `[rows × inner]`, B `[inner × columns]`.
  static func product(
    _ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int
  ) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    var output = result.mutableSpan
    LinearAlgebraKernels.product(
      a.span, b.span, into: &output, rows: rows, inner: inner, columns: columns)
    return result
  }

  /// `Aᵀ B` with A `[inner × rows]`, B `[inner × columns]`.
  static func transposedProduct(
    _ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int
  ) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    var output = result.mutableSpan
    LinearAlgebraKernels.transposedProduct(
      a.span, b.span, into: &output, rows: rows, inner: inner, columns: columns)
    return result
  }

  /// Writes `Aᵀ x` with A `[inner × rows]`.
  static func transposedVector(
    _ a: [Double], _ x: [Double], rows: Int, inner: Int, into result: inout [Double]
  ) {
    var output = result.mutableSpan
    LinearAlgebraKernels.transposedMatrixVector(
      a.span, x.span, into: &output, rows: inner, columns: rows)
  }

  static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var total = 0.0
    for index in a.indices { total += a[index] * b[index] }
    return total
  }
}
