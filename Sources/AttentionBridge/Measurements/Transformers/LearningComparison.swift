internal import Foundation
internal import Learning
package import ModelFiles
internal import Reporting
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
    "state-unit",
  ]
  package let claim = Claim(
    equation: [
      "F = Σ_l ½ ‖x_l − f_l(x_{l−1}; θ_l)‖² + Loss(f_L(x_{L−1}; θ_L))",
      "equilibrium: ẋ = −∂F/∂x (20 steps of 0.02; brief: 4 of 0.005), then θ̇ = −∂F/∂θ",
      "fixed predictions: ∂F/∂θ = ∂Loss/∂θ (angle 0°)",
    ],
    meaning: LocalizedText(
      english: """
        One causal block learns to repeat four tokens, which it can do only by attending one period \
        back. With fixed predictions predictive coding gives backpropagation's gradient. With states \
        relaxed to equilibrium they take over part of the error before parameters see it, and the \
        angle between the two gradients is measured, from the start to the end of learning. It \
        stands beside the angle between two mini-batches and the 90° of a random direction.
        """,
      japanese: """
        因果的なブロック 1 つに、4 文字の並びを繰り返す課題を学習させます。1 周期前に注意を向けなければ\
        解けません。予測を固定した予測符号化は、誤差逆伝播と同じ勾配になります。状態を平衡へ向けて緩和すると、\
        パラメーターに届く前に状態が誤差の一部を引き受けるため、2 つの勾配は一致しません。その角度を\
        学習の始めから終わりまで測り、2 つのミニバッチの勾配の角度と、ランダムな方向の 90° と比べます。
        """),
    references: [
      "whittington2017approximation", "millidge2022predictive", "salvatori2022reverse",
      "song2020brain",
    ])

  /// Creates the comparison.
  package init() {}

  private static let steps = 200, rate = 0.01, compares = 10

  private struct Runs {
    var backpropagation: RuleTraining, fixed: RuleTraining, equilibrium: RuleTraining
    var brief: RuleTraining
    var others: [RuleTraining]
  }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    let task = CopyTask()
    let source = RandomSource(seed: settings.seed).split(name)
    let runs = try Self.train(task, source, settings)
    var random = source.split("examples")
    let examples = (0..<16).map { _ in task.example(&random) }
    // Rows before the repetition have nothing to attend to.
    let rows = (task.period - 1)..<task.length
    func maps(_ run: RuleTraining) -> [[Tensor<Double>]] {
      examples.map { run.maps(task, $0) }
    }
    let reference = maps(runs.backpropagation)
    let distance = RuleTraining.distance(maps(runs.equilibrium), reference, rows: rows)
    let others = runs.others.map { RuleTraining.distance(maps($0), reference, rows: rows) }
    return Finding(
      effects: Self.effects(runs, distance: distance, others: others),
      verdict: Self.verdict(runs, distance: distance, others: others),
      figure: settings.draws
        ? Self.figure(task, runs, example: examples[0]) : nil)
  }

  private static func train(
    _ task: CopyTask, _ source: RandomSource, _ settings: BridgeSettings
  ) throws(BridgeError) -> Runs {
    let layout = task.network().layout
    func run(
      _ rule: LearningRule, start: Int = 0, compares: Int = 0, from: Double, share: Double
    ) throws(BridgeError) -> RuleTraining {
      try RuleTraining(
        task, rule, steps: steps,
        start: ParameterSet(layout, from: source.split("parameters").split(start)),
        order: source.split("order").split(start), rate: rate, compares: compares
      ) { (fraction) throws(BridgeError) in try settings.proceed(from + share * fraction) }
    }
    // A step has to suit the steepest stage: larger ones overshoot as the block steepens.
    let equilibrium = try run(
      .predictiveCoding(.equilibrium(steps: 20, rate: 0.02)), compares: compares, from: 0,
      share: 0.4)
    // A few small steps, which leave the states near their predictions.
    let brief = try run(
      .predictiveCoding(.equilibrium(steps: 4, rate: 0.005)), compares: compares, from: 0.4,
      share: 0.2)
    let fixed = try run(
      .predictiveCoding(.fixedPrediction(steps: task.network().stages.count - 1, rate: 1)),
      compares: compares, from: 0.6, share: 0.1)
    let backpropagation = try run(.backpropagation, from: 0.7, share: 0.06)
    var others: [RuleTraining] = []
    for other in 1...4 {
      others.append(
        try run(
          .backpropagation, start: other, from: 0.76 + 0.06 * Double(other - 1), share: 0.06))
    }
    return Runs(
      backpropagation: backpropagation, fixed: fixed, equilibrium: equilibrium,
      brief: brief, others: others)
  }

  // MARK: Numbers

  private static func lastLoss(_ run: RuleTraining) -> Double {
    HeadReading.mean(Array(run.losses.suffix(10)))
  }

  private static func effects(
    _ runs: Runs, distance: Double, others: [Double]
  ) -> [Effect] {
    let right = LocalizedText(english: "a random direction", japanese: "ランダムな方向")
    let batches = LocalizedText(
      english: "backpropagation on two mini-batches, along training",
      japanese: "2 つのミニバッチの誤差逆伝播（学習の各時点）")
    func text(_ english: String, _ japanese: String) -> LocalizedText {
      LocalizedText(english: english, japanese: japanese)
    }
    let largest = runs.fixed.wholeAngles.max() ?? .nan
    var effects = [
      Effect(
        text("fixed predictions: largest angle to backpropagation", "予測固定：誤差逆伝播との最大の角度"),
        value: largest, unit: "°",
        null: .analytic(0, text("an identity", "恒等式")), holds: largest < 1e-9)
    ]
    let angles = runs.equilibrium.wholeAngles
    for (place, english, japanese) in [
      (0, "at the start", "学習前"), (angles.count - 1, "at the end", "学習後"),
    ] {
      effects.append(
        Effect(
          text("equilibrium: angle to backpropagation \(english)", "平衡：誤差逆伝播との角度（\(japanese)）"),
          value: angles[place], unit: "°",
          null: .shuffled(runs.equilibrium.batchAngles, value: angles[place], batches)))
      for (index, group) in RuleTraining.groups.enumerated() {
        effects.append(
          Effect(
            text("… \(group.english), \(english)", "… \(group.japanese)（\(japanese)）"),
            value: runs.equilibrium.angles[place][index], unit: "°", null: .analytic(90, right)))
      }
    }
    let sharp = HeadReading.mean(runs.brief.wholeAngles)
    effects.append(
      Effect(
        text("brief relaxation: mean angle along training", "短い緩和：学習中の平均の角度"),
        value: sharp, unit: "°",
        null: .shuffled(runs.brief.batchAngles, value: sharp, batches)))
    for (run, english, japanese) in [
      (runs.equilibrium, "equilibrium", "平衡"),
      (runs.brief, "brief relaxation", "短い緩和"),
    ] {
      effects.append(
        Effect(
          text("\(english): loss at the end", "\(japanese)：学習後の損失"), value: lastLoss(run),
          unit: "nats",
          null: .analytic(
            lastLoss(runs.backpropagation),
            text("backpropagation, same start", "同じ初期値の誤差逆伝播"))))
    }
    effects.append(
      Effect(
        text("distance of the attention maps of both rules", "両規則の注意の重みの距離"), value: distance,
        null: .shuffled(
          others, value: distance,
          text("backpropagation from other starts", "別の初期値からの誤差逆伝播"))))
    return effects
  }

  private static func verdict(
    _ runs: Runs, distance: Double, others: [Double]
  ) -> LocalizedText {
    func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    let angles = runs.equilibrium.wholeAngles
    let (low, high) = (angles.min() ?? .nan, angles.max() ?? .nan)
    let chance = log(Double(CopyTask().vocabulary))
    let loss = lastLoss(runs.equilibrium)
    let learned = loss < 0.5 * chance
    let isNear = distance < (others.min() ?? 0)
    let batch = HeadReading.mean(runs.equilibrium.batchAngles)
    let (sharp, sharpLoss) = (
      HeadReading.mean(runs.brief.wholeAngles), lastLoss(runs.brief)
    )
    let compared =
      high < batch
      ? (
        english: "always smaller than the mean angle between two mini-batches "
          + "(\(number(batch, 0))°)",
        japanese: "2 つのミニバッチの間の平均の角度（\(number(batch, 0))°）を常に下回りました"
      )
      : (
        english: "at times no smaller than the mean angle between two mini-batches "
          + "(\(number(batch, 0))°)",
        japanese: "2 つのミニバッチの間の平均の角度（\(number(batch, 0))°）に達することがありました"
      )
    return LocalizedText(
      english: "At equilibrium the gradient stands \(number(low, 1))° to \(number(high, 1))° from "
        + "backpropagation's, \(compared.english). "
        + (learned
          ? "The block learned the task (\(number(loss, 3)) nats)"
          : "The block did not learn the task (\(number(loss, 3)) nats)")
        + (isNear
          ? "; the two rules attend more alike than backpropagation from two starts."
          : "; the two rules attend no more alike than backpropagation from two starts.")
        + " With a brief relaxation (4 steps of 0.005) the mean angle is \(number(sharp, 1))° "
        + "and the loss \(number(sharpLoss, 3)) nats.",
      japanese: "平衡での勾配と誤差逆伝播の勾配の角度は \(number(low, 1))° から \(number(high, 1))° で、"
        + "\(compared.japanese)。"
        + (learned
          ? "ブロックは課題を学習しました（\(number(loss, 3)) ナット）。"
          : "ブロックは課題を学習できませんでした（\(number(loss, 3)) ナット）。")
        + (isNear
          ? "両規則の注意は、初期値の異なる誤差逆伝播どうしよりも似ています。"
          : "両規則の注意が、初期値の異なる誤差逆伝播どうしよりも似ているとは言えません。")
        + "短い緩和（0.005 を 4 ステップ）では、平均の角度は \(number(sharp, 1))°、損失は "
        + "\(number(sharpLoss, 3)) ナットです。")
  }

  // MARK: The figure

  private static func figure(
    _ task: CopyTask, _ runs: Runs, example: SequenceExample
  ) -> LocalizedFigure {
    let letters = example.source.map { String("ABCDEFGH".dropFirst($0).prefix(1)) }
    return LocalizedFigure { language in
      let steps = (1...Self.steps).map { Double($0) }
      let losses = Panel(
        title: language.pick("Loss", "損失"),
        xLabel: language.pick("mini-batches", "ミニバッチの数"),
        yLabel: language.pick("surprise (nats per token)", "驚き（ナット／文字）"),
        series: [
          .line(
            language.pick("backpropagation", "誤差逆伝播"), role: .neutral(6), x: steps,
            y: runs.backpropagation.losses, width: 6),
          .line(
            language.pick("fixed predictions", "予測を固定"), role: .error, x: steps,
            y: runs.fixed.losses, width: 3, dash: .dashed),
          .line(
            language.pick("equilibrium", "平衡まで緩和"), role: .state, x: steps,
            y: runs.equilibrium.losses, width: 4),
          .line(
            language.pick("brief relaxation", "短い緩和"), role: .state, variant: 1,
            x: steps, y: runs.brief.losses, width: 4),
        ], yRange: 0...2.6)
      let compared = runs.equilibrium.comparedSteps.map { Double($0 + 1) }
      let angles = Panel(
        title: language.pick("Angle between the gradients", "勾配の間の角度"),
        xLabel: language.pick("mini-batches", "ミニバッチの数"),
        yLabel: language.pick("degrees", "角度（度）"),
        series: [
          .line(
            language.pick("random direction", "ランダムな方向"), role: .truth,
            x: [compared.first ?? 0, compared.last ?? 1], y: [90, 90]),
          .line(
            language.pick("two mini-batches", "2 つのミニバッチ"), role: .neutral(6), x: compared,
            y: runs.equilibrium.batchAngles),
          .line(
            language.pick("equilibrium", "平衡まで緩和"), role: .state, x: compared,
            y: runs.equilibrium.wholeAngles, width: 5),
          .line(
            language.pick("brief relaxation", "短い緩和"), role: .state, variant: 1,
            x: compared, y: runs.brief.wholeAngles, width: 5),
          .line(
            language.pick("fixed predictions", "予測を固定"), role: .error, x: compared,
            y: runs.fixed.wholeAngles, dash: .dashed),
        ], yRange: -3...100, legend: .right)
      let maps = [
        (runs.backpropagation, language.pick("backpropagation", "誤差逆伝播")),
        (runs.equilibrium, language.pick("equilibrium", "平衡")),
        (runs.brief, language.pick("brief", "短い緩和")),
      ].flatMap { run, title in
        run.maps(task, example).enumerated().map { head, map in
          Panel(
            title: language.pick("\(title), head \(head + 1)", "\(title)・ヘッド \(head + 1)"),
            xLabel: language.pick("key", "キー"), yLabel: language.pick("query", "クエリ"),
            series: [
              .heatMap(
                HeatMap(categories: map, range: 0...1, palette: .amount(.attention)))
            ], legend: .none, categories: letters, yCategories: letters)
        }
      }
      return Figure(
        title: language.pick(
          "One Transformer block, two learning rules: four tokens are to be repeated",
          "同じブロックを 2 つの規則で学習：4 文字の並びを繰り返す課題"),
        rows: [[losses, angles], maps], height: 1100, language: language,
        colorBar: Figure.ColorBar(
          range: 0...1, label: language.pick("attention weight", "注意の重み")))
    }
  }
}
