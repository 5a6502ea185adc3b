internal import ArgumentParser
internal import DynamicModels
internal import ModelFiles
internal import Reporting
internal import Runs

/// The process alone.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Run only the process: data, hidden states and causes.")

  @OptionGroup var model: ModelOptions

  @Option(help: "The form of the record.")
  var format: TableFormat = .table

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write the record to a file: .json, .csv or .nc; the data alone to .npy.",
      valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp("Draw the record to a file: .svg, .png or .pdf.", valueName: "file"))
  var figure: String?

  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if model.data != nil { throw ValidationError("--data has no place in a simulation.") }
  }

  func run() throws {
    let console = Console(common)
    try console.run {
      if let output {
        if !NumpyFile.isName(output) { _ = try ResultFormat(path: output, besides: ["npy"]) }
        try AtomicFile.check(output)
      }
      if let figure {
        _ = try FigureFormat(path: figure)
        try AtomicFile.check(figure)
      }
      let plan = plan(model)
      let file = try plan.load()
      let record = try plan.simulate(file, stop: Interruption.listen())
      let report = SimulationReport(file: file, seed: plan.seed, record: record)
      if let output {
        if NumpyFile.isName(output) {
          try NumpyFile.write(record.data, to: output)
        } else {
          try ResultFile.write(report.tree, table: report.columns, to: output)
        }
      }
      if let figure { try GnuplotRenderer().write(report.figure(in: console.language), to: figure) }
      switch format {
      case .table:
        try console.print(
          TextTable(report.columns).text(style: console.style, language: console.language))
      case .csv: try console.print(report.columns.csv())
      case .json: try console.print(report.tree.json())
      }
      console.noteFiles([output, figure])
    }
  }
}
