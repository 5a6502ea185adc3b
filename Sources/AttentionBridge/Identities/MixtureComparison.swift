internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P5: attention weights are the responsibilities of a mixture of Gaussians around the keys.
package struct MixtureComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package let name = "mixture"
  package let number = "P5"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "Attention is inference in a Gaussian mixture", japanese: "注意は混合ガウス分布での推論である")
  package let claim = Claim(
    equation: [
      "p(q) = Σⱼ wⱼ N(q; kⱼ, β⁻¹I),   wⱼ ∝ exp(½β‖kⱼ‖² + bⱼ)",
      "p(j|q) = αⱼ,   −ln p(q) = βE(q) + ln Σⱼ exp(½β‖kⱼ‖² + bⱼ) + ½ d ln(2π/β)",
    ],
    meaning: LocalizedText(
      english: """
        A generative model in which a key is chosen and the query is the key with noise of \
        precision β has the attention weights as its posterior, and the Hopfield energy as its \
        surprise. Keys of equal length are equally likely beforehand; without that, attention \
        prefers long keys. Any other belief has a free energy higher by its divergence from α.
        """,
      japanese: """
        キーが 1 つ選ばれ、それに精度 β の雑音が加わってクエリになる、という生成モデルでは、事後分布が注意の重みに、驚きがホップフィールドエネルギーになります。\
        キーの長さが等しければ事前分布は一様で、そうでなければ注意は長いキーを好みます。\
        ほかの信念では、自由エネルギーが α からのダイバージェンスだけ大きくなります。
        """),
    references: ["ramsauer2021hopfield"])
  package let glossary = [
    "generative-model", "conditional-density", "surprise", "free-energy", "prior", "precision",
  ]

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var responsibilities = DeviationMeter()
    var surprise = DeviationMeter()
    var excess = DeviationMeter()
    var uniform = DeviationMeter()
    let problems = RandomProblems.make(
      settings.instances, from: &source, scores: .extreme, masks: true)
    for problem in problems {
      let mixture = KeyMixture(problem)
      let weights = problem.weightsByAttention
      let joint = mixture.logJoint(at: problem.query)
      let evidence = Vectors.logSumExp(joint)
      responsibilities.compare(joint.map { exp($0 - evidence) }, weights)
      let beta = problem.inverseTemperature
      let constants =
        mixture.logNormalizer + Double(problem.query.count) / 2 * log(2 * .pi / beta)
      surprise.compare(
        -evidence, beta * HopfieldEnergy(problem).value(at: problem.query) + constants)

      // Where a weight is too small for a number its logarithm is lost, and with it KL[r‖α].
      let r = CategoricalFreeEnergy.random(on: weights.map { $0 > 1e-290 }, from: &source)
      var energy = 0.0
      for key in r.indices where r[key] > 0 { energy += r[key] * (log(r[key]) - joint[key]) }
      excess.compare(energy + evidence, CategoricalFreeEnergy.divergence(r, weights))

      // A prior that is uniform by fiat, with keys of one length, a mask apart.
      var round = problem
      round.bias = problem.bias.map { $0 == -.infinity ? $0 : 0 }
      round.keys = problem.keys.map { key in key.map { 1.5 * $0 / Vectors.norm(key) } }
      let distances = round.keys.map { key -> Double in
        let error = Vectors.sum(round.query, -1, key)
        return -0.5 * beta * Vectors.dot(error, error)
      }
      uniform.compare(
        Vectors.softmax(zip(distances, round.bias).map { $0 + $1 }), round.weightsByAttention)
    }
    return Finding(
      deviations: [
        responsibilities.deviation(
          "responsibilities p(j|q) = attention weights", "事後確率 p(j|q) = 注意の重み",
          tolerance: 1e-12),
        surprise.deviation(
          "−ln p(q) = βE(q) + constants", "−ln p(q) = βE(q) + 定数", tolerance: 1e-12),
        excess.deviation(
          "any other belief costs KL[r‖α] more", "ほかの信念では F が KL[r‖α] だけ大きい",
          tolerance: 1e-12),
        uniform.deviation(
          "keys of equal length: uniform prior", "長さの等しいキー：一様な事前分布", tolerance: 1e-12),
      ],
      figure: settings.draws ? Self.figure() : nil)
  }

  private static func figure() -> LocalizedFigure {
    let problem = AttentionProblem(
      query: [0], keys: [[-1.6], [0.2], [1.9]], values: [[0], [0], [0]], inverseTemperature: 3)
    let mixture = KeyMixture(problem)
    let energy = HopfieldEnergy(problem)
    let x = stride(from: -3.0, through: 3.2, by: 0.04).map { $0 }
    let joint = x.map { mixture.logJoint(at: [$0]) }
    let constants =
      mixture.logNormalizer + 0.5 * log(2 * .pi / problem.inverseTemperature)
    let some = stride(from: -3.0, through: 3.2, by: 0.2).map { $0 }
    let weights = some.map { place -> [Double] in
      var moved = problem
      moved.query = [place]
      return moved.weightsByAttention
    }
    return LocalizedFigure { language in
      let surprise = Panel(
        title: language.pick("Surprise of a query", "クエリの驚き"),
        xLabel: language.pick("query q", "クエリ q"), yLabel: language.pick("nats", "ナット"),
        series: [
          .line(
            language.pick("−ln p(q) of the mixture", "混合分布の −ln p(q)"), role: .surprise, x: x,
            y: joint.map { -Vectors.logSumExp($0) }, width: 5, dash: .solid),
          .line(
            language.pick("βE(q) + constants", "βE(q) + 定数"), role: .truth, x: x,
            y: x.map { problem.inverseTemperature * energy.value(at: [$0]) + constants }),
        ], rules: problem.keys.map { .vertical($0[0]) })
      var series: [Series] = problem.keys.indices.map { key in
        .line(
          language.pick("p(j = \(key + 1) | q)", "p(j = \(key + 1) | q)"), role: .state,
          variant: [0, 1, 3][key], x: x, y: joint.map { exp($0[key] - Vectors.logSumExp($0)) },
          width: 4)
      }
      series += problem.keys.indices.map { key in
        .points(
          key == 0 ? language.pick("attention weights αⱼ", "注意の重み αⱼ") : "", role: .attention,
          x: some, y: weights.map { $0[key] }, size: 10)
      }
      let beliefs = Panel(
        title: language.pick(
          "Which key caused it? (keys at the dotted lines)", "どのキーから生じたか（点線がキーの位置）"),
        xLabel: language.pick("query q", "クエリ q"), yLabel: language.pick("probability", "確率"),
        series: series, rules: problem.keys.map { .vertical($0[0]) })
      return Figure(
        title: language.pick(
          "Attention weights are the posterior probabilities of the keys",
          "注意の重みはキーの事後確率である"),
        rows: [[surprise], [beliefs]], language: language)
    }
  }
}

