internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The names of the ports of a level's unit program.
enum UnitPort {
  // Inputs.
  /// What the level explains: data `[n × l]` at level 1, the causes of the level below `[d × l]`.
  static let below = "below"
  /// x̃ `[n × n_x]`.
  static let states = "x"
  /// ṽ `[d × m]`.
  static let causes = "v"
  /// φ `[r]`.
  static let parameters = "phi"
  /// λ `[h]`.
  static let logPrecisions = "lambda"
  /// η̃ `[n × l]`, at the prior level.
  static let prior = "eta"
  /// Dynamic error units ξ_v `[n × l]` and ξ_x `[n × n_x]`.
  static let outputErrorUnits = "xiV", stateErrorUnits = "xiX"

  // Outputs.
  /// The flow of x̃, `[n × n_x]`.
  static let stateFlow = "stateFlow"
  /// The flow of ṽ without the message from the level above, `[d × m]`.
  static let causeFlow = "causeFlow"
  /// ξ_v, what the level below (or the reader of EEG) receives, `[n × l]`.
  static let outputErrors = "outputErrors"
  /// ξ_x `[n × n_x]`.
  static let stateErrors = "stateErrors"
  /// What dynamic error units would be at rest, `Π ε̃`.
  static let restingOutputErrors = "restingOutputErrors", restingStateErrors = "restingStateErrors"
  /// −∂G/∂φ and −∂G/∂λ.
  static let parameterForce = "parameterForce", precisionForce = "precisionForce"
  /// The flows of dynamic error units.
  static let outputErrorFlow = "outputErrorFlow", stateErrorFlow = "stateErrorFlow"

  /// All inputs whose motion matters to a Jacobian.
  static let inputs = [
    below, states, causes, parameters, logPrecisions, prior, outputErrorUnits, stateErrorUnits,
  ]
  /// All outputs that a Jacobian differentiates.
  static let outputs = [
    stateFlow, causeFlow, outputErrors, parameterForce, precisionForce, outputErrorFlow,
    stateErrorFlow,
  ]
}

/// Builds what the units of one level compute, as a program (mathematics §4).
///
///     ξ_v = Π_v (μ̃_v⁽ⁱ⁻¹⁾ − g̃)                  ξ_x = Π_x (D μ̃_x − f̃)
///     μ̃̇_x = D μ̃_x − κ (ε_xᵀ ξ)                  μ̃̇_v = D μ̃_v − κ (ε_vᵀ ξ + ξ_v of the level above)
///
/// The generalised Jacobians are those of order zero, `I ⊗ g_x` and so on; the derivatives of these
/// flows (for implicit integration) are exact and come from transforming the program.
struct LevelProgram {
  let level: Level
  let number: Int
  let isPrior: Bool
  let stateOrder: Int
  let causeOrder: Int
  let smoothness: Double
  let options: RecognitionOptions
  /// The free directions of the parameters; no columns where parameters are held.
  let basis: Tensor<Double>
  /// The prior variance along every free direction.
  let parameterVariances: [Double]
  /// The free components of the output precision and of the state precision.
  let outputComponents: [PrecisionComponent]
  let stateComponents: [PrecisionComponent]

  private var n: Int { stateOrder }
  private var d: Int { causeOrder }
  private var isDynamic: Bool {
    if case .dynamic = options.errorUnits { true } else { false }
  }

  /// f and g with their Jacobians and, where they depend on states, precisions with theirs.
  private func differentiatedEquations() -> Program {
    var equations = level.equations
    for (output, input) in [
      (Level.Port.output, Level.Port.states), (Level.Port.output, Level.Port.causes),
      (Level.Port.motion, Level.Port.states), (Level.Port.motion, Level.Port.causes),
    ] {
      equations = equations.jacobian(of: output, withRespectTo: input, as: "\(output)|\(input)")
    }
    for port in [Level.Port.outputPrecision, Level.Port.statePrecision]
    where equations.output(port) != nil {
      for input in [Level.Port.states, Level.Port.causes] {
        equations = equations.jacobian(of: port, withRespectTo: input, as: "\(port)|\(input)")
      }
    }
    return equations
  }

