internal import DynamicModels
internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Recognition
internal import Reporting
internal import TensorCore

/// P17: weighting several tasks by uncertainty is learning their precisions.
///
/// `L = Σ_t [exp(−s_t) L_t + ½ n_t s_t]` is the free energy `½ εᵀΠε − ½ ln|Π|` with log-precisions
/// `λ_t = −s_t` (mathematics §3 and §4). Source: Kendall, Gal and Cipolla 2018.
package struct UncertaintyWeightingComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package var name: String { "uncertainty-weighting" }
  package var number: String { "P17" }
  package var kind: ComparisonKind { .identity }
  package var title: LocalizedText {
    LocalizedText(
      english: "Weighting tasks by uncertainty is learning precisions",
      japanese: "不確かさによる課題の重みづけは精度の学習")
  }
  package var claim: Claim {
    Claim(
      equation: [
        "L(s, θ) = Σₜ [exp(−sₜ) Lₜ(θ) + ½ nₜ sₜ],  Lₜ = ½ ‖yₜ − fₜ(θ)‖²",
        "L = ½ εᵀΠε − ½ ln|Π|,  Πₜ = exp(λₜ) I,  λₜ = −sₜ",
        "∂L/∂s = 0  ⇒  sₜ = ln(2 Lₜ / nₜ)",
      ],
      meaning: LocalizedText(
        english: """
          The loss with which a network weighs its tasks by learned uncertainties is the free \
          energy of a model in which every task is a channel with a log-precision of its own; \
          weights go down where errors stay large, and the term in s is the log-determinant that \
          keeps precisions from vanishing. The project's model also has priors on what is shared \
          and on λ, which are added to the loss here. For tasks of classification the published \
          loss is an approximation and is left out.
          """,
        japanese: """
          学習した不確かさで複数の課題に重みをつける損失は、\
          課題ごとに対数精度をもつモデルの自由エネルギーと同じものです。\
          誤差が大きいままの課題は重みが下がり、s の項は精度が消えるのを防ぐ対数行列式に当たります。\
          本プロジェクトのモデルには共有変数と λ の事前分布もあるので、その項を損失に加えて比べます。\
          分類課題については原論文の損失が近似なので、扱いません。
          """),
      section: "§3, §4", references: ["kendall2018multitask", "friston2010filtering"])
  }
  package var glossary: [String] {
    ["free-energy", "precision", "prediction-error", "gradient-descent", "prior"]
  }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var value = DeviationMeter()
    var shared = DeviationMeter()
    var precision = DeviationMeter()
    var minimum = DeviationMeter()
    // Models are compiled once for several data and states.
    let models = 4, count = max(1, settings.instances)
    for index in 0..<models {
      let model = TwoTaskModel(
        counts: index == 0
          ? [1, 1]
          : [
            LearningSamples.whole(1...4, from: &source),
            LearningSamples.whole(1...4, from: &source),
          ],
        width: LearningSamples.whole(1...3, from: &source), from: &source)
      let evaluator = try TwoTaskFreeEnergy(model)
      let loss = TwoTaskLoss(model)
      for _ in 0..<((count + models - 1) / models) {
        let data = source.normals(model.outputs)
        let theta = source.normals(model.width)
        let s = source.normals(2)
        let ours = try evaluator.evaluate(theta, logPrecisions: s.map { -$0 }, data: data)
        let theirs = loss.evaluate(theta, s: s, data: data)
        value.compare(ours.energy, theirs.loss + model.priorEnergy(theta, s: s))
        shared.compare(
          ours.sharedSlope, Vectors.sum(theirs.sharedSlope, model.causePrecision, theta))
        // dL/ds = −dL/dλ; the prior on λ adds its own error.
        precision.compare(
          ours.precisionSlope, theirs.slope.enumerated().map { -$1 + model.priorSlope(s[$0]) })
        let best = zip(theirs.losses, model.counts).map { log(2 * $0 / Double($1)) }
        let rest = try evaluator.evaluate(theta, logPrecisions: best.map { -$0 }, data: data)
        minimum.compare(rest.precisionSlope, best.map { model.priorSlope($0) })
      }
    }
    return Finding(
      deviations: [
        value.deviation(
          "L + priors = the project's free energy", "L＋事前分布＝本プロジェクトの自由エネルギー",
          tolerance: 1e-12),
        shared.deviation(
          "∂L/∂θ = −(flow of the state units)", "∂L/∂θ＝−（状態ユニットの流れ）", tolerance: 1e-12),
        precision.deviation(
          "∂L/∂s = −∂F/∂λ", "∂L/∂s＝−∂F/∂λ", tolerance: 1e-12),
        minimum.deviation(
          "∂F/∂λ = 0 at s = ln(2 L/n)", "s＝ln(2 L/n) で ∂F/∂λ＝0", tolerance: 1e-12),
      ], figure: settings.draws ? try Self.figure() : nil)
  }

  private static func figure() throws(BridgeError) -> LocalizedFigure {
    // Two tasks whose errors differ in size: the curve of each over its own s.
    let scan = try TwoTaskScan()
    let losses = [8.0, 0.6], count = TwoTaskScan.count
    let s = (0...120).map { -3.5 + 6 * Double($0) / 120 }
    let few = stride(from: 0, through: 120, by: 8).map { s[$0] }
    let curves = losses.map { loss in s.map { exp(-$0) * loss + 0.5 * count * $0 } }
    let best = losses.map { log(2 * $0 / count) }
    let least = best.map { 0.5 * count * (1 + $0) }
    var energies: [[Double]] = []
    for loss in losses {
      var row: [Double] = []
      for s in few { row.append(try scan.freeEnergy(loss: loss, s: s)) }
      energies.append(row)
    }
    let sizes = (0...60).map { pow(10, -1.5 + 3 * Double($0) / 60) }
    let tried = stride(from: 0, through: 60, by: 6).map { sizes[$0] }
    var weights: [[Double]] = [[], []]
    for size in tried {
      for (index, flat) in [true, false].enumerated() {
        let rest = try scan.rest(loss: 0.5 * count * size, hasFlatPrior: flat)
        weights[index].append(exp(-rest))
      }
    }
    return LocalizedFigure { language in
      let names = [
        language.pick("hard task, L = 8", "難しい課題（L = 8）"),
        language.pick("easy task, L = 0.6", "易しい課題（L = 0.6）"),
      ]
      let curveSeries: [Series] = (0...1).map { task in
        .line(names[task], role: .neutral(1 - task), x: s, y: curves[task])
      }
      let dots: [Series] = (0...1).map { task in
        .points(
          task == 0 ? language.pick("model's free energy", "モデルの自由エネルギー") : "",
          role: .freeEnergy, x: few, y: energies[task], size: 11)
      }
      let minimum = Series.points(
        language.pick("minimum, s = ln(2 L/n)", "最小：s = ln(2 L/n)"),
        role: .truth, x: best, y: least, size: 22)
      return Figure(
        title: language.pick(
          "A task's weight is the precision of its errors",
          "課題の重みは、その誤差の精度である"),
        rows: [
          [
            Panel(
              title: language.pick("Loss of one task, n = 4", "一つの課題の損失（n = 4）"),
              xLabel: language.pick(
                "log-variance s = −λ", "対数分散 s = −λ"), yLabel: language.pick("nats", "ナット"),
              series: curveSeries + dots + [minimum], yRange: -6...24)
          ],
          [
            Panel(
              title: language.pick(
                "Where the flow of λ comes to rest", "λ の流れが止まるところ"),
              xLabel: language.pick("squared error 2 L/n of a task", "課題の2乗誤差 2 L/n"),
              yLabel: language.pick("weight exp(−s) = precision", "重み exp(−s)＝精度"),
              series: [
                .line("n / (2 L)", role: .truth, x: sizes, y: sizes.map { 1 / $0 }),
                .points(
                  language.pick("flat prior on λ", "λ の事前分布が平ら"), role: .state, x: tried,
                  y: weights[0], size: 18),
                .points(
                  language.pick("model's prior on λ", "モデルの λ の事前分布"), role: .neutral(1),
                  x: tried, y: weights[1], size: 12),
              ], xScale: .logarithmic, yScale: .logarithmic)
          ],
        ], language: language)
    }
  }
}

