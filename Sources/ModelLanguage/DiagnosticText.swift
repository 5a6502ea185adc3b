internal import TensorCore

/// The sentences of all diagnostics, in every language: the one place where their text is made.
struct DiagnosticText {
  let language: DiagnosticLanguage

  private var isEnglish: Bool { language == .english }

  var errorLabel: String { isEnglish ? "error" : "エラー" }
  var noteLabel: String { isEnglish ? "note" : "補足" }

  /// The line that ends a list cut short.
  func truncation(shown: Int, total: Int) -> String {
    isEnglish
      ? "\(total) errors, of which the first \(shown) are shown"
      : "エラーは全部で \(total) 件です。最初の \(shown) 件を表示しました"
  }

  /// What is wrong, and in which part of the model.
  func message(_ kind: DiagnosticKind, in context: ExpressionContext?) -> String {
    let sentence = isEnglish ? english(kind) : japanese(kind)
    guard let context, !namesItsPlace(kind) else { return sentence }
    if isEnglish { return "\(sentence) in \(english(context))" }
    let place = japanese(context)
    let gap = place.last?.isASCII ?? false ? " " : ""
    return "\(place)\(gap)で、\(sentence)"
  }

  /// What stands after the caret: what was expected, what may have been meant.
  func hint(_ kind: DiagnosticKind) -> String? {
    var parts: [String] = []
    if let expectation = isEnglish ? englishExpectation(kind) : japaneseExpectation(kind) {
      parts.append(String(expectation.drop { $0 == " " }))
    }
    if let suggestion = suggestion(kind) {
      parts.append(
        isEnglish ? "did you mean '\(suggestion)'?" : "'\(suggestion)' のことですか？")
    }
    return parts.isEmpty ? nil : parts.joined(separator: isEnglish ? "; " : "。")
  }

  /// Whether the sentence says already where it happened.
  private func namesItsPlace(_ kind: DiagnosticKind) -> Bool {
    switch kind {
    case .cyclicLet, .recursiveFunction, .openedHere, .firstDefinedHere, .file: true
    default: false
    }
  }

  private func suggestion(_ kind: DiagnosticKind) -> String? {
    switch kind {
    case .unexpectedCharacter(_, let replacement): replacement
    case .unknownName(_, let suggestion), .unknownFunction(_, let suggestion): suggestion
    case .file(let problem): problem.suggestion
    default: nil
    }
  }

  // MARK: Words

  /// A piece of the user's text, cut when it is long and without control characters.
  func quoted(_ text: String) -> String {
    let shown = String(text.prefix(41).map(DisplayWidth.printable))
    return "'" + (shown.count > 40 ? shown.prefix(40) + "…" : shown) + "'"
  }

  /// A shape in words: `a scalar`, `a vector of 3`, `a 4 × 2 matrix`.
  func name(_ shape: Shape) -> String {
    switch (shape.rank, isEnglish) {
    case (0, true): "a scalar"
    case (0, false): "スカラー"
    case (1, true): "a vector of \(shape[0])"
    case (1, false): "長さ \(shape[0]) のベクトル"
    case (_, true): "a \(shape) matrix"
    case (_, false): " \(shape) 行列"
    }
  }

  func number(_ value: Double) -> String {
    if value.isNaN { return isEnglish ? "not a number" : "非数" }
    if value.isInfinite {
      let sign = value < 0 ? "-" : ""
      return isEnglish ? (value < 0 ? "minus infinity" : "infinity") : "\(sign)∞"
    }
    if let whole = Int(exactly: value) { return String(whole) }
    return String(value)
  }

  func path(_ names: [String]) -> String {
    let shown = names.count > 8 ? names.prefix(4) + ["…"] + names.suffix(3) : names[...]
    return shown.joined(separator: " → ")
  }

  func range(_ range: ClosedRange<Int>) -> String {
    range.lowerBound == range.upperBound
      ? String(range.lowerBound)
      : isEnglish
        ? "\(range.lowerBound) to \(range.upperBound)"
        : "\(range.lowerBound)〜\(range.upperBound)"
  }
}
