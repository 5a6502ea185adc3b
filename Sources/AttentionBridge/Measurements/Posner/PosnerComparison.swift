package import ModelFiles
internal import Reporting
internal import TensorCore

/// M5: Posner's cueing task, with attention as precision beside attention as softmax.
///
/// `models/posner.yaml` (Feldman & Friston 2010) is run with targets where the cue said and where it
/// did not. The outcomes of the paper are measured, each beside the same number for an observer
/// whose precision does not depend on the context.
package struct PosnerComparison: BridgeComparison {
  package let name = "posner"
  package let number = "M5"
  package let kind = ComparisonKind.measurement
  package let title = LocalizedText(
    english: "A cue raises precision on one side: Posner's task",
    japanese: "手がかりは片側の精度を上げる：ポズナー課題")
  package let glossary = [
    "attention", "precision", "softmax", "hidden-state", "prediction-error", "error-unit",
  ]
  package let claim = Claim(
    equation: [
      "Πⱼ(x) = exp(2 + kⱼ·x),   k₁ = (1, −1),   k₂ = (−1, 1)",
      "Πⱼ / Σᵢ Πᵢ = softmax(2 + k·x)ⱼ",
    ],
    meaning: LocalizedText(
      english: """
        A cue moves a context, and the context sets the precision of what is seen on either side. \
        Normalized, these precisions are the attention weights of a query (the context) over two \
        keys. A target where the cue said should be recognized faster and with more confidence, \
        compete better with one on the other side, and give a larger early response (N1); one on \
        the other side should give a larger late response (P3). Which of these hold is measured.
        """,
      japanese: """
        手がかりは文脈を動かし、文脈は左右それぞれに見えるものの精度を決めます。この精度を正規化すると、\
        文脈をクエリとし 2 つのキーに向けた注意の重みになります。論文によれば、手がかりどおりの標的は\
        より速く、より強い確信をもって認識され、反対側の標的との競合に勝ち、早い応答（N1）が大きくなります。\
        反対側の標的では遅い応答（P3）が大きくなります。どれが成り立つかを測ります。
        """),
    references: ["feldman2010attention", "posner1980orienting", "vaswani2017attention"])

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    let path = try settings.file(PosnerTrial.fileName)
    var done = 0.0
    func trial(
      _ target: PosnerTrial.Target, _ overrides: [String] = []
    ) throws(BridgeError) -> PosnerTrial {
      let trial = try PosnerTrial(
        path: path, target: target, overrides: overrides, seed: settings.seed)
      done += 1
      try settings.proceed(done / 12)
      return trial
    }
    let fixed = ["levels.1.parameters.gain=0"], dark = ["levels.2.precision.v=1"]
    let trials = Trials(
      valid: try trial(.valid), invalid: try trial(.invalid),
      neutral: try trial(.valid, ["process.let.strength=0"]), both: try trial(.both))
    let control = Trials(
      valid: try trial(.valid, fixed), invalid: try trial(.invalid, fixed),
      neutral: try trial(.valid, fixed + ["process.let.strength=0"]),
      both: try trial(.both, fixed))
    let expecting = Pair(valid: try trial(.valid, dark), invalid: try trial(.invalid, dark))
    let expectingControl = Pair(
      valid: try trial(.valid, fixed + dark), invalid: try trial(.invalid, fixed + dark))
    let outcomes = Outcomes(trials, expecting), null = Outcomes(control, expectingControl)
    return Finding(
      effects: effects(outcomes, null, trials), verdict: verdict(outcomes, null),
      figure: settings.draws ? figure(trials, expecting) : nil)
  }

  /// The trials of one observer.
  struct Trials {
    var valid: PosnerTrial
    var invalid: PosnerTrial
    var neutral: PosnerTrial
    var both: PosnerTrial
  }

  /// A valid and an invalid trial.
  struct Pair {
    var valid: PosnerTrial
    var invalid: PosnerTrial
  }

  /// What was measured of one observer.
  struct Outcomes {
    /// sd of the target: invalid over valid, and without a cue over valid.
    var uncertainty, neutralUncertainty: Double
    /// Delays of the invalid target in ms: until 90 % confidence, until the mean passes ¼.
    var delay, meanDelay: Double
    /// Delay without a cue in ms.
    var neutralDelay: Double
    /// The largest confidence in the uncued target, alone minus beside a cued one.
    var competition: Double
    /// Early response of the target's error units, valid minus invalid; flat and proper prior.
    var early, earlyExpecting: Double
    /// Late response of the context's error units, invalid minus valid; flat and proper prior.
    var late, lateExpecting: Double

    init(_ trials: Trials, _ expecting: Pair) {
      let (valid, invalid) = (trials.valid, trials.invalid)
      uncertainty = invalid.uncertainty(.left) / valid.uncertainty(.right)
      neutralUncertainty = trials.neutral.uncertainty(.right) / valid.uncertainty(.right)
      delay = invalid.recognitionTime(.left) - valid.recognitionTime(.right)
      neutralDelay = trials.neutral.recognitionTime(.right) - valid.recognitionTime(.right)
      meanDelay = invalid.crossingTime(.left) - valid.crossingTime(.right)
      let alone = invalid.confidence(.left).max() ?? .nan
      competition = alone - (trials.both.confidence(.left).max() ?? .nan)
      early = valid.early(.right) - invalid.early(.left)
      earlyExpecting = expecting.valid.early(.right) - expecting.invalid.early(.left)
      late = invalid.late() - valid.late()
      lateExpecting = expecting.invalid.late() - expecting.valid.late()
    }
  }

  private func effects(_ seen: Outcomes, _ null: Outcomes, _ trials: Trials) -> [Effect] {
    let control = LocalizedText(
      english: "precision without context (gain 0)",
      japanese: "精度が文脈によらない場合（gain 0）")
    func effect(
      _ english: String, _ japanese: String, _ unit: String = "",
      _ value: (Outcomes) -> Double
    ) -> Effect {
      Effect(
        LocalizedText(english: english, japanese: japanese), value: value(seen), unit: unit,
        null: .analytic(value(null), control))
    }
    let onset = PosnerTrial.earlyWindow.lowerBound
    let both = [trials.valid, trials.invalid, trials.neutral, trials.both]
    let distance = both.flatMap { zip($0.precisionWeights, $0.attentionWeights) }
      .map { abs($0 - $1) }.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
    return [
      effect(
        "posterior sd of the target, invalid / valid", "標的の事後標準偏差（無効／有効）"
      ) { $0.uncertainty },
      effect(
        "posterior sd of the target, no cue / valid", "標的の事後標準偏差（手がかりなし／有効）"
      ) { $0.neutralUncertainty },
      effect(
        "delay of 90 % confidence, invalid − valid", "確信 90 % までの遅れ（無効 − 有効）", "ms"
      ) { $0.delay },
      effect(
        "delay of 90 % confidence, no cue − valid", "確信 90 % までの遅れ（手がかりなし − 有効）",
        "ms"
      ) { $0.neutralDelay },
      effect(
        "delay of the expected intensity, invalid − valid", "期待される強さの遅れ（無効 − 有効）",
        "ms"
      ) { $0.meanDelay },
      effect(
        "confidence in the uncued target, alone − beside a cued one",
        "手がかりのない側の標的への確信（単独 − 両側同時）"
      ) { $0.competition },
      effect(
        "N1: early ξ of the target, valid − invalid, flat prior",
        "N1：標的の早い ξ（有効 − 無効）、平坦な事前分布"
      ) { $0.early },
      effect(
        "N1, prior of precision 1 (darkness expected)", "N1、精度 1 の事前分布（暗いと予想）"
      ) { $0.earlyExpecting },
      effect(
        "P3: late ξ of the context, invalid − valid, flat prior",
        "P3：文脈の遅い ξ（無効 − 有効）、平坦な事前分布"
      ) { $0.late },
      effect(
        "P3, prior of precision 1 (darkness expected)", "P3、精度 1 の事前分布（暗いと予想）"
      ) { $0.lateExpecting },
      Effect(
        LocalizedText(
          english: "weight of the cued side when the target comes up",
          japanese: "標的が現れるときの、手がかり側の重み"),
        value: trials.valid.precisionWeights[onset], null: .analytic(0.5, control)),
      Effect(
        LocalizedText(
          english: "largest |Πⱼ / Σᵢ Πᵢ − softmaxⱼ|, all times, all cues",
          japanese: "|Πⱼ / Σᵢ Πᵢ − softmaxⱼ| の最大値（全時刻、全条件）"),
        value: distance,
        null: .analytic(
          0, LocalizedText(english: "they are the same", japanese: "両者は等しい")),
        holds: distance <= 1e-12),
    ]
  }

  /// Which of the published outcomes are seen here, by their numbers.
  private func verdict(_ seen: Outcomes, _ null: Outcomes) -> LocalizedText {
    let outcomes: [(english: String, japanese: String, holds: Bool)] = [
      ("more confidence", "確信の強さ", seen.uncertainty > 1.1 * null.uncertainty),
      ("speed of confidence", "確信の速さ", seen.delay > null.delay + PosnerTrial.bin),
      ("biased competition", "偏った競合", seen.competition > null.competition + 0.05),
      ("N1 with the flat prior", "平坦な事前分布での N1", seen.early > null.early + 0.1),
      (
        "N1 with a prior of precision 1", "精度 1 の事前分布での N1",
        seen.earlyExpecting > null.earlyExpecting + 0.1
      ),
      (
        "P3", "P3",
        seen.late > max(0, null.late) + 0.01 && seen.lateExpecting > max(0, null.lateExpecting)
      ),
    ]
    func list(_ text: (Int) -> String, _ holds: Bool, _ separator: String, _ none: String)
      -> String
    {
      let kept = outcomes.indices.filter { outcomes[$0].holds == holds }.map(text)
      return kept.isEmpty ? none : kept.joined(separator: separator)
    }
    let timing = Self.timing(
      seen.meanDelay, isLate: seen.meanDelay > null.meanDelay + PosnerTrial.bin)
    return LocalizedText(
      english: """
        Seen: \(list({ outcomes[$0].english }, true, ", ", "nothing")). Not seen: \
        \(list({ outcomes[$0].english }, false, ", ", "nothing")). The expected intensity of an \
        invalid target \(timing.english).
        """,
      japanese: """
        見られたもの：\(list({ outcomes[$0].japanese }, true, "、", "なし"))。見られなかったもの：\
        \(list({ outcomes[$0].japanese }, false, "、", "なし"))。無効な標的で、期待される強さの\
        立ち上がりは、\(timing.japanese)。
        """)
  }

  /// When the invalid target's expected intensity rises, beside the valid one's.
  ///
  /// - Parameters:
  ///   - delay: by how much it is later, in milliseconds.
  ///   - isLate: whether that is more than the null and a time bin.
  /// - Returns: the end of a sentence about it.
  static func timing(_ delay: Double, isLate: Bool) -> LocalizedText {
    let size = MeasurementStatistics.text(abs(delay))
    if delay < 0 {
      return LocalizedText(
        english: "comes \(size) ms earlier than the valid one's",
        japanese: "有効な標的より \(size) ms 早くなります")
    }
    return LocalizedText(
      english: isLate
        ? "comes \(size) ms later than the valid one's"
        : "does not come later than the valid one's (\(size) ms)",
      japanese: isLate
        ? "有効な標的より \(size) ms 遅れます" : "有効な標的より遅れません（差は \(size) ms）")
  }
}
