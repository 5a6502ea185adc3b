internal import DynamicModels
internal import Foundation
internal import TensorCore

/// One inversion by dynamic expectation maximisation: the estimates and the passes that move them.
public final class ExpectationMaximizationSession {
  let model: HierarchicalDynamicModel
  let settings: InversionSettings
  let isReference: Bool
  let spaces: [ParameterSpace]
  let errors: ErrorModel
  let precision: ErrorPrecision
  let layout: ErrorLayout
  let confoundCount: Int
  let samples: Int

  /// The priors of the free directions and of λ.
  let parameterPrecision: [Double]
  let slotPrecision: [Double]
  /// P_u `[n_u × n_u]` of the states' prior, and where it is centred.
  let unknownPrior: Tensor<Double>
  let hasStatePrior: Bool
  let priorCentre: [Double]
  let initialUnknowns: [Double]

  /// φ, λ, C_φ over parameters and confounds, C_λ.
  var free: [Double]
  var lambda: [Double]
  var freeCovariance: Tensor<Double>
  var slotCovariance: Tensor<Double>
  /// The last increment of the confounds' weights and their sum, `[confound][channel]`.
  var confoundStep: [Double]
  var confoundTotal: [Double]
  /// Data with the confounds found so far taken off, `[channels × N]`.
  var data: Tensor<Double>
  let prior: Tensor<Double>
  let confounds: Tensor<Double>
  let dataEmbedding: TaylorEmbedding
  let priorEmbedding: TaylorEmbedding
  let confoundEmbedding: TaylorEmbedding?

  var parameterRate: Double
  var precisionRate = 4.0
  var precisionIterations: Int
  /// The last pass, and the last that was accepted.
  var pass: PassResult?
  var accepted: Estimates?
  var history: [InversionInfo] = []
  private var isFinished = false
  /// Where static models stopped at every sample.
  var resting: [[Double]?]

  /// What is restored when a pass is rejected.
  struct Estimates {
    var free: [Double]
    var lambda: [Double]
    var freeCovariance: Tensor<Double>
    var slotCovariance: Tensor<Double>
    var confoundStep: [Double]
    var confoundTotal: [Double]
    var negativeFreeEnergy: Double
    var pass: PassResult
    /// λ with which the pass was made.
    var passLambda: [Double]
  }

  init(
    model: HierarchicalDynamicModel, settings: InversionSettings, input: RecognitionInput,
    rate: Double?
  ) throws(RecognitionError) {
    self.model = model
    self.settings = settings
    isReference = settings.reference == .spm
    samples = model.time.count
    var spaces: [ParameterSpace] = []
    for (index, level) in model.levels.enumerated() {
      do {
        spaces.append(try ParameterSpace(priorCovariance: level.parameterPriorCovariance))
      } catch { throw .linearAlgebra(level: index + 1, error) }
    }
    self.spaces = spaces
    errors = ErrorModel(model: model, spaces: spaces)
    layout = errors.layout
    precision = ErrorPrecision(model: model, layout: layout, reference: settings.reference)
    confoundCount = input.confounds.columns
    parameterPrecision = spaces.flatMap { $0.variances.map { 1 / $0 } }
    slotPrecision = precision.slots.map { 1 / $0.variance }
    free = [Double](repeating: 0, count: layout.freeCount)
    lambda = precision.slots.map(\.mean)
    let nuisance = confoundCount * layout.dataCount
    let all = layout.freeCount + nuisance
    freeCovariance = Tensor(repeating: 0, shape: .matrix(all, all))
    slotCovariance = .diagonal(precision.slots.map(\.variance))
    confoundStep = [Double](repeating: 0, count: nuisance)
    confoundTotal = confoundStep
    data = LinearAlgebra.transpose(input.data)
    prior = LinearAlgebra.transpose(input.prior)
    confounds = LinearAlgebra.transpose(input.confounds)
    let steps = model.isStatic ? 1 : settings.stepsPerSample
    dataEmbedding = TaylorEmbedding(
      orders: model.stateOrder, step: model.time.step, sampleCount: samples,
      delays: input.delays, subSteps: steps)
    priorEmbedding = TaylorEmbedding(
      orders: model.causeOrder, step: model.time.step, sampleCount: samples, subSteps: steps)
    confoundEmbedding =
      confoundCount == 0
      ? nil
      : TaylorEmbedding(
        orders: model.stateOrder, step: model.time.step, sampleCount: samples, subSteps: steps)

    // Causes start where the levels above predict them; states where the model says.
    var unknowns = [Double](repeating: 0, count: layout.unknownCount)
    for (index, level) in model.levels.enumerated() {
      for (entry, value) in level.initialStates.enumerated() {
        unknowns[layout.stateOffsets[index] + entry] = value
      }
    }
    let centre = unknowns
    priorCentre = isReference ? [Double](repeating: 0, count: unknowns.count) : centre
    let causes = prior
    let count = model.time.count
    var emitted = (0..<layout.priorCount).map { count > 0 ? causes[$0, 0] : 0 }
    for (index, level) in errors.levels.enumerated().reversed() {
      let v = layout.causes + layout.causeOffsets[index]
      for (entry, value) in emitted.enumerated() { unknowns[v + entry] = value }
      let x = layout.stateOffsets[index]
      level.run(
        states: unknowns[x..<(x + level.stateCount)],
        causes: unknowns[v..<(v + level.causeCount)],
        free: [Double](repeating: 0, count: level.freeCount)[...])
      let region = level.region(Level.Port.output)
      emitted = (0..<level.outputCount).map { level.value(region, $0) }
    }
    initialUnknowns = unknowns

    var statePrior = Tensor<Double>(
      repeating: 0, shape: .matrix(layout.unknownCount, layout.unknownCount))
    var stated = false
    let narrow = TemporalCovariance(orders: model.stateOrder, smoothness: 0).precision
    for (index, level) in model.levels.enumerated() {
      guard let own = level.statePriorPrecision, own.values.contains(where: { $0 != 0 })
      else { continue }
      stated = true
      for k in 0..<model.stateOrder {
        for m in 0..<model.stateOrder {
          for a in 0..<own.rows {
            for b in 0..<own.columns {
              let row = k * layout.stateCount + layout.stateOffsets[index] + a
              let column = m * layout.stateCount + layout.stateOffsets[index] + b
              statePrior.values[row * layout.unknownCount + column] = narrow[k, m] * own[a, b]
            }
          }
        }
      }
    }
    hasStatePrior = stated
    for index in 0..<layout.unknownCount {
      statePrior.values[index * layout.unknownCount + index] +=
        Double(layout.unknownCount) * Double.ulpOfOne
    }
    unknownPrior = statePrior
    parameterRate = rate ?? (errors.isAffine ? 4 : 0)
    precisionIterations = precision.slots.isEmpty ? 1 : settings.precisionIterations
    resting = [[Double]?](repeating: nil, count: samples)
  }

