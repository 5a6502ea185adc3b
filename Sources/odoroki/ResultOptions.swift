internal import ArgumentParser
internal import Reporting
internal import Runs

/// Where the results of a command go besides standard output.
struct ResultOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write everything to a file: .json, .csv or .nc.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Draw the figure to a file: .svg, .png or .pdf (default: one named after the run, here).",
      valueName: "file"))
  var figure: String?

  @Flag(help: "Draw no figure.")
  var noFigure = false

  mutating func validate() throws {
    if figure != nil && noFigure {
      throw ValidationError("--figure and --no-figure exclude each other.")
    }
  }

  /// Refuses files that could not be written before any work is done.
  func check() throws { try Self.check(output: output, figure: figure) }

  /// The same for a command whose options read otherwise.
  static func check(output: String?, figure: String?) throws {
    if let output {
      _ = try ResultFormat(path: output)
      try AtomicFile.check(output)
    }
    if let figure {
      _ = try FigureFormat(path: figure)
      try AtomicFile.check(figure)
      _ = try GnuplotRenderer().version()
    }
  }

  /// Writes the results, draws the figure and prints the report, files first: a reader who closes
  /// the pipe early still gets them.
  ///
  /// - Returns: the files that were written.
  func deliver(
    tree: @autoclosure () -> ResultTree, table: @autoclosure () -> ColumnTable, figure: Figure,
    byDefault name: String, report: String, _ console: Console
  ) throws -> [String?] {
    if let output { try ResultFile.write(tree(), table: table(), to: output) }
    let drawn = try draw(figure, byDefault: name, console)
    try console.print(report)
    return [output, drawn]
  }

  /// Draws the figure that was asked for, or the default one where that is possible.
  func draw(_ drawing: Figure, byDefault name: String, _ console: Console) throws -> String? {
    guard !noFigure else { return nil }
    let path = figure ?? name
    do {
      try GnuplotRenderer().write(drawing, to: path)
      return path
    } catch {
      if figure != nil { throw error }
      console.note(
        console.language.pick("no figure: ", "図なし: ") + error.text(in: console.language))
      return nil
    }
  }
}

/// The model that reads texts.
struct EncoderOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A model that odoroki train has written.", valueName: "checkpoint"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "A folder with an encoder of the BERT family: config.json, model.safetensors, vocab.txt.",
      valueName: "folder"))
  var weights: String?

  mutating func validate() throws {
    if model != nil && weights != nil {
      throw ValidationError("--model and --weights exclude each other.")
    }
  }

  var choice: EncoderChoice? {
    if let model { return .checkpoint(path: model) }
    return weights.map { .weights(folder: $0) }
  }
}
