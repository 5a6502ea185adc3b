internal import ArgumentParser
internal import Foundation
internal import Reporting
internal import Runs

/// Prediction-error dynamics and attention, compared in the same numbers.
struct BridgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bridge",
    abstract: "Compare prediction-error dynamics with Transformer attention.",
    discussion: """
      Without a name, prints the table of identities with their largest deviations, and exits with \
      1 if one does not hold. A name or number explains one comparison and draws its figure; \
      'all' makes every one.
      """)

  @Argument(help: "A comparison by name or number, such as cell or P1; or all.")
  var name: String?

  @Option(help: "How many random instances an identity is tried on.")
  var instances: Int = 100

  @Option(help: "The seed of everything random.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "A model that odoroki train has written, or the folder of an encoder of the BERT family, "
        + "whose heads are compared.",
      valueName: "checkpoint"))
  var weights: String?

  @Option(help: "The text that the model of --weights reads.")
  var text: String?

  @Option(
    help: ArgumentHelp(
      "The text that it writes, or the second sentence of a pair (default: what it writes itself).",
      valueName: "text"))
  var to: String?

  @Option(help: "A poem of the Hyakunin Isshu by its number, in place of a text.")
  var poem: Int?

  @Option(
    help: ArgumentHelp(
      "For representations: your own features [samples × features] in place of the Transformer's "
        + "layers.", valueName: "file.npy"))
  var features: String?

  @Option(
    help: ArgumentHelp(
      "For representations: your own recordings [samples × responses] in place of the simulated "
        + "ones.", valueName: "file.npy"))
  var responses: String?

  @Option(
    help: ArgumentHelp(
      "Draw the figure of every comparison into a folder, as bridge-NAME.png.",
      valueName: "folder"))
  var figures: String?

  @OptionGroup var files: ResultOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    guard BridgeRequest.instanceRange.contains(instances) else {
      throw ValidationError(
        "--instances must lie between \(BridgeRequest.instanceRange.lowerBound) and "
          + "\(BridgeRequest.instanceRange.upperBound).")
    }
    let isTold = text != nil || poem != nil || to != nil
    if weights != nil {
      guard name == nil || ["heads", "m6"].contains(name?.lowercased()) else {
        throw ValidationError("--weights belongs to the comparison of heads; leave the name out.")
      }
      guard (text == nil) != (poem == nil) else {
        throw ValidationError(
          "--weights needs a text with --text, or a poem's number with --poem; one of them.")
      }
    } else if isTold {
      throw ValidationError("--text, --to and --poem belong to --weights CHECKPOINT.")
    }
    if features != nil || responses != nil {
      guard ["representations", "m8"].contains(name?.lowercased()), weights == nil else {
        throw ValidationError(
          "--features and --responses belong to: odoroki bridge representations.")
      }
    }
    if isMany && files.figure != nil {
      throw ValidationError(
        "--figure draws one comparison, by its name; --figures FOLDER draws all of them.")
    }
    if let figures, figures.isEmpty { throw ValidationError("--figures needs a folder.") }
    if figures != nil && (!isMany || files.noFigure) {
      throw ValidationError("--figures belongs to several comparisons with figures.")
    }
  }

  private var isMany: Bool { weights == nil && (name == nil || name?.lowercased() == "all") }

  private var subject: BridgeRequest.Subject {
    if let weights {
      var isFolder: ObjCBool = false
      let exists = unsafe FileManager.default.fileExists(atPath: weights, isDirectory: &isFolder)
      let encoder: EncoderChoice =
        exists && isFolder.boolValue ? .weights(folder: weights) : .checkpoint(path: weights)
      return .heads(AttentionRequest(text: text ?? "", second: to, poem: poem, encoder: encoder))
    }
    guard let name else { return .identities }
    if features != nil || responses != nil {
      return .representations(features: features, responses: responses)
    }
    return name.lowercased() == "all" ? .everything : .one(name)
  }

  func run() throws {
    let console = Console(common)
    try console.run { try run(console) }
  }

  private func run(_ console: Console) throws {
    try files.check()
    let request = BridgeRequest(
      subject, seed: seed, instances: instances,
      draws: isMany ? figures != nil : !files.noFigure)
    if let figures { try Self.prepare(figures) }
    let line = console.progress("comparing", "比較中")
    defer { line?.clear() }
    let result = try request.run(stop: Interruption.listen()) { progress in
      line?.update(progress.completed, of: progress.total, note: progress.name)
    }
    line?.clear()
    // Of a single comparison that could not be made there is nothing to tell but why.
    if !isMany, let failure = result.failure { try console.fail(failure) }
    if let output = files.output { try result.write(to: output) }
    var drawn: [String?] = [files.output]
    for (file, figure) in result.figures(in: console.language) {
      if let figures {
        let path = "\(figures)/\(file)"
        try GnuplotRenderer().write(figure, to: path)
        drawn.append(path)
      } else {
        drawn.append(try files.draw(figure, byDefault: file, console))
      }
    }
    try console.print(result.report(in: console.language, style: console.style))
    console.noteFiles(drawn)
    if let failure = result.failure { try console.fail(failure) }
    if !result.holds { throw ExitCode(CommandStatus.claimFailed.rawValue) }
  }

  /// Makes the folder of figures if there is none, and refuses one that cannot be written to.
  private static func prepare(_ folder: String) throws {
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    try AtomicFile.check("\(folder)/bridge.png")
    _ = try GnuplotRenderer().version()
  }
}
