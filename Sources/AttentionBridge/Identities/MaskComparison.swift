internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P1b: a mask is zero precision, and a bias on the scores is log-precision or a log prior.
package struct MaskComparison: BridgeComparison {
  package let name = "mask"
  package let number = "P1b"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "A mask is zero precision, a bias is a log prior",
    japanese: "マスクは精度ゼロ、バイアスは対数事前確率")
  package let glossary = ["attention", "softmax", "precision", "prior"]
  package let claim = Claim(
    equation: [
      "Πⱼ = exp(sⱼ + bⱼ),   bⱼ = −∞  ⇔  Πⱼ = 0  ⇔  αⱼ = 0",
      "softmax(s + b)ⱼ = pⱼ exp(sⱼ) / Σᵢ pᵢ exp(sᵢ),   pⱼ = exp(bⱼ) / Σᵢ exp(bᵢ)",
    ],
    meaning: LocalizedText(
      english: """
        An error unit without precision says nothing, so a masked key is one whose error unit is \
        silent. A bias added to the scores, such as that of relative positions, multiplies the \
        precisions, and weights the keys like prior probabilities.
        """,
      japanese: """
        精度がゼロの誤差ユニットは何も伝えません。マスクされたキーとは、誤差ユニットが黙っているキーの\
        ことです。スコアに加えるバイアス（相対位置など）は精度に掛かり、事前確率のようにキーに重みを付けます。
        """),
    references: ["vaswani2017attention"])

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var masked = DeviationMeter(), bias = DeviationMeter(), posterior = DeviationMeter()
    for problem in RandomProblems.make(
      settings.instances, from: &source, scores: .extreme, masks: true)
    {
      // Whatever is masked already, hide one key more, if one is left.
      var hidden = problem
      let seen = problem.bias.indices.filter { problem.bias[$0] > -.infinity }
      if seen.count > 1 {
        hidden.bias[seen[RandomProblems.integer(below: seen.count, &source)]] = -.infinity
      }
      let kept = hidden.bias.indices.filter { hidden.bias[$0] > -.infinity }
      let others = AttentionProblem(
        query: hidden.query, keys: kept.map { hidden.keys[$0] },
        values: kept.map { hidden.values[$0] }, inverseTemperature: hidden.inverseTemperature,
        bias: kept.map { hidden.bias[$0] })
      masked.compare(AttentionCell(hidden).rest, others.attended)

      var biased = problem
      let extra = problem.bias.map { _ in 2 * abs(source.normal()) }
      biased.bias = Vectors.sum(problem.bias, 1, extra)
      bias.compare(Self.doubled(problem, extra).rest, biased.attended)
      biased.bias = problem.bias.map { $0 + 2 * source.normal() }
      posterior.compare(Self.posterior(biased), biased.attended)
    }
    return Finding(
      deviations: [
        masked.deviation(
          "cell with silent error units = attention to the others",
          "黙った誤差ユニットのあるセル = 残りのキーへの注意", tolerance: 1e-12),
        bias.deviation(
          "a second error unit of precision exp(s) (exp(b) − 1) = bias b",
          "精度 exp(s) (exp(b) − 1) の 2 つ目の誤差ユニット = バイアス b", tolerance: 1e-12),
        posterior.deviation(
          "Bayes' rule with prior exp(b) = bias on the scores", "事前確率 exp(b) のベイズ則 = スコアのバイアス",
          tolerance: 1e-12),
      ], figure: settings.draws ? figure() : nil)
  }

  /// A cell with a second error unit for every key, whose precision adds up with that of the first
  /// to exp(s + b).
  private static func doubled(_ problem: AttentionProblem, _ bias: [Double]) -> AttentionCell {
    let scores = problem.scores
    return AttentionCell(
      logPrecisions: scores + zip(scores, bias).map { $0 + log(expm1($1)) },
      values: problem.values + problem.values)
  }

  /// The mean of the values under `p(j | q) ∝ pⱼ exp(β q·kⱼ)`, by Bayes' rule for one key after
  /// the other: odds against the first key that can be seen.
  private static func posterior(_ problem: AttentionProblem) -> [Double] {
    let prior = Vectors.softmax(problem.bias)
    let likelihood = problem.keys.map {
      problem.inverseTemperature * Vectors.dot(problem.query, $0)
    }
    // Biases may be so far apart that a prior underflows; such keys have no odds to speak of.
    let log = zip(prior, likelihood).map { $0 > 0 ? Foundation.log($0) + $1 : -.infinity }
    let reference = log.max() ?? 0
    let odds = log.map { exp($0 - reference) }
    let total = odds.reduce(0, +)
    return Vectors.mean(problem.values, weights: odds.map { $0 / total })
  }

  private func figure() -> LocalizedFigure {
    let scores = [0.2, 1.1, 0.4, 1.6, 0.9, 0.3, 1.2, 0.7]
    let count = scores.count
    let recency = (0..<count).map { -0.5 * Double(count - 1 - $0) }
    let mask = (0..<count).map { $0 < 3 ? -Double.infinity : 0 }
    let cases = [scores.map { _ in 0 }, recency, mask].map { bias in
      (bias: bias, weights: Vectors.softmax(zip(scores, bias).map { $0 + $1 }))
    }
    return LocalizedFigure { language in
      let titles = [
        language.pick(
          "Scores alone: precision Π = exp(s + b), b = 0", "スコアだけ：精度 Π = exp(s + b)、b = 0"),
        language.pick(
          "Bias −½ per step back: a prior for recent keys", "1 つさかのぼるごとに −½ のバイアス：新しいキーを好む事前分布"),
        language.pick("Mask on keys 1–3: zero precision", "キー 1〜3 にマスク：精度ゼロ"),
      ]
      let x = (1...count).map { Double($0) }
      let numbers = (1...count).map { "\($0)" }
      let rows = zip(titles, cases).enumerated().map { row, pair -> [Panel] in
        let (title, item) = pair
        // The rows share their keys, so the last one names them for all.
        let axis = row == titles.count - 1 ? language.pick("key", "キー") : ""
        return [
          Panel(
            title: title, xLabel: axis,
            yLabel: language.pick("precision Π", "精度 Π"),
            series: [
              .stems(
                role: .error, x: x, y: zip(scores, item.bias).map { exp($0 + $1) }, width: 24)
            ], xRange: 0.3...8.7, yRange: 0...5.5, legend: .none, categories: numbers),
          Panel(
            title: row == 0 ? language.pick("Attention weights α", "注意の重み α") : "", xLabel: axis,
            yLabel: language.pick("weight", "重み"),
            series: [.stems(role: .attention, x: x, y: item.weights, width: 24)],
            xRange: 0.3...8.7, yRange: 0...0.65, legend: .none, categories: numbers),
        ]
      }
      return Figure(
        title: language.pick(
          "A mask silences error units, a bias changes their gain",
          "マスクは誤差ユニットを黙らせ、バイアスはその増幅率を変える"), rows: rows, language: language)
    }
  }
}
