internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
internal import TensorCore

/// P14: logits that flow toward the scores take free energy down to attention.
package struct LogitFlowComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package let name = "logit-flow"
  package let number = "P14"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "A flow of beliefs that ends at attention", japanese: "注意に行き着く信念の流れ")
  package let claim = Claim(
    equation: [
      "dl/dt = s − l,   r(t) = softmax(l₀ exp(−t) + s (1 − exp(−t)))",
      "dF/dt = −Varᵣ(l − s) ≤ 0,   F(∞) = −logsumexp(s)",
    ],
    meaning: LocalizedText(
      english: """
        Attention is often computed in one step; here the same weights are approached in time. \
        Every logit leaks toward its score, which is the natural gradient descent of the \
        categorical free energy of P3. Free energy falls by the variance of what is still wrong \
        under the present belief, and stops only at the attention weights. \
        Masked keys are left out: a logit would have to flow to minus infinity.
        """,
      japanese: """
        注意は普通一度に計算されますが、ここでは同じ重みに時間をかけて近づきます。どのロジットも自分のスコアへ指数関数的に近づきます。これは P3 の自由エネルギーの自然勾配降下に当たります。\
        自由エネルギーの減る速さは、現在の信念のもとで残っている誤りの分散に等しく、注意の重みに着いて初めて止まります。\
        マスクされたキーは除きます。ロジットがマイナス無限大に向かうことになるためです。
        """),
    references: [])
  package let glossary = [
    "free-energy", "recognition-dynamics", "gradient-descent", "attention", "softmax",
  ]

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var logits = DeviationMeter()
    var replicator = DeviationMeter()
    var slope = DeviationMeter()
    var rise = DeviationMeter()
    var end = DeviationMeter()
    let times = [0.3, 1, 2.5, 6, 45]
    let problems = RandomProblems.make(settings.instances, from: &source, scores: .extreme)
    var energies: [Int: ProgramRunner] = [:]
    for problem in problems {
      let scores = problem.scores
      let start = source.normals(problem.count)
      let closed = times.map { Self.closedForm(start, scores, at: $0) }
      let states = try integrate(
        LogitFlow(scores: scores), from: start, times: times,
        options: ODEOptions(stepper: .localLinear))
      logits.compare(
        states.flatMap(Vectors.softmax), closed.flatMap { $0 })
      end.compare(Vectors.softmax(states[states.count - 1]), problem.weightsByAttention)

      // In probabilities themselves, where scores do not drive them below the smallest number.
      if (scores.max() ?? 0) - (scores.min() ?? 0) < 100 {
        let densities = try integrate(
          ReplicatorFlow(scores: scores), from: Vectors.softmax(start), times: [0.3, 1, 2.5],
          options: ODEOptions(
            stepper: .rk8pd, relativeTolerance: 1e-12, absoluteTolerance: 1e-14))
        replicator.compare(densities.flatMap { $0 }, closed.prefix(3).flatMap { $0 })
      }

      // One program for all problems of a size.
      let energy =
        energies[problem.count] ?? ProgramRunner(Self.energyAlongFlow(count: problem.count))
      energies[problem.count] = energy
      energy.set("s", scores)
      var values: [Double] = []
      for state in [start] + states {
        energy.set("l", state)
        energy.set("direction", Vectors.sum(scores, -1, state))
        energy.run()
        values.append(energy("F")[0])
        slope.compare(
          energy("slope")[0], -Self.variance(Vectors.sum(state, -1, scores), Vectors.softmax(state))
        )
      }
      rise.record(
        zip(values, values.dropFirst()).map { ($1 - $0) / max(1, abs($0)) }
          .reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) })
    }
    return Finding(
      deviations: [
        logits.deviation(
          "flow of logits = closed form", "ロジットの流れ = 閉じた形", tolerance: 1e-12),
        // An explicit method's error, asked to be 1e-12 per step.
        replicator.deviation(
          "natural gradient flow of probabilities = closed form", "確率の自然勾配流 = 閉じた形",
          tolerance: 1e-10),
        slope.deviation(
          "dF/dt along the flow = −Var(l − s)", "流れに沿った dF/dt = −Var(l − s)", tolerance: 1e-12),
        rise.deviation(
          "largest rise of F along the flow", "流れに沿った F の増加の最大値", tolerance: 1e-12),
        end.deviation(
          "the flow ends at attention", "流れは注意に行き着く", tolerance: 1e-12),
      ],
      figure: settings.draws ? try Self.figure() : nil)
  }

  /// `softmax(l₀ exp(−t) + s (1 − exp(−t)))`.
  static func closedForm(_ start: [Double], _ scores: [Double], at time: Double) -> [Double] {
    let decay = exp(-time)
    return Vectors.softmax(zip(start, scores).map { $0 * decay + $1 * (1 - decay) })
  }

  /// The variance of x under the weights.
  static func variance(_ x: [Double], _ weights: [Double]) -> Double {
    Vectors.spread(x.map { [$0] }, weights: weights)
  }

  /// F of softmax(l) and its derivative along a direction, by the tensor core's tangent.
  static func energyAlongFlow(count: Int) -> Program {
    var builder = ProgramBuilder()
    let l = builder.input("l", shape: .vector(count))
    let s = builder.input("s", shape: .vector(count))
    let total = builder.broadcast(builder.logSumExp(l), to: .vector(count))
    let inside = builder.binary(.subtract, builder.binary(.subtract, l, total), s)
    builder.output("F", builder.sum(builder.binary(.multiply, builder.softmax(l), inside)))
    return builder.build().tangent(
      of: "F", withRespectTo: "l", along: "direction", as: "slope")
  }

  private static func figure() throws(BridgeError) -> LocalizedFigure {
    let scores = [1.8, 0.4, -0.6, 1.1, -1.5]
    let start = [-1.5, 0.2, 1.6, -0.4, 0.6]
    let times = stride(from: 0.0, through: 6, by: 0.05).map { $0 }
    let some = stride(from: 0.0, through: 6, by: 0.5).map { $0 }
    let states =
      [start]
      + (try integrate(
        LogitFlow(scores: scores), from: start, times: Array(times.dropFirst()),
        options: ODEOptions()))
    let energy = ProgramRunner(energyAlongFlow(count: scores.count), ["s": scores])
    let free = states.map { state -> Double in
      energy.set("l", state)
      energy.set("direction", state)
      energy.run()
      return energy("F")[0]
    }
    let rates = states.map { variance(Vectors.sum($0, -1, scores), Vectors.softmax($0)) }
    let weights = Vectors.softmax(scores)
    return LocalizedFigure { language in
      var series: [Series] = scores.indices.map { key in
        .line(
          language.pick("key \(key + 1)", "キー \(key + 1)"), role: .state,
          variant: [0, 1, 3, 4, 5][key], x: times,
          y: states.map { Vectors.softmax($0)[key] }, width: 4)
      }
      series += scores.indices.map { key in
        .points(
          key == 0 ? language.pick("closed form", "閉じた形") : "", role: .truth, x: some,
          y: some.map { closedForm(start, scores, at: $0)[key] }, size: 9)
      }
      series.append(
        .points(
          language.pick("attention", "注意の重み"), role: .attention,
          x: scores.map { _ in 6.3 }, y: weights, size: 18))
      let beliefs = Panel(
        title: language.pick("Beliefs flow to attention", "信念は注意へ流れる"),
        xLabel: language.pick("time", "時間"), yLabel: language.pick("weight", "重み"),
        series: series, xRange: 0...6.6)
      let trace = Panel(
        title: language.pick("Free energy falls to the surprise", "自由エネルギーは驚きまで下がる"),
        xLabel: language.pick("time", "時間"),
        yLabel: language.pick("nats, nats per time", "ナット、ナット／時間"),
        series: [
          .line(
            language.pick("free energy F", "自由エネルギー F"), role: .freeEnergy, x: times, y: free,
            width: 4),
          .line(
            language.pick("surprise", "驚き"), role: .surprise, x: [0, 6.6],
            y: [Double](repeating: -Vectors.logSumExp(scores), count: 2)),
          .line(
            language.pick("rate of fall, Var(l − s)", "減る速さ Var(l − s)"), role: .neutral(6),
            x: times, y: rates),
        ], xRange: 0...6.6)
      return Figure(
        title: language.pick(
          "Logits that flow to their scores minimize free energy and end at attention",
          "ロジットの流れは自由エネルギーを最小にし、注意に行き着く"),
        rows: [[beliefs], [trace]], language: language)
    }
  }
}

