internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
internal import TensorCore

/// P2: a prior on the state unit gives the softmax with a sink; its mean is the top-down term.
package struct SinkComparison: BridgeComparison {
  package let name = "sink"
  package let number = "P2"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "A prior on the state unit is an attention sink",
    japanese: "状態ユニットの事前分布は注意の受け皿（シンク）である")
  package let glossary = ["attention", "softmax", "prior", "empirical-prior", "precision"]
  package let claim = Claim(
    equation: [
      "μ̇ = Σⱼ exp(sⱼ) (vⱼ − μ) + exp(s₀) (η − μ)",
      "s₀ = 0, η = 0:  μ* = Σⱼ exp(sⱼ) vⱼ / (1 + Σⱼ exp(sⱼ))",
      "∀ s₀, η:  μ* = (1 − w) softmax(s) V + w η,  w = 1 / (1 + exp(logsumexp(s) − s₀))",
    ],
    meaning: LocalizedText(
      english: """
        A prior of precision 1 and mean 0 adds a one to the denominator: the softmax that may \
        attend to nothing, and the same as one more key with score 0 and value 0. The mean η is a \
        prediction from the level above. Self-attention has no such term.
        """,
      japanese: """
        精度 1、平均 0 の事前分布は、分母に 1 を加えます。これはどこにも注意を向けなくてよいソフトマックスであり、\
        スコア 0・値 0 のキーを 1 つ足すのと同じです。平均 η は上の階層からの予測です。自己注意にはこの項が\
        ありません。
        """),
    references: ["miller2023off", "xiao2024efficient"])

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var sink = DeviationMeter(), key = DeviationMeter(), mixture = DeviationMeter()
    var flow = DeviationMeter()
    for problem in RandomProblems.make(
      settings.instances, from: &source, scores: .extreme, masks: true)
    {
      let zero = [Double](repeating: 0, count: problem.valueWidth)
      let cell = AttentionCell(problem, prior: AttentionCell.Prior(mean: zero, logPrecision: 0))
      sink.compare(cell.rest, Self.offByOne(problem))
      // One more key of score 0, whatever the query.
      var more = problem
      more.keys.append([Double](repeating: 0, count: problem.query.count))
      more.values.append(zero)
      more.bias.append(0)
      key.compare(cell.rest, more.attended)

      let prior = AttentionCell.Prior(
        mean: source.normals(problem.valueWidth), logPrecision: 3 * source.normal())
      let informed = AttentionCell(problem, prior: prior)
      let share = 1 / (1 + exp(problem.logPartition - prior.logPrecision))
      let blend = zip(problem.attended, prior.mean).map { (1 - share) * $0 + share * $1 }
      mixture.compare(informed.rest, blend)
      let start = source.normals(problem.valueWidth)
      flow.compare(try CellComparison.follow(informed, from: start).rest, blend)
    }
    return Finding(
      deviations: [
        sink.deviation(
          "cell with prior N(0, 1) = softmax with 1 more below",
          "事前分布 N(0, 1) のセル = 分母に 1 を加えたソフトマックス",
          tolerance: 1e-12),
        key.deviation(
          "… = attention with one more key of score 0", "… = スコア 0 のキーを 1 つ加えた注意",
          tolerance: 1e-12),
        mixture.deviation(
          "cell with any prior = (1 − w) attention + w η", "任意の事前分布のセル = (1 − w)・注意 + w η",
          tolerance: 1e-12),
        flow.deviation("… and so rests its flow", "… その流れの静止点も同じ", tolerance: 1e-12),
      ], figure: settings.draws ? figure() : nil)
  }

  /// `Σⱼ exp(sⱼ) vⱼ / (1 + Σⱼ exp(sⱼ))`, from powers of the larger of 0 and the scores.
  private static func offByOne(_ problem: AttentionProblem) -> [Double] {
    let scores = problem.scores
    let largest = max(0, scores.max() ?? 0)
    let powers = scores.map { exp($0 - largest) }
    let total = exp(-largest) + powers.reduce(0, +)
    return Vectors.mean(problem.values, weights: powers.map { $0 / total })
  }

  private func figure() -> LocalizedFigure {
    let offsets = (0...80).map { -6 + 12 * Double($0) / 80 }
    let scores = [0.4, -0.3, 0.9]
    let values = [2.0, 1.0, 3.0]
    func course(_ prior: AttentionCell.Prior?) -> [Double] {
      offsets.map { offset in
        AttentionCell(
          logPrecisions: scores.map { $0 + offset }, values: values.map { [$0] }, prior: prior
        ).rest[0]
      }
    }
    let plain = course(nil)
    let sink = course(.init(mean: [0], logPrecision: 0))
    let informed = course(.init(mean: [4], logPrecision: 0))
    let share = offsets.map { offset in
      1 / (1 + exp(Vectors.logSumExp(scores.map { $0 + offset })))
    }
    return LocalizedFigure { language in
      let content = Panel(
        title: language.pick("What the state unit holds", "状態ユニットの内容"),
        xLabel: language.pick("added to all scores (nats)", "全スコアに加える値（ナット）"), yLabel: "μ*",
        series: [
          .line(
            language.pick("softmax", "ソフトマックス"), role: .attention, x: offsets,
            y: plain, width: 4),
          .line(
            language.pick("prior N(0, 1): the sink", "事前分布 N(0, 1)：シンク"), role: .state, x: offsets,
            y: sink, width: 4),
          .line(
            language.pick("prior N(4, 1): top-down", "事前分布 N(4, 1)：トップダウン"), role: .prediction,
            x: offsets, y: informed, width: 4),
        ])
      let weight = Panel(
        title: language.pick(
          "Weight of the prior: attention that goes to no key", "事前分布の重み：どのキーにも向かない注意"),
        xLabel: language.pick("added to all scores (nats)", "全スコアに加える値（ナット）"),
        yLabel: language.pick("weight w", "重み w"),
        series: [
          .line(
            language.pick("with a prior", "事前分布あり"), role: .state, x: offsets, y: share, width: 4),
          .line(
            language.pick("softmax", "ソフトマックス"), role: .attention, x: [-6, 6], y: [0, 0], width: 4),
        ], yRange: -0.03...1.03)
      return Figure(
        title: language.pick(
          "Softmax must attend to something; a state unit with a prior need not",
          "ソフトマックスは必ずどこかに注意を向けるが、事前分布があればその必要はない"),
        rows: [[content], [weight]], language: language)
    }
  }
}
