internal import DynamicModels
internal import ModelLanguage
internal import TensorCore

/// Reads the sections that hold single numbers and words.
struct SettingsReader {
  let model: ModelDeclaration
  let values: ValueCompiler
  let nodes: NodeReader
  let file: FileScope

  /// Larger records are refused before anything is allocated for them.
  static let sampleLimit = 10_000_000
  /// Beyond this order the temporal covariance is singular in double precision.
  static let orderLimit = 16
  private static let repetitionLimit = 1_000_000

  private var problems: ProblemCollector { values.problems }
  private var scope: Scope { file.shared }
  private var isStatic: Bool { model.levels.allSatisfy { $0.states.isEmpty } }

  func time(isOptional: Bool) -> PartialTimes? {
    guard let fields = model.time, let node = model.timeNode else { return nil }
    if fields["samples"] == nil && !isOptional {
      problems.add(.missingKey("samples", in: .time), at: node)
    }
    let count = values.count(
      fields["samples"], .samples, in: scope, limit: SettingsReader.sampleLimit)
    guard let step = fields["step"] else { return PartialTimes(count: count, step: 1) }
    guard let step = values.positive(step, .step, in: scope) else { return nil }
    return PartialTimes(count: count, step: step)
  }

  /// n and d; 7 and 3 where the file gives none, 1 and 1 for a static model.
  func orders() -> (states: Int, causes: Int)? {
    let fallback = isStatic ? (states: 1, causes: 1) : (states: 7, causes: 3)
    let limit = SettingsReader.orderLimit
    let states = values.count(model.embedding["states"], .stateOrder, in: scope, limit: limit)
    let causes = values.count(model.embedding["causes"], .causeOrder, in: scope, limit: limit)
    if model.embedding["states"] != nil && states == nil { return nil }
    if model.embedding["causes"] != nil && causes == nil { return nil }
    let n = states ?? fallback.states
    let d = causes ?? min(fallback.causes, n)
    guard d <= n else {
      problems.add(
        .causeOrderExceedsStateOrder(causes: d, states: n),
        at: model.embedding["causes"] ?? model.root)
      return nil
    }
    return (n, d)
  }

  func smoothness() -> Double {
    values.nonnegative(model.smoothness, .smoothness, in: scope) ?? (isStatic ? 0 : 0.5)
  }

  func inversion() -> InversionSettings {
    var settings = InversionSettings()
    let fields = model.inversion
    if let scheme = nodes.choice(
      fields["scheme"], key: "scheme", InversionSettings.Scheme.self)
    {
      settings.scheme = scheme
    }
    if let reference = nodes.choice(
      fields["reference"], key: "reference", InversionSettings.Reference.self)
    {
      settings.reference = reference
    }
    func count(_ key: String, _ quantity: FileQuantity, _ target: inout Int) {
      let limit = SettingsReader.repetitionLimit
      target = values.count(fields[key], quantity, in: scope, limit: limit) ?? target
    }
    count("stepsPerSample", .stepsPerSample, &settings.stepsPerSample)
    count("iterations", .iterations, &settings.iterations)
    count("precisionIterations", .precisionIterations, &settings.precisionIterations)
    count("passes", .passes, &settings.passes)
    settings.gradientGain =
      values.positive(fields["gradientGain"], .gradientGain, in: scope) ?? settings.gradientGain
    return settings
  }
}
