internal import CGSL
internal import TensorCore

/// The step type of local linearisation, in GSL's own form.
///
/// Its state lives in the solver's context, because GSL's `alloc` is told the dimension only. It
/// never changes after its creation, so sharing the pointer between threads is safe.
nonisolated(unsafe) let localLinearStepType: UnsafePointer<gsl_odeiv2_step_type> = {
  let type = UnsafeMutablePointer<gsl_odeiv2_step_type>.allocate(capacity: 1)
  unsafe type.initialize(
    to: gsl_odeiv2_step_type(
      name: nil,
      can_use_dydt_in: 0,
      gives_exact_dydt_out: 0,
      // GSL takes a null pointer for a failure.
      alloc: { _ in UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8) },
      apply: { _, _, time, step, state, error, _, _, system in
        guard let state = unsafe state, let error = unsafe error,
          let raw = unsafe system?.pointee.params
        else { return Status.fault }
        let context = unsafe raw.assumingMemoryBound(to: SolverContext.self)
        guard let workspace = unsafe context.pointee.localLinear else {
          return Status.fault
        }
        return unsafe workspace.pointee.apply(context, time, step, state, error)
      },
      set_driver: { _, _ in Status.success },
      reset: { _, _ in Status.success },
      order: { _ in 2 },
      free: { unsafe $0?.deallocate() }))
  return unsafe UnsafePointer(type)
}()

/// The workspace of local linearisation (mathematics §5).
///
/// The error is estimated by comparing one step of length h with two of length h/2, of which the
/// two are kept; the exponential of the long step is the square of that of the first short one.
@safe
struct LocalLinearStep: ~Copyable {
  let dimension: Int
  let forcingCount: Int
  /// Whether the error is wanted at all: not with fixed steps.
  let estimatesError: Bool
  private let isLinear: Bool
  private var propagator: LocalLinearPropagator
  private var linear: LinearPropagator
  private let storage: UnsafeMutablePointer<Double>
  private let storageCount: Int

  init(system: ErasedSystem, estimatesError: Bool) {
    dimension = system.dimension
    forcingCount = max(system.explicitTimeOrder, 1) + 1
    isLinear = system.isLinear
    self.estimatesError = estimatesError && !system.isLinear
    // Only one of the two is used; the other has no variables and costs nothing.
    propagator = LocalLinearPropagator(
      dimension: isLinear ? 0 : dimension, forcingCount: forcingCount)
    linear = LinearPropagator(dimension: isLinear ? dimension : 0, forcingCount: forcingCount)
    let n = dimension
    storageCount = 2 * (n * n + forcingCount * n) + 4 * n
    unsafe storage = UnsafeMutablePointer.allocate(capacity: storageCount)
    unsafe storage.initialize(repeating: 0, count: storageCount)
  }

  deinit {
    unsafe storage.deallocate()
  }

  /// Forgets what depends on a Jacobian that is no longer valid.
  mutating func invalidate() { linear.invalidate() }

  // Two linearisations (start and middle of the step), and four vectors.
  private func jacobian(_ slot: Int) -> UnsafeMutablePointer<Double> {
    unsafe storage + slot * dimension * dimension
  }
  private func forcing(_ slot: Int) -> UnsafeMutablePointer<Double> {
    unsafe storage + 2 * dimension * dimension + slot * forcingCount * dimension
  }
  private func vector(_ slot: Int) -> UnsafeMutablePointer<Double> {
    unsafe storage + storageCount - (slot + 1) * dimension
  }

  /// Takes one step from `state`; the status is GSL's.
  mutating func apply(
    _ context: UnsafeMutablePointer<SolverContext>, _ time: Double, _ step: Double,
    _ state: UnsafeMutablePointer<Double>, _ error: UnsafeMutablePointer<Double>
  ) -> Int32 {
    for index in 0..<dimension { unsafe error[index] = 0 }
    if isLinear { return unsafe applyLinear(context, time, step, state) }
    let n = dimension
    let failure = Status.failure
    if unsafe !context.pointee.repeatsState {
      let status = unsafe linearise(context, time, state, slot: 0)
      guard status == Status.success else { return status }
    }
    guard estimatesError else {
      guard unsafe propagate(slot: 0, step, into: vector(0)) else { return failure }
      for index in 0..<n { unsafe state[index] += vector(0)[index] }
      return Status.success
    }
    let half = 0.5 * step
    let (first, whole, middle, second) = unsafe (vector(0), vector(1), vector(2), vector(3))
    guard unsafe propagate(slot: 0, half, into: first) else { return failure }
    let buffer = unsafe UnsafeMutableBufferPointer(start: whole, count: n)
    var span = unsafe buffer.mutableSpan
    propagator.doubledIncrement(into: &span)
    for index in 0..<n { unsafe middle[index] = state[index] + first[index] }
    let status = unsafe linearise(context, time + half, middle, slot: 1)
    guard status == Status.success else { return status }
    guard unsafe propagate(slot: 1, half, into: second) else { return failure }
    for index in 0..<n {
      unsafe error[index] = (first[index] + second[index] - whole[index]) / 3
      unsafe state[index] += first[index] + second[index]
    }
    return Status.success
  }

