internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
internal import TensorCore

/// P7: the derivative of attention is a covariance, and that decides whether a query is at rest.
package struct StabilityComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package let name = "stability"
  package let number = "P7"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "How attention answers a change of its query", japanese: "クエリの変化に対する注意の応答")
  package let claim = Claim(
    equation: [
      "∂(softmax(s) V)/∂q = β Cov[v, k],   Cov[v, k] = Σⱼ αⱼ (vⱼ − v̄)(kⱼ − k̄)ᵀ",
      "∂q̇/∂q = −(I − β Cov[k]),   stable ⇔ βλ < 1,   λ = max eig Cov[k]",
      "−∂² ln p(q)/∂q² = β (I − β Cov[k])",
    ],
    meaning: LocalizedText(
      english: """
        How strongly the output follows the query is the covariance of values and keys under the \
        attention weights. A query at rest between keys is stable while the keys it attends to are \
        close together for this β; spread further, the query must choose. The same matrix is the \
        Laplace precision of the query in the Gaussian mixture of P5.
        """,
      japanese: """
        クエリが変わると出力がどれほど変わるかは、注意の重みのもとでの値とキーの共分散で決まります。キーの間で静止したクエリは、注意しているキーどうしがその β に対して十分近いうちは安定で、\
        それより離れると、クエリはどれかを選ばざるをえません。同じ行列が、P5 の混合ガウス分布でのクエリのラプラス精度になります。
        """),
    references: ["ramsauer2021hopfield"])
  package let glossary = [
    "attention", "laplace-approximation", "precision", "local-linearization",
    "recognition-dynamics",
  ]

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var sensitivity = DeviationMeter()
    var flow = DeviationMeter()
    var laplace = DeviationMeter()
    let problems = RandomProblems.grouped(
      settings.instances, from: &source, scores: .extreme, masks: true)
    var derivatives = Derivatives()
    for problem in problems {
      let beta = problem.inverseTemperature
      let weights = problem.weights
      let cross = Vectors.covariance(problem.values, problem.keys, weights: weights)
      sensitivity.compare(
        derivatives.attention(problem), cross.flatMap { $0 }.map { beta * $0 })
      let expected = Self.restoring(
        Vectors.covariance(problem.keys, problem.keys, weights: weights), beta)
      flow.compare(derivatives.energy(problem).map { -$0 }, expected.map { -$0 })
      laplace.compare(derivatives.surprise(problem), expected.map { beta * $0 })
    }
    let (rate, wrong) = try Self.escape(settings.instances, &source)
    return Finding(
      deviations: [
        sensitivity.deviation(
          "slope of attention in q = β Cov[v, k]", "注意の q による微分 = β Cov[v, k]", tolerance: 1e-12),
        flow.deviation(
          "Jacobian of the flow = −(I − β Cov[k])", "流れのヤコビ行列 = −(I − β Cov[k])",
          tolerance: 1e-12),
        laplace.deviation(
          "Laplace precision = β (I − β Cov[k])", "ラプラス精度 = β (I − β Cov[k])",
          tolerance: 1e-12),
        // A displacement of 1e-5 obeys the linearized flow to its square, and its difference of
        // large numbers is good to 1e-11.
        rate.deviation(
          "rate of escape of the flow = βλ − 1", "流れが離れる速さ = βλ − 1",
          tolerance: 1e-8),
        wrong.deviation(
          "a flow that returns or leaves against the rule (1 if any)",
          "規則に反して戻る、または離れる流れ（あれば 1）", tolerance: 0),
      ],
      figure: settings.draws ? try Self.figure() : nil)
  }

  /// I − β C, row-major.
  private static func restoring(_ covariance: [[Double]], _ beta: Double) -> [Double] {
    covariance.enumerated().flatMap { row, entries in
      entries.enumerated().map { column, value in (row == column ? 1 : 0) - beta * value }
    }
  }

  /// Pairs of opposite keys, between which a query of zero rests, with a given β λ_max.
  ///
  /// - Parameters:
  ///   - pairs: one key of each pair.
  ///   - strength: β λ_max, which scales the keys.
  /// - Returns: the problem, the direction of the largest variance of its keys, and β λ_max by the
  ///   eigenvalues of the scaled keys.
  /// - Throws: `BridgeError.linearAlgebra`.
  static func balanced(
    pairs: [[Double]], strength: Double
  ) throws(BridgeError) -> (AttentionProblem, direction: [Double], strength: Double) {
    let beta = 1 / Double(pairs[0].count).squareRoot()
    func spectrum(_ keys: [[Double]]) throws(BridgeError) -> SymmetricEigendecomposition {
      let weights = keys.map { _ in 1 / Double(keys.count) }
      do throws(LinearAlgebraError) {
        return try SymmetricEigendecomposition(
          Tensor(rows: Vectors.covariance(keys, keys, weights: weights)))
      } catch {
        throw .linearAlgebra(error)
      }
    }
    var keys = pairs.flatMap { key in [key, key.map { -$0 }] }
    let largest = try spectrum(keys).values.max() ?? 1
    let factor = (strength / (beta * largest)).squareRoot()
    keys = keys.map { key in key.map { $0 * factor } }
    let decomposition = try spectrum(keys)
    let top =
      decomposition.values.indices.max {
        decomposition.values[$0] < decomposition.values[$1]
      } ?? 0
    let direction = (0..<pairs[0].count).map { decomposition.vectors[$0, top] }
    let problem = AttentionProblem(
      query: [Double](repeating: 0, count: pairs[0].count), keys: keys, values: keys)
    return (problem, direction, beta * decomposition.values[top])
  }

  /// Flows from close to a rest whose β λ_max is clearly below or above one.
  private static func escape(
    _ instances: Int, _ source: inout RandomSource
  ) throws(BridgeError) -> (rate: DeviationMeter, wrong: DeviationMeter) {
    var rate = DeviationMeter()
    var wrong = DeviationMeter()
    let start = 1e-5
    for instance in 0..<instances {
      let width = 1 + RandomProblems.integer(below: 6, &source)
      let pairs = (0..<(1 + RandomProblems.integer(below: 5, &source))).map { _ in
        source.normals(width)
      }
      let isStable = instance % 2 == 0
      let target = isStable ? 0.1 + 0.7 * source.uniform() : 1.25 + source.uniform()
      let (problem, direction, strength) = try balanced(pairs: pairs, strength: target)
      let states = try problem.flow(
        from: direction.map { $0 * start }, times: [1, 20],
        options: ODEOptions(
          stepper: .rk8pd, relativeTolerance: 1e-11, absoluteTolerance: 1e-16))
      rate.compare(log(Vectors.norm(states[0]) / start), strength - 1)
      let returned = Vectors.norm(states[1]) < start
      wrong.record(returned == (strength < 1) ? 0 : 1)
    }
    return (rate, wrong)
  }

  private static func figure() throws(BridgeError) -> LocalizedFigure {
    let strengths = [0.5, 0.85, 1.15, 1.5]
    let times = stride(from: 0.0, through: 20, by: 0.25).map { $0 }
    var ways: [[Double]] = []
    for strength in strengths {
      let (problem, direction, _) = try balanced(
        pairs: [[1, 0.2], [0.1, 0.5]], strength: strength)
      let way = try problem.flow(
        from: direction.map { $0 * 1e-3 }, times: Array(times.dropFirst()),
        options: ODEOptions(relativeTolerance: 1e-9, absoluteTolerance: 1e-15))
      ways.append([1e-3] + way.map(Vectors.norm))
    }
    let sweep = stride(from: 0.3, through: 2.0, by: 0.02).map { $0 }
    var rests: [Double] = []
    for strength in sweep {
      let (problem, direction, _) = try balanced(
        pairs: [[1, 0.2], [0.1, 0.5]], strength: strength)
      let end = try problem.flow(
        from: direction.map { $0 * 1e-3 }, times: [1e6],
        options: ODEOptions(stepper: .localLinear, absoluteTolerance: 1e-12))[0]
      rests.append(abs(Vectors.dot(end, direction)))
    }
    let (paths, ends) = (ways, rests)
    return LocalizedFigure { language in
      var series: [Series] = strengths.indices.map { index in
        .line(
          "βλ = \(strengths[index])", role: .state, variant: [0, 1, 3, 4][index], x: times,
          y: paths[index],
          width: 4)
      }
      series += strengths.indices.map { index in
        .line(
          index == 0 ? language.pick("exp((βλ − 1) t)", "exp((βλ − 1) t)") : "", role: .truth,
          x: times, y: times.map { 1e-3 * exp((strengths[index] - 1) * $0) }, width: 2)
      }
      let escape = Panel(
        title: language.pick("A query pushed off its rest", "静止点からずらしたクエリ"),
        xLabel: language.pick("time", "時間"),
        yLabel: language.pick("distance from the rest", "静止点からの距離"), series: series,
        yRange: 1e-7...10, yScale: .logarithmic)
      let fork = Panel(
        title: language.pick("Where it ends: in the middle, or at one side", "行き着く先：中央か、どちらかの側"),
        xLabel: language.pick("βλ (λ: largest variance of the keys)", "βλ（λ はキーの分散の最大値）"),
        yLabel: language.pick("resting query", "静止するクエリ"),
        series: [
          .line(role: .state, x: sweep, y: ends, width: 4),
          .line(role: .state, x: sweep, y: ends.map { -$0 }, width: 4),
          .line(
            language.pick("unstable", "不安定"), role: .truth, x: [1, 2],
            y: [0, 0]),
        ], xRange: 0.3...2, legend: .insideLeft, rules: [.vertical(1)])
      return Figure(
        title: language.pick(
          "A query between its keys is stable only while βλ < 1",
          "キーの間のクエリは βλ < 1 のときだけ安定である"),
        rows: [[escape, fork]], height: 800, language: language)
    }
  }
}

