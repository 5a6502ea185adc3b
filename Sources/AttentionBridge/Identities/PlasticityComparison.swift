package import ModelFiles
internal import Reporting
internal import TensorCore

/// P8: one step of plasticity followed by a prediction is linear attention over error units.
///
/// `(W + η Σ_j ε_j x_jᵀ) x = W x + η Σ_j (x_j·x) ε_j`, where the step is `−η ∂F/∂W` of
/// `F = ½ Σ_j ‖y_j − W x_j‖²` (mathematics §4 and §11). Source: von Oswald et al. 2023.
package struct PlasticityComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package var name: String { "plasticity" }
  package var number: String { "P8" }
  package var kind: ComparisonKind { .identity }
  package var title: LocalizedText {
    LocalizedText(
      english: "One step of plasticity is linear attention over error units",
      japanese: "可塑性の1ステップは誤差ユニットへの線形注意")
  }
  package var claim: Claim {
    Claim(
      equation: [
        "F = ½ Σⱼ ‖yⱼ − W xⱼ‖²,  εⱼ = yⱼ − W xⱼ,  −∂F/∂W = Σⱼ εⱼ xⱼᵀ",
        "(W + η Σⱼ εⱼ xⱼᵀ) x = W x + η Σⱼ (xⱼ·x) εⱼ",
        "at β = 0:  Σⱼ sⱼ εⱼ = T ∂/∂β Σⱼ softmax(β s)ⱼ εⱼ + T s̄ ε̄,  sⱼ = xⱼ·x",
      ],
      meaning: LocalizedText(
        english: """
          Synapses that learn by one step down the free energy remember every input with its error \
          unit; the next prediction reads them out by attention whose keys are the inputs and \
          whose values are the error units. This attention has no softmax and no division: it is \
          what softmax attention becomes, to first order, at high temperature, plus a mean that \
          softmax takes away. A second step would compute new errors and is a second layer.
          """,
        japanese: """
          自由エネルギーを1ステップ下るシナプスは、入力をその誤差ユニットと組にして覚えます。\
          次の予測は、入力をキー、誤差ユニットを値とする注意でそれを読み出します。\
          この注意にはソフトマックスも割り算もありません。\
          つまり、高温でのソフトマックス注意の1次の項に、ソフトマックスが取り除く平均を足したものです。\
          2ステップめでは誤差が新しくなり、2層めの注意に当たります。
          """),
      references: ["vonoswald2023transformers", "friston2009rough"])
  }
  package var glossary: [String] {
    ["error-unit", "prediction-error", "gradient-descent", "query-key-value", "softmax"]
  }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var step = DeviationMeter()
    var prediction = DeviationMeter()
    var expansion = DeviationMeter()
    for (programs, problems) in Self.problems(settings.instances, from: &source) {
      for problem in problems {
        let learned = programs.learnedByGradient(problem)
        step.compare(problem.learnedByErrorUnits.values, learned.values)
        let after = LinearAlgebra.product(learned, problem.query).values
        let before = LinearAlgebra.product(problem.weights, problem.query).values
        let linear = programs.linearAttention(problem)
        prediction.compare(after, Vectors.sum(before, problem.rate, linear))
        expansion.compare(programs.expandedAttention(problem), linear)
      }
    }
    return Finding(
      deviations: [
        step.deviation(
          "Hebbian step of error units = −η ∂F/∂W", "誤差ユニットのヘッブ則のステップ＝−η ∂F/∂W",
          tolerance: 1e-12),
        prediction.deviation(
          "prediction after the step = W x + η · linear attention",
          "ステップ後の予測＝W x＋η×線形注意", tolerance: 1e-12),
        expansion.deviation(
          "linear attention = first order of softmax attention + mean",
          "線形注意＝ソフトマックス注意の1次の項＋平均", tolerance: 1e-12),
      ], figure: settings.draws ? Self.figure() : nil)
  }

  /// Problems by their sizes, with the programs that are compiled once for all of one size.
  static func problems(
    _ count: Int, from source: inout RandomSource
  ) -> [(programs: PlasticityPrograms, problems: [PlasticityProblem])] {
    // A single pair, and equal inputs, come before the random sizes.
    var size = PlasticitySizes(pairs: 1, inputs: 3, outputs: 2)
    var result = [
      (PlasticityPrograms(size), [PlasticityProblem(size, from: &source)])
    ]
    size.pairs = 6
    result.append(
      (
        PlasticityPrograms(size), [PlasticityProblem(size, from: &source).withEqualInputs]
      ))
    let sizes = min(8, max(1, count))
    for index in 0..<sizes {
      let size = PlasticitySizes(
        pairs: LearningSamples.whole(1...12, from: &source),
        inputs: LearningSamples.whole(1...8, from: &source),
        outputs: LearningSamples.whole(1...6, from: &source))
      // Sizes share the instances; the first ones take what is left over.
      let own = max(0, count) / sizes + (index < max(0, count) % sizes ? 1 : 0)
      result.append(
        (
          PlasticityPrograms(size),
          (0..<own).map { _ in PlasticityProblem(size, from: &source) }
        ))
    }
    return result
  }

  private static func figure() -> LocalizedFigure {
    let x = [-1.6, -0.9, -0.2, 0.7, 1.5]
    let y = [-1.4, -0.1, 0.1, 0.2, 1.3]
    let problem = PlasticityProblem(
      weights: Tensor(rows: [[0.15]]), inputs: Tensor(rows: x.map { [$0] }),
      targets: Tensor(rows: y.map { [$0] }), query: Tensor(rows: [[1.1]]), rate: 0.08)
    let programs = PlasticityPrograms(PlasticitySizes(pairs: x.count, inputs: 1, outputs: 1))
    let before = problem.weights.values[0]
    let after = programs.learnedByGradient(problem).values[0]
    let queries = (0...12).map { -1.8 + 0.3 * Double($0) }
    let attended = queries.map { query in
      var moved = problem
      moved.query = Tensor(rows: [[query]])
      return before * query + moved.rate * programs.linearAttention(moved)[0]
    }
    let errors = zip(x, y).map { $1 - before * $0 }
    let places = x.indices.map { Double($0 + 1) }
    return LocalizedFigure { language in
      Figure(
        title: language.pick(
          "Learning by one step and attending to error units predict the same",
          "1ステップの学習と誤差ユニットへの注意は同じ予測になる"),
        rows: [
          [
            Panel(
              title: language.pick("Predictions", "予測"), xLabel: language.pick("input x", "入力 x"),
              yLabel: language.pick("output y", "出力 y"),
              series: [
                .intervals(
                  language.pick("error units ε", "誤差ユニット ε"), role: .error, x: x,
                  lower: zip(x, y).map { min(before * $0, $1) },
                  upper: zip(x, y).map { max(before * $0, $1) }),
                .points(language.pick("data", "データ"), role: .data, x: x, y: y, size: 14),
                .line(
                  language.pick("before: W x", "学習前：W x"), role: .prediction, variant: 1,
                  x: [-2, 2], y: [-2 * before, 2 * before]),
                .line(
                  language.pick("after one step", "1ステップ後"), role: .truth, x: [-2, 2],
                  y: [-2 * after, 2 * after]),
                .points(
                  language.pick("W x + η · attention", "W x＋η×注意"), role: .attention, x: queries,
                  y: attended, size: 14),
              ], xRange: -2...2)
          ],
          [
            Panel(
              title: language.pick(
                "What the query x = 1.1 reads out: the sum of the products",
                "クエリ x = 1.1 が読み出すもの：積の和"),
              xLabel: language.pick("pair j", "対 j"), yLabel: language.pick("size", "大きさ"),
              series: [
                .stems(
                  language.pick("weight xⱼ·x", "重み xⱼ·x"), role: .attention,
                  x: places.map { $0 - 0.1 }, y: x.map { $0 * 1.1 }, width: 18),
                .stems(
                  language.pick("value εⱼ", "値 εⱼ"), role: .error, x: places, y: errors, width: 18),
                .stems(
                  language.pick("product", "積"), role: .prediction, x: places.map { $0 + 0.1 },
                  y: zip(x, errors).map { $0 * 1.1 * $1 }, width: 18),
              ], xRange: 0.5...5.5, rules: [.horizontal(0)],
              categories: places.map { "\(Int($0))" })
          ],
        ], language: language)
    }
  }
}
