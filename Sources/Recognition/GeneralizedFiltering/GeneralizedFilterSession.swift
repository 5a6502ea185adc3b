internal import DynamicModels
internal import Foundation
internal import TensorCore

/// One inversion by generalised filtering: the slow variables and the passes that move them.
public final class GeneralizedFilterSession {
  let model: HierarchicalDynamicModel
  let settings: InversionSettings
  let isReference: Bool
  let spaces: [ParameterSpace]
  let errors: ErrorModel
  let layout: ErrorLayout
  let precision: FilterPrecision
  let moments: FilterMoments
  let masks: ReferenceMasks
  let samples: Int

  /// The priors of the free directions and of λ.
  let parameterPrecision: [Double]
  let slotPrecision: [Double]
  let initialUnknowns: [Double]

  /// Data and prior causes with time along the rows.
  let data: Tensor<Double>
  let priorCauses: Tensor<Double>
  let dataEmbedding: TaylorEmbedding
  let priorEmbedding: TaylorEmbedding
  let stateStep: FilterStateStep
  let slowStep: SlowStep

  // One sample's data, prior causes and missing channels.
  var observed: [Double]
  var expected: [Double]
  var missing: [Bool]
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
    errors = ErrorModel(model: model, spaces: spaces)
    layout = errors.layout
    precision = FilterPrecision(
      model: model, layout: layout, spaces: spaces, reference: settings.reference)
    parameterPrecision = spaces.flatMap { $0.variances.map { 1 / $0 } }
    let slots = precision.kernel.slots
    slotPrecision = slots.map { 1 / $0.variance }
    slow = SlowVariables(
      free: [Double](repeating: 0, count: layout.freeCount), lambda: slots.map(\.mean),
      velocity: [Double](repeating: 0, count: layout.freeCount + slots.count))
    kept = slow
    recordCovariance = []
    data = LinearAlgebra.transpose(input.data)
    priorCauses = LinearAlgebra.transpose(input.prior)
    let parts = settings.stepsPerSample
    dataEmbedding = TaylorEmbedding(
      orders: model.stateOrder, step: model.time.step, sampleCount: samples,
      delays: input.delays, subSteps: parts)
    priorEmbedding = TaylorEmbedding(
      orders: model.causeOrder, step: model.time.step, sampleCount: samples, subSteps: parts)
    observed = [Double](repeating: 0, count: layout.stateOrder * layout.dataCount)
    expected = [Double](repeating: 0, count: layout.causeOrder * layout.priorCount)
    missing = [Bool](repeating: false, count: layout.dataCount)
    freeInverter = SymmetricInverter(size: layout.freeCount)
    slotInverter = SymmetricInverter(size: slots.count)
    initialUnknowns = Self.initialUnknowns(model, errors, priorCauses)
    // The reference has no κ here.
    stateStep = FilterStateStep(
      layout: layout, gain: isReference ? 1 : settings.gradientGain,
      interval: model.time.step, parts: parts)
    slowStep = SlowStep(
      samples: samples, step: 1 / Double(parts), parameterPrecision: parameterPrecision,
      slotPrecision: slotPrecision, slotMeans: slots.map(\.mean))
    do throws(LinearAlgebraError) {
      moments = FilterMoments(
        errors: errors, precision: precision,
        prior: try FilterStatePrior(
          model: model, layout: layout, reference: settings.reference),
        parameterPrecision: parameterPrecision)
      _ = try precision.update(
        lambda: slow.lambda, unknowns: initialUnknowns, free: slow.free, missing: missing)
      masks = try ReferenceMasks(precision)
    } catch { throw .linearAlgebra(level: 1, error) }
  }

  /// Causes start where the levels above predict them; states where the model says.
  private static func initialUnknowns(
    _ model: HierarchicalDynamicModel, _ errors: ErrorModel, _ priorCauses: Tensor<Double>
  ) -> [Double] {
    let layout = errors.layout
    var unknowns = [Double](repeating: 0, count: layout.unknownCount)
    for (index, level) in model.levels.enumerated() {
      for (entry, value) in level.initialStates.enumerated() {
        unknowns[layout.stateOffsets[index] + entry] = value
      }
    }
    var emitted = (0..<layout.priorCount).map { model.time.count > 0 ? priorCauses[$0, 0] : 0 }
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
    return unknowns
  }

  /// One pass over the record, and the decision whether it counts.
  func step(shouldStop: (() -> Bool)?) throws(RecognitionError) -> InversionInfo {
    if isFinished, let last = history.last { return last }
    let isFixed = layout.freeCount + precision.kernel.slots.count == 0
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
    let isAccepted = iteration <= 4 || !(value < evidence ?? -.infinity)
    // Without the reference's ways a pass that is taken back has gained little, too.
    if isAccepted || !isReference, value - (evidence ?? -.infinity) < 1 { counter += 1 }
    if isAccepted {
      evidence = value
      kept = slow
      rate = max(rate - 1, -8)
      if isReference || value >= reported?.negativeFreeEnergy ?? -.infinity {
        parts = result.evidence
        if !isReference { reported = result }
      }
      if !isReference { recordCovariance = result.freeCovariance.values }
    } else {
      slow.free = kept.free
      slow.lambda = kept.lambda
      // The reference keeps the velocity of the pass it rejects.
      if !isReference { slow.velocity = kept.velocity }
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
