internal import Foundation
internal import ModelFiles
internal import TensorCore
internal import Transformers

/// What the comparison of both rules measured, as effects and as sentences.
struct LearningResults: Sendable {
  let task: CopyTask
  let reverse: RuleTraining, fixed: RuleTraining, high: RuleTraining, low: RuleTraining
  /// Backpropagation from other starts.
  let others: [RuleTraining]
  let sweep: EquilibriumSweep
  /// At evenly spaced stages of learning by backpropagation, from its start to its end.
  let relaxations: [WatchedRelaxation]
  let examples: [SequenceExample]
  /// The exponent of the angle in π over the larger precisions.
  let exponent: Double
  /// The distance of attention maps to backpropagation's, and those of backpropagation from other
  /// starts.
  let distance: Double, otherDistances: [Double]

  init(
    task: CopyTask, reverse: RuleTraining, fixed: RuleTraining, high: RuleTraining,
    low: RuleTraining, others: [RuleTraining], sweep: EquilibriumSweep,
    relaxations: [WatchedRelaxation], examples: [SequenceExample]
  ) {
    self.task = task
    self.reverse = reverse
    self.fixed = fixed
    self.high = high
    self.low = low
    self.others = others
    self.sweep = sweep
    self.relaxations = relaxations
    self.examples = examples
    exponent = sweep.exponent(from: 100)
    // Rows before the repetition have nothing to attend to.
    let rows = (task.period - 1)..<task.length
    func maps(_ run: RuleTraining) -> [[Tensor<Double>]] { examples.map { run.maps(task, $0) } }
    let reference = maps(reverse)
    distance = RuleTraining.distance(maps(high), reference, rows: rows)
    otherDistances = others.map { RuleTraining.distance(maps($0), reference, rows: rows) }
  }

  // MARK: Numbers

  /// The mean loss of the last mini-batches.
  static func last(_ values: [Double]) -> Double {
    MeasurementStatistics.mean(Array(values.suffix(10)))
  }

  /// ln of the number of tokens.
  var chance: Double { log(Double(task.vocabulary)) }
  /// The loss of backpropagation after as many mini-batches as `low` was trained for.
  private var reverseEarly: Double { Self.last(Array(reverse.losses.prefix(low.losses.count))) }
  /// At how many stages of learning steps of fixed length made F rise.
  private var risingStages: Int { relaxations.filter { $0.fixed.rises > 0 }.count }
  /// What part of the slope steps of fixed length left at the start.
  private var fixedRemainder: Double {
    let slopes = relaxations[0].fixed.slopes
    return (slopes.last ?? .nan) / slopes[0]
  }
  /// What part of the slopes by states and by errors was left, at most, over all relaxations.
  private var remainder: Double { (low.remainders + high.remainders).max() ?? .nan }
  private var errorRemainder: Double {
    (low.errorRemainders + high.errorRemainders).max() ?? .nan
  }
  /// How all relaxations of both runs ended.
  private var endings: [ErrorRelaxation.Course.Ending] { low.endings + high.endings }
  private func count(_ ending: ErrorRelaxation.Course.Ending) -> Int {
    endings.count { $0 == ending }
  }

  // MARK: Effects

  var effects: [Effect] { relaxationEffects + angleEffects + learningEffects }

  private func text(_ english: String, _ japanese: String) -> LocalizedText {
    LocalizedText(english: english, japanese: japanese)
  }

