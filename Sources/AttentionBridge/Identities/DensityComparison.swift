internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P3: attention weights are the recognition density that minimizes a categorical free energy.
package struct DensityComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package let name = "density"
  package let number = "P3"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "Attention weights are a recognition density", japanese: "注意の重みは認識密度である")
  package let claim = Claim(
    equation: [
      "F(r) = Σⱼ rⱼ (ln rⱼ − ln pⱼ − sⱼ)",
      "     = KL[r‖p] − ⟨s⟩ᵣ = KL[r‖α] − logsumexp(s + ln p),   α = softmax(s + ln p)",
    ],
    meaning: LocalizedText(
      english: """
        Which key caused this query? A belief r over the keys costs complexity and earns accuracy, \
        the mean score. Free energy is also the divergence from the attention weights plus the \
        surprise, so the weights are its only minimum. Under a uniform prior they are those \
        of a Transformer, and the minimum lies ln T above −logsumexp(s).
        """,
      japanese: """
        このクエリを生んだのはどのキーでしょうか。キーについての信念 r には複雑さという代価がかかり、正確さ（スコアの平均）という利得があります。\
        自由エネルギーは、注意の重みからのダイバージェンスに驚きを加えたものでもあるので、注意の重みがただ一つの最小点です。\
        事前分布が一様なら Transformer の重みそのもので、最小値は −logsumexp(s) より ln T だけ大きくなります。
        """),
    references: ["friston2010unified", "singh2023attention"])
  package let glossary = [
    "free-energy", "recognition-density", "complexity", "accuracy", "surprise", "attention",
    "kullback-leibler-divergence",
  ]

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var split = DeviationMeter()
    var divergence = DeviationMeter()
    var minimum = DeviationMeter()
    var excess = DeviationMeter()
    var descent = DeviationMeter()
    var uniform = DeviationMeter()
    let problems = RandomProblems.make(
      settings.instances, from: &source, scores: .extreme, masks: true)
    for problem in problems {
      let scores = problem.scores
      let energy = CategoricalFreeEnergy(
        scores: scores, prior: Self.prior(scores, from: &source))
      var biased = problem
      biased.bias = zip(problem.bias, energy.prior).map { $0 + log($1) }
      let weights = biased.weightsByAttention
      let surprise = -Vectors.logSumExp(energy.logJoint)

      let visible = energy.logJoint.map { $0 > -.infinity }
      let r = CategoricalFreeEnergy.random(on: visible, from: &source)
      split.compare(energy.complexity(r) - energy.accuracy(r), energy(r))

      // Where a weight is too small for a number its logarithm is lost, and with it KL[r‖α].
      let seen = weights.map { $0 > 1e-290 }
      let q = CategoricalFreeEnergy.random(on: seen, from: &source)
      divergence.compare(
        CategoricalFreeEnergy.divergence(q, weights) + surprise, energy(q))
      minimum.compare(energy(weights), surprise)

      let nearby = Vectors.softmax(
        weights.indices.map { seen[$0] ? log(weights[$0]) + 0.3 * source.normal() : -.infinity })
      excess.compare(
        energy(nearby) - energy(weights), CategoricalFreeEnergy.divergence(nearby, weights))
      if seen == visible {
        descent.compare(energy.descent(steps: 26, rate: 0.75).last ?? [], weights)
      }

      let even = CategoricalFreeEnergy(
        scores: scores, prior: scores.map { _ in 1 / Double(scores.count) })
      uniform.compare(
        even(problem.weightsByAttention), log(Double(scores.count)) - problem.logPartition)
    }
    return Finding(
      deviations: [
        split.deviation(
          "F = complexity − accuracy", "F = 複雑さ − 正確さ", tolerance: 1e-12),
        divergence.deviation(
          "F = divergence from attention + surprise", "F = 注意からのダイバージェンス + 驚き",
          tolerance: 1e-12),
        minimum.deviation(
          "F at the weights = −logsumexp(s + ln p)", "注意の重みでの F = −logsumexp(s + ln p)",
          tolerance: 1e-12),
        excess.deviation(
          "any other density costs KL[r‖α] more", "ほかの密度では F が KL[r‖α] だけ大きい",
          tolerance: 1e-12),
        descent.deviation(
          "descent on F ends at the attention weights", "F の降下は注意の重みで止まる",
          tolerance: 1e-12),
        uniform.deviation(
          "uniform prior: minimum = ln T − logsumexp(s)",
          "一様な事前分布：最小値 = ln T − logsumexp(s)",
          tolerance: 1e-12),
      ],
      figure: settings.draws ? Self.figure() : nil)
  }

  /// A random prior; one in three hides some keys, but never all that the scores leave visible.
  private static func prior(_ scores: [Double], from source: inout RandomSource) -> [Double] {
    let visible = scores.indices.filter { scores[$0] > -.infinity }
    let kept = visible[RandomProblems.integer(below: visible.count, &source)]
    let hides = source.uniform() < 1 / 3.0
    let support = scores.indices.map { $0 == kept || !hides || source.uniform() < 0.6 }
    return CategoricalFreeEnergy.random(on: support, from: &source)
  }

  private static func figure() -> LocalizedFigure {
    let energy = CategoricalFreeEnergy(scores: [1.6, 0.2], prior: [0.3, 0.7])
    let weights = Vectors.softmax(energy.logJoint)
    let x = (1..<200).map { Double($0) / 200 }
    let densities = x.map { [$0, 1 - $0] }
    let free = densities.map { energy($0) }
    let many = CategoricalFreeEnergy(
      scores: [1.4, 0.3, -0.4, 0.9, -1.2], prior: [Double](repeating: 0.2, count: 5))
    let path = many.descent(steps: 12, rate: 0.35)
    let attention = Vectors.softmax(many.logJoint)
    let steps = path.indices.map(Double.init)
    return LocalizedFigure { language in
      let curves = Panel(
        title: language.pick("Two keys: F over the belief", "キーが 2 つの場合：信念と F"),
        xLabel: language.pick("belief in key 1, r₁", "キー 1 への信念 r₁"),
        yLabel: language.pick("nats", "ナット"),
        series: [
          .line(
            language.pick("complexity", "複雑さ"), role: .complexity, x: x,
            y: densities.map { energy.complexity($0) }, width: 4),
          .line(
            language.pick("accuracy", "正確さ"), role: .accuracy, x: x,
            y: densities.map { energy.accuracy($0) }, width: 4),
          .line(
            language.pick("free energy F", "自由エネルギー F"), role: .freeEnergy, x: x, y: free,
            width: 5),
          .line(
            language.pick("surprise", "驚き"), role: .surprise,
            x: [0, 1], y: [Double](repeating: -Vectors.logSumExp(energy.logJoint), count: 2)),
          .points(
            language.pick("attention weight α₁", "注意の重み α₁"), role: .attention,
            x: [weights[0]], y: [energy(weights)], size: 18),
        ], xRange: 0...1, rules: [.vertical(weights[0])])
      var series: [Series] = attention.indices.map { key in
        .line(
          key == 0 ? language.pick("belief rⱼ", "信念 rⱼ") : "", role: .attention,
          x: steps, y: path.map { $0[key] }, width: 4)
      }
      series += attention.indices.map { key in
        .line(
          key == 0 ? language.pick("attention αⱼ", "注意の重み αⱼ") : "", role: .truth,
          x: [0, steps.last ?? 0], y: [attention[key], attention[key]], width: 2)
      }
      let descent = Panel(
        title: language.pick("Five keys: descent on F", "キーが 5 つの場合：F の降下"),
        xLabel: language.pick("step", "ステップ"), yLabel: language.pick("weight", "重み"),
        series: series)
      return Figure(
        title: language.pick(
          "Free energy is least at the attention weights",
          "自由エネルギーは注意の重みで最小になる"),
        rows: [[curves, descent]], height: 800, language: language)
    }
  }
}
