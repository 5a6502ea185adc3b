internal import CNetCDF
internal import Foundation
internal import Synchronization

/// The NetCDF library of this installation.
public enum NetCDFLibrary {
  /// Its version without the date it was built, such as `4.9.0`.
  public static var version: String {
    exclusively {
      guard let text = unsafe nc_inq_libvers() else { return "" }
      return unsafe String(cString: text).split(separator: " ").first.map(String.init) ?? ""
    }
  }

  // The library keeps tables of its own for all open files and may not be entered twice at once.
  private static let lock = Mutex(())

  /// Runs `work` while nothing else in this process uses the library; not to be nested.
  static func exclusively<Result, Failure: Error>(
    _ work: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var outcome: Swift.Result<Result, Failure>?
    lock.withLock { _ in
      silence()
      do throws(Failure) { outcome = .success(try work()) } catch { outcome = .failure(error) }
    }
    guard let outcome else { preconditionFailure("the lock did not run its work") }
    return try outcome.get()
  }

  private typealias SetReporter =
    @convention(c) (
      Int64, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Int32

  /// Keeps the library underneath from printing its errors, which reach us as statuses anyway.
  ///
  /// NetCDF asks HDF5 for this once, but HDF5 keeps the wish for every thread on its own. HDF5 is
  /// looked up by name since its library is called otherwise on every system, if it is there.
  private static func silence() {
    guard let all = unsafe dlopen(nil, RTLD_NOW) else { return }
    defer { unsafe dlclose(all) }
    guard let symbol = unsafe dlsym(all, "H5Eset_auto2") else { return }
    _ = unsafe unsafeBitCast(symbol, to: SetReporter.self)(0, nil, nil)
  }

  /// Turns a status of the library into an error.
  static func check(_ status: Int32) throws(NetCDFFailure) {
    guard status == NC_NOERR else { throw NetCDFFailure(code: status) }
  }
}

/// A failure that the NetCDF library reports.
public struct NetCDFFailure: Error, Hashable, Sendable {
  /// Its number: positive for errors of the system, negative for the library's own.
  public let code: Int32

  /// Creates a failure from the library's number.
  public init(code: Int32) { self.code = code }

  /// The library's own words for it, always in English.
  public var message: String {
    guard let text = unsafe nc_strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