  private var relaxationEffects: [Effect] {
    let unmoved = text("no relaxation", "緩和なし")
    let stable = 2 / LearningComparison.fixedRate
    let share = Double(risingStages) / Double(relaxations.count)
    let curvature = relaxations.map(\.curvature).max() ?? .nan
    return [
      Effect(
        text(
          "descents to rest that ran out of evaluations, of \(endings.count)",
          "平衡までの降下：評価回数が尽きたもの（\(endings.count) 回中）"),
        value: Double(count(.outOfEvaluations)), null: .analytic(0, text("all rest", "すべて静止"))),
      Effect(
        text(
          "… whose line search failed, of \(endings.count)",
          "… 直線探索が失敗したもの（\(endings.count) 回中）"),
        value: Double(count(.failedSearch)), null: .analytic(0, text("all rest", "すべて静止"))),
      Effect(
        text(
          "… largest slope ‖∂F/∂ε‖ left of all (tolerance \(RuleTraining.restTolerance))",
          "… 残った傾き ‖∂F/∂ε‖ の最大（許容値 \(RuleTraining.restTolerance)）"),
        value: errorRemainder, null: .analytic(1, unmoved),
        holds: errorRemainder <= RuleTraining.restTolerance),
      Effect(
        text("… largest slope ‖∂F/∂x‖ left of all", "… 残った傾き ‖∂F/∂x‖ の最大"),
        value: remainder, null: .analytic(1, unmoved)),
      Effect(
        text(
          "\(LearningComparison.fixedSteps) steps of \(LearningComparison.fixedRate): slope left "
            + "before learning",
          "\(LearningComparison.fixedRate) を \(LearningComparison.fixedSteps) ステップ：残った傾き（学習前）"),
        value: fixedRemainder, null: .analytic(1, unmoved)),
      Effect(
        text(
          "… share of \(relaxations.count) stages of learning at which F rose",
          "… F が上がった学習段階の割合（\(relaxations.count) 段階中）"),
        value: share, null: .analytic(0, text("a descent", "降下"))),
      Effect(
        text("… largest curvature of F over states", "… 状態についての F の曲率（最大）"),
        value: curvature,
        null: .analytic(
          stable, text("2 / step length: beyond, steps overshoot", "2 ÷ ステップ長：超えると行き過ぎる"))),
    ]
  }

  private var angleEffects: [Effect] {
    let largest = fixed.wholeAngles.max() ?? .nan
    var effects = [
      Effect(
        text("fixed predictions: largest angle to backpropagation", "予測固定：誤差逆伝播との最大の角度"),
        value: largest, unit: "°",
        null: .analytic(0, text("an identity", "恒等式")), holds: largest < 1e-9)
    ]
    let theory = text("κ/π, first order in 1/π", "κ/π（1/π の 1 次）")
    for (index, precision) in sweep.precisions.enumerated() {
      let (angle, expected) = (sweep.angles[index], sweep.expected[index])
      effects.append(
        Effect(
          text(
            "equilibrium before learning, π = \(Int(precision)): angle",
            "学習前の平衡、π = \(Int(precision))：角度"),
          value: angle, unit: "°", null: .analytic(expected, theory),
          // What the first order leaves out is of the order 1/π.
          holds: precision >= 100 ? abs(angle / expected - 1) < 0.05 : nil))
    }
    effects.append(
      Effect(
        text("exponent of the angle in π, from π = 100 on", "角度の π に対する指数（π ≥ 100）"),
        value: exponent, null: .analytic(-1, theory), holds: abs(exponent + 1) < 0.05))
    let right = text("a random direction", "ランダムな方向")
    let batches = text(
      "backpropagation on two mini-batches, along training", "2 つのミニバッチの誤差逆伝播（学習の各時点）")
    for (run, precision) in [(high, LearningComparison.high), (low, LearningComparison.low)] {
      let mean = MeasurementStatistics.mean(run.wholeAngles)
      effects.append(
        Effect(
          text(
            "learning at equilibrium, π = \(Int(precision)): mean angle",
            "平衡での学習、π = \(Int(precision))：平均の角度"),
          value: mean, unit: "°",
          null: .shuffled(run.batchAngles, value: mean, batches, tail: .lower)))
      for (index, group) in RuleTraining.groups.enumerated() {
        effects.append(
          Effect(
            text("… \(group.english)", "… \(group.japanese)"),
            value: MeasurementStatistics.mean(run.angles.map { $0[index] }), unit: "°",
            null: .analytic(90, right)))
      }
    }
    return effects
  }

