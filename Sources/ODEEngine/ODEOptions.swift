/// How a system is integrated.
public struct ODEOptions: Sendable, Equatable {
  /// The method.
  public var stepper: StepperKind
  /// The error allowed per step relative to the size of each variable.
  public var relativeTolerance: Double
  /// The error allowed per step in the units of each variable.
  public var absoluteTolerance: Double
  /// The length of the first step in time units; nil lets the solver choose.
  public var initialStep: Double?
  /// The longest step allowed, in time units.
  public var maximumStep: Double
  /// The shortest step allowed, in time units; zero means down to the resolution of time itself.
  public var minimumStep: Double
  /// The number of steps after which one call of `advance` gives up.
  public var maximumSteps: Int
  /// The length of steps of equal size; nil lets the error decide (adaptive steps).
  ///
  /// An interval is divided into the least number of equal steps not longer than this.
  public var fixedStep: Double?
  /// Whether a record of every step is kept, at the price of memory that grows.
  public var recordsSteps: Bool

  /// Creates options; every one has a default.
  public init(
    stepper: StepperKind = .rkf45, relativeTolerance: Double = 1e-6,
    absoluteTolerance: Double = 1e-9, initialStep: Double? = nil,
    maximumStep: Double = .infinity, minimumStep: Double = 0, maximumSteps: Int = 1_000_000,
    fixedStep: Double? = nil, recordsSteps: Bool = false
  ) {
    self.stepper = stepper
    self.relativeTolerance = relativeTolerance
    self.absoluteTolerance = absoluteTolerance
    self.initialStep = initialStep
    self.maximumStep = maximumStep
    self.minimumStep = minimumStep
    self.maximumSteps = maximumSteps
    self.fixedStep = fixedStep
    self.recordsSteps = recordsSteps
  }

  /// Checks every option.
  ///
  /// - Throws: `ODEError.invalidOption` with the name and the value of the first bad one.
  func validate() throws(ODEError) {
    func check(_ name: String, _ value: Double, _ isGood: Bool) throws(ODEError) {
      if !isGood { throw .invalidOption(name: name, value: value) }
    }
    try check(
      "relativeTolerance", relativeTolerance, relativeTolerance >= 0 && relativeTolerance < 1)
    try check(
      "absoluteTolerance", absoluteTolerance,
      absoluteTolerance >= 0 && absoluteTolerance.isFinite
        && absoluteTolerance + relativeTolerance > 0)
    try check("minimumStep", minimumStep, minimumStep >= 0 && minimumStep.isFinite)
    try check("maximumStep", maximumStep, maximumStep > 0 && maximumStep >= minimumStep)
    try check("maximumSteps", Double(maximumSteps), maximumSteps > 0)
    if let initialStep {
      try check("initialStep", initialStep, initialStep > 0 && initialStep.isFinite)
    }
    if let fixedStep { try check("fixedStep", fixedStep, fixedStep > 0 && fixedStep.isFinite) }
  }
}
