internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P19: at high inverse temperature attention is a dictionary; precision decides how soft it is.
package struct LookupComparison: BridgeComparison {
  package let name = "lookup"
  package let number = "P19"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "Attention is a soft dictionary that precision hardens",
    japanese: "注意は柔らかい辞書であり、精度が高まると硬くなる")
  package let glossary = ["attention", "query-key-value", "softmax", "precision"]
  package let claim = Claim(
    equation: [
      "β → ∞:  softmax(β s) V → v₁,   s₁ > s₂ ≥ … ≥ s_T",
      "1 − α₁ ≤ (T − 1) exp(−β (s₁ − s₂))",
      "K = I, q = kⱼ:  softmax(β K q) V = v̄ + w (vⱼ − v̄),  w = (exp(β) − 1) / (exp(β) + T − 1)",
    ],
    meaning: LocalizedText(
      english: """
        A dictionary returns the value of the one key that matches. Attention returns a mean, and \
        the inverse temperature β, which scales all log-precisions, says how much the best match \
        counts: nothing at 0, everything at infinity. Keys are numbered by how well they fit; those \
        that fit equally well share the lookup, and a hidden key is never found. With the keys of a true dictionary, one-hot \
        vectors, the way from the mean of all values to the value looked up is known in closed form.
        """,
      japanese: """
        辞書は、一致した 1 つのキーの値を返します。注意が返すのは平均です。すべての対数精度に掛かる逆温度 β \
        が、最もよく合うキーの重みを決めます。0 なら区別はなく、無限大ならそれがすべてです。キーの番号は、よく合う順です。\
        同じだけ合うキーは等しく分け合い、隠されたキーが引かれることはありません。本物の辞書の\
        キー（ワンホットベクトル）なら、全体の平均から引いた値までの道のりは閉じた形でわかります。
        """),
    references: ["vaswani2017attention"])

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var hard = DeviationMeter(), bound = DeviationMeter(), dictionary = DeviationMeter()
    for problem in RandomProblems.make(
      settings.instances, from: &source, scores: .extreme, masks: true)
    {
      let fit = problem.scores
      let largest = fit.max() ?? 0
      // Keys that fit equally well, to rounding, share the lookup.
      let best = fit.indices.filter { fit[$0] >= largest - 1e-9 }
      let share = fit.indices.map { best.contains($0) ? 1 / Double(best.count) : 0 }
      let next = fit.indices.filter { !best.contains($0) }.map { fit[$0] }.max() ?? -.infinity
      let gap = largest - next
      // Forty units of log-precision apart, the others weigh less than rounding. Scores that are
      // that far apart already stay as large as they are.
      let factor = gap == .infinity ? 1 : max(1, 40 / gap)
      hard.compare(
        Self.sharpened(problem, factor).attended, Vectors.mean(problem.values, weights: share))
      guard best.count == 1 else { continue }
      let mild = gap == .infinity ? 1 : 4 * source.uniform() / gap
      var excess = 0.0
      for (key, weight) in Self.sharpened(problem, mild).weightsByAttention.enumerated()
      where key != best[0] {
        excess += weight
      }
      let visible = fit.count { $0 > -.infinity }
      let limit = gap == .infinity ? 0 : Double(visible - 1) * exp(-mild * gap)
      bound.record(max(0, excess - limit))
    }
    for _ in 0..<settings.instances {
      let count = 1 + RandomProblems.integer(below: 12, &source)
      let asked = RandomProblems.integer(below: count, &source)
      let beta = 12 * source.uniform()
      func oneHot(_ place: Int) -> [Double] { (0..<count).map { $0 == place ? 1 : 0 } }
      let values = (0..<count).map { _ in source.normals(3) }
      let problem = AttentionProblem(
        query: oneHot(asked), keys: (0..<count).map(oneHot), values: values,
        inverseTemperature: beta)
      dictionary.compare(problem.attended, Self.softLookup(values, asked, beta))
    }
    return Finding(
      deviations: [
        hard.deviation(
          "at β (s₁ − s₂) ≥ 40: attention = v₁", "β (s₁ − s₂) ≥ 40 で注意 = v₁",
          tolerance: 1e-12),
        bound.deviation(
          "weight of all other keys above its bound", "ほかのキーの重みの上限超過", tolerance: 1e-12),
        dictionary.deviation(
          "one-hot keys: attention = v̄ + w (vⱼ − v̄)", "ワンホットのキー：注意 = v̄ + w (vⱼ − v̄)",
          tolerance: 1e-12),
      ], figure: settings.draws ? figure() : nil)
  }

  /// The same problem with all its scores times a factor; hidden keys stay hidden.
  private static func sharpened(_ problem: AttentionProblem, _ factor: Double) -> AttentionProblem {
    var result = problem
    result.inverseTemperature *= factor
    result.bias = problem.bias.map { $0 == -.infinity ? $0 : factor * $0 }
    return result
  }

  /// What a soft dictionary returns for one of its keys.
  private static func softLookup(_ values: [[Double]], _ asked: Int, _ beta: Double) -> [Double] {
    let mean = Vectors.mean(values, weights: values.map { _ in 1 / Double(values.count) })
    let share = expm1(beta) / (exp(beta) + Double(values.count) - 1)
    return Vectors.sum(mean, share, Vectors.sum(values[asked], -1, mean))
  }

  private func figure() -> LocalizedFigure {
    let values = [3.0, 1.0, -2.0, 0.5]
    let betas = (0...120).map { Double($0) / 120 * 8 }
    let courses = values.indices.map { asked in
      betas.map { Self.softLookup(values.map { [$0] }, asked, $0)[0] }
    }
    let samples = [0, 1, 2, 4, 6, 8].map { Double($0) }
    let attended = values.indices.map { asked in
      samples.map { beta in
        AttentionProblem(
          query: (0..<4).map { $0 == asked ? 1 : 0 },
          keys: (0..<4).map { row in (0..<4).map { $0 == row ? 1 : 0 } },
          values: values.map { [$0] }, inverseTemperature: beta
        ).attended[0]
      }
    }
    return LocalizedFigure { language in
      let curves: [Series] = courses.map { .line(role: .truth, x: betas, y: $0) }
      let points: [Series] = attended.enumerated().map { asked, y in
        .points(
          asked == 0 ? language.pick("attention", "注意") : "", role: .attention, x: samples, y: y,
          size: 14)
      }
      let key = Series.line(
        language.pick("closed form", "閉じた形"), role: .truth, x: [], y: [])
      return Figure(
        title: language.pick(
          "A soft dictionary becomes hard as β grows",
          "β が大きくなると、柔らかい辞書は硬くなる"),
        rows: [
          [
            Panel(
              title: language.pick(
                "What a query for each of four keys returns", "4 つのキーそれぞれを引いたときの出力"),
              xLabel: language.pick("inverse temperature β", "逆温度 β"),
              yLabel: language.pick("output", "出力"), series: curves + points + [key],
              xRange: -0.2...8.2, rules: values.map { .horizontal($0) })
          ]
        ], language: language)
    }
  }
}
