/// How a model file asks to be inverted; every value has the default of mathematics §6.
public struct InversionSettings: Hashable, Sendable {
  /// The inversion schemes.
  public enum Scheme: String, CaseIterable, Sendable {
    case recognition, dem, filter, kalman
  }

  /// Whether numbers follow the exact definitions or the reference implementation's habits.
  public enum Reference: String, CaseIterable, Sendable {
    case exact, spm
  }

  /// The scheme.
  public var scheme: Scheme
  /// nD: D-steps per sample.
  public var stepsPerSample: Int
  /// nE: iterations of the whole record.
  public var iterations: Int
  /// nM: precision updates per iteration.
  public var precisionIterations: Int
  /// nN: passes of generalised filtering.
  public var passes: Int
  /// κ: the gain of the gradient against the motion of the mode.
  public var gradientGain: Double
  /// Exact definitions or the reference implementation's habits.
  public var reference: Reference

  /// Creates settings.
  public init(
    scheme: Scheme = .recognition, stepsPerSample: Int = 1, iterations: Int = 8,
    precisionIterations: Int = 8, passes: Int = 8, gradientGain: Double = 1,
    reference: Reference = .exact
  ) {
    self.scheme = scheme
    self.stepsPerSample = stepsPerSample
    self.iterations = iterations
    self.precisionIterations = precisionIterations
    self.passes = passes
    self.gradientGain = gradientGain
    self.reference = reference
  }
}
