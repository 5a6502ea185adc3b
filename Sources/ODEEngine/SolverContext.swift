internal import CGSL

/// What the C callbacks see: one struct behind a raw pointer that the solver owns.
@safe
struct SolverContext: ~Copyable {
  let system: ErasedSystem
  let minimumStep: Double
  let maximumStep: Double
  let relativeTolerance: Double
  let absoluteTolerance: Double

  var derivativeEvaluations = 0
  var jacobianEvaluations = 0

  /// The error that the system threw.
  var failure: ODEError?
  /// What became non-finite since the last completed trial, if anything.
  var nonFinite: (quantity: NonFiniteQuantity, index: Int, time: Double)?
  /// Whether the control gave up because the step became too short.
  var underflow = false
  /// The largest error of the last trial in units of the error allowed, and its variable.
  var errorRatio = 0.0
  var worstIndex: Int?
  /// The last step tried and the one the control proposed after it.
  var attemptedStep = 0.0
  var suggestedStep = 0.0
  /// Whether the next trial starts from the same time and state as the last one.
  var repeatsState = false

  /// GSL's own step-size control, which ours consults.
  var innerControl: UnsafeMutablePointer<gsl_odeiv2_control>?
  /// The workspace of local linearisation.
  var localLinear: UnsafeMutablePointer<LocalLinearStep>?

  /// Prepares for a new trial from a new state.
  mutating func begin() {
    nonFinite = nil
    underflow = false
    errorRatio = 0
    worstIndex = nil
    repeatsState = false
  }

  /// Notes the first entry of `values` that is not finite.
  ///
  /// - Returns: Whether all are finite.
  mutating func check(
    _ values: UnsafePointer<Double>, count: Int, as quantity: NonFiniteQuantity, time: Double
  ) -> Bool {
    // The exponent of a value that is not finite is all ones; integers keep the loop short.
    let mask: UInt64 = 0x7ff0_0000_0000_0000
    var isBad = false
    for index in 0..<count {
      isBad = unsafe (values[index].bitPattern & mask) == mask || isBad
    }
    if !isBad { return true }
    for index in 0..<count where unsafe !values[index].isFinite {
      nonFinite = (quantity, index, time)
      break
    }
    return false
  }
}

extension UnsafeMutablePointer<SolverContext> {
  /// Evaluates F; the status is GSL's.
  func derivative(
    _ time: Double, _ state: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>
  ) -> Int32 {
    unsafe pointee.derivativeEvaluations += 1
    do throws(ODEError) {
      try unsafe pointee.system.evaluateDerivative(
        pointee.system.pointer, pointee.system.dimension, time, state, result)
    } catch {
      unsafe pointee.failure = error
      return Status.badFunction
    }
    let isGood = unsafe pointee.check(
      result, count: pointee.system.dimension, as: .derivative, time: time)
    // Any status but EBADFUNC makes GSL try again with half the step.
    return isGood ? Status.success : Status.failure
  }

  /// Evaluates the Jacobian; the status is GSL's.
  func jacobian(
    _ time: Double, _ state: UnsafePointer<Double>, _ matrix: UnsafeMutablePointer<Double>,
    _ partial: UnsafeMutablePointer<Double>
  ) -> Int32 {
    unsafe pointee.jacobianEvaluations += 1
    do throws(ODEError) {
      try unsafe pointee.system.evaluateJacobian(
        pointee.system.pointer, pointee.system.dimension, time, state, matrix, partial)
    } catch {
      unsafe pointee.failure = error
      return Status.badFunction
    }
    let n = unsafe pointee.system.dimension
    for row in 0..<n {
      guard
        unsafe pointee.check(matrix + row * n, count: n, as: .jacobian, time: time)
      else {
        // The entry found is a column; what the reader knows is the equation, the row.
        unsafe pointee.nonFinite = (.jacobian, row, time)
        return Status.failure
      }
    }
    let isGood = unsafe pointee.check(partial, count: n, as: .jacobian, time: time)
    return isGood ? Status.success : Status.failure
  }
}

/// GSL's callback for F.
func derivativeCallback(
  time: Double, state: UnsafePointer<Double>?, result: UnsafeMutablePointer<Double>?,
  context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let state = unsafe state, let result = unsafe result, let context = unsafe context else {
    return Status.fault
  }
  return unsafe context.assumingMemoryBound(to: SolverContext.self)
    .derivative(time, state, result)
}

/// GSL's callback for the Jacobian.
func jacobianCallback(
  time: Double, state: UnsafePointer<Double>?, matrix: UnsafeMutablePointer<Double>?,
  partial: UnsafeMutablePointer<Double>?, context: UnsafeMutableRawPointer?
) -> Int32 {
  guard let state = unsafe state, let matrix = unsafe matrix, let partial = unsafe partial,
    let context = unsafe context
  else { return Status.fault }
  return unsafe context.assumingMemoryBound(to: SolverContext.self)
    .jacobian(time, state, matrix, partial)
}
