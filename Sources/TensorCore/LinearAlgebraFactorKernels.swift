/// Factorizations and triangular solutions in place, on row-major buffers that the caller owns.
extension LinearAlgebraKernels {
  /// Replaces a symmetric matrix by its lower Cholesky factor, `A = L Lᵀ`, zeros above.
  ///
  /// Only the lower triangle is read. A pivot that is not positive (or not a number) throws; the
  /// buffer is then partly overwritten.
  /// - Throws: `LinearAlgebraError.notPositiveDefinite`.
  public static func cholesky(
    inPlace a: inout MutableSpan<Double>, size: Int
  ) throws(LinearAlgebraError) {
    check(a.count, size, size)
    for row in 0..<size {
      for column in 0...row {
        var sum = unsafe a[unchecked: row * size + column]
        for k in 0..<column {
          unsafe sum -= a[unchecked: row * size + k] * a[unchecked: column * size + k]
        }
        if column == row {
          guard sum > 0, sum.isFinite else { throw .notPositiveDefinite(row: row, pivot: sum) }
          unsafe a[unchecked: row * size + row] = sum.squareRoot()
        } else {
          unsafe a[unchecked: row * size + column] = sum / a[unchecked: column * size + column]
        }
      }
      for column in (row + 1)..<max(size, row + 1) { unsafe a[unchecked: row * size + column] = 0 }
    }
  }

  /// Solves `L X = B` in place for a lower triangular L and B `[size × columns]`.
  public static func solveLower(
    _ l: Span<Double>, inPlace b: inout MutableSpan<Double>, size: Int, columns: Int
  ) {
    check(l.count, size, size)
    check(b.count, size, columns)
    for row in 0..<size {
      for k in 0..<row {
        let factor = unsafe l[unchecked: row * size + k]
        for column in 0..<columns {
          unsafe b[unchecked: row * columns + column] -= factor * b[unchecked: k * columns + column]
        }
      }
      let pivot = unsafe l[unchecked: row * size + row]
      for column in 0..<columns { unsafe b[unchecked: row * columns + column] /= pivot }
    }
  }

  /// Solves `Lᵀ X = B` in place for a lower triangular L and B `[size × columns]`.
  public static func solveLowerTransposed(
    _ l: Span<Double>, inPlace b: inout MutableSpan<Double>, size: Int, columns: Int
  ) {
    check(l.count, size, size)
    check(b.count, size, columns)
    for row in (0..<size).reversed() {
      for k in (row + 1)..<max(size, row + 1) {
        let factor = unsafe l[unchecked: k * size + row]
        for column in 0..<columns {
          unsafe b[unchecked: row * columns + column] -= factor * b[unchecked: k * columns + column]
        }
      }
      let pivot = unsafe l[unchecked: row * size + row]
      for column in 0..<columns { unsafe b[unchecked: row * columns + column] /= pivot }
    }
  }

  /// Replaces A by its LU factors with partial pivoting and returns the parity of the row swaps.
  ///
  /// The unit diagonal of L is not stored. `pivots[k]` is the row exchanged with row k. A singular
  /// matrix leaves a zero on the diagonal of U.
  public static func lu(
    inPlace a: inout MutableSpan<Double>, pivots: inout MutableSpan<Int>, size: Int
  ) -> Double {
    check(a.count, size, size)
    check(pivots.count, size, 1)
    var parity = 1.0
    for k in 0..<size {
      var pivot = k
      var largest = unsafe abs(a[unchecked: k * size + k])
      for row in (k + 1)..<max(size, k + 1) {
        let candidate = unsafe abs(a[unchecked: row * size + k])
        if candidate > largest {
          largest = candidate
          pivot = row
        }
      }
      unsafe pivots[unchecked: k] = pivot
      if pivot != k {
        parity = -parity
        for column in 0..<size {
          let kept = unsafe a[unchecked: k * size + column]
          unsafe a[unchecked: k * size + column] = a[unchecked: pivot * size + column]
          unsafe a[unchecked: pivot * size + column] = kept
        }
      }
      let diagonal = unsafe a[unchecked: k * size + k]
      if diagonal == 0 { continue }
      for row in (k + 1)..<max(size, k + 1) {
        let factor = unsafe a[unchecked: row * size + k] / diagonal
        unsafe a[unchecked: row * size + k] = factor
        if factor == 0 { continue }
        for column in (k + 1)..<max(size, k + 1) {
          unsafe a[unchecked: row * size + column] -= factor * a[unchecked: k * size + column]
        }
      }
    }
    return parity
  }

  /// Solves `A X = B` in place from the LU factors of `lu(inPlace:pivots:size:)`.
  /// - Throws: `LinearAlgebraError.singular` when U has a zero on its diagonal.
  public static func solveLU(
    _ factors: Span<Double>, pivots: Span<Int>, inPlace b: inout MutableSpan<Double>,
    size: Int, columns: Int
  ) throws(LinearAlgebraError) {
    check(factors.count, size, size)
    check(pivots.count, size, 1)
    check(b.count, size, columns)
    for row in 0..<size where unsafe factors[unchecked: row * size + row] == 0 {
      throw .singular(row: row)
    }
    for row in 0..<size {
      let pivot = unsafe pivots[unchecked: row]
      precondition(pivot >= row && pivot < size, "pivot \(pivot) in row \(row) of \(size)")
      if pivot != row {
        for column in 0..<columns {
          let kept = unsafe b[unchecked: row * columns + column]
          unsafe b[unchecked: row * columns + column] = b[unchecked: pivot * columns + column]
          unsafe b[unchecked: pivot * columns + column] = kept
        }
      }
    }
    for row in 0..<size {
      for k in 0..<row {
        let factor = unsafe factors[unchecked: row * size + k]
        for column in 0..<columns {
          unsafe b[unchecked: row * columns + column] -= factor * b[unchecked: k * columns + column]
        }
      }
    }
    for row in (0..<size).reversed() {
      for k in (row + 1)..<max(size, row + 1) {
        let factor = unsafe factors[unchecked: row * size + k]
        for column in 0..<columns {
          unsafe b[unchecked: row * columns + column] -= factor * b[unchecked: k * columns + column]
        }
      }
      let pivot = unsafe factors[unchecked: row * size + row]
      for column in 0..<columns { unsafe b[unchecked: row * columns + column] /= pivot }
    }
  }
}
