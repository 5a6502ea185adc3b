internal import AttentionBridge
internal import Foundation
internal import ModelFiles
package import Reporting

extension BridgeResult {
  /// The result as a person reads it: one comparison in full, several as tables.
  package func report(in language: ReportLanguage, style: TerminalStyle) -> String {
    switch request.subject {
    case .identities, .everything: tables(in: language, style: style)
    case .one, .heads, .representations:
      entries.map { Self.explanation($0, in: language, style: style) }.joined()
    }
  }

  /// The tables of identities and measurements.
  func tables(in language: ReportLanguage, style: TerminalStyle) -> String {
    var text = ""
    let identities = entries.filter { $0.comparison.kind == .identity }
    if !identities.isEmpty {
      text += identityTable(identities, language).text(style: style, language: language)
      let failed = identities.filter { !$0.holds }.count
      let claims = identities.reduce(0) { $0 + ($1.finding?.deviations.count ?? 0) }
      text +=
        failed == 0
        ? language.pick(
          "\nAll \(identities.count) identities hold (\(claims) equations).\n",
          "\n\(identities.count) 個の恒等式（\(claims) 本の等式）はすべて成り立ちます。\n")
        : language.pick(
          "\n\(failed) of \(identities.count) identities do not hold.\n",
          "\n\(identities.count) 個の恒等式のうち \(failed) 個が成り立ちません。\n")
      text += Self.broken(identities, language)
    }
    let measured = entries.filter { $0.comparison.kind == .measurement }
    if measured.isEmpty && request.subject == .identities {
      text += "\n" + menu(language).text(style: style, language: language)
      text += language.pick(
        "odoroki bridge NAME makes one of these or explains an identity; odoroki bridge all makes "
          + "all.\n",
        "odoroki bridge 名前 で 1 つを測定、または恒等式を説明します。すべてなら odoroki bridge all です。\n")
    }
    for entry in measured {
      text += "\n" + style.bold(Self.heading(entry, language)) + "\n"
      text += Self.findings(entry, in: language, style: style)
    }
    return text
  }

  private func identityTable(_ entries: [Entry], _ language: ReportLanguage) -> TextTable {
    let worst = entries.map { entry in
      entry.finding?.deviations.max {
        Self.severity($0) < Self.severity($1)
      }
    }
    return TextTable(
      title: language.pick(
        "Identities: the largest deviation between two ways of computing the same",
        "恒等式: 同じものを 2 通りに計算したときの最大のずれ"),
      columns: [
        TextTable.Column("", texts: entries.map(\.comparison.number)),
        TextTable.Column(language.pick("name", "名前"), texts: entries.map(\.comparison.name)),
        TextTable.Column(
          language.pick("deviation", "ずれ"),
          worst.map { .text($0.map { Self.scientific($0.value) } ?? "–") }, alignment: .right),
        TextTable.Column(
          language.pick("tolerance", "許容"),
          worst.map { .text($0.map { Self.scientific($0.tolerance) } ?? "–") }, alignment: .right),
        TextTable.Column(
          language.pick("instances", "例数"),
          entries.map { entry in
            .text(entry.finding?.deviations.map(\.instances).min().map { "\($0)" } ?? "–")
          }, alignment: .right),
        TextTable.Column("", texts: entries.map { $0.holds ? "✓" : "✗" }),
        TextTable.Column(
          language.pick("statement", "内容"),
          texts: entries.map { $0.comparison.title.text(language.diagnostic) }),
      ])
  }

  /// How near a deviation is to its tolerance; what is not a number is worst.
  private static func severity(_ deviation: Deviation) -> Double {
    deviation.value.isNaN ? .infinity : deviation.value / deviation.tolerance
  }

  /// The measurements that there are.
  private func menu(_ language: ReportLanguage) -> TextTable {
    let all = Bridge.measurements
    return TextTable(
      title: language.pick(
        "Measurements, each beside its null (made by name)",
        "測定: どれも「何もない場合」と並べて示す（名前を指定して行う）"),
      columns: [
        TextTable.Column("", texts: all.map(\.number)),
        TextTable.Column(language.pick("name", "名前"), texts: all.map(\.name)),
        TextTable.Column(
          language.pick("question", "内容"),
          texts: all.map { $0.title.text(language.diagnostic) }),
      ])
  }

  /// What exactly does not hold.
  private static func broken(_ entries: [Entry], _ language: ReportLanguage) -> String {
    var text = ""
    for entry in entries where !entry.holds {
      switch entry.outcome {
      case .failure(let error):
        text += "  \(entry.comparison.number): " + RunError.bridge(error).line(in: language) + "\n"
      case .success(let finding):
        for deviation in finding.deviations where !deviation.holds {
          text += "  \(entry.comparison.number): "
          text += deviation.statement.text(language.diagnostic)
          text += "  \(scientific(deviation.value)) > \(scientific(deviation.tolerance))\n"
        }
      }
    }
    return text
  }

  static func heading(_ entry: Entry, _ language: ReportLanguage) -> String {
    "\(entry.comparison.number)  \(entry.comparison.title.text(language.diagnostic))"
  }

  /// A number in few characters, such as `3.1e-15` or `2.7`.
  static func scientific(_ value: Double) -> String {
    if value == 0 { return "0" }
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "−∞" : "∞" }
    if abs(value) >= 0.1 && abs(value) < 1000 { return String(format: "%.1f", value) }
    let exponent = Int(log10(abs(value)).rounded(.down))
    if value == pow(10, Double(exponent)) { return "1e\(exponent)" }
    let text = String(format: "%.1e", value)
    return text.replacing("e-0", with: "e-").replacing("e+0", with: "e+")
  }
}
