/// Why an integration stopped before its end.
///
/// After any of these the solver's state is the one at the end of the last good step.
public enum ODEError: Error, Sendable, Equatable {
  /// F, its Jacobian or the state became infinite or not a number.
  case nonFinite(NonFiniteQuantity, ODEFailurePoint)
  /// The error asked for would need steps shorter than allowed; the variable is the worst one.
  case stepUnderflow(ODEFailurePoint, minimumStep: Double)
  /// The method failed to complete a step of any length; `status` is the numerical library's.
  case stepFailed(ODEFailurePoint, status: Int)
  /// One interval took more steps than allowed.
  case tooManySteps(ODEFailurePoint, limit: Int, target: Double)
  /// The caller asked to stop.
  case interrupted(ODEFailurePoint)
  /// The right-hand side gave up: `code` says why, in the words of the system.
  case system(code: String, time: Double, variable: String?)
  /// The method needs a Jacobian that the system does not provide.
  case jacobianMissing(StepperKind)
  /// An option is outside its range.
  case invalidOption(name: String, value: Double)
  /// The target of an integration is not a finite time.
  case invalidTime(Double)
  /// The system has no variables.
  case emptySystem
  /// There is not enough memory for the solver's buffers.
  case outOfMemory(dimension: Int)
}

/// Where an integration stopped.
public struct ODEFailurePoint: Sendable, Equatable {
  /// The time at the end of the last good step.
  public let time: Double
  /// The length of the step that was tried last, in time units.
  public let step: Double
  /// The number of steps completed since the solver was made.
  public let stepCount: Int
  /// The index of the variable concerned, where one is known.
  public let index: Int?
  /// The name of that variable.
  public let variable: String?

  /// Creates a point.
  public init(time: Double, step: Double, stepCount: Int, index: Int?, variable: String?) {
    self.time = time
    self.step = step
    self.stepCount = stepCount
    self.index = index
    self.variable = variable
  }
}

/// What became infinite or not a number.
public enum NonFiniteQuantity: String, Sendable, Equatable {
  /// F(t, q).
  case derivative
  /// ∂F/∂q or ∂ᵏF/∂tᵏ.
  case jacobian
  /// q itself.
  case state
}
