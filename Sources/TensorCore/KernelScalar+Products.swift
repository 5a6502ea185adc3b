internal import CKernels

extension KernelScalar where Self: CompiledKernels {
  package static func matrixProduct(
    _ layout: ProductLayout, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
    into c: UnsafeMutablePointer<Self>
  ) {
    if layout.isForBLAS, let library = BLASLibrary.shared.functions {
      unsafe library.product(layout, a, b, into: c)
    } else {
      unsafe kernels.functions.pointee.product(odoroki_product(layout), a, b, c)
    }
  }
}

extension ProductLayout {
  /// The number of multiplications from which OpenBLAS's kernels repay its packing and its checks.
  ///
  /// Measured for square products on 256-bit vectors: in single precision our own are 1.08 times as
  /// fast at 128³ and 0.73 times at 192³; in double precision both are level there.
  package static let blasCrossover = 192 * 192 * 192

  /// Whether OpenBLAS can take the product, and takes it in less time than our own loops.
  var isForBLAS: Bool {
    // Products of few rows or columns read their operands once: packing would cost more than it
    // gives.
    rows * columns * inner >= Self.blasCrossover && rows >= 16 && columns >= 16 && inner >= 16
      && Self.isMatrix(inner, row: aRow, column: aColumn, rows: rows)
      && Self.isMatrix(columns, row: bRow, column: bColumn, rows: inner)
      && cRow >= columns && max(rows, columns, inner, cRow) <= Int32.max
  }

  /// Whether the strides are those of a matrix or of a transposed one, as Fortran wants them.
  private static func isMatrix(_ columns: Int, row: Int, column: Int, rows: Int) -> Bool {
    max(row, column) <= Int32.max
      && ((column == 1 && row >= columns) || (row == 1 && column >= rows))
  }
}
