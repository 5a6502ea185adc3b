internal import CGSL

/// The part of a solver that does not depend on the type of its system.
@safe
struct SolverCore: ~Copyable {
  let options: ODEOptions
  let dimension: Int
  var time = 0.0
  var statistics = StepStatistics()
  var records: [StepRecord] = []
  var shouldStop: (() -> Bool)?

  private let context: UnsafeMutablePointer<SolverContext>
  private let gsl: GSLObjects
  // State, state before the last step, F at both.
  let state: UnsafeMutablePointer<Double>
  private let previousState: UnsafeMutablePointer<Double>
  private let slopes: UnsafeMutablePointer<Double>
  private var previousTime = 0.0
  private var hasLastStep = false
  private var hasSlopes = false
  /// The step to try next, with the sign of the direction; nil before the first.
  private var nextStep: Double?
  private var needsReset = false

  init(system: ErasedSystem, options: ODEOptions) throws(ODEError) {
    try options.validate()
    let dimension = system.dimension
    guard dimension > 0 else { throw .emptySystem }
    if options.stepper.needsJacobian && !system.providesJacobian {
      throw .jacobianMissing(options.stepper)
    }
    let context = UnsafeMutablePointer<SolverContext>.allocate(capacity: 1)
    unsafe context.initialize(
      to: SolverContext(
        system: system, minimumStep: options.minimumStep, maximumStep: options.maximumStep,
        relativeTolerance: options.relativeTolerance,
        absoluteTolerance: options.absoluteTolerance))
    do throws(ODEError) {
      gsl = try unsafe GSLObjects(options: options, context: context)
    } catch {
      unsafe context.deinitialize(count: 1)
      unsafe context.deallocate()
      throw error
    }
    if options.stepper == .localLinear {
      let workspace = UnsafeMutablePointer<LocalLinearStep>.allocate(capacity: 1)
      unsafe workspace.initialize(
        to: LocalLinearStep(
          system: context.pointee.system, estimatesError: options.fixedStep == nil))
      unsafe context.pointee.localLinear = workspace
    }
    unsafe self.context = context
    self.options = options
    self.dimension = dimension
    unsafe state = UnsafeMutablePointer.allocate(capacity: 4 * dimension)
    unsafe state.initialize(repeating: 0, count: 4 * dimension)
    unsafe previousState = state + dimension
    unsafe slopes = state + 2 * dimension
  }

  deinit {
    if let workspace = unsafe context.pointee.localLinear {
      unsafe workspace.deinitialize(count: 1)
      unsafe workspace.deallocate()
    }
    unsafe context.deinitialize(count: 1)
    unsafe context.deallocate()
    unsafe state.deallocate()
  }

  /// The costs so far.
  var currentStatistics: StepStatistics {
    var result = statistics
    unsafe result.derivativeEvaluations = context.pointee.derivativeEvaluations
    unsafe result.jacobianEvaluations = context.pointee.jacobianEvaluations
    return result
  }

  mutating func restart() {
    needsReset = true
    hasLastStep = false
  }

  /// Restarts and forgets the proposed step too, so that equal starts give equal runs.
  mutating func startAfresh() {
    restart()
    nextStep = nil
  }

  mutating func invalidateLinearization() {
    if let workspace = unsafe context.pointee.localLinear { unsafe workspace.pointee.invalidate() }
    restart()
  }

  // MARK: Advancing

  mutating func advance(to target: Double) throws(ODEError) {
    guard target.isFinite else { throw .invalidTime(target) }
    guard target != time else { return }
    let length = target - time
    if let step = nextStep, step * length < 0 {
      // Time turned round: what the methods remember lies in the wrong direction.
      nextStep = nil
      needsReset = true
    }
    if needsReset {
      gsl.reset()
      needsReset = false
    }
    if let fixed = options.fixedStep {
      try advanceEqually(to: target, step: fixed)
    } else if options.stepper == .localLinear, unsafe context.pointee.system.isLinear {
      try advanceEqually(to: target, step: options.maximumStep)
    } else {
      try advanceAdaptively(to: target)
    }
  }

