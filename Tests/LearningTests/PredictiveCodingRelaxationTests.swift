import TensorCore
import TestSupport
import Testing

@testable import Learning

/// How states come to rest, and what is computed on the way.
struct PredictiveCodingRelaxationTests {
  @Test(.tags(.property), arguments: [UnaryOperation.tanh, .softplus, .sigmoid])
  func freeEnergyNeverRises(activation: UnaryOperation) throws {
    for loss in [PredictiveCodingNetwork.Loss.gaussian, .crossEntropy] {
      let example = PredictiveCodingCase(
        widths: [4, 6, 5, 3], activation: activation, rows: 5, loss: loss, seed: 21)
      let objective = PredictiveCodingGradient<Double>(
        example.network, schedule: .equilibrium(steps: 100, rate: 0.05), recordsEnergy: true)
      var gradient: [Double] = []
      let sums = try objective.run(
        example.parameters.values, shards: [example.shard], gradient: &gradient)
      #expect(sums.energies.count == 101)
      expectClose(sums.energies[0], sums.loss, "no errors but the last at the start")
      for (before, after) in zip(sums.energies, sums.energies.dropFirst()) {
        #expect(after <= before * (1 + 1e-14), "\(activation) \(loss): \(before) to \(after)")
      }
      #expect(sums.energies[100] < sums.energies[0])
      // Watching changes nothing.
      let unwatched = try example.gradient(.equilibrium(steps: 100, rate: 0.05))
      #expect(unwatched.values == gradient)
      #expect(unwatched.sums.energies.isEmpty)
    }
  }

  @Test(.tags(.property))
  func statesSettleAtCorners() throws {
    // At a corner of F a step of any size may lead up again: the descent is on the whole.
    let example = PredictiveCodingCase(
      widths: [4, 6, 5, 3], activation: .relu, rows: 5, loss: .crossEntropy, seed: 21)
    let objective = PredictiveCodingGradient<Double>(
      example.network, schedule: .equilibrium(steps: 100, rate: 0.02), recordsEnergy: true)
    var gradient: [Double] = []
    let energies = try objective.run(
      example.parameters.values, shards: [example.shard], gradient: &gradient
    ).energies
    let late = energies.suffix(50)
    #expect((late.max() ?? .nan) < energies[0])
    #expect((late.max() ?? .nan) - (late.min() ?? .nan) < 0.05 * energies[0])
  }

