internal import Foundation
package import ModelFiles

/// What the analysis says to people: effects and verdict; the figure is in a file of its own.
package struct RepresentationReport: Sendable {
  /// Both sides.
  package let material: RepresentationMaterial
  /// What was measured.
  package let analysis: RepresentationAnalysis
  /// How much was sung, learned and shifted.
  package let sizes: RepresentationSizes

  /// Creates a report.
  package init(
    material: RepresentationMaterial, analysis: RepresentationAnalysis, sizes: RepresentationSizes
  ) {
    self.material = material
    self.analysis = analysis
    self.sizes = sizes
  }

  typealias Measured = RepresentationAnalysis.Measured

  /// The level of chance at which a number is counted; nothing is corrected for how many there are.
  package static let significance = 0.05

  /// The gain over a chain of first order, in nats a token, below which it is called none.
  package static let smallestGain = 0.01

  /// Every number beside its null.
  package var effects: [Effect] {
    var effects: [Effect] = []
    if let traces = material.traces {
      effects.append(
        Effect(
          LocalizedText(
            english: "mean surprisal of the held-out song",
            japanese: "未学習の歌の平均の驚き（トークン当たり）"),
          value: SampleCorrelation.mean(traces.surprisals), unit: "nats",
          null: .analytic(
            traces.chainSurprisal,
            LocalizedText(
              english: "a first-order Markov chain learned from the same songs",
              japanese: "同じ歌から学習した 1 次マルコフ連鎖"))))
    }
    // What does not vary has no correlation, which is something else than a small one.
    for (index, measured) in analysis.surprisal.enumerated() where measured.isDefined {
      let what = index == 0 ? "F" : "‖ξ\(RepresentationMaterial.subscripted(index))‖"
      effects.append(
        shifted("correlation of \(what) with surprisal", "\(what) と驚きの相関", measured))
    }
    if let entropy = analysis.entropy, entropy.isDefined {
      effects.append(
        shifted(
          "correlation of the entropy of attention with ‖ξ₁‖",
          "注意のエントロピーと ‖ξ₁‖ の相関", entropy))
    }
    for (level, measured) in zip(material.levels, analysis.alignment.best)
    where measured.isDefined {
      effects.append(
        shifted(
          "largest CKA of a layer with \(level.name.english)",
          "\(level.name.japanese) と層の CKA の最大値", measured))
    }
    for (level, measured) in zip(material.levels, analysis.similarity.best)
    where measured.isDefined {
      effects.append(
        shifted(
          "largest RSA of a layer with \(level.name.english)",
          "\(level.name.japanese) と層の RSA の最大値", measured))
    }
    for (layer, measured) in zip(encoded, analysis.accuracy) {
      effects.append(
        shifted(
          "2-vs-2 accuracy from \(layer.english)", "2 対 2 正答率（\(layer.japanese)）",
          measured))
    }
    if let ceiling = analysis.ceiling {
      effects.append(
        shifted(
          "2-vs-2 accuracy from ξ itself (upper bound)",
          "2 対 2 正答率（ξ 自身、上限）", ceiling))
    }
    effects.append(
      Effect(
        LocalizedText(
          english: "2-vs-2 accuracy from the last layer, shuffled",
          japanese: "2 対 2 正答率（最後の層、時点を並べ替え）"),
        value: analysis.shuffled,
        null: .analytic(
          0.5, LocalizedText(english: "chance", japanese: "偶然の水準"))))
    return effects
  }

  private func shifted(_ english: String, _ japanese: String, _ measured: Measured) -> Effect {
    Effect(
      LocalizedText(english: english, japanese: japanese), value: measured.value,
      null: .shuffled(
        measured.controls, value: measured.value, analysis.shifts.method, tail: measured.tail))
  }

  /// What is encoded from, in the order of `analysis.accuracy`.
  var encoded: [LocalizedText] {
    material.layers.map(\.name) + (material.untrained.map { [$0.name] } ?? [])
  }

  /// What came out, made from the numbers.
  package var verdict: LocalizedText {
    var english = ["Exploratory; p is not corrected for the number of tests."]
    var japanese = ["探索的な結果であり、p 値は検定の数で補正していません。"]
    func count(_ all: [Measured]) -> Int {
      all.count { $0.isDefined && $0.p < Self.significance }
    }
    if let traces = material.traces {
      // What a chain of first order knows, the present token alone tells.
      let gain = traces.chainSurprisal - SampleCorrelation.mean(traces.surprisals)
      let isBetter = gain > Self.smallestGain
      english.append(
        "The Transformer predicts the song "
          + (isBetter ? "better than" : "no better than") + " a first-order chain.")
      japanese.append(
        "Transformer の予測は、1 次マルコフ連鎖より"
          + (isBetter ? "優れています。" : "優れているとは言えません。"))
    }
    let correlated = analysis.surprisal.filter(\.isDefined)
    if !correlated.isEmpty {
      let found = count(correlated)
      let first = analysis.surprisal.first.flatMap { $0.isDefined ? $0 : nil }
      english.append(
        "Surprisal goes with \(found) of \(correlated.count) of F and ‖ξ‖ beyond circular shifts"
          + (first.map { " (F: r = \(digits($0.value)), p = \(digits($0.p)))" } ?? "") + ".")
      japanese.append(
        "驚きは、F と各階層の ‖ξ‖ の計 \(correlated.count) 個のうち \(found) 個と、"
          + "巡回シフトを超えて相関します"
          + (first.map { "（F：r = \(digits($0.value))、p = \(digits($0.p))）" } ?? "") + "。")
    }
    // Where a measure is undefined everywhere, "none" would sound like a result.
    for (name, best) in [
      (LocalizedText(english: "CKA", japanese: "CKA"), analysis.alignment.best),
      (
        LocalizedText(english: "representational similarity", japanese: "表現類似度"),
        analysis.similarity.best
      ),
    ] {
      let defined = best.filter(\.isDefined)
      english.append(
        defined.isEmpty
          ? "Likeness by \(name.english) is not defined here."
          : "Beyond shifts, \(count(defined)) of \(defined.count) level representations align with "
            + "a layer by \(name.english).")
      japanese.append(
        defined.isEmpty
          ? "ここでは \(name.japanese) は定義されません。"
          : "シフトを超えて層と似ている階層の表現は、\(name.japanese) で \(defined.count) 個中 "
            + "\(count(defined)) 個です。")
    }
    let trained = Array(analysis.accuracy.prefix(material.layers.count))
    if let best = trained.indices.max(by: { trained[$0].value < trained[$1].value }) {
      let name = material.layers[best].name
      let measured = trained[best]
      // The best of several layers is above its shifts more often than one layer is: say of how many.
      english.append(
        "Held-out responses are told apart beyond shifts from \(count(trained)) of "
          + "\(trained.count) layers; the best, \(name.english), reaches "
          + "\(percent(measured.value)) of pairs, its shifts up to \(percent(measured.upper))"
          + (analysis.ceiling.map { "; the error units themselves reach \(percent($0.value))" }
            ?? "") + ".")
      japanese.append(
        "シフトを超えて未使用の応答を見分けられる層は \(trained.count) 個中 \(count(trained)) 個で、"
          + "最良は「\(name.japanese)」で、対の \(percent(measured.value)) を見分けます"
          + "（シフトの上限は \(percent(measured.upper))）"
          + (analysis.ceiling.map { "。誤差ユニット自身からは \(percent($0.value)) です" } ?? "")
          + "。")
      if material.untrained != nil, let before = analysis.accuracy.last {
        // The same block, so that no choice among layers favors learning; a description, no test.
        let after = trained[trained.count - 1]
        english.append(
          "The last block reaches \(percent(after.value)), and \(percent(before.value)) before "
            + "learning.")
        japanese.append(
          "最後のブロックでは \(percent(after.value))、学習前の同じブロックでは "
            + "\(percent(before.value)) です。")
      }
    }
    return LocalizedText(
      english: english.joined(separator: " "), japanese: japanese.joined())
  }

  private func digits(_ value: Double) -> String { String(format: "%.2f", value) }
  private func percent(_ value: Double) -> String { String(format: "%.0f %%", 100 * value) }
}
