internal import DynamicModels
internal import Foundation
internal import TensorCore

/// One inversion by dynamic expectation maximisation: the estimates and the passes that move them.
public final class ExpectationMaximizationSession {
  let model: HierarchicalDynamicModel
  let settings: InversionSettings
  let isReference: Bool
  /// The factor of the parameters' uncertainty in the states' flow and the reverse: the derivative
  /// of ½ tr(C A) has 1, the reference ½ (mathematics §6).
  let weight: Double
  let spaces: [ParameterSpace]
  let errors: HierarchyErrors
  let precision: HierarchyPrecision
  /// The groups whose precision depends on states, causes or parameters.
  let dependents: [DependentPrecision]
  let observations: Observations
  let samples: Int

  /// The priors of the free directions and of λ.
  let parameterPrecision: [Double]
  let slotPrecision: [Double]
  /// P_u by rows and columns of the unknowns, the same by places in their storage, and its centre.
  let statePrior: [(row: Int, column: Int, value: Double)]
  let priorPlaces: [(place: Int, value: Double)]
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

  /// τ_e, τ_m and τ of static models' D-steps.
  var parameterRate: Double
  var precisionRate = 4.0
  var stateRate = 2.0
  var precisionIterations: Int
  /// ‖Δφ‖₁ of the last update.
  private var parameterChange = 0.0
  private var isFinished = false
  /// The pass being made, the last that was accepted, and what that one held.
  var pass: PassRecord
  private var spare: PassRecord
  var accepted: Estimates?
  var history: [InversionInfo] = []
  /// Where static models stopped at every sample.
  var resting: [[Double]?]
  let buffers: StepBuffers

  /// What is restored when a pass is rejected.
  struct Estimates {
    var free: [Double]
    var lambda: [Double]
    var freeCovariance: Tensor<Double>
    var slotCovariance: Tensor<Double>
    var confoundStep: [Double]
    var confoundTotal: [Double]
    var negativeFreeEnergy: Double
    var evidence: EvidenceParts?
    var pass: PassRecord
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
    weight = isReference ? 0.5 : 1
    samples = model.time.count
    var spaces: [ParameterSpace] = []
    for (index, level) in model.levels.enumerated() {
      do {
        spaces.append(try ParameterSpace(priorCovariance: level.parameterPriorCovariance))
      } catch { throw .linearAlgebra(level: index + 1, error) }
    }
    self.spaces = spaces
    let isDependent = model.levels.contains {
      $0.outputPrecision.isStateDependent || $0.statePrecision.isStateDependent
    }
    // The reference has no such precisions.
    if isDependent && isReference {
      throw .unsupported(scheme: .dem, .stateDependentPrecision)
    }
    let confounds = input.confounds.columns
    let errors = HierarchyErrors(
      model, spaces: spaces, confoundCount: confounds, isDense: isReference,
      isDependent: isDependent)
    self.errors = errors
    let precision = HierarchyPrecision(model, errors: errors, reference: settings.reference)
    self.precision = precision
    dependents = errors.groups.indices.compactMap {
      DependentPrecision(
        model, errors: errors, space: spaces[errors.groups[$0].level - 1], group: $0)
    }
    // λ and states that set one and the same precision cannot be told apart by the M-step's sums.
    for dependent in dependents where !precision.groups[dependent.group].components.isEmpty {
      throw .unsupported(scheme: .dem, .logPrecisions)
    }
    observations = Observations(
      input, model: model, subSteps: model.isStatic ? 1 : settings.stepsPerSample)
    parameterPrecision = spaces.flatMap { $0.variances.map { 1 / $0 } }
    slotPrecision = precision.slots.map { 1 / $0.variance }
    free = [Double](repeating: 0, count: errors.freeCount)
    lambda = precision.slots.map(\.mean)
    let all = errors.freeCount + errors.nuisanceCount
    freeCovariance = Tensor(repeating: 0, shape: .matrix(all, all))
    slotCovariance = .diagonal(precision.slots.map(\.variance))
    confoundStep = [Double](repeating: 0, count: errors.nuisanceCount)
    confoundTotal = confoundStep
    initialUnknowns = errors.initialUnknowns(model, prior: observations.firstPrior)

    // P_u: what the model says of its states, and next to nothing elsewhere.
    let layout = errors.layout
    var entries: [(row: Int, column: Int, value: Double)] = []
    let narrow = TemporalCovariance(orders: model.stateOrder, smoothness: 0).precision
    for (index, level) in model.levels.dropLast().enumerated() {
      guard let own = level.statePriorPrecision else { continue }
      for k in 0..<model.stateOrder {
        for m in 0..<model.stateOrder where narrow[k, m] != 0 {
          for a in 0..<own.rows {
            for b in 0..<own.columns where own[a, b] != 0 {
              entries.append(
                (layout.state(index, k, a), layout.state(index, m, b), narrow[k, m] * own[a, b]))
            }
          }
        }
      }
    }
    hasStatePrior = !entries.isEmpty
    for index in 0..<layout.count {
      entries.append((index, index, Double(layout.count) * Double.ulpOfOne))
    }
    statePrior = entries
    priorPlaces = entries.compactMap { entry in
      layout.chain.place(row: entry.row, column: entry.column).map { ($0, entry.value) }
    }
    var centre = [Double](repeating: 0, count: layout.count)
    if !isReference {
      for (index, level) in model.levels.dropLast().enumerated() {
        for (entry, value) in level.initialStates.enumerated() {
          centre[layout.state(index, 0, entry)] = value
        }
      }
    }
    priorCentre = centre
    parameterRate = rate ?? (errors.isAffine ? 4 : 0)
    precisionIterations = precision.slots.isEmpty ? 1 : settings.precisionIterations
    resting = [[Double]?](repeating: nil, count: samples)
    pass = PassRecord(errors, samples: samples, patterns: observations.patterns.count)
    spare = PassRecord(errors, samples: samples, patterns: observations.patterns.count)
    buffers = StepBuffers(errors, patterns: observations.patterns.count)
  }

