internal import CGSL

/// A step-size control that lets GSL's decide, notes what it decided and keeps the step's bounds.
///
/// It never changes after its creation, so sharing the pointer between threads is safe.
nonisolated(unsafe) let stepControlType: UnsafePointer<gsl_odeiv2_control_type> = {
  let type = UnsafeMutablePointer<gsl_odeiv2_control_type>.allocate(capacity: 1)
  unsafe type.initialize(
    to: gsl_odeiv2_control_type(
      name: nil,
      alloc: nil,
      init: nil,
      hadjust: { context, dimension, order, state, error, derivative, step in
        guard let context = unsafe context, let state = unsafe state, let error = unsafe error,
          let step = unsafe step
        else { return Int32(GSL_ODEIV_HADJ_NIL) }
        return unsafe adjustStep(
          context.assumingMemoryBound(to: SolverContext.self), dimension, order, state, error,
          derivative, step)
      },
      errlevel: { context, value, derivative, step, index, level in
        guard let context = unsafe context else { return Status.fault }
        let inner = unsafe context.assumingMemoryBound(to: SolverContext.self).pointee.innerControl
        return unsafe gsl_odeiv2_control_errlevel(inner, value, derivative, step, index, level)
      },
      set_driver: { _, _ in Status.success },
      free: nil))
  return unsafe UnsafePointer(type)
}()

/// Measures the error of a trial and proposes the next step; the result is GSL's verdict.
private func adjustStep(
  _ context: UnsafeMutablePointer<SolverContext>, _ dimension: Int, _ order: UInt32,
  _ state: UnsafePointer<Double>, _ error: UnsafePointer<Double>,
  _ derivative: UnsafePointer<Double>?, _ step: UnsafeMutablePointer<Double>
) -> Int32 {
  let tried = unsafe step.pointee
  var worst = 0.0
  var worstIndex: Int?
  for index in 0..<dimension {
    let allowed =
      unsafe context.pointee.relativeTolerance * abs(state[index])
      + context.pointee.absoluteTolerance
    let size = unsafe abs(error[index])
    let ratio = size == 0 ? 0 : size / allowed
    // Written so that a value that is not a number wins.
    if !(ratio <= worst) {
      worst = ratio.isNaN ? .infinity : ratio
      worstIndex = index
    }
  }
  unsafe context.pointee.attemptedStep = tried
  unsafe context.pointee.errorRatio = worst
  unsafe context.pointee.worstIndex = worstIndex
  unsafe context.pointee.nonFinite = nil
  var verdict = Int32(GSL_ODEIV_HADJ_DEC)
  if worst.isFinite {
    guard let inner = unsafe context.pointee.innerControl,
      let hadjust = unsafe inner.pointee.type.pointee.hadjust
    else { return Int32(GSL_ODEIV_HADJ_NIL) }
    verdict = unsafe hadjust(
      inner.pointee.state, dimension, order, state, error, derivative, step)
  } else {
    unsafe step.pointee = 0.2 * tried
  }
  if verdict == Int32(GSL_ODEIV_HADJ_DEC) {
    unsafe context.pointee.repeatsState = true
    if unsafe abs(step.pointee) < context.pointee.minimumStep {
      // An unchanged step tells GSL to give up.
      unsafe context.pointee.underflow = true
      unsafe step.pointee = tried
    }
  } else if unsafe abs(step.pointee) > context.pointee.maximumStep {
    unsafe step.pointee = tried < 0 ? -context.pointee.maximumStep : context.pointee.maximumStep
  }
  unsafe context.pointee.suggestedStep = step.pointee
  return verdict
}