  /// One iteration over the whole record.
  func step(shouldStop: (() -> Bool)?) throws(RecognitionError) -> InversionInfo {
    if isFinished, let last = history.last { return last }
    let isFixed = layout.freeCount + confoundStep.count == 0 && precision.slots.isEmpty
    let limit = max(isFixed ? 1 : settings.iterations, 1)
    let iteration = history.count + 1
    removeConfounds()
    let result = try expectationPass(iteration: iteration)
    pass = result
    let outcome = try maximization(result, iteration: iteration)
    let value = outcome.negativeFreeEnergy
    guard value.isFinite else { throw .nonFinitePass(iteration: iteration) }
    let isAccepted = iteration == 1 || value > (accepted?.negativeFreeEnergy ?? -.infinity)
    let parameterChange = outcome.parameterStep.reduce(0) { $0 + abs($1) }
    let precisionChange = outcome.precisionStep.reduce(0) { $0 + abs($1) }
    if isAccepted {
      accepted = Estimates(
        free: free, lambda: outcome.lambda, freeCovariance: outcome.freeCovariance,
        slotCovariance: outcome.slotCovariance, confoundStep: outcome.confoundStep,
        confoundTotal: confoundTotal, negativeFreeEnergy: value, pass: result,
        passLambda: outcome.evaluatedLambda)
      for index in free.indices { free[index] += outcome.parameterStep[index] }
      lambda = outcome.lambda
      freeCovariance = outcome.freeCovariance
      slotCovariance = outcome.slotCovariance
      confoundStep = outcome.confoundStep
      parameterRate = min(parameterRate + 0.5, 4)
      precisionRate = min(precisionRate + 0.5, 4)
    } else if let kept = accepted {
      free = kept.free
      lambda = kept.lambda
      freeCovariance = kept.freeCovariance
      slotCovariance = kept.slotCovariance
      if isReference {
        // The reference takes the restored increment off the data once more.
        confoundStep = kept.confoundStep
      } else {
        confoundStep = confoundStep.map { -$0 }
        removeConfounds()
        confoundStep = [Double](repeating: 0, count: confoundStep.count)
      }
      parameterRate = min(parameterRate - 2, -2)
      precisionRate = min(precisionRate - 2, -2)
      precisionIterations = 1
    }
    let size = free.reduce(0) { $0 + abs($1) }
    isFinished =
      iteration >= limit || parameterRate < -8
      || layout.freeCount > 0 && parameterChange < exp(-4) * size && precisionChange < exp(-4)
    let info = InversionInfo(
      unit: .pass, completed: iteration, limit: limit, freeEnergy: -value,
      isAccepted: isAccepted, parameterChange: parameterChange, precisionChange: precisionChange,
      isFinished: isFinished)
    history.append(info)
    return info
  }

  /// Takes the last increment of the confounds off the data.
  private func removeConfounds() {
    for confound in 0..<confoundCount {
      for channel in 0..<layout.dataCount {
        let weight = confoundStep[confound * layout.dataCount + channel]
        confoundTotal[confound * layout.dataCount + channel] += weight
        if weight == 0 { continue }
        for sample in 0..<samples {
          data.values[channel * samples + sample] -=
            weight * confounds.values[confound * samples + sample]
        }
      }
    }
  }
}
