internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P16: the variance of a score is the width of its key; dividing by its root fixes log-precision.
///
/// `var(q·k) = d_k` for independent entries of mean zero and variance one (mathematics §11). Source:
/// Vaswani et al. 2017, §3.2.1.
package struct ScaleComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package var name: String { "scale" }
  package var number: String { "P16" }
  package var kind: ComparisonKind { .identity }
  package var title: LocalizedText {
    LocalizedText(
      english: "Why 1/√d: the scale of initial log-precisions",
      japanese: "なぜ 1/√d か：対数精度の初期の大きさ")
  }
  package var claim: Claim {
    Claim(
      equation: [
        "E[q] = E[k] = 0, Cov[q] = Cov[k] = I, q ⫫ k  ⇒  var(q·k) = d",
        "var(q·k / √d) = 1",
      ],
      meaning: LocalizedText(
        english: """
          A score is the log-precision of an error unit. Without the factor its spread grows with \
          the width of the keys, and an untrained network already trusts one error unit and is \
          deaf to all others. Divided by √d the log-precisions start with a spread of one, \
          whatever the width. The claim is about the start only, when queries and keys are \
          independent (q ⫫ k): training makes them dependent. Two deviations are exact, by summing \
          over all outcomes, one of them over what attention makes of these; the third is in \
          standard errors of a sample, of which six are allowed.
          """,
        japanese: """
          スコアは誤差ユニットの対数精度です。係数がないと、そのばらつきはキーの次元とともに大きくなり、\
          学習前のネットワークが一つの誤差ユニットだけを信頼して、ほかを無視してしまいます。\
          √d で割れば、次元によらず、対数精度のばらつきは1から始まります。\
          これはクエリとキーが独立（q ⫫ k）な学習前についての主張で、学習が進むと独立ではなくなります。\
          全通りの和による偏差2つは正確な値で、その1つは注意の重みから求めます。\
          残る1つは標本の標準誤差を単位とし、6まで許します。
          """),
      references: ["vaswani2017attention"])
  }
  package var glossary: [String] { ["query-key-value", "precision", "softmax", "error-unit"] }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var exact = DeviationMeter()
    var plain = DeviationMeter()
    var scaled = DeviationMeter()
    for instance in 0..<max(1, settings.instances) {
      let outcomes = TwoPointScore(
        width: instance == 0 ? 1 : LearningSamples.whole(1...4, from: &source), from: &source)
      exact.compare(outcomes.moments, [0, Double(outcomes.width)])
      let few = TwoPointScore(width: 1 + instance % 3, from: &source)
      scaled.compare(few.attentionMoments, [0, 1])
      let width = [4, 8, 16, 32][instance % 4]
      let law = EntryLaw.allCases[instance % EntryLaw.allCases.count]
      let sample = ScoreSample(width: width, law: law, count: 400, from: &source)
      plain.record(abs(sample.standardScore))
    }
    return Finding(
      deviations: [
        exact.deviation(
          "all outcomes of two-valued entries: mean 0, variance d",
          "2値の成分の全通り：平均0、分散 d", tolerance: 1e-12),
        // Mean squares of 400 samples are nearly normal with a longer upper tail; the largest of a
        // hundred passed 4.8 for none of 1500 seeds.
        plain.deviation(
          "sampled var(q·k) = d, in standard errors", "標本での var(q·k)＝d（標準誤差を単位とする）",
          tolerance: 6),
        scaled.deviation(
          "all outcomes of ln(αⱼ / α₀), k₀ = 0: mean 0, variance 1",
          "ln(αⱼ / α₀) の全通り（k₀ = 0）：平均0、分散1", tolerance: 1e-12),
      ], figure: settings.draws ? Self.figure(settings) : nil)
  }

  private static func figure(_ settings: BridgeSettings) -> LocalizedFigure {
    var source = RandomSource(seed: settings.seed).split("scale figure")
    let widths = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    let keys = 32
    var spread: [[Double]] = [[], []]
    var entropy: [[Double]] = [[], []]
    for width in widths {
      let sample = ScoreSample(width: width, law: .normal, count: 400, from: &source)
      spread[0].append(sample.meanSquare.squareRoot())
      spread[1].append(sample.scaledMeanSquare.squareRoot())
      var entropies = [0.0, 0.0]
      for _ in 0..<40 {
        let query = source.normals(width)
        let rows = (0..<keys).map { _ in source.normals(width) }
        for (index, scale) in [1, 1 / Double(width).squareRoot()].enumerated() {
          let problem = AttentionProblem(
            query: query, keys: rows, values: rows.map { _ in [0] }, inverseTemperature: scale)
          entropies[index] -= problem.weights.reduce(0) { $1 > 0 ? $0 + $1 * log($1) : $0 }
        }
      }
      for index in 0...1 { entropy[index].append(entropies[index] / 40) }
    }
    let x = widths.map(Double.init)
    return LocalizedFigure { language in
      let names = ["q·k", "q·k / √d"]
      func curves(_ values: [[Double]]) -> [Series] {
        [
          .line(role: .neutral(1), x: x, y: values[0]),
          .points(names[0], role: .neutral(1), x: x, y: values[0], size: 14),
          .line(role: .attention, x: x, y: values[1]),
          .points(names[1], role: .attention, x: x, y: values[1], size: 14),
        ]
      }
      return Figure(
        title: language.pick(
          "Without 1/√d, wide keys make an untrained network deaf",
          "1/√d がないと、次元の高いキーでは学習前から注意が一点に偏る"),
        rows: [
          [
            Panel(
              title: language.pick(
                "Spread of initial log-precisions (400 samples)", "対数精度の初期のばらつき（400標本）"),
              xLabel: language.pick("width d of queries and keys", "クエリとキーの次元 d"),
              yLabel: language.pick("standard deviation", "標準偏差"),
              series: curves(spread) + [
                .line("√d, 1", role: .truth, x: x, y: x.map { $0.squareRoot() }),
                .line(role: .truth, x: x, y: x.map { _ in 1 }),
              ], xScale: .logarithmic, yScale: .logarithmic)
          ],
          [
            Panel(
              title: language.pick("Softmax over \(keys) keys", "\(keys)個のキーへのソフトマックス"),
              xLabel: language.pick("width d of queries and keys", "クエリとキーの次元 d"),
              yLabel: language.pick("entropy (nats)", "エントロピー（ナット）"),
              series: curves(entropy) + [
                .line(
                  "ln \(keys)", role: .truth, x: [1, 512],
                  y: [log(Double(keys)), log(Double(keys))])
              ], yRange: 0...3.7, xScale: .logarithmic)
          ],
        ], language: language)
    }
  }
}

