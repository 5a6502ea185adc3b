internal import DynamicModels
internal import ModelFiles
public import Reporting
internal import TensorCore

extension ModelCheck {
  /// The findings as a person reads them.
  public func text(in language: ReportLanguage, style: TerminalStyle) -> String {
    let model = file.model
    var text = style.bold(file.title.text(language.diagnostic)) + style.faint("  \(file.path)")
    text += "\n"
    if let about = file.about {
      text +=
        DisplayWidth.wrap(about.text(language.diagnostic), to: min(style.width ?? 80, 100)) + "\n"
    }
    if let source = file.citation {
      text += style.faint(language.pick("Source: ", "出典: ") + source) + "\n"
    }
    text += "\n"
    let step = plain(model.time.step)
    text += language.pick(
      "\(model.time.count) samples, one every \(step) time units; ",
      "標本数 \(model.time.count)、間隔 \(step) 時間単位。")
    if model.isStatic {
      text += language.pick("static model\n", "静的なモデル\n")
    } else {
      text += language.pick(
        "orders n = \(model.stateOrder), d = \(model.causeOrder); "
          + "smoothness \(plain(model.smoothness))\n",
        "次数 n = \(model.stateOrder)、d = \(model.causeOrder)、滑らかさ \(plain(model.smoothness))\n")
    }
    text += "\n" + shapeTable(language).text(style: style, language: language)
    text += "\n" + derivativeTable(language).text(style: style, language: language)
    let vanishing = levels.flatMap { level in
      level.second.filter { $0.dependence != .zero }.map { "\($0.name) (\(level.number))" }
    }
    text += "\n"
    if vanishing.isEmpty {
      text += language.pick(
        "Second derivatives: all zero.\n", "2 階微分: すべて零。\n")
    } else {
      let list = vanishing.joined(separator: ", ")
      text += language.pick(
        "Second derivatives that do not vanish (level): \(list).\n",
        "零でない 2 階微分（階層）: \(list)。\n")
    }
    text +=
      isLinearGaussian
      ? language.pick(
        "Linear and Gaussian: surprise is computed exactly beside F.\n",
        "線形ガウスモデル: F とともに驚きも厳密に計算されます。\n")
      : language.pick(
        "Not linear and Gaussian: surprise has no closed form.\n",
        "線形ガウスモデルではないため、驚きは閉じた形では求まりません。\n")
    return text + stiffnessText(language)
  }

  private func stiffnessText(_ language: ReportLanguage) -> String {
    guard let stiffness else {
      return language.pick(
        "No units to integrate: every cause is fixed by its equations.\n",
        "積分すべきユニットはありません。\n")
    }
    var text = language.pick(
      "\(stiffness.dimension) units; at the start decay rates from \(brief(stiffness.slowest)) to "
        + "\(brief(stiffness.fastest)) per time unit",
      "ユニット数 \(stiffness.dimension)。開始時の減衰の速さは毎時間単位 \(brief(stiffness.slowest)) から "
        + "\(brief(stiffness.fastest))")
    if stiffness.growth > 1e-9 * stiffness.fastest {
      text += language.pick(
        ", growth up to \(brief(stiffness.growth))", "、増大の速さは最大 \(brief(stiffness.growth))")
    }
    text += language.pick(".\n", "。\n")
    text +=
      stiffness.isStiff
      ? language.pick(
        "Stiff: the fastest unit decays \(brief(stiffness.perSample)) times within a sample. "
          + "Recommended stepper: local-linear (msbdf or rk2imp as a check).\n",
        "硬い系: 最も速いユニットは 1 標本のあいだに \(brief(stiffness.perSample)) 回分減衰します。"
          + "推奨する解法: local-linear（確認には msbdf か rk2imp）。\n")
      : language.pick(
        "Not stiff: every stepper will do. Recommended: local-linear (rkf45 as a check).\n",
        "硬い系ではありません。どの解法でも解けます。推奨: local-linear（確認には rkf45）。\n")
    return text
  }

  private func shapeTable(_ language: ReportLanguage) -> TextTable {
    func join(_ names: [String]) -> String { names.isEmpty ? "–" : names.joined(separator: ", ") }
    return TextTable(columns: [
      TextTable.Column(language.pick("level", "階層"), levels.map { .integer($0.number) }),
      TextTable.Column(language.pick("states", "状態"), texts: levels.map { join($0.states) }),
      TextTable.Column(language.pick("causes", "原因"), texts: levels.map { join($0.causes) }),
      TextTable.Column(language.pick("outputs", "出力"), texts: levels.map { join($0.outputs) }),
      TextTable.Column(
        language.pick("unknown parameters", "未知パラメータ"),
        texts: levels.map { join($0.parameters) }),
      TextTable.Column(
        language.pick("precisions", "精度"),
        texts: levels.map { level in
          if level.hasStateDependentPrecision {
            return language.pick("depend on states", "状態に依存")
          }
          return level.logPrecisionCount > 0
            ? language.pick(
              "\(level.logPrecisionCount) unknown", "未知 \(level.logPrecisionCount)")
            : language.pick("known", "既知")
        }),
    ])
  }

  private func derivativeTable(_ language: ReportLanguage) -> TextTable {
    let rows = levels.flatMap { level in level.first.map { (level.number, $0) } }
    return TextTable(columns: [
      TextTable.Column(language.pick("level", "階層"), rows.map { .integer($0.0) }),
      TextTable.Column(language.pick("derivative", "微分"), texts: rows.map { $0.1.name }),
      TextTable.Column(
        language.pick("is", "性質"),
        texts: rows.map { row in
          switch row.1.dependence {
          case .zero: language.pick("zero", "零")
          case .constant: language.pick("constant", "定数")
          case .varying: language.pick("varies", "変化")
          }
        }),
      TextTable.Column(
        language.pick("entries", "非零要素"),
        rows.map { .text("\($0.1.nonzero) / \($0.1.count)") }, alignment: .right),
    ])
  }
}
