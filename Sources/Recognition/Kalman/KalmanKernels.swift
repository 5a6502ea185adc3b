internal import Foundation
internal import TensorCore

/// Dense products and solutions on row-major arrays, for loops that allocate nothing.
enum KalmanKernels {
  /// `C = A B` with A `[rows × inner]` and B `[inner × columns]`.
  static func product(
    _ a: [Double], _ b: [Double], into c: inout [Double], _ rows: Int, _ inner: Int, _ columns: Int,
    adding: Bool = false
  ) {
    var target = c.mutableSpan
    LinearAlgebraKernels.product(
      a.span, b.span, into: &target, rows: rows, inner: inner, columns: columns, adding: adding)
  }

  /// `C = Aᵀ B` with A `[inner × rows]` and B `[inner × columns]`.
  static func transposedProduct(
    _ a: [Double], _ b: [Double], into c: inout [Double], _ rows: Int, _ inner: Int, _ columns: Int,
    adding: Bool = false
  ) {
    var target = c.mutableSpan
    LinearAlgebraKernels.transposedProduct(
      a.span, b.span, into: &target, rows: rows, inner: inner, columns: columns, adding: adding)
  }

  /// `C = A Bᵀ` with A `[rows × inner]` and B `[columns × inner]`.
  static func productTransposed(
    _ a: [Double], _ b: [Double], into c: inout [Double], _ rows: Int, _ inner: Int, _ columns: Int,
    adding: Bool = false
  ) {
    var target = c.mutableSpan
    LinearAlgebraKernels.productTransposed(
      a.span, b.span, into: &target, rows: rows, inner: inner, columns: columns, adding: adding)
  }

  /// Makes a square matrix symmetric to the last bit.
  static func symmetrize(_ a: inout [Double], _ size: Int) {
    for row in 0..<size {
      for column in 0..<row {
        let middle = 0.5 * (a[row * size + column] + a[column * size + row])
        a[row * size + column] = middle
        a[column * size + row] = middle
      }
    }
  }

  /// Replaces a matrix by its lower Cholesky factor and returns `ln |A|`.
  static func factor(_ a: inout [Double], _ size: Int) throws(LinearAlgebraError) -> Double {
    var target = a.mutableSpan
    try LinearAlgebraKernels.cholesky(inPlace: &target, size: size)
    var sum = 0.0
    for row in 0..<size { sum += log(a[row * size + row]) }
    return 2 * sum
  }

  /// Replaces B `[size × columns]` by `A⁻¹ B`, given the lower Cholesky factor of A.
  static func solve(_ lower: [Double], _ b: inout [Double], _ size: Int, _ columns: Int) {
    var target = b.mutableSpan
    LinearAlgebraKernels.solveLower(lower.span, inPlace: &target, size: size, columns: columns)
    LinearAlgebraKernels.solveLowerTransposed(
      lower.span, inPlace: &target, size: size, columns: columns)
  }

  /// `ln |A|` of a covariance; pivots below rounding count as rounding, so that it is finite.
  ///
  /// The matrix is overwritten.
  static func logDeterminant(overwriting a: inout [Double], _ size: Int) -> Double {
    var sum = 0.0
    for k in 0..<size {
      let floor = max(abs(a[k * size + k]) * 0x1p-52, .leastNormalMagnitude)
      var pivot = a[k * size + k]
      for m in 0..<k { pivot -= a[k * size + m] * a[k * size + m] }
      let root = max(pivot, floor).squareRoot()
      sum += log(root)
      a[k * size + k] = root
      for row in (k + 1)..<max(size, k + 1) {
        var entry = a[row * size + k]
        for m in 0..<k { entry -= a[row * size + m] * a[k * size + m] }
        a[row * size + k] = entry / root
      }
    }
    return 2 * sum
  }

  /// `Σ a_i b_i`.
  static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  /// Copies the block at an offset of a long array into `target`.
  static func load(_ source: [Double], _ offset: Int, into target: inout [Double]) {
    for index in target.indices { target[index] = source[offset + index] }
  }

  /// Copies `source` into the block at an offset of a long array.
  static func store(_ source: [Double], _ offset: Int, into target: inout [Double]) {
    for index in source.indices { target[offset + index] = source[index] }
  }

  /// Adds `E S⁻¹ Eᵀ` for E `[rows × d]`.
  static func addSpread(
    of loadings: [Double], _ inverse: [Double], _ rows: Int, _ d: Int, to target: inout [Double]
  ) {
    if d == 0 { return }
    for row in 0..<rows {
      for column in 0...row {
        var sum = 0.0
        for a in 0..<d {
          var inner = 0.0
          for b in 0..<d { inner += inverse[a * d + b] * loadings[column * d + b] }
          sum += loadings[row * d + a] * inner
        }
        target[row * rows + column] += sum
        if column < row { target[column * rows + row] += sum }
      }
    }
  }
}
