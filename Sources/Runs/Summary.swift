internal import DynamicModels
internal import ModelFiles
internal import ODEEngine
internal import Recognition
public import Reporting
internal import TensorCore

extension RunResult {
  /// How well every cause and hidden state was recognized.
  public func recoveryTable(in language: ReportLanguage) -> TextTable {
    let quantities = hiddenQuantities
    let isStatic = model.isStatic && record.times.count == 1
    let hasTruth = quantities.contains { $0.truth != nil }
    var columns = [
      TextTable.Column(
        language.pick("hidden", "隠れた量"),
        texts: quantities.map { quantity in
          switch quantity.kind {
          case .cause: language.pick("cause \(quantity.name)", "原因 \(quantity.name)")
          case .state: language.pick("state \(quantity.name)", "状態 \(quantity.name)")
          }
        }),
      TextTable.Column(
        language.pick("level", "階層"), quantities.map { .integer($0.level) }),
    ]
    if isStatic {
      columns.append(
        TextTable.Column(
          language.pick("mean", "平均"), quantities.map { .text(digits($0.mean[0])) },
          alignment: .right))
      columns.append(
        TextTable.Column(
          language.pick("sd", "標準偏差"), numbers: quantities.map(\.meanDeviation)))
    }
    if hasTruth && !isStatic {
      columns.append(
        TextTable.Column(
          language.pick("correlation", "相関"),
          quantities.map { .text($0.correlation.map(fixed) ?? "–") }, alignment: .right))
    }
    if hasTruth {
      columns.append(
        TextTable.Column(
          language.pick("rms error", "二乗平均誤差"),
          quantities.map { .text($0.rootMeanSquaredError.map(brief) ?? "–") },
          alignment: .right))
    }
    if !isStatic {
      columns.append(
        TextTable.Column(
          language.pick("mean sd", "平均標準偏差"),
          quantities.map { .text($0.meanDeviation.map(brief) ?? "–") }, alignment: .right))
      if hasTruth {
        columns.append(
          TextTable.Column(
            language.pick("in 90 % band", "90 % 区間内"),
            quantities.map { .text($0.coverage.map { "\(Int(($0 * 100).rounded())) %" } ?? "–") },
            alignment: .right))
      }
    }
    return TextTable(columns: columns)
  }

  /// The first line of a report: title, name, scheme, stepper and seed.
  public func titleLine(in language: ReportLanguage, style: TerminalStyle) -> String {
    let title = style.bold(file.title.text(language.diagnostic))
    let method =
      scheme == .recognition
      ? "\(scheme.rawValue) · \(plan.integrator.rawValue)" : scheme.rawValue
    let source =
      truth == nil
      ? language.pick("recorded data", "記録データ")
      : language.pick("seed \(plan.seed)", "シード \(plan.seed)")
    return title + style.faint("  \(file.name) · \(method) · \(source)")
      + "\n"
  }

  /// What the run cost, in one line.
  public func costLine(in language: ReportLanguage) -> String {
    let cost = record.statistics
    if scheme.worksInPasses {
      // The Kalman filter and its smoother are one pass, of which no history is kept.
      let count = scheme == .kalman ? 1 : record.passes.count
      return language.pick(
        "\(brief(seconds)) s: \(count) \(count == 1 ? "iteration" : "iterations")",
        "\(brief(seconds)) 秒: 反復 \(count) 回")
    }
    return language.pick(
      "\(brief(seconds)) s: \(cost.accepted) steps, \(cost.derivativeEvaluations) evaluations, "
        + "\(cost.jacobianEvaluations) Jacobians",
      "\(brief(seconds)) 秒: \(cost.accepted) 歩、評価 \(cost.derivativeEvaluations) 回、"
        + "ヤコビ行列 \(cost.jacobianEvaluations) 回")
  }

  /// Everything `run` prints.
  public func report(in language: ReportLanguage, style: TerminalStyle) -> String {
    var text = titleLine(in: language, style: style) + "\n"
    guard record.completed > 0 || !record.parameters.isEmpty else {
      return text + language.pick("Nothing was estimated.", "何も推定されませんでした。") + "\n"
    }
    text += recoveryTable(in: language).text(style: style, language: language) + "\n"
    if let estimates = estimateTable(in: language) {
      text += estimates.text(style: style, language: language) + "\n"
    }
    if let confounds = confoundTable(in: language) {
      text += confounds.text(style: style, language: language) + "\n"
    }
    text += evidenceText(in: language, style: style)
    guard record.completed > 0 else { return text }
    var trace = traceTable(in: language, style: style)
    trace.title = language.pick(
      "Free-energy trace (nats)", "自由エネルギーの推移（ナット）")
    text += trace.text(style: style, maximumRows: 12, language: language)
    text += "\n" + freeEnergyLine(in: language, style: style)
    return text + termsLine(file.glossary, in: language, style: style)
  }

  private func fixed(_ value: Double) -> String {
    let thousandths = (value * 1000).rounded() / 1000
    // 0.9996 is not 1.000: truncate towards zero near one.
    let shown = abs(value) < 1 && abs(thousandths) == 1 ? 0.999 * value.sign.factor : thousandths
    return shown.formatted3
  }

  private func digits(_ value: Double) -> String {
    value.isFinite ? "\((value * 1e6).rounded() / 1e6)" : "–"
  }
}

extension FloatingPointSign {
  fileprivate var factor: Double { self == .minus ? -1 : 1 }
}

extension Double {
  /// Three decimals.
  fileprivate var formatted3: String {
    let scaled = Int((abs(self) * 1000).rounded())
    let fraction = String(scaled % 1000)
    let sign = self < 0 && scaled > 0 ? "-" : ""
    return sign + "\(scaled / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}
