package import ModelFiles
internal import Reporting
internal import TensorCore

/// P8: one step of plasticity followed by a prediction is linear attention over error units.
///
/// `(W + η Σ_j ε_j x_jᵀ) x_q = W x_q + η Σ_j (x_j·x_q) ε_j`, where the step is `−η ∂F/∂W` of
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
        "(W + η Σⱼ εⱼ xⱼᵀ) x_q = W x_q + η Σⱼ (xⱼ·x_q) εⱼ",
        "Σⱼ sⱼ εⱼ = T ∂/∂β [softmax(β s) ε]_{β=0} + T s̄ ε̄,  sⱼ = xⱼ·x_q",
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
          高温でのソフトマックス注意の1次の項に、ソフトマックスが取り除く平均を足したものです。\
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
    for problem in Self.problems(settings.instances, from: &source) {
      let learned = problem.learnedByGradient
      step.compare(problem.learnedByErrorUnits.values, learned.values)
      let after = LinearAlgebra.product(learned, problem.query).values
      let before = LinearAlgebra.product(problem.weights, problem.query).values
      let linear = problem.linearAttention
      prediction.compare(after, Vectors.sum(before, problem.rate, linear))
      expansion.compare(problem.expandedAttention, linear)
    }
    return Finding(
      deviations: [
        step.deviation(
          "Hebbian step of error units = −η ∂F/∂W", "誤差ユニットのヘッブ則のステップ＝−η ∂F/∂W",
          tolerance: 1e-12),
        prediction.deviation(
          "prediction after the step = W x_q + η · linear attention",
          "ステップ後の予測＝W x_q＋η×線形注意", tolerance: 1e-12),
        expansion.deviation(
          "linear attention = first order of softmax attention + mean",
          "線形注意＝ソフトマックス注意の1次の項＋平均", tolerance: 1e-12),
      ], figure: settings.draws ? Self.figure() : nil)
  }

  static func problems(_ count: Int, from source: inout RandomSource) -> [PlasticityProblem] {
    // A single pair, and equal inputs, come before the random sizes.
    var problems = [
      PlasticityProblem(pairs: 1, inputs: 3, outputs: 2, from: &source),
      PlasticityProblem(pairs: 6, inputs: 4, outputs: 3, from: &source).withEqualInputs,
    ]
    for _ in 0..<max(0, count) {
      problems.append(
        PlasticityProblem(
          pairs: LearningSamples.whole(1...12, from: &source),
          inputs: LearningSamples.whole(1...8, from: &source),
          outputs: LearningSamples.whole(1...6, from: &source), from: &source))
    }
    return problems
  }

  private static func figure() -> LocalizedFigure {
    let x = [-1.6, -0.9, -0.2, 0.7, 1.5]
    let y = [-1.4, -0.1, 0.1, 0.2, 1.3]
    let problem = PlasticityProblem(
      weights: Tensor(rows: [[0.15]]), inputs: Tensor(rows: x.map { [$0] }),
      targets: Tensor(rows: y.map { [$0] }), query: Tensor(rows: [[1.1]]), rate: 0.08)
    let before = problem.weights.values[0], after = problem.learnedByGradient.values[0]
    let queries = (0...12).map { -1.8 + 0.3 * Double($0) }
    let attended = queries.map { query in
      var moved = problem
      moved.query = Tensor(rows: [[query]])
      return before * query + moved.rate * moved.linearAttention[0]
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
                  x: [-1.8, 1.8], y: [-1.8 * before, 1.8 * before]),
                .line(
                  language.pick("after one step", "1ステップ後"), role: .truth, x: [-1.8, 1.8],
                  y: [-1.8 * after, 1.8 * after]),
                .points(
                  language.pick("W x + η · attention", "W x＋η×注意"), role: .attention, x: queries,
                  y: attended, size: 14),
              ], legend: .insideLeft)
          ],
          [
            Panel(
              title: language.pick(
                "What the query x_q = 1.1 reads out", "クエリ x_q = 1.1 が読み出すもの"),
              xLabel: language.pick("pair j", "対 j"), yLabel: language.pick("size", "大きさ"),
              series: [
                .stems(
                  language.pick("weight xⱼ·x_q", "重み xⱼ·x_q"), role: .attention,
                  x: places.map { $0 - 0.12 }, y: x.map { $0 * 1.1 }, width: 12),
                .stems(
                  language.pick("value εⱼ", "値 εⱼ"), role: .error, x: places, y: errors, width: 12),
                .stems(
                  language.pick("product", "積"), role: .prediction, x: places.map { $0 + 0.12 },
                  y: zip(x, errors).map { $0 * 1.1 * $1 }, width: 12),
              ], xRange: 0.5...5.5, rules: [.horizontal(0)])
          ],
        ], language: language)
    }
  }
}

