internal import TensorCore

/// What a schedule runs on one shard: a start, steps of relaxation, and one step of learning.
///
/// The variables that relax are states x_l, or errors δ_l where predictions are fixed. Whatever does
/// not depend on them has moved into the start.
struct PredictiveCodingPrograms: Sendable {
  /// The variables, in order.
  let variables: [String]
  /// From parameters and data: `start.VARIABLE`, `loss`, `weight`, what is held, and gradients that
  /// do not depend on the variables.
  let start: Program
  /// From the variables: `flow.VARIABLE`, the direction against which each moves.
  let relaxation: Program
  /// From the variables: `gradient.NAME` of those parameters whose gradient depends on them.
  let learning: Program
  /// F at the variables, where it is descended.
  let energy: Program?

  init(
    _ network: PredictiveCodingNetwork, _ schedule: PredictiveCodingSchedule,
    recordsEnergy: Bool = false
  ) {
    switch schedule {
    case .equilibrium: self.init(equilibrium: network, recordsEnergy: recordsEnergy)
    case .fixedPrediction: self.init(fixedPrediction: network)
    case .zeroDivergence: self.init(zeroDivergence: network)
    }
  }

  // MARK: Schedules

  private init(equilibrium network: PredictiveCodingNetwork, recordsEnergy: Bool) {
    var writer = PredictiveCodingWriter(network)
    writer.declareStates()
    writer.predictFromStates()
    let errors = writer.errors()
    for (index, name) in network.states.enumerated() {
      // ∂F/∂x_l = −δ_l + (∂x̂_{l+1}/∂x_l)ᵀ δ_{l+1}.
      let feedback = writer.feedback(index + 1, errors[index + 1])
      writer.builder.output(
        "flow.\(name)", writer.builder.binary(.subtract, feedback, errors[index]))
    }
    writer.writeGradients(errors)
    if recordsEnergy { writer.builder.output("energy", writer.energy()) }

    var forward = PredictiveCodingWriter(network)
    forward.runForward()
    for (index, name) in network.states.enumerated() {
      forward.builder.output("start.\(name)", forward.predictions[index])
    }
    forward.writeLoss()
    self.init(
      network, variables: network.states, rules: writer.builder.build(),
      forward: forward.builder.build())
  }

  private init(fixedPrediction network: PredictiveCodingNetwork) {
    var writer = PredictiveCodingWriter(network)
    writer.runForward()
    let names = (1..<network.stages.count).map { "error.\($0)" }
    var errors: [Value] = []
    for (index, name) in names.enumerated() {
      errors.append(writer.builder.input(name, shape: network.shape(ofStage: index)))
    }
    errors.append(writer.lastError())
    for (index, name) in names.enumerated() {
      // δ_l moves against π_l (δ_l − (∂x̂_{l+1}/∂x_l)ᵀ δ_{l+1}).
      let feedback = writer.feedback(index + 1, errors[index + 1])
      let flow = writer.builder.binary(.subtract, errors[index], feedback)
      let precision = writer.builder.constant(network.stages[index].precision)
      writer.builder.output("flow.\(name)", writer.builder.binary(.multiply, flow, precision))
    }
    writer.writeGradients(errors)

    var forward = PredictiveCodingWriter(network)
    forward.runForward()
    for (index, name) in names.enumerated() {
      forward.builder.output(
        "start.\(name)", forward.builder.zeros(network.shape(ofStage: index)))
    }
    forward.writeLoss()
    self.init(
      network, variables: names, rules: writer.builder.build(), forward: forward.builder.build())
  }

  /// The wave of errors: step L − l gives δ_l, which its stage's parameters learn from.
  private init(zeroDivergence network: PredictiveCodingNetwork) {
    var writer = PredictiveCodingWriter(network)
    writer.runForward()
    var errors = [writer.lastError()]
    for index in network.stages.indices.dropFirst().reversed() {
      errors.insert(writer.feedback(index, errors[0]), at: 0)
    }
    writer.writeGradients(errors)
    writer.writeLoss()
    variables = []
    start = writer.builder.build().droppingUnreadInputs(keeping: [])
    relaxation = ProgramBuilder().build()
    learning = ProgramBuilder().build()
    energy = nil
  }

  // MARK: Parts

  private init(
    _ network: PredictiveCodingNetwork, variables: [String], rules: Program, forward: Program
  ) {
    self.variables = variables
    let hoisted = rules.hoisting(varying: variables)
    start = Self.joined(network, forward, hoisted.prelude).droppingUnreadInputs(keeping: [])
    func part(_ prefix: String, keepingVariables: Bool) -> Program {
      hoisted.body.keeping(
        outputs: hoisted.body.outputs.map(\.name).filter { $0.hasPrefix(prefix) }
      ).droppingUnreadInputs(keeping: keepingVariables ? variables : [])
    }
    relaxation = part("flow.", keepingVariables: true)
    learning = part("gradient.", keepingVariables: false)
    energy = rules.output("energy") == nil ? nil : part("energy", keepingVariables: false)
  }

  /// Both programs as one over the same parameters and data, equal values computed once.
  private static func joined(
    _ network: PredictiveCodingNetwork, _ first: Program, _ second: Program
  ) -> Program {
    var builder = ProgramBuilder(first)
    var arguments: [String: Value] = [:]
    for port in first.inputs { arguments[port.name] = builder.value(of: port) }
    let values = builder.inline(second, arguments: arguments)
    for port in second.outputs {
      if let value = values[port.name] { builder.output(port.name, value) }
    }
    return builder.build()
  }
}

extension PredictiveCodingWriter {
  /// Outputs `loss` and `weight` of the last prediction.
  fileprivate mutating func writeLoss() {
    let loss = loss(predictions[network.stages.count - 1])
    builder.output("loss", loss.value)
    builder.output("weight", loss.weight)
  }
}