/// `dl/dt = s − l`.
struct LogitFlow: ODESystem {
  let scores: [Double]

  var dimension: Int { scores.count }
  var isLinear: Bool { true }
  var providesJacobian: Bool { true }

  func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    for index in scores.indices { derivative[index] = scores[index] - state[index] }
  }

  func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    for row in scores.indices {
      timeDerivative[row] = 0
      for column in scores.indices {
        jacobian[row * scores.count + column] = row == column ? -1 : 0
      }
    }
  }

  func variableName(_ index: Int) -> String { "l[\(index + 1)]" }
}

/// `dr_j/dt = −r_j (g_j − ⟨g⟩_r)`, `g = ln r − s`: the natural gradient of F in probabilities.
struct ReplicatorFlow: ODESystem {
  let scores: [Double]

  var dimension: Int { scores.count }

  func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    var mean = 0.0
    var total = 0.0
    for index in scores.indices {
      derivative[index] = log(state[index]) - scores[index]
      mean += state[index] * derivative[index]
      total += state[index]
    }
    // The sum is one but for rounding, which would grow as e^(F t) if the mean were not relative.
    mean /= total
    for index in scores.indices {
      derivative[index] = -state[index] * (derivative[index] - mean)
    }
  }

  func variableName(_ index: Int) -> String { "r[\(index + 1)]" }
}
