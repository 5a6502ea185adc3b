internal import ArgumentParser
internal import Reporting
internal import Runs

enum TableFormat: String, ExpressibleByArgument, CaseIterable {
  case table, csv, json
}

/// The free-energy trace alone.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Print the free-energy trace as a table, CSV or JSON.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var scheme: SchemeOptions

  @Option(help: "The form of the trace.")
  var format: TableFormat = .table

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write everything to a file: .json, .csv or .nc.", valueName: "file"))
  var output: String?

  @Flag(help: "Print the papers behind the run to standard error.")
  var citations = false

  @OptionGroup var common: CommonOptions

  func run() throws {
    let console = Console(common)
    try console.run {
      if let output {
        _ = try ResultFormat(path: output)
        try AtomicFile.check(output)
      }
      let plan = plan(model, scheme)
      let file = try plan.load()
      let stop = Interruption.listen()
      let progress = InversionProgress(console)
      let result = try plan.run(file, stop: stop) { progress.update($0) }
      progress.finish()
      if let output {
        try ResultFile.write(result.tree(), table: result.columns, to: output)
        console.note(console.language.pick("wrote \(output)", "\(output) に書き出しました"))
      }
      switch format {
      case .table:
        let table = result.traceTable(in: console.language, style: console.style)
        try console.print(table.text(style: console.style, language: console.language))
      case .csv: try console.print(result.traceColumns.csv())
      case .json: try console.print(result.traceTree.json())
      }
      if citations { console.note(plan.citationText(for: file, in: console.language)) }
      if let failure = result.failure { try console.fail(failure) }
    }
  }
}