  /// One iteration over the whole record.
  func step(shouldStop: (() -> Bool)?) throws(RecognitionError) -> InversionInfo {
    if isFinished, let last = history.last { return last }
    let isFixed = errors.freeCount + errors.nuisanceCount == 0 && precision.slots.isEmpty
    let limit = max(isFixed ? 1 : settings.iterations, 1)
    let iteration = history.count + 1
    observations.remove(confoundStep, total: &confoundTotal)
    pass.reset()
    try expectationPass(iteration: iteration, shouldStop: shouldStop)
    let outcome: MaximizationOutcome
    do {
      outcome = try maximize(pass)
    } catch { throw failure(error, iteration: iteration) }
    let value = outcome.negativeFreeEnergy
    guard value.isFinite else { throw .nonFinitePass(iteration: iteration) }
    let isAccepted = iteration == 1 || value > (accepted?.negativeFreeEnergy ?? -.infinity)
    if isAccepted {
      parameterRate = min(parameterRate + 0.5, 4)
      precisionRate = min(precisionRate + 0.5, 4)
      let step: [Double]
      do { step = try parameterStep(outcome) } catch {
        throw failure(error, iteration: iteration)
      }
      // A rejected pass brings back θ from before this update, and λ from after it.
      let made = pass
      pass = accepted?.pass ?? spare
      accepted = Estimates(
        free: free, lambda: outcome.lambda, freeCovariance: outcome.freeCovariance,
        slotCovariance: outcome.slotCovariance, confoundStep: confoundStep,
        confoundTotal: confoundTotal, negativeFreeEnergy: value, evidence: outcome.evidence,
        pass: made, passLambda: outcome.evaluatedLambda)
      for index in free.indices { free[index] += step[index] }
      lambda = outcome.lambda
      freeCovariance = outcome.freeCovariance
      slotCovariance = outcome.slotCovariance
      confoundStep = Array(step.dropFirst(free.count))
      parameterChange = step.reduce(0) { $0 + abs($1) }
    } else if let kept = accepted {
      free = kept.free
      lambda = kept.lambda
      freeCovariance = kept.freeCovariance
      slotCovariance = kept.slotCovariance
      if isReference {
        // The reference takes the restored increment off the data once more.
        confoundStep = kept.confoundStep
      } else {
        confoundStep = zip(kept.confoundTotal, confoundTotal).map { $0 - $1 }
      }
      parameterRate = min(parameterRate - 2, -2)
      precisionRate = min(precisionRate - 2, -2)
      precisionIterations = 1
    }
    let precisionChange = outcome.precisionStep.reduce(0) { $0 + abs($1) }
    let size = free.reduce(0) { $0 + abs($1) }
    isFinished =
      iteration >= limit || parameterRate < -8
      || parameterChange < exp(-4) * size && precisionChange < exp(-4)
    let info = InversionInfo(
      unit: .pass, completed: iteration, limit: limit, freeEnergy: -value,
      isAccepted: isAccepted, parameterChange: parameterChange, precisionChange: precisionChange,
      isFinished: isFinished)
    history.append(info)
    return info
  }

  /// The pass whose estimates are reported: the last accepted one, or the reference's last.
  var reported: PassRecord? {
    guard let kept = accepted else { return nil }
    return isReference && !(history.last?.isAccepted ?? true) ? pass : kept.pass
  }

  /// What went wrong after a pass: the parameter whose sums are not finite, where it is one.
  private func failure(_ error: LinearAlgebraError, iteration: Int) -> RecognitionError {
    if let place = pass.gradient.firstIndex(where: { !$0.isFinite }), place < errors.freeCount,
      let level = errors.freeOffsets.lastIndex(where: { $0 <= place && $0 < errors.freeCount })
    {
      let direction = place - errors.freeOffsets[level]
      let basis = spaces[level].basis
      let names = model.levels[level].parameters.elementNames
      let owner = names.indices.max {
        abs(basis[$0, direction]) < abs(basis[$1, direction])
      }
      if let owner {
        return .divergence(iteration: iteration, sample: samples, unit: names[owner])
      }
    }
    return .passAlgebra(iteration: iteration, sample: samples, error)
  }

  /// A name for an unknown, for messages.
  func unitName(_ index: Int) -> String {
    let (level, isState, order, entry) = errors.layout.description(of: index)
    let names = isState ? model.levels[level].states : model.levels[level].causes
    return names.elementNames[entry] + String(repeating: "′", count: order)
  }
}
