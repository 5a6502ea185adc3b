internal import Foundation
package import Reporting
package import Transformers

/// What training a perceptron gave.
package struct NetworkResult: Sendable {
  /// The rule.
  package let rule: TrainingRequest.RuleName
  /// The widths of the layers, and the number of parameters.
  package let widths: [Int], parameterCount: Int
  /// The seed.
  package let seed: UInt64
  /// The names of the layers.
  package let stages: [String]
  /// The mean loss of every pass.
  package let losses: [Double]
  /// What it gets right of the poems learned and held out.
  package let training: Accuracy, heldOut: Accuracy?
  /// Cosines between its gradient and backpropagation's, per layer; empty for backpropagation.
  package let cosinesBefore: [Double], cosinesAfter: [Double]
  /// Why the run ended early, if it did.
  package let failure: RunError?

  /// The result as a person reads it.
  package func report(in language: ReportLanguage, style: TerminalStyle) -> String {
    let shape = widths.map(String.init).joined(separator: "-")
    var text = language.pick(
      "perceptron \(shape), \(parameterCount) parameters, \(rule.rawValue); "
        + "\(losses.count) passes\n\n",
      "多層パーセプトロン \(shape)、パラメータ \(parameterCount) 個、\(rule.rawValue)、"
        + "\(losses.count) エポック学習\n\n")
    var parts = [(language.pick("learned", "学習済み"), training)]
    if let heldOut { parts.append((language.pick("held out", "未学習"), heldOut)) }
    text +=
      TextTable(columns: [
        TextTable.Column(language.pick("poems", "歌"), texts: parts.map(\.0)),
        TextTable.Column(
          language.pick("surprise/token [nats]", "驚き/文字 [nats]"),
          parts.map { .number($0.1.meanSurprise) }),
        TextTable.Column(
          language.pick("tokens right", "正答率（文字）"),
          parts.map { .text(String(format: "%.1f %%", 100 * $0.1.ofLabels)) }, alignment: .right),
      ]).text(style: style, language: language) + "\n"
    guard !cosinesBefore.isEmpty else { return text }
    text += "\n"
    text +=
      TextTable(
        title: language.pick(
          "Cosine between this rule's gradient and backpropagation's",
          "この学習則の勾配と誤差逆伝播の勾配のなす角の余弦"),
        columns: [
          TextTable.Column(language.pick("layer", "層"), texts: stages),
          TextTable.Column(language.pick("at the start", "学習前"), numbers: cosinesBefore),
          TextTable.Column(language.pick("at the end", "学習後"), numbers: cosinesAfter),
        ]
      ).text(style: style, significantDigits: 6, language: language) + "\n"
    return text
  }

  /// The loss per pass.
  package func figure(in language: ReportLanguage) -> Figure {
    let curve = LossFigure.Curve(x: losses.indices.map { Double($0 + 1) }, y: losses)
    return LossFigure(
      title: language.pick(
        "Next character by a perceptron: \(rule.rawValue)",
        "パーセプトロンによる次の文字の予測: \(rule.rawValue)"),
      runs: [.init(rule.rawValue, loss: .init(training: curve))], unit: .epochs
    ).figure(language: language)
  }

  /// Everything, for a result file.
  package var tree: ResultTree {
    func accuracy(_ value: Accuracy) -> ResultTree {
      ["labels": .number(value.ofLabels), "surprise": .number(value.meanSurprise)]
    }
    var tree: ResultTree = [
      "task": "network", "learning": .string(rule.rawValue),
      "widths": .vector(widths.map(Double.init)), "parameters": .integer(parameterCount),
      "seed": .seed(seed), "version": .string(OdorokiVersion.current),
      "training": accuracy(training), "loss": .vector(losses),
    ]
    if let heldOut { tree["heldOut"] = accuracy(heldOut) }
    if !cosinesBefore.isEmpty {
      tree["cosines"] = [
        "layers": .strings(stages), "before": .vector(cosinesBefore),
        "after": .vector(cosinesAfter),
      ]
    }
    return tree
  }

  /// The loss per pass.
  package var columns: ColumnTable {
    ColumnTable([
      ColumnTable.Column("epoch", values: losses.indices.map { Double($0 + 1) }),
      ColumnTable.Column("loss", unit: "nats", values: losses),
    ])
  }
}
