package import ModelFiles
internal import Reporting
internal import TensorCore

/// P4: one unit step down the energy of a modern Hopfield network is attention with V = K.
package struct HopfieldStepComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package let name = "hopfield-step"
  package let number = "P4"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "One step of descent is one attention update", japanese: "降下の一歩は注意の一回の更新である")
  package let claim = Claim(
    equation: [
      "E(q) = −β⁻¹ logsumexp(βKq) + ½‖q‖²,   ∂E/∂q = q − Kᵀα,   α = softmax(βKq)",
      "q − ∂E/∂q = Kᵀ softmax(βKq)",
    ],
    meaning: LocalizedText(
      english: """
        The energy has valleys near the keys. Its gradient is the query minus what attention would \
        make of it, so a forward Euler step of length one lands exactly on the output of attention \
        whose values are its keys. Attention with other values reads something else off at the \
        same weights.
        """,
      japanese: """
        このエネルギーの谷はキーの近くにあります。勾配はクエリから注意の出力を引いたものなので、長さ 1 の前進オイラー法の一歩は、\
        値をキーと同じにした注意の出力にちょうど着地します。値がキーと異なる注意は、同じ重みで別のものを読み出します。
        """),
    references: ["ramsauer2021hopfield"])
  package let glossary = ["gradient-descent", "attention", "query-key-value", "softmax"]

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var gradient = DeviationMeter()
    var step = DeviationMeter()
    var errors = DeviationMeter()
    let problems = RandomProblems.make(
      settings.instances, from: &source, scores: .extreme, masks: true, ties: true)
    for problem in problems {
      let slope = HopfieldEnergy(problem).gradient(at: problem.query)
      gradient.compare(
        slope, Vectors.sum(problem.query, -1, Vectors.mean(problem.keys, weights: problem.weights)))
      let attended = problem.attended
      step.compare(Vectors.sum(problem.query, -1, slope), attended)
      errors.compare(
        Vectors.sum(problem.query, 1, HopfieldFlow(problem).derivative(at: problem.query)),
        attended)
    }
    return Finding(
      deviations: [
        gradient.deviation(
          "gradient of E by reverse differentiation = q − Kᵀα", "逆方向の自動微分による E の勾配 = q − Kᵀα",
          tolerance: 1e-12),
        step.deviation(
          "unit step down E = attention with V = K", "E を下る長さ 1 の一歩：V = K の注意に等しい",
          tolerance: 1e-12),
        errors.deviation(
          "unit step of weighted errors = attention with V = K",
          "重み付き予測誤差による長さ 1 の一歩：V = K の注意に等しい", tolerance: 1e-12),
      ],
      figure: settings.draws ? Self.figure() : nil)
  }

  private static func figure() -> LocalizedFigure {
    let landscape = HopfieldLandscape.example
    let step = AttentionStep(landscape.problem)
    let energy = HopfieldEnergy(landscape.problem)
    let starts: [[Double]] = [
      [-1.7, 1.5], [1.7, 1.6], [0.2, -1.7], [-1.7, -1.3], [1.75, -0.5],
    ]
    let height = 0.35
    let line = stride(from: -1.9, through: 1.9, by: 0.05).map { $0 }
    let some = stride(from: -1.8, through: 1.8, by: 0.2).map { $0 }
    let drawn = line.map { step([$0, height])[0] - $0 }
    let slopes = some.map { -energy.gradient(at: [$0, height])[0] }
    return LocalizedFigure { language in
      var series = landscape.series(language)
      for (index, start) in starts.enumerated() {
        let path = [start, step(start)]
        series.append(
          .line(
            index == 0 ? language.pick("one attention update", "注意による 1 回の更新") : "",
            role: .attention, x: path.map { $0[0] }, y: path.map { $0[1] }, width: 4))
        series.append(
          .points(role: .attention, x: [path[1][0]], y: [path[1][1]], size: 14))
      }
      series.append(
        .points(
          language.pick("query", "クエリ"), role: .state, x: starts.map { $0[0] },
          y: starts.map { $0[1] }, size: 14))
      let force = Panel(
        title: language.pick("Along the line q₂ = 0.35", "直線 q₂ = 0.35 に沿って"),
        xLabel: language.pick("query q₁", "クエリ q₁"),
        yLabel: language.pick("change of q₁ in one step", "1 歩での q₁ の変化"),
        series: [
          .line(
            language.pick("attention − query", "注意の出力 − クエリ"), role: .attention, x: line, y: drawn,
            width: 4),
          .points(
            language.pick("downhill slope of E", "E の下り勾配"), role: .error, x: some, y: slopes,
            size: 11),
        ], legend: .insideRight, rules: [.horizontal(0)])
      return Figure(
        title: language.pick(
          "A unit step down the Hopfield energy is attention with V = K",
          "ホップフィールドエネルギーを下る長さ 1 の一歩は V = K の注意である"),
        rows: [[landscape.panel(series, language), force]], height: 800, language: language)
    }
  }
}
