internal import Foundation
internal import Learning
package import ModelFiles
internal import Reporting
internal import TensorCore
package import Transformers

/// M6: the identities on the real queries, keys and values of every head of a trained Transformer.
///
/// By default a model of poems is trained first and reads a poem that was held out; any model and any
/// example can be given. Beside each number stands that of the same model before training.
package struct HeadsComparison: BridgeComparison {
  package let name = "heads"
  package let number = "M6"
  package let kind = ComparisonKind.measurement
  package let title = LocalizedText(
    english: "The heads of a trained Transformer as predictive-coding cells",
    japanese: "学習した Transformer のヘッドを予測符号化のセルとして読む")
  package let glossary = [
    "attention", "query-key-value", "precision", "entropy", "bayesian-surprise", "free-energy",
    "state-unit", "error-unit",
  ]
  package let claim = Claim(
    equation: [
      "μ* = Σⱼ αⱼ vⱼ,   F(α) = Σⱼ αⱼ (ln αⱼ − sⱼ) = −ln Z,   εₙ = −∂Loss/∂n",
      "H[α] = −Σⱼ αⱼ ln αⱼ,   ln Z = logsumexp(s),   KL[α‖1/T] = ln T − H[α]",
    ],
    meaning: LocalizedText(
      english: """
        On the queries, keys and values that a trained model really uses, every head is a cell at \
        rest, and its weights minimize free energy. What training changes is measured: how sharp \
        the weights become, how precise the state unit, and how far each query moves the weights \
        from an even spread over the keys it can see (Bayesian surprise). An untrained model of the \
        same shape shows what the architecture alone gives.
        """,
      japanese: """
        学習したモデルが実際に使うクエリ・キー・値の上でも、どのヘッドも静止したセルであり、その重みは\
        自由エネルギーを最小にします。学習で何が変わるかは、測って確かめます。測るのは、重みがどれほど鋭くなるか、状態ユニットの精度が\
        どれほど上がるか、各クエリが重みを、見えるキーへの均等な配分からどれほど動かすか（ベイズ的驚き）\
        です。同じ形の学習前のモデルと比べると、構造だけで生じる分がわかります。
        """),
    references: ["vaswani2017attention", "feldman2010attention", "millidge2022predictive"])

  /// A model that was given, with what it reads.
  private struct Given {
    let configuration: TransformerConfiguration
    let parameters: ParameterSet<Double>
    let padding: Int
    let example: SequenceExample
    let source: [String], target: [String]
    let seed: UInt64?
  }
  private let given: Given?

  /// Compares the heads of a poem model that is trained for this, on a poem that was held out.
  package init() { given = nil }

  /// Compares the heads of a model on an example.
  ///
  /// - Parameters:
  ///   - model: any Transformer; its numbers are taken over in double precision.
  ///   - example: what it reads and, with a decoder, what the decoder has read; no padding.
  ///   - tokens: the texts of the source's tokens.
  ///   - targetTokens: those of the target's tokens; empty without a decoder.
  ///   - untrainedSeed: the seed of the model's own start; nil draws a start of the same shape from
  ///     the seed of the comparison.
  package init<Scalar>(
    model: TransformerModel<Scalar>, example: SequenceExample, tokens: [String],
    targetTokens: [String] = [], untrainedSeed: UInt64? = nil
  ) {
    precondition(
      tokens.count == example.source.count && targetTokens.count == example.target.count,
      "\(tokens.count) and \(targetTokens.count) texts for an example of "
        + "\(example.source.count) and \(example.target.count) tokens")
    given = Given(
      configuration: model.configuration,
      parameters: ParameterSet(inDoublePrecision: model.parameters), padding: model.padding,
      example: example, source: tokens, target: targetTokens, seed: untrainedSeed)
  }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    let read: (trained: [HeadReading], untrained: [HeadReading])
    let tokens: (source: [String], target: [String])
    // A pretrained model's own start is not known.
    let hasOwnStart = given.map { $0.seed != nil } ?? true
    if let given {
      guard !given.example.source.isEmpty else {
        throw .unsuitableModel(reason: .emptyText)
      }
      let start = ParameterSet<Double>(
        given.configuration.layout,
        from: RandomSource(seed: given.seed ?? settings.seed).split("parameters"))
      read = try Self.read(
        given.configuration, given.parameters, start, given.padding, given.example, settings)
      tokens = (given.source, given.target)
    } else {
      let poems = try TrainedPoems.model(settings)
      let example: SequenceExample
      if let first = try poems.examples(heldOut: true).first {
        example = first
      } else {
        throw .unsuitableModel(reason: .kind(expected: "poems enough to hold one out"))
      }
      read = try Self.read(
        poems.configuration, poems.trained, poems.untrained,
        poems.data.tokenizer.vocabulary.padding, example, settings)
      tokens = (poems.names(example.source), poems.names(example.target))
    }
    guard !read.trained.isEmpty else {
      throw .unsuitableModel(reason: .kind(expected: "attention"))
    }
    return Finding(
      deviations: Self.deviations(read.trained),
      effects: Self.effects(read.trained, read.untrained, hasOwnStart: hasOwnStart),
      verdict: Self.verdict(read.trained, read.untrained, hasOwnStart: hasOwnStart),
      figure: settings.draws
        ? HeadsFigure(
          trained: read.trained, untrained: read.untrained, source: tokens.source,
          target: tokens.target, hasOwnStart: hasOwnStart
        ).figure : nil)
  }

  private static func read(
    _ configuration: TransformerConfiguration, _ trained: ParameterSet<Double>,
    _ untrained: ParameterSet<Double>, _ padding: Int, _ example: SequenceExample,
    _ settings: BridgeSettings
  ) throws(BridgeError) -> (trained: [HeadReading], untrained: [HeadReading]) {
    var readings: [[HeadReading]] = []
    for (index, parameters) in [trained, untrained].enumerated() {
      let model = TransformerModel(configuration, parameters: parameters, padding: padding)
      readings.append(try HeadReading.all(model, example, seed: settings.seed))
      try settings.proceed(Double(index + 1) / 2)
    }
    return (readings[0], readings[1])
  }

  // MARK: Numbers

  private static func deviations(_ heads: [HeadReading]) -> [Deviation] {
    var cell = DeviationMeter(), freeEnergy = DeviationMeter(), errors = DeviationMeter()
    for head in heads {
      cell.add(head.cell)
      freeEnergy.add(head.freeEnergy)
      errors.add(head.errors)
    }
    return [
      cell.deviation(
        "P1: cell at rest = the head's output", "P1：静止したセル = ヘッドの出力", tolerance: 1e-12),
      freeEnergy.deviation(
        "P3: F at the weights = −logsumexp(s)", "P3：重みでの F = −logsumexp(s)", tolerance: 1e-12),
      errors.deviation(
        "P12: ε at rest = −∂Loss/∂n, n = Q, K, V, S, A, C",
        "P12：静止した ε = −∂Loss/∂n（n = Q, K, V, S, A, C）", tolerance: 1e-12),
    ]
  }

  /// The most heads that are told one by one; with more of them, layers are.
  package static let mostHeads = 24

  /// Heads, or the heads of each layer together, in both models.
  private static func groups(
    _ trained: [HeadReading], _ untrained: [HeadReading]
  ) -> [(name: LocalizedText, trained: [HeadReading], untrained: [HeadReading])] {
    if trained.count <= mostHeads {
      return zip(trained, untrained).map { ($0.longName, [$0], [$1]) }
    }
    var layers: [String] = []
    for head in trained where layers.last != head.layer { layers.append(head.layer) }
    return layers.map { layer in
      (
        trained.first { $0.layer == layer }?.layerName
          ?? LocalizedText(english: layer, japanese: layer), trained.filter { $0.layer == layer },
        untrained.filter { $0.layer == layer }
      )
    }
  }

  /// What stands beside the trained model.
  static func startName(_ hasOwnStart: Bool) -> LocalizedText {
    hasOwnStart
      ? LocalizedText(english: "before training", japanese: "学習前")
      : LocalizedText(
        english: "random start of the same shape", japanese: "同じ形の乱数の初期値")
  }

  private static func effects(
    _ trained: [HeadReading], _ untrained: [HeadReading], hasOwnStart: Bool
  ) -> [Effect] {
    let even = LocalizedText(
      english: "even spread over the visible keys, mean ln T (entropy)",
      japanese: "見えるキーへの均等な配分、ln T の平均（エントロピー）")
    let start = startName(hasOwnStart)
    let before = LocalizedText(
      english: "\(start.english) (precision, surprise)",
      japanese: "\(start.japanese)（精度、驚き）")
    return groups(trained, untrained).flatMap { group -> [Effect] in
      func mean(_ heads: [HeadReading], _ part: (HeadReading.Means) -> Double) -> Double {
        SampleCorrelation.mean(heads.map { part($0.means) })
      }
      func effect(
        _ english: String, _ japanese: String, _ part: (HeadReading.Means) -> Double,
        null: Null? = nil
      ) -> Effect {
        Effect(
          LocalizedText(
            english: "\(group.name.english): \(english)",
            japanese: "\(group.name.japanese)：\(japanese)"), value: mean(group.trained, part),
          unit: "nats", null: null ?? .analytic(mean(group.untrained, part), before))
      }
      return [
        effect(
          "entropy of the weights", "重みのエントロピー", \.entropy,
          null: .analytic(mean(group.trained, \.logCount), even)),
        effect("ln precision", "対数精度", \.logPrecision),
        effect("Bayesian surprise", "ベイズ的驚き", \.surprise),
      ]
    }
  }

  private static func number(_ value: Double) -> String { String(format: "%.2f", value) }

  /// The probability that at least `count` of `total` fair coins show heads.
  package static func binomialTail(_ count: Int, of total: Int) -> Double {
    guard count > 0 else { return 1 }
    guard count <= total else { return 0 }
    let all = lgamma(Double(total + 1)) - Double(total) * log(2)
    return (count...total).reduce(0) { sum, heads in
      sum + exp(all - lgamma(Double(heads + 1)) - lgamma(Double(total - heads + 1)))
    }
  }

  /// What the numbers of sharper and of broader heads say.
  package enum Sharpening: Sendable, Equatable {
    /// Even all heads alike would not be beyond chance.
    case tooFew
    /// More heads than chance gives are sharper, or broader.
    case sharper, broader
    /// Neither.
    case chance

    /// Decides by the exact two-sided sign test at the level 0.05.
    package init(sharper: Int, broader: Int, of total: Int) {
      func isSignificant(_ count: Int) -> Bool {
        2 * HeadsComparison.binomialTail(count, of: total) < 0.05
      }
      self =
        !isSignificant(total)
        ? .tooFew : isSignificant(sharper) ? .sharper : isSignificant(broader) ? .broader : .chance
    }
  }

  private static func verdict(
    _ trained: [HeadReading], _ untrained: [HeadReading], hasOwnStart: Bool
  ) -> LocalizedText {
    let pairs = zip(trained, untrained).map { ($0.means, $1.means) }
    let sharper = pairs.count { $0.entropy < $1.entropy }
    let broader = pairs.count { $0.entropy > $1.entropy }
    let start = startName(hasOwnStart)
    let than = hasOwnStart ? start.english : "at a \(start.english)"
    func average(_ part: KeyPath<HeadReading.Means, Double>) -> (after: String, before: String) {
      (
        number(SampleCorrelation.mean(pairs.map { $0.0[keyPath: part] })),
        number(SampleCorrelation.mean(pairs.map { $0.1[keyPath: part] }))
      )
    }
    let (entropy, precision) = (average(\.entropy), average(\.logPrecision))
    let surprise = average(\.surprise)
    let preciser = pairs.count { $0.logPrecision > $1.logPrecision }
    let numbers = (
      english: "Mean entropy: \(entropy.after) nats (\(entropy.before) \(than)); "
        + "ln precision: \(precision.after) (\(precision.before)), higher in \(preciser) of "
        + "\(pairs.count) heads; Bayesian surprise: \(surprise.after) (\(surprise.before)). "
        + "One example and one training run.",
      japanese: "平均エントロピーは \(entropy.after) ナット（\(start.japanese) \(entropy.before)）、"
        + "対数精度は \(precision.after)（\(start.japanese) \(precision.before)、"
        + "\(pairs.count) 個中 \(preciser) 個で高い）、"
        + "ベイズ的驚きは \(surprise.after)（\(start.japanese) \(surprise.before)）です。"
        + "例文も学習も 1 回だけの結果です。"
    )
    let counts = LocalizedText(
      english: "\(sharper) of \(pairs.count) heads are sharper and \(broader) broader than \(than)",
      japanese: "\(start.japanese)と比べて鋭いヘッドは \(pairs.count) 個のうち \(sharper) 個、"
        + "広いヘッドは \(broader) 個")
    let judgment: (english: String, japanese: String) =
      switch Sharpening(sharper: sharper, broader: broader, of: pairs.count) {
      case .tooFew: (": too few heads to tell", "で、ヘッドが少なすぎて判断できません")
      case .sharper:
        (": sharper than chance would give (sign test)", "で、偶然では説明できない鋭さです（符号検定）")
      case .broader:
        (": broader than chance would give (sign test)", "で、偶然では説明できない広がりです（符号検定）")
      case .chance: (": no more than chance could give (sign test)", "で、偶然の範囲を出ません（符号検定）")
      }
    return LocalizedText(
      english: "\(counts.english)\(judgment.english). \(numbers.english)",
      japanese: "\(counts.japanese)\(judgment.japanese)。\(numbers.japanese)")
  }
}
