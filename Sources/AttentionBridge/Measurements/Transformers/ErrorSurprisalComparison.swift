internal import Foundation
package import ModelFiles
internal import Reporting
package import TensorCore
internal import Transformers

/// M7: error-unit activity of the decoder's attention cells beside the surprisal of the tokens.
///
/// Exploratory: nothing in the theory says that the two must agree. At each step every cell starts
/// from the rest of the step before; `Σ_j ‖ξ_j‖` at that moment, summed over the heads of the
/// decoder, stands for an EEG channel.
package struct ErrorSurprisalComparison: BridgeComparison {
  package let name = "error-surprisal"
  package let number = "M7"
  package let kind = ComparisonKind.measurement
  package let title = LocalizedText(
    english: "Error-unit activity beside the surprisal of tokens (exploratory)",
    japanese: "誤差ユニットの活動と文字の驚き（探索的な測定）")
  package let glossary = [
    "error-unit", "prediction-error", "surprise", "attention", "precision", "state-unit",
  ]
  package let claim = Claim(
    equation: [
      "aₜ = ln Σₕ Σⱼ ‖ξⱼ(t)‖,   ξⱼ(t) = exp(sⱼ(t)) (vⱼ − μ*(t − 1)),   h: heads",
      "r = corr(aₜ, −ln p(xₜ | x₁ … xₜ₋₁))",
    ],
    meaning: LocalizedText(
      english: """
        When a character arrives, the attention cells of the decoder start from where the last \
        character left them, and their error units fire until the cells rest again. This asks \
        whether that activity is larger for characters that the model found surprising. Two nulls: \
        surprisal shifted around within its verse, and surprisal of another verse at the same \
        places, which keeps whatever depends on the place alone.
        """,
      japanese: """
        文字が届くと、デコーダーの注意のセルは直前の文字での静止点から動き始め、再び静止するまで誤差\
        ユニットが活動します。その活動が、モデルにとって意外な文字ほど大きいかどうかを調べます。比較の\
        基準は 2 つです。句の中で驚きの順番を巡回させたものと、別の歌の同じ位置の驚きに入れ替えたもの\
        （位置だけによる関係はここに残ります）です。
        """),
    references: ["feldman2010attention", "vaswani2017attention"])

  /// Creates the comparison.
  package init() {}

  /// Shuffled controls of each null.
  private static let shuffles = 499

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    let poems = try TrainedPoems.model(settings)
    let model = poems.model
    var parts: [(name: LocalizedText, verses: [Verse], result: Correlation)] = []
    for isHeldOut in [false, true] {
      let examples = try poems.examples(heldOut: isHeldOut)
      let verses = Self.verses(model, examples)
      guard verses.count > 1 else {
        throw .unsuitableModel(reason: .kind(expected: "two poems learned and two held out"))
      }
      var source = RandomSource(seed: settings.seed).split(name).split(isHeldOut ? 1 : 0)
      parts.append(
        (
          isHeldOut
            ? LocalizedText(english: "held-out poems", japanese: "学習していない歌")
            : LocalizedText(english: "learned poems", japanese: "学習した歌"),
          verses, Correlation(verses, shuffles: Self.shuffles, &source)
        ))
      try settings.proceed(isHeldOut ? 1 : 0.5)
    }
    let shift = LocalizedText(
      english: "surprisal shifted within each verse", japanese: "句の中で驚きを巡回")
    let exchange = LocalizedText(
      english: "surprisal of another verse, same places", japanese: "別の歌の同じ位置の驚き")
    var effects: [Effect] = []
    for part in parts {
      for (null, method, control) in [
        (part.result.shifted, shift, LocalizedText(english: "shifts", japanese: "巡回と比較")),
        (
          part.result.exchanged, exchange,
          LocalizedText(english: "other verses", japanese: "別の歌と比較")
        ),
      ] {
        effects.append(
          Effect(
            LocalizedText(
              english: "\(part.name.english): r, beside \(control.english)",
              japanese: "\(part.name.japanese)：相関 r（\(control.japanese)）"),
            value: part.result.value,
            null: .shuffled(null, value: part.result.value, method, tail: .both)))
      }
    }
    let figure =
      settings.draws
      ? Self.figure(parts.map { ($0.name, $0.verses, $0.result) }, poems) : nil
    return Finding(
      effects: effects, verdict: Self.verdict(parts.map { ($0.name, $0.result) }), figure: figure)
  }

  // MARK: Activity

  /// One verse: per arriving character, from the second on, activity and surprisal.
  package struct Verse: Sendable {
    /// The number of the arriving token.
    package var tokens: [Int]
    /// `ln Σ ‖ξ‖`, and `−ln p` of the token.
    package var activity: [Double], surprisal: [Double]

    /// Creates a verse.
    package init(tokens: [Int], activity: [Double], surprisal: [Double]) {
      self.tokens = tokens
      self.activity = activity
      self.surprisal = surprisal
    }
  }

  private static func verses(
    _ model: TransformerModel<Double>, _ examples: [SequenceExample]
  ) -> [Verse] {
    let predictions = model.predictions(examples, extents: examples.extents(batch: 20))
    return zip(examples, predictions).map { example, prediction in
      let heads = model.headInputs(example).filter { $0.layer.hasPrefix("decoder.") }
      let steps = example.target.count
      var sums = [Double](repeating: 0, count: steps)
      for head in heads {
        for (step, activity) in activity(head.problems).enumerated() { sums[step + 1] += activity }
      }
      // The character that arrives at step t is the one predicted at step t − 1.
      return Verse(
        tokens: Array(example.target.dropFirst()), activity: sums.dropFirst().map { log($0) },
        surprisal: Array(prediction.surprises.prefix(max(0, steps - 1))))
    }
  }

  /// `Σ_j ‖ξ_j‖` at the arrival of each query but the first, from the rest of the query before it.
  package static func activity(_ problems: [AttentionProblem]) -> [Double] {
    var result: [Double] = []
    for (before, now) in zip(problems, problems.dropFirst()) {
      let state = AttentionCell(before).rest
      var sum = 0.0
      for (score, value) in zip(now.scores, now.values) where score > -.infinity {
        sum += exp(score) * Vectors.norm(Vectors.sum(value, -1, state))
      }
      result.append(sum)
    }
    return result
  }

  // MARK: Correlation

  /// Pearson's r over all steps of all verses, with both nulls.
  package struct Correlation: Sendable {
    /// r.
    package let value: Double
    /// r with surprisal shifted within verses, and with that of other verses.
    package let shifted: [Double], exchanged: [Double]

    /// Correlates verses, at least two.
    package init(_ verses: [Verse], shuffles: Int, _ source: inout RandomSource) {
      let activity = verses.flatMap(\.activity)
      value = Self.pearson(activity, verses.flatMap(\.surprisal))
      var shifted: [Double] = [], exchanged: [Double] = []
      for _ in 0..<shuffles {
        var moved: [Double] = []
        for verse in verses {
          let count = verse.surprisal.count
          guard count > 0 else { continue }
          let start = RandomProblems.integer(below: count, &source)
          moved += CircularShifts.rotated(verse.surprisal, by: start)
        }
        shifted.append(Self.pearson(activity, moved))
        let order = source.permutation(verses.count)
        var (own, other): ([Double], [Double]) = ([], [])
        for (index, verse) in verses.enumerated() {
          // Verses of unequal length share the places that both have.
          for (a, b) in zip(verse.activity, verses[order[index]].surprisal) {
            own.append(a)
            other.append(b)
          }
        }
        exchanged.append(Self.pearson(own, other))
      }
      (self.shifted, self.exchanged) = (shifted, exchanged)
    }

    /// Pearson's correlation; 0 where one side does not vary.
    package static func pearson(_ a: [Double], _ b: [Double]) -> Double {
      SampleCorrelation.pearson(a, b) ?? 0
    }
  }

  /// Whether so few controls lie as far from their mean that chance is no good explanation.
  private static func isOutside(_ controls: [Double], _ value: Double) -> Bool {
    Null.probability(controls, value: value, tail: .both) < 0.05
  }

  private static func verdict(_ parts: [(name: LocalizedText, result: Correlation)])
    -> LocalizedText
  {
    let texts = parts.map { part -> (english: String, japanese: String) in
      let (r, name) = (Self.digits(part.result.value), part.name)
      let byShift = isOutside(part.result.shifted, part.result.value)
      let byExchange = isOutside(part.result.exchanged, part.result.value)
      switch (byShift, byExchange) {
      case (true, true):
        return (
          "\(name.english): r = \(r), beyond both nulls.",
          "\(name.japanese)：r = \(r) で、どちらの基準の範囲も超えています。"
        )
      case (false, false):
        return (
          "\(name.english): r = \(r), no effect beyond either null.",
          "\(name.japanese)：r = \(r) で、どちらの基準とも区別できません（効果なし）。"
        )
      case (true, false):
        return (
          "\(name.english): r = \(r), no more than the place in the verse explains.",
          "\(name.japanese)：r = \(r) ですが、句の中の位置だけで説明できる範囲です。"
        )
      case (false, true):
        return (
          "\(name.english): r = \(r), beyond that of other verses but not beyond shifts of its own.",
          "\(name.japanese)：r = \(r) で、別の歌との値は超えますが、巡回させた値は超えません。"
        )
      }
    }
    return LocalizedText(
      english: "Exploratory; r is of ln activity and surprisal. "
        + texts.map(\.english).joined(separator: " "),
      japanese: "探索的な測定です。r は活動の対数と驚きの相関です。" + texts.map(\.japanese).joined())
  }

  /// Two digits after the point, with a minus sign that is one.
  private static func digits(_ value: Double) -> String {
    String(format: "%.2f", value).replacingOccurrences(of: "-", with: "−")
  }

  // MARK: The figure

  private static func figure(
    _ parts: [(name: LocalizedText, verses: [Verse], result: Correlation)], _ poems: TrainedPoems
  ) -> LocalizedFigure {
    let last = parts[parts.count - 1]
    let verse = last.verses[0]
    let follows = parts.contains { part in
      isOutside(part.result.shifted, part.result.value)
        && isOutside(part.result.exchanged, part.result.value)
    }
    let places = verse.tokens.indices.map { Double($0 + 1) }
    return LocalizedFigure { language in
      func pick(_ text: LocalizedText) -> String { language.pick(text.english, text.japanese) }
      let trace = Panel(
        title: language.pick(
          "One held-out verse: surprisal and error units", "学習していない歌の下の句：驚きと誤差ユニット"),
        xLabel: language.pick("character that arrives", "届いた文字"),
        yLabel: language.pick("z-score", "z 得点"),
        series: [
          .line(
            language.pick("surprisal", "驚き"), role: .surprise, x: places,
            y: SampleCorrelation.standardized(verse.surprisal), width: 4),
          .line(
            language.pick("error units", "誤差ユニット"), role: .error, x: places,
            y: SampleCorrelation.standardized(verse.activity), width: 4),
        ], rules: [.horizontal(0)], categories: poems.names(verse.tokens))
      let clouds = parts.map { part -> Panel in
        let surprisal = part.verses.flatMap(\.surprisal)
        // Of a text known by heart hardly any character surprises; a linear axis would show one.
        let isSkewed =
          MeasurementStatistics.quantile(surprisal, 0.5) < 0.01 * (surprisal.max() ?? 0)
        return Panel(
          title: "\(pick(part.name))\(language.pick(", ", "、"))r = \(digits(part.result.value))",
          xLabel: language.pick("surprisal −ln p (nats)", "驚き −ln p（ナット）"),
          yLabel: language.pick("ln of error-unit activity", "誤差ユニットの活動の対数"),
          series: [
            .points(
              role: .error, x: surprisal,
              y: part.verses.flatMap(\.activity), size: 7)
          ], xScale: isSkewed ? .logarithmic : .linear, legend: .none)
      }
      return Figure(
        title: language.pick(
          follows
            ? "Error units show a link to surprisal (exploratory)"
            : "Error units show no link to surprisal (exploratory)",
          follows
            ? "誤差ユニットの活動は驚きと関係がある（探索的な測定）"
            : "誤差ユニットの活動と驚きの関係は見られない（探索的な測定）"),
        rows: [[trace], clouds], height: 1100, language: language)
    }
  }
}
