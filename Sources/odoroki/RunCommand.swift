internal import ArgumentParser
internal import DynamicModels
internal import ModelFiles
internal import Reporting
internal import Runs

/// The main job.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Simulate the process, recognise it, print the free-energy trace, draw the figure.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var scheme: SchemeOptions

  @Option(
    help: ArgumentHelp(
      "Several seeds instead of one: 1-20 or 1,4,9; prints one row per seed.", valueName: "list"),
    transform: SeedList.init)
  var seeds: SeedList?

  @Option(help: "Threads for several seeds (default: the number of cores).")
  var threads: Int?

  @OptionGroup var files: ResultOptions

  @Flag(help: "Print the papers behind the run.")
  var citations = false

  @Flag(help: "Put the wall-clock time into the result file.")
  var timing = false

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if files.figure != nil && seeds != nil {
      throw ValidationError("--figure needs a single seed.")
    }
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  func run() throws {
    let console = Console(common)
    try console.run { try run(console) }
  }

  private func run(_ console: Console) throws {
    try files.check()
    let plan = plan(model, scheme)
    let file = try plan.load()
    let stop = Interruption.listen()
    if let seeds {
      // An option that the scheme cannot use is one error, not one per seed.
      _ = try plan.scheme(for: file)
      try ensemble(Ensemble(plan: plan, file: file, seeds: seeds.values), stop, console)
      return
    }
    let progress = InversionProgress(console)
    let result = try plan.run(file, stop: stop) { progress.update($0) }
    progress.finish()
    // Files first: a reader who closes the pipe early still gets them.
    if let output = files.output {
      try ResultFile.write(result.tree(timing: timing), table: result.columns, to: output)
    }
    let drawn = try files.draw(
      result.figure(in: console.language), byDefault: "\(result.file.name).png", console)
    try console.print(result.report(in: console.language, style: console.style))
    if citations {
      try console.print("\n" + plan.citationText(for: file, in: console.language))
    }
    console.noteFiles([files.output, drawn])
    console.note(result.costLine(in: console.language))
    if let failure = result.failure { try console.fail(failure) }
  }

  private func ensemble(_ ensemble: Ensemble, _ stop: StopFlag, _ console: Console) throws {
    let line = console.progress("recognising", "認識中")
    let outcomes = ensemble.run(threads: threads, stop: stop) { finished, total in
      line?.update(Double(finished), of: Double(total))
    }
    line?.clear()
    let report = EnsembleReport(ensemble, outcomes: outcomes)
    if let output = files.output {
      try ResultFile.write(
        .object(
          report.columns.columns.map {
            ResultTree.Member($0.name, .vector($0.values.map { $0 ?? .nan }))
          }), table: report.columns, to: output)
    }
    try console.print(
      report.table(in: console.language).text(
        style: console.style, significantDigits: 5, language: console.language))
    if let output = files.output {
      console.note(console.language.pick("wrote \(output)", "\(output) に書き出しました"))
    }
    if let failure = report.failure { try console.fail(failure) }
  }
}

/// Seeds as a user writes them: `1-20`, `1,4,9` or a mixture.
struct SeedList {
  let values: [UInt64]

  init(_ text: String) throws {
    var values: [UInt64] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2,
        first <= last, last - first < 1_000_000
      else { throw ValidationError("'\(text)' is not a list of seeds such as 1-20 or 1,4,9.") }
      values += first...last
    }
    self.values = values
  }
}
