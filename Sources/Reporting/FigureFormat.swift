/// The formats of figures, chosen by the ending of the file's name.
public enum FigureFormat: String, Sendable, CaseIterable {
  /// Scalable vector graphics.
  case svg
  /// Pixels.
  case png
  /// Portable document format, one page.
  case pdf

  /// The format that a file name asks for.
  ///
  /// - Throws: ``ReportingError/unknownExtension(path:allowed:)``.
  public init(path: String) throws(ReportingError) {
    guard let format = FigureFormat(rawValue: fileExtension(path)) else {
      throw .unknownExtension(path: path, allowed: Self.allCases.map(\.rawValue))
    }
    self = format
  }
}
