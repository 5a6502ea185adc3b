internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P15: the free energy of a Helmholtz machine exceeds surprise by the divergence of recognition.
///
/// `F + ln p(v) = KL[q(h | v) ‖ p(h | v)] ≥ 0`, by visiting every hidden state (mathematics §3).
package struct HelmholtzComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package var name: String { "helmholtz" }
  package var number: String { "P15" }
  package var kind: ComparisonKind { .identity }
  package var title: LocalizedText {
    LocalizedText(
      english: "Helmholtz machine: what free energy exceeds surprise by",
      japanese: "ヘルムホルツマシン：自由エネルギーと驚きの差")
  }
  package var claim: Claim {
    Claim(
      equation: [
        "F(v) = ⟨−ln p(v, h)⟩_q − H[q],  q = q(h | v)",
        "F(v) + ln p(v) = KL[q(h | v) ‖ p(h | v)] ≥ 0",
        "q = p(h | v)  ⇒  F(v) = −ln p(v)",
      ],
      meaning: LocalizedText(
        english: """
          A recognition network that guesses the causes of an input bounds the surprise at this \
          input, and the bound is loose by exactly the divergence of its guesses from the truth. \
          Recognition draws every unit on its own given the layer below, while the true posterior \
          ties causes together that explain the same input; so for most machines some gap stays. \
          Visiting all hidden states is possible for a few units only.
          """,
        japanese: """
          入力の原因を推測する認識ネットワークは、その入力の驚きの上限を与えます。\
          上限と驚きの差は、推測と真の事後分布とのダイバージェンスにちょうど等しくなります。\
          認識は下の層が与えられると各ユニットを独立に選びますが、\
          真の事後分布では同じ入力を説明する原因どうしが結びつくので、多くの場合は差が残ります。\
          隠れ状態をすべて調べられるのは、ユニットが少ないときだけです。
          """),
      section: "§3, §11", references: ["dayan1995helmholtz", "friston2010unified"])
  }
  package var glossary: [String] {
    [
      "helmholtz-machine", "free-energy", "surprise", "kullback-leibler-divergence",
      "recognition-density", "generative-model",
    ]
  }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var gap = DeviationMeter()
    var sign = DeviationMeter()
    var exact = DeviationMeter()
    var total = DeviationMeter()
    for machine in Self.machines(settings.instances, from: &source) {
      let visible = machine.pattern(
        RandomProblems.integer(below: machine.patternCount, &source))
      let evidence = machine.logEvidence(visible)
      let posterior = machine.logPosterior(visible)
      let divergence = HelmholtzMachine.divergence(machine.logRecognition(visible), posterior)
      let bound = machine.freeEnergy(visible) + evidence
      gap.compare(bound, divergence)
      sign.record(max(0, -bound))
      let entropy = posterior.reduce(0) { $1 > -.infinity ? $0 - exp($1) * $1 : $0 }
      exact.compare(machine.energy(visible, recognition: posterior) - entropy, -evidence)
      let all = (0..<machine.patternCount).map { machine.logEvidence(machine.pattern($0)) }
      total.compare(Vectors.logSumExp(all), 0)
    }
    return Finding(
      deviations: [
        gap.deviation(
          "F + ln p(v) = KL[q ‖ p(h|v)]", "F＋ln p(v)＝KL[q ‖ p(h|v)]", tolerance: 1e-12),
        sign.deviation("F + ln p(v) ≥ 0", "F＋ln p(v) ≥ 0", tolerance: 1e-12),
        exact.deviation(
          "exact recognition: F = −ln p(v)", "正確な認識：F＝−ln p(v)", tolerance: 1e-12),
        total.deviation("Σᵥ p(v) = 1", "Σᵥ p(v)＝1", tolerance: 1e-12),
      ], figure: settings.draws ? Self.figure() : nil)
  }

  static func machines(_ count: Int, from source: inout RandomSource) -> [HelmholtzMachine] {
    // A machine that knows nothing, one hidden unit, and units that are almost sure.
    var machines = [
      HelmholtzMachine(sizes: [3, 2, 1]),
      HelmholtzMachine(sizes: [1, 1], scale: 1, from: &source),
      HelmholtzMachine(sizes: [3, 3, 2], scale: 30, from: &source),
    ]
    for _ in 0..<max(0, count) {
      let sizes = [
        LearningSamples.whole(1...3, from: &source), LearningSamples.whole(1...4, from: &source),
        LearningSamples.whole(1...2, from: &source),
      ]
      machines.append(
        HelmholtzMachine(sizes: sizes, scale: 0.5 + 2.5 * source.uniform(), from: &source))
    }
    return machines
  }

  private static func figure() -> LocalizedFigure {
    // Two causes that explain the same inputs: the posterior ties them, recognition cannot.
    var machine = HelmholtzMachine(sizes: [3, 2, 1])
    machine.generativeWeights[0] = Tensor(rows: [[5, 5], [4, -1], [-1, 4]])
    machine.generativeBiases = [[-3, -2, -2], [-1.2, -1.2], [0]]
    machine.generativeWeights[1] = Tensor(rows: [[1], [-1]])
    machine.recognitionWeights[0] = Tensor(rows: [[1.5, 1.5, -1], [1.5, -1, 1.5]])
    machine.recognitionBiases[0] = [-1, -1]
    machine.recognitionWeights[1] = Tensor(rows: [[1, -1]])
    let patterns = (0..<machine.patternCount).map { machine.pattern($0) }
    let labels = patterns.map { $0.map { "\(Int($0))" }.joined() }
    let surprise = patterns.map { -machine.logEvidence($0) }
    let bound = patterns.map { machine.freeEnergy($0) }
    let shown = [1.0, 0, 0]
    let q = machine.logRecognition(shown).map { exp($0) }
    let p = machine.logPosterior(shown).map { exp($0) }
    let states = (0..<machine.stateCount).map { number in
      machine.hiddenState(number).map { $0.map { "\(Int($0))" }.joined() }.joined(separator: "·")
    }
    let places = labels.indices.map { Double($0 + 1) }
    let hidden = states.indices.map { Double($0 + 1) }
    return LocalizedFigure { language in
      Figure(
        title: language.pick(
          "Free energy exceeds surprise by the divergence of recognition",
          "自由エネルギーは、認識のダイバージェンスだけ驚きより大きい"),
        rows: [
          [
            Panel(
              title: language.pick("Every visible pattern v", "すべての入力 v"),
              xLabel: language.pick("visible pattern v", "入力 v"),
              yLabel: language.pick("nats", "ナット"),
              series: [
                .intervals(
                  language.pick("divergence KL", "ダイバージェンス KL"), role: .error, x: places,
                  lower: surprise,
                  upper: zip(patterns, surprise).map { pattern, low in
                    low
                      + HelmholtzMachine.divergence(
                        machine.logRecognition(pattern), machine.logPosterior(pattern))
                  }, width: 6),
                .points(
                  language.pick("free energy F", "自由エネルギー F"), role: .freeEnergy, x: places,
                  y: bound, size: 16),
                .points(
                  language.pick("surprise −ln p(v)", "驚き −ln p(v)"), role: .surprise, x: places,
                  y: surprise, size: 16),
              ], xRange: 0.5...(Double(places.count) + 0.5), categories: labels)
          ],
          [
            Panel(
              title: language.pick(
                "Hidden states given v = 100: q cannot tie its causes",
                "v = 100 のもとでの隠れ状態：q は原因どうしを結びつけられない"),
              xLabel: language.pick("hidden state h₁·h₂", "隠れ状態 h₁·h₂"),
              yLabel: language.pick("probability", "確率"),
              series: [
                .stems(
                  language.pick("recognition q", "認識密度 q"), role: .state,
                  x: hidden.map { $0 - 0.085 }, y: q, width: 18),
                .stems(
                  language.pick("posterior p(h|v)", "事後分布 p(h|v)"), role: .truth,
                  x: hidden.map { $0 + 0.085 }, y: p, width: 18),
              ], xRange: 0.5...(Double(hidden.count) + 0.5), categories: states)
          ],
        ], language: language)
    }
  }
}
