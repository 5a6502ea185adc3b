internal import TensorCore

/// How many pairs there are to learn, and how wide they are.
struct PlasticitySizes {
  /// T.
  var pairs: Int
  /// d.
  var inputs: Int
  /// e.
  var outputs: Int
}

/// Pairs to learn and a query to predict for.
struct PlasticityProblem {
  /// W `[e × d]`.
  var weights: Tensor<Double>
  /// The inputs x_j `[T × d]`.
  var inputs: Tensor<Double>
  /// The outputs y_j `[T × e]`.
  var targets: Tensor<Double>
  /// x `[d × 1]`.
  var query: Tensor<Double>
  /// η.
  var rate: Double

  init(
    weights: Tensor<Double>, inputs: Tensor<Double>, targets: Tensor<Double>,
    query: Tensor<Double>, rate: Double
  ) {
    self.weights = weights
    self.inputs = inputs
    self.targets = targets
    self.query = query
    self.rate = rate
  }

  /// A random problem.
  init(_ sizes: PlasticitySizes, from source: inout RandomSource) {
    self.init(
      weights: LearningSamples.matrix(sizes.outputs, sizes.inputs, from: &source),
      inputs: LearningSamples.matrix(sizes.pairs, sizes.inputs, from: &source),
      targets: LearningSamples.matrix(sizes.pairs, sizes.outputs, from: &source),
      query: LearningSamples.matrix(sizes.inputs, 1, from: &source),
      rate: 0.01 + 0.5 * source.uniform())
  }

  /// The same with all inputs equal to the first.
  var withEqualInputs: PlasticityProblem {
    var result = self
    let first = Array(inputs.values.prefix(inputs.columns))
    result.inputs = Tensor(rows: (0..<inputs.rows).map { _ in first })
    return result
  }

  /// The error units ε_j = y_j − W x_j, `[T][e]`.
  var errorUnits: [[Double]] {
    let rows = LearningSamples.rows(weights)
    return zip(LearningSamples.rows(inputs), LearningSamples.rows(targets)).map { input, target in
      zip(target, rows).map { $0 - Vectors.dot($1, input) }
    }
  }

  /// `W + η Σ_j ε_j x_jᵀ`, synapse by synapse.
  var learnedByErrorUnits: Tensor<Double> {
    var result = weights
    for (error, input) in zip(errorUnits, LearningSamples.rows(inputs)) {
      for row in 0..<weights.rows {
        for column in 0..<weights.columns {
          result.values[row * weights.columns + column] += rate * error[row] * input[column]
        }
      }
    }
    return result
  }
}

/// The programs of one size: learning by differentiation, and attention without and with softmax.
struct PlasticityPrograms {
  private let slope: ProgramRunner
  private let linear: ProgramRunner
  private let expansion: ProgramRunner

  init(_ sizes: PlasticitySizes) {
    slope = Self.slope(sizes)
    linear = Self.linear(sizes)
    expansion = Self.expansion(sizes)
  }

  /// `W − η ∂F/∂W`, by reverse differentiation of the program of F.
  func learnedByGradient(_ problem: PlasticityProblem) -> Tensor<Double> {
    let result = slope.evaluate([
      "W": problem.weights, "x": problem.inputs, "y": problem.targets,
    ])
    var learned = problem.weights
    for (index, entry) in (result["gradient.W"]?.values ?? []).enumerated() {
      learned.values[index] -= problem.rate * entry
    }
    return learned
  }

  /// Attention without softmax, `(xᵀ Kᵀ) V` with K the inputs and V the error units, `[e]`.
  func linearAttention(_ problem: PlasticityProblem) -> [Double] {
    linear.evaluate(Self.arguments(problem))["out"]?.values ?? []
  }

  /// The same from softmax attention: T times its slope in β at β = 0, plus what centring takes.
  func expandedAttention(_ problem: PlasticityProblem) -> [Double] {
    var arguments = Self.arguments(problem)
    arguments["beta"] = Tensor(0)
    let result = expansion.evaluate(arguments)
    let count = Double(problem.inputs.rows)
    let total = LearningSamples.rows(problem.inputs).reduce(0) {
      $0 + Vectors.dot($1, problem.query.values)
    }
    // At β = 0 the weights are equal, so the output is the mean of the values.
    let mean = result["out"]?.values ?? []
    return zip(result["slope"]?.values ?? [], mean).map { count * $0 + total * $1 }
  }

  private static func arguments(_ problem: PlasticityProblem) -> [String: Tensor<Double>] {
    [
      "q": problem.query.reshaped(.matrix(1, problem.inputs.columns)), "k": problem.inputs,
      "v": Tensor(rows: problem.errorUnits),
    ]
  }

  private static func slope(_ sizes: PlasticitySizes) -> ProgramRunner {
    var builder = ProgramBuilder()
    let w = builder.input("W", shape: .matrix(sizes.outputs, sizes.inputs))
    let x = builder.input("x", shape: .matrix(sizes.pairs, sizes.inputs))
    let y = builder.input("y", shape: .matrix(sizes.pairs, sizes.outputs))
    let predicted = builder.matrixProduct(x, builder.transpose(w))
    let error = builder.binary(.subtract, y, predicted)
    let squares = builder.sum(builder.binary(.multiply, error, error))
    builder.output("F", builder.binary(.multiply, builder.constant(0.5), squares))
    return ProgramRunner(builder.build().gradient(of: "F", withRespectTo: ["W"]))
  }

  private static func inputs(
    _ sizes: PlasticitySizes, in builder: inout ProgramBuilder
  ) -> (q: Value, k: Value, v: Value) {
    (
      builder.input("q", shape: .matrix(1, sizes.inputs)),
      builder.input("k", shape: .matrix(sizes.pairs, sizes.inputs)),
      builder.input("v", shape: .matrix(sizes.pairs, sizes.outputs))
    )
  }

  private static func linear(_ sizes: PlasticitySizes) -> ProgramRunner {
    var builder = ProgramBuilder()
    let (q, k, v) = inputs(sizes, in: &builder)
    builder.output(
      "out", builder.matrixProduct(builder.matrixProduct(q, builder.transpose(k)), v))
    return ProgramRunner(builder.build())
  }

  private static func expansion(_ sizes: PlasticitySizes) -> ProgramRunner {
    var builder = ProgramBuilder()
    let (q, k, v) = inputs(sizes, in: &builder)
    let beta = builder.input("beta", shape: .scalar)
    let out = builder.attention(builder.binary(.multiply, q, beta), k, v, scale: 1)
    builder.output("out", out)
    return ProgramRunner(
      builder.build().jacobian(of: "out", withRespectTo: "beta", as: "slope"))
  }
}
