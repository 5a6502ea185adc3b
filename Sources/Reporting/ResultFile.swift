internal import Foundation

/// The formats of result files, chosen by the ending of the name.
public enum ResultFormat: String, Sendable, CaseIterable {
  /// One JSON object with everything.
  case json
  /// Comma-separated values: the traces over time.
  case csv

  /// The format that a file name asks for.
  ///
  /// - Throws: ``ReportingError/unknownExtension(path:allowed:)``.
  public init(path: String) throws(ReportingError) {
    guard let format = ResultFormat(rawValue: fileExtension(path)) else {
      throw .unknownExtension(path: path, allowed: Self.allCases.map(\.rawValue))
    }
    self = format
  }
}

/// Result files, written whole or not at all.
public enum ResultFile {
  /// Writes the results in the format that the name of the file asks for.
  ///
  /// - Parameters:
  ///   - tree: everything there is to say; the content of a JSON file.
  ///   - table: the traces in columns; the content of a CSV file.
  ///   - path: where to write, ending in `.json` or `.csv`.
  /// - Throws: ``ReportingError``.
  public static func write(
    _ tree: @autoclosure () -> ResultTree, table: @autoclosure () -> ColumnTable, to path: String
  ) throws(ReportingError) {
    switch try ResultFormat(path: path) {
    case .json: try AtomicFile.write(tree().json(), to: path)
    case .csv: try AtomicFile.write(table().csv(), to: path)
    }
  }
}

/// The part after the last dot of a file's name, in small letters.
func fileExtension(_ path: String) -> String {
  URL(fileURLWithPath: path).pathExtension.lowercased()
}
