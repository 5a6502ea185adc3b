internal import Foundation
internal import Learning
internal import TensorCore
package import Transformers

/// A Transformer trained as a request says.
package struct TrainingRun: Sendable {
  /// The request.
  package let request: TrainingRequest
  /// The poems.
  package let poems: PoemCollection

  /// Prepares a run on the poems that ship.
  ///
  /// - Throws: `RunError.training` where they cannot be found or read.
  package init(
    _ request: TrainingRequest, library: ModelLibrary = .installed
  ) throws(RunError) {
    self.request = request
    poems = try Self.poems(in: library)
  }

  /// The poems that ship, from the folders of models.
  package static func poems(in library: ModelLibrary) throws(RunError) -> PoemCollection {
    let name = "hyakunin-isshu.csv"
    let path = library.path(ofFile: name) ?? name
    do { return try PoemCollection(path: path) } catch { throw .training(.poems(error)) }
  }

  /// What happened so far, for progress lines.
  package struct Progress: Sendable {
    /// The passes made and asked for.
    package let epoch: Int, epochs: Int
    /// The mean loss of the last pass.
    package let loss: Double
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - stop: raised to end after the pass under way.
  ///   - progress: called after every pass.
  ///   - store: called with the bytes of a checkpoint whenever accuracy was measured and at the end,
  ///     and with whether all passes are made; never after a step that failed.
  /// - Throws: `RunError.training`, or what `store` throws.
  /// - Returns: the result, which carries `RunError.stoppedPasses` where it was stopped.
  package func run(
    stop: StopFlag? = nil, progress: (Progress) -> Void = { _ in },
    store: ([UInt8], Bool) throws(RunError) -> Void = { _, _ throws(RunError) in }
  ) throws(RunError) -> TrainingResult {
    switch request.precision {
    case .float: try run(Float.self, stop, progress, store)
    case .double: try run(Double.self, stop, progress, store)
    }
  }

  private func run<Scalar: KernelScalar>(
    _ type: Scalar.Type, _ stop: StopFlag?, _ progress: (Progress) -> Void,
    _ store: ([UInt8], Bool) throws(RunError) -> Void
  ) throws(RunError) -> TrainingResult {
    let session: TrainingSession<Scalar>
    do { session = try makeSession(type) } catch { throw .training(error) }
    let rule: DecodingRule = request.beam > 1 ? .beam(width: request.beam, penalty: 0) : .greedy
    var failure: RunError?
    let first = session.trainer.epoch
    if first >= request.epochs {
      throw .training(.nothingLeft(made: first, asked: request.epochs))
    }
    while session.trainer.epoch < request.epochs {
      if stop?.isRaised ?? false {
        failure = .training(.stopped(passes: session.trainer.epoch, of: request.epochs))
        break
      }
      do {
        let loss = try session.runEpoch()
        progress(Progress(epoch: session.trainer.epoch, epochs: request.epochs, loss: loss))
        // The last pass is stored below, once it is known that its scores are finite.
        let isMeasured = session.trainer.epoch % session.data.specification.evaluationInterval == 0
        if isMeasured && session.trainer.epoch < request.epochs {
          try Self.put(session, isFinished: false, store)
        }
      } catch let error as TrainingError {
        throw .training(error)
      } catch let error as RunError {
        throw error
      } catch { preconditionFailure("\(error)") }
    }
    let training: TrainingSession<Scalar>.Measurement
    do throws(TrainingError) {
      training = try session.measurement(heldOut: false, rule: rule)
      let surprise = training.teacherForced.meanSurprise
      guard surprise.isFinite else {
        throw .learning(.nonFiniteLoss(step: session.trainer.learner.step, loss: surprise))
      }
    } catch { throw .training(error) }
    if session.trainer.epoch > first {
      try Self.put(session, isFinished: failure == nil, store)
    }
    do {
      let specification = session.data.specification
      return TrainingResult(
        specification: specification, precision: request.precision, epochs: session.trainer.epoch,
        parameterCount: specification.plan.configuration.layout.count, curves: session.curves,
        training: training,
        heldOut: specification.heldOut > 0
          ? try session.measurement(heldOut: true, rule: rule) : nil,
        samples: try samples(session, rule), beam: request.beam, failure: failure)
    } catch { throw .training(error) }
  }

  private static func put<Scalar: KernelScalar>(
    _ session: TrainingSession<Scalar>, isFinished: Bool,
    _ store: ([UInt8], Bool) throws(RunError) -> Void
  ) throws(RunError) {
    let bytes: [UInt8]
    do { bytes = try session.checkpoint().bytes() } catch { throw .training(error) }
    try store(bytes, isFinished)
  }

  private func makeSession<Scalar: KernelScalar>(
    _ type: Scalar.Type
  ) throws(TrainingError) -> TrainingSession<Scalar> {
    let threads = request.threads ?? ProcessInfo.processInfo.activeProcessorCount
    if let path = request.resume {
      let checkpoint = try Self.checkpoint(type, path)
      let stored = try TrainingSpecification(settings: checkpoint.configuration)
      let given = try request.specification(for: poems)
      guard stored.task == given.task else {
        throw .wrongTask(expected: [given.task], found: stored.task)
      }
      if let difference = stored.difference(from: given) { throw difference }
      return try TrainingSession(
        try TaskData(stored, poems: poems), resuming: checkpoint, threads: threads)
    }
    let specification = try request.specification(for: poems)
    let data = try TaskData(specification, poems: poems)
    guard let path = request.start else { return try TrainingSession(data, threads: threads) }
    let checkpoint = try Self.checkpoint(type, path)
    let stored = try TrainingSpecification(settings: checkpoint.configuration)
    guard stored.tokens == specification.tokens else {
      throw .otherSettings(
        name: "tokens", stored: "\(stored.tokens.count)", given: "\(specification.tokens.count)")
    }
    let (old, new) = (stored.plan.configuration, specification.plan.configuration)
    for (name, text) in Self.bodySettings where text(old) != text(new) {
      throw .otherSettings(name: name, stored: text(old), given: text(new))
    }
    // The readout belongs to the old task, the body to both.
    let body = specification.plan.configuration.layout.filtered { !$0.hasPrefix("readout.") }
    do {
      let start = try ParameterSet(body, tensors: checkpoint.parameters)
      return try TrainingSession(data, start: start, threads: threads)
    } catch let error as LearningError { throw .learning(error) } catch let error as TrainingError {
      throw error
    } catch { preconditionFailure("\(error)") }
  }

  /// What a body that is taken over has to share.
  private static let bodySettings: [(String, @Sendable (TransformerConfiguration) -> String)] = [
    ("--width", { "\($0.width)" }), ("--heads", { "\($0.heads)" }),
    ("--feedforward", { "\($0.feedforward)" }), ("--blocks", { "\($0.encoderBlocks)" }),
    ("--normalization", { $0.normalization.rawValue }),
    ("--one-directional", { $0.architecture.rawValue }), ("segments", { "\($0.segments)" }),
  ]

  private static func checkpoint<Scalar: KernelScalar>(
    _ type: Scalar.Type, _ path: String
  ) throws(TrainingError) -> Checkpoint<Scalar> {
    do {
      let file = try SafetensorsFile(path: path)
      let header = try CheckpointHeader(file: file)
      let stored = header.type == .float64 ? "double" : "float"
      let given = Scalar.self == Double.self ? "double" : "float"
      if stored != given {
        throw TrainingError.otherSettings(name: "--precision", stored: stored, given: given)
      }
    } catch let error as TrainingError {
      throw error
    } catch let error as SafetensorsError {
      throw .checkpoint(.file(error))
    } catch let error as CheckpointError {
      throw .checkpoint(error)
    } catch { preconditionFailure("\(error)") }
    do {
      return try Checkpoint<Scalar>(path: path, kind: TrainingSession<Scalar>.kind)
    } catch { throw .checkpoint(error) }
  }

  /// A few lower verses as they were written from upper ones that were held out.
  private func samples<Scalar: KernelScalar>(
    _ session: TrainingSession<Scalar>, _ rule: DecodingRule
  ) throws(TrainingError) -> [TrainingResult.Sample] {
    guard session.data.specification.task == .poems else { return [] }
    let tokenizer = session.data.tokenizer
    var extents = try session.data.extents()
    extents.batch = 4
    let model = session.model()
    var samples: [TrainingResult.Sample] = []
    for (isHeldOut, collection) in [
      (false, session.data.training), (true, session.data.heldOut),
    ] {
      let poems = collection.poems.prefix(2)
      do {
        let written = model.write(
          try poems.map { poem throws(TokenizationError) in try tokenizer.encode(poem.upper).ids },
          start: tokenizer.vocabulary.start, end: tokenizer.vocabulary.end, rule: rule,
          extents: extents)
        for (poem, tokens) in zip(poems, written) {
          samples.append(
            TrainingResult.Sample(
              number: poem.number, isHeldOut: isHeldOut, upper: poem.upper, lower: poem.lower,
              written: tokenizer.decode(tokens)))
        }
      } catch { throw .text(error) }
    }
    return samples
  }
}

extension TrainingSpecification {
  /// The first setting in which another specification differs, as an error; nil where none does.
  func difference(from other: TrainingSpecification) -> TrainingError? {
    let settings: [(String, (TrainingSpecification) -> String)] = [
      ("--seed", { "\($0.plan.seed)" }), ("--batch", { "\($0.plan.batchSize)" }),
      ("--width", { "\($0.plan.configuration.width)" }),
      ("--heads", { "\($0.plan.configuration.heads)" }),
      ("--feedforward", { "\($0.plan.configuration.feedforward)" }),
      ("--blocks", { "\($0.plan.configuration.encoderBlocks)" }),
      ("--dropout", { "\($0.plan.configuration.dropout)" }),
      ("--normalization", { $0.plan.configuration.normalization.rawValue }),
      ("--held-out", { "\($0.heldOut)" }), ("--unshifted", { "\(!$0.isShifted)" }),
      ("--one-directional", { $0.plan.configuration.architecture.rawValue }),
      ("--masked-share", { "\($0.maskedFraction)" }), ("--mask-split", { "\($0.maskShares)" }),
      ("--learning", { "\($0.plan.rule)" }),
      ("--freeze", { "\($0.plan.freezesBody)" }),
      ("--clip", { $0.plan.learner.clip.map { "\($0)" } ?? "none" }),
      ("--optimizer", { "\($0.plan.learner.optimizer)" }),
      ("--learning-rate", { "\($0.plan.learner.schedule.peak)" }),
      ("--warmup", { "\($0.plan.learner.schedule.warmup)" }),
      ("--decay", { "\($0.plan.learner.schedule.decay != .none)" }),
      (
        "--epochs (with --decay)",
        {
          if case .cosine(let steps) = $0.plan.learner.schedule.decay {
            "\(steps - 1) steps"
          } else {
            ""
          }
        }
      ),
      ("settings", { "\($0)" }),
    ]
    for (name, text) in settings where text(self) != text(other) {
      return .otherSettings(name: name, stored: text(self), given: text(other))
    }
    return nil
  }
}
