internal import ArgumentParser
internal import Foundation
internal import Reporting
internal import Runs
internal import Transformers

/// What can be learned.
enum TaskName: String, ExpressibleByArgument, CaseIterable {
  case poems, masked
  case nextToken = "next-token"
  case nextSentence = "next-sentence"
  case network

  /// The task of a Transformer; a perceptron has none.
  var transformer: TrainingTask? { TrainingTask(rawValue: rawValue) }
}

extension TrainingSweep.Kind: ExpressibleByArgument {}
extension TrainingRequest.RuleName: ExpressibleByArgument {}
extension TrainingRequest.Precision: ExpressibleByArgument {}
extension TrainingRequest.OptimizerName: ExpressibleByArgument {}
extension TransformerConfiguration.Normalization: ExpressibleByArgument {}

/// Learning from the poems that ship.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a Transformer on the Hyakunin Isshu, and report what it learned.",
    discussion: """
      Tasks: poems (upper verse to lower verse), masked (hidden characters), next-token, \
      next-sentence (do two verses belong together?), network (a perceptron that finds the next \
      character from the last four). Accuracy is reported on the poems learned \
      and on those held out: teacher-forced, with the true characters as context, and \
      free-running, when the model reads what it wrote itself.
      """)

  @Argument(help: "poems, masked, next-token, next-sentence or network.")
  var task: TaskName = .poems

  @OptionGroup(title: "Learning") var learning: LearningOptions
  @OptionGroup(title: "Model") var model: TransformerOptions
  @OptionGroup(title: "Task") var settings: TaskOptions
  @OptionGroup(title: "Models") var models: ModelFileOptions
  @OptionGroup var files: ResultOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if settings.sweep != nil && (settings.heldOut < 1 || learning.precision != .float) {
      throw ValidationError("--sweep measures on poems held out, in single precision.")
    }
    if task != .poems && (settings.unshifted || settings.beam != 1) {
      throw ValidationError("--unshifted and --beam belong to the task poems.")
    }
    if settings.oneDirectional && task != .masked && task != .nextSentence {
      throw ValidationError("--one-directional belongs to the tasks masked and next-sentence.")
    }
    if settings.sweep != nil && task != .poems && task != .masked {
      throw ValidationError("--sweep is made on the task masked.")
    }
    let usesModels = models.checkpoint != nil || models.resume != nil || models.start != nil
    if (settings.sweep != nil || task == .network) && (usesModels || models.freeze) {
      throw ValidationError(
        "--checkpoint, --resume, --from and --freeze need a task of the Transformer.")
    }
  }

  func run() throws {
    let console = Console(common)
    try console.run { try run(console) }
  }

  private var request: TrainingRequest {
    var request = TrainingRequest()
    request.task = task.transformer ?? .nextToken
    learning.fill(&request)
    model.fill(&request)
    settings.fill(&request)
    request.resume = models.resume
    request.start = models.start
    request.freezesBody = models.freeze
    return request
  }

  private func run(_ console: Console) throws {
    try files.check()
    if let kind = settings.sweep {
      try sweep(kind, console)
      return
    }
    guard task != .network else {
      try network(console)
      return
    }
    let run = try TrainingRun(request)
    let stop = Interruption.listen()
    let line = console.progress("training", "学習中")
    let checkpoint =
      models.noCheckpoint
      ? nil : models.checkpoint ?? models.resume ?? "\(task.rawValue).safetensors"
    // A model that nobody named is replaced by a finished one only.
    let isPrecious =
      models.checkpoint == nil && models.resume == nil
      && checkpoint.map { FileManager.default.fileExists(atPath: $0) } ?? false
    var written: String?
    if let checkpoint { try AtomicFile.check(checkpoint) }
    defer { line?.clear() }
    let result = try run.run(
      stop: stop,
      progress: { progress in
        line?.update(
          Double(progress.epoch), of: Double(progress.epochs),
          note: brief(progress.loss))
      },
      store: { bytes, isFinished throws(RunError) in
        guard let checkpoint, isFinished || !isPrecious else { return }
        do throws(ReportingError) { try AtomicFile.write(bytes, to: checkpoint) } catch {
          throw .reporting(error)
        }
        written = checkpoint
      })
    line?.clear()
    let kept = try files.deliver(
      tree: result.tree, table: result.columns, figure: result.figure(in: console.language),
      byDefault: "\(task.rawValue)-training.png",
      report: result.report(in: console.language, style: console.style), console)
    if written == nil, let checkpoint {
      console.note(
        console.language.pick(
          "the earlier \(checkpoint) was left as it is; --checkpoint FILE keeps a stopped run",
          "以前の \(checkpoint) はそのままです。止めた学習を残すには --checkpoint FILE を付けてください"))
    }
    console.noteFiles([written] + kept)
    if let failure = result.failure { try console.fail(failure) }
  }

  /// A perceptron in place of a Transformer.
  private func network(_ console: Console) throws {
    var own = request
    if learning.epochs == nil { own.epochs = 20 }
    if learning.batch == nil { own.batch = 32 }
    let line = console.progress("training", "学習中")
    defer { line?.clear() }
    let result = try NetworkRun(own).run(stop: Interruption.listen()) { progress in
      line?.update(
        Double(progress.epoch), of: Double(progress.epochs), note: brief(progress.loss))
    }
    line?.clear()
    let kept = try files.deliver(
      tree: result.tree, table: result.columns, figure: result.figure(in: console.language),
      byDefault: "network-training.png",
      report: result.report(in: console.language, style: console.style), console)
    console.noteFiles(kept)
    if let failure = result.failure { try console.fail(failure) }
  }

  /// Makes a toy version of a published figure.
  private func sweep(_ kind: TrainingSweep.Kind, _ console: Console) throws {
    var own = request
    // Masked prediction is learned in fewer passes than whole verses.
    if learning.epochs == nil { own.epochs = 60 }
    let sweep = try TrainingSweep(kind, own, seeds: settings.seeds)
    let line = console.progress("training", "学習中")
    defer { line?.clear() }
    let result = try sweep.run(in: console.language, stop: Interruption.listen()) {
      line?.update(Double($0), of: Double($1))
    }
    line?.clear()
    let kept = try files.deliver(
      tree: result.tree, table: result.columns, figure: result.figure(in: console.language),
      byDefault: "\(kind.rawValue)-sweep.png",
      report: result.report(in: console.language, style: console.style), console)
    console.noteFiles(kept)
  }

  /// A loss in few digits.
  private func brief(_ value: Double) -> String { "loss \((value * 1000).rounded() / 1000)" }
}
