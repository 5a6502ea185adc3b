internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
internal import TensorCore

/// P6: the flow down the Hopfield energy is driven by precision-weighted prediction errors and has
/// the fixed points of iterated attention.
package struct HopfieldFlowComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package let name = "hopfield-flow"
  package let number = "P6"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "Prediction errors drive the query to attention's fixed points",
    japanese: "予測誤差はクエリを注意の不動点へ導く")
  package let claim = Claim(
    equation: [
      "q̇ = −∂E/∂q = Σⱼ αⱼ (kⱼ − q),   Πⱼ = αⱼ",
      "q̇ = 0 ⇔ q = Kᵀ softmax(βKq),   dE/dt = −‖q̇‖² ≤ 0",
    ],
    meaning: LocalizedText(
      english: """
        Every key predicts the query, and the query moves with the errors weighted by precisions \
        that are the attention weights. The flow rests exactly where attention returns its own \
        query, and energy never rises, neither along the flow nor from one attention update to the \
        next. Which resting state is reached from a given start may differ between the two.
        """,
      japanese: """
        どのキーもクエリを予測し、クエリは注意の重みを精度とする予測誤差に従って動きます。流れが静止するのは、注意がクエリ自身を返す点に限られます。\
        流れに沿っても、注意の更新を繰り返しても、エネルギーは増えません。ただし、同じ出発点からどの静止点に着くかは、両者で異なることがあります。
        """),
    references: ["ramsauer2021hopfield", "friston2009rough"])
  package let glossary = [
    "prediction-error", "precision", "recognition-dynamics", "state-unit", "gradient-descent",
  ]

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var force = DeviationMeter()
    var restOfFlow = DeviationMeter()
    var restOfIteration = DeviationMeter()
    var riseOfFlow = DeviationMeter()
    var riseOfIteration = DeviationMeter()
    let problems = RandomProblems.make(
      settings.instances, from: &source, scores: .extreme, masks: true, ties: true)
    for problem in problems {
      let energy = HopfieldEnergy(problem)
      let step = AttentionStep(problem)
      force.compare(
        HopfieldFlow(problem).derivative(at: problem.query),
        energy.gradient(at: problem.query).map { -$0 })

      // Local linearization takes steps without limit near a rest, where they are Newton's, so the
      // end does not carry the error of the way there.
      let end = try problem.flow(
        from: problem.query, times: [1e6],
        options: ODEOptions(
          stepper: .localLinear, relativeTolerance: 1e-4, absoluteTolerance: 1e-7))[0]
      restOfFlow.compare(end, step(end))
      let fixed = Self.fixedPoint(of: step, problem, energy)
      let stayed = try problem.flow(
        from: fixed, times: [1],
        options: ODEOptions(
          stepper: .rk8pd, relativeTolerance: 1e-12, absoluteTolerance: 1e-13))[0]
      restOfIteration.compare(stayed, fixed)

      let way = try problem.flow(
        from: problem.query, times: [0.25, 0.5, 1, 2, 4],
        options: ODEOptions(
          stepper: .rk8pd, relativeTolerance: 1e-8, absoluteTolerance: 1e-9))
      riseOfFlow.record(Self.largestRise([problem.query] + way, energy))
      var updates = [problem.query]
      for _ in 0..<8 { updates.append(step(updates[updates.count - 1])) }
      riseOfIteration.record(Self.largestRise(updates, energy))
    }
    return Finding(
      deviations: [
        force.deviation(
          "weighted errors = −∂E/∂q", "重み付き予測誤差 = −∂E/∂q", tolerance: 1e-12),
        restOfFlow.deviation(
          "where the flow rests, attention returns its query", "流れの静止点で、注意はクエリを返す",
          tolerance: 1e-12),
        restOfIteration.deviation(
          "where attention returns its query, the flow rests", "注意がクエリを返す点で、流れは静止する",
          tolerance: 1e-12),
        riseOfFlow.deviation(
          "largest rise of E along the flow", "流れに沿った E の増加の最大値", tolerance: 1e-12),
        riseOfIteration.deviation(
          "largest rise of E in an attention update", "注意の更新での E の増加の最大値",
          tolerance: 1e-12),
      ],
      figure: settings.draws ? try Self.figure() : nil)
  }

  /// The largest rise of E from one query to the next, over the size of E; 0 where there is none.
  static func largestRise(_ path: [[Double]], _ energy: HopfieldEnergy) -> Double {
    let values = path.map { energy.value(at: $0) }
    return zip(values, values.dropFirst()).reduce(0) { largest, pair in
      let rise = (pair.1 - pair.0) / max(1, abs(pair.0))
      return rise.isNaN || largest.isNaN ? .nan : max(largest, rise)
    }
  }

  /// A query that attention returns: by iteration, and where that is slow by Newton's method on
  /// `attention(q) − q`, whose Jacobian is `β Cov_α(k) − I`.
  static func fixedPoint(
    of step: AttentionStep, _ problem: AttentionProblem, _ energy: HopfieldEnergy
  ) -> [Double] {
    var query = problem.query
    var distance = Double.infinity
    for round in 0..<200 {
      // Newton's step is taken only near the end and down the energy: in a bottleneck, where the
      // query almost rests, it would lead back and forth for ever.
      for _ in 0..<(round == 0 ? 60 : 10) {
        let next = step(query)
        distance = Vectors.norm(Vectors.sum(next, -1, query))
        query = next
        if distance <= 1e-15 { return query }
      }
      var here = problem
      here.query = query
      let covariance = Vectors.covariance(
        problem.keys, problem.keys, weights: here.weights)
      var matrix = Tensor<Double>.identity(query.count)
      for row in query.indices {
        for column in query.indices {
          matrix[row, column] -= problem.inverseTemperature * covariance[row][column]
        }
      }
      let move = Vectors.sum(step(query), -1, query)
      guard
        let solved = try? LinearAlgebra.solve(
          matrix, Tensor(shape: .matrix(query.count, 1), values: move))
      else { continue }
      let next = Vectors.sum(query, 1, solved.values)
      let after = Vectors.norm(Vectors.sum(step(next), -1, next))
      let (old, new) = (energy.value(at: query), energy.value(at: next))
      if after < 0.1 * distance && new <= old + 1e-14 * max(1, abs(old)) {
        (query, distance) = (next, after)
      }
      if distance <= 4e-15 * max(1, Vectors.norm(query)) { return query }
    }
    return query
  }

  private static func figure() throws(BridgeError) -> LocalizedFigure {
    let landscape = HopfieldLandscape.example
    let energy = HopfieldEnergy(landscape.problem)
    let step = AttentionStep(landscape.problem)
    let starts: [[Double]] = [[-0.25, 1.9], [1.9, -0.15], [-1.9, -0.3]]
    let times = stride(from: 0.05, through: 8, by: 0.05).map { $0 }
    var flows: [[[Double]]] = []
    var updates: [[[Double]]] = []
    for start in starts {
      let way = try landscape.problem.flow(from: start, times: times, options: ODEOptions())
      flows.append([start] + way)
      var path = [start]
      for _ in 0..<8 { path.append(step(path[path.count - 1])) }
      updates.append(path)
    }
    let (ways, paths) = (flows, updates)
    return LocalizedFigure { language in
      let flowName = language.pick("flow of errors", "予測誤差による流れ")
      let updateName = language.pick("iterated attention", "注意の反復")
      var ground = landscape.series(language)
      var traces: [Series] = []
      for index in starts.indices {
        let name = index == 0
        ground.append(
          .line(
            name ? flowName : "", role: .state, x: ways[index].map { $0[0] },
            y: ways[index].map { $0[1] }, width: 4))
        ground.append(
          .points(
            name ? updateName : "", role: .attention, x: paths[index].map { $0[0] },
            y: paths[index].map { $0[1] }, size: 13))
        traces.append(
          .line(
            name ? flowName : "", role: .state, variant: [0, 1, 3][index], x: [0] + times,
            y: ways[index].map { energy.value(at: $0) }, width: 4))
        traces.append(
          .points(
            name ? updateName : "", role: .attention, x: paths[index].indices.map(Double.init),
            y: paths[index].map { energy.value(at: $0) }, size: 11))
      }
      let trace = Panel(
        title: language.pick("Energy falls to the same values", "エネルギーは同じ値へ下がる"),
        xLabel: language.pick("time, or number of updates", "時間、または更新の回数"),
        yLabel: language.pick("energy E", "エネルギー E"), series: traces, legend: .insideRight)
      return Figure(
        title: language.pick(
          "From these starts, weighted errors and iterated attention end at the same points",
          "これらの出発点では、重み付き予測誤差と注意の反復は同じ点に着く"),
        rows: [[landscape.panel(ground, language), trace]], height: 800, language: language)
    }
  }
}
