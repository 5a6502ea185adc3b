internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
package import TensorCore

/// P12: with predictions frozen, error units on the graph of attention rest at backpropagation's
/// gradients.
///
/// Error units relax by messages written by hand (`FrozenErrors`); gradients come from the reverse
/// transformation of the tensor core (`AttentionGraph`). Both read the values of one forward program.
package struct FrozenErrorsComparison: BridgeComparison {
  package let name = "frozen-errors"
  package let number = "P12"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "Error units with frozen predictions rest at backpropagation's gradients",
    japanese: "予測を固定した誤差ユニットは誤差逆伝播の勾配で静止する")
  package let glossary = [
    "error-unit", "prediction-error", "message-passing", "attention", "query-key-value", "softmax",
    "gradient-descent",
  ]
  package let claim = Claim(
    equation: [
      "Q = X Wq, K = M Wk, V = M Wv, S = β Q Kᵀ + B, A = softmax(S), C = A V, O = C Wo",
      "ε̇ₙ = −εₙ + Σₘ (∂m/∂n)ᵀ εₘ  (n → m),   n = O:  ε̇ = −ε + (y − O)",
      "t → ∞:  εₙ = −∂Loss/∂n,   Loss = ½ ‖O − y‖²",
    ],
    meaning: LocalizedText(
      english: """
        Every node of an attention block gets error units, which hear only the error units of the \
        nodes that read it. While predictions stay as the forward pass made them, the errors come \
        to rest at the gradients that backpropagation computes, down to the matrices of queries, \
        keys, values and output. Freezing is the price: in the full free energy predictions follow \
        their states, and the two gradients then differ (see the comparison 'learning').
        """,
      japanese: """
        注意ブロックのどのノードにも誤差ユニットを置きます。誤差ユニットが受け取るのは、そのノードを読む\
        ノードの誤差ユニットの信号だけです。予測を順伝播のときのまま固定しておくと、誤差はクエリ・キー・値・出力の行列に至るまで、\
        誤差逆伝播が計算する勾配で静止します。予測の固定は、その代償です。自由エネルギー全体を下るときは\
        予測も状態に従って動き、2 つの勾配は異なります（比較「learning」を参照してください）。
        """),
    references: [
      "millidge2022predictive", "whittington2017approximation", "vaswani2017attention",
    ])

  /// Creates the comparison.
  package init() {}

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    let groups = Self.groups
    var meters = groups.map { _ in DeviationMeter() }
    for instance in Self.instances(settings.instances, from: &source) {
      let found = instance.errors.rest().errors
      // Rounding is relative to what is summed: where keys are equal, the large terms of a query's
      // gradient cancel. So all nodes of an instance share the scale of its largest gradient.
      let scale = instance.pass.gradients.values.joined().reduce(1) { max($0, abs($1)) }
      for (index, group) in groups.enumerated() {
        for node in group.nodes {
          meters[index].compare(
            instance.errors.part(node, of: found).map { $0 / scale },
            (instance.pass.gradients[node] ?? []).map { -$0 / scale })
        }
      }
    }
    return Finding(
      deviations: zip(groups, meters).map { group, meter in
        meter.deviation(
          "ε = −∂Loss/∂n at rest, n = \(group.symbols)",
          "静止した ε = −∂Loss/∂n（n = \(group.symbols)）", tolerance: 1e-12)
      }, figure: settings.draws ? try figure(settings) : nil)
  }

  private static let groups: [(nodes: [AttentionNode], symbols: String)] = [
    ([.output, .context], "O, C"), ([.weights], "A"), ([.scores], "S"),
    ([.queries, .keys, .values], "Q, K, V"),
    ([.queryWeight, .keyWeight, .valueWeight, .outputWeight], "Wq, Wk, Wv, Wo"),
  ]

  // MARK: Instances

  /// One graph with its gradients and its error units.
  package struct Instance {
    /// The forward and the backward pass of the tensor core.
    package let pass: AttentionGraph.Pass
    /// The error units.
    package let errors: FrozenErrors
  }

  /// What is special about an instance.
  private enum Mask: Int, CaseIterable { case none, causal, oneKey, some, equalKeys, extreme }

  /// Blocks of several extents, a single key and a single query among them, with every kind of mask.
  package static func instances(
    _ count: Int, from source: inout RandomSource
  ) -> [Instance] {
    let graphs = [(1, 1), (1, 6), (4, 4), (7, 7), (5, 3), (3, 12)].enumerated().map {
      index, sizes in
      AttentionGraph(
        AttentionExtents(
          queries: sizes.0, keys: sizes.1, keyWidth: 1 + index % 4, valueWidth: 1 + index % 3,
          width: 2 + index))
    }
    // Every mask at least once with every size.
    return (0..<max(count, graphs.count * Mask.allCases.count)).map { number in
      let mask = Mask.allCases[number / graphs.count % Mask.allCases.count]
      return instance(graphs[number % graphs.count], mask, &source)
    }
  }

  private static func instance(
    _ graph: AttentionGraph, _ mask: Mask, _ source: inout RandomSource
  ) -> Instance {
    let extents = graph.extents
    let (queries, keys) = (extents.queries, extents.keys)
    var memory = source.normals(keys * extents.width)
    if mask == .equalKeys {
      memory = (0..<memory.count).map { memory[$0 % extents.width] }
    }
    var bias = [Double](repeating: 0, count: queries * keys)
    for query in 0..<queries {
      let kept = RandomProblems.integer(below: keys, &source)
      for key in 0..<keys where key != kept {
        let hides =
          switch mask {
          case .none, .causal, .equalKeys, .extreme: false
          case .oneKey: true
          case .some: source.uniform() < 0.4
          }
        if hides { bias[query * keys + key] = -.infinity }
      }
    }
    if mask == .extreme {
      bias = bias.map { _ in [700, -700, 0][RandomProblems.integer(below: 3, &source)] }
    }
    // Queries are the last of as many places as there are keys; the first key is always seen.
    if mask == .causal {
      for query in 0..<queries {
        for key in 1..<max(1, keys) where key - keys > query - queries {
          bias[query * keys + key] = -.infinity
        }
      }
    }
    var given: [AttentionNode: [Double]] = [:]
    for node in extents.nodes where node.isParameter {
      given[node] = source.normals(extents.count(node))
    }
    let pass = graph.run(
      AttentionGraph.Inputs(
        rows: source.normals(queries * extents.width), memory: memory, given: given, bias: bias,
        target: source.normals(queries * extents.width)))
    return Instance(
      pass: pass,
      errors: FrozenErrors(
        pass, extents: extents, inverseTemperature: graph.inverseTemperature))
  }

  // MARK: The figure

  /// The flow of one instance: at every time the errors of all nodes.
  package static func flow(
    _ errors: FrozenErrors, times: [Double]
  ) throws(BridgeError) -> [[Double]] {
    try integrate(
      errors, from: [Double](repeating: 0, count: errors.dimension), times: times,
      options: ODEOptions(stepper: .rk8pd, relativeTolerance: 1e-12, absoluteTolerance: 1e-15))
  }

  private func figure(_ settings: BridgeSettings) throws(BridgeError) -> LocalizedFigure {
    var source = RandomSource(seed: settings.seed).split(name).split("figure")
    let graph = AttentionGraph(
      AttentionExtents(queries: 6, keys: 6, keyWidth: 4, valueWidth: 4, width: 8))
    let instance = Self.instance(graph, .causal, &source)
    let times = (0...120).map { Double($0) / 4 }
    let states = try Self.flow(instance.errors, times: times)
    func distance(_ node: AttentionNode, _ state: [Double]) -> Double {
      let expected = (instance.pass.gradients[node] ?? []).map { -$0 }
      let difference = Vectors.sum(instance.errors.part(node, of: state), -1, expected)
      return Vectors.norm(difference) / Vectors.norm(expected)
    }
    let rest = states.last ?? []
    return LocalizedFigure { language in
      let chain: [AttentionNode] = [.output, .context, .weights, .scores, .queryWeight]
      let approach = Panel(
        title: language.pick("Errors travel from the output to the input", "誤差は出力から入力へ伝わる"),
        xLabel: language.pick("time (time constants of the error units)", "時間（誤差ユニットの時定数）"),
        yLabel: language.pick("distance from the gradient (relative)", "勾配からの距離（相対）"),
        series: chain.enumerated().map { index, node in
          .line(
            language.pick("ε of \(node.symbol)", "\(node.symbol) の ε"), role: .error,
            variant: index, x: times,
            y: states.map { distance(node, $0) }, width: 4)
        }, yRange: 1e-9...10, yScale: .logarithmic, legend: .insideRight)
      let sets: [(nodes: [AttentionNode], name: String)] = [
        ([.queryWeight, .keyWeight, .valueWeight, .outputWeight], "Wq, Wk, Wv, Wo"),
        ([.queries, .keys, .values], "Q, K, V"), ([.scores, .weights], "S, A"),
      ]
      func gradients(_ nodes: [AttentionNode]) -> [Double] {
        nodes.flatMap { (instance.pass.gradients[$0] ?? []).map { -$0 } }
      }
      let all = gradients(sets.flatMap(\.nodes))
      // A little room, so that no point lies on the edge.
      let ends = [1.05 * min(all.min() ?? -1, -1), 1.05 * max(all.max() ?? 1, 1)]
      let identity = Panel(
        title: language.pick("At rest they are the gradients", "静止した誤差は勾配に等しい"),
        xLabel: language.pick("backpropagation: gradient, sign reversed", "誤差逆伝播の勾配（符号を反転）"),
        yLabel: language.pick("error unit ε at rest", "静止した誤差ユニット ε"),
        series: [
          .line(
            language.pick("equal", "一致"), role: .truth, x: ends, y: ends, width: 3)
        ]
          + sets.enumerated().map { index, set in
            .points(
              set.name, role: .error, variant: index, x: gradients(set.nodes),
              y: set.nodes.flatMap { instance.errors.part($0, of: rest) }, size: 10)
          }, xRange: ends[0]...ends[1], yRange: ends[0]...ends[1], legend: .insideLeft)
      return Figure(
        title: language.pick(
          "Frozen predictions: error units of an attention block become its gradients",
          "予測を固定すると、注意ブロックの誤差ユニットは勾配に落ち着く"),
        rows: [[approach, identity]], height: 800, language: language)
    }
  }
}
