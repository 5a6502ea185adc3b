internal import Learning
package import ModelFiles
internal import TensorCore
internal import Transformers

/// M9: a Transformer block that learns by predictive coding and by backpropagation, from the same
/// start and on the same data in the same order.
package struct LearningComparison: BridgeComparison {
  package let name = "learning"
  package let number = "M9"
  package let kind = ComparisonKind.measurement
  package let title = LocalizedText(
    english: "A Transformer block learns by predictive coding and by backpropagation",
    japanese: "Transformer ブロックの学習：予測符号化と誤差逆伝播")
  package let glossary = [
    "gradient-descent", "error-unit", "prediction-error", "free-energy", "attention",
    "state-unit", "precision",
  ]
  package let claim = Claim(
    equation: [
      "F = Σₗ ½ π ‖xₗ − fₗ(xₗ₋₁; θₗ)‖² + Loss(f(x; θ))",
      "∂F/∂x = 0  ⇒  θ̇ = −∂F*/∂θ",
      "π → ∞:  F* = Loss − Σₗ ‖∂Loss/∂xₗ‖² / 2π + O(π⁻²),  ∠(∂F*/∂θ, ∂Loss/∂θ) ≈ κ/π",
      "fₗ = fₗ(x̂ₗ₋₁):  ∂F/∂θ = ∂Loss/∂θ,  ∠ = 0°",
    ],
    meaning: LocalizedText(
      english: """
        One causal block learns to repeat four tokens, which it can do only by attending one period \
        back. With predictions fixed at those of the \
        feed-forward pass x̂, predictive coding gives backpropagation's gradient. With states \
        at equilibrium, parameters descend the free energy at rest F* instead of the loss: states take \
        over part of the error first, the more the lower their precision π. Relaxation is watched: \
        the slope of free energy has to fall to a thousandth every time. Steps of fixed length are \
        shown beside it. The angle between the gradients stands beside its first-order theory κ/π, \
        the angle between two mini-batches and the 90° of a random direction.
        """,
      japanese: """
        因果的なブロック 1 つに、4 文字の並びを繰り返す課題を学習させます。1 周期前に注意を向けなければ\
        解けません。予測を順伝播 x̂ での値に固定した予測符号化は、誤差逆伝播と同じ勾配になります。状態が平衡に達してから学習すると、\
        パラメーターは損失ではなく、平衡での自由エネルギー F* を下ります。先に状態が誤差の一部を引き受けるためで、\
        状態の精度 π が低いほど、その分は大きくなります。緩和のたびに、自由エネルギーの傾きが\
        1000 分の 1 まで下がることを確かめ、一定の長さのステップとも比べます。2 つの勾配の角度は、1 次の理論値 κ/π、\
        2 つのミニバッチの勾配の角度、ランダムな方向の 90° と比べます。
        """),
    references: [
      "whittington2017approximation", "millidge2022predictive", "salvatori2022reverse",
      "song2020brain",
    ])

  /// Creates the comparison.
  package init() {}

  /// The precisions of states with which blocks are trained: one that leaves states free, one that
  /// holds them; and for how many mini-batches.
  static let low = 1.0, high = 30.0, steps = 200, lowSteps = 40
  /// The steps of fixed length.
  static let fixedSteps = 20, fixedRate = 0.02
  private static let rate = 0.01, compares = 10
  /// The precisions of the sweep.
  private static let precisions = [1, 3, 10, 30, 100, 300, 1000, 3000].map { Double($0) }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    let task = CopyTask()
    let results = try Self.results(task, settings)
    return Finding(
      effects: results.effects, verdict: results.verdict,
      figure: settings.draws ? results.figure : nil)
  }

  private static func results(
    _ task: CopyTask, _ settings: BridgeSettings
  ) throws(BridgeError) -> LearningResults {
    let source = RandomSource(seed: settings.seed).split("learning")
    let layout = task.network().layout
    func run(
      _ rule: RuleTraining.Rule, steps: Int = steps, start: Int = 0, compares: Int = 0,
      from: Double, share: Double
    ) throws(BridgeError) -> RuleTraining {
      try RuleTraining(
        task, rule, steps: steps,
        start: ParameterSet(layout, from: source.split("parameters").split(start)),
        order: source.split("order").split(start), rate: rate, compares: compares
      ) { (fraction) throws(BridgeError) in try settings.proceed(from + share * fraction) }
    }
    let low = try run(
      .equilibrium(precision: low), steps: lowSteps, compares: compares, from: 0, share: 0.35)
    let high = try run(
      .equilibrium(precision: high), compares: compares, from: 0.35, share: 0.25)
    let fixed = try run(.fixedPrediction, compares: compares, from: 0.6, share: 0.05)
    let reverse = try run(.backpropagation, compares: steps / 4, from: 0.65, share: 0.05)
    var others: [RuleTraining] = []
    for other in 1...4 {
      others.append(
        try run(
          .backpropagation, start: other, from: 0.7 + 0.05 * Double(other - 1), share: 0.05))
    }
    try settings.proceed(0.9)
    var stream = source.split("examples")
    let shard = task.shard(&stream, names: task.network().data)
    let examples = (0..<16).map { _ in task.example(&stream) }
    let sweep = EquilibriumSweep(task, reverse.snapshots[0], shard, precisions: precisions)
    return LearningResults(
      task: task, reverse: reverse, fixed: fixed, high: high, low: low, others: others,
      sweep: sweep,
      relaxations: (reverse.snapshots + [reverse.parameters.values]).map {
        WatchedRelaxation(task, $0, shard, source)
      }, examples: examples)
  }
}

/// Both ways of relaxing states of precision 1, at the same parameters and data.
struct WatchedRelaxation: Sendable {
  /// By steps of fixed length, and by steps that fit the curvature.
  let fixed: ErrorRelaxation.Course, rest: ErrorRelaxation.Course
  /// The largest curvature of F over states at the feed-forward pass.
  let curvature: Double

  init(_ task: CopyTask, _ parameters: [Double], _ shard: [[Double]], _ source: RandomSource) {
    let relaxation = ErrorRelaxation(task.network(precision: LearningComparison.low))
    fixed = relaxation.relaxByFixedSteps(
      parameters, shard, steps: LearningComparison.fixedSteps,
      rate: LearningComparison.fixedRate)
    rest = relaxation.relax(
      parameters, shard, tolerance: RuleTraining.restTolerance,
      evaluations: 2 * LearningComparison.fixedSteps)
    curvature = relaxation.largestCurvature(
      fixed.start, parameters, shard, iterations: 10, from: source.split("curvature"))
  }
}