  private mutating func propagate(
    slot: Int, _ step: Double, into increment: UnsafeMutablePointer<Double>
  ) -> Bool {
    let n = dimension
    let j = unsafe UnsafeBufferPointer(start: jacobian(slot), count: n * n)
    let c = unsafe UnsafeBufferPointer(start: forcing(slot), count: n * forcingCount)
    let buffer = unsafe UnsafeMutableBufferPointer(start: increment, count: n)
    var span = unsafe buffer.mutableSpan
    return unsafe propagator.propagate(
      jacobian: j.span, forcing: c.span, step: step, into: &span)
  }

  private mutating func applyLinear(
    _ context: UnsafeMutablePointer<SolverContext>, _ time: Double, _ step: Double,
    _ state: UnsafeMutablePointer<Double>
  ) -> Int32 {
    let n = dimension
    // Sample times are rounded: steps that differ by no more than that are the same step.
    let resolution = 4 * max(abs(time), abs(time + step)).ulp
    let isPrepared = linear.step.map { abs($0 - step) <= resolution } ?? false
    // Without stated time derivatives ∂F/∂t comes with the Jacobian, and it may have changed.
    let needsJacobian = unsafe !isPrepared || context.pointee.system.explicitTimeOrder == 0
    let status =
      unsafe needsJacobian
      ? linearise(context, time, state, slot: 0)
      : evaluateForcing(context, time, state, slot: 0)
    guard status == Status.success else { return status }
    if !isPrepared {
      let j = unsafe UnsafeBufferPointer(start: jacobian(0), count: n * n)
      guard unsafe linear.prepare(jacobian: j.span, step: step) else {
        return Status.failure
      }
    }
    let c = unsafe UnsafeBufferPointer(start: forcing(0), count: n * forcingCount)
    let buffer = unsafe UnsafeMutableBufferPointer(start: vector(0), count: n)
    var span = unsafe buffer.mutableSpan
    unsafe linear.propagate(forcing: c.span, into: &span)
    for index in 0..<n { unsafe state[index] += vector(0)[index] }
    return Status.success
  }

  /// Evaluates F, its Jacobian and its partial time derivatives.
  private func linearise(
    _ context: UnsafeMutablePointer<SolverContext>, _ time: Double,
    _ state: UnsafeMutablePointer<Double>, slot: Int
  ) -> Int32 {
    let status = unsafe context.jacobian(
      time, state, jacobian(slot), forcing(slot) + dimension)
    guard status == Status.success else { return status }
    return unsafe evaluateForcing(context, time, state, slot: slot)
  }

  /// Evaluates F and the partial time derivatives that the system states.
  private func evaluateForcing(
    _ context: UnsafeMutablePointer<SolverContext>, _ time: Double,
    _ state: UnsafeMutablePointer<Double>, slot: Int
  ) -> Int32 {
    let terms = unsafe forcing(slot)
    let status = unsafe context.derivative(time, state, terms)
    guard status == Status.success else { return status }
    let order = unsafe context.pointee.system.explicitTimeOrder
    guard order > 0 else { return Status.success }
    do throws(ODEError) {
      try unsafe context.pointee.system.evaluateTimeDerivatives(
        context.pointee.system.pointer, dimension, time, state, terms + dimension)
    } catch {
      unsafe context.pointee.failure = error
      return Status.badFunction
    }
    for k in 1...order {
      let isGood = unsafe context.pointee.check(
        terms + k * dimension, count: dimension, as: .jacobian, time: time)
      if !isGood { return Status.failure }
    }
    return Status.success
  }
}
