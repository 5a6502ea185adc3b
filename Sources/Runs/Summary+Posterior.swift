internal import DynamicModels
internal import ModelFiles
internal import Recognition
public import Reporting
internal import TensorCore

extension RunResult {
  /// The unknown parameters and log-precisions before and after, or nil without any.
  ///
  /// The column of true values appears where the process knows some.
  public func estimateTable(in language: ReportLanguage) -> TextTable? {
    let entries = estimateEntries
    guard !entries.isEmpty else { return nil }
    func column(_ title: String, _ text: (EstimateEntry) -> String) -> TextTable.Column {
      TextTable.Column(title, entries.map { .text(text($0)) }, alignment: .right)
    }
    var columns = [
      TextTable.Column(
        language.pick("unknown", "未知の量"),
        texts: entries.map { entry in
          switch entry.kind {
          case .parameter: language.pick("parameter \(entry.name)", "パラメータ \(entry.name)")
          case .logPrecision:
            language.pick("log-precision \(entry.name)", "対数精度 \(entry.name)")
          }
        }),
      TextTable.Column(language.pick("level", "階層"), entries.map { .integer($0.level) }),
      column(language.pick("prior ± sd", "事前平均 ± 標準偏差")) { Self.spread($0.prior) },
      column(language.pick("estimate ± sd", "推定値 ± 標準偏差")) { Self.spread($0.posterior) },
    ]
    if entries.contains(where: { $0.truth != nil }) {
      columns.append(
        column(language.pick("truth", "真の値")) { $0.truth.map(brief) ?? "–" })
    }
    return TextTable(columns: columns)
  }

  /// A mean with its deviation, where there is one.
  private static func spread(_ value: (mean: Double, deviation: Double)) -> String {
    value.deviation.isNaN
      ? brief(value.mean) : "\(brief(value.mean)) ± \(brief(value.deviation))"
  }

  /// The weight of every confound in every channel, or nil without confounds.
  func confoundTable(in language: ReportLanguage) -> TextTable? {
    let names = file.dataSettings.confoundNames
    guard !names.isEmpty, record.confoundWeights.columns == names.count else { return nil }
    var columns = [
      TextTable.Column(language.pick("confound", "交絡変数"), texts: names)
    ]
    for (channel, name) in model.level(1).outputs.elementNames.enumerated() {
      columns.append(
        TextTable.Column(
          language.pick("weight in \(name)", "\(name) での重み"),
          names.indices.map { .text(brief(record.confoundWeights[channel, $0])) },
          alignment: .right))
    }
    return TextTable(columns: columns)
  }

  /// F of the whole record and its parts; empty for schemes without one.
  func evidenceText(in language: ReportLanguage, style: TerminalStyle) -> String {
    guard let total = record.totalFreeEnergy else { return "" }
    var text =
      style.bold(language.pick("Evidence of the record (nats)", "記録全体の証拠（ナット）")) + "\n"
    text += language.pick(
      "F \(brief(total)), log evidence \(brief(-total))",
      "F \(brief(total))、対数証拠 \(brief(-total))")
    if let parts = record.evidence {
      text += language.pick(
        " = accuracy \(brief(parts.accuracy)) − complexity \(brief(parts.complexity))",
        " = 正確さ \(brief(parts.accuracy)) − 複雑さ \(brief(parts.complexity))")
      let list = parts.complexities.map { "\($0.block) \(brief($0.value))" }
        .joined(separator: language.pick(", ", "、"))
      text += "\n" + language.pick("complexity: \(list)", "複雑さの内訳: \(list)")
    }
    text += "\n"
    let passes = record.passes
    if passes.count > 1 {
      let line = Sparkline.text(
        passes.map(\.freeEnergy), width: 40, usesUnicode: style.usesUnicode)
      let rejected = passes.count { !$0.isAccepted }
      text += language.pick(
        "F per iteration  \(line)  \(passes.count) iterations, \(rejected) rejected",
        "反復ごとの F  \(line)  反復 \(passes.count) 回、不採用 \(rejected) 回")
      text += "\n"
    }
    return text + "\n"
  }
}
