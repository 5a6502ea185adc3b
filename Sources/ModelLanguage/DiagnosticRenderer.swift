/// Makes the text of diagnostics: place, message, source line and caret.
///
///     models/lorenz.yaml:14:14: error: unknown name 'sigm' in motion of x
///             x: "[sigm * (x[2] - x[1]), …]"
///                  ^~~~  did you mean 'sigma'?
public struct DiagnosticRenderer: Sendable {
  /// The number of diagnostics shown; a last line tells how many there are.
  public static let limit = 20
  /// The number of terminal columns a shown line may take.
  static let window = 100

  /// The files that locations refer to.
  public let sources: [SourceFile]
  /// The language of the messages.
  public let language: DiagnosticLanguage

  /// Creates a renderer.
  public init(sources: [SourceFile], language: DiagnosticLanguage = .english) {
    self.sources = sources
    self.language = language
  }

  /// The text of several diagnostics in the order of their places; it ends with a line end.
  public func render(_ diagnostics: [Diagnostic]) -> String {
    let text = DiagnosticText(language: language)
    let order = sorted(diagnostics)
    var lines: [String] = []
    for diagnostic in order.prefix(Self.limit) {
      append(diagnostic, label: text.errorLabel, to: &lines)
      for note in diagnostic.notes { append(note, label: text.noteLabel, to: &lines) }
    }
    if order.count > Self.limit {
      lines.append(text.truncation(shown: Self.limit, total: order.count))
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The text of one diagnostic.
  public func render(_ diagnostic: Diagnostic) -> String { render([diagnostic]) }

  private func sorted(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    var ranks: [String: Int] = [:]
    for (index, source) in sources.enumerated() where ranks[source.name] == nil {
      ranks[source.name] = index
    }
    func key(_ entry: (offset: Int, element: Diagnostic)) -> [Int] {
      let location = entry.element.span.location
      return [ranks[location.file] ?? .max, location.line, location.column, entry.offset]
    }
    return diagnostics.enumerated()
      .sorted { key($0).lexicographicallyPrecedes(key($1)) }
      .map(\.element)
  }

  private func append(_ diagnostic: Diagnostic, label: String, to lines: inout [String]) {
    let text = DiagnosticText(language: language)
    let location = diagnostic.span.location
    let message = text.message(diagnostic.kind, in: diagnostic.context)
    let place =
      location.isWholeFile
      ? location.file : "\(location.file):\(location.line):\(location.column)"
    lines.append("\(place): \(label): \(message)")
    let hint = text.hint(diagnostic.kind)
    guard let source = sources.first(where: { $0.name == location.file }),
      let line = source.line(location.line)
    else {
      if let hint { lines.append(hint) }
      return
    }
    let excerpt = LineExcerpt(
      line: line, column: location.column, length: diagnostic.span.length, window: Self.window)
    lines.append(excerpt.line)
    lines.append(excerpt.caret + (hint.map { "  " + $0 } ?? ""))
  }
}
