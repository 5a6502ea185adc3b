internal import DynamicModels
internal import Foundation
internal import ODEEngine
internal import TensorCore

/// One inversion under way: the dynamics, the embedded data and the present state of the units.
public final class RecognitionSession {
  let model: HierarchicalDynamicModel
  let dynamics: RecognitionDynamics
  private let freeEnergy: FreeEnergy
  private let dataEmbedding: TaylorEmbedding
  private let priorEmbedding: TaylorEmbedding
  /// Data and prior causes with time along rows, as the embedding wants them.
  private let data: Tensor<Double>
  private let prior: Tensor<Double>
  private(set) var state: [Double]
  /// Nil where there is nothing to integrate: a model without states and causes only predicts.
  private var solver: ODESolver<RecognitionDynamics>?
  private var record: InversionRecord
  /// Whether every sample is integrated until its flow rests.
  private var settles = false
  private var sample = 0

  init(
    model: HierarchicalDynamicModel, options: RecognitionOptions, integration: ODEOptions,
    input: RecognitionInput
  ) throws(RecognitionError) {
    self.model = model
    record = InversionRecord(model: model)
    dynamics = try RecognitionDynamics(model: model, options: options)
    freeEnergy = try FreeEnergy(dynamics)
    dataEmbedding = TaylorEmbedding(
      orders: model.stateOrder, step: model.time.step, sampleCount: model.time.count,
      delays: input.delays)
    priorEmbedding = TaylorEmbedding(
      orders: model.causeOrder, step: model.time.step, sampleCount: model.time.count)
    data = LinearAlgebra.transpose(input.data)
    prior = LinearAlgebra.transpose(input.prior)
    state = []
    observe(sample: 1)
    state = initialState()
    settles =
      model.isStatic
      && !dynamics.layout.levels.contains { !$0.parameters.isEmpty || !$0.logPrecisions.isEmpty }
    guard dynamics.dimension > 0 else { return }
    do throws(ODEError) {
      solver = try ODESolver(
        dynamics, state: state, time: model.time[1], options: integration)
    } catch { throw .integration(sample: 1, error) }
  }

  /// ỹ and η̃ of a sample, given to the dynamics.
  private func observe(sample: Int) {
    let embedded = dataEmbedding.embed(data, atSample: sample)
    let causes = priorEmbedding.embed(prior, atSample: sample)
    var eta = GeneralizedVector(orders: model.stateOrder, channels: causes.channels)
    for order in 0..<model.causeOrder {
      for channel in 0..<causes.channels { eta[order, channel] = causes[order, channel] }
    }
    dynamics.observe(data: embedded, prior: eta, at: model.time[sample])
  }

  /// States at their initial values without motion, causes at what the prior predicts.
  private func initialState() -> [Double] {
    var q = [Double](repeating: 0, count: dynamics.dimension)
    for (units, own) in zip(dynamics.units, dynamics.layout.levels) {
      for (index, value) in model.level(own.level).initialStates.enumerated() {
        q[own.states.lowerBound + index] = value
      }
      let components = units.program.outputComponents + units.program.stateComponents
      for (index, component) in components.enumerated() {
        q[own.logPrecisions.lowerBound + index] = component.priorMean
      }
    }
    var emitted = Array(dynamics.prior.order(0))
    for own in dynamics.layout.levels.dropLast().reversed() {
      for (index, value) in emitted.enumerated() { q[own.causes.lowerBound + index] = value }
      let at = dynamics.predictions(of: dynamics.units[own.level - 1], own, q)
      emitted = at[Level.Port.output]?.values ?? []
    }
    settleErrorUnits(&q)
    return q
  }

  /// Dynamic error units start at their fixed point ξ = Π ε.
  private func settleErrorUnits(_ q: inout [Double]) {
    guard case .dynamic = dynamics.options.errorUnits else { return }
    for (own, weighted) in zip(dynamics.layout.levels, dynamics.algebraicErrors(q)) {
      for (index, value) in weighted.outputs.enumerated() {
        q[own.outputErrors.lowerBound + index] = value
      }
      for (index, value) in weighted.states.enumerated() {
        q[own.stateErrors.lowerBound + index] = value
      }
    }
  }

