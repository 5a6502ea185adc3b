internal import Foundation
package import ModelFiles
internal import Reporting
package import TensorCore

/// P20: with one matrix for queries and keys, attention is a reversible walk among tokens.
package struct SymmetryComparison: BridgeComparison {
  package let name = "symmetry"
  package let number = "P20"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "Equal queries and keys make attention mutual",
    japanese: "クエリとキーが同じなら注意は相互的になる")
  package let glossary = ["attention", "query-key-value", "softmax", "precision"]
  package let claim = Claim(
    equation: [
      "W_Q = W_K, bᵢⱼ = bⱼᵢ:  sᵢⱼ = sⱼᵢ,  αᵢⱼ Zᵢ = αⱼᵢ Zⱼ",
      "π α = π  with  πᵢ = Zᵢ / Σ Z",
    ],
    meaning: LocalizedText(
      english: """
        Queries and keys enter a score alike; what tells them apart is that they have matrices of \
        their own. With one matrix for both, every two tokens are equally precise about each other, \
        and only the softmax, which divides by what else a token sees, makes their attention \
        unequal. A walk that follows attention from token to token then visits each in proportion \
        to Z, the precision of its state unit. Tokens may be hidden \
        from each other if hiding is mutual. With two matrices none of this holds.
        """,
      japanese: """
        スコアの中で、クエリとキーは同じ役割をします。両者を分けるのは、それぞれが自分の行列を持つことです。\
        行列が 1 つなら、どの 2 つのトークンも互いに同じ精度を与え合い、注意が等しくならないのは、ほかに何が\
        見えるかで割るソフトマックスのためだけです。このとき、注意をたどってトークンの間を歩くと、各トークン\
        を訪れる割合は、その状態ユニットの精度 Z に比例します。互いに見えない\
        トークンがあっても構いません。行列が 2 つなら、どれも成り立ちません。
        """),
    references: ["vaswani2017attention"])

  /// Tokens that attend to each other.
  package struct Tokens: Sendable {
    /// The queries and the keys of every token.
    package let queries: [[Double]], keys: [[Double]]
    /// What is added to the scores [T][T], minus infinity between tokens hidden from each other.
    package let bias: [[Double]]

    /// What is special about tokens.
    package enum Kind: Int, Sendable, CaseIterable {
      /// Nothing; all of them are equal; some are hidden from each other; scores of ±700.
      case plain, equal, masked, extreme
    }

    /// Draws tokens `x` and matrices, one for both queries and keys or one for each.
    ///
    /// - Parameters:
    ///   - count: how many tokens.
    ///   - width: the length of queries and keys.
    ///   - isTied: whether keys are the queries.
    ///   - kind: what is special about them; every token sees itself, and hiding is mutual.
    ///   - source: the random numbers.
    package init(
      count: Int, width: Int, isTied: Bool, kind: Kind = .plain, from source: inout RandomSource
    ) {
      let inner = width + 2
      var tokens = (0..<count).map { _ in source.normals(inner) }
      if kind == .equal { tokens = tokens.map { _ in tokens[0] } }
      var bias = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
      for row in 0..<count {
        for column in 0...row {
          switch kind {
          case .plain, .equal: continue
          case .masked:
            if column == row || source.uniform() < 0.6 { continue }
            bias[row][column] = -.infinity
          case .extreme: bias[row][column] = source.uniform() < 0.5 ? 700 : -700
          }
          bias[column][row] = bias[row][column]
        }
      }
      self.bias = bias
      func project() -> [[Double]] {
        let columns = (0..<width).map { _ in source.normals(inner) }
        return tokens.map { token in
          columns.map { Vectors.dot(token, $0) / Double(inner).squareRoot() }
        }
      }
      queries = project()
      keys = isTied ? queries : project()
    }

    /// The attention of every token α [T][T], by the tensor core's operation.
    package var attention: [[Double]] {
      problems.map(\.weightsByAttention)
    }

    /// ln Z of every token.
    package var logPartitions: [Double] {
      problems.map { CellComparison.logSumExp($0.scores) }
    }

    private var problems: [AttentionProblem] {
      zip(queries, bias).map {
        AttentionProblem(query: $0, keys: keys, values: keys.map { _ in [0] }, bias: $1)
      }
    }

    /// How far detailed balance `αᵢⱼ Zᵢ = αⱼᵢ Zⱼ` is broken, and how far `π α = π` is.
    package var breaches: (balance: Double, stationarity: Double) {
      let (alpha, logZ) = (attention, logPartitions)
      let total = Vectors.logSumExp(logZ)
      var balance = DeviationMeter(), stationarity = DeviationMeter()
      // Over Σ Z, so that numbers stay near one.
      let share = logZ.map { exp($0 - total) }
      balance.compare(
        alpha.indices.flatMap { i in alpha.indices.map { j in alpha[i][j] * share[i] } },
        alpha.indices.flatMap { i in alpha.indices.map { j in alpha[j][i] * share[j] } })
      stationarity.compare(Vectors.mean(alpha, weights: share), share)
      return (balance.value, stationarity.value)
    }
  }

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var balance = DeviationMeter(), stationarity = DeviationMeter()
    for index in 0..<settings.instances {
      // One token alone, then few and many.
      let count = index == 0 ? 1 : 1 + RandomProblems.integer(below: 8, &source)
      let width = 1 + RandomProblems.integer(below: 6, &source)
      let kind = Tokens.Kind.allCases[index % Tokens.Kind.allCases.count]
      let breaches = Tokens(
        count: count, width: width, isTied: true, kind: kind, from: &source
      ).breaches
      balance.record(breaches.balance)
      stationarity.record(breaches.stationarity)
    }
    return Finding(
      deviations: [
        balance.deviation(
          "W_Q = W_K: αᵢⱼ Zᵢ = αⱼᵢ Zⱼ", "W_Q = W_K：αᵢⱼ Zᵢ = αⱼᵢ Zⱼ", tolerance: 1e-12),
        stationarity.deviation(
          "attention keeps the precisions Z as they are: π α = π",
          "注意は精度 Z の配分を変えない：π α = π", tolerance: 1e-12),
      ], figure: settings.draws ? figure() : nil)
  }

  private func figure() -> LocalizedFigure {
    var source = RandomSource(seed: 6).split(name)
    let tied = Tokens(count: 6, width: 4, isTied: true, from: &source)
    let untied = Tokens(count: 6, width: 4, isTied: false, from: &source)
    /// ln αᵢⱼ + ln Zᵢ, the log-precisions that tokens give each other.
    func logPrecisions(_ tokens: Tokens) -> Tensor<Double> {
      Tensor(
        rows: zip(tokens.attention, tokens.logPartitions).map { row, z in row.map { log($0) + z } })
    }
    let maps = [tied, untied].map { (attention: $0.attention, scores: logPrecisions($0)) }
    return LocalizedFigure { language in
      let names = (1...6).map { "\($0)" }
      let heads = [
        language.pick("one matrix", "行列が 1 つ"), language.pick("two matrices", "行列が 2 つ"),
      ]
      func panel(
        _ title: String, _ values: Tensor<Double>, _ palette: Palette,
        _ range: ClosedRange<Double>
      ) -> Panel {
        Panel(
          title: title, xLabel: language.pick("key", "キー"), yLabel: language.pick("query", "クエリ"),
          series: [
            .heatMap(
              HeatMap(categories: values, range: range, palette: palette, showsValues: true))
          ], categories: names, yCategories: names)
      }
      return Figure(
        title: language.pick(
          "One matrix for queries and keys: precisions are mutual, attention is not quite",
          "クエリとキーの行列が同じなら、精度は相互的（注意は少し違う）"),
        rows: zip(heads, maps).map { head, map in
          [
            panel(
              language.pick("\(head): log-precision sᵢⱼ", "\(head)：対数精度 sᵢⱼ"), map.scores,
              .signed, -6...6),
            panel(
              language.pick("\(head): attention αᵢⱼ", "\(head)：注意 αᵢⱼ"),
              Tensor(rows: map.attention), .amount(.attention), 0...1),
          ]
        }, language: language)
    }
  }
}
