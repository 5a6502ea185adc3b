internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
internal import TensorCore

/// P1: a state unit whose error units have log-precisions linear in the query rests at attention.
///
/// The resting state is reached three ways, in closed form, by a flow integrated with GSL, and by
/// recognition of `models/attention-cell.yaml`, and compared with the attention operation of the
/// tensor core (mathematics §11).
package struct CellComparison: BridgeComparison {
  package let name = "cell"
  package let number = "P1"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "A predictive-coding cell at rest is attention",
    japanese: "静止した予測符号化のセルは注意である")
  package let glossary = [
    "attention", "query-key-value", "softmax", "precision", "state-unit", "error-unit",
    "recognition-dynamics", "free-energy",
  ]
  package let claim = Claim(
    equation: [
      "εⱼ = vⱼ − μ,  ξⱼ = exp(sⱼ) εⱼ,  μ̇ = Σⱼ ξⱼ,  sⱼ = q·kⱼ / √d",
      "μ* = softmax(s) V,  ln Z = logsumexp(s),  μ(t) = μ* + (μ₀ − μ*) exp(−Zt)",
      "F(μ*) = ½ Z tr Cov[v] + …,  Cov[v] = Σⱼ αⱼ (vⱼ − μ*)(vⱼ − μ*)ᵀ,  α = softmax(s)",
    ],
    meaning: LocalizedText(
      english: """
        One state unit predicts the value of every key, and the precision of each prediction error \
        grows with the fit between key and query. Where the weighted errors cancel, the state unit \
        holds what scaled dot-product attention computes; the denominator of the softmax is its \
        precision. A Transformer jumps to this resting state; the cell gets there in time, the \
        faster the better its keys fit.
        """,
      japanese: """
        1 つの状態ユニットがすべてのキーの値を予測し、それぞれの予測誤差の精度は、キーがクエリに合うほど\
        高くなります。重み付きの誤差が打ち消し合うところで、状態ユニットは縮小付き内積注意の出力そのものに\
        なり、ソフトマックスの分母はその精度になります。Transformer はこの静止状態へ一足飛びに移りますが、\
        セルは時間をかけて近づき、キーがクエリに合うほど早く着きます。
        """),
    references: ["vaswani2017attention", "feldman2010attention", "friston2009predictive"])

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    // Some more than asked for: a single key leaves no error, whose logarithm cannot be compared.
    let problems = RandomProblems.make(
      settings.instances * 5 / 4, from: &source, scores: .extreme, masks: true)
    var closed = DeviationMeter(), flow = DeviationMeter(), transient = DeviationMeter()
    var partition = DeviationMeter(), energy = DeviationMeter(), logEnergy = DeviationMeter()
    for (index, problem) in problems.enumerated() {
      try settings.proceed(0.2 * Double(index) / Double(problems.count))
      let cell = AttentionCell(problem)
      closed.compare(cell.rest, problem.attended)
      partition.compare(cell.logPrecision, Self.logSumExp(problem.scores))
      let start = source.normals(problem.valueWidth)
      let (moments, rest) = try Self.follow(cell, from: start)
      for (time, state) in moments {
        transient.compare(state, cell.state(from: start, at: time))
      }
      flow.compare(rest, problem.attended)
      let spread = Vectors.spread(problem.values, weights: problem.weights)
      let residual = cell.scaledEnergy(at: rest)
      energy.compare(residual, 0.5 * cell.scaledRate * spread)
      // Where almost all weight lies on one key, the spread is below the rounding of the mean.
      if spread > 1e-6 {
        logEnergy.compare(
          log(residual) + cell.scale, log(0.5) + problem.logPartition + log(spread))
      }
    }
    var deviations = [
      closed.deviation("μ* in closed form = attention", "閉じた形の μ* = 注意", tolerance: 1e-12),
      flow.deviation("the flow's rest = attention", "流れの静止点 = 注意", tolerance: 1e-12),
      transient.deviation(
        "the flow = μ* + (μ₀ − μ*) exp(−Zt)", "流れ = μ* + (μ₀ − μ*) exp(−Zt)", tolerance: 1e-12),
      partition.deviation("ln Z = logsumexp(s)", "ln Z = logsumexp(s)", tolerance: 1e-12),
      energy.deviation(
        "F(μ*) = ½ Z tr Cov[v], over exp(max s)", "F(μ*) = ½ Z tr Cov[v]（exp(max s) で割る）",
        tolerance: 1e-12),
      logEnergy.deviation(
        "ln F(μ*) = ln ½ + ln Z + ln tr Cov[v]", "ln F(μ*) = ln ½ + ln Z + ln tr Cov[v]",
        tolerance: 1e-12),
    ]
    deviations.append(Self.twoKeys(settings, &source))
    deviations += try inModelLanguage(settings, &source)
    return Finding(deviations: deviations, figure: settings.draws ? try figure() : nil)
  }

  /// The error left over where almost all weight lies on one of two keys, down to e^{−30} of it.
  private static func twoKeys(
    _ settings: BridgeSettings, _ source: inout RandomSource
  ) -> Deviation {
    var meter = DeviationMeter()
    for _ in 0..<settings.instances {
      let (gap, level, width) = (30 * source.uniform(), 3 * source.normal(), source.normal())
      let cell = AttentionCell(logPrecisions: [level, level - gap], values: [[0], [width]])
      // α (1 − α) = e^{−gap} / (1 + e^{−gap})², in logarithms.
      let expected = log(0.5) + cell.logPrecision - gap - 2 * log1p(exp(-gap)) + 2 * log(abs(width))
      meter.compare(log(cell.scaledEnergy(at: cell.rest)) + cell.scale, expected)
    }
    return meter.deviation(
      "two keys: ln F(μ*) = ln (½ Z α (1 − α) ‖v₁ − v₂‖²)",
      "キー 2 つ：ln F(μ*) = ln (½ Z α (1 − α) ‖v₁ − v₂‖²)", tolerance: 1e-12)
  }

  /// The third way: the model file, on problems that it can state.
  private func inModelLanguage(
    _ settings: BridgeSettings, _ source: inout RandomSource
  ) throws(BridgeError) -> [Deviation] {
    let model = try CellModel(path: settings.file(CellModel.fileName))
    var rest = DeviationMeter(), precision = DeviationMeter()
    let problems = RandomProblems.make(settings.instances, from: &source)
    for (index, problem) in problems.enumerated() {
      // Every problem is a model file of its own: by far the longest way of the four.
      try settings.proceed(0.2 + 0.8 * Double(index) / Double(problems.count))
      var problem = problem
      problem.values = problem.values.map { [$0[0]] }
      let found = try model.recognize(problem)
      rest.compare([found.content], problem.attended)
      precision.compare(-2 * log(found.standardDeviation), Self.logSumExp(problem.scores))
    }
    return [
      rest.deviation(
        "attention-cell.yaml, recognized = attention", "attention-cell.yaml の認識 = 注意",
        tolerance: 1e-12),
      precision.deviation(
        "its posterior precision = Z, as logarithms", "その事後精度 = Z（対数で比較）",
        tolerance: 1e-12),
    ]
  }

  /// `ln Σ exp(s)` by the operation of the tensor core.
  static func logSumExp(_ scores: [Double]) -> Double {
    var builder = ProgramBuilder()
    let s = builder.input("s", shape: Shape([scores.count]))
    builder.output("lse", builder.logSumExp(s))
    return Double.evaluate(builder.build(), ["s": Tensor(vector: scores)])["lse"]?.values[0] ?? .nan
  }

  /// The cell integrated with GSL: a few moments of its transient, then its rest.
  static func follow(
    _ cell: AttentionCell, from start: [Double]
  ) throws(BridgeError) -> (moments: [(time: Double, state: [Double])], rest: [Double]) {
    let moments = [0.25, 0.5, 1, 2].map { $0 / cell.scaledRate }
    let states = try integrate(
      cell, from: start, times: moments + [cell.restingTime],
      options: ODEOptions(stepper: .rk8pd, relativeTolerance: 1e-14, absoluteTolerance: 1e-15))
    return (Array(zip(moments, states)), states[moments.count])
  }

  // MARK: Figure

  /// Four keys in a plane, and the cell's way to what they agree on.
  private func figure() throws(BridgeError) -> LocalizedFigure {
    let problem = AttentionProblem(
      query: [1.5, 0.5], keys: [[2, 0], [1, 1], [0, 2], [-1, -1]],
      values: [[1], [2], [4], [-3]])
    let cell = AttentionCell(problem)
    let times = (0...120).map { Double($0) / 120 * 5 / cell.scaledRate }
    var courses: [[Double]] = []
    for start in [-2.0, 0, 4] {
      let states = try integrate(cell, from: [start], times: times, options: ODEOptions())
      courses.append(states.map { $0[0] })
    }
    // In time units: the flow runs in τ = t e^{max s}.
    let clock = times.map { $0 * exp(-cell.scale) }
    let precisions = problem.scores.map(exp)
    let errors = problem.values.indices.map { key in
      courses[0].map { precisions[key] * (problem.values[key][0] - $0) }
    }
    let attended = problem.attended[0]
    return LocalizedFigure { language in
      let keys = (1...4).map { Double($0) }
      let names = problem.values.enumerated().map {
        language.pick("key \($0.offset + 1)", "キー \($0.offset + 1)")
      }
      let weights = Panel(
        title: language.pick("Attention weights α = softmax(s)", "注意の重み α = softmax(s)"),
        yLabel: language.pick("weight", "重み"),
        series: [.stems(role: .attention, x: keys, y: problem.weights, width: 36)],
        xRange: 0.5...4.5, yRange: 0...1, legend: .none, categories: names)
      let state = Panel(
        title: language.pick(
          "The state unit μ from three starts", "3 つの初期値から始めた状態ユニット μ"),
        xLabel: language.pick("time", "時間"), yLabel: "μ",
        series: courses.enumerated().map {
          // The third variant of states looks like attention.
          .line(role: .state, variant: [0, 1, 3][$0], x: clock, y: $1)
        } + [
          .line(
            language.pick("attention", "注意の出力"), role: .attention, x: [clock[0], clock[120]],
            y: [attended, attended], dash: .dashed)
        ], legend: .insideRight)
      let units = Panel(
        title: language.pick(
          "Error units ξⱼ = exp(sⱼ) (vⱼ − μ) cancel at rest (start at μ = −2)",
          "誤差ユニット ξⱼ = exp(sⱼ) (vⱼ − μ) は静止点で打ち消し合う（μ = −2 から）"),
        xLabel: language.pick("time", "時間"), yLabel: "ξ",
        series: errors.enumerated().map {
          .line(names[$0], role: .error, variant: $0, x: clock, y: $1)
        } + [
          .line(
            language.pick("sum", "和"), role: .truth, x: clock,
            y: clock.indices.map { index in errors.reduce(0) { $0 + $1[index] } })
        ], rules: [.horizontal(0)])
      return Figure(
        title: language.pick(
          "A predictive-coding cell comes to rest at attention",
          "予測符号化のセルは注意に落ち着く"),
        rows: [[weights, state], [units]], language: language)
    }
  }
}
