internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P13: an error unit for categories is softmax(u) − p.
package struct CategoricalErrorComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package let name = "categorical-error"
  package let number = "P13"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "The error unit of a softmax node", japanese: "ソフトマックスノードの誤差ユニット")
  package let claim = Claim(
    equation: [
      "∂KL[p‖softmax(u)]/∂u = softmax(u) − p",
      "KL[N(m₁, I)‖N(m₂, I)] = ½‖m₁ − m₂‖²,   ∂/∂m₂ = −(m₁ − m₂)",
    ],
    meaning: LocalizedText(
      english: """
        If the energy of a node is the divergence of what is predicted from what is there, a \
        Gaussian node of unit variance has the ordinary prediction error, and a node whose \
        prediction is a softmax, such as an attention map, has the difference of two \
        probabilities. The latter never exceeds one, however wrong the logits are. \
        Logits are finite here: where a mask hides a category that the target holds, KL is infinite.
        """,
      japanese: """
        ノードのエネルギーを、予測された分布と実際の分布とのダイバージェンスとします。分散 1 のガウス分布のノードでは普通の予測誤差が、\
        注意マップのようにソフトマックスで予測するノードでは2 つの確率の差が、誤差ユニットになります。後者は、ロジットがどれほど外れても 1 を超えません。\
        ここではロジットは有限です。目標が含むカテゴリーをマスクで隠すと、KL は無限大になります。
        """),
    references: ["pinchetti2022predictive"])
  package let glossary = [
    "error-unit", "prediction-error", "softmax", "kullback-leibler-divergence",
  ]

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var categorical = DeviationMeter()
    var value = DeviationMeter()
    var slope = DeviationMeter()
    let problems = RandomProblems.make(settings.instances, from: &source, scores: .extreme)
    // One program for all problems of a size.
    var divergences: [Int: ProgramRunner] = [:]
    var gaussians: [Int: ProgramRunner] = [:]
    for (index, problem) in problems.enumerated() {
      // Every third target is certain of one key, as a label is.
      let kept = RandomProblems.integer(below: problem.count, &source)
      let target = CategoricalFreeEnergy.random(
        on: problem.keys.indices.map { index % 3 != 0 || $0 == kept }, from: &source)
      let runner =
        divergences[problem.count]
        ?? ProgramRunner(
          Self.divergence(count: problem.count).gradient(of: "KL", withRespectTo: ["u"]))
      divergences[problem.count] = runner
      runner.set("u", problem.scores)
      runner.set("p", target)
      runner.run()
      categorical.compare(
        runner("gradient.u"), Vectors.sum(problem.weightsByAttention, -1, target))

      let (first, second) = (problem.query, source.normals(problem.query.count))
      let gaussian =
        gaussians[first.count]
        ?? ProgramRunner(
          Self.gaussianDivergence(width: first.count).gradient(of: "KL", withRespectTo: ["m2"]))
      gaussians[first.count] = gaussian
      gaussian.set("m1", first)
      gaussian.set("m2", second)
      gaussian.run()
      let error = Vectors.sum(first, -1, second)
      value.compare(gaussian("KL")[0], 0.5 * Vectors.dot(error, error))
      slope.compare(gaussian("gradient.m2"), error.map { -$0 })
    }
    return Finding(
      deviations: [
        categorical.deviation(
          "∂KL/∂u = attention weights − target", "∂KL/∂u = 注意の重み − 目標", tolerance: 1e-12),
        value.deviation(
          "Gaussian KL = ½ squared error", "ガウス分布の KL = 予測誤差の二乗の半分", tolerance: 1e-12),
        slope.deviation(
          "Gaussian ∂KL/∂m₂ = −prediction error", "ガウス分布の ∂KL/∂m₂ = −予測誤差",
          tolerance: 1e-12),
      ],
      figure: settings.draws ? Self.figure() : nil)
  }

  /// KL[p‖softmax(u)] as a program of `u` and `p` [count]; `0 ln 0` is 0.
  static func divergence(count: Int) -> Program {
    var builder = ProgramBuilder()
    let u = builder.input("u", shape: .vector(count))
    let p = builder.input("p", shape: .vector(count))
    let isZero = builder.binary(.equal, p, builder.constant(0))
    let logTarget = builder.unary(.log, builder.select(isZero, builder.constant(1), p))
    let total = builder.broadcast(builder.logSumExp(u), to: .vector(count))
    let logPrediction = builder.binary(.subtract, u, total)
    let inside = builder.binary(.subtract, logTarget, logPrediction)
    builder.output("KL", builder.sum(builder.binary(.multiply, p, inside)))
    return builder.build()
  }

  /// KL of two Gaussians of unit variance as the mean of the difference of log densities, by the
  /// three-point rule of Gauss and Hermite, which is exact for polynomials up to degree five.
  static func gaussianDivergence(width: Int) -> Program {
    var builder = ProgramBuilder()
    let m1 = builder.input("m1", shape: .vector(width))
    let m2 = builder.input("m2", shape: .vector(width))
    let rule: [(node: Double, weight: Double)] = [
      (0, 2.0 / 3), (3.0.squareRoot(), 1.0 / 6), (-3.0.squareRoot(), 1.0 / 6),
    ]
    var total = builder.zeros(.vector(width))
    for point in rule {
      let x = builder.binary(.add, m1, builder.constant(point.node))
      func square(_ mean: Value) -> Value {
        let error = builder.binary(.subtract, x, mean)
        return builder.binary(.multiply, error, error)
      }
      // ln N(x; m₁) − ln N(x; m₂); the constants of the two are equal.
      let difference = builder.binary(.subtract, square(m2), square(m1))
      total = builder.binary(
        .add, total,
        builder.binary(.multiply, builder.constant(0.5 * point.weight), difference))
    }
    builder.output("KL", builder.sum(total))
    return builder.build()
  }

  private static func figure() -> LocalizedFigure {
    let logits = [1.5, 0.2, -0.8, 0.9, -0.3]
    let target = [0.1, 0.15, 0.05, 0.6, 0.1]
    let prediction = Vectors.softmax(logits)
    let program = divergence(count: 5).gradient(of: "KL", withRespectTo: ["u"])
    let runner = ProgramRunner(program, ["u": logits, "p": target])
    runner.run()
    let gradient = runner("gradient.u")
    let places = (1...5).map(Double.init)
    let moves = stride(from: -7.0, through: 7, by: 0.1).map { $0 }
    let two = ProgramRunner(
      divergence(count: 2).gradient(of: "KL", withRespectTo: ["u"]), ["p": [0.7, 0.3]])
    func slope(_ logit: Double) -> Double {
      two.set("u", [logit, 0])
      two.run()
      return two("gradient.u")[0]
    }
    let some = stride(from: -6.5, through: 6.5, by: 1).map { $0 }
    let slopes = some.map(slope)
    return LocalizedFigure { language in
      let units = Panel(
        title: language.pick("One error unit per category", "カテゴリーごとの誤差ユニット"),
        xLabel: language.pick("category", "カテゴリー"),
        yLabel: language.pick("probability, or difference", "確率、またはその差"),
        series: [
          .stems(
            language.pick("prediction softmax(u)", "予測 softmax(u)"), role: .attention,
            x: places.map { $0 - 0.2 }, y: prediction, width: 26),
          .stems(
            language.pick("target p", "目標 p"), role: .data, x: places, y: target, width: 26),
          .stems(
            language.pick("error softmax(u) − p", "誤差 softmax(u) − p"), role: .error,
            x: places.map { $0 + 0.2 }, y: Vectors.sum(prediction, -1, target), width: 26),
          .points(
            language.pick("slope of KL in u", "KL の u による傾き"), role: .freeEnergy,
            x: places.map { $0 + 0.2 },
            y: gradient, size: 12),
        ], xRange: 0.5...5.5, rules: [.horizontal(0)], categories: places.map { "\(Int($0))" })
      let saturation = Panel(
        title: language.pick(
          "A softmax error levels off, a Gaussian one does not", "ソフトマックスの誤差は頭打ちになり、ガウス分布の誤差はならない"),
        xLabel: language.pick("logit u, or mean m₂", "ロジット u、または平均 m₂"),
        yLabel: language.pick("error unit", "誤差ユニット"),
        series: [
          .line(
            language.pick("softmax(u) − p, p = 0.7", "softmax(u) − p、p = 0.7"), role: .error,
            x: moves, y: moves.map { Vectors.softmax([$0, 0])[0] - 0.7 }, width: 4),
          .points(
            language.pick("slope of KL in u", "KL の u による傾き"), role: .freeEnergy, x: some,
            y: slopes, size: 12),
          .line(
            language.pick("Gaussian, m₂ − 0.85", "ガウス分布 m₂ − 0.85"),
            role: .error, variant: 1, x: moves, y: moves.map { $0 - 0.85 }, width: 4),
        ], xRange: -7...7, yRange: -2...2, rules: [.horizontal(0)])
      return Figure(
        title: language.pick(
          "A softmax node's error unit is the difference of two probabilities",
          "ソフトマックスノードの誤差ユニットは 2 つの確率の差である"),
        rows: [[units], [saturation]], language: language)
    }
  }
}
