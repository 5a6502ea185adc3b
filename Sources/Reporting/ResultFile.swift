internal import Foundation
internal import NetCDFFiles

/// The formats of result files, chosen by the ending of the name.
public enum ResultFormat: String, Sendable, CaseIterable {
  /// One JSON object with everything.
  case json
  /// Comma-separated values: the traces over time.
  case csv
  /// A NetCDF-4 file with everything: groups for objects, variables for numbers.
  case nc

  /// The format that a file name asks for.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - others: further endings that the caller accepts, for the text of the error.
  /// - Throws: ``ReportingError/unknownExtension(path:allowed:)``.
  public init(path: String, besides others: [String] = []) throws(ReportingError) {
    guard let format = ResultFormat(rawValue: fileExtension(path)) else {
      throw .unknownExtension(path: path, allowed: Self.allCases.map(\.rawValue) + others)
    }
    self = format
  }
}

/// Result files, written whole or not at all.
public enum ResultFile {
  /// Writes the results in the format that the name of the file asks for.
  ///
  /// - Parameters:
  ///   - tree: everything there is to say; the content of a JSON or NetCDF file.
  ///   - table: the traces in columns; the content of a CSV file.
  ///   - path: where to write, ending in `.json`, `.csv` or `.nc`.
  /// - Throws: ``ReportingError``.
  public static func write(
    _ tree: @autoclosure () -> ResultTree, table: @autoclosure () -> ColumnTable, to path: String
  ) throws(ReportingError) {
    switch try ResultFormat(path: path) {
    case .json: try AtomicFile.write(tree().json(), to: path)
    case .csv: try AtomicFile.write(table().csv(), to: path)
    case .nc:
      let group = tree().netCDF()
      try AtomicFile.write(to: path) { temporary throws(WriteFailure) in
        do throws(NetCDFFailure) {
          try group.write(to: temporary)
        } catch {
          // Positive numbers are the system's own.
          throw error.code > 0 ? WriteFailure(error.code) : .netCDF(code: error.code)
        }
      }
    }
  }
}

/// The part after the last dot of a file's name, in small letters.
func fileExtension(_ path: String) -> String {
  URL(fileURLWithPath: path).pathExtension.lowercased()
}
