internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P11: the force of an Energy Transformer has two terms, of which attention keeps one.
package struct EnergyTransformerComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package let name = "energy-transformer"
  package let number = "P11"
  package let kind = ComparisonKind.identity
  package let title = LocalizedText(
    english: "Attention keeps one of the two terms of an energy's force",
    japanese: "注意は、エネルギーから生じる力の 2 つの項の一方である")
  package let claim = Claim(
    equation: [
      "E = −β⁻¹ Σᵢ ln Σⱼ exp(β kⱼ·qᵢ),   Q = X Wq,   K = X Wk",
      "−∂E/∂X = α (X Wk) Wqᵀ + αᵀ (X Wq) Wkᵀ",
    ],
    meaning: LocalizedText(
      english: """
        If all tokens descend one energy together, each token is pulled as a query toward the keys \
        it attends to, and as a key toward the queries that attend to it. Ordinary attention with \
        its values tied to the keys has the first pull only, so nothing guarantees that this \
        energy falls. Here several heads add up, with masks; the norm of Hoover's block is left out.
        """,
      japanese: """
        すべてのトークンがそろって 1 つのエネルギーを下るなら、どのトークンも、クエリとしては注意しているキーへ、キーとしては自分に注意しているクエリへ引かれます。\
        値をキーと共有した普通の注意には前者しかないので、このエネルギーが下がる保証はありません。ここでは複数のヘッドの和を、マスクがある場合も含めて調べます。Hoover らのブロックにある正規化は省いています。
        """),
    references: ["hoover2023energy"])
  package let glossary = ["attention", "query-key-value", "gradient-descent", "softmax"]

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var force = DeviationMeter()
    var first = DeviationMeter()
    var second = DeviationMeter()
    // One set of programs for all blocks of a shape.
    var machines: [[Int]: EnergyPrograms] = [:]
    for block in Self.blocks(settings.instances, from: &source) {
      let machine = machines[block.extents] ?? EnergyPrograms(block)
      machines[block.extents] = machine
      let gradient = machine.gradient(block)
      let terms = machine.terms(block)
      force.compare(
        Vectors.sum(terms.asQueries, 1, terms.asKeys), gradient.whole.map { -$0 })
      first.compare(terms.asQueries, gradient.asQueries.map { -$0 })
      second.compare(terms.asKeys, gradient.asKeys.map { -$0 })
    }
    return Finding(
      deviations: [
        force.deviation(
          "both terms = −∂E/∂X", "2 つの項の和 = −∂E/∂X", tolerance: 1e-12),
        first.deviation(
          "first term: attention with V = K = pull on queries",
          "第一項：V = K の注意 = クエリを引く力", tolerance: 1e-12),
        second.deviation(
          "second term, absent in attention = pull on keys",
          "第二項（注意にはない）= キーを引く力", tolerance: 1e-12),
      ],
      figure: settings.draws ? Self.figure() : nil)
  }

  /// Random blocks after those at the edge: one token, equal tokens, a mask that leaves one token,
  /// scores of ±700.
  static func blocks(_ count: Int, from source: inout RandomSource) -> [EnergyBlock] {
    func random(tokens: Int, width: Int, key: Int, heads: Int) -> EnergyBlock {
      func matrix(_ rows: Int, _ columns: Int, _ scale: Double) -> Tensor<Double> {
        Tensor(
          shape: .matrix(rows, columns), values: source.normals(rows * columns).map { $0 * scale })
      }
      let scale = 1 / Double(width).squareRoot()
      let x = matrix(tokens, width, 1)
      let pairs = (0..<heads).map { _ in
        EnergyBlock.Head(query: matrix(width, key, scale), key: matrix(width, key, scale))
      }
      return EnergyBlock(
        tokens: x, heads: pairs, inverseTemperature: 1 / Double(key).squareRoot(),
        bias: Tensor(repeating: 0, shape: .matrix(tokens, tokens)))
    }
    var blocks = [random(tokens: 1, width: 3, key: 2, heads: 2)]
    var equal = random(tokens: 4, width: 3, key: 2, heads: 2)
    for token in 0..<4 {
      for index in 0..<3 { equal.tokens[token, index] = equal.tokens[0, index] }
    }
    blocks.append(equal)
    var alone = random(tokens: 4, width: 3, key: 2, heads: 2)
    for token in 0..<4 { for key in 0..<4 where key != 2 { alone.bias[token, key] = -.infinity } }
    blocks.append(alone)
    var large = random(tokens: 4, width: 3, key: 2, heads: 1)
    let factor = (700 / large.largestScore).squareRoot()
    large.tokens.values = large.tokens.values.map { $0 * factor }
    blocks.append(large)
    // Eight to a shape, so that programs can serve all of them.
    var extents: [Int] = []
    for index in 0..<max(0, count) {
      if index % 8 == 0 {
        extents = [7, 6, 4, 3].map { 1 + RandomProblems.integer(below: $0, &source) }
      }
      var block = random(
        tokens: extents[0], width: extents[1], key: extents[2], heads: extents[3])
      let tokens = block.tokens.rows
      let mask = source.uniform()
      for token in 0..<tokens {
        for key in 0..<tokens {
          // The published energy leaves out a token's attention to itself; decoders hide the future.
          let hides = mask < 0.3 ? key == token && tokens > 1 : mask < 0.6 && key > token
          if hides { block.bias[token, key] = -.infinity }
        }
      }
      blocks.append(block)
    }
    return blocks
  }

  private static func figure() -> LocalizedFigure {
    var source = RandomSource(seed: 11)
    var block = blocks(1, from: &source)[0]
    let width = 4
    let tokens = 6
    func matrix(_ rows: Int, _ columns: Int, _ scale: Double) -> Tensor<Double> {
      Tensor(
        shape: .matrix(rows, columns), values: source.normals(rows * columns).map { $0 * scale })
    }
    block = EnergyBlock(
      tokens: matrix(tokens, width, 1),
      heads: [EnergyBlock.Head(query: matrix(width, 3, 0.6), key: matrix(width, 3, 0.6))],
      inverseTemperature: 1, bias: Tensor(repeating: 0, shape: .matrix(tokens, tokens)))
    let programs = EnergyPrograms(block)
    let terms = programs.terms(block)
    let whole = programs.gradient(block).whole.map { -$0 }
    let largest = (terms.asQueries + terms.asKeys + whole).map(abs).max() ?? 1
    let steps = 12
    let both = block.trace(steps: steps, rate: 0.03) { Vectors.sum($0.asQueries, 1, $0.asKeys) }
    let one = block.trace(steps: steps, rate: 0.03) { $0.asQueries }
    let other = block.trace(steps: steps, rate: 0.03) { $0.asKeys }
    let x = (0...steps).map(Double.init)
    return LocalizedFigure { language in
      func map(_ title: String, _ values: [Double]) -> Panel {
        Panel(
          title: title, xLabel: language.pick("feature", "特徴"),
          yLabel: language.pick("token", "トークン"),
          series: [
            .heatMap(
              HeatMap(
                categories: Tensor(shape: .matrix(tokens, width), values: values),
                range: -largest...largest, palette: .signed, showsValues: true))
          ], categories: (1...width).map { "\($0)" }, yCategories: (1...tokens).map { "\($0)" })
      }
      let traces = Panel(
        title: language.pick("Energy when all tokens move", "全トークンが動くときのエネルギー"),
        xLabel: language.pick("step", "ステップ"), yLabel: language.pick("energy E", "エネルギー E"),
        series: [
          .line(
            language.pick("both pulls", "両方の力"), role: .state, x: x, y: both, width: 4),
          .line(
            language.pick("on queries only: attention", "クエリだけ：注意"), role: .attention, x: x,
            y: one, width: 4),
          .line(
            language.pick("on keys only", "キーだけ"), role: .neutral(6), x: x, y: other, width: 4),
        ])
      return Figure(
        title: language.pick(
          "The force down an energy is attention plus a pull that attention leaves out",
          "エネルギーを下る力は、注意と、注意にはない力との和である"),
        rows: [
          [
            map(language.pick("Pull on queries: attention", "クエリを引く力：注意"), terms.asQueries),
            map(language.pick("Pull on keys: not in attention", "キーを引く力：注意にはない"), terms.asKeys),
            map(language.pick("Their sum: the whole force", "和：力の全体"), whole),
          ], [traces],
        ], language: language, rowWeights: [1.2, 1],
        colorBar: Figure.ColorBar(
          range: -largest...largest, label: language.pick("force", "力")))
    }
  }
}