  private var learningEffects: [Effect] {
    let same = text("backpropagation, same start and data", "同じ初期値とデータの誤差逆伝播")
    let (highPrecision, lowPrecision) = (LearningComparison.high, LearningComparison.low)
    let (all, few) = (high.losses.count, low.losses.count)
    return [
      Effect(
        text(
          "π = \(Int(highPrecision)): loss after \(all) mini-batches",
          "π = \(Int(highPrecision))：\(all) ミニバッチ後の損失"),
        value: Self.last(high.losses), unit: "nats",
        null: .analytic(Self.last(reverse.losses), same)),
      Effect(
        text(
          "π = \(Int(lowPrecision)): loss after \(few) mini-batches",
          "π = \(Int(lowPrecision))：\(few) ミニバッチ後の損失"),
        value: Self.last(low.losses), unit: "nats", null: .analytic(reverseEarly, same)),
      Effect(
        text("… F at rest", "… 平衡での F"), value: Self.last(low.restEnergies), unit: "nats",
        null: .analytic(
          low.restEnergies.first ?? .nan, text("before learning", "学習前"))),
      Effect(
        text(
          "distance of attention maps to backpropagation's, π = \(Int(highPrecision))",
          "誤差逆伝播の注意の重みとの距離、π = \(Int(highPrecision))"), value: distance,
        // A small distance is the finding, and four starts make no distribution.
        null: .analytic(
          MeasurementStatistics.mean(otherDistances),
          text(
            "mean of \(otherDistances.count) runs of backpropagation from other starts, "
              + "\(otherRange)",
            "別の初期値からの誤差逆伝播 \(otherDistances.count) 回の平均、範囲 \(otherRange)"))),
    ]
  }

  private var otherRange: String {
    "\(number(otherDistances.min() ?? .nan))–\(number(otherDistances.max() ?? .nan))"
  }

  // MARK: Sentences

  var verdict: LocalizedText {
    let sentences = [relaxationSentence, angleSentence, highSentence, lowSentence, mapSentence]
    return LocalizedText(
      english: sentences.map(\.english).joined(separator: " "),
      japanese: sentences.map(\.japanese).joined())
  }

  private func number(_ value: Double) -> String { MeasurementStatistics.text(value) }

  private var relaxationSentence: LocalizedText {
    let rested = count(.atRest)
    let reached = rested == endings.count
    let (stages, all) = (risingStages, relaxations.count)
    let (length, count) = (LearningComparison.fixedRate, LearningComparison.fixedSteps)
    let percent = number(100 * remainder), errorPercent = number(100 * errorRemainder)
    let left = number(100 * fixedRemainder)
    return text(
      (reached
        ? "All \(rested) descents came to rest"
        : "\(rested) of \(endings.count) descents came to rest")
        + " (slopes left: ‖∂F/∂ε‖ \(errorPercent) %, ‖∂F/∂x‖ \(percent) % at most)"
        + "; \(count) steps of \(length) leave \(left) % of the slope before learning and make F "
        + "rise at \(stages) of \(all) stages of learning.",
      (reached
        ? "\(rested) 回の緩和はすべて平衡に達しました"
        : "\(endings.count) 回の緩和のうち \(rested) 回が平衡に達しました")
        + "（残った傾きは最大で ‖∂F/∂ε‖ が \(errorPercent) %、‖∂F/∂x‖ が \(percent) %）。"
        + "\(length) を \(count) ステップでは、学習前に傾きの \(left) % が残り、\(all) 段階のうち "
        + "\(stages) 段階で F が上がります。")
  }

