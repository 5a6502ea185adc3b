public import DynamicModels
internal import Glossary
public import ModelFiles
public import ODEEngine
internal import TensorCore

/// Everything that decides a run; the same plan gives the same numbers.
public struct RunPlan: Sendable, Equatable {
  /// The form of the error units; without a time constant it is a hundredth of the sample step.
  public enum ErrorUnitForm: Sendable, Equatable {
    /// ξ = Π ε at every instant.
    case algebraic
    /// Variables of their own with a time constant τ, in time units.
    case dynamic(timeConstant: Double?)
  }

  /// The model: a path or the name of one that ships.
  public var model: String
  /// Changes to the model file such as `levels.1.precision.y=exp(4)`.
  public var overrides: [String]
  /// Data to use instead of the process, or nil.
  public var dataPath: String?
  /// The scheme, or nil for what the model file asks for.
  public var scheme: InversionSettings.Scheme?
  /// The integrator of recognition dynamics, or nil for local linearisation.
  public var stepper: StepperKind?
  /// The relative error allowed per step, or nil for the stepper's own; the absolute one is a
  /// thousandth of it.
  ///
  /// Local linearisation is exact for linear models whatever it is allowed, and of order two for
  /// the others: a millionth would cost it tens of thousands of steps where a thousandth moves no
  /// figure, so a thousandth is its own. The other steppers' own is a millionth.
  public var tolerance: Double?
  /// The form of the error units of recognition dynamics, or nil for algebraic ones.
  public var errorUnits: ErrorUnitForm?
  /// The friction of parameters and log-precisions, or nil for the number of samples.
  public var friction: Double?
  /// The seed of all fluctuations.
  public var seed: UInt64

  /// Creates a plan; everything but the model has a default.
  public init(
    model: String, overrides: [String] = [], dataPath: String? = nil,
    scheme: InversionSettings.Scheme? = nil, stepper: StepperKind? = nil,
    tolerance: Double? = nil, errorUnits: ErrorUnitForm? = nil, friction: Double? = nil,
    seed: UInt64 = 1
  ) {
    self.model = model
    self.overrides = overrides
    self.dataPath = dataPath
    self.scheme = scheme
    self.stepper = stepper
    self.tolerance = tolerance
    self.errorUnits = errorUnits
    self.friction = friction
    self.seed = seed
  }

  /// Finds and reads the model, and the data if the plan names any.
  ///
  /// Recorded data decide the number of samples.
  /// - Throws: `RunError` for unknown names and for files that are refused.
  public func load(from library: ModelLibrary = .installed) throws(RunError) -> ModelFile {
    let path = try library.path(of: model)
    do {
      var file = try ModelLoader.load(
        path: path, overrides: overrides, knownGlossary: Glossary.slugs)
      if let dataPath { try file.useData(path: dataPath) }
      return file
    } catch {
      throw .modelFile(error)
    }
  }
}
