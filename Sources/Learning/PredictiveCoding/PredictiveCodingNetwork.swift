package import TensorCore

/// A chain of predictions, each made from the state before it: what predictive coding learns.
///
/// ```
/// x̂_l = f_l(x_{l−1}; θ_l),   ε_l = x_l − x̂_l,   l = 1 … L
/// F = Σ_{l<L} ½ π_l ‖ε_l‖² + loss(x̂_L)
/// ```
///
/// States x_1 … x_{L−1} are free, the first stage reads the clamped data and the loss compares the
/// last prediction with the clamped target; rows of a batch are independent of each other. The same
/// chain with every state at its prediction is an ordinary network for backpropagation. The plan is
/// Whittington & Bogacz 2017 (Neural Computation 29:1229); a stage may be any differentiable program.
package struct PredictiveCodingNetwork: Sendable {
  /// One stage: how a state is predicted.
  package struct Stage: Sendable {
    /// Its name, for comparisons.
    package let name: String
    /// Inputs `previous` (but for the first stage), its parameters and its data; output `prediction`.
    package let program: Program
    /// Its parameters; stages may share some.
    package let parameters: [ParameterDeclaration]
    /// π_l, the precision of its prediction errors; the last stage's is in the loss.
    package let precision: Double

    /// Creates a stage.
    package init(
      _ name: String, program: Program, parameters: [ParameterDeclaration], precision: Double = 1
    ) {
      precondition(precision > 0, "precision \(precision) of stage '\(name)'")
      self.name = name
      self.program = program.droppingUnreadInputs(keeping: [])
      self.parameters = parameters
      self.precision = precision
    }
  }

  /// The stages from data to prediction.
  package let stages: [Stage]
  /// Inputs `prediction` and data; outputs `loss` (a sum over the batch) and `weight`.
  package let objective: Program
  /// All parameters, those of the first stage first.
  package let layout: ParameterLayout
  /// The inputs that hold data, in the order in which every shard gives them.
  package let data: [String]

  /// Joins stages to a chain.
  ///
  /// - Parameters:
  ///   - stages: at least one; shapes fit each other.
  ///   - objective: what the last prediction is judged by.
  ///   - data: the names of all data, in order.
  package init(stages: [Stage], objective: Program, data: [String]) {
    precondition(!stages.isEmpty, "a network without stages")
    var declarations: [ParameterDeclaration] = []
    for parameter in stages.flatMap(\.parameters)
    where !declarations.contains(where: { $0.name == parameter.name }) {
      declarations.append(parameter)
    }
    self.stages = stages
    self.objective = objective.droppingUnreadInputs(keeping: ["prediction"])
    self.data = data
    layout = ParameterLayout(declarations)
    check()
  }

  /// The shape of a stage's prediction, stages counted from 0.
  package func shape(ofStage index: Int) -> Shape {
    stages[index].program.output("prediction")?.shape ?? .scalar
  }

  /// The names of the free states in order.
  package var states: [String] { (1..<stages.count).map { "state.\($0)" } }

  private func check() {
    var shapes: [String: Shape] = [:]
    for (index, stage) in stages.enumerated() {
      precondition(
        stage.program.output("prediction") != nil, "stage '\(stage.name)' predicts nothing")
      for port in stage.program.inputs {
        if port.name == "previous" {
          precondition(
            index > 0 && shape(ofStage: index - 1) == port.shape,
            "stage '\(stage.name)' reads a state of shape \(port.shape)")
        } else if let parameter = stage.parameters.first(where: { $0.name == port.name }) {
          precondition(
            parameter.shape == port.shape,
            "parameter '\(port.name)' of shape \(parameter.shape), read as \(port.shape)")
        } else {
          checkData(port, &shapes)
        }
      }
    }
    for port in objective.inputs {
      if port.name == "prediction" {
        let last = shape(ofStage: stages.count - 1)
        precondition(port.shape == last, "loss of shape \(port.shape) for prediction \(last)")
      } else {
        checkData(port, &shapes)
      }
    }
    precondition(
      objective.output("loss")?.shape.count == 1 && objective.output("weight") != nil,
      "an objective has the outputs loss and weight")
    for name in data {
      precondition(shapes[name] != nil, "nothing reads the data '\(name)'")
    }
  }

  private func checkData(_ port: Program.Port, _ shapes: inout [String: Shape]) {
    precondition(data.contains(port.name), "'\(port.name)' is neither parameter nor data")
    let earlier = shapes.updateValue(port.shape, forKey: port.name)
    precondition(
      earlier == nil || earlier == port.shape, "data '\(port.name)' read with two shapes")
  }
}

extension PredictiveCodingNetwork {
  /// The whole chain as one program for backpropagation, outputs `loss`, `weight`, `prediction`.
  package var composed: Program {
    var writer = PredictiveCodingWriter(self)
    writer.runForward()
    let loss = writer.loss(writer.predictions[stages.count - 1])
    writer.builder.output("loss", loss.value)
    writer.builder.output("weight", loss.weight)
    writer.builder.output("prediction", writer.predictions[stages.count - 1])
    return writer.builder.build()
  }

  /// The same network trained by backpropagation, from the same data in the same order.
  package func backpropagation<Scalar: KernelScalar>(
    as type: Scalar.Type, threads: Int = 1
  ) -> ShardedGradient<Scalar> {
    ShardedGradient(composed, trainable: layout, data: data, threads: threads)
  }

  /// F as a program of the states: inputs parameters, data and `state.l`; output `energy`.
  package var freeEnergy: Program {
    var writer = PredictiveCodingWriter(self)
    writer.declareStates()
    writer.predictFromStates()
    writer.builder.output("energy", writer.energy())
    return writer.builder.build()
  }

  /// The cosine of the angle between two gradients, stage by stage (1 for equal directions).
  ///
  /// - Parameters:
  ///   - first: a gradient in the order of the layout.
  ///   - second: another.
  /// - Returns: per stage the cosine over its parameters; NaN where a gradient is zero.
  package func cosines<Scalar: KernelScalar>(
    _ first: [Scalar], _ second: [Scalar]
  ) -> [(stage: String, cosine: Double)] {
    precondition(
      first.count == layout.count && second.count == layout.count,
      "gradients of \(first.count) and \(second.count) entries for \(layout.count) parameters")
    return stages.filter { !$0.parameters.isEmpty }.map { stage in
      var (product, firstSquare, secondSquare) = (0.0, 0.0, 0.0)
      for parameter in stage.parameters {
        for index in layout.range(of: parameter.name) ?? 0..<0 {
          let (a, b) = (Double(first[index]), Double(second[index]))
          product += a * b
          firstSquare += a * a
          secondSquare += b * b
        }
      }
      return (stage.name, product / (firstSquare * secondSquare).squareRoot())
    }
  }
}