  private var angleSentence: LocalizedText {
    let (first, last) = (sweep.angles.first ?? .nan, sweep.angles.last ?? .nan)
    let (low, high) = (sweep.precisions.first ?? .nan, sweep.precisions.last ?? .nan)
    let follows = abs(exponent + 1) < 0.05
    let power = String(format: "%.2f", exponent).replacingOccurrences(of: "-", with: "−")
    return text(
      "Before learning the angle to backpropagation's gradient goes from \(number(first))° at "
        + "π = \(Int(low)) to \(number(last))° at π = \(Int(high)), "
        + (follows ? "as κ/π" : "not as κ/π") + " (exponent \(power)).",
      "学習前の誤差逆伝播との角度は、π = \(Int(low)) の \(number(first))° から π = \(Int(high)) の "
        + "\(number(last))° まで変わり、理論の κ/π に"
        + (follows ? "従います" : "従いません") + "（指数 \(power)）。")
  }

  private var highSentence: LocalizedText {
    let (loss, other) = (Self.last(high.losses), Self.last(reverse.losses))
    let learned = loss < 0.5 * chance
    let precision = Int(LearningComparison.high)
    return text(
      "At equilibrium with π = \(precision) the block "
        + (learned ? "learned the task" : "did not learn the task")
        + " (\(number(loss)) nats; backpropagation \(number(other))).",
      "π = \(precision) の平衡では、ブロックは課題を"
        + (learned ? "学習しました" : "学習できませんでした")
        + "（\(number(loss)) ナット、誤差逆伝播は \(number(other)) ナット）。")
  }

  private var lowSentence: LocalizedText {
    let (precision, few) = (Int(LearningComparison.low), low.losses.count)
    let (loss, energy) = (Self.last(low.losses), Self.last(low.restEnergies))
    let (firstLoss, firstEnergy) = (low.losses.first ?? .nan, low.restEnergies.first ?? .nan)
    let energyFell = energy < 0.5 * firstEnergy
    let lossFell = loss < reverseEarly || loss < 0.5 * chance
    let reason =
      energyFell && !lossFell
      ? (
        english:
          ": states that are this free take over the error, and parameters learn to let them",
        japanese: "。自由すぎる状態が誤差を引き受け、パラメーターはそれを助けるように学習するためです"
      ) : (english: "", japanese: "")
    return text(
      "With π = \(precision), in \(few) mini-batches, free energy at rest went from "
        + "\(number(firstEnergy)) to \(number(energy)) nats and the loss from \(number(firstLoss)) to "
        + "\(number(loss)) (chance \(number(chance)); backpropagation \(number(reverseEarly)))"
        + "\(reason.english).",
      "π = \(precision) では、\(few) ミニバッチで平衡での自由エネルギーは \(number(firstEnergy)) から "
        + "\(number(energy)) ナットに、損失は \(number(firstLoss)) から \(number(loss)) ナットになりました"
        + "（偶然の水準 \(number(chance))、誤差逆伝播 \(number(reverseEarly))）\(reason.japanese)。")
  }

  private var mapSentence: LocalizedText {
    let (least, most) = (otherDistances.min() ?? .nan, otherDistances.max() ?? .nan)
    let english = "\(number(distance)); between starts \(number(least)) to \(number(most))"
    let japanese = "\(number(distance))、初期値の間では \(number(least))〜\(number(most))"
    let precision = Int(LearningComparison.high)
    if distance < least {
      return text(
        "Both rules (π = \(precision)) attend more alike than backpropagation from two starts "
          + "(distance \(english)).",
        "両規則（π = \(precision)）の注意は、初期値の異なる誤差逆伝播どうしよりも似ています（距離 \(japanese)）。")
    }
    if distance > most {
      return text(
        "Both rules (π = \(precision)) attend less alike than backpropagation from two starts "
          + "(distance \(english)).",
        "両規則（π = \(precision)）の注意は、初期値の異なる誤差逆伝播どうしほど似ていません（距離 \(japanese)）。")
    }
    return text(
      "Both rules (π = \(precision)) attend as alike as backpropagation from two starts "
        + "(distance \(english)).",
      "両規則（π = \(precision)）の注意は、初期値の異なる誤差逆伝播どうしと同じ程度に似ています（距離 \(japanese)）。")
  }
}