  /// f, g and their Jacobians at order zero, the parameters held at their prior.
  func orderZeroProgram() -> Program {
    var builder = ProgramBuilder()
    var arguments = [
      Level.Port.states: builder.input(Level.Port.states, shape: .vector(level.states.count)),
      Level.Port.causes: builder.input(Level.Port.causes, shape: .vector(level.causes.count)),
      Level.Port.parameters: builder.constant(Tensor(vector: level.parameterValues)),
    ]
    if level.equations.input(Level.Port.time) != nil {
      arguments[Level.Port.time] = builder.constant(0)
    }
    let at = builder.inline(differentiatedEquations(), arguments: arguments)
    for (name, value) in at.sorted(by: { $0.key < $1.key }) { builder.output(name, value) }
    return builder.build()
  }

  /// A precision whose components are held at their prior means.
  func heldPrecision(_ model: PrecisionModel) -> Tensor<Double> {
    var total = model.fixed
    for component in model.components {
      for entry in total.values.indices {
        total.values[entry] += exp(component.priorMean) * component.matrix.values[entry]
      }
    }
    return total
  }

  /// g̃ and f̃ with the order-zero Jacobians, as a program of x̃, ṽ and φ.
  func predictions() -> Program {
    let equations = differentiatedEquations()
    var builder = ProgramBuilder()
    let x = builder.input(UnitPort.states, shape: .matrix(n, level.states.count))
    let v = builder.input(UnitPort.causes, shape: .matrix(d, level.causes.count))
    let phi = builder.input(UnitPort.parameters, shape: .vector(basis.columns))
    var theta = builder.constant(Tensor(vector: level.parameterValues))
    if basis.columns > 0 {
      let column = builder.reshape(phi, to: .matrix(basis.columns, 1))
      let moved = builder.matrixProduct(builder.constant(basis), column)
      theta = builder.binary(.add, theta, builder.reshape(moved, to: theta.shape))
    }
    var arguments = [
      Level.Port.states: builder.element(x, axis: 0, index: 0),
      Level.Port.causes: builder.element(v, axis: 0, index: 0),
      Level.Port.parameters: theta,
    ]
    if level.equations.input(Level.Port.time) != nil {
      arguments[Level.Port.time] = builder.constant(0)
    }
    let at = builder.inline(equations, arguments: arguments)
    for (name, value) in at.sorted(by: { $0.key < $1.key }) { builder.output(name, value) }
    for (output, count) in [
      (Level.Port.output, level.outputs.count), (Level.Port.motion, level.states.count),
    ] {
      guard let zeroth = at[output], let byState = at["\(output)|\(Level.Port.states)"],
        let byCause = at["\(output)|\(Level.Port.causes)"]
      else { preconditionFailure("a level's equations lack \(output)") }
      var orders = [builder.reshape(zeroth, to: .matrix(1, count))]
      if n > 1 {
        let higherX = builder.slice(x, axis: 0, start: 1, count: n - 1)
        var higher = builder.matrixProduct(higherX, builder.transpose(byState))
        if d > 1 {
          let higherV = builder.slice(v, axis: 0, start: 1, count: d - 1)
          let fromCauses = builder.matrixProduct(higherV, builder.transpose(byCause))
          higher = builder.binary(.add, higher, padded(fromCauses, to: n - 1, in: &builder))
        }
        orders.append(higher)
      }
      builder.output("\(output)~", builder.concatenate(orders, axis: 0))
    }
    return builder.build()
  }

