internal import DynamicModels
internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Recognition
internal import Reporting
internal import TensorCore

/// P17: weighting several tasks by uncertainty is learning their precisions.
///
/// `L = Σ_t [e^{−s_t} L_t + ½ n_t s_t]` is the free energy `½ εᵀΠε − ½ ln|Π|` with log-precisions
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
        "L(s, θ) = Σₜ [e^{−sₜ} Lₜ(θ) + ½ nₜ sₜ],  Lₜ = ½ ‖yₜ − fₜ(θ)‖²",
        "L = ½ εᵀΠε − ½ ln|Π|,  Πₜ = e^{λₜ} I,  λₜ = −sₜ",
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
      ], figure: settings.draws ? Self.figure() : nil)
  }

  private static func figure() -> LocalizedFigure {
    // Two tasks whose errors differ in size: the curve of each over its own s.
    let losses = [8.0, 0.6], counts = [4.0, 4.0]
    let s = (0...120).map { -3.5 + 6 * Double($0) / 120 }
    let curves = zip(losses, counts).map { loss, count in
      s.map { exp(-$0) * loss + 0.5 * count * $0 }
    }
    let best = zip(losses, counts).map { log(2 * $0 / $1) }
    let least = zip(best, counts).map { 0.5 * $1 * (1 + $0) }
    let energies = zip(losses, counts).map { loss, count in
      stride(from: 0, through: 120, by: 8).map { index in
        // ½ εᵀΠε − ½ ln|Π| with Π = e^λ I and λ = −s.
        0.5 * exp(-s[index]) * 2 * loss - 0.5 * count * -s[index]
      }
    }
    let few = stride(from: 0, through: 120, by: 8).map { s[$0] }
    let sizes = (0...60).map { pow(10, -1.5 + 3 * Double($0) / 60) }
    return LocalizedFigure { language in
      let names = [
        language.pick("hard task, L = 8", "難しい課題（L = 8）"),
        language.pick("easy task, L = 0.6", "易しい課題（L = 0.6）"),
      ]
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
              series: (0...1).flatMap { task -> [Series] in
                [
                  .line(
                    names[task], role: .neutral(task == 0 ? 1 : 0), x: s, y: curves[task]),
                  .points(
                    task == 0 ? language.pick("free energy", "自由エネルギー") : "",
                    role: .freeEnergy, x: few, y: energies[task], size: 9),
                  .points(
                    task == 0 ? "s = ln(2 L/n)" : "", role: .surprise, x: [best[task]],
                    y: [least[task]], size: 22),
                ]
              }, yRange: -6...24)
          ],
          [
            Panel(
              title: language.pick("Weights learned", "学習される重み"),
              xLabel: language.pick("squared error 2 L/n of a task", "課題の2乗誤差 2 L/n"),
              yLabel: language.pick("weight e^{−s} = precision", "重み e^{−s}＝精度"),
              series: [
                .line("n / (2 L)", role: .truth, x: sizes, y: sizes.map { 1 / $0 }),
                .points(
                  language.pick("the two tasks", "2つの課題"), role: .state,
                  x: zip(losses, counts).map { 2 * $0 / $1 }, y: best.map { exp(-$0) }, size: 22),
              ], xScale: .logarithmic, yScale: .logarithmic)
          ],
        ], language: language)
    }
  }
}
