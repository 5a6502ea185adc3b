internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
internal import TensorCore

/// M1: how long a cell takes to come close to attention, against the logsumexp of its scores.
///
/// The flow is integrated by GSL in scaled time until the state is 1e−3 away from what the tensor
/// core's attention gives; all starts are one unit away, so that `ln T = ln ln 1000 − ln Z`
/// (mathematics §11).
package struct ConvergenceTimeComparison: BridgeComparison {
  package let name = "convergence-time"
  package let number = "M1"
  package let kind = ComparisonKind.measurement
  package let title = LocalizedText(
    english: "The better the keys fit, the faster attention is reached",
    japanese: "キーがクエリに合うほど、注意には早く着く")
  package let glossary = ["recognition-dynamics", "precision", "softmax", "attention"]
  package let claim = Claim(
    equation: [
      "T = ln(‖μ₀ − μ*‖ / 10⁻³) / Z,   Z = Σⱼ exp(sⱼ)",
      "ln T = −logsumexp(s) + ln ln(‖μ₀ − μ*‖ / 10⁻³)",
    ],
    meaning: LocalizedText(
      english: """
        A Transformer computes attention at once, whatever its scores. The cell needs time, \
        and the time falls as the denominator of the softmax grows: on logarithmic axes the slope \
        is −1 at a fixed distance of start and rest. Normalizing the precisions, as the softmax \
        does, leaves the resting state where it is and takes the information about speed away: the \
        slope is then 0.
        """,
      japanese: """
        Transformer はスコアによらず一度に注意を計算します。セルでは時間がかかり、その時間はソフトマックスの\
        分母が大きいほど短くなります。出発点と静止点の距離をそろえると、両対数での傾きは −1 です。\
        ソフトマックスのように精度を正規化すると、静止点は変わりませんが、速さの情報は失われ、傾きは 0 に\
        なります。
        """),
    references: ["feldman2010attention", "vaswani2017attention"])

  /// How close is close.
  static let distance = 1e-3

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    let moderate = try Self.times(
      Self.problems(settings.instances, &source), from: &source)
    let extreme = try Self.times(
      RandomProblems.make(1, from: &source, scores: .extreme, masks: true), from: &source)
    let partitions = moderate.map(\.logPartition)
    let slope = MeasurementStatistics.slope(partitions, moderate.map(\.logTime))
    let control = MeasurementStatistics.slope(partitions, moderate.map(\.normalized))
    let far = MeasurementStatistics.slope(partitions, moderate.map(\.fromZero))
    let expected = log(log(1 / Self.distance))
    let error = (moderate + extreme).map { abs($0.logTime + $0.logPartition - expected) }
      .reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
    let flat = Null.analytic(
      0,
      LocalizedText(
        english: "a cell whose speed does not depend on the scores",
        japanese: "速さがスコアによらないセル"))
    let effects = [
      Effect(
        LocalizedText(
          english: "slope of ln T against logsumexp(s), starts at distance 1",
          japanese: "logsumexp(s) に対する ln T の傾き（出発点の距離 1）"),
        value: slope, null: flat, holds: abs(slope + 1) <= 1e-6),
      Effect(
        LocalizedText(
          english: "the same with precisions normalized by the softmax",
          japanese: "同じ傾き（精度をソフトマックスで正規化）"),
        value: control, null: flat, holds: abs(control) <= 1e-6),
      Effect(
        LocalizedText(
          english: "slope where every cell starts at 0, at distances of its own",
          japanese: "すべて 0 から出発し、距離がまちまちの場合の傾き"),
        value: far, null: flat),
      Effect(
        LocalizedText(
          english: "largest |ln T − (ln ln 1000 − logsumexp(s))|, scores of ±700 included",
          japanese: "|ln T − (ln ln 1000 − logsumexp(s))| の最大値（±700 のスコアを含む）"),
        value: error,
        null: .analytic(
          0, LocalizedText(english: "the closed form", japanese: "閉じた形の解")),
        holds: error <= 1e-8),
    ]
    return Finding(
      effects: effects, verdict: verdict(slope, control, moderate),
      figure: settings.draws ? figure(moderate, expected) : nil)
  }

  private func verdict(_ slope: Double, _ control: Double, _ runs: [Run]) -> LocalizedText {
    let text = MeasurementStatistics.text
    let range = runs.map(\.logPartition)
    let factor = text(exp((range.max() ?? 0) - (range.min() ?? 0)))
    if abs(slope) < 0.05 {
      return LocalizedText(
        english: "The time to reach attention does not depend on the scores: no effect.",
        japanese: "注意に着くまでの時間はスコアによりません。効果は見られません。")
    }
    return LocalizedText(
      english: """
        The slope is \(text(slope)), over a range of Z by a factor of \(factor); with normalized \
        precisions it is \(text(abs(control))).
        """,
      japanese: """
        Z が \(factor) 倍にわたる範囲で、傾きは \(text(slope)) でした。精度を正規化すると \
        \(text(abs(control))) になります。
        """)
  }

  // MARK: Measuring

  /// One problem's times, as logarithms of time units.
  struct Run {
    /// `logsumexp(s)`.
    var logPartition: Double
    /// ln T from a start at distance 1.
    var logTime: Double
    /// The same for the cell of normalized precisions.
    var normalized: Double
    /// ln T from 0.
    var fromZero: Double
  }

  /// Random problems whose scores are raised or lowered together, so that Z varies widely.
  static func problems(_ count: Int, _ source: inout RandomSource) -> [AttentionProblem] {
    RandomProblems.make(count, from: &source, masks: true).map { problem in
      var problem = problem
      let shift = 3 * source.normal()
      problem.bias = problem.bias.map { $0 + shift }
      return problem
    }
  }

  static func times(
    _ problems: [AttentionProblem], from source: inout RandomSource
  ) throws(BridgeError) -> [Run] {
    var runs: [Run] = []
    for problem in problems {
      let target = problem.attended
      let cell = AttentionCell(problem)
      let weak = AttentionCell(
        logPrecisions: problem.scores.map { $0 - problem.logPartition }, values: problem.values)
      let direction = source.normals(target.count)
      let start = Vectors.sum(target, 1 / Vectors.norm(direction), direction)
      let zero = [Double](repeating: 0, count: target.count)
      runs.append(
        Run(
          logPartition: problem.logPartition,
          logTime: try logTime(cell, from: start, to: target),
          normalized: try logTime(weak, from: start, to: target),
          fromZero: try logTime(cell, from: zero, to: target)))
    }
    return runs
  }

  /// ln of the time at which the flow comes within 1e−3 of a target, in time units.
  ///
  /// The event is bracketed by doubling the scaled time and then found by the secant rule of
  /// Illinois on the logarithm of the distance, every trial integrated from the bracket's start.
  static func logTime(
    _ cell: AttentionCell, from start: [Double], to target: [Double]
  ) throws(BridgeError) -> Double {
    func excess(_ state: [Double]) -> Double {
      log(max(Vectors.norm(Vectors.sum(state, -1, target)), 1e-300) / distance)
    }
    guard excess(start) > 0 else { return -.infinity }
    do throws(ODEError) {
      var solver = try ODESolver(
        cell, state: start,
        options: ODEOptions(stepper: .rk8pd, relativeTolerance: 1e-13, absoluteTolerance: 1e-14))
      var (low, lowState, lowExcess) = (0.0, start, excess(start))
      var (high, highExcess) = (0.0, 1.0)
      var length = 0.125
      while highExcess > 0 {
        high = low + length
        try solver.advance(to: high)
        let state = solver.state
        highExcess = excess(state)
        if highExcess > 0 {
          (low, lowState, lowExcess) = (high, state, highExcess)
          length *= 2
        }
      }
      let (base, baseState) = (low, lowState)
      for _ in 0..<60 where high - low > 1e-14 * high {
        let middle = high - highExcess * (high - low) / (highExcess - lowExcess)
        solver.setState(baseState, time: base)
        try solver.advance(to: middle)
        let now = excess(solver.state)
        if abs(now) <= 1e-12 { return log(middle) - cell.scale }
        if now > 0 {
          (low, lowExcess) = (middle, now)
          highExcess /= 2
        } else {
          (high, highExcess) = (middle, now)
          lowExcess /= 2
        }
      }
      return log(0.5 * (low + high)) - cell.scale
    } catch { throw .integration(error) }
  }

  // MARK: Figure

  private func figure(_ runs: [Run], _ expected: Double) -> LocalizedFigure {
    let x = runs.map(\.logPartition)
    let ends = [x.min() ?? 0, x.max() ?? 1]
    return LocalizedFigure { language in
      let panel = Panel(
        xLabel: language.pick(
          "logsumexp of the scores, ln Z (nats)", "スコアの logsumexp、ln Z（ナット）"),
        yLabel: language.pick(
          "ln of the time to within 0.001 of attention", "注意との距離が 0.001 になるまでの時間の対数"),
        series: [
          .line(
            language.pick("slope −1 (closed form)", "傾き −1（閉じた形）"), role: .truth, x: ends,
            y: ends.map { expected - $0 }),
          .points(
            language.pick("precisions exp(sⱼ)", "精度 exp(sⱼ)"), role: .state, x: x,
            y: runs.map(\.logTime), size: 12),
          .points(
            language.pick("normalized precisions", "正規化した精度"),
            role: .neutral(6), x: x, y: runs.map(\.normalized), size: 10),
        ], xRange: (ends[0] - 0.4)...(ends[1] + 0.4), legend: .insideRight)
      return Figure(
        title: language.pick(
          "The softmax denominator sets the speed of recognition",
          "ソフトマックスの分母が認識の速さを決める"),
        rows: [[panel]], height: 900, language: language)
    }
  }
}
