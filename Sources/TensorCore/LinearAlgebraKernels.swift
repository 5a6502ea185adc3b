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
    blockedProduct(
      a, rowStride: inner, innerStride: 1, b, into: &c, rows: rows, inner: inner,
      columns: columns, adding: adding)
  }

  /// Writes `C = Aᵀ B`, or adds to C, with A `[inner × rows]` and B `[inner × columns]`.
  public static func transposedProduct(
    _ a: Span<Double>, _ b: Span<Double>, into c: inout MutableSpan<Double>,
    rows: Int, inner: Int, columns: Int, adding: Bool = false
  ) {
    check(a.count, inner, rows)
    check(b.count, inner, columns)
    check(c.count, rows, columns)
    blockedProduct(
      a, rowStride: 1, innerStride: rows, b, into: &c, rows: rows, inner: inner,
      columns: columns, adding: adding)
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
      let left = row * inner
      let out = row * columns
      var column = 0
      // Four sums at a time hide the latency of the additions; each keeps its own order.
      while column + 4 <= columns {
        let right = column * inner
        var sum = SIMD4<Double>.zero
        if adding {
          unsafe sum = SIMD4(
            c[unchecked: out + column], c[unchecked: out + column + 1],
            c[unchecked: out + column + 2], c[unchecked: out + column + 3])
        }
        for k in 0..<inner {
          let entries = unsafe SIMD4(
            b[unchecked: right + k], b[unchecked: right + inner + k],
            b[unchecked: right + 2 * inner + k], b[unchecked: right + 3 * inner + k])
          unsafe sum += a[unchecked: left + k] * entries
        }
        for lane in 0..<4 { unsafe c[unchecked: out + column + lane] = sum[lane] }
        column += 4
      }
      while column < columns {
        var sum = adding ? unsafe c[unchecked: out + column] : 0
        for k in 0..<inner {
          unsafe sum += a[unchecked: left + k] * b[unchecked: column * inner + k]
        }
        unsafe c[unchecked: out + column] = sum
        column += 1
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
    productTransposed(
      x, a, into: &y, rows: 1, inner: columns, columns: rows, adding: adding)
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

  /// `C = A B` with A read by strides: two rows and eight columns of C stay in registers.
  ///
  /// Every entry of C is one sum over rising k, whatever the blocking.
  private static func blockedProduct(
    _ a: Span<Double>, rowStride: Int, innerStride: Int, _ b: Span<Double>,
    into c: inout MutableSpan<Double>, rows: Int, inner: Int, columns: Int, adding: Bool
  ) {
    if rows == 0 || columns == 0 { return }
    if inner == 0 {
      if !adding { for index in 0..<(rows * columns) { unsafe c[unchecked: index] = 0 } }
      return
    }
    unsafe a.withUnsafeBytes { a in
      unsafe b.withUnsafeBytes { b in
        unsafe c.withUnsafeMutableBytes { c in
          var column = 0
          while column + 8 <= columns {
            var row = 0
            while row + 2 <= rows {
              let out = row * columns + column
              var (s0, s1) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
              var (t0, t1) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
              if adding {
                unsafe s0 = load4(c, out)
                unsafe s1 = load4(c, out + 4)
                unsafe t0 = load4(c, out + columns)
                unsafe t1 = load4(c, out + columns + 4)
              }
              var left = row * rowStride
              var right = column
              for _ in 0..<inner {
                let first = unsafe a.load(fromByteOffset: left * 8, as: Double.self)
                let second = unsafe a.load(fromByteOffset: (left + rowStride) * 8, as: Double.self)
                let (b0, b1) = unsafe (load4(b, right), load4(b, right + 4))
                s0 += first * b0
                s1 += first * b1
                t0 += second * b0
                t1 += second * b1
                left += innerStride
                right += columns
              }
              unsafe store4(s0, c, out)
              unsafe store4(s1, c, out + 4)
              unsafe store4(t0, c, out + columns)
              unsafe store4(t1, c, out + columns + 4)
              row += 2
            }
            if row < rows {
              let out = row * columns + column
              var (s0, s1) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
              if adding {
                unsafe s0 = load4(c, out)
                unsafe s1 = load4(c, out + 4)
              }
              var left = row * rowStride
              var right = column
              for _ in 0..<inner {
                let first = unsafe a.load(fromByteOffset: left * 8, as: Double.self)
                unsafe s0 += first * load4(b, right)
                unsafe s1 += first * load4(b, right + 4)
                left += innerStride
                right += columns
              }
              unsafe store4(s0, c, out)
              unsafe store4(s1, c, out + 4)
            }
            column += 8
          }
          while column < columns {
            for row in 0..<rows {
              let out = (row * columns + column) * 8
              var sum = adding ? unsafe c.load(fromByteOffset: out, as: Double.self) : 0
              for k in 0..<inner {
                unsafe sum +=
                  a.load(
                    fromByteOffset: (row * rowStride + k * innerStride) * 8, as: Double.self)
                  * b.load(fromByteOffset: (k * columns + column) * 8, as: Double.self)
              }
              unsafe c.storeBytes(of: sum, toByteOffset: out, as: Double.self)
            }
            column += 1
          }
        }
      }
    }
  }

  @inline(__always)
  private static func load4(_ source: UnsafeRawBufferPointer, _ index: Int) -> SIMD4<Double> {
    unsafe source.loadUnaligned(fromByteOffset: index * 8, as: SIMD4<Double>.self)
  }

  @inline(__always)
  private static func load4(_ source: UnsafeMutableRawBufferPointer, _ index: Int) -> SIMD4<Double>
  {
    unsafe source.loadUnaligned(fromByteOffset: index * 8, as: SIMD4<Double>.self)
  }

  @inline(__always)
  private static func store4(
    _ value: SIMD4<Double>, _ target: UnsafeMutableRawBufferPointer, _ index: Int
  ) {
    unsafe target.storeBytes(of: value, toByteOffset: index * 8, as: SIMD4<Double>.self)
  }

  /// Insists that a buffer has the extents of its matrix.
  static func check(_ count: Int, _ rows: Int, _ columns: Int) {
    precondition(
      rows >= 0 && columns >= 0 && count == rows * columns,
      "a buffer of \(count) for a matrix of \(rows) × \(columns)")
  }
}
