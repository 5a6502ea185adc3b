internal import AttentionBridge
internal import Foundation
internal import ModelFiles
internal import Reporting

extension BridgeResult {
  /// One comparison in full: claim, numbers, verdict, sources and terms.
  static func explanation(
    _ entry: Entry, in language: ReportLanguage, style: TerminalStyle
  ) -> String {
    let claim = entry.comparison.claim
    let width = min(style.width ?? 80, 100)
    var text = style.bold(heading(entry, language)) + "\n\n"
    for line in claim.equation { text += "    \(line)\n" }
    text += "\n" + DisplayWidth.wrap(claim.meaning.text(language.diagnostic), to: width) + "\n\n"
    text += findings(entry, in: language, style: style)
    let references = claim.references.compactMap(BridgeReferences.text)
    text += "\n"
    text += style.faint(
      language.pick(
        "Equations: docs/mathematics.md \(claim.section)",
        "式: docs/mathematics.md \(claim.section)") + "\n")
    for (index, reference) in references.enumerated() {
      let label = language.pick("Sources: ", "出典: ")
      let blank = String(repeating: " ", count: DisplayWidth.cells(label))
      text += style.faint((index == 0 ? label : blank) + reference) + "\n"
    }
    return text + termsLine(entry.comparison.glossary, in: language, style: style)
  }

  /// The numbers of a comparison and what they say.
  static func findings(
    _ entry: Entry, in language: ReportLanguage, style: TerminalStyle
  ) -> String {
    switch entry.outcome {
    case .failure(let error):
      // Errors of files say themselves that they are errors.
      return RunError.bridge(error).text(in: language)
    case .success(let finding):
      var parts: [String] = []
      if !finding.deviations.isEmpty {
        parts.append(
          deviationTable(finding.deviations, language).text(style: style, language: language))
      }
      if !finding.effects.isEmpty {
        parts.append(
          effectTable(finding.effects, language).text(style: style, language: language)
            + nulls(finding.effects, in: language, style: style))
      }
      if let verdict = finding.verdict {
        parts.append(
          DisplayWidth.wrap(verdict.text(language.diagnostic), to: min(style.width ?? 80, 100))
            + "\n")
      }
      return parts.joined(separator: "\n")
    }
  }

  private static func deviationTable(
    _ deviations: [Deviation], _ language: ReportLanguage
  ) -> TextTable {
    TextTable(columns: [
      TextTable.Column(
        language.pick("equation", "等式"),
        texts: deviations.map { $0.statement.text(language.diagnostic) }),
      TextTable.Column(
        language.pick("deviation", "ずれ"),
        deviations.map { .text(scientific($0.value)) }, alignment: .right),
      TextTable.Column(
        language.pick("tolerance", "許容"),
        deviations.map { .text(scientific($0.tolerance)) }, alignment: .right),
      TextTable.Column(
        language.pick("instances", "例数"), deviations.map { .integer($0.instances) }),
      TextTable.Column("", texts: deviations.map { $0.holds ? "✓" : "✗" }),
    ])
  }

  private static func effectTable(_ effects: [Effect], _ language: ReportLanguage) -> TextTable {
    let marks = nullMarks(effects, language)
    var columns = [
      TextTable.Column(
        language.pick("measured", "測定量"),
        texts: effects.map { $0.name.text(language.diagnostic) }),
      TextTable.Column(
        language.pick("value", "値"),
        effects.map { .text(number($0.value) + ($0.unit.isEmpty ? "" : " " + $0.unit)) },
        alignment: .right),
      TextTable.Column(
        language.pick("null", "帰無"), effects.map { .text(null($0.null)) }, alignment: .right),
    ]
    if Set(marks).count > 1 { columns.append(TextTable.Column("", texts: marks)) }
    let probabilities = effects.map { effect -> Double? in
      if case .shuffled(_, _, let p, _, _) = effect.null { p } else { nil }
    }
    if probabilities.contains(where: { $0 != nil }) {
      columns.append(
        TextTable.Column(
          "p", probabilities.map { .text($0.map { String(format: "%.3f", $0) } ?? "") },
          alignment: .right))
    }
    if effects.contains(where: { $0.holds != nil }) {
      columns.append(
        TextTable.Column("", texts: effects.map { $0.holds.map { $0 ? "✓" : "✗" } ?? "" }))
    }
    return TextTable(columns: columns)
  }

  /// What the null of an effect is, without its numbers.
  private static func nullText(_ effect: Effect, _ language: ReportLanguage) -> String {
    switch effect.null {
    case .analytic(_, let reason): reason.text(language.diagnostic)
    case .shuffled(_, _, _, let count, let method):
      method.text(language.diagnostic)
        + language.pick(
          " (mean and 95 % of \(count) controls)", "（対照 \(count) 回の平均と 95 % の範囲）")
    }
  }

  /// A letter for each kind of null, in the order in which they appear.
  private static func nullMarks(_ effects: [Effect], _ language: ReportLanguage) -> [String] {
    var kinds: [String] = []
    return effects.map { effect in
      let text = nullText(effect, language)
      if !kinds.contains(text) { kinds.append(text) }
      let index = kinds.firstIndex(of: text) ?? 0
      return index < 26 ? String(UnicodeScalar(UInt8(97 + index))) : "\(index + 1)"
    }
  }

  /// What the nulls are, each said once, under the letter that the table gives it.
  private static func nulls(
    _ effects: [Effect], in language: ReportLanguage, style: TerminalStyle
  ) -> String {
    let marks = nullMarks(effects, language)
    let isOne = Set(marks).count == 1
    var lines: [String] = []
    for (effect, mark) in zip(effects, marks) {
      let label = language.pick("null", "帰無") + (isOne ? ": " : " \(mark): ")
      let line = label + nullText(effect, language)
      if !lines.contains(line) { lines.append(line) }
    }
    return lines.map { style.faint($0) + "\n" }.joined()
  }

  private static func null(_ null: Null) -> String {
    switch null {
    case .analytic(let value, _): number(value)
    case .shuffled(let mean, let range, _, _, _):
      "\(number(mean)) [\(number(range.lowerBound)), \(number(range.upperBound))]"
    }
  }

  /// A number to about four digits.
  private static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
    if value == value.rounded() && abs(value) < 1e6 { return String(Int(value)) }
    guard abs(value) >= 1e-3 && abs(value) < 1e5 else { return scientific(value) }
    let size = Int(log10(abs(value)).rounded(.down))
    return String(format: "%.\(max(0, min(6, 3 - size)))f", value)
  }
}
