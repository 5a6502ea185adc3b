internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
internal import TensorCore

/// M4: a prediction from above, turned on from attention alone to prediction alone.
///
/// The cell with a prior of log-precision s₀ and mean η rests at `(1 − π) attention + π η`, where
/// `π = exp(s₀) / (Z + exp(s₀))` is the logistic function of s₀ − ln Z (mathematics §11, P2). The
/// share π is read off the rest of the GSL flow.
package struct TopDownComparison: BridgeComparison {
  package let name = "top-down"
  package let number = "M4"
  package let kind = ComparisonKind.measurement
  package let title = LocalizedText(
    english: "From attention to prediction: the top-down signal that self-attention lacks",
    japanese: "注意から予測へ：自己注意にはないトップダウン信号")
  package let glossary = [
    "attention", "prior", "empirical-prior", "precision", "entropy", "state-unit",
  ]
  package let claim = Claim(
    equation: [
      "μ* = (1 − π) softmax(s) V + π η,   π = exp(s₀) / (Z + exp(s₀)) = σ(s₀ − ln Z)",
      "H[μ] = ½ dᵥ (1 + ln 2π − ln(Z + exp(s₀))),   Z = Σⱼ exp(sⱼ),   dᵥ = dim v",
    ],
    meaning: LocalizedText(
      english: """
        A level above may predict the state unit, with a log-precision s₀. Attention is the case \
        without any such precision: in self-attention everything comes from the tokens, nothing \
        from above. The share of the prediction follows a logistic curve, and reaches one half \
        where the precision from above equals the denominator of the softmax.
        """,
      japanese: """
        上の階層は、対数精度 s₀ で状態ユニットを予測できます。注意は、この精度がゼロの場合に当たります。\
        自己注意では情報はすべてトークンから来て、上からは来ません。予測の占める割合はロジスティック曲線に\
        従い、上からの精度がソフトマックスの分母に等しいところでちょうど半分になります。
        """),
    references: ["feldman2010attention", "rao1999predictive", "vaswani2017attention"])

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    // Meters keep what is not a number, which a maximum would lose.
    var (curves, crossings, lines) = (DeviationMeter(), DeviationMeter(), DeviationMeter())
    var (silent, units): ([Double], [Double]) = ([], [])
    for problem in RandomProblems.make(settings.instances, from: &source, masks: true) {
      let eta = Vectors.sum(problem.attended, 1, source.normals(problem.valueWidth))
      let sweep = Sweep(problem: problem, mean: eta)
      for offset in [-8.0, -2, -0.5, 0.5, 2, 8] {
        let rest = try sweep.rest(problem.logPartition + offset)
        curves.record(abs(sweep.share(rest) - 1 / (1 + exp(-offset))))
        // Both ends and the rest lie on one line, so the two distances make up the whole.
        let whole = Vectors.norm(Vectors.sum(eta, -1, sweep.attended))
        let parts =
          Vectors.norm(Vectors.sum(rest, -1, sweep.attended))
          + Vectors.norm(Vectors.sum(rest, -1, eta))
        lines.record(abs(parts - whole))
      }
      crossings.record(abs(try sweep.crossing() - problem.logPartition))
      silent.append(sweep.share(try sweep.rest(-.infinity)))
      units.append(sweep.share(try sweep.rest(0)))
    }
    let none = LocalizedText(
      english: "self-attention: no precision from above", japanese: "自己注意：上からの精度はない")
    let sigmoid = LocalizedText(english: "the logistic function", japanese: "ロジスティック関数")
    let share = MeasurementStatistics.mean(units)
    let largest = MeasurementStatistics.largest(silent.map { abs($0) })
    let (curve, crossing, distances) = (curves.value, crossings.value, lines.value)
    let effects = [
      Effect(
        LocalizedText(
          english: "share of the prediction without precision from above",
          japanese: "上からの精度がないときの予測の割合"),
        value: largest, null: .analytic(0, none), holds: largest <= 1e-12),
      Effect(
        LocalizedText(
          english: "mean share where the prediction has precision 1",
          japanese: "予測の精度が 1 のときの平均の割合"), value: share, null: .analytic(0, none)),
      Effect(
        LocalizedText(
          english: "largest distance of the share from σ(s₀ − logsumexp(s))",
          japanese: "割合と σ(s₀ − logsumexp(s)) の差の最大値"),
        value: curve, null: .analytic(0, sigmoid), holds: curve <= 1e-10),
      Effect(
        LocalizedText(
          english: "largest |s₀ − logsumexp(s)| where the share is one half",
          japanese: "割合が半分になる点での |s₀ − logsumexp(s)| の最大値"),
        value: crossing, unit: "nats", null: .analytic(0, sigmoid), holds: crossing <= 1e-8),
      Effect(
        LocalizedText(
          english: "largest distance from the line between attention and prediction",
          japanese: "注意と予測を結ぶ直線からのずれの最大値"),
        value: distances,
        null: .analytic(
          0, LocalizedText(english: "a precision-weighted mean", japanese: "精度で重み付けた平均")),
        holds: distances <= 1e-10),
    ]
    let text = MeasurementStatistics.text
    let verdict =
      share > 1e-6
      ? LocalizedText(
        english: """
          A prediction of unit precision takes a share of \(text(share)) on average; in \
          self-attention the share is \(text(largest)). The share is one half at s₀ = \
          logsumexp(s), to \(text(crossing)).
          """,
        japanese: """
          精度 1 の予測は平均で \(text(share)) の割合を占めます。自己注意ではこの割合は \
          \(text(largest)) です。割合が半分になるのは s₀ = logsumexp(s) のときで、誤差は \(text(crossing)) でした。
          """)
      : LocalizedText(
        english: "A prediction from above does not move the state unit: no effect.",
        japanese: "上からの予測は状態ユニットを動かしません。効果は見られません。")
    return Finding(
      effects: effects, verdict: verdict, figure: settings.draws ? try figure() : nil)
  }

  // MARK: Measuring

  /// One problem with a prediction of its state unit.
  struct Sweep {
    let problem: AttentionProblem
    /// η.
    let mean: [Double]
    /// What the tensor core's attention gives.
    let attended: [Double]

    init(problem: AttentionProblem, mean: [Double]) {
      self.problem = problem
      self.mean = mean
      attended = problem.attended
    }

    /// The rest of the GSL flow with the prior's log-precision.
    func rest(_ logPrecision: Double) throws(BridgeError) -> [Double] {
      let cell = AttentionCell(
        problem, prior: AttentionCell.Prior(mean: mean, logPrecision: logPrecision))
      return try integrate(
        cell, from: mean.map { $0 + 1 }, times: [cell.restingTime],
        options: ODEOptions(stepper: .localLinear)
      )[0]
    }

    /// How far from attention (0) to the prediction (1) a state lies.
    func share(_ state: [Double]) -> Double {
      let way = Vectors.sum(mean, -1, attended)
      return Vectors.dot(Vectors.sum(state, -1, attended), way) / Vectors.dot(way, way)
    }

    /// The log-precision at which the share is one half, by bisection.
    func crossing() throws(BridgeError) -> Double {
      var (low, high) = (-20.0, 20.0)
      for _ in 0..<34 {
        let middle = 0.5 * (low + high)
        if share(try rest(middle)) < 0.5 { low = middle } else { high = middle }
      }
      return 0.5 * (low + high)
    }
  }

  // MARK: Figure

  private func figure() throws(BridgeError) -> LocalizedFigure {
    let problem = AttentionProblem(
      query: [1.5, 0.5], keys: [[2, 0], [1, 1], [0, 2], [-1, -1]],
      values: [[1], [2], [4], [-3]])
    let sweep = Sweep(problem: problem, mean: [-1])
    let partition = problem.logPartition
    let places = (0...60).map { partition - 6 + Double($0) / 5 }
    var (rests, shares): ([Double], [Double]) = ([], [])
    for place in places {
      let rest = try sweep.rest(place)
      rests.append(rest[0])
      shares.append(sweep.share(rest))
    }
    let smooth = (0...240).map { partition - 6 + Double($0) / 20 }
    let entropies = places.map {
      0.5 * (1 + log(2 * Double.pi)) - 0.5 * Vectors.logSumExp(problem.scores + [$0])
    }
    let attended = sweep.attended[0]
    return LocalizedFigure { language in
      let axis = language.pick(
        "log-precision of the prediction, s₀ (nats)", "予測の対数精度 s₀（ナット）")
      let ends = [places[0], places[60]]
      let share = Panel(
        title: language.pick("Share of the prediction in μ*", "μ* に占める予測の割合"),
        xLabel: axis, yLabel: language.pick("share π", "割合 π"),
        series: [
          .line(
            "σ(s₀ − ln Z)", role: .truth, x: smooth, y: smooth.map { 1 / (1 + exp(partition - $0)) }
          ),
          .points(
            language.pick("at rest of the flow", "流れの静止点"), role: .state, x: places,
            y: shares, size: 11),
        ], yRange: -0.05...1.05, legend: .insideLeft,
        rules: [.vertical(partition), .horizontal(0.5)])
      let content = Panel(
        title: language.pick("The state unit", "状態ユニット"), xLabel: axis, yLabel: "μ*",
        series: [
          .line(
            language.pick("attention", "注意の出力"), role: .attention, x: ends,
            y: [attended, attended], dash: .dashed),
          .line(
            language.pick("prediction η", "予測 η"), role: .prediction, x: ends, y: [-1, -1],
            dash: .dashed),
          .line(language.pick("at rest", "静止点"), role: .state, x: places, y: rests, width: 4),
        ], legend: .right, rules: [.vertical(partition)])
      let entropy = Panel(
        title: language.pick("Uncertainty of the state unit", "状態ユニットの不確かさ"), xLabel: axis,
        yLabel: language.pick("entropy (nats)", "エントロピー（ナット）"),
        series: [.line(role: .entropy, x: places, y: entropies, width: 4)], legend: .none,
        rules: [.vertical(partition)])
      return Figure(
        title: language.pick(
          "A prediction takes over where its precision exceeds that of attention",
          "予測の精度が注意の精度を上回ると、予測が主導権を握る"),
        rows: [[share], [content, entropy]], language: language)
    }
  }
}
