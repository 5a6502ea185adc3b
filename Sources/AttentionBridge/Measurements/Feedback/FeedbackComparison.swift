internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// M3: what changes when errors are allowed to move the query.
///
/// Attention leaves out `−½ tr(Π⁻¹ ∂Π/∂q)` and the errors' own pull on the query (mathematics §11).
/// With both restored and a prior on the query, the cell rests elsewhere; the distance is measured
/// against β and the number of keys.
package struct FeedbackComparison: BridgeComparison {
  package let name = "feedback"
  package let number = "M3"
  package let kind = ComparisonKind.measurement
  package let title = LocalizedText(
    english: "With feedback onto the query, recognition rests elsewhere than attention",
    japanese: "クエリへのフィードバックを戻すと、認識は注意とは別の点に落ち着く")
  package let glossary = [
    "attention", "query-key-value", "precision", "prediction-error", "recognition-dynamics",
    "free-energy",
  ]
  package let claim = Claim(
    equation: [
      "F(μ, q) = ½ Σⱼ exp(sⱼ) ‖vⱼ − μ‖² − ½ dᵥ Σⱼ sⱼ + ½ P ‖q − q₀‖²,   dᵥ = dim v",
      "−∂F/∂q = ½ β Σⱼ (dᵥ − exp(sⱼ) ‖vⱼ − μ‖²) kⱼ − P (q − q₀)",
    ],
    meaning: LocalizedText(
      english: """
        A precision that depends on a state is itself inferred: keys whose values are predicted \
        better than their precision says draw the query towards them, others push it away. \
        Attention leaves this out; its query stays as given. With the query held by a prior of \
        precision P the two agree only as P grows without bound.
        """,
      japanese: """
        状態に依存する精度は、それ自体が推論の対象です。値が精度の割によく予測されるキーはクエリを引き寄せ、\
        そうでないキーは遠ざけます。注意ではこの働きが省かれ、クエリは与えられたまま動きません。クエリを\
        精度 P の事前分布で支えるとき、両者が一致するのは P を限りなく大きくした場合だけです。
        """),
    references: ["feldman2010attention", "vaswani2017attention"])

  /// Inverse temperatures as multiples of `1/√d`.
  static let temperatures = [0.125, 0.25, 0.5, 1, 2, 3, 4]
  /// Numbers of keys.
  static let counts = [2, 4, 8, 16, 32]
  /// Lengths of queries and values.
  static let queryWidth = 4
  static let valueWidth = 2

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    let source = RandomSource(seed: settings.seed).split(name)
    let instances = max(4, min(settings.instances, 40))
    let stages = Double(Self.temperatures.count + Self.counts.count + 2)
    var byTemperature: [Distances] = []
    for factor in Self.temperatures {
      byTemperature.append(
        try Self.distances(instances, keys: 8, factor: factor, precision: 1, source))
      try settings.proceed(Double(byTemperature.count) / stages)
    }
    var byCount: [Distances] = []
    for count in Self.counts {
      byCount.append(try Self.distances(instances, keys: count, factor: 1, precision: 1, source))
      try settings.proceed(Double(byTemperature.count + byCount.count) / stages)
    }
    let firm = try Self.distances(instances, keys: 8, factor: 1, precision: exp(32), source)
    let held = MeasurementStatistics.largest(firm.content + firm.query)
    let agreement = try Self.agreement(settings, source.split("model"))
    try settings.proceed(1)
    let effects =
      Self.effects(byTemperature, byCount) + [
        Effect(
          LocalizedText(
            english: "largest distance where the query is held, P = exp(32)",
            japanese: "クエリを固定した場合（P = exp(32)）の距離の最大値"),
          value: held, null: .analytic(0, Self.none), holds: held <= 1e-10),
        Effect(
          LocalizedText(
            english: "attention-cell.yaml, recognized: distance from this rest",
            japanese: "attention-cell.yaml の認識：この静止点からの距離"),
          value: agreement,
          null: .analytic(
            0, LocalizedText(english: "the same equations", japanese: "同じ方程式")),
          holds: agreement <= 1e-8),
      ]
    return Finding(
      effects: effects, verdict: verdict(effects, byTemperature),
      figure: settings.draws ? try figure(byTemperature, byCount) : nil)
  }

  static let none = LocalizedText(
    english: "attention: errors do not reach the query",
    japanese: "注意：誤差はクエリに届かない")

  private static func effects(_ byTemperature: [Distances], _ byCount: [Distances]) -> [Effect] {
    func effect(_ english: String, _ japanese: String, _ values: [Double]) -> Effect {
      Effect(
        LocalizedText(english: english, japanese: japanese),
        value: MeasurementStatistics.quantile(values, 0.5), null: .analytic(0, none))
    }
    let (weak, usual, strong) = (byTemperature[0], byTemperature[3], byTemperature[6])
    let (few, many) = (byCount[0], byCount[byCount.count - 1])
    return [
      effect(
        "μ* from attention, over the values' spread; β = 1/√d, 8 keys",
        "μ* と注意の距離／値の散らばり（β = 1/√d、キー 8 個）", usual.content),
      effect(
        "way of the query; β = 1/√d, 8 keys", "クエリが動いた距離（β = 1/√d、キー 8 個）", usual.query),
      effect(
        "μ* from attention; β = ⅛ · 1/√d, 8 keys", "μ* と注意の距離（β = ⅛・1/√d、キー 8 個）", weak.content),
      effect(
        "μ* from attention; β = 4 · 1/√d, 8 keys", "μ* と注意の距離（β = 4・1/√d、キー 8 個）", strong.content),
      effect("μ* from attention; β = 1/√d, 2 keys", "μ* と注意の距離（β = 1/√d、キー 2 個）", few.content),
      effect("μ* from attention; β = 1/√d, 32 keys", "μ* と注意の距離（β = 1/√d、キー 32 個）", many.content),
    ]
  }

  private func verdict(_ effects: [Effect], _ byTemperature: [Distances]) -> LocalizedText {
    let text = MeasurementStatistics.text
    let (content, query) = (effects[0].value, effects[1].value)
    guard content > 1e-6 else {
      return LocalizedText(
        english: "Feedback onto the query does not move the state unit: no effect.",
        japanese: "クエリへのフィードバックは状態ユニットを動かしません。効果は見られません。")
    }
    return LocalizedText(
      english: """
        Medians for P = 1: feedback moves the query by \(text(query)) and the state unit by \
        \(text(content)) of the values' spread, from \(text(effects[2].value)) at the smallest β \
        to \(text(effects[3].value)) at the largest. With the query held it is \
        \(text(effects[6].value)) at most.
        """,
      japanese: """
        P = 1 での中央値を示します。フィードバックはクエリを \(text(query))、状態ユニットを値の散らばりの \
        \(text(content)) 倍だけ動かします。β が最小のときは \(text(effects[2].value)) 倍、最大のときは \
        \(text(effects[3].value)) 倍です。クエリを固定すると、最大でも \(text(effects[6].value)) です。
        """)
  }

  // MARK: Measuring

  /// How far the equilibrium lies from attention.
  struct Distances {
    /// ‖μ* − attention‖ over the values' spread under attention, √tr Cov_α(v).
    var content: [Double] = []
    /// ‖q* − q₀‖.
    var query: [Double] = []

    mutating func add(_ cell: FeedbackCell) throws(BridgeError) {
      let problem = cell.problem
      let rest = try cell.equilibrium()
      let width = problem.valueWidth
      let spread = Vectors.spread(problem.values, weights: problem.weights).squareRoot()
      let moved = Vectors.norm(Vectors.sum(Array(rest.prefix(width)), -1, problem.attended))
      content.append(moved / spread)
      query.append(Vectors.norm(Vectors.sum(Array(rest.dropFirst(width)), -1, problem.query)))
    }
  }

  /// Distances of random problems, the same ones for every temperature.
  static func distances(
    _ instances: Int, keys: Int, factor: Double, precision: Double, _ source: RandomSource
  ) throws(BridgeError) -> Distances {
    var source = source.split(keys)
    var distances = Distances()
    for _ in 0..<instances {
      let problem = AttentionProblem(
        query: source.normals(queryWidth),
        keys: (0..<keys).map { _ in source.normals(queryWidth) },
        values: (0..<keys).map { _ in source.normals(valueWidth) },
        inverseTemperature: factor / Double(queryWidth).squareRoot())
      try distances.add(FeedbackCell(problem, queryPrecision: precision))
    }
    return distances
  }

  /// The largest distance between the equilibrium and recognition of the model file.
  static func agreement(
    _ settings: BridgeSettings, _ source: RandomSource
  ) throws(BridgeError) -> Double {
    var source = source
    let model = try CellModel(path: settings.file(CellModel.fileName))
    var largest = 0.0
    for _ in 0..<4 {
      let problem = AttentionProblem(
        query: source.normals(2), keys: (0..<4).map { _ in source.normals(2) },
        values: (0..<4).map { _ in source.normals(1) })
      let rest = try FeedbackCell(problem, queryPrecision: 1).equilibrium()
      let found = try model.recognize(problem, queryPrecision: "1")
      for (a, b) in zip(rest, [found.content] + found.query) {
        largest = largest.isNaN || (a - b).isNaN ? .nan : max(largest, abs(a - b))
      }
    }
    return largest
  }

  // MARK: Figure

  private func figure(
    _ byTemperature: [Distances], _ byCount: [Distances]
  ) throws(BridgeError) -> LocalizedFigure {
    let problem = AttentionProblem(
      query: [1.5, 0.5], keys: [[2, 0], [1, 1], [0, 2], [-1, -1]],
      values: [[1], [2], [4], [-3]])
    let rest = try FeedbackCell(problem, queryPrecision: 1).equilibrium()
    var moved = problem
    moved.query = Array(rest.dropFirst())
    let (before, after) = (problem.weights, moved.weights)
    func curves(
      _ x: [Double], _ distances: [Distances], _ language: ReportLanguage
    ) -> [Series] {
      func values(_ part: Double, _ which: KeyPath<Distances, [Double]>) -> [Double] {
        distances.map { MeasurementStatistics.quantile($0[keyPath: which], part) }
      }
      return [
        .band(
          role: .state, x: x, lower: values(0.1, \.content), upper: values(0.9, \.content)),
        .line(
          language.pick("state unit μ", "状態ユニット μ"),
          role: .state, x: x, y: values(0.5, \.content), width: 4),
        .line(
          language.pick("query q", "クエリ q"), role: .attention, x: x, y: values(0.5, \.query),
          width: 4),
        .line(
          language.pick("without feedback", "フィードバックなし"), role: .truth,
          x: [x[0], x[x.count - 1]], y: [0, 0]),
      ]
    }
    return LocalizedFigure { language in
      let distance = language.pick("distance (μ: over spread)", "距離（μ は散らばり比）")
      let temperature = Panel(
        title: language.pick("8 keys (median, 10–90 %)", "キー 8 個（中央値と 10〜90 %）"),
        xLabel: language.pick("β, as a multiple of the usual value", "β（通常の値に対する比）"),
        yLabel: distance,
        series: curves(Self.temperatures, byTemperature, language), xScale: .logarithmic,
        legend: .insideLeft)
      let count = Panel(
        title: language.pick("Usual β (median, 10–90 %)", "通常の β（中央値と 10〜90 %）"),
        xLabel: language.pick("number of keys", "キーの数"),
        yLabel: distance, series: curves(Self.counts.map(Double.init), byCount, language),
        xScale: .logarithmic, legend: .insideLeft)
      let places = before.indices.map { Double($0 + 1) }
      let names = places.map { language.pick("key \(Int($0))", "キー \(Int($0))") }
      let weights = Panel(
        title: language.pick(
          "Weights of attention-cell.yaml: feedback sharpens them here",
          "attention-cell.yaml の重み：この例ではフィードバックで鋭くなる"),
        yLabel: language.pick("weight", "重み"),
        series: [
          .stems(
            language.pick("attention", "注意"), role: .attention, x: places.map { $0 - 0.1 },
            y: before, width: 40),
          .stems(
            language.pick("with feedback", "フィードバックあり"), role: .attention, variant: 2,
            x: places.map { $0 + 0.1 }, y: after, width: 40),
        ], xRange: 0.5...4.5, yRange: 0...1, legend: .right, categories: names)
      return Figure(
        title: language.pick(
          "Errors that reach the query carry recognition away from attention",
          "クエリに届く誤差は、認識を注意から遠ざける"),
        rows: [[temperature, count], [weights]], language: language)
    }
  }
}
