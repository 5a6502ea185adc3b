internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P1c: the online softmax of streaming attention is a Kalman filter for a state at rest.
package struct OnlineComparison: BridgeComparison {
  package let name = "online"
  package let number = "P1c"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "Online softmax is a Kalman filter", japanese: "オンライン・ソフトマックスはカルマンフィルタである")
  package let glossary = ["attention", "softmax", "precision", "prediction-error"]
  package let claim = Claim(
    equation: [
      "P ← P + exp(sⱼ),  μ ← μ + (exp(sⱼ) / P) (vⱼ − μ)",
      "j = 1 … T  ⇒  μ = softmax(s) V,  ln P = logsumexp(s)",
    ],
    meaning: LocalizedText(
      english: """
        Attention that reads its keys one at a time keeps a running denominator and a running \
        mean. These are the precision and the mean of a Kalman filter that observes each value with \
        precision exp(sⱼ), and the gain says how much a prediction error counts. Blocks of keys \
        merge like independent observers.
        """,
      japanese: """
        キーを 1 つずつ読む注意は、分母と平均を更新し続けます。これは、それぞれの値を精度 exp(sⱼ) で観測する\
        カルマンフィルタの精度と平均であり、利得は予測誤差をどれだけ反映するかを表します。キーのブロック\
        どうしは、独立な観測者の知識のように統合されます。
        """),
    references: ["kalman1960new", "milakov2018online"])

  /// What a filter knows: a mean and the logarithm of its precision.
  struct Belief: Equatable {
    var mean: [Double]
    var logPrecision: Double

    static func nothing(_ width: Int) -> Belief {
      Belief(mean: [Double](repeating: 0, count: width), logPrecision: -.infinity)
    }

    /// One step of the filter: an observation of the state with a log-precision.
    mutating func observe(_ value: [Double], logPrecision s: Double) {
      guard s > -.infinity else { return }
      logPrecision = Vectors.logSumExp([logPrecision, s])
      let gain = exp(s - logPrecision)
      mean = Vectors.sum(mean, gain, Vectors.sum(value, -1, mean))
    }

    /// Two observers who saw different keys.
    mutating func merge(_ other: Belief) {
      observe(other.mean, logPrecision: other.logPrecision)
    }
  }

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var online = DeviationMeter(), precision = DeviationMeter(), merged = DeviationMeter()
    for problem in RandomProblems.make(
      settings.instances, from: &source, scores: .extreme, masks: true)
    {
      let scores = problem.scores
      func read(_ keys: Range<Int>) -> Belief {
        var belief = Belief.nothing(problem.valueWidth)
        for key in keys { belief.observe(problem.values[key], logPrecision: scores[key]) }
        return belief
      }
      let all = read(0..<problem.count)
      online.compare(all.mean, problem.attended)
      precision.compare(all.logPrecision, CellComparison.logSumExp(scores))
      let cut = RandomProblems.integer(below: problem.count + 1, &source)
      // The second block first: the order of observers does not matter.
      var both = read(cut..<problem.count)
      both.merge(read(0..<cut))
      merged.compare(both.mean, problem.attended)
    }
    return Finding(
      deviations: [
        online.deviation(
          "filtered mean after the last key = attention", "最後のキーまで読んだフィルタの平均 = 注意",
          tolerance: 1e-12),
        precision.deviation(
          "its log-precision = logsumexp(s)", "その対数精度 = logsumexp(s)", tolerance: 1e-12),
        merged.deviation(
          "two blocks, merged in any order = attention", "2 つのブロックをどの順に統合しても = 注意",
          tolerance: 1e-12),
      ], figure: settings.draws ? figure() : nil)
  }

  private func figure() -> LocalizedFigure {
    var source = RandomSource(seed: 3).split(name)
    let count = 14
    let scores = source.normals(count).map { 1.2 * $0 }
    let values = source.normals(count).map { 1 + 1.5 * $0 }
    var belief = Belief.nothing(1)
    var means: [Double] = [], deviations: [Double] = [], gains: [Double] = []
    for (score, value) in zip(scores, values) {
      belief.observe([value], logPrecision: score)
      means.append(belief.mean[0])
      deviations.append(exp(-0.5 * belief.logPrecision))
      gains.append(exp(score - belief.logPrecision))
    }
    let attended = Vectors.dot(Vectors.softmax(scores), values)
    let x = (1...count).map { Double($0) }
    return LocalizedFigure { language in
      let mean = Panel(
        title: language.pick(
          "The state unit reads one key after the other", "状態ユニットがキーを 1 つずつ読む"),
        xLabel: language.pick("keys read", "読んだキーの数"), yLabel: "μ",
        series: [
          .band(
            language.pick("± 1 standard deviation", "± 1 標準偏差"), role: .state, x: x,
            lower: zip(means, deviations).map { $0 - $1 },
            upper: zip(means, deviations).map { $0 + $1 }),
          .line(language.pick("state unit μ", "状態ユニット μ"), role: .state, x: x, y: means, width: 4),
          .points(language.pick("values vⱼ", "値 vⱼ"), role: .data, x: x, y: values, size: 11),
          .line(
            language.pick("attention to all keys", "全キーへの注意"), role: .attention,
            x: [1, Double(count)], y: [attended, attended], dash: .dashed),
        ], xRange: 0.5...(Double(count) + 0.5))
      let gain = Panel(
        title: language.pick(
          "Kalman gain exp(sⱼ) / P: how much each prediction error counts",
          "カルマン利得 exp(sⱼ) / P：それぞれの予測誤差の重み"),
        xLabel: language.pick("key", "キー"), yLabel: language.pick("gain", "利得"),
        series: [
          .stems(
            language.pick("gain on arrival", "到着時の利得"), role: .error, x: x, y: gains, width: 22),
          .points(
            language.pick("final weight αⱼ", "最終的な重み αⱼ"), role: .attention, x: x,
            y: Vectors.softmax(scores), size: 14),
        ], xRange: 0.5...(Double(count) + 0.5), yRange: 0...1.05)
      return Figure(
        title: language.pick(
          "Attention that reads key by key is a Kalman filter",
          "キーを 1 つずつ読む注意はカルマンフィルタである"), rows: [[mean], [gain]], language: language)
    }
  }
}
