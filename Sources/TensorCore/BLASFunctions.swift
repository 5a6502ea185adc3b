extension BLASLibrary {
  /// The two functions of a library that we use, by their Fortran names.
  @safe
  struct Functions: @unchecked Sendable {
    // Function pointers of a library that stays loaded; nothing writes to them.
    typealias Product =
      @convention(c) (
        UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<Int32>, UnsafePointer<Int32>,
        UnsafePointer<Int32>, UnsafeRawPointer, UnsafeRawPointer, UnsafePointer<Int32>,
        UnsafeRawPointer, UnsafePointer<Int32>, UnsafeRawPointer, UnsafeMutableRawPointer,
        UnsafePointer<Int32>
      ) -> Void

    let single: Product
    let double: Product

    /// `C = A B` or `C += A B`; Fortran's columns are our rows, so it computes `Cᵀ = Bᵀ Aᵀ`.
    func product<Scalar: KernelScalar>(
      _ layout: ProductLayout, _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>,
      into c: UnsafeMutablePointer<Scalar>
    ) {
      let plain = CChar(bitPattern: UInt8(ascii: "N"))
      let transposed = CChar(bitPattern: UInt8(ascii: "T"))
      var first = layout.bColumn == 1 ? plain : transposed
      var second = layout.aColumn == 1 ? plain : transposed
      var (rows, columns) = (Int32(layout.columns), Int32(layout.rows))
      var inner = Int32(layout.inner)
      var firstLeading = Int32(layout.bColumn == 1 ? layout.bRow : layout.bColumn)
      var secondLeading = Int32(layout.aColumn == 1 ? layout.aRow : layout.aColumn)
      var leading = Int32(layout.cRow)
      let function = unsafe Scalar.self == Float.self ? single : double
      unsafe withUnsafePointer(to: Scalar(1)) { one in
        unsafe withUnsafePointer(to: layout.accumulates ? Scalar(1) : 0) { rest in
          unsafe function(
            &first, &second, &rows, &columns, &inner, one, b, &firstLeading, a, &secondLeading,
            rest, c, &leading)
        }
      }
    }

    /// The largest error of small products of every layout, in rounding errors.
    func selfTest<Scalar: KernelScalar>(_ type: Scalar.Type) -> Double {
      let (rows, columns, inner) = (37, 29, 53)
      // Numbers between −1 and 1 without a pattern that a wrong index would keep.
      func numbers(_ count: Int, _ step: Int) -> [Scalar] {
        (0..<count).map { Scalar(($0 * step) % 1009 - 504) / 504 }
      }
      let a = numbers(rows * inner, 37)
      let b = numbers(inner * columns, 101)
      var worst = 0.0
      for (aTransposed, bTransposed) in [
        (false, false), (true, false), (false, true), (true, true),
      ] {
        let layout = ProductLayout(
          rows: rows, columns: columns, inner: inner, aRow: aTransposed ? 1 : inner,
          aColumn: aTransposed ? rows : 1, bRow: bTransposed ? 1 : columns,
          bColumn: bTransposed ? inner : 1, cRow: columns, accumulates: bTransposed)
        var c = [Scalar](repeating: 1, count: rows * columns)
        unsafe c.withUnsafeMutableBufferPointer { target in
          unsafe a.withUnsafeBufferPointer { a in
            unsafe b.withUnsafeBufferPointer { b in
              if let target = target.baseAddress, let a = a.baseAddress, let b = b.baseAddress {
                unsafe product(layout, a, b, into: target)
              }
            }
          }
        }
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = bTransposed ? 1.0 : 0.0
            for middle in 0..<inner {
              sum +=
                Double(a[row * layout.aRow + middle * layout.aColumn])
                * Double(b[middle * layout.bRow + column * layout.bColumn])
            }
            let error = abs(Double(c[row * columns + column]) - sum) / Double(Scalar.ulpOfOne)
            // A NaN counts as wrong.
            worst = error <= worst ? worst : (error.isNaN ? .infinity : error)
          }
        }
      }
      return worst
    }
  }
}

extension BLASLibrary {
  /// The address of the library's product for a number type, for measuring it without us.
  package func address<Scalar: KernelScalar>(of type: Scalar.Type) -> UnsafeRawPointer? {
    guard let functions else { return nil }
    let function = unsafe Scalar.self == Float.self ? functions.single : functions.double
    return unsafe unsafeBitCast(function, to: UnsafeRawPointer.self)
  }
}
