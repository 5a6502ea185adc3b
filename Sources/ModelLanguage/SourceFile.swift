/// A text with a name, cut into lines for error messages.
public struct SourceFile: Sendable {
  /// The name under which locations refer to it.
  public let name: String
  /// The whole text.
  public let text: String
  private let starts: [String.Index]

  /// Creates a file; takes time linear in the text.
  ///
  /// Lines end where YAML ends them: at a line feed, a carriage return, both, or one of the
  /// separators U+0085, U+2028 and U+2029.
  public init(name: String, text: String) {
    self.name = name
    self.text = text
    var starts = [text.startIndex]
    var previousWasReturn = false
    let scalars = text.unicodeScalars
    var index = scalars.startIndex
    while index != scalars.endIndex {
      let scalar = scalars[index]
      let next = scalars.index(after: index)
      switch scalar {
      case "\n":
        if previousWasReturn { starts[starts.count - 1] = next } else { starts.append(next) }
      case "\r", "\u{85}", "\u{2028}", "\u{2029}": starts.append(next)
      default: break
      }
      previousWasReturn = scalar == "\r"
      index = next
    }
    self.starts = starts
  }

  /// The number of lines; a text that ends with a line end has an empty last line.
  public var lineCount: Int { starts.count }

  /// A line without its end, counted from one, or nil beyond the last.
  public func line(_ number: Int) -> String? {
    guard number >= 1, number <= starts.count else { return nil }
    let end = number < starts.count ? starts[number] : text.endIndex
    var line = String(text[starts[number - 1]..<end])
    if number < starts.count { line.removeLast() }
    return line
  }
}