  /// Everything the units of this level compute in one right-hand side.
  func unitProgram() -> Program {
    var predictions = predictions()
    if basis.columns > 0 {
      for output in [Level.Port.output, Level.Port.motion] {
        predictions = predictions.jacobian(
          of: "\(output)~", withRespectTo: UnitPort.parameters, as: "\(output)~|phi")
      }
    }
    var builder = ProgramBuilder()
    let l = level.outputs.count
    let nx = level.states.count
    let below = builder.input(UnitPort.below, shape: .matrix(number == 1 ? n : d, l))
    let x = builder.input(UnitPort.states, shape: .matrix(n, nx))
    let v = builder.input(UnitPort.causes, shape: .matrix(d, level.causes.count))
    let phi = builder.input(UnitPort.parameters, shape: .vector(basis.columns))
    let lambda = builder.input(
      UnitPort.logPrecisions, shape: .vector(outputComponents.count + stateComponents.count))
    let eta = isPrior ? builder.input(UnitPort.prior, shape: .matrix(n, l)) : nil
    let at =
      isPrior
      ? [:]
      : builder.inline(
        predictions,
        arguments: [UnitPort.states: x, UnitPort.causes: v, UnitPort.parameters: phi])

    let target = padded(below, to: n, in: &builder)
    let predicted = eta ?? at["\(Level.Port.output)~"] ?? target
    var outputs = ErrorPopulation(
      error: builder.binary(.subtract, target, predicted), smoothness: smoothness,
      components: outputComponents, firstComponent: 0)
    outputs.precision = precision(
      level.outputPrecision, at[Level.Port.outputPrecision], outputComponents, lambda, first: 0,
      in: &builder)
    var states = ErrorPopulation(
      error: x, smoothness: smoothness, components: stateComponents,
      firstComponent: outputComponents.count)
    if let motion = at["\(Level.Port.motion)~"] {
      states.error = builder.binary(.subtract, shifted(x, in: &builder), motion)
    }
    states.precision = precision(
      level.statePrecision, at[Level.Port.statePrecision], stateComponents, lambda,
      first: outputComponents.count, in: &builder)

    if case .dynamic(let timeConstant) = options.errorUnits {
      let xiV = builder.input(UnitPort.outputErrorUnits, shape: .matrix(n, l))
      let xiX = builder.input(UnitPort.stateErrorUnits, shape: .matrix(n, nx))
      builder.output(
        UnitPort.outputErrorFlow, outputs.relaxation(of: xiV, timeConstant, in: &builder))
      builder.output(
        UnitPort.stateErrorFlow, states.relaxation(of: xiX, timeConstant, in: &builder))
      builder.output(UnitPort.restingOutputErrors, outputs.weightedError(in: &builder))
      builder.output(UnitPort.restingStateErrors, states.weightedError(in: &builder))
      outputs.weighted = xiV
      states.weighted = xiX
    } else {
      outputs.weighted = outputs.weightedError(in: &builder)
      states.weighted = states.weightedError(in: &builder)
    }
    builder.output(UnitPort.outputErrors, outputs.weighted)
    builder.output(UnitPort.stateErrors, states.weighted)

    if !isPrior {
      stateUnits(x, v, at, outputs, states, in: &builder)
    }
    if basis.columns > 0 { parameterUnits(phi, at, outputs, states, in: &builder) }
    if lambda.shape.count > 0 { precisionUnits(lambda, outputs, states, in: &builder) }
    return builder.build()
  }

  // MARK: State units

  private func stateUnits(
    _ x: Value, _ v: Value, _ at: [String: Value], _ outputs: ErrorPopulation,
    _ states: ErrorPopulation, in builder: inout ProgramBuilder
  ) {
    let kappa = builder.constant(options.gradientGain)
    for (input, orders, own) in [(Level.Port.states, n, x), (Level.Port.causes, d, v)] {
      var gradient = builder.zeros(own.shape)
      for (population, output) in [(outputs, Level.Port.output), (states, Level.Port.motion)] {
        guard let jacobian = at["\(output)|\(input)"] else { continue }
        let weighted = builder.slice(population.weighted, axis: 0, start: 0, count: orders)
        gradient = builder.binary(
          .subtract, gradient, builder.matrixProduct(weighted, jacobian))
      }
      if input == Level.Port.states {
        // Dᵀ: the error of order k − 1 pulls on the motion of order k.
        gradient = builder.binary(.add, gradient, delayed(states.weighted, in: &builder))
        if let prior = statePrior(x, in: &builder) {
          gradient = builder.binary(.add, gradient, prior)
        }
      }
      for (population, port) in [
        (outputs, Level.Port.outputPrecision), (states, Level.Port.statePrecision),
      ] {
        guard let byInput = at["\(port)|\(input)"] else { continue }
        let row = population.precisionGradient(byInput, in: &builder)
        gradient = builder.binary(.add, gradient, padded(row, to: orders, in: &builder))
      }
      let flow = builder.binary(
        .subtract, shifted(own, in: &builder), builder.binary(.multiply, kappa, gradient))
      builder.output(
        input == Level.Port.states ? UnitPort.stateFlow : UnitPort.causeFlow, flow)
    }
  }

  /// `P_u (x̃ − x̃₀)` with `P_u = S(e⁻⁸)⁻¹ ⊗ xP`, where the model states a prior on its states.
  private func statePrior(_ x: Value, in builder: inout ProgramBuilder) -> Value? {
    guard let priorPrecision = level.statePriorPrecision else { return nil }
    var centre = Tensor<Double>(repeating: 0, shape: x.shape)
    for (index, value) in level.initialStates.enumerated() { centre.values[index] = value }
    let deviation = builder.binary(.subtract, x, builder.constant(centre))
    let temporal = builder.constant(
      TemporalCovariance(orders: n, smoothness: 0).precision)
    return builder.matrixProduct(
      builder.matrixProduct(temporal, deviation), builder.constant(priorPrecision))
  }

