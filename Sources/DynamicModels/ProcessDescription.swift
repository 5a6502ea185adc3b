public import TensorCore

/// One level of the world that makes the data; its parameters are constants of the program.
public struct ProcessLevel: Sendable {
  /// Hidden states of the world at this level.
  public var states: VariableLayout
  /// Where they start.
  public var initialStates: [Double]
  /// What the level above emits.
  public var causes: VariableLayout
  /// What this level emits.
  public var outputs: VariableLayout
  /// f and g as one program.
  ///
  /// Inputs `x`, `v`, `t`, `a` (extent zero where there is none), outputs as in `Level.Port`. The last level has no states and its g is the cause as a function of time.
  public var equations: Program
  /// Precision of the fluctuations of the outputs `[l × l]`, or nil for none at all.
  public var outputPrecision: Tensor<Double>?
  /// Precision of the fluctuations of the states `[n × n]`, or nil for none at all.
  public var statePrecision: Tensor<Double>?
  /// Smoothness s of the fluctuations, in time units.
  public var smoothness: Double

  /// Creates a level of a process.
  public init(
    states: VariableLayout, initialStates: [Double], causes: VariableLayout,
    outputs: VariableLayout, equations: Program, outputPrecision: Tensor<Double>?,
    statePrecision: Tensor<Double>?, smoothness: Double
  ) {
    self.states = states
    self.initialStates = initialStates
    self.causes = causes
    self.outputs = outputs
    self.equations = equations
    self.outputPrecision = outputPrecision
    self.statePrecision = statePrecision
    self.smoothness = smoothness
  }
}

/// The world: equations that make the data, separate from the model that explains them.
public struct ProcessDescription: Sendable {
  /// The levels, level 1 first; the last emits the cause at the top.
  public var levels: [ProcessLevel]
  /// Action a on the world, empty without active inference.
  public var action: VariableLayout
  /// Where action starts.
  public var initialAction: [Double]
  /// When the data are sampled.
  public var time: SampleTimes
  /// The values that the model's parameters have in the world, by their names.
  public var parameters: [String: Tensor<Double>]

  /// Creates a process.
  public init(
    levels: [ProcessLevel], action: VariableLayout = .empty, initialAction: [Double] = [],
    time: SampleTimes, parameters: [String: Tensor<Double>] = [:]
  ) {
    self.levels = levels
    self.action = action
    self.initialAction = initialAction
    self.time = time
    self.parameters = parameters
  }
}