  /// Takes the estimate of the next sample and integrates to the one after it.
  func step(shouldStop: (() -> Bool)?) throws(RecognitionError) -> InversionInfo {
    let count = model.time.count
    if sample < count {
      sample += 1
      solver?.shouldStop = shouldStop
      do throws(ODEError) {
        observe(sample: sample)
        solver?.restart()
        if settles { try settle(from: model.time[sample]) }
      } catch { throw failure(error) }
      if let now = solver?.state { state = now }
      try take(sample)
      if sample < count && !settles {
        do throws(ODEError) {
          try solver?.advance(to: model.time[sample + 1])
        } catch { throw failure(error) }
      }
    }
    return InversionInfo(
      unit: .sample, completed: sample, limit: count,
      freeEnergy: record.freeEnergy.last?.freeEnergy ?? .nan, isFinished: sample >= count)
  }

  private func failure(_ error: ODEError) -> RecognitionError {
    if case .interrupted = error { return .stopped }
    return .integration(sample: sample, error)
  }

  /// The record of the samples so far, with the parameters as they are.
  func finishedRecord() -> InversionRecord {
    if let now = solver?.state { state = now }
    var result = record
    if let statistics = solver?.statistics { result.statistics = statistics }
    recordSlowUnits(into: &result)
    return result
  }

  /// Integrates a static model until its flow rests; the horizon doubles.
  private func settle(from start: Double) throws(ODEError) {
    guard var before = solver?.state else { return }
    solver?.setState(before, time: start)
    var horizon = model.time.step
    var elapsed = 0.0
    for _ in 0..<60 {
      elapsed += horizon
      try solver?.advance(to: start + elapsed)
      let after = solver?.state ?? before
      let scale = after.reduce(1) { max($0, abs($1)) }
      let change = zip(before, after).reduce(0) { max($0, abs($1.0 - $1.1)) }
      before = after
      if change <= 1e-13 * scale { return }
      horizon *= 2
    }
  }

  /// Writes the estimate of one sample.
  private func take(_ sample: Int) throws(RecognitionError) {
    let (terms, posterior) = try freeEnergy.evaluate(
      state, data: dynamics.data, prior: dynamics.prior, sample: sample)
    record.freeEnergy.append(terms)
    let reader = SampleReader(dynamics: dynamics, state: state, posterior: posterior)
    for index in record.levels.indices {
      reader.read(level: index + 1, row: sample - 1, into: &record.levels[index])
    }
    record.completed = sample
  }

  /// Writes the parameters and log-precisions where the units left them.
  private func recordSlowUnits(into record: inout InversionRecord) {
    for (index, own) in dynamics.layout.levels.enumerated() {
      let level = model.level(own.level)
      if let space = dynamics.parameterSpaces[index], space.dimension > 0 {
        let phi = Array(state[own.parameters])
        let theta = level.parameterValues.indices.map { row in
          phi.indices.reduce(level.parameterValues[row]) {
            $0 + space.basis[row, $1] * phi[$1]
          }
        }
        for block in level.parameters.blocks {
          record.parameters.append(
            EstimateRecord(
              name: block.name, level: own.level, shape: block.shape,
              mean: Array(theta[block.range]),
              standardDeviation: [Double](repeating: .nan, count: block.shape.count),
              prior: Array(level.parameterValues[block.range])))
        }
      }
      let program = dynamics.units[index].program
      for (offset, component) in (program.outputComponents + program.stateComponents).enumerated() {
        record.logPrecisions.append(
          EstimateRecord(
            name: component.name, level: own.level, shape: .scalar,
            mean: [state[own.logPrecisions.lowerBound + offset]], standardDeviation: [.nan],
            prior: [component.priorMean]))
      }
    }
  }
}