/// Pairs to learn and a query to predict for.
struct PlasticityProblem {
  /// W `[e × d]`.
  var weights: Tensor<Double>
  /// The inputs x_j `[T × d]`.
  var inputs: Tensor<Double>
  /// The outputs y_j `[T × e]`.
  var targets: Tensor<Double>
  /// x_q `[d × 1]`.
  var query: Tensor<Double>
  /// η.
  var rate: Double

  init(
    weights: Tensor<Double>, inputs: Tensor<Double>, targets: Tensor<Double>,
    query: Tensor<Double>, rate: Double
  ) {
    self.weights = weights
    self.inputs = inputs
    self.targets = targets
    self.query = query
    self.rate = rate
  }

  /// A random problem.
  init(pairs: Int, inputs: Int, outputs: Int, from source: inout RandomSource) {
    self.init(
      weights: LearningSamples.matrix(outputs, inputs, from: &source),
      inputs: LearningSamples.matrix(pairs, inputs, from: &source),
      targets: LearningSamples.matrix(pairs, outputs, from: &source),
      query: LearningSamples.matrix(inputs, 1, from: &source),
      rate: 0.01 + 0.5 * source.uniform())
  }

  /// The same with all inputs equal to the first.
  var withEqualInputs: PlasticityProblem {
    var result = self
    let first = Array(inputs.values.prefix(inputs.columns))
    result.inputs = Tensor(rows: (0..<inputs.rows).map { _ in first })
    return result
  }

  /// The error units ε_j = y_j − W x_j, `[T][e]`.
  var errorUnits: [[Double]] {
    let rows = LearningSamples.rows(weights)
    return zip(LearningSamples.rows(inputs), LearningSamples.rows(targets)).map { input, target in
      zip(target, rows).map { $0 - Vectors.dot($1, input) }
    }
  }

  /// `W + η Σ_j ε_j x_jᵀ`, synapse by synapse.
  var learnedByErrorUnits: Tensor<Double> {
    var result = weights
    for (error, input) in zip(errorUnits, LearningSamples.rows(inputs)) {
      for row in 0..<weights.rows {
        for column in 0..<weights.columns {
          result.values[row * weights.columns + column] += rate * error[row] * input[column]
        }
      }
    }
    return result
  }

  /// `W − η ∂F/∂W`, by reverse differentiation of the program of F.
  var learnedByGradient: Tensor<Double> {
    var builder = ProgramBuilder()
    let w = builder.input("W", shape: weights.shape)
    let x = builder.input("x", shape: inputs.shape)
    let y = builder.input("y", shape: targets.shape)
    let predicted = builder.matrixProduct(x, builder.transpose(w))
    let error = builder.binary(.subtract, y, predicted)
    let squares = builder.sum(builder.binary(.multiply, error, error))
    builder.output("F", builder.binary(.multiply, builder.constant(0.5), squares))
    let program = builder.build().gradient(of: "F", withRespectTo: ["W"])
    let slope = Double.evaluate(program, ["W": weights, "x": inputs, "y": targets])
    var result = weights
    for (index, entry) in (slope["gradient.W"]?.values ?? []).enumerated() {
      result.values[index] -= rate * entry
    }
    return result
  }

  /// Attention without softmax, `(x_qᵀ Kᵀ) V` with K the inputs and V the error units, `[e]`.
  var linearAttention: [Double] {
    var builder = ProgramBuilder()
    let q = builder.input("q", shape: .matrix(1, inputs.columns))
    let k = builder.input("k", shape: inputs.shape)
    let v = builder.input("v", shape: targets.shape)
    builder.output(
      "out", builder.matrixProduct(builder.matrixProduct(q, builder.transpose(k)), v))
    let result = Double.evaluate(
      builder.build(),
      [
        "q": query.reshaped(.matrix(1, inputs.columns)), "k": inputs,
        "v": Tensor(rows: errorUnits),
      ])
    return result["out"]?.values ?? []
  }

  /// The same from softmax attention: T times its slope in β at β = 0, plus what centring takes.
  var expandedAttention: [Double] {
    let values = errorUnits
    var builder = ProgramBuilder()
    let q = builder.input("q", shape: .matrix(1, inputs.columns))
    let k = builder.input("k", shape: inputs.shape)
    let v = builder.input("v", shape: targets.shape)
    let beta = builder.input("beta", shape: .scalar)
    let out = builder.attention(builder.binary(.multiply, q, beta), k, v, scale: 1)
    builder.output("out", out)
    let program = builder.build().jacobian(of: "out", withRespectTo: "beta", as: "slope")
    let result = Double.evaluate(
      program,
      [
        "q": query.reshaped(.matrix(1, inputs.columns)), "k": inputs,
        "v": Tensor(rows: values), "beta": Tensor(0),
      ])
    let scores = LearningSamples.rows(inputs).map { Vectors.dot($0, query.values) }
    let count = Double(inputs.rows)
    let total = scores.reduce(0, +)
    // At β = 0 the weights are equal, so the output is the mean of the values.
    let mean = result["out"]?.values ?? []
    return zip(result["slope"]?.values ?? [], mean).map { count * $0 + total * $1 }
  }
}
