internal import Foundation
package import Learning
package import TensorCore

/// A training run under way: data, trainer and the curves so far.
package final class TrainingSession<Scalar: KernelScalar> {
  /// What a checkpoint of this kind is called.
  package static var kind: String { "transformer" }

  /// The data.
  package let data: TaskData
  /// The trainer.
  package let trainer: TransformerTrainer<Scalar>
  /// Numbers recorded so far by name: `loss` per pass; at each measurement `measured.epoch` and
  /// `PART.MEASURE` with PART `training` or `heldOut`, MEASURE `loss`, `labels`, `sequences`,
  /// `freeRunning.labels`, `freeRunning.sequences`.
  package private(set) var curves: [String: [Double]]
  private let extents: SequenceExtents
  private var fixedExamples: EncodedExamples<Scalar>?

  /// A run before its first pass.
  ///
  /// - Parameters:
  ///   - data: the examples.
  ///   - start: parameters of an earlier model, taken where names and shapes agree.
  ///   - threads: how many shards may be under way at once.
  /// - Throws: `TrainingError` for a plan that cannot be, or sequences it is too short for.
  package init(
    _ data: TaskData, start: ParameterSet<Scalar>? = nil, threads: Int = 1
  ) throws(TrainingError) {
    let plan = data.specification.plan
    if let problem = plan.problem { throw .configuration(problem) }
    self.data = data
    extents = try data.extents()
    try Self.checkLength(extents, plan.configuration)
    trainer = TransformerTrainer(
      plan, start: start, padding: data.tokenizer.vocabulary.padding, threads: threads)
    curves = [:]
  }

  /// A run as it was stored: continuing it gives the bytes that an uninterrupted run gives.
  ///
  /// - Throws: `TrainingError.checkpoint` for tensors that are not those of the model.
  package init(
    _ data: TaskData, resuming checkpoint: Checkpoint<Scalar>, threads: Int = 1
  ) throws(TrainingError) {
    let plan = data.specification.plan
    if let problem = plan.problem { throw .configuration(problem) }
    self.data = data
    extents = try data.extents()
    try Self.checkLength(extents, plan.configuration)
    let layouts = plan.layouts
    let memories = Self.memoryNames(plan.learner.optimizer)
    var optimizerShapes: [String: Shape] = [:]
    for name in memories { optimizerShapes[name] = .vector(layouts.trainable.count) }
    do {
      try checkpoint.check(
        parameters: Dictionary(
          uniqueKeysWithValues: plan.configuration.declarations.map { ($0.name, $0.shape) }),
        optimizer: optimizerShapes)
    } catch { throw .checkpoint(error) }
    do {
      let all = try ParameterSet(plan.configuration.layout, tensors: checkpoint.parameters)
      let state = OptimizerState<Scalar>(
        plan.learner.optimizer, step: checkpoint.step,
        memories: memories.map { checkpoint.optimizer[$0]?.values ?? [] })
      trainer = TransformerTrainer(
        plan,
        learner: Learner(
          plan.learner, parameters: all.keeping(layouts.trainable), optimizer: state),
        frozen: all.keeping(layouts.frozen), epoch: checkpoint.epoch,
        padding: data.tokenizer.vocabulary.padding, threads: threads)
    } catch { throw .learning(error) }
    curves = try Self.checked(checkpoint.curves, epochs: checkpoint.epoch)
  }

  /// The curves of a checkpoint, whose lengths must fit the passes made.
  private static func checked(
    _ curves: [String: [Double]], epochs: Int
  ) throws(TrainingError) -> [String: [Double]] {
    let measured = curves["measured.epoch"] ?? []
    var last = 0.0
    for epoch in measured {
      guard epoch > last, epoch <= Double(epochs), epoch == epoch.rounded() else {
        throw .settings(detail: "measured.epoch")
      }
      last = epoch
    }
    for (name, values) in curves.sorted(by: { $0.key < $1.key }) {
      let count = name == "loss" ? epochs : measured.count
      guard values.count == count else { throw .settings(detail: name) }
    }
    return curves
  }

  private static func memoryNames(_ optimizer: Optimizer) -> [String] {
    (0..<optimizer.memoryCount).map { "memory.\($0)" }
  }

  private static func checkLength(
    _ extents: SequenceExtents, _ configuration: TransformerConfiguration
  ) throws(TrainingError) {
    let longest = max(extents.source, extents.target)
    guard longest <= configuration.maximumLength else {
      throw .text(.tooLong(count: longest, limit: configuration.maximumLength))
    }
  }

  /// One pass over the examples, measured where the specification says.
  ///
  /// - Returns: the mean loss.
  @discardableResult
  package func runEpoch(measures: Bool = true) throws(TrainingError) -> Double {
    let examples: EncodedExamples<Scalar>
    if let fixedExamples {
      examples = fixedExamples
    } else {
      examples = EncodedExamples(
        try data.examples(epoch: trainer.epoch), extents,
        padding: data.tokenizer.vocabulary.padding, names: trainer.dataNames(extents))
      if !data.changesEveryEpoch { fixedExamples = examples }
    }
    let loss: Double
    do { loss = try trainer.runEpoch(examples) } catch { throw .learning(error) }
    curves["loss", default: []].append(loss)
    if measures && trainer.epoch % data.specification.evaluationInterval == 0 { try measure() }
    return loss
  }

  /// The model as it stands.
  package func model() -> TransformerModel<Scalar> {
    TransformerModel(
      data.specification.plan.configuration, parameters: trainer.parameters,
      padding: data.tokenizer.vocabulary.padding)
  }

  /// What the model gets right.
  package struct Measurement: Sendable, Equatable {
    /// With the true tokens as context.
    package let teacherForced: Accuracy
    /// With its own tokens as context; nil where nothing is written.
    package let freeRunning: Accuracy?
  }

  /// Measures the model as it stands on the poems learned or held out.
  package func measurement(
    heldOut: Bool, rule: DecodingRule = .greedy
  ) throws(TrainingError) -> Measurement {
    let examples = try data.evaluation(heldOut: heldOut)
    var own = extents
    own.batch = 20
    let model = model()
    let vocabulary = data.tokenizer.vocabulary
    let writes = data.specification.task == .poems
    return Measurement(
      teacherForced: model.teacherForced(examples, extents: own),
      freeRunning: writes
        ? model.freeRunning(
          examples, start: vocabulary.start, end: vocabulary.end, rule: rule, extents: own)
        : nil)
  }

  private func measure() throws(TrainingError) {
    curves["measured.epoch", default: []].append(Double(trainer.epoch))
    for (part, isHeldOut) in [("training", false), ("heldOut", true)] {
      if isHeldOut && data.specification.heldOut == 0 { continue }
      let found = try measurement(heldOut: isHeldOut)
      func keep(_ name: String, _ value: Double) {
        curves["\(part).\(name)", default: []].append(value)
      }
      keep("loss", found.teacherForced.meanSurprise)
      keep("labels", found.teacherForced.ofLabels)
      keep("sequences", found.teacherForced.ofSequences)
      if let free = found.freeRunning {
        keep("freeRunning.labels", free.ofLabels)
        keep("freeRunning.sequences", free.ofSequences)
      }
    }
  }

  /// The run as it stands, to be stored.
  ///
  /// - Throws: `LearningError.nonFiniteParameters` where the last step left the numbers' range, which
  ///   no later loss has shown yet.
  package func checkpoint() throws(TrainingError) -> Checkpoint<Scalar> {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let settings: String
    do {
      settings = String(decoding: try encoder.encode(data.specification), as: UTF8.self)
    } catch { throw .settings(detail: "\(error)") }
    let learner = trainer.learner
    let numbers = [learner.parameters.values] + learner.optimizer.memories
    guard numbers.allSatisfy({ $0.allSatisfy { $0.isFinite } }) else {
      throw .learning(.nonFiniteParameters(step: learner.step))
    }
    // Finite parameters may be too large for finite scores.
    for (name, values) in curves.sorted(by: { $0.key < $1.key }) {
      guard values.allSatisfy({ $0.isFinite }) else {
        throw .learning(
          .nonFiniteLoss(step: learner.step, loss: curves[name]?.last ?? .nan))
      }
    }
    var optimizer: [String: Tensor<Scalar>] = [:]
    let names = Self.memoryNames(learner.settings.optimizer)
    for (name, memory) in zip(names, learner.optimizer.memories) {
      optimizer[name] = Tensor(vector: memory)
    }
    return Checkpoint(
      kind: Self.kind, configuration: settings, parameters: trainer.parameters.tensors,
      optimizer: optimizer, step: learner.step, epoch: trainer.epoch,
      seeds: ["training": data.specification.plan.seed], curves: curves)
  }
}

extension TrainingSpecification {
  /// Reads the specification inside a checkpoint.
  package init(settings: String) throws(TrainingError) {
    do {
      self = try JSONDecoder().decode(TrainingSpecification.self, from: Data(settings.utf8))
    } catch { throw .settings(detail: String(settings.prefix(80))) }
  }
}