  // MARK: Parameters and log-precisions

  private func parameterUnits(
    _ phi: Value, _ at: [String: Value], _ outputs: ErrorPopulation, _ states: ErrorPopulation,
    in builder: inout ProgramBuilder
  ) {
    let inverse = parameterVariances.map { -1 / $0 }
    var force = builder.binary(
      .multiply, builder.constant(Tensor(vector: inverse)), phi)
    for (population, output) in [(outputs, Level.Port.output), (states, Level.Port.motion)] {
      guard let jacobian = at["\(output)~|phi"] else { continue }
      let count = population.weighted.shape.count
      guard count > 0 else { continue }
      let row = builder.reshape(population.weighted, to: .matrix(1, count))
      let matrix = builder.reshape(jacobian, to: .matrix(count, phi.shape.count))
      force = builder.binary(
        .add, force, builder.reshape(builder.matrixProduct(row, matrix), to: phi.shape))
    }
    builder.output(UnitPort.parameterForce, force)
  }

  private func precisionUnits(
    _ lambda: Value, _ outputs: ErrorPopulation, _ states: ErrorPopulation,
    in builder: inout ProgramBuilder
  ) {
    var forces: [Value] = []
    for population in [outputs, states] where !population.components.isEmpty {
      let imbalance = population.imbalance(in: &builder)
      for (offset, component) in population.components.enumerated() {
        let index = population.firstComponent + offset
        let value = builder.element(lambda, axis: 0, index: index)
        let gain = builder.binary(
          .multiply, builder.constant(-0.5), builder.unary(.exp, value))
        let trace = builder.sum(
          builder.binary(.multiply, builder.constant(component.matrix), imbalance))
        let prior = builder.binary(
          .divide, builder.binary(.subtract, builder.constant(component.priorMean), value),
          builder.constant(component.priorVariance))
        forces.append(builder.binary(.add, builder.binary(.multiply, gain, trace), prior))
      }
    }
    builder.output(UnitPort.precisionForce, builder.stack(forces))
  }

  /// `Π = fixed + Σ e^{λ_j} Q_j`.
  private func precision(
    _ model: PrecisionModel, _ stateDependent: Value?, _ components: [PrecisionComponent],
    _ lambda: Value, first: Int, in builder: inout ProgramBuilder
  ) -> Value {
    var total = stateDependent ?? builder.constant(model.fixed)
    for component in model.components where component.priorVariance == 0 || components.isEmpty {
      let held = component.matrix.values.map { $0 * exp(component.priorMean) }
      total = builder.binary(
        .add, total, builder.constant(Tensor(shape: component.matrix.shape, values: held)))
    }
    for (offset, component) in components.enumerated() {
      let gain = builder.unary(
        .exp, builder.element(lambda, axis: 0, index: first + offset))
      total = builder.binary(
        .add, total, builder.binary(.multiply, gain, builder.constant(component.matrix)))
    }
    return total
  }

  // MARK: Orders

  /// `D`: every order moves down by one, the last is zero.
  private func shifted(_ value: Value, in builder: inout ProgramBuilder) -> Value {
    let orders = value.shape[0]
    if orders == 1 { return builder.zeros(value.shape) }
    return padded(
      builder.slice(value, axis: 0, start: 1, count: orders - 1), to: orders, in: &builder)
  }

  /// `Dᵀ`: every order moves up by one, the first is zero.
  private func delayed(_ value: Value, in builder: inout ProgramBuilder) -> Value {
    let orders = value.shape[0]
    if orders == 1 { return builder.zeros(value.shape) }
    let head = builder.zeros(.matrix(1, value.shape[1]))
    return builder.concatenate(
      [head, builder.slice(value, axis: 0, start: 0, count: orders - 1)], axis: 0)
  }

  /// Adds zero orders at the end.
  private func padded(_ value: Value, to orders: Int, in builder: inout ProgramBuilder) -> Value {
    let missing = orders - value.shape[0]
    if missing == 0 { return value }
    return builder.concatenate(
      [value, builder.zeros(.matrix(missing, value.shape[1]))], axis: 0)
  }
}
