public import DynamicModels
public import ODEEngine
internal import TensorCore

/// Recognition dynamics as an ODE: state and error units of every level exchanging messages.
///
///     μ̃̇_x⁽ⁱ⁾ = D μ̃_x⁽ⁱ⁾ − κ (∂ε̃⁽ⁱ⁾/∂x̃⁽ⁱ⁾)ᵀ ξ⁽ⁱ⁾
///     μ̃̇_v⁽ⁱ⁾ = D μ̃_v⁽ⁱ⁾ − κ [(∂ε̃⁽ⁱ⁾/∂ṽ⁽ⁱ⁾)ᵀ ξ⁽ⁱ⁾ + ξ_v⁽ⁱ⁺¹⁾]
///     φ̈ = −κ_θ ∂G/∂φ − k_θ φ̇        λ̈ = −κ_λ ∂G/∂λ − k_λ λ̇            (mathematics §4)
///
/// Messages pass between adjacent levels only and no dense matrix is formed, so a right-hand side
/// costs as much as the network has connections. Between samples the data move by their own
/// generalised motion, `ỹ̇ = D ỹ`. One object serves one thread. Source: Friston 2009, Trends Cogn
/// Sci 13:293, box 3.
public final class RecognitionDynamics: ODESystem {
  /// The model whose causes are recognised.
  public let model: HierarchicalDynamicModel
  /// Where every unit stands in the state vector.
  public let layout: UnitLayout
  /// Gains, frictions and the form of the error units.
  public let options: RecognitionOptions

  let units: [LevelUnit]
  /// The free directions of every level's parameters; empty where they are held.
  let parameterSpaces: [ParameterSpace?]
  /// ỹ at `origin`, `[n × l]`, and η̃ there.
  private(set) var data: GeneralizedVector
  private(set) var prior: GeneralizedVector
  private(set) var origin = 0.0
  /// ỹ and η̃ once more, as the kernels want them.
  private let dataVectors: TaylorVectors
  private let priorVectors: TaylorVectors
  let parameterFriction: Double
  let precisionFriction: Double

  /// Prepares the units of a model.
  ///
  /// - Throws: `RecognitionError.linearAlgebra` where a parameter prior cannot be decomposed.
  public init(
    model: HierarchicalDynamicModel, options: RecognitionOptions = RecognitionOptions()
  ) throws(RecognitionError) {
    self.model = model
    self.options = options
    let count = Double(model.time.count)
    parameterFriction = options.parameterFriction ?? count
    precisionFriction = options.precisionFriction ?? count
    func largest(_ count: (Level) -> Int) -> Int { model.levels.map(count).max() ?? 0 }
    let bank = VectorBank(
      orders: model.stateOrder, states: largest(\.states.count), causes: largest(\.causes.count),
      outputs: largest(\.outputs.count))
    var units: [LevelUnit] = []
    var spaces: [ParameterSpace?] = []
    for (index, level) in model.levels.enumerated() {
      var space: ParameterSpace?
      if options.parameterGain > 0 {
        do {
          space = try ParameterSpace(priorCovariance: level.parameterPriorCovariance)
        } catch {
          throw .linearAlgebra(level: index + 1, error)
        }
      }
      func free(_ precision: PrecisionModel) -> [PrecisionComponent] {
        options.precisionGain > 0 ? precision.components.filter { $0.priorVariance > 0 } : []
      }
      spaces.append(space)
      units.append(
        LevelUnit(
          LevelProgram(
            level: level, number: index + 1, isPrior: index == model.levels.count - 1,
            stateOrder: model.stateOrder, causeOrder: model.causeOrder,
            smoothness: model.smoothness(ofLevel: index + 1), options: options,
            basis: space?.basis
              ?? Tensor(repeating: 0, shape: .matrix(level.parameters.count, 0)),
            parameterVariances: space?.variances ?? [],
            outputComponents: free(level.outputPrecision),
            stateComponents: free(level.statePrecision)), bank: bank))
    }
    self.units = units
    parameterSpaces = spaces
    var isDynamic = false
    if case .dynamic = options.errorUnits { isDynamic = true }
    layout = UnitLayout(
      model: model, parameterCounts: units.map { $0.program.basis.columns },
      precisionCounts: units.map {
        $0.program.outputComponents.count + $0.program.stateComponents.count
      }, dynamicErrors: isDynamic)
    data = GeneralizedVector(
      orders: model.stateOrder, channels: model.level(1).outputs.count)
    dataVectors = TaylorVectors(orders: data.orders, channels: data.channels)
    prior = GeneralizedVector(
      orders: model.stateOrder, channels: model.levels[model.levels.count - 1].outputs.count)
    priorVectors = TaylorVectors(orders: prior.orders, channels: prior.channels)
  }

