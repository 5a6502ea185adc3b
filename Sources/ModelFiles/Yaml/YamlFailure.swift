internal import ModelLanguage
internal import Yams

/// Says in the words of a model file what the YAML library could not read.
enum YamlFailure {
  /// The diagnostic of a failure of the library.
  static func diagnostic(_ error: YamlError, in source: SourceText) -> Diagnostic {
    switch error {
    case .reader(let problem, _, _, _): return source.problem(.brokenYAML(problem), at: 0)
    case .scanner(let context, let problem, let mark, _):
      return diagnostic(context: context, problem: problem, mark: mark, in: source)
    case .parser(let context, let problem, let mark, _):
      return diagnostic(context: context, problem: problem, mark: mark, in: source)
    case .composer(_, let problem, let mark, _):
      let position = source.position(line: mark.line, scalarColumn: mark.column)
      if problem.contains("undefined alias") {
        return source.problem(.unquotedExpression(splitAt: "*"), at: position)
      }
      if problem.contains("another document") {
        return source.problem(.severalDocuments, at: position)
      }
      return source.problem(.brokenYAML(problem), at: position)
    case .memory: return source.problem(.brokenYAML("out of memory"), at: 0)
    default: return source.problem(.brokenYAML("\(error)"), at: 0)
    }
  }

  private static func diagnostic(
    context: YamlError.Context?, problem: String, mark: Mark, in source: SourceText
  ) -> Diagnostic {
    let position = source.position(line: mark.line, scalarColumn: mark.column)
    if let start = expressionStart(context: context, problem: problem, at: position, in: source) {
      let isAlias = context?.text.contains("scanning an alias") == true
      let split = isAlias ? "*" : String(source.scalars[position])
      let length = source.text(start..<max(position, start + 1)).count
      return source.problem(.unquotedExpression(splitAt: split), at: start, length: length)
    }
    if let context, problem.contains("did not find expected ',' or"),
      context.mark.line < mark.line
    {
      let opening = source.position(line: context.mark.line, scalarColumn: context.mark.column)
      let bracket = problem.contains("']'") ? "[" : "{"
      return source.problem(.unclosedBracket(bracket), at: opening)
    }
    let end = source.scalars.count
    // At the end of the text the last character is a better place than the empty line after it.
    let shown = position >= end ? max(lastVisible(in: source), 0) : position
    return source.problem(.brokenYAML(problem), at: shown)
  }

  private static func lastVisible(in source: SourceText) -> Int {
    source.scalars.lastIndex { $0 != " " && !SourceText.isBreak($0) } ?? 0
  }

  /// Where the expression starts that YAML split, if that is what happened.
  private static func expressionStart(
    context: YamlError.Context?, problem: String, at position: Int, in source: SourceText
  ) -> Int? {
    guard position < source.scalars.count else { return nil }
    let here = source.scalars[position]
    if context?.text.contains("scanning an alias") == true {
      // `A *x` after a value, or `*` at the start of one.
      let star = source.position(
        line: context?.mark.line ?? 1, scalarColumn: context?.mark.column ?? 1)
      return scalarStart(before: star, in: source) ?? star
    }
    let splitsFlow =
      problem.contains("did not find expected ',' or")
      && "[]{}'\"&*!|>%@".unicodeScalars
        .contains(here)
    let startsToken =
      problem.contains("cannot start any token") && "%@`".unicodeScalars.contains(here)
    let followsList =
      problem.contains("did not find expected key") && isOperator(here)
    guard splitsFlow || startsToken || followsList else { return nil }
    return scalarStart(before: position, in: source)
  }

  private static func isOperator(_ scalar: Unicode.Scalar) -> Bool {
    "*+-/.^'<>=".unicodeScalars.contains(scalar)
  }

  /// The start of the value that ends before a position: after the last `: `, on the same line.
  private static func scalarStart(before position: Int, in source: SourceText) -> Int? {
    let line = source.lineRange(source.lineIndex(of: position))
    var index = position - 1
    while index >= line.lowerBound {
      let scalar = source.scalars[index]
      let next = index + 1
      if scalar == ":" && next < position && source.scalars[next] == " " {
        return skipSpaces(from: next, to: position, in: source)
      }
      index -= 1
    }
    return nil
  }

  private static func skipSpaces(from start: Int, to end: Int, in source: SourceText) -> Int? {
    var index = start
    while index < end && source.scalars[index] == " " { index += 1 }
    return index < end ? index : nil
  }
}
