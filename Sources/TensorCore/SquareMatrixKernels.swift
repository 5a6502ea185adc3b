/// Loops over square row-major matrices whose rows are padded to a multiple of four.
///
/// The padding is zero and stays zero, so that the loops need no special case at the edges; the
/// order of every sum is fixed, so that results are the same bytes on every run.
@safe
struct SquareMatrixKernels: Sendable {
  /// The number of rows and columns in use.
  let dimension: Int
  /// The number of entries from one row to the next, and the number of stored rows.
  let stride: Int

  /// How many leading rows and columns stand over a block of zeros.
  ///
  /// Entry (i, j) of every matrix is zero for i ≥ split > j; where nothing is known about zeros
  /// this is the dimension.
  let split: Int

  /// The number of stored entries of one matrix.
  var count: Int { stride * stride }

  init(dimension: Int, split: Int? = nil) {
    self.dimension = dimension
    self.split = split ?? dimension
    stride = (dimension + 3) / 4 * 4
  }

  /// Allocates `matrices` matrices filled with zeros.
  func allocate(_ matrices: Int) -> UnsafeMutablePointer<Double> {
    let total = max(matrices * count, 4)
    let raw = UnsafeMutableRawPointer.allocate(byteCount: total * 8, alignment: 64)
    return unsafe raw.initializeMemory(as: Double.self, repeating: 0, count: total)
  }

  @inline(__always)
  private func quad(_ pointer: UnsafePointer<Double>, _ offset: Int) -> SIMD4<Double> {
    unsafe UnsafeRawPointer(pointer + offset).loadUnaligned(as: SIMD4<Double>.self)
  }

  @inline(__always)
  private func store(
    _ value: SIMD4<Double>, _ pointer: UnsafeMutablePointer<Double>, _ offset: Int
  ) {
    unsafe UnsafeMutableRawPointer(pointer + offset).storeBytes(
      of: value, as: SIMD4<Double>.self)
  }

  /// `c = a b + addend d` with all of `a`, `b` and `d` distinct from `c`.
  func multiply(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, adding addend: Double = 0,
    times d: UnsafePointer<Double>? = nil, into c: UnsafeMutablePointer<Double>
  ) {
    var row = 0
    while row < dimension {
      let a0 = unsafe a + row * stride
      let a1 = unsafe a0 + stride
      let a2 = unsafe a1 + stride
      let a3 = unsafe a2 + stride
      var column = 0
      while column < dimension {
        var s0 = SIMD4<Double>()
        var s1 = SIMD4<Double>()
        var s2 = SIMD4<Double>()
        var s3 = SIMD4<Double>()
        // Products with the zero block are left out.
        let first = row >= split ? split : 0
        let end = max(first, column + 4 <= split ? split : dimension)
        var bRow = unsafe b + first * stride + column
        for k in first..<end {
          let q = unsafe quad(bRow, 0)
          unsafe s0 += a0[k] * q
          unsafe s1 += a1[k] * q
          unsafe s2 += a2[k] * q
          unsafe s3 += a3[k] * q
          unsafe bRow += stride
        }
        let at = row * stride + column
        if let d = unsafe d {
          unsafe s0 += addend * quad(d, at)
          unsafe s1 += addend * quad(d, at + stride)
          unsafe s2 += addend * quad(d, at + 2 * stride)
          unsafe s3 += addend * quad(d, at + 3 * stride)
        }
        unsafe store(s0, c, at)
        unsafe store(s1, c, at + stride)
        unsafe store(s2, c, at + 2 * stride)
        unsafe store(s3, c, at + 3 * stride)
        column += 4
      }
      row += 4
    }
  }

  /// `y = 0`, whatever it held.
  func clear(_ y: UnsafeMutablePointer<Double>) {
    for index in 0..<count { unsafe y[index] = 0 }
  }

  /// `y = factor x`, entry by entry; `x` and `y` may be the same matrix.
  func scale(
    _ x: UnsafePointer<Double>, by factor: Double, into y: UnsafeMutablePointer<Double>
  ) {
    for offset in Swift.stride(from: 0, to: count, by: 4) {
      unsafe store(factor * quad(x, offset), y, offset)
    }
  }

  /// `y += factor x`, entry by entry.
  func add(
    _ factor: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>
  ) {
    for offset in Swift.stride(from: 0, to: count, by: 4) {
      unsafe store(quad(UnsafePointer(y), offset) + factor * quad(x, offset), y, offset)
    }
  }

  /// `y += value I`.
  func addToDiagonal(_ value: Double, _ y: UnsafeMutablePointer<Double>) {
    for index in 0..<dimension { unsafe y[index * stride + index] += value }
  }

  /// `y = a x` for a vector of `dimension` entries.
  func multiply(
    _ a: UnsafePointer<Double>, vector x: UnsafePointer<Double>,
    into y: UnsafeMutablePointer<Double>
  ) {
    for row in 0..<dimension {
      let line = unsafe a + row * stride
      var s0 = SIMD4<Double>()
      var s1 = SIMD4<Double>()
      var k = 0
      while k + 8 <= dimension {
        unsafe s0 += quad(line, k) * quad(x, k)
        unsafe s1 += quad(line, k + 4) * quad(x, k + 4)
        k += 8
      }
      var sum = (s0 + s1).sum()
      while k < dimension {
        unsafe sum += line[k] * x[k]
        k += 1
      }
      unsafe y[row] = sum
    }
  }

