internal import DynamicModels
internal import Foundation
internal import ModelFiles
internal import Recognition
public import Reporting
internal import TensorCore

extension ComparisonOutcome {
  /// The rows with their evidences and probabilities.
  public func table(in language: ReportLanguage) -> TextTable {
    func column(_ title: String, _ text: (Row) -> String) -> TextTable.Column {
      TextTable.Column(title, rows.map { .text(text($0)) }, alignment: .right)
    }
    let failed = language.pick("failed", "失敗")
    var columns = [
      TextTable.Column(language.pick("model", "モデル"), texts: rows.map(\.label)),
      column("F") { $0.freeEnergy.map(Self.hundredths) ?? failed },
      column(language.pick("log evidence", "対数証拠")) {
        $0.freeEnergy.map { Self.hundredths(-$0) } ?? "–"
      },
      column(language.pick("log Bayes factor", "対数ベイズ因子")) {
        $0.logBayesFactor.map(Self.hundredths) ?? "–"
      },
    ]
    if comparison.priors != nil {
      columns.append(
        column(language.pick("prior", "事前確率")) { Self.probability($0.prior) })
    }
    columns.append(
      column(language.pick("probability", "事後確率")) {
        $0.probability.map(Self.probability) ?? "–"
      })
    if rows.contains(where: { $0.evidence != nil }) {
      columns.append(
        column(language.pick("accuracy", "正確さ")) {
          $0.evidence.map { Self.hundredths($0.accuracy) } ?? "–"
        })
      columns.append(
        column(language.pick("complexity", "複雑さ")) {
          $0.evidence.map { Self.hundredths($0.complexity) } ?? "–"
        })
    }
    columns.append(
      TextTable.Column(
        language.pick("evidence against", "不利な証拠"),
        texts: rows.map { row in
          row.logBayesFactor.map { Grade(logBayesFactor: $0).text(in: language) } ?? ""
        }))
    return TextTable(columns: columns)
  }

  /// What every block of unknowns cost in every model; nil where no scheme gives parts.
  public func complexityTable(in language: ReportLanguage) -> TextTable? {
    let parts = rows.compactMap { row in row.evidence.map { (row.label, $0) } }
    var blocks: [String] = []
    for entry in parts.flatMap(\.1.complexities) where !blocks.contains(entry.block) {
      blocks.append(entry.block)
    }
    guard !blocks.isEmpty else { return nil }
    return TextTable(
      columns: [
        TextTable.Column(
          language.pick("complexity [nats]", "複雑さの内訳 [ナット]"), texts: blocks)
      ]
        + parts.map { label, evidence in
          TextTable.Column(
            label,
            blocks.map { block in
              .text(
                evidence.complexities.first { $0.block == block }
                  .map { Self.hundredths($0.value) } ?? "–")
            }, alignment: .right)
        })
  }

  /// The scheme, and where the data come from.
  public func titleLine(in language: ReportLanguage, style: TerminalStyle) -> String {
    let title = style.bold(language.pick("Model comparison", "モデル比較"))
    let first = comparison.files.first
    let source: String
    if let path = first?.data?.path {
      source = language.pick("data \(path)", "データ \(path)")
    } else {
      let (name, seed) = (first?.name ?? "", comparison.plan.seed)
      source = language.pick(
        "data from the process of \(name), seed \(seed)",
        "データは \(name) の過程から（シード \(seed)）")
    }
    let size = language.pick("\(data.rows) samples", "\(data.rows) 標本")
    return title + style.faint("  \(comparison.scheme.rawValue) · \(source) · \(size)") + "\n"
  }

  /// Everything `compare` prints.
  public func report(in language: ReportLanguage, style: TerminalStyle) -> String {
    var text = titleLine(in: language, style: style) + "\n"
    text += table(in: language).text(style: style, language: language)
    if let complexity = complexityTable(in: language) {
      text += "\n" + complexity.text(style: style, language: language)
    }
    for row in rows {
      guard let failure = row.failure else { continue }
      text += "\n\(row.label): " + failure.line(in: language) + "\n"
    }
    return text
  }

  /// The publications behind the comparison, as text.
  public func citationText(in language: ReportLanguage) -> String {
    var found = comparison.files.flatMap { comparison.plan.citations(for: $0) }
    if !comparison.reductions.isEmpty { found.append(.modelReduction) }
    found.append(.gradesOfEvidence)
    return Citation.text(found, in: language)
  }

  /// Nats with two decimals: differences of less mean nothing.
  private static func hundredths(_ value: Double) -> String {
    guard value.isFinite else { return brief(value) }
    let rounded = (value * 100).rounded() / 100
    return String(format: "%.2f", rounded == 0 ? 0 : rounded)
  }

  /// A probability: three decimals, or its power of ten where it is tiny.
  private static func probability(_ value: Double) -> String {
    value > 0 && value < 5e-4 ? String(format: "%.1e", value) : String(format: "%.3f", value)
  }
}

extension ComparisonOutcome.Grade {
  func text(in language: ReportLanguage) -> String {
    switch self {
    case .best: language.pick("(best)", "（最良）")
    case .barely: language.pick("barely any", "ほぼなし")
    case .positive: language.pick("positive", "あり")
    case .strong: language.pick("strong", "強い")
    case .veryStrong: language.pick("very strong", "非常に強い")
    }
  }
}
