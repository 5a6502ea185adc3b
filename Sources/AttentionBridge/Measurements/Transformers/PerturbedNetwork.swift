package import Learning
package import TensorCore

extension PredictiveCodingNetwork {
  /// The forward pass with an error added to every state: F with prediction errors as coordinates.
  ///
  /// ```
  /// x_l = f_l(x_{l−1}; θ_l) + ε_l,   F = Σ_{l<L} ½ π_l ‖ε_l‖² + loss(f_L(x_{L−1}; θ_L))
  /// ```
  ///
  /// States and errors determine each other, so that F rests at the same places in both; at ε = 0
  /// stands the feed-forward pass. Inputs: parameters, data and `error.l`; outputs `state.l`, `loss`,
  /// `weight` and `energy`.
  package var perturbed: Program {
    var builder = ProgramBuilder()
    var arguments: [String: Value] = [:]
    for declaration in layout.declarations {
      arguments[declaration.name] = builder.input(declaration.name, shape: declaration.shape)
    }
    let ports = stages.flatMap(\.program.inputs) + objective.inputs
    for name in data {
      guard let port = ports.first(where: { $0.name == name }) else { continue }
      arguments[name] = builder.input(name, shape: port.shape)
    }
    func output(_ values: [String: Value], _ name: String) -> Value {
      guard let value = values[name] else { preconditionFailure("no output '\(name)'") }
      return value
    }
    var cost = builder.constant(0)
    for (index, stage) in stages.enumerated() {
      var state = output(builder.inline(stage.program, arguments: arguments), "prediction")
      if index < stages.count - 1 {
        let error = builder.input(errorNames[index], shape: shape(ofStage: index))
        state = builder.binary(.add, state, error)
        builder.output(states[index], state)
        let square = builder.sum(builder.binary(.multiply, error, error))
        let half = builder.constant(0.5 * stage.precision)
        cost = builder.binary(.add, cost, builder.binary(.multiply, square, half))
        arguments["previous"] = state
      } else {
        arguments["prediction"] = state
      }
    }
    let judged = builder.inline(objective, arguments: arguments)
    let loss = builder.reshape(output(judged, "loss"), to: .scalar)
    builder.output("loss", loss)
    builder.output("weight", builder.reshape(output(judged, "weight"), to: .scalar))
    builder.output("energy", builder.binary(.add, cost, loss))
    return builder.build()
  }

  /// The names of the errors in `perturbed`, those of the first state first.
  package var errorNames: [String] { (1..<stages.count).map { "error.\($0)" } }

  /// The steepness `Σ_l ‖b_l‖²` of the loss with `b_l = ∂loss/∂x_l` at the feed-forward pass, as the
  /// objective of a gradient by parameters.
  ///
  /// The minimum of `Σ ½ π ‖ε_l‖² + loss(ε)` over small errors is `loss − Σ ‖b_l‖² / 2π + O(π⁻²)`, and
  /// at a minimum over states ∂F/∂θ is the gradient of the minimum. At equilibrium learning
  /// therefore follows `∂loss/∂θ − ∂(Σ ‖b_l‖²)/∂θ / 2π + O(π⁻²)`.
  package var steepness: ShardedGradient<Double> {
    let first = perturbed.gradient(of: "loss", withRespectTo: errorNames)
    var builder = ProgramBuilder()
    var arguments: [String: Value] = [:]
    for port in first.inputs {
      arguments[port.name] =
        errorNames.contains(port.name)
        ? builder.zeros(port.shape) : builder.input(port.name, shape: port.shape)
    }
    let values = builder.inline(first, arguments: arguments)
    var total = builder.constant(0)
    for name in errorNames {
      guard let slope = values["gradient.\(name)"] else { continue }
      total = builder.binary(
        .add, total, builder.sum(builder.binary(.multiply, slope, slope)))
    }
    builder.output("loss", builder.reshape(total, to: .scalar))
    builder.output("weight", builder.constant(1))
    return ShardedGradient(builder.build(), trainable: layout, data: data)
  }
}