  /// `y = |a|ᵀ x` for a vector of `dimension` entries; `y` holds `stride` of them.
  func multiplySizes(
    _ a: UnsafePointer<Double>, transposed x: UnsafePointer<Double>,
    into y: UnsafeMutablePointer<Double>
  ) {
    var column = 0
    while column < dimension {
      // Two blocks of columns at a time hide the latency of the additions.
      let width = column + 4 < stride ? 4 : 0
      var (s0, s1) = (SIMD4<Double>(), SIMD4<Double>())
      var entry = unsafe a + column
      for row in 0..<dimension {
        let (q0, q1) = unsafe (quad(entry, 0), quad(entry, width))
        unsafe s0 += x[row] * q0.replacing(with: -q0, where: q0 .< 0)
        unsafe s1 += x[row] * q1.replacing(with: -q1, where: q1 .< 0)
        unsafe entry += stride
      }
      unsafe store(s0, y, column)
      if width > 0 { unsafe store(s1, y, column + width) }
      column += 4 + width
    }
  }

  /// The largest absolute column sum; `sums` holds `stride` entries of scratch.
  func columnNorm(
    _ a: UnsafePointer<Double>, scratch sums: UnsafeMutablePointer<Double>
  ) -> Double {
    for column in 0..<stride { unsafe sums[column] = 0 }
    for row in 0..<dimension {
      for column in 0..<dimension { unsafe sums[column] += abs(a[row * stride + column]) }
    }
    var largest = 0.0
    for column in 0..<dimension {
      let sum = unsafe sums[column]
      if sum.isNaN { return sum }
      largest = max(largest, sum)
    }
    return largest
  }

  /// Solves `q x = b` in place of `b` by elimination with partial pivoting; destroys `q`.
  ///
  /// - Returns: Whether every pivot was non-zero and finite.
  func solve(
    _ q: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>
  ) -> Bool {
    for k in 0..<dimension {
      var pivot = k
      var largest = unsafe abs(q[k * stride + k])
      for row in k + 1..<max(dimension, k + 1) {
        let candidate = unsafe abs(q[row * stride + k])
        if candidate > largest {
          largest = candidate
          pivot = row
        }
      }
      guard largest > 0, largest.isFinite else { return false }
      if pivot != k {
        for column in 0..<stride {
          unsafe swap(&q[pivot * stride + column], &q[k * stride + column])
          unsafe swap(&b[pivot * stride + column], &b[k * stride + column])
        }
      }
      let inverse = unsafe 1 / q[k * stride + k]
      for row in k + 1..<max(dimension, k + 1) {
        let factor = unsafe q[row * stride + k] * inverse
        guard factor != 0 else { continue }
        unsafe subtract(factor, q + k * stride, from: q + row * stride, start: k / 4 * 4)
        unsafe subtract(factor, b + k * stride, from: b + row * stride, start: 0)
      }
    }
    for k in Swift.stride(from: dimension - 1, through: 0, by: -1) {
      let row = unsafe b + k * stride
      for j in k + 1..<max(dimension, k + 1) {
        let factor = unsafe q[k * stride + j]
        if factor != 0 { unsafe subtract(factor, b + j * stride, from: row, start: 0) }
      }
      let inverse = unsafe 1 / q[k * stride + k]
      for column in 0..<dimension { unsafe row[column] *= inverse }
    }
    return true
  }

  @inline(__always)
  private func subtract(
    _ factor: Double, _ x: UnsafeMutablePointer<Double>,
    from y: UnsafeMutablePointer<Double>, start: Int
  ) {
    var column = start
    while column < stride {
      unsafe store(
        quad(UnsafePointer(y), column) - factor * quad(UnsafePointer(x), column), y, column)
      column += 4
    }
  }

  /// Balances the leading `size` rows and columns of `a` by powers of two.
  ///
  /// `a ← S⁻¹ a S` with diagonal `S` such that each row and its column have comparable
  /// norms (Parlett & Reinsch 1969). Rounding is not affected: all factors are powers of two.
  /// - Parameters:
  ///   - size: How much of the matrix takes part.
  ///   - a: The matrix.
  ///   - factors: Receives the diagonal of `S`, `size` entries.
  func balance(
    _ size: Int, _ a: UnsafeMutablePointer<Double>, factors: UnsafeMutablePointer<Double>
  ) {
    for index in 0..<size { unsafe factors[index] = 1 }
    for _ in 0..<12 {
      var changed = false
      for i in 0..<size {
        var columnSum = 0.0
        var rowSum = 0.0
        for j in 0..<size where j != i {
          unsafe columnSum += abs(a[j * stride + i])
          unsafe rowSum += abs(a[i * stride + j])
        }
        guard columnSum > 0, rowSum > 0, columnSum.isFinite, rowSum.isFinite else { continue }
        // The power of two nearest to sqrt(row / column).
        let exponent = Int(((rowSum.exponent - columnSum.exponent) / 2))
        guard exponent != 0 else { continue }
        let factor = Double(sign: .plus, exponent: exponent, significand: 1)
        guard columnSum * factor + rowSum / factor < 0.95 * (columnSum + rowSum) else {
          continue
        }
        changed = true
        unsafe factors[i] *= factor
        for j in 0..<size {
          unsafe a[j * stride + i] *= factor
          unsafe a[i * stride + j] /= factor
        }
      }
      if !changed { break }
    }
  }
}