/// Gaussians of precision β around keys, weighted by `exp(½β‖kⱼ‖² + bⱼ)`.
struct KeyMixture {
  private let keys: [[Double]]
  private let beta: Double
  /// ln w_j [T].
  let logWeights: [Double]
  /// The logarithm of what the weights were divided by.
  let logNormalizer: Double

  init(_ problem: AttentionProblem) {
    keys = problem.keys
    beta = problem.inverseTemperature
    let raw = zip(problem.keys, problem.bias).map {
      0.5 * problem.inverseTemperature * Vectors.dot($0, $0) + $1
    }
    let total = Vectors.logSumExp(raw)
    logNormalizer = total
    logWeights = raw.map { $0 - total }
  }

  /// ln w_j + ln N(q; k_j, β⁻¹I) [T].
  func logJoint(at query: [Double]) -> [Double] {
    let constant = Double(query.count) / 2 * log(beta / (2 * .pi))
    return zip(keys, logWeights).map { key, weight in
      let error = Vectors.sum(query, -1, key)
      return weight + constant - 0.5 * beta * Vectors.dot(error, error)
    }
  }

  /// −ln p(q) as a program: inputs `q` [1 × d], `k` [T × d] and ln w_j `w` [T], output `surprise`.
  var program: Program {
    var builder = ProgramBuilder()
    let width = keys[0].count
    let q = builder.input("q", shape: .matrix(1, width))
    let centers = builder.input("k", shape: .matrix(keys.count, width))
    let errors = builder.binary(
      .subtract, builder.broadcast(q, to: .matrix(keys.count, width)), centers)
    let squares = builder.sum(builder.binary(.multiply, errors, errors), axis: 1)
    let exponents = builder.binary(.multiply, builder.constant(-0.5 * beta), squares)
    let constant = Double(width) / 2 * log(beta / (2 * .pi))
    let weights = builder.input("w", shape: .vector(keys.count))
    let joint = builder.binary(
      .add, exponents, builder.binary(.add, weights, builder.constant(constant)))
    builder.output("surprise", builder.unary(.negate, builder.logSumExp(joint)))
    return builder.build()
  }
}
