import Testing

@testable import TensorCore

/// Finding, choosing and distrusting the library of matrix products.
struct BLASLibraryTests {
  @Test("A declined library is not looked for")
  func declined() {
    let library = BLASLibrary(choice: "none")
    #expect(library.refusal == .declined)
    #expect(library.name == nil && library.core == nil && library.selfTestError == nil)
    #expect(library.functions == nil && library.remedy == nil)
    #expect(unsafe library.address(of: Float.self) == nil)
  }

  @Test("A library that is not there is named, with the package that brings it")
  func absent() {
    let library = BLASLibrary(choice: "libno-such-blas.so.0")
    #expect(library.refusal == .absent(["libno-such-blas.so.0"]))
    #expect(library.functions == nil && library.remedy == "libopenblas0")
  }

  #if canImport(Glibc)
    @Test("A library without products is not used")
    func incomplete() {
      let library = BLASLibrary(choice: "libm.so.6")
      #expect(library.refusal == .incomplete("sgemm_"))
      #expect(library.name == "libm.so.6" && library.functions == nil)
    }
  #endif

  @Test("Products that are wrong are found out")
  func wrong() {
    let idle: BLASLibrary.Functions.Product = { _, _, _, _, _, _, _, _, _, _, _, _, _ in }
    let functions = unsafe BLASLibrary.Functions(single: idle, double: idle)
    #expect(functions.selfTest(Float.self) > BLASLibrary.tolerance)
    #expect(functions.selfTest(Double.self) > BLASLibrary.tolerance)
  }

  @Test("The library in use has passed its test, and says so")
  func shared() {
    let library = BLASLibrary.shared
    guard library.refusal == nil else {
      #expect(library.functions == nil)
      return
    }
    #expect(library.name != nil && library.functions != nil && library.remedy == nil)
    #expect((library.selfTestError ?? .infinity) <= BLASLibrary.tolerance)
  }

  @Test("Only products that Fortran can describe, and that repay it, go to the library")
  func layouts() {
    let size = 256
    var layout = ProductLayout(
      rows: size, columns: size, inner: size, aRow: size, aColumn: 1, bRow: 1, bColumn: size,
      cRow: size)
    #expect(layout.isForBLAS)
    layout.aColumn = 2
    layout.aRow = 2 * size
    #expect(!layout.isForBLAS)
    (layout.aRow, layout.aColumn) = (0, 1)
    #expect(!layout.isForBLAS)
    (layout.aRow, layout.aColumn) = (size, 1)
    (layout.rows, layout.columns, layout.inner) = (8, 8, 8)
    #expect(!layout.isForBLAS)
  }
}