/// Tokens with the heads of an Energy Transformer.
struct EnergyBlock {
  /// Wq and Wk [D × d] of one head.
  struct Head {
    var query: Tensor<Double>
    var key: Tensor<Double>
  }

  /// X [tokens × D].
  var tokens: Tensor<Double>
  /// The heads; their energies add up.
  var heads: [Head]
  /// β.
  var inverseTemperature: Double
  /// Added to the scores [queries × keys]; minus infinity hides a key.
  var bias: Tensor<Double>

  /// The largest size of a score, for the choice of β.
  var largestScore: Double {
    heads.flatMap { head -> [Double] in
      let q = LinearAlgebra.product(tokens, head.query)
      let k = LinearAlgebra.product(tokens, head.key)
      return LinearAlgebra.product(q, LinearAlgebra.transpose(k)).values.map {
        abs($0 * inverseTemperature)
      }
    }.max() ?? 0
  }

  /// What decides the programs: tokens, D, d and heads.
  var extents: [Int] {
    [tokens.rows, tokens.columns, heads.first?.query.columns ?? 0, heads.count]
  }

  /// E along steps of a part of the force, the start first.
  func trace(
    steps: Int, rate: Double, along force: ((asQueries: [Double], asKeys: [Double])) -> [Double]
  ) -> [Double] {
    let programs = EnergyPrograms(self)
    var moved = self
    return (0...steps).map { step in
      if step > 0 {
        moved.tokens.values = Vectors.sum(
          moved.tokens.values, rate, force(programs.terms(moved)))
      }
      return programs.energy(moved)
    }
  }
}

