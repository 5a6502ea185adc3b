internal import TensorCore

/// Writes the local rules of a network into a program.
///
/// Every stage contributes its prediction and the two products with its derivatives that the rules
/// need, `(∂f_l/∂x_{l−1})ᵀ δ` and `(∂f_l/∂θ_l)ᵀ δ`, where `δ_l = ∂F/∂x̂_l = −π_l ε_l`.
struct PredictiveCodingWriter {
  /// The program under construction; its first inputs are the parameters, then the data.
  var builder = ProgramBuilder()
  /// x̂_l, stages counted from 0.
  private(set) var predictions: [Value] = []
  /// What each stage reads: nothing for the first, else a state or the prediction before it.
  private(set) var previous: [Value?] = []
  /// x_l where states are free.
  private(set) var states: [Value] = []
  let network: PredictiveCodingNetwork
  private var arguments: [String: Value] = [:]

  init(_ network: PredictiveCodingNetwork) {
    self.network = network
    for declaration in network.layout.declarations {
      arguments[declaration.name] = builder.input(declaration.name, shape: declaration.shape)
    }
    let ports = network.stages.flatMap(\.program.inputs) + network.objective.inputs
    for name in network.data {
      guard let port = ports.first(where: { $0.name == name }) else { continue }
      arguments[name] = builder.input(name, shape: port.shape)
    }
  }

  // MARK: Predictions

  /// One stage after the other, each from the prediction before it.
  mutating func runForward() {
    for index in network.stages.indices { predict(index, from: predictions.last) }
  }

  /// Declares x_1 … x_{L−1} as inputs.
  mutating func declareStates() {
    for (index, name) in network.states.enumerated() {
      states.append(builder.input(name, shape: network.shape(ofStage: index)))
    }
  }

  /// Every stage from the state before it.
  mutating func predictFromStates() {
    for index in network.stages.indices {
      predict(index, from: index > 0 ? states[index - 1] : nil)
    }
  }

  private mutating func predict(_ index: Int, from value: Value?) {
    let values = builder.inline(
      network.stages[index].program, arguments: inputs(previous: value))
    previous.append(value)
    guard let prediction = values["prediction"] else { return }
    predictions.append(prediction)
  }

  private func inputs(previous value: Value?) -> [String: Value] {
    var all = arguments
    all["previous"] = value
    return all
  }

  // MARK: The loss

  /// The loss of a prediction and its weight, both without axes.
  mutating func loss(_ prediction: Value) -> (value: Value, weight: Value) {
    var all = arguments
    all["prediction"] = prediction
    let values = builder.inline(network.objective, arguments: all)
    guard let loss = values["loss"], let weight = values["weight"] else {
      preconditionFailure("an objective has the outputs loss and weight")
    }
    return (builder.reshape(loss, to: .scalar), builder.reshape(weight, to: .scalar))
  }

  /// δ_L, the gradient of the loss by the last prediction.
  mutating func lastError() -> Value {
    let program = network.objective.gradient(of: "loss", withRespectTo: ["prediction"]) { _ in
      "error"
    }
    var all = arguments
    all["prediction"] = predictions[network.stages.count - 1]
    guard let error = builder.inline(program, arguments: all)["error"] else {
      preconditionFailure("a gradient has the name it was given")
    }
    return error
  }

  // MARK: Errors

  /// `δ_l = π_l (x̂_l − x_l)` of every free state, then δ_L.
  mutating func errors() -> [Value] {
    var errors: [Value] = []
    for index in states.indices {
      let difference = builder.binary(.subtract, predictions[index], states[index])
      errors.append(
        builder.binary(
          .multiply, difference, builder.constant(network.stages[index].precision)))
    }
    return errors + [lastError()]
  }

  /// F at the states (see `PredictiveCodingNetwork`).
  mutating func energy() -> Value {
    var total = loss(predictions[network.stages.count - 1]).value
    for index in states.indices {
      let difference = builder.binary(.subtract, states[index], predictions[index])
      let square = builder.sum(builder.binary(.multiply, difference, difference))
      let half = builder.constant(0.5 * network.stages[index].precision)
      total = builder.binary(.add, total, builder.binary(.multiply, square, half))
    }
    return total
  }

  /// `(∂f_l/∂x_{l−1})ᵀ δ_l`: what a stage's error tells the state before it.
  mutating func feedback(_ index: Int, _ error: Value) -> Value {
    transposed(index, error, by: ["previous"])["previous"]
      ?? builder.zeros(network.shape(ofStage: index - 1))
  }

  /// `(∂f_l/∂θ_l)ᵀ δ_l` by the names of the stage's parameters.
  mutating func plasticity(_ index: Int, _ error: Value) -> [String: Value] {
    transposed(index, error, by: network.stages[index].parameters.map(\.name))
  }

  private mutating func transposed(
    _ index: Int, _ error: Value, by names: [String]
  ) -> [String: Value] {
    let stage = network.stages[index].program
    let read = names.filter { stage.input($0) != nil }
    let program = stage.gradient(
      of: "prediction", withRespectTo: read, seededBy: "seed of the error")
    var all = inputs(previous: previous[index])
    all["seed of the error"] = error
    let values = builder.inline(program, arguments: all)
    var result: [String: Value] = [:]
    for name in read { result[name] = values["gradient.\(name)"] }
    return result
  }

  /// Outputs `gradient.NAME` of every parameter from the errors of all stages.
  mutating func writeGradients(_ errors: [Value]) {
    var sums: [String: Value] = [:]
    for index in network.stages.indices {
      for (name, value) in plasticity(index, errors[index]).sorted(by: { $0.key < $1.key }) {
        sums[name] = sums[name].map { builder.binary(.add, $0, value) } ?? value
      }
    }
    for declaration in network.layout.declarations {
      let name = declaration.name
      builder.output("gradient.\(name)", sums[name] ?? builder.zeros(declaration.shape))
    }
  }
}
