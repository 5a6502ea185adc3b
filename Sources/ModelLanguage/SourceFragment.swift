/// The text of one expression and where each of its characters stands in its file.
public struct SourceFragment: Sendable {
  private enum Positions: Sendable {
    case contiguous(SourceLocation)
    case table([SourceLocation])
    case single(SourceLocation)
  }

  /// The text of the expression.
  public let text: String
  private let positions: Positions

  /// Creates a fragment that stands on one line exactly as it is read.
  public init(text: String, start: SourceLocation) {
    self.text = text
    positions = .contiguous(start)
  }

  /// Creates a fragment with one location per character; an empty table is a caller's bug.
  public init(text: String, locations: [SourceLocation]) {
    precondition(
      !locations.isEmpty && locations.count >= text.count,
      "\(locations.count) locations for \(text.count) characters")
    self.text = text
    positions = .table(locations)
  }

  /// Creates a fragment whose every character is reported at one place.
  ///
  /// For text whose characters no longer stand in the file as they are read: folded lines,
  /// escapes.
  public init(text: String, all location: SourceLocation) {
    self.text = text
    positions = .single(location)
  }

  /// Where the character of an offset stands; the offset one past the end is allowed.
  public func location(at offset: Int) -> SourceLocation {
    switch positions {
    case .contiguous(let start):
      return SourceLocation(file: start.file, line: start.line, column: start.column + offset)
    case .single(let location): return location
    case .table(let locations):
      if offset < locations.count { return locations[offset] }
      let last = locations[locations.count - 1]
      return SourceLocation(
        file: last.file, line: last.line, column: last.column + offset - locations.count + 1)
    }
  }

  /// The span of a range of character offsets, cut at the end of the first line it touches.
  public func span(_ offsets: Range<Int>) -> SourceSpan {
    let start = location(at: offsets.lowerBound)
    if case .single = positions { return SourceSpan(start, length: 1) }
    var end = offsets.upperBound
    if case .table = positions {
      end = offsets.lowerBound
      while end < offsets.upperBound, location(at: end).line == start.line { end += 1 }
    }
    guard end > offsets.lowerBound else { return SourceSpan(start, length: 1) }
    return SourceSpan(start, length: max(1, location(at: end - 1).column - start.column + 1))
  }
}
