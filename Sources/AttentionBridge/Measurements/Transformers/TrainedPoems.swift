internal import Foundation
package import Learning
internal import Synchronization
internal import TensorCore
package import Transformers

/// A small model of poems, trained here: what several measurements read.
///
/// Width 32, four heads, one block each: the model of the lecture after a few dozen passes over
/// eighty poems; twenty are held out. Equal seeds give equal bytes, and one process trains it once.
package struct TrainedPoems: Sendable {
  /// The poems, their tokens, and which of them are held out.
  package let data: TaskData
  /// The extents and the choices.
  package let configuration: TransformerConfiguration
  /// The parameters after training, and before it.
  package let trained: ParameterSet<Double>, untrained: ParameterSet<Double>
  /// The mean loss of each pass, in nats per character.
  package let losses: [Double]

  /// The passes made: enough that learned verses are known, at two seconds on two cores.
  package static let passes = 70

  private struct Key: Hashable {
    let path: String, seed: UInt64, passes: Int
  }
  private static let cache = Mutex<[Key: TrainedPoems]>([:])

  /// The model of a seed.
  ///
  /// - Parameters:
  ///   - settings: its seed is that of parameters, order and the poems held out.
  ///   - passes: how often each poem is read.
  /// - Returns: the model, trained now or earlier in this process.
  /// - Throws: `BridgeError.missingFile`, `.training` and `.stopped`.
  package static func model(
    _ settings: BridgeSettings, passes: Int = TrainedPoems.passes
  ) throws(BridgeError) -> TrainedPoems {
    let key = Key(
      path: try settings.file("hyakunin-isshu.csv"), seed: settings.seed, passes: passes)
    // Whoever comes second waits for the one who trains.
    let result = cache.withLock { known -> Result<TrainedPoems, BridgeError> in
      if let model = known[key] { return .success(model) }
      do throws(BridgeError) {
        let model = try train(key, settings)
        known[key] = model
        return .success(model)
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func train(
    _ key: Key, _ settings: BridgeSettings
  ) throws(BridgeError) -> TrainedPoems {
    let poems: PoemCollection
    do { poems = try PoemCollection(path: key.path) } catch { throw .training(.poems(error)) }
    let tokens: [String]
    do {
      tokens = try TrainingTask.poems.tokenizer(for: poems).vocabulary.tokens
    } catch { throw .training(.vocabulary(error)) }
    let configuration = TransformerConfiguration(
      architecture: .encoderDecoder, sourceVocabulary: tokens.count)
    let plan = TrainingPlan(
      configuration: configuration,
      learner: LearnerSettings(schedule: LearningRateSchedule(peak: 3e-3)), batchSize: 10,
      seed: key.seed)
    let specification = TrainingSpecification(
      task: .poems, plan: plan, heldOut: min(20, poems.poems.count / 5), tokens: tokens)
    let data: TaskData
    let session: TrainingSession<Float>
    do {
      data = try TaskData(specification, poems: poems)
      session = try TrainingSession<Float>(
        data, threads: ProcessInfo.processInfo.activeProcessorCount)
    } catch { throw .training(error) }
    let untrained = ParameterSet<Double>(inDoublePrecision: session.trainer.parameters)
    var losses: [Double] = []
    for pass in 0..<key.passes {
      try settings.proceed(Double(pass) / Double(key.passes))
      do { losses.append(try session.runEpoch(measures: false)) } catch { throw .training(error) }
    }
    return TrainedPoems(
      data: data, configuration: configuration,
      trained: ParameterSet(inDoublePrecision: session.trainer.parameters), untrained: untrained,
      losses: losses)
  }

  /// The poems learned or held out with the examples made from them, in the same order.
  package func examples(heldOut: Bool) throws(BridgeError) -> [SequenceExample] {
    do { return try data.evaluation(heldOut: heldOut) } catch { throw .training(error) }
  }

  /// The trained model in double precision.
  package var model: TransformerModel<Double> {
    TransformerModel(
      configuration, parameters: trained, padding: data.tokenizer.vocabulary.padding)
  }

  /// The texts of tokens; special ones as signs.
  package func names(_ ids: [Int]) -> [String] {
    let vocabulary = data.tokenizer.vocabulary
    return ids.map { id in
      switch id {
      case vocabulary.start: "⟨"
      case vocabulary.end: "⟩"
      default: vocabulary[id]
      }
    }
  }
}

extension ParameterSet where Scalar == Double {
  /// The same numbers in double precision.
  package init<Other>(inDoublePrecision other: ParameterSet<Other>) {
    self.init(other.layout, values: other.values.map { Double($0) })
  }
}
