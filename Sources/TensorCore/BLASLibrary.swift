internal import CKernels

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The library of matrix products that was found, what it says of itself, and whether it can be
/// trusted.
///
/// OpenBLAS reads the name of the processor's kernels from the environment while it is loaded, and
/// older ones fall back to kernels of 2004 on processors they do not know. So it is not linked: the
/// first large product chooses the kernels, loads the library, and tests it. Threads are ours: the
/// library runs on one, and results do not depend on how many we use.
package struct BLASLibrary: Sendable {
  /// The name under which the library was loaded; nil where none was.
  package let name: String?
  /// The kernels it uses, as it names them, such as `Haswell`; nil where it does not say.
  package let core: String?
  /// The largest error of the products it was tested with, in rounding errors of a sum of terms
  /// below 1; nil where it was not tested.
  package let selfTestError: Double?
  /// Why it is not used; nil where it is.
  package let refusal: Refusal?
  /// Its functions, where it is used.
  let functions: Functions?

  /// Why no library is used.
  package enum Refusal: Hashable, Sendable {
    /// `ODOROKI_BLAS=none`.
    case declined
    /// None of these names could be loaded.
    case absent([String])
    /// The library lacks a function.
    case incomplete(String)
    /// Its products are wrong.
    case wrong
  }

  /// The library that large products use: looked for at the first one.
  package static let shared = BLASLibrary(choice: environmentValue("ODOROKI_BLAS"))

  /// Looks for a library: `choice` is its path, `none` for none, nil for the usual names.
  package init(choice: String?) {
    if choice == "none" {
      self.init(refusal: .declined)
      return
    }
    if environmentValue("OPENBLAS_CORETYPE") == nil, let core = Self.coreForThisProcessor {
      unsafe setenv("OPENBLAS_CORETYPE", core, 0)
    }
    let names = choice.map { [$0] } ?? Self.usualNames
    let opened = unsafe names.lazy.compactMap { name in
      unsafe dlopen(name, RTLD_NOW | RTLD_LOCAL).map { unsafe (name, $0) }
    }.first
    guard let (name, handle) = unsafe opened else {
      self.init(refusal: .absent(names))
      return
    }
    if let limit = unsafe dlsym(handle, "openblas_set_num_threads") {
      unsafe unsafeBitCast(limit, to: (@convention(c) (Int32) -> Void).self)(1)
    }
    var core: String?
    if let tell = unsafe dlsym(handle, "openblas_get_corename") {
      let function = unsafe unsafeBitCast(
        tell, to: (@convention(c) () -> UnsafePointer<CChar>?).self)
      core = unsafe function().map { unsafe String(cString: $0) }
    }
    guard let single = unsafe dlsym(handle, "sgemm_") else {
      self.init(name: name, core: core, refusal: .incomplete("sgemm_"))
      return
    }
    guard let double = unsafe dlsym(handle, "dgemm_") else {
      self.init(name: name, core: core, refusal: .incomplete("dgemm_"))
      return
    }
    let functions = unsafe Functions(
      single: unsafeBitCast(single, to: Functions.Product.self),
      double: unsafeBitCast(double, to: Functions.Product.self))
    let error = max(functions.selfTest(Float.self), functions.selfTest(Double.self))
    self.init(
      name: name, core: core, selfTestError: error,
      refusal: error <= Self.tolerance ? nil : .wrong, functions: functions)
  }

  /// The Debian package that brings a library that works; nil where one is used or declined.
  package var remedy: String? {
    refusal == nil || refusal == .declined ? nil : "libopenblas0"
  }

  private init(
    name: String? = nil, core: String? = nil, selfTestError: Double? = nil, refusal: Refusal?,
    functions: Functions? = nil
  ) {
    self.name = name
    self.core = core
    self.selfTestError = selfTestError
    self.refusal = refusal
    self.functions = refusal == nil ? functions : nil
  }
}

extension BLASLibrary {
  /// The error of the self-test up to which a library is used.
  static var tolerance: Double { 64 }

  /// The names that systems give the library.
  static var usualNames: [String] {
    #if canImport(Darwin)
      [
        "libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
        "/usr/local/opt/openblas/lib/libopenblas.dylib",
      ]
    #else
      ["libopenblas.so.0", "libopenblas.so"]
    #endif
  }

  /// The newest kernels of OpenBLAS that this processor can run and every release of it has; nil
  /// where its own choice is as good.
  static var coreForThisProcessor: String? {
    switch KernelTable.widest {
    case 2: "SkylakeX"
    case 1: "Haswell"
    default: nil
    }
  }
}

private func environmentValue(_ name: String) -> String? {
  guard let value = unsafe getenv(name) else { return nil }
  let text = unsafe String(cString: value)
  return text.isEmpty ? nil : text
}
