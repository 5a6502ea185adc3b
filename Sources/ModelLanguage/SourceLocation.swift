/// A place in a text file: a file's name, a line and a column, both counted from one.
///
/// Columns count characters as people see them (grapheme clusters), not bytes.
public struct SourceLocation: Hashable, Sendable {
  /// The file's name as the user gave it.
  public let file: String
  /// The line, from one.
  public let line: Int
  /// The character within the line, from one.
  public let column: Int

  /// Creates a location.
  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Creates a location that means a file as a whole, for files that have no lines.
  public init(wholeFile file: String) {
    self.init(file: file, line: 0, column: 0)
  }

  /// Whether this means a file as a whole.
  public var isWholeFile: Bool { line == 0 }
}

/// A stretch of characters that begins at a location and stays on its line.
public struct SourceSpan: Hashable, Sendable {
  /// Where it begins.
  public let location: SourceLocation
  /// How many characters it covers; a place between characters has length zero.
  public let length: Int

  /// Creates a span.
  public init(_ location: SourceLocation, length: Int = 1) {
    self.location = location
    self.length = length
  }
}
