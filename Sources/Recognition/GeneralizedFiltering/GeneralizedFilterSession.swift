internal import DynamicModels
internal import Foundation
internal import TensorCore

/// One inversion by generalised filtering: the slow variables and the passes that move them.
public final class GeneralizedFilterSession {
  let model: HierarchicalDynamicModel
  let settings: InversionSettings
  let isReference: Bool
  let spaces: [ParameterSpace]
  let errors: HierarchyErrors
  let precision: FilterPrecision
  let moments: FilterMoments
  let masks: ReferenceMasks
  let samples: Int

  /// The priors of the free directions and of λ.
  let parameterPrecision: [Double]
  let slotPrecision: [Double]
  let initialUnknowns: [Double]

  let observations: Observations
  /// Per pattern of missing data, which channels are missing.
  let absent: [[Bool]]
  let stateStep: FilterStateStep
  let slowStep: SlowStep

  // What one sample says about φ and λ.
  var freeInformation: [Double]
  var slotInformation: [Double]
  var slotVariance: [Double]
  var freeInverter: SymmetricInverter
  var slotInverter: SymmetricInverter

  /// φ, λ and their motion where the next pass begins.
  var slow: SlowVariables
  /// C_φ of the last accepted pass, which the entropy's gradients need.
  var recordCovariance: [Double]
  /// ρ: the logarithm of the damping of the slow variables.
  var rate = 0.0
  /// Grows with every pass that gains little; the inversion ends when it is positive.
  private var counter = -4
  /// −F of the last accepted pass, and where it left the slow variables.
  private var evidence: Double?
  private var kept: SlowVariables
  /// What `record` reads: the best accepted pass, or what the reference reports.
  var reported: FilterResult?
  /// The parts of F: of `reported`, or of the last accepted pass, whose F the reference gives.
  var parts: EvidenceParts?
  var history: [InversionInfo] = []
  private var isFinished = false

  init(
    model: HierarchicalDynamicModel, settings: InversionSettings, input: RecognitionInput
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
    // Where parameters move, everything is linearised anew at every evaluation.
    errors = HierarchyErrors(
      model, spaces: spaces, confoundCount: 0, isDense: true,
      isDependent: spaces.contains { $0.dimension > 0 })
    precision = FilterPrecision(
      model: model, errors: errors, spaces: spaces, reference: settings.reference)
    parameterPrecision = spaces.flatMap { $0.variances.map { 1 / $0 } }
    let slots = precision.slots
    slotPrecision = slots.map { 1 / $0.variance }
    slow = SlowVariables(
      free: [Double](repeating: 0, count: errors.freeCount), lambda: slots.map(\.mean),
      velocity: [Double](repeating: 0, count: errors.freeCount + slots.count))
    kept = slow
    recordCovariance = []
    let parts = settings.stepsPerSample
    let observations = Observations(input, model: model, subSteps: parts)
    self.observations = observations
    let channels = model.level(1).outputs.count
    absent = observations.patterns.map { present in
      (0..<channels).map { !present.contains($0) }
    }
    freeInformation = [Double](repeating: 0, count: errors.freeCount * errors.freeCount)
    slotInformation = [Double](repeating: 0, count: slots.count * slots.count)
    slotVariance = slotInformation
    freeInverter = SymmetricInverter(size: errors.freeCount)
    slotInverter = SymmetricInverter(size: slots.count)
    initialUnknowns = errors.initialUnknowns(model, prior: observations.firstPrior)
    // The reference has no κ here.
    stateStep = FilterStateStep(
      errors: errors, gain: isReference ? 1 : settings.gradientGain,
      interval: model.time.step, parts: parts)
    slowStep = SlowStep(
      samples: samples, step: 1 / Double(parts), parameterPrecision: parameterPrecision,
      slotPrecision: slotPrecision, slotMeans: slots.map(\.mean))
    do throws(LinearAlgebraError) {
      moments = FilterMoments(
        errors: errors, precision: precision,
        prior: try FilterStatePrior(
          model: model, layout: errors.layout, reference: settings.reference),
        parameterPrecision: parameterPrecision)
      _ = try precision.update(
        lambda: slow.lambda, unknowns: initialUnknowns, free: slow.free,
        missing: [Bool](repeating: false, count: channels))
      masks = try ReferenceMasks(precision, errors)
    } catch { throw .linearAlgebra(level: 1, error) }
  }

  /// One pass over the record, and the decision whether it counts.
  func step(shouldStop: (() -> Bool)?) throws(RecognitionError) -> InversionInfo {
    if isFinished, let last = history.last { return last }
    let isFixed = errors.freeCount + precision.slots.count == 0
    let limit = isFixed ? 1 : max(settings.passes, 1)
    let iteration = history.count + 1
    let before = slow
    let result: FilterResult
    do throws(RecognitionError) {
      result = try pass(iteration: iteration, shouldStop: shouldStop)
      guard result.negativeFreeEnergy.isFinite else { throw .nonFinitePass(iteration: iteration) }
    } catch {
      slow = before
      throw error
    }
    let value = result.negativeFreeEnergy
    let (parameterChange, precisionChange) = (
      zip(slow.free, before.free).reduce(0) { $0 + abs($1.0 - $1.1) },
      zip(slow.lambda, before.lambda).reduce(0) { $0 + abs($1.0 - $1.1) }
    )
    // The reference takes the first four passes as they come.
    let isAccepted =
      isReference
      ? iteration <= 4 || !(value < evidence ?? -.infinity)
      : evidence.map { value > $0 } ?? true
    // Without the reference's ways a pass that is taken back has gained little, too.
    if isAccepted || !isReference, value - (evidence ?? -.infinity) < 1 { counter += 1 }
    if isAccepted {
      evidence = value
      kept = slow
      rate = max(rate - 1, -8)
      parts = result.evidence
      if !isReference {
        reported = result
        recordCovariance = result.freeCovariance.values
      }
    } else {
      // The reference keeps the velocity and the curvature of the pass it rejects.
      if isReference {
        slow.free = kept.free
        slow.lambda = kept.lambda
      } else if let best = reported {
        slow = SlowVariables(
          free: best.free, lambda: best.lambda,
          velocity: [Double](repeating: 0, count: slow.velocity.count),
          curvature: kept.curvature)
      }
      rate = max(rate + 2, 2)
      if rate > 6 { counter = 1 }
    }
    // The reference stops before it takes over the estimates of its last pass.
    if isReference && counter <= 0 { reported = result }
    isFinished = counter > 0 || iteration >= limit
    let info = InversionInfo(
      unit: .pass, completed: iteration, limit: limit, freeEnergy: -value,
      isAccepted: isAccepted, parameterChange: parameterChange, precisionChange: precisionChange,
      isFinished: isFinished)
    history.append(info)
    return info
  }
}
