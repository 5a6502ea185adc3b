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
    japanese: "クエリへのフィードバックを戻すと、認識は注意と違うところに落ち着く")
  package let glossary = [
    "attention", "query-key-value", "precision", "prediction-error", "recognition-dynamics",
    "free-energy",
  ]
  package let claim = Claim(
    equation: [
      "F(μ, q) = ½ Σ_j e^{s_j} ‖v_j − μ‖² − ½ e Σ_j s_j + ½ P ‖q − q₀‖²",
      "−∂F/∂q = ½ β Σ_j (e − e^{s_j} ‖v_j − μ‖²) k_j − P (q − q₀)",
    ],
    meaning: LocalizedText(
      english: """
        A precision that depends on a state is itself inferred: keys whose values are predicted \
        better than their precision says draw the query towards them, others push it away. \
        Attention leaves this out; its query is what it is. With the query held by a prior of \
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
    let held = max(firm.content.max() ?? .nan, firm.query.max() ?? .nan)
    let agreement = try Self.agreement(settings, source.split("model"))
    try settings.proceed(1)
    let effects =
      Self.effects(byTemperature, byCount) + [
        Effect(
          LocalizedText(
            english: "largest distance where the query is held (P = e³²)",
            japanese: "クエリを固定した場合（P = e³²）の距離の最大値"),
          value: held, null: .analytic(0, Self.none), holds: held <= 1e-10),
        Effect(
          LocalizedText(
            english: "attention-cell.yaml, recognized: largest distance from this equilibrium",
            japanese: "attention-cell.yaml の認識：この平衡点からの距離の最大値"),
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
        "median distance of μ* from attention, β = 1/√d, 8 keys, P = 1",
        "μ* と注意の距離の中央値（β = 1/√d、キー 8 個、P = 1）", usual.content),
      effect(
        "median way of the query, same", "クエリが動いた距離の中央値（同条件）", usual.query),
      effect(
        "distance of μ*, β = ⅛ · 1/√d", "μ* の距離（β = ⅛・1/√d）", weak.content),
      effect("distance of μ*, β = 4 · 1/√d", "μ* の距離（β = 4・1/√d）", strong.content),
      effect("distance of μ*, 2 keys", "μ* の距離（キー 2 個）", few.content),
      effect("distance of μ*, 32 keys", "μ* の距離（キー 32 個）", many.content),
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
        Feedback moves the query by \(text(query)) and the state unit by \(text(content)) of the \
        values' spread; from the smallest β to the largest that goes from \
        \(text(effects[2].value)) to \(text(effects[3].value)). With the query held it is \
        \(text(effects[6].value)).
        """,
      japanese: """
        フィードバックはクエリを \(text(query))、状態ユニットを値の散らばりの \(text(content)) 倍だけ\
        動かします。β が最小のときは \(text(effects[2].value))、最大のときは \
        \(text(effects[3].value)) です。クエリを固定すると \(text(effects[6].value)) になります。
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
          language.pick("state unit μ", "状態ユニット μ"), role: .state, x: x,
          y: values(0.5, \.content), width: 4),
        .line(
          language.pick("query q", "クエリ q"), role: .attention, x: x, y: values(0.5, \.query),
          width: 4),
        .line(
          language.pick("without feedback", "フィードバックなし"), role: .truth,
          x: [x[0], x[x.count - 1]], y: [0, 0]),
      ]
    }
    return LocalizedFigure { language in
      let distance = language.pick("distance from attention", "注意からの距離")
      let temperature = Panel(
        title: language.pick("8 keys, query precision P = 1", "キー 8 個、クエリの精度 P = 1"),
        xLabel: language.pick("β √d", "β √d"), yLabel: distance,
        series: curves(Self.temperatures, byTemperature, language), xScale: .logarithmic,
        legend: .insideLeft)
      let count = Panel(
        title: "β = 1/√d, P = 1", xLabel: language.pick("number of keys", "キーの数"),
        yLabel: distance, series: curves(Self.counts.map(Double.init), byCount, language),
        xScale: .logarithmic, legend: .insideLeft)
      let places = before.indices.map { Double($0 + 1) }
      let names = places.map { language.pick("key \(Int($0))", "キー \(Int($0))") }
      let weights = Panel(
        title: language.pick(
          "Weights of attention-cell.yaml before and after the errors are heard",
          "attention-cell.yaml の重み：誤差がクエリに届く前と後"),
        yLabel: language.pick("weight", "重み"),
        series: [
          .stems(
            language.pick("attention", "注意"), role: .attention, x: places.map { $0 - 0.08 },
            y: before, width: 16),
          .stems(
            language.pick("with feedback", "フィードバックあり"), role: .error,
            x: places.map { $0 + 0.08 }, y: after, width: 16),
        ], xRange: 0.5...4.5, yRange: 0...1, legend: .right, categories: names)
      return Figure(
        title: language.pick(
          "Errors that reach the query carry recognition away from attention",
          "クエリに届く誤差は、認識を注意から引き離す"),
        rows: [[temperature, count], [weights]], language: language)
    }
  }
}
