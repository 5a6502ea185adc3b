import TensorCore
import TestSupport
import Testing

@testable import Learning

/// What each schedule's gradient is.
struct PredictiveCodingGradientTests {
  static let shapes: [[Int]] = [
    [3, 2], [1, 1], [4, 5, 3], [3, 1, 2], [1, 1, 1, 1], [4, 6, 5, 3], [5, 4, 3, 4, 2],
  ]

  @Test(.tags(.identity), arguments: shapes, [1, 5])
  func zeroDivergenceIsBackpropagation(widths: [Int], rows: Int) throws {
    for activation in [UnaryOperation.tanh, .relu] {
      for loss in [PredictiveCodingNetwork.Loss.gaussian(precision: 2.5), .crossEntropy] {
        let example = PredictiveCodingCase(
          widths: widths, activation: activation, rows: rows, loss: loss, seed: 11)
        let found = try example.gradient(.zeroDivergence)
        expectClose(found.values, example.backpropagated, "\(activation) \(loss)")
      }
    }
  }

  @Test(.tags(.identity), arguments: shapes, [1, 5])
  func fixedPredictionEndsAtBackpropagation(widths: [Int], rows: Int) throws {
    for activation in [UnaryOperation.tanh, .relu] {
      let example = PredictiveCodingCase(
        widths: widths, activation: activation, rows: rows, seed: 12)
      let depth = widths.count - 1
      let exact = try example.gradient(.fixedPrediction(steps: depth, rate: 1))
      expectClose(exact.values, example.backpropagated, "\(activation), rate 1")
      // (1 − r)^t t^L is below 1e−13 here.
      let slow = try example.gradient(.fixedPrediction(steps: 200, rate: 0.25))
      expectClose(slow.values, example.backpropagated, "\(activation), rate 0.25")
    }
  }

  @Test(.tags(.identity))
  func fixedPredictionTakesOneStepPerLevel() throws {
    let example = PredictiveCodingCase(widths: [4, 5, 4, 3], rows: 3, seed: 13)
    let target = example.backpropagated
    for steps in 0...2 {
      let found = try example.gradient(.fixedPrediction(steps: steps, rate: 1)).values
      // After t steps the errors have come t levels down: only the lowest stages are without one.
      for layer in 1...3 {
        let range = try #require(example.network.layout.range(of: "layer.\(layer).weight"))
        if layer >= 3 - steps {
          expectClose(Array(found[range]), Array(target[range]), "layer \(layer), \(steps) steps")
        } else {
          #expect(found[range].allSatisfy { $0 == 0 })
        }
      }
    }
  }

  @Test(.tags(.identity))
  func precisionsDoNotMoveTheFixedPoint() throws {
    let example = PredictiveCodingCase(
      widths: [4, 5, 4, 3], rows: 3, precisions: [0.5, 2], seed: 14)
    let found = try example.gradient(.fixedPrediction(steps: 400, rate: 0.3))
    expectClose(found.values, example.backpropagated)
  }

  /// The algorithm as published, with plain states: every state moves in every step of rate 1, and
  /// stage l learns at step L − l.
  @Test(.tags(.identity), arguments: [[4, 5, 3], [3, 4, 4, 2], [3, 4, 5, 4, 2]])
  func zeroDivergenceIsTheInferenceItStandsFor(widths: [Int]) throws {
    let example = PredictiveCodingCase(widths: widths, rows: 4, seed: 15)
    let network = example.network
    let depth = network.stages.count
    let energy = network.freeEnergy.gradient(
      of: "energy", withRespectTo: network.states + network.layout.names)
    var states = try example.feedForwardStates()
    var learned = [Double](repeating: 0, count: network.layout.count)
    for step in 0..<depth {
      let result = Double.evaluate(
        energy, example.arguments.merging(states) { first, _ in first })
      for parameter in network.stages[depth - 1 - step].parameters {
        let range = try #require(network.layout.range(of: parameter.name))
        let gradient = try #require(result["gradient.\(parameter.name)"])
        learned.replaceSubrange(range, with: gradient.values)
      }
      for name in network.states {
        let flow = try #require(result["gradient.\(name)"])
        for index in flow.values.indices { states[name]?.values[index] -= flow.values[index] }
      }
    }
    // States near one hold small errors to 1e−16 of their own size only.
    expectClose(
      try example.gradient(.zeroDivergence).values, learned,
      within: Tolerance("cancellation", relative: 1e-11))
  }

  @Test(.tags(.identity))
  func localRulesAreTheGradientOfFreeEnergy() throws {
    let example = PredictiveCodingCase(
      widths: [4, 5, 4, 3], rows: 3, loss: .crossEntropy, precisions: [0.5, 2], seed: 16)
    let network = example.network
    let objective = PredictiveCodingGradient<Double>(
      network, schedule: .equilibrium(steps: 3, rate: 0.1))
    var found: [Double] = []
    _ = try objective.run(example.parameters.values, shards: [example.shard], gradient: &found)
    var arguments = example.arguments
    for (name, state) in zip(network.states, objective.variables(ofShard: 0)) {
      arguments[name] = state
    }
    let whole = Double.evaluate(
      network.freeEnergy.gradient(of: "energy", withRespectTo: network.layout.names), arguments)
    expectClose(
      found, network.layout.names.flatMap { whole["gradient.\($0)"]?.values ?? [] })

    // Both against central differences of F.
    let program = PredictiveCodingPrograms(network, .equilibrium(steps: 1, rate: 1))
    let start = Double.evaluate(
      program.start, arguments.filter { program.start.input($0.key) != nil })
    var inputs = arguments
    for (name, value) in start where name.hasPrefix("held.") { inputs[name] = value }
    let flows = Double.evaluate(
      program.relaxation, inputs.filter { program.relaxation.input($0.key) != nil })
    for name in network.states + network.layout.names {
      let slope = try #require(flows["flow.\(name)"] ?? whole["gradient.\(name)"])
      var differences: [Double] = []
      for index in slope.values.indices {
        func energy(_ move: Double) -> Double {
          var moved = arguments
          moved[name]?.values[index] += move
          return Double.evaluate(network.freeEnergy, moved)["energy"]?.values.first ?? .nan
        }
        differences.append((energy(1e-5) - energy(-1e-5)) / 2e-5)
      }
      expectClose(slope.values, differences, within: .derivative, name)
    }
  }

  @Test(.tags(.property))
  func gradientsTurnTowardBackpropagationForSmallErrors() throws {
    // A precise hidden layer hardly moves: its gradient is nearly backpropagation's.
    let example = PredictiveCodingCase(
      widths: [4, 5, 4, 3], rows: 5, loss: .gaussian(precision: 1e-4), seed: 17)
    let found = try example.gradient(.equilibrium(steps: 400, rate: 0.2))
    let cosines = example.network.cosines(found.values, example.backpropagated)
    #expect(cosines.map(\.stage) == ["layer.1", "layer.2", "layer.3"])
    for (stage, cosine) in cosines { #expect(cosine > 0.999, "\(stage): \(cosine)") }
    let opposite = example.network.cosines(found.values, found.values.map { -$0 })
    for (_, cosine) in opposite { expectClose(cosine, -1) }
    // With errors of the size of one they differ.
    let large = PredictiveCodingCase(widths: [4, 5, 4, 3], rows: 5, seed: 17)
    let moved = try large.gradient(.equilibrium(steps: 400, rate: 0.1))
    #expect(large.network.cosines(moved.values, large.backpropagated)[0].cosine < 0.9999)
  }
}
