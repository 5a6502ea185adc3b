/// The two forms of the error units (mathematics §4).
public enum ErrorUnits: Hashable, Sendable {
  /// ξ = Π ε at every instant.
  case algebraic
  /// `τ ξ̇ = ε − Π⁻¹ ξ`, integrated as extra variables; `timeConstant` is τ in time units.
  case dynamic(timeConstant: Double)
}

/// How recognition dynamics run: gains, friction, the form of the error units.
public struct RecognitionOptions: Hashable, Sendable {
  /// The form of the error units.
  public var errorUnits: ErrorUnits
  /// κ: the gain of the gradient of the states against the motion of the mode.
  public var gradientGain: Double
  /// κ_θ: the gain of the parameters' gradient; zero holds the parameters at their prior.
  public var parameterGain: Double
  /// k_θ: the friction of the parameters; zero is the undamped form of the lecture's Box 3, nil
  /// stands for the number of samples, as in generalised filtering.
  public var parameterFriction: Double?
  /// κ_λ: the gain of the log-precisions' gradient; zero holds them at their prior.
  public var precisionGain: Double
  /// k_λ: the friction of the log-precisions; nil stands for the number of samples.
  public var precisionFriction: Double?

  /// Creates options; the defaults are algebraic error units, unit gains and full friction.
  public init(
    errorUnits: ErrorUnits = .algebraic, gradientGain: Double = 1, parameterGain: Double = 1,
    parameterFriction: Double? = nil, precisionGain: Double = 1,
    precisionFriction: Double? = nil
  ) {
    self.errorUnits = errorUnits
    self.gradientGain = gradientGain
    self.parameterGain = parameterGain
    self.parameterFriction = parameterFriction
    self.precisionGain = precisionGain
    self.precisionFriction = precisionFriction
  }
}