  /// For linear stages, F is quadratic in the states and its minimum solves normal equations.
  @Test(.tags(.reference))
  func linearNetworkRestsAtTheClosedForm() throws {
    let (n0, n1, n2, n3, rows) = (3, 4, 3, 2, 2)
    let (p1, p2, p3) = (0.7, 1.6, 2.2)
    var example = PredictiveCodingCase(
      widths: [n0, n1, n2, n3], activation: .tanh, rows: rows, loss: .gaussian(precision: p3),
      precisions: [p1, p2], seed: 22)
    example = PredictiveCodingCase(linear: example, widths: [n0, n1, n2, n3], p1, p2, p3)
    let objective = PredictiveCodingGradient<Double>(
      example.network, schedule: .equilibrium(steps: 20_000, rate: 0.1, tolerance: 1e-13))
    var gradient: [Double] = []
    let sums = try objective.run(
      example.parameters.values, shards: [example.shard], gradient: &gradient)
    #expect(sums.relaxations < 20_000)
    let found = objective.variables(ofShard: 0)

    let w1 = try #require(example.parameters["layer.1.weight"])
    let w2 = try #require(example.parameters["layer.2.weight"])
    let w3 = try #require(example.parameters["layer.3.weight"])
    let b = try (1...3).map { try #require(example.parameters["layer.\($0).bias"]).values }
    // Per row, in x = (x₁, x₂):
    //   (p1 I + p2 W₂W₂ᵀ) x₁ − p2 W₂ x₂           = p1 x̂₁ − p2 W₂ b₂
    //   −p2 W₂ᵀ x₁ + (p2 I + w p3 W₃W₃ᵀ) x₂       = p2 b₂ + w p3 W₃ (y − b₃)
    for row in 0..<rows {
      let weight = example.shard[2][row]
      let input = example.shard[0][(row * n0)..<(row * n0 + n0)].map { $0 }
      let target = example.shard[1][(row * n3)..<(row * n3 + n3)].map { $0 }
      var matrix = Tensor<Double>(repeating: 0, shape: .matrix(n1 + n2, n1 + n2))
      var right = [Double](repeating: 0, count: n1 + n2)
      for i in 0..<n1 {
        matrix[i, i] += p1
        for j in 0..<n1 { for k in 0..<n2 { matrix[i, j] += p2 * w2[i, k] * w2[j, k] } }
        for k in 0..<n2 {
          matrix[i, n1 + k] -= p2 * w2[i, k]
          matrix[n1 + k, i] -= p2 * w2[i, k]
          right[i] -= p2 * w2[i, k] * b[1][k]
        }
        right[i] += p1 * (b[0][i] + (0..<n0).reduce(0) { $0 + input[$1] * w1[$1, i] })
      }
      for i in 0..<n2 {
        matrix[n1 + i, n1 + i] += p2
        for j in 0..<n2 {
          for k in 0..<n3 { matrix[n1 + i, n1 + j] += weight * p3 * w3[i, k] * w3[j, k] }
        }
        right[n1 + i] += p2 * b[1][i]
        for k in 0..<n3 { right[n1 + i] += weight * p3 * w3[i, k] * (target[k] - b[2][k]) }
      }
      let solution = try CholeskyFactor(matrix).solve(
        Tensor(shape: .matrix(n1 + n2, 1), values: right)
      ).values
      let states =
        Array(found[0].values[(row * n1)..<(row * n1 + n1)])
        + Array(found[1].values[(row * n2)..<(row * n2 + n2)])
      expectClose(states, solution, within: Tolerance("equilibrium", relative: 1e-10))
    }
  }

  @Test
  func toleranceEndsRelaxationWhereFlowsAreSmall() throws {
    let example = PredictiveCodingCase(widths: [4, 6, 5, 3], rows: 5, seed: 23)
    let all = try example.gradient(.equilibrium(steps: 3000, rate: 0.1))
    let some = try example.gradient(.equilibrium(steps: 3000, rate: 0.1, tolerance: 1e-9))
    #expect(all.sums.relaxations == 3000)
    #expect(some.sums.relaxations > 10 && some.sums.relaxations < 3000)
    expectClose(some.values, all.values, within: Tolerance("rest", relative: 1e-6))
  }

  // MARK: Hoisting

  @Test(.tags(.identity))
  func hoistingKeepsEveryValue() throws {
    let example = PredictiveCodingCase(
      widths: [4, 6, 5, 3], rows: 5, loss: .crossEntropy, seed: 24)
    let network = example.network
    let whole = network.freeEnergy.gradient(
      of: "energy", withRespectTo: network.states + network.layout.names)
    let hoisted = whole.hoisting(varying: network.states)
    var arguments = example.arguments
    for (name, state) in try example.feedForwardStates() { arguments[name] = state }
    let expected = Double.evaluate(whole, arguments)
    let prelude = Double.evaluate(
      hoisted.prelude, arguments.filter { hoisted.prelude.input($0.key) != nil })
    for name in hoisted.held { arguments[name] = prelude[name] }
    var found = Double.evaluate(
      hoisted.body, arguments.filter { hoisted.body.input($0.key) != nil })
    for (name, value) in prelude where !name.hasPrefix("held.") { found[name] = value }
    #expect(Set(found.keys) == Set(expected.keys))
    for (name, value) in expected { #expect(found[name] == value, "\(name)") }
    for name in network.states { #expect(hoisted.prelude.input(name) == nil) }
  }

  @Test
  func relaxationDoesNotReadTheClampedInput() throws {
    let network = PredictiveCodingNetwork.perceptron(
      widths: [784, 6, 5, 3], activation: .tanh, rows: 2, loss: .gaussian)
    let programs = PredictiveCodingPrograms(network, .equilibrium(steps: 1, rate: 1))
    #expect(programs.relaxation.input("input") == nil)
    #expect(programs.relaxation.input("layer.1.weight") == nil)
    #expect(programs.relaxation.inputs.prefix(2).map(\.name) == network.states)
    // Two predictions and two messages back: W₁ has no part in it.
    #expect(Self.products(programs.relaxation) == 4)
    #expect(Self.products(programs.start) == 3)
    // With fixed predictions only messages are left, and the top one has been sent.
    let fixed = PredictiveCodingPrograms(network, .fixedPrediction(steps: 1, rate: 1))
    #expect(Self.products(fixed.relaxation) == 1)
  }

  static func products(_ program: Program) -> Int {
    program.nodes.filter { $0.operation == .matrixProduct }.count
  }

  // MARK: Failures

  @Test
  func divergenceIsAnErrorThatNamesItsStep() throws {
    let example = PredictiveCodingCase(
      widths: [4, 6, 5, 3], activation: .relu, rows: 5, seed: 25)
    let objective = PredictiveCodingGradient<Double>(
      example.network, schedule: .equilibrium(steps: 20_000, rate: 1e3))
    var learner = Learner(
      LearnerSettings(schedule: .init(peak: 0.1)), parameters: example.parameters)
    do {
      _ = try learner.step(on: objective, shards: [example.shard])
      Issue.record("states that diverge have to be told")
    } catch .nonFiniteStates(let step, let relaxation) {
      #expect(step == 1)
      #expect(relaxation > 1 && relaxation < 20_000)
      // One step earlier all was finite.
      _ = try example.gradient(.equilibrium(steps: relaxation - 1, rate: 1e3))
    }
    #expect(learner.parameters.values == example.parameters.values)
    #expect(learner.step == 0)
  }

  @Test
  func dataThatAreNotNumbersAreAnErrorAtTheStart() throws {
    let example = PredictiveCodingCase(widths: [4, 6, 3], rows: 2, seed: 26)
    var shard = example.shard
    shard[0][3] = .nan
    let objective = PredictiveCodingGradient<Double>(
      example.network, schedule: .equilibrium(steps: 5, rate: 0.1))
    var gradient = [1.0]
    #expect(throws: LearningError.nonFiniteStates(step: 7, relaxation: 0)) {
      _ = try objective.run(
        example.parameters.values, shards: [shard], step: 7, gradient: &gradient)
    }
    #expect(gradient == [1])
  }
}

extension PredictiveCodingCase {
  /// The same parameters and data with stages that are linear.
  fileprivate init(
    linear other: PredictiveCodingCase, widths: [Int], _ p1: Double, _ p2: Double, _ p3: Double
  ) {
    let rows = other.shard[2].count
    let precisions = [p1, p2, 1]
    let stages = (1..<widths.count).map { layer -> PredictiveCodingNetwork.Stage in
      let (from, to) = (widths[layer - 1], widths[layer])
      var builder = ProgramBuilder()
      let x = builder.input(layer == 1 ? "input" : "previous", shape: .matrix(rows, from))
      let w = builder.input("layer.\(layer).weight", shape: .matrix(from, to))
      let b = builder.input("layer.\(layer).bias", shape: .vector(to))
      let product = builder.matrixProduct(x, w)
      builder.output(
        "prediction", builder.binary(.add, product, builder.broadcast(b, to: product.shape)))
      return .init(
        "layer.\(layer)", program: builder.build(),
        parameters: other.network.stages[layer - 1].parameters, precision: precisions[layer - 1])
    }
    network = PredictiveCodingNetwork(
      stages: stages,
      objective: PredictiveCodingNetwork.Loss.gaussian(precision: p3)
        .program(.matrix(rows, widths[widths.count - 1])),
      data: other.network.data)
    parameters = other.parameters
    shard = other.shard
  }
}