  private mutating func advanceAdaptively(to target: Double) throws(ODEError) {
    var step: Double
    if let known = nextStep { step = known } else { step = try firstStep(towards: target) }
    var count = 0
    while time != target {
      try beforeStep(count: count, target: target, step: step)
      let remaining = target - time
      var tried = step
      // Never leave a remainder that is a rounding error or a tiny step.
      if abs(remaining) <= abs(step) * (1 + 1e-10) {
        tried = 2 * remaining
      } else if abs(remaining) < 2 * abs(step), abs(remaining) >= 2 * options.minimumStep {
        tried = 0.5 * remaining
      }
      let failedBefore = unsafe gsl.evolve.pointee.failed_steps
      let proposed = step
      let status = unsafe gsl_odeiv2_evolve_apply(
        gsl.evolve, gsl.control, gsl.step, gsl.system, &time, target, &tried, state)
      let rejections = unsafe Int(gsl.evolve.pointee.failed_steps - failedBefore)
      statistics.rejected += rejections
      guard status == Status.success else { throw failure(status: status, step: tried) }
      let taken = unsafe gsl.evolve.pointee.last_step
      let isShort =
        rejections > 0 && time != target && abs(taken) < options.minimumStep
      if isShort { throw failure(status: Status.failure, step: taken, isUnderflow: true) }
      try unsafe afterStep(taken, rejections: rejections, errorRatio: context.pointee.errorRatio)
      // The control's proposal after a step cut short by the target may be small for that reason
      // alone.
      let suggested = unsafe context.pointee.suggestedStep
      step =
        rejections == 0 && abs(taken) < abs(proposed) && abs(suggested) < abs(proposed)
        ? proposed : suggested
      nextStep = step
      count += 1
    }
  }

  private mutating func advanceEqually(to target: Double, step: Double) throws(ODEError) {
    let start = time
    let length = target - start
    let count = max(1, (abs(length) / step * (1 - 1e-12)).rounded(.up))
    let equal = length / count
    nextStep = equal
    var index = 0.0
    while index < count {
      try beforeStep(count: Int(index), target: target, step: equal)
      let status = unsafe gsl_odeiv2_evolve_apply_fixed_step(
        gsl.evolve, nil, gsl.step, gsl.system, &time, equal, state)
      guard status == Status.success else { throw failure(status: status, step: equal) }
      index += 1
      time = index == count ? target : start + index * equal
      try afterStep(equal, rejections: 0, errorRatio: nil)
    }
  }

  private mutating func beforeStep(
    count: Int, target: Double, step: Double
  ) throws(ODEError) {
    if let shouldStop, shouldStop() { throw .interrupted(point(step: step, index: nil)) }
    guard count < options.maximumSteps else {
      throw .tooManySteps(
        point(step: step, index: unsafe context.pointee.worstIndex), limit: options.maximumSteps,
        target: target)
    }
    unsafe context.pointee.begin()
    for index in 0..<dimension { unsafe previousState[index] = state[index] }
    previousTime = time
  }

  private mutating func afterStep(
    _ step: Double, rejections: Int, errorRatio: Double?
  ) throws(ODEError) {
    let isGood = unsafe context.pointee.check(state, count: dimension, as: .state, time: time)
    guard isGood else { throw failure(status: Status.failure, step: step) }
    hasLastStep = true
    hasSlopes = false
    statistics.accept(abs(step))
    if options.recordsSteps {
      records.append(
        StepRecord(time: time, step: step, errorRatio: errorRatio, rejections: rejections))
    }
  }

