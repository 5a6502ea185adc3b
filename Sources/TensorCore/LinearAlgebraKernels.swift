/// Dense kernels on row-major buffers that the caller owns: no allocation, fixed order of sums.
///
/// Each checks the extents of its buffers once and then runs unchecked, because schemes call them
/// in their inner loops. Sums run over rising indices, so equal input gives equal bytes. An
/// output must not overlap an input.
public enum LinearAlgebraKernels {
  /// Writes `C = A B`, or adds to C, with A `[rows × inner]` and B `[inner × columns]`.
  public static func product(
    _ a: Span<Double>, _ b: Span<Double>, into c: inout MutableSpan<Double>,
    rows: Int, inner: Int, columns: Int, adding: Bool = false
  ) {
    check(a.count, rows, inner)
    check(b.count, inner, columns)
    check(c.count, rows, columns)
    for row in 0..<rows {
      let out = row * columns
      if !adding {
        for column in 0..<columns { unsafe c[unchecked: out + column] = 0 }
      }
      for k in 0..<inner {
        let factor = unsafe a[unchecked: row * inner + k]
        let source = k * columns
        for column in 0..<columns {
          unsafe c[unchecked: out + column] += factor * b[unchecked: source + column]
        }
      }
    }
  }

  /// Writes `C = Aᵀ B`, or adds to C, with A `[inner × rows]` and B `[inner × columns]`.
  public static func transposedProduct(
    _ a: Span<Double>, _ b: Span<Double>, into c: inout MutableSpan<Double>,
    rows: Int, inner: Int, columns: Int, adding: Bool = false
  ) {
    check(a.count, inner, rows)
    check(b.count, inner, columns)
    check(c.count, rows, columns)
    if !adding {
      for index in 0..<(rows * columns) { unsafe c[unchecked: index] = 0 }
    }
    for k in 0..<inner {
      let source = k * columns
      for row in 0..<rows {
        let factor = unsafe a[unchecked: k * rows + row]
        let out = row * columns
        for column in 0..<columns {
          unsafe c[unchecked: out + column] += factor * b[unchecked: source + column]
        }
      }
    }
  }

  /// Writes `C = A Bᵀ`, or adds to C, with A `[rows × inner]` and B `[columns × inner]`.
  public static func productTransposed(
    _ a: Span<Double>, _ b: Span<Double>, into c: inout MutableSpan<Double>,
    rows: Int, inner: Int, columns: Int, adding: Bool = false
  ) {
    check(a.count, rows, inner)
    check(b.count, columns, inner)
    check(c.count, rows, columns)
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = adding ? unsafe c[unchecked: row * columns + column] : 0
        for k in 0..<inner {
          unsafe sum += a[unchecked: row * inner + k] * b[unchecked: column * inner + k]
        }
        unsafe c[unchecked: row * columns + column] = sum
      }
    }
  }

  /// Writes `y = A x`, or adds to y, with A `[rows × columns]`.
  public static func matrixVector(
    _ a: Span<Double>, _ x: Span<Double>, into y: inout MutableSpan<Double>,
    rows: Int, columns: Int, adding: Bool = false
  ) {
    check(a.count, rows, columns)
    check(x.count, columns, 1)
    check(y.count, rows, 1)
    for row in 0..<rows {
      var sum = adding ? unsafe y[unchecked: row] : 0
      for column in 0..<columns {
        unsafe sum += a[unchecked: row * columns + column] * x[unchecked: column]
      }
      unsafe y[unchecked: row] = sum
    }
  }

  /// Writes `y = Aᵀ x`, or adds to y, with A `[rows × columns]`.
  public static func transposedMatrixVector(
    _ a: Span<Double>, _ x: Span<Double>, into y: inout MutableSpan<Double>,
    rows: Int, columns: Int, adding: Bool = false
  ) {
    transposedProduct(
      x, a, into: &y, rows: 1, inner: rows, columns: columns, adding: adding)
  }

  /// Writes the transpose of A `[rows × columns]`.
  public static func transpose(
    _ a: Span<Double>, into b: inout MutableSpan<Double>, rows: Int, columns: Int
  ) {
    check(a.count, rows, columns)
    check(b.count, columns, rows)
    for row in 0..<rows {
      for column in 0..<columns {
        unsafe b[unchecked: column * rows + row] = a[unchecked: row * columns + column]
      }
    }
  }

  /// Writes `A ⊗ B`, the left factor slow and the right one fast, or adds `scale` times it.
  public static func kronecker(
    _ a: Span<Double>, rows: Int, columns: Int,
    _ b: Span<Double>, innerRows: Int, innerColumns: Int,
    into c: inout MutableSpan<Double>, scale: Double = 1, adding: Bool = false
  ) {
    check(a.count, rows, columns)
    check(b.count, innerRows, innerColumns)
    check(c.count, rows * innerRows, columns * innerColumns)
    let width = columns * innerColumns
    for row in 0..<rows {
      for column in 0..<columns {
        let factor = unsafe scale * a[unchecked: row * columns + column]
        for innerRow in 0..<innerRows {
          let out = (row * innerRows + innerRow) * width + column * innerColumns
          for innerColumn in 0..<innerColumns {
            let entry = unsafe factor * b[unchecked: innerRow * innerColumns + innerColumn]
            unsafe c[unchecked: out + innerColumn] =
              adding ? c[unchecked: out + innerColumn] + entry : entry
          }
        }
      }
    }
  }

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

  private static func check(_ count: Int, _ rows: Int, _ columns: Int) {
    precondition(
      rows >= 0 && columns >= 0 && count == rows * columns,
      "a buffer of \(count) for a matrix of \(rows) × \(columns)")
  }
}