/// The free energy of one of two tasks as a function of its log-variance s, read from the model.
struct TwoTaskScan {
  /// n, how many numbers each task predicts.
  static let count = 4.0

  private let model: TwoTaskModel
  private let evaluator: TwoTaskFreeEnergy

  init() throws(BridgeError) {
    var source = RandomSource(seed: 1)
    let count = Int(Self.count)
    model = TwoTaskModel(counts: [count, count], width: 1, from: &source)
    evaluator = try TwoTaskFreeEnergy(model)
  }

  /// What a task whose errors have the loss L adds to the model's free energy, priors aside.
  func freeEnergy(loss: Double, s: Double) throws(BridgeError) -> Double {
    // Both tasks predict zero from θ = 0, and the second one has no errors and s = 0.
    try evaluate(loss: loss, s: s).energy - model.priorEnergy([0], s: [s, 0])
  }

  /// The s at which the flow of the task's log-precision is zero.
  func rest(loss: Double, hasFlatPrior: Bool) throws(BridgeError) -> Double {
    var (low, high) = (-20.0, 20.0)
    // ∂F/∂λ falls as s grows, so halving the interval finds where it is zero.
    for _ in 0..<60 {
      let middle = 0.5 * (low + high)
      var slope = try evaluate(loss: loss, s: middle).precisionSlope[0]
      if hasFlatPrior { slope -= model.priorSlope(middle) }
      if slope > 0 { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }

  private func evaluate(
    loss: Double, s: Double
  ) throws(BridgeError) -> (energy: Double, sharedSlope: [Double], precisionSlope: [Double]) {
    let error = (2 * loss / Self.count).squareRoot()
    let data = (0..<model.outputs).map { $0 < model.counts[0] ? error : 0 }
    return try evaluator.evaluate([0], logPrecisions: [-s, 0], data: data)
  }
}