/// A score whose entries take two values each, so that all outcomes can be summed.
struct TwoPointScore {
  /// The probability of the upper value of every entry of q, then of k.
  let probabilities: [Double]

  /// d.
  var width: Int { probabilities.count / 2 }

  init(width: Int, from source: inout RandomSource) {
    probabilities = (0..<(2 * width)).map { _ in 0.1 + 0.8 * source.uniform() }
  }

  /// The mean and the variance of the scores that attention uses, over all `4^d` outcomes.
  ///
  /// Every outcome of q attends to all outcomes of k and to a key of zeros, whose score is zero:
  /// scores are read from the tensor core's weights, `s_j = ln(α_j / α_0)`.
  var attentionMoments: [Double] {
    let queries = Self.outcomes(Array(probabilities.prefix(width)))
    let keys = Self.outcomes(Array(probabilities.suffix(width)))
    let rows = keys.map(\.entries) + [[Double](repeating: 0, count: width)]
    var (mean, square) = (0.0, 0.0)
    for query in queries {
      let weights = AttentionProblem(
        query: query.entries, keys: rows, values: rows.map { _ in [0] }
      ).weightsByAttention
      for (index, key) in keys.enumerated() {
        let score = log(weights[index] / weights[keys.count])
        mean += query.weight * key.weight * score
        square += query.weight * key.weight * score * score
      }
    }
    return [mean, square - mean * mean]
  }

  /// All outcomes of entries with these probabilities.
  private static func outcomes(
    _ probabilities: [Double]
  ) -> [(entries: [Double], weight: Double)] {
    (0..<(1 << probabilities.count)).map { outcome in
      var weight = 1.0
      // Mean zero and variance one: √((1 − p)/p) with probability p, else −√(p/(1 − p)).
      var entries: [Double] = []
      for (index, p) in probabilities.enumerated() {
        let isUpper = (outcome >> index) & 1 == 1
        weight *= isUpper ? p : 1 - p
        entries.append(isUpper ? ((1 - p) / p).squareRoot() : -(p / (1 - p)).squareRoot())
      }
      return (entries, weight)
    }
  }

  /// The mean and the variance of `q·k` over all `4^d` outcomes.
  var moments: [Double] {
    var (mean, square) = (0.0, 0.0)
    for (entries, weight) in Self.outcomes(probabilities) {
      let score = Vectors.dot(Array(entries.prefix(width)), Array(entries.suffix(width)))
      mean += weight * score
      square += weight * score * score
    }
    return [mean, square - mean * mean]
  }
}

/// How entries of mean zero and variance one are distributed.
enum EntryLaw: CaseIterable {
  /// Standard normal.
  case normal
  /// Uniform between ±√3.
  case uniform
  /// ±1 with equal chances.
  case sign

  /// The fourth moment.
  var fourthMoment: Double {
    switch self {
    case .normal: 3
    case .uniform: 1.8
    case .sign: 1
    }
  }

  /// Random entries.
  func entries(_ count: Int, from source: inout RandomSource) -> [Double] {
    switch self {
    case .normal: source.normals(count)
    case .uniform: (0..<count).map { _ in 3.0.squareRoot() * (2 * source.uniform() - 1) }
    case .sign: (0..<count).map { _ in source.uniform() < 0.5 ? 1 : -1 }
    }
  }
}

/// Independent scores and how far their mean square is from its expectation.
struct ScoreSample {
  /// The mean of `(q·k)²`, and that of the squared scores of attention problems.
  let meanSquare: Double, scaledMeanSquare: Double
  /// The distance of the mean of `(q·k)²` from d, in standard errors.
  let standardScore: Double

  init(width: Int, law: EntryLaw, count: Int, from source: inout RandomSource) {
    var (plain, scaled) = (0.0, 0.0)
    for _ in 0..<count {
      let problem = AttentionProblem(
        query: law.entries(width, from: &source), keys: [law.entries(width, from: &source)],
        values: [[0]])
      let score = Vectors.dot(problem.query, problem.keys[0])
      plain += score * score
      scaled += problem.scores[0] * problem.scores[0]
    }
    // E[(q·k)⁴] = 3 d (d − 1) + d m₄², with m₄ the fourth moment of an entry.
    let d = Double(width)
    let fourth = 3 * d * (d - 1) + d * law.fourthMoment * law.fourthMoment
    let standardError = ((fourth - d * d) / Double(count)).squareRoot()
    meanSquare = plain / Double(count)
    scaledMeanSquare = scaled / Double(count)
    standardScore = (meanSquare - d) / standardError
  }
}
