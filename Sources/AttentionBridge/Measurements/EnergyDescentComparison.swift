internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
internal import TensorCore

/// M2: free energy of the cell along its flow beside the Hopfield energy of iterated attention.
///
/// The cell keeps its query and moves its state unit; iterated attention `q ← Kᵀ softmax(β K q)`
/// feeds what it retrieved back as a query (Ramsauer et al. 2021). Both descend an energy
/// (mathematics §11, P6).
package struct EnergyDescentComparison: BridgeComparison {
  package let name = "energy-descent"
  package let number = "M2"
  package let kind = ComparisonKind.measurement
  package let title = LocalizedText(
    english: "Recognition and iterated attention both run downhill",
    japanese: "認識も、繰り返す注意も、エネルギーの坂を下る")
  package let glossary = [
    "free-energy", "gradient-descent", "recognition-dynamics", "attention", "prediction-error",
  ]
  package let claim = Claim(
    equation: [
      "F(μ) = ½ Σⱼ exp(sⱼ) ‖vⱼ − μ‖²,   μ̇ = −∂F/∂μ",
      "E(q) = −β⁻¹ logsumexp(β K q) + ½ ‖q‖²,   q ← Kᵀ softmax(β K q)",
    ],
    meaning: LocalizedText(
      english: """
        The cell holds its query and lowers the precision-weighted prediction error, at a constant \
        rate. A Hopfield network of the attention kind uses what it retrieves as the next query, \
        and every such step lowers its energy. One step is the attention of a Transformer; how many \
        more it takes to come to rest depends on the inverse temperature β.
        """,
      japanese: """
        セルはクエリを保ったまま、精度で重み付けた予測誤差を一定の割合で減らします。注意型のホップフィールド\
        ネットワークは、取り出したものを次のクエリとして使い、その 1 歩ごとにエネルギーが下がります。\
        Transformer の注意はその 1 歩に当たり、落ち着くまでに何歩かかるかは逆温度 β で変わります。
        """),
    references: ["ramsauer2021hopfield", "friston2009predictive", "vaswani2017attention"])

  /// The inverse temperatures, for keys of 8 standard normal numbers.
  static let inverseTemperatures = [0.0625, 0.125, 0.25, 0.5, 1, 2, 4]
  /// Rest is where a step is no longer than this.
  static let rest = 1e-6

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var (cell, network) = (Steps(), Steps())
    for problem in RandomProblems.make(settings.instances, from: &source, ties: true) {
      let course = try Self.flow(problem, from: source.normals(problem.valueWidth))
      cell.add(course.states, energy: course.energy, &source)
      let way = Self.iterate(problem)
      network.add(way, energy: { Self.energy(problem, $0) }, &source)
    }
    let counts = Self.counts(of: max(4, min(settings.instances, 60)), from: source.split("beta"))
    let random = LocalizedText(
      english: "random steps of the same length",
      japanese: "同じ長さで無作為な向きの歩み")
    let rounding = LocalizedText(
      english: "a descent never rises", japanese: "下り坂では上がらない")
    func effects(_ steps: Steps, _ english: String, _ japanese: String) -> [Effect] {
      [
        Effect(
          LocalizedText(
            english: "largest rise of \(english) in one step, relative",
            japanese: "1 歩での\(japanese)の最大の上昇（相対）"),
          value: steps.largestRise, null: .analytic(0, rounding), holds: steps.largestRise <= 1e-12),
        Effect(
          LocalizedText(
            english: "share of steps at which \(english) falls",
            japanese: "\(japanese)が下がる歩みの割合"),
          value: steps.share,
          null: .shuffled(steps.controls, value: steps.share, random), holds: steps.share == 1),
      ]
    }
    let one = LocalizedText(
      english: "attention in a Transformer takes one step",
      japanese: "Transformer の注意は 1 歩で終わる")
    let steps = zip(Self.inverseTemperatures, counts).map { beta, counts in
      Effect(
        LocalizedText(
          english: "median steps to rest at β = \(Self.number(beta))",
          japanese: "β = \(Self.number(beta)) で落ち着くまでの歩数の中央値"),
        value: MeasurementStatistics.quantile(counts.steps, 0.5), null: .analytic(1, one))
    }
    return Finding(
      effects: effects(cell, "the cell's F", "セルの F ")
        + effects(network, "the Hopfield energy", "ホップフィールドエネルギー") + steps,
      verdict: verdict(cell, network, steps.map(\.value)),
      figure: settings.draws ? try figure(counts) : nil)
  }

  private func verdict(_ cell: Steps, _ network: Steps, _ steps: [Double]) -> LocalizedText {
    let text = MeasurementStatistics.text
    guard cell.share == 1 && network.share == 1 else {
      return LocalizedText(
        english: """
          Not every step is downhill: the share is \(text(cell.share)) for the cell and \
          \(text(network.share)) for iterated attention.
          """,
        japanese: """
          下りでない歩みがあります。下る割合はセルで \(text(cell.share))、繰り返す注意で \
          \(text(network.share)) でした。
          """)
    }
    let largest = steps.max() ?? .nan
    let place = steps.firstIndex(of: largest) ?? 0
    let beta = Self.number(Self.inverseTemperatures[place])
    return LocalizedText(
      english: """
        Every step of both is downhill. Iterated attention takes longest at β = \(beta), \
        \(Self.number(largest)) steps, and \(Self.number(steps.last ?? .nan)) at the largest β.
        """,
      japanese: """
        どちらもすべての歩みが下りです。繰り返す注意は β = \(beta) のとき最も長く、\
        \(Self.number(largest)) 歩かかり、最大の β では \(Self.number(steps.last ?? .nan)) 歩でした。
        """)
  }

  /// A number with as many digits as it has.
  private static func number(_ value: Double) -> String { String(format: "%g", value) }

  // MARK: Measuring

  /// How an energy changes over steps, and over random steps of the same lengths.
  struct Steps {
    /// The largest rise over the size of the energy's whole fall.
    var largestRise = 0.0
    /// The number of steps, and of those that fall.
    var count = 0, falls = 0
    /// In every replicate, the number of random steps, one for each step, that fall.
    var randomFalls = [Int](repeating: 0, count: 39)

    /// In every replicate the share of random steps that fall.
    var controls: [Double] { randomFalls.map { count > 0 ? Double($0) / Double(count) : .nan } }

    /// The share of steps that fall.
    var share: Double { count > 0 ? Double(falls) / Double(count) : .nan }

    mutating func add(
      _ states: [[Double]], energy: ([Double]) -> Double, _ source: inout RandomSource
    ) {
      let energies = states.map(energy)
      let scale = max(1, energies.map { abs($0) }.max() ?? 1)
      for index in states.indices.dropFirst() {
        let rise = (energies[index] - energies[index - 1]) / scale
        largestRise = rise.isNaN || largestRise.isNaN ? .nan : max(largestRise, rise)
        let length = Vectors.norm(Vectors.sum(states[index], -1, states[index - 1]))
        // Where nothing moves any more there is no step that could fall.
        guard length > 1e-5 * max(1, Vectors.norm(states[index])) else { continue }
        count += 1
        if rise < 0 { falls += 1 }
        for replicate in randomFalls.indices {
          let direction = source.normals(states[index].count)
          let other = Vectors.sum(
            states[index - 1], length / Vectors.norm(direction), direction)
          if energy(other) < energies[index - 1] { randomFalls[replicate] += 1 }
        }
      }
    }
  }

  /// States of the cell at equal scaled times, by GSL, and its energy over `e^{max s}`.
  static func flow(
    _ problem: AttentionProblem, from start: [Double]
  ) throws(BridgeError) -> (
    times: [Double], states: [[Double]], energy: ([Double]) -> Double
  ) {
    let cell = AttentionCell(problem)
    let times = (0...40).map { Double($0) / 4 / cell.scaledRate }
    let states = try integrate(
      cell, from: start, times: times,
      options: ODEOptions(stepper: .rk8pd, relativeTolerance: 1e-12, absoluteTolerance: 1e-14))
    return (times, states, cell.scaledEnergy)
  }

  /// Iterated attention from the problem's query, by the tensor core, until it rests.
  static func iterate(_ problem: AttentionProblem, limit: Int = 500) -> [[Double]] {
    var problem = problem
    var way = [problem.query]
    for _ in 0..<limit {
      let next = problem.attended
      way.append(next)
      let step = Vectors.norm(Vectors.sum(next, -1, problem.query))
      problem.query = next
      if step <= rest { break }
    }
    return way
  }

  /// `−β⁻¹ logsumexp(β K q) + ½ ‖q‖²`.
  static func energy(_ problem: AttentionProblem, _ query: [Double]) -> Double {
    var problem = problem
    problem.query = query
    return 0.5 * Vectors.dot(query, query) - problem.logPartition / problem.inverseTemperature
  }

  /// Steps to rest of random networks at one inverse temperature.
  struct Counts {
    /// Steps until one is no longer than ``rest``.
    var steps: [Double] = []
    /// What the contraction at rest predicts, `1 + ln(rest / first step) / ln(β λ_max Cov_α)`.
    var predicted: [Double] = []
  }

  static func counts(of networks: Int, from source: RandomSource) -> [Counts] {
    inverseTemperatures.map { beta in
      // The same networks at every temperature.
      var source = source
      var counts = Counts()
      for _ in 0..<networks {
        let keys = (0..<8).map { _ in source.normals(8) }
        var problem = AttentionProblem(
          query: source.normals(8), keys: keys, values: keys, inverseTemperature: beta)
        let way = iterate(problem)
        counts.steps.append(Double(way.count - 1))
        let first = Vectors.norm(Vectors.sum(way[1], -1, way[0]))
        problem.query = way[way.count - 1]
        let contraction = beta * largestVariance(problem)
        counts.predicted.append(1 + log(rest / first) / log(contraction))
      }
      return counts
    }
  }

  /// `λ_max(Cov_α(k))`, by power iteration.
  static func largestVariance(_ problem: AttentionProblem) -> Double {
    let covariance = Vectors.covariance(problem.keys, problem.keys, weights: problem.weights)
    var vector = (0..<covariance.count).map { 1 + 0.1 * Double($0) }
    var size = 0.0
    for _ in 0..<200 {
      let next = covariance.map { Vectors.dot($0, vector) }
      size = Vectors.norm(next)
      guard size > 0 else { return 0 }
      vector = next.map { $0 / size }
    }
    return size
  }

  // MARK: Figure

  private func figure(_ counts: [Counts]) throws(BridgeError) -> LocalizedFigure {
    var source = RandomSource(seed: 4).split("figure")
    let keys = (0..<8).map { _ in source.normals(8) }
    let query = source.normals(8)
    func problem(_ beta: Double) -> AttentionProblem {
      AttentionProblem(query: query, keys: keys, values: keys, inverseTemperature: beta)
    }
    let course = try Self.flow(problem(0.35), from: query)
    let cell = AttentionCell(problem(0.35))
    let least = course.energy(cell.rest)
    let fall = course.states.map { course.energy($0) - least }
    let ways = [0.125, 0.25, 1].map { beta -> (Double, [Double]) in
      let way = Self.iterate(problem(beta)).map { Self.energy(problem(beta), $0) }
      return (beta, way.map { $0 - (way.last ?? 0) })
    }
    let shown = fall.indices.filter { fall[$0] > 1e-10 }
    let betas = Self.inverseTemperatures
    func quantiles(_ part: Double) -> [Double] {
      counts.map { MeasurementStatistics.quantile($0.steps, part) }
    }
    let predicted = counts.map { MeasurementStatistics.quantile($0.predicted, 0.5) }
    return LocalizedFigure { language in
      let flow = Panel(
        title: language.pick("The cell: F above its minimum", "セル：最小値からの F の差"),
        xLabel: language.pick("scaled time τ = t exp(max s)", "尺度を変えた時間 τ = t exp(max s)"),
        yLabel: "F − F*",
        series: [
          .line(
            role: .freeEnergy, x: shown.map { course.times[$0] }, y: shown.map { fall[$0] },
            width: 4)
        ],
        yScale: .logarithmic, legend: .none)
      let network = Panel(
        title: language.pick(
          "Iterated attention: E above its minimum", "繰り返す注意：最小値からの E の差"),
        xLabel: language.pick("step", "歩数"), yLabel: "E − E*",
        series: ways.enumerated().map { index, way in
          let kept = way.1.indices.filter { way.1[$0] > 1e-10 && $0 <= 40 }
          return .line(
            "β = \(Self.number(way.0))", role: .attention, variant: index,
            x: kept.map { Double($0) },
            y: kept.map { way.1[$0] }, width: 4)
        }, yScale: .logarithmic, legend: .insideRight)
      let steps = Panel(
        title: language.pick(
          "Steps of iterated attention to rest (median, 10–90 % of random networks)",
          "繰り返す注意が落ち着くまでの歩数（無作為なネットワークの中央値と 10〜90 %）"),
        xLabel: language.pick("inverse temperature β", "逆温度 β"),
        yLabel: language.pick("steps", "歩数"),
        series: [
          .band(role: .attention, x: betas, lower: quantiles(0.1), upper: quantiles(0.9)),
          .line(
            language.pick("measured", "測定"), role: .attention, x: betas, y: quantiles(0.5),
            width: 4),
          .line(
            language.pick("from the slope at rest", "静止点の傾きからの予想"), role: .truth,
            x: betas, y: predicted),
          .line(
            language.pick("a Transformer: 1 step", "Transformer：1 歩"), role: .neutral(6),
            x: [betas[0], betas[betas.count - 1]], y: [1, 1], width: 4),
        ], xScale: .logarithmic, yScale: .logarithmic, legend: .right)
      return Figure(
        title: language.pick(
          "Recognition and iterated attention both run downhill",
          "認識も、繰り返す注意も、エネルギーの坂を下る"),
        rows: [[flow, network], [steps]], language: language)
    }
  }
}