  /// Puts the last good step back and says what went wrong.
  private mutating func failure(
    status: Int32, step: Double, isUnderflow: Bool = false
  ) -> ODEError {
    for index in 0..<dimension { unsafe state[index] = previousState[index] }
    time = previousTime
    needsReset = true
    hasLastStep = false
    nextStep = nil
    if let thrown = unsafe context.pointee.failure {
      unsafe context.pointee.failure = nil
      return thrown
    }
    if let bad = unsafe context.pointee.nonFinite {
      return .nonFinite(bad.quantity, point(step: step, index: bad.index))
    }
    let worst = unsafe context.pointee.worstIndex
    if unsafe isUnderflow || context.pointee.underflow || context.pointee.repeatsState {
      return .stepUnderflow(
        point(step: step, index: worst), minimumStep: options.minimumStep)
    }
    return .stepFailed(point(step: step, index: worst), status: Int(status))
  }

  private func point(step: Double, index: Int?) -> ODEFailurePoint {
    ODEFailurePoint(
      time: time, step: abs(step), stepCount: statistics.accepted, index: index,
      variable: index.map {
        unsafe context.pointee.system.variableName($0)
      })
  }

  /// A first step from the sizes of q and F (Hairer, Nørsett & Wanner, II.4, first half).
  private mutating func firstStep(towards target: Double) throws(ODEError) -> Double {
    let length = target - time
    var size = 1e-3 * abs(length)
    if let initial = options.initialStep {
      size = initial
    } else {
      unsafe context.pointee.begin()
      for index in 0..<dimension { unsafe previousState[index] = state[index] }
      previousTime = time
      let status = unsafe context.derivative(time, state, slopes)
      guard status == Status.success else { throw failure(status: status, step: 0) }
      var stateNorm = 0.0
      var slopeNorm = 0.0
      for index in 0..<dimension {
        let scale =
          unsafe options.absoluteTolerance
          + options.relativeTolerance * abs(state[index])
        guard scale > 0 else { continue }
        unsafe stateNorm = max(stateNorm, abs(state[index]) / scale)
        unsafe slopeNorm = max(slopeNorm, abs(slopes[index]) / scale)
      }
      if stateNorm > 1e-5 && slopeNorm > 1e-5 { size = 0.01 * stateNorm / slopeNorm }
    }
    size = min(max(size, options.minimumStep, 16 * time.ulp), options.maximumStep, abs(length))
    return length < 0 ? -size : size
  }

  // MARK: Dense output

  /// Evaluates the cubic Hermite polynomial of the last step.
  mutating func interpolate(
    at moment: Double, into result: inout MutableSpan<Double>
  ) throws(ODEError) -> Bool {
    let low = min(previousTime, time)
    let high = max(previousTime, time)
    guard hasLastStep, moment >= low, moment <= high else { return false }
    precondition(
      result.count == dimension, "\(result.count) entries for \(dimension) variables")
    if !hasSlopes {
      try unsafe slope(previousTime, previousState, slopes)
      try unsafe slope(time, state, slopes + dimension)
      hasSlopes = true
    }
    let h = time - previousTime
    let s = (moment - previousTime) / h
    let r = 1 - s
    for index in 0..<dimension {
      let (q0, q1) = unsafe (previousState[index], state[index])
      let (f0, f1) = unsafe (slopes[index], slopes[dimension + index])
      result[index] =
        r * r * (1 + 2 * s) * q0 + s * s * (3 - 2 * s) * q1 + h * s * r * (r * f0 - s * f1)
    }
    return true
  }

  private func slope(
    _ time: Double, _ state: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>
  ) throws(ODEError) {
    unsafe context.pointee.begin()
    let status = unsafe context.derivative(time, state, result)
    guard status != Status.success else { return }
    if let thrown = unsafe context.pointee.failure {
      unsafe context.pointee.failure = nil
      throw thrown
    }
    let index = unsafe context.pointee.nonFinite?.index
    throw .nonFinite(.derivative, point(step: time - previousTime, index: index))
  }
}