/// The programs of an Energy Transformer for all blocks of one shape and one β.
struct EnergyPrograms {
  private let shared: ProgramRunner
  private let apart: ProgramRunner
  private let force: ProgramRunner

  init(_ block: EnergyBlock) {
    shared = ProgramRunner(
      Self.energy(block, isShared: true).gradient(of: "E", withRespectTo: ["x"]))
    apart = ProgramRunner(
      Self.energy(block, isShared: false).gradient(of: "E", withRespectTo: ["x", "y"]))
    force = ProgramRunner(Self.terms(block))
  }

  /// E of a block.
  func energy(_ block: EnergyBlock) -> Double {
    run(shared, block)
    return shared("E")[0]
  }

  /// ∂E/∂X by reverse differentiation: whole, and with tokens as queries and keys told apart.
  func gradient(
    _ block: EnergyBlock
  ) -> (whole: [Double], asQueries: [Double], asKeys: [Double]) {
    run(shared, block)
    apart.set("y", block.tokens.values)
    run(apart, block)
    return (shared("gradient.x"), apart("gradient.x"), apart("gradient.y"))
  }

  /// The two terms of the force by the attention of the tensor core, summed over heads.
  func terms(_ block: EnergyBlock) -> (asQueries: [Double], asKeys: [Double]) {
    run(force, block)
    return (force("first"), force("second"))
  }

  private func run(_ runner: ProgramRunner, _ block: EnergyBlock) {
    runner.set("x", block.tokens.values)
    runner.set("bias", block.bias.values)
    for (index, head) in block.heads.enumerated() {
      runner.set("query\(index)", head.query.values)
      runner.set("key\(index)", head.key.values)
    }
    runner.run()
  }

  /// E as a program of tokens as queries `x` and tokens as keys, `y` or the same.
  private static func energy(_ block: EnergyBlock, isShared: Bool) -> Program {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: block.tokens.shape)
    let y = isShared ? x : builder.input("y", shape: block.tokens.shape)
    let bias = builder.input("bias", shape: block.bias.shape)
    let beta = builder.constant(block.inverseTemperature)
    var energy = builder.constant(0)
    for (index, head) in block.heads.enumerated() {
      let queryWeights = builder.input("query\(index)", shape: head.query.shape)
      let keyWeights = builder.input("key\(index)", shape: head.key.shape)
      let q = builder.matrixProduct(x, queryWeights)
      let k = builder.matrixProduct(y, keyWeights)
      let products = builder.matrixProduct(q, builder.transpose(k))
      let scores = builder.binary(.add, builder.binary(.multiply, beta, products), bias)
      let part = builder.binary(.divide, builder.sum(builder.logSumExp(scores)), beta)
      energy = builder.binary(.subtract, energy, part)
    }
    builder.output("E", energy)
    return builder.build()
  }

  private static func terms(_ block: EnergyBlock) -> Program {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: block.tokens.shape)
    let bias = builder.input("bias", shape: block.bias.shape)
    let unit = builder.constant(.identity(block.tokens.rows))
    let scale = block.inverseTemperature
    var first = builder.zeros(block.tokens.shape)
    var second = builder.zeros(block.tokens.shape)
    for (index, head) in block.heads.enumerated() {
      let queryWeights = builder.input("query\(index)", shape: head.query.shape)
      let keyWeights = builder.input("key\(index)", shape: head.key.shape)
      let q = builder.matrixProduct(x, queryWeights)
      let k = builder.matrixProduct(x, keyWeights)
      let attended = builder.attention(q, k, k, bias: bias, scale: scale)
      first = builder.binary(
        .add, first, builder.matrixProduct(attended, builder.transpose(queryWeights)))
      let weights = builder.attention(q, k, unit, bias: bias, scale: scale)
      let heard = builder.matrixProduct(builder.transpose(weights), q)
      second = builder.binary(
        .add, second, builder.matrixProduct(heard, builder.transpose(keyWeights)))
    }
    builder.output("first", first)
    builder.output("second", second)
    return builder.build()
  }
}
