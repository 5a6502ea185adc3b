public import TensorCore

/// One level of a hierarchical dynamic model (mathematics §1).
///
///     v⁽ⁱ⁻¹⁾ = g(x, v, θ) + z        ẋ = f(x, v, θ) + w
///
/// The last level of a model is the prior on causes: it has no states, no causes and no parameters,
/// and its `g` is the prior expectation η, a constant or a function of time.
public struct Level: Sendable {
  /// The names of the ports of `equations`.
  public enum Port {
    /// Input: hidden states `[n]`.
    public static let states = "x"
    /// Input: causes `[m]`.
    public static let causes = "v"
    /// Input: unknown parameters `[p]`; fixed ones are constants inside the program.
    public static let parameters = "theta"
    /// Input: time (only in the prior level and in generative processes).
    public static let time = "t"
    /// Input: action (only in generative processes).
    public static let action = "a"
    /// Output: `f`, the motion of the states, `[n]`.
    public static let motion = "f"
    /// Output: `g`, the prediction of the level below, `[l]`.
    public static let output = "g"
    /// Output: precision of the level's outputs `[l × l]`, where it depends on states.
    public static let outputPrecision = "outputPrecision"
    /// Output: precision of the level's states `[n × n]`, where it depends on states.
    public static let statePrecision = "statePrecision"
  }

  /// What the file calls this level, if anything.
  public var name: String?
  /// Hidden states x; empty for a static level.
  public var states: VariableLayout
  /// Where the states start, `[n]`.
  public var initialStates: [Double]
  /// Prior precision of the initial states `[n × n]`, or nil for a flat prior.
  public var statePriorPrecision: Tensor<Double>?
  /// Causes v: what the level above emits; empty for the prior level.
  public var causes: VariableLayout
  /// What this level emits: data for level 1, the causes of the level below elsewhere.
  public var outputs: VariableLayout
  /// The unknown parameters θ, packed; fixed parameters are constants of `equations`.
  public var parameters: VariableLayout
  /// The prior expectation of θ, `[p]`.
  public var parameterValues: [Double]
  /// The prior covariance of θ, `[p × p]`.
  public var parameterPriorCovariance: Tensor<Double>
  /// f and g as one program.
  ///
  /// See `Port` for its inputs and outputs. Every declared input exists, with extent zero where the
  /// level has no such variables.
  public var equations: Program
  /// The precision of z, over `outputs`.
  public var outputPrecision: PrecisionModel
  /// The precision of w, over `states`.
  public var statePrecision: PrecisionModel
  /// The smoothness of this level's fluctuations, or nil for the model's.
  public var smoothness: Double?

  /// Creates a level.
  public init(
    name: String? = nil, states: VariableLayout, initialStates: [Double],
    statePriorPrecision: Tensor<Double>? = nil, causes: VariableLayout, outputs: VariableLayout,
    parameters: VariableLayout = .empty, parameterValues: [Double] = [],
    parameterPriorCovariance: Tensor<Double>? = nil, equations: Program,
    outputPrecision: PrecisionModel, statePrecision: PrecisionModel = .empty,
    smoothness: Double? = nil
  ) {
    precondition(
      initialStates.count == states.count, "initial states do not fit the level's states")
    precondition(
      parameterValues.count == parameters.count, "values do not fit the level's parameters")
    self.name = name
    self.states = states
    self.initialStates = initialStates
    self.statePriorPrecision = statePriorPrecision
    self.causes = causes
    self.outputs = outputs
    self.parameters = parameters
    self.parameterValues = parameterValues
    self.parameterPriorCovariance =
      parameterPriorCovariance
      ?? Tensor(repeating: 0, shape: .matrix(parameters.count, parameters.count))
    self.equations = equations
    self.outputPrecision = outputPrecision
    self.statePrecision = statePrecision
    self.smoothness = smoothness
  }
}
