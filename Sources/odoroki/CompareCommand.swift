internal import ArgumentParser
internal import DynamicModels
internal import ModelFiles
internal import Reporting
internal import Runs

/// Models by their evidence.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Invert models on the same data: log evidence, Bayes factors, probabilities.",
    discussion: """
      The data are those of --data, or those that the model files name, which must be the same; \
      without any, the process of the first model makes them.
      """)

  @Argument(help: "Model files, or names of models that ship (see: odoroki models).")
  var models: [String]

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Change every model file, e.g. inversion.iterations=16; repeatable.",
      valueName: "path=value"))
  var overrides: [String] = []

  @Option(
    help: ArgumentHelp(
      "Recorded data for all models: .csv whose header names the output channels, .npy or .nc.",
      valueName: "file"))
  var data: String?

  @Option(help: "The seed of the process, where it makes the data.")
  var seed: UInt64 = 1

  @Option(
    help: "dem, filter or kalman (default: the first model file's if it is one of these, else dem)."
  )
  var scheme: SchemeName?

  @Option(
    name: .customLong("without"), parsing: .singleValue,
    help: ArgumentHelp(
      """
      Also judge the model with this unknown parameter fixed at its prior mean, or at VALUE, from \
      the full model's posterior alone; repeatable.
      """, valueName: "name[=value]"))
  var reductions: [String] = []

  @Option(
    help: ArgumentHelp(
      "Prior probabilities of the rows, e.g. 0.5,0.25,0.25 (default: equal).",
      valueName: "p1,p2,…"),
    transform: PriorList.init)
  var prior: PriorList?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write everything to a file: .json, .csv or .nc.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Draw evidences and probabilities to a file: .svg, .png or .pdf.", valueName: "file"))
  var figure: String?

  @Flag(help: "Print the papers behind the comparison.")
  var citations = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    let console = Console(common)
    try console.run { try run(console) }
  }

  private func run(_ console: Console) throws {
    try ResultOptions.check(output: output, figure: figure)
    let plans = models.map { model in
      RunPlan(
        model: model, overrides: overrides, dataPath: data,
        scheme: scheme.flatMap { InversionSettings.Scheme(rawValue: $0.rawValue) }, seed: seed)
    }
    guard let plan = plans.first else { return }
    let comparison = try Comparison(
      plan: plan, files: plans.map { try $0.load() },
      reductions: reductions.map { try Reduction($0) }, priors: prior?.values)
    let stop = Interruption.listen()
    var current = -1
    var progress = InversionProgress(console)
    let result = try comparison.run(stop: stop) { index, info in
      if index != current {
        progress.finish()
        progress = InversionProgress(console)
        current = index
        console.note("[\(index + 1)/\(comparison.files.count)] \(comparison.files[index].name)")
      }
      progress.update(info)
    }
    progress.finish()
    if let output { try result.write(to: output) }
    if let figure { try GnuplotRenderer().write(result.figure(in: console.language), to: figure) }
    try console.print(result.report(in: console.language, style: console.style))
    if citations { try console.print("\n" + result.citationText(in: console.language)) }
    console.noteFiles([output, figure])
    if let failure = result.failure { try console.fail(failure) }
  }
}

/// Prior probabilities as a user writes them; they need not sum to one.
struct PriorList {
  let values: [Double]

  init(_ text: String) throws {
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map {
      Double($0.filter { $0 != " " })
    }
    let numbers = values.compactMap { $0 }
    guard numbers.count == values.count, numbers.allSatisfy({ $0 >= 0 && $0.isFinite }),
      numbers.reduce(0, +) > 0
    else { throw ValidationError("'\(text)' is not a list of probabilities such as 0.5,0.5.") }
    self.values = numbers
  }
}
