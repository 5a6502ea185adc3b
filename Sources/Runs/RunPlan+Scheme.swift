public import DynamicModels
public import ModelFiles
public import ODEEngine
public import Recognition

extension InversionSettings.Scheme {
  /// Whether one step is a pass over the whole record.
  var worksInPasses: Bool { self != .recognition }

  /// Whether the scheme gives the whole record an evidence, so that models can be compared.
  public var hasEvidence: Bool { self != .recognition }
}

extension RunPlan {
  /// The scheme of this plan on a model: its own, else the model file's.
  public func schemeKind(for file: ModelFile) -> InversionSettings.Scheme {
    scheme ?? file.inversion.scheme
  }

  /// The integrator in force: local linearisation unless the plan says otherwise.
  public var integrator: StepperKind { stepper ?? .localLinear }

  /// The inversion scheme that the plan asks for, with the settings of the model file.
  ///
  /// - Throws: ``RunError/unusableOption(_:scheme:)`` where the plan holds what the scheme cannot
  ///   use.
  public func scheme(for file: ModelFile) throws(RunError) -> any InversionScheme {
    let kind = schemeKind(for: file)
    if kind != .recognition, let option = recognitionOptions.first {
      throw .unusableOption(option, scheme: kind)
    }
    var settings = file.inversion
    settings.scheme = kind
    switch kind {
    case .recognition: return recognition(for: file)
    case .dem: return DynamicExpectationMaximization(settings: settings)
    case .filter: return GeneralizedFilter(settings: settings)
    case .kalman: return KalmanScheme()
    }
  }

  /// The options of this plan that only recognition dynamics understand, as a user writes them.
  private var recognitionOptions: [String] {
    [
      stepper.map { _ in "--stepper" }, tolerance.map { _ in "--tolerance" },
      errorUnits.map { _ in "--errors" }, friction.map { _ in "--friction" },
    ].compactMap { $0 }
  }

  /// Recognition dynamics as the plan and the model file set them, whatever scheme they ask for.
  public func recognition(for file: ModelFile) -> RecognitionScheme {
    let units: ErrorUnits =
      switch errorUnits ?? .algebraic {
      case .algebraic: .algebraic
      case .dynamic(let tau): .dynamic(timeConstant: tau ?? file.model.time.step / 100)
      }
    let allowed = tolerance ?? (integrator == .localLinear ? 1e-3 : 1e-6)
    return RecognitionScheme(
      options: RecognitionOptions(
        errorUnits: units, gradientGain: file.inversion.gradientGain,
        parameterFriction: friction, precisionFriction: friction),
      integration: ODEOptions(
        stepper: integrator, relativeTolerance: allowed, absoluteTolerance: allowed * 1e-3))
  }
}