  /// Sets the data ỹ and the prior causes η̃ that hold at time `origin` and move on from there.
  public func observe(
    data: GeneralizedVector, prior: GeneralizedVector, at origin: Double
  ) {
    precondition(
      data.orders == model.stateOrder && data.channels == self.data.channels
        && prior.orders == model.stateOrder && prior.channels == self.prior.channels,
      "data or prior do not fit the model")
    self.data = data
    self.prior = prior
    self.origin = origin
    dataVectors.load(data)
    priorVectors.load(prior)
  }

  /// The number of units: the length of the state vector.
  public var dimension: Int { layout.count }

  /// The flow of every unit at one time.
  public func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    unsafe state.withUnsafeBufferPointer { source in
      unsafe derivative.withUnsafeMutableBufferPointer { target in
        if let q = source.baseAddress, let flow = target.baseAddress {
          unsafe evaluate(time: time, q, into: flow)
        }
      }
    }
  }

  /// A unit's name for messages about failures.
  public func variableName(_ index: Int) -> String { layout.name(of: index, in: model) }

  // MARK: The right-hand side

  /// Writes the inputs of every level's program from the state vector.
  func load(
    time: Double, _ q: UnsafePointer<Double>, _ own: LevelUnits,
    into arena: UnsafeMutablePointer<Double>, regions: InputRegions
  ) {
    if own.level == 1 {
      unsafe advance(data, by: time - origin, into: arena + regions.below)
    } else {
      let source = layout.levels[own.level - 2].causes
      unsafe (arena + regions.below).update(from: q + source.lowerBound, count: source.count)
    }
    unsafe (arena + regions.states).update(from: q + own.states.lowerBound, count: own.states.count)
    unsafe (arena + regions.causes).update(from: q + own.causes.lowerBound, count: own.causes.count)
    unsafe (arena + regions.parameters).update(
      from: q + own.parameters.lowerBound, count: own.parameters.count)
    unsafe (arena + regions.logPrecisions).update(
      from: q + own.logPrecisions.lowerBound, count: own.logPrecisions.count)
    if regions.prior >= 0 {
      unsafe advance(prior, by: time - origin, into: arena + regions.prior)
    }
    if regions.outputErrors >= 0 {
      unsafe (arena + regions.outputErrors).update(
        from: q + own.outputErrors.lowerBound, count: own.outputErrors.count)
      unsafe (arena + regions.stateErrors).update(
        from: q + own.stateErrors.lowerBound, count: own.stateErrors.count)
    }
  }

  /// `exp(D t)` applied to generalised coordinates: `Σ_j tʲ/j! · order k + j`.
  private func advance(
    _ vector: GeneralizedVector, by time: Double, into target: UnsafeMutablePointer<Double>
  ) {
    let count = vector.values.count
    let channels = vector.channels
    unsafe vector.values.withUnsafeBufferPointer { values in
      guard let source = values.baseAddress else { return }
      unsafe target.update(from: source, count: count)
      guard time != 0 else { return }
      var weight = 1.0
      for step in 1..<max(vector.orders, 1) {
        weight *= time / Double(step)
        let offset = step * channels
        for index in 0..<(count - offset) {
          unsafe target[index] += weight * source[index + offset]
        }
      }
    }
  }

  /// The flow by the general programs alone, whatever the levels allow.
  func programFlow(_ q: [Double], at time: Double) -> [Double] {
    var flow = [Double](repeating: 0, count: q.count)
    unsafe q.withUnsafeBufferPointer { source in
      unsafe flow.withUnsafeMutableBufferPointer { target in
        if let source = source.baseAddress, let target = target.baseAddress {
          unsafe evaluate(time: time, source, into: target, usesKernels: false)
        }
      }
    }
    return flow
  }

  private func evaluate(
    time: Double, _ q: UnsafePointer<Double>, into flow: UnsafeMutablePointer<Double>,
    usesKernels: Bool = true
  ) {
    let kappa = options.gradientGain
    for index in 0..<units.count {
      let unit = units[index]
      let own = layout.levels[index]
      if usesKernels, let kernel = unit.kernel {
        unsafe run(kernel, own, time: time, q, into: flow)
        continue
      }
      let arena = unsafe unit.workspace.base
      unsafe load(time: time, q, own, into: arena, regions: unit.inputRegions)
      unit.workspace.run()
      if let region = unit.stateFlow {
        unsafe (flow + own.states.lowerBound).update(
          from: arena + region.offset, count: own.states.count)
      }
      if let region = unit.causeFlow {
        unsafe (flow + own.causes.lowerBound).update(
          from: arena + region.offset, count: own.causes.count)
      }
      if index > 0 {
        // ξ_v of this level is the top-down error message of the level below.
        let receiver = layout.levels[index - 1].causes
        let message = unsafe arena + unit.outputErrors.offset
        for entry in 0..<receiver.count {
          unsafe flow[receiver.lowerBound + entry] -= kappa * message[entry]
        }
      }
      if let region = unit.parameterForce {
        unsafe secondOrder(
          q, flow, own.parameters, own.parameterMotion, force: arena + region.offset,
          gain: options.parameterGain, friction: parameterFriction)
      }
      if let region = unit.precisionForce {
        unsafe secondOrder(
          q, flow, own.logPrecisions, own.logPrecisionMotion, force: arena + region.offset,
          gain: options.precisionGain, friction: precisionFriction)
      }
      if let region = unit.outputErrorFlow {
        unsafe (flow + own.outputErrors.lowerBound).update(
          from: arena + region.offset, count: own.outputErrors.count)
      }
      if let region = unit.stateErrorFlow {
        unsafe (flow + own.stateErrors.lowerBound).update(
          from: arena + region.offset, count: own.stateErrors.count)
      }
    }
  }

  private func run(
    _ kernel: LevelKernel, _ own: LevelUnits, time: Double, _ q: UnsafePointer<Double>,
    into flow: UnsafeMutablePointer<Double>
  ) {
    let kappa = options.gradientGain
    let stateFlow = unsafe flow + own.states.lowerBound
    let causeFlow = unsafe flow + own.causes.lowerBound
    let x = unsafe q + own.states.lowerBound
    let v = unsafe q + own.causes.lowerBound
    let expected = own.level == layout.levels.count ? priorVectors : nil
    let elapsed = time - origin
    if own.level == 1 {
      unsafe kernel.run(
        target: .data(dataVectors), expected: expected, time: elapsed, x: x, v: v, kappa: kappa,
        stateFlow: stateFlow, causeFlow: causeFlow)
    } else {
      let below = layout.levels[own.level - 2].causes.lowerBound
      unsafe kernel.run(
        target: .causes(q + below), expected: expected, time: elapsed, x: x, v: v, kappa: kappa,
        stateFlow: stateFlow, causeFlow: causeFlow)
      unsafe kernel.sendDown(kappa: kappa, to: flow + below)
    }
  }

  /// `φ̈ = κ · force − k φ̇` as a pair of first-order equations.
  private func secondOrder(
    _ q: UnsafePointer<Double>, _ flow: UnsafeMutablePointer<Double>, _ position: Range<Int>,
    _ motion: Range<Int>, force: UnsafePointer<Double>, gain: Double, friction: Double
  ) {
    for entry in 0..<position.count {
      let velocity = unsafe q[motion.lowerBound + entry]
      unsafe flow[position.lowerBound + entry] = velocity
      unsafe flow[motion.lowerBound + entry] = gain * force[entry] - friction * velocity
    }
  }
}

/// Offsets of a level program's inputs in an arena; −1 where the level has no such input.
struct InputRegions {
  let below: Int
  let states: Int
  let causes: Int
  let parameters: Int
  let logPrecisions: Int
  let prior: Int
  let outputErrors: Int
  let stateErrors: Int

  init(_ executable: Executable) {
    func offset(_ name: String) -> Int {
      executable.inputs.first { $0.name == name }?.offset ?? -1
    }
    below = offset(UnitPort.below)
    states = offset(UnitPort.states)
    causes = offset(UnitPort.causes)
    parameters = offset(UnitPort.parameters)
    logPrecisions = offset(UnitPort.logPrecisions)
    prior = offset(UnitPort.prior)
    outputErrors = offset(UnitPort.outputErrorUnits)
    stateErrors = offset(UnitPort.stateErrorUnits)
  }
}