/// Derivatives by the tensor core, with one program for all problems of a shape.
private struct Derivatives {
  private var runners: [Key: ProgramRunner] = [:]

  private struct Key: Hashable {
    let name: String
    let extents: [Int]
    let beta: Double
  }

  private mutating func values(
    _ name: String, _ problem: AttentionProblem, _ arguments: [String: [Double]],
    _ program: () -> Program
  ) -> [Double] {
    let key = Key(
      name: name, extents: [problem.count, problem.query.count, problem.valueWidth],
      beta: problem.inverseTemperature)
    let runner = runners[key] ?? ProgramRunner(program().keeping(outputs: ["D"]))
    runners[key] = runner
    for (name, values) in arguments { runner.set(name, values) }
    runner.run()
    return runner("D")
  }

  /// ∂attention/∂q [e × d] of the attention that models run.
  mutating func attention(_ problem: AttentionProblem) -> [Double] {
    var arguments = HopfieldEnergy.arguments(problem)
    arguments["v"] = problem.values.flatMap { $0 }
    return values("attention", problem, arguments) {
      var builder = ProgramBuilder()
      let q = builder.input("q", shape: .matrix(1, problem.query.count))
      let k = builder.input("k", shape: .matrix(problem.count, problem.query.count))
      let v = builder.input("v", shape: .matrix(problem.count, problem.valueWidth))
      let b = builder.input("b", shape: .matrix(1, problem.count))
      let out = builder.attention(q, k, v, bias: b, scale: problem.inverseTemperature)
      builder.output("out", out)
      return builder.build().jacobian(of: "out", withRespectTo: "q", as: "D")
    }
  }

  /// ∂²E/∂q² [d × d] of the Hopfield energy.
  mutating func energy(_ problem: AttentionProblem) -> [Double] {
    values("energy", problem, HopfieldEnergy.arguments(problem)) {
      HopfieldEnergy.program(problem).gradient(of: "E", withRespectTo: ["q"])
        .jacobian(of: "gradient.q", withRespectTo: "q", as: "D")
    }
  }

  /// −∂² ln p(q)/∂q² [d × d] of the Gaussian mixture.
  mutating func surprise(_ problem: AttentionProblem) -> [Double] {
    let mixture = KeyMixture(problem)
    let arguments = [
      "q": problem.query, "k": problem.keys.flatMap { $0 }, "w": mixture.logWeights,
    ]
    return values("surprise", problem, arguments) {
      mixture.program.gradient(of: "surprise", withRespectTo: ["q"])
        .jacobian(of: "gradient.q", withRespectTo: "q", as: "D")
    }
  }
}
