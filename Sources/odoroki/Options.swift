internal import ArgumentParser
internal import DynamicModels
internal import Foundation
internal import ODEEngine
internal import Reporting
internal import Runs

/// Options of every command.
struct CommonOptions: ParsableArguments {
  @Option(name: .customLong("lang"), help: "The language of texts: ja or en (default from LANG).")
  var languageCode: LanguageCode?

  @Flag(help: "No progress and no notes, only results and errors.")
  var quiet = false

  var language: ReportLanguage? { languageCode.flatMap { ReportLanguage(rawValue: $0.rawValue) } }
}

enum LanguageCode: String, ExpressibleByArgument, CaseIterable {
  case ja, en
}

/// The inversion schemes.
enum SchemeName: String, ExpressibleByArgument, CaseIterable {
  case recognition, dem, filter, kalman
}

enum ErrorForm: String, ExpressibleByArgument, CaseIterable {
  case algebraic, dynamic
}

/// Which model, with which changes, data and seed.
struct ModelOptions: ParsableArguments {
  @Argument(help: "A model file, or the name of a model that ships (see: odoroki models).")
  var model: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Change the model file, e.g. levels.1.precision.y=exp(4) or inversion.iterations=16; "
        + "repeatable.",
      valueName: "path=value"))
  var overrides: [String] = []

  @Option(
    help: ArgumentHelp(
      "Recorded data instead of the process: .csv whose header names the output channels, .npy "
        + "or .nc.",
      valueName: "file"))
  var data: String?

  @Option(help: "The seed of all fluctuations.")
  var seed: UInt64 = 1
}

/// How the model is inverted.
struct SchemeOptions: ParsableArguments {
  @Option(help: "The inversion scheme (default: the model file's).")
  var scheme: SchemeName?

  @Option(
    help: ArgumentHelp(
      "The integrator of recognition (default: local-linear): "
        + StepperKind.allCases.map(\.rawValue).joined(separator: ", ") + "."),
    transform: Self.stepper)
  var stepper: StepperKind?

  @Option(
    help: ArgumentHelp(
      "The relative error that recognition may make per step (default: 1e-3 for local-linear, "
        + "else 1e-6).",
      valueName: "rel"))
  var tolerance: Double?

  @Option(help: "The form of recognition's error units (default: algebraic).")
  var errors: ErrorForm?

  @Option(
    help: ArgumentHelp(
      "τ of dynamic error units in time units (default: a hundredth of the sample step).",
      valueName: "tau"))
  var timeConstant: Double?

  @Option(
    help: ArgumentHelp(
      "Friction of parameters and log-precisions in recognition; 0 is undamped (default: number "
        + "of samples).",
      valueName: "k"))
  var friction: Double?

  mutating func validate() throws {
    if let tolerance, !(tolerance > 0 && tolerance < 1) {
      throw ValidationError("--tolerance must lie between 0 and 1.")
    }
    if let timeConstant, !(timeConstant > 0 && timeConstant.isFinite) {
      throw ValidationError("--time-constant must be positive.")
    }
    if timeConstant != nil && errors != .dynamic {
      throw ValidationError("--time-constant needs --errors dynamic.")
    }
    if let friction, !(friction >= 0 && friction.isFinite) {
      throw ValidationError("--friction must not be negative.")
    }
  }

  private static func stepper(_ text: String) throws -> StepperKind {
    guard let kind = StepperKind(rawValue: text) else {
      let names = StepperKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("'\(text)' is not one of: \(names).")
    }
    return kind
  }
}

/// The plan of a run, from its options.
func plan(_ model: ModelOptions, _ scheme: SchemeOptions? = nil) -> RunPlan {
  var plan = RunPlan(
    model: model.model, overrides: model.overrides, dataPath: model.data, seed: model.seed)
  if let scheme {
    plan.scheme = scheme.scheme.flatMap { InversionSettings.Scheme(rawValue: $0.rawValue) }
    plan.stepper = scheme.stepper
    plan.tolerance = scheme.tolerance
    plan.errorUnits = scheme.errors.map { form in
      form == .algebraic ? .algebraic : .dynamic(timeConstant: scheme.timeConstant)
    }
    plan.friction = scheme.friction
  }
  return plan
}
