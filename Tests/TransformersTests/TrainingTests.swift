import Foundation
import TestSupport
import Testing

@testable import Learning
@testable import TensorCore
@testable import Transformers

/// Training runs on the poems that ship.
struct TrainingTests {
  static func poems() throws -> PoemCollection {
    try PoemCollection(path: shippedModels.appendingPathComponent("hyakunin-isshu.csv").path)
  }

  static func data(
    _ task: TrainingTask = .poems, heldOut: Int = 20, batch: Int = 10, dropout: Double = 0,
    rate: Double = 3e-3, seed: UInt64 = 1, change: (inout TrainingSpecification) -> Void = { _ in }
  ) throws -> TaskData {
    let poems = try poems()
    let tokens = try task.tokenizer(for: poems).vocabulary.tokens
    let isPair = task == .masked || task == .nextSentence
    let configuration = TransformerConfiguration(
      architecture: task.architecture, sourceVocabulary: tokens.count,
      targetVocabulary: task == .nextSentence ? 2 : tokens.count,
      maximumLength: task == .poems ? 22 : 40, segments: isPair ? 2 : 0, dropout: dropout)
    var specification = TrainingSpecification(
      task: task,
      plan: TrainingPlan(
        configuration: configuration,
        learner: LearnerSettings(schedule: LearningRateSchedule(peak: rate)), batchSize: batch,
        seed: seed), heldOut: heldOut, tokens: tokens)
    specification.evaluationInterval = 2
    change(&specification)
    return try TaskData(specification, poems: poems)
  }

  /// The losses and the checkpoint of a few passes.
  static func run<Scalar: KernelScalar>(
    _ data: TaskData, epochs: Int, threads: Int = 1, as type: Scalar.Type = Float.self
  ) throws -> (losses: [Double], bytes: [UInt8]) {
    let session = try TrainingSession<Scalar>(data, threads: threads)
    for _ in 0..<epochs { try session.runEpoch() }
    return (session.curves["loss"] ?? [], try session.checkpoint().bytes())
  }

  @Test(arguments: TrainingTask.allCases)
  func theSameSeedGivesTheSameBytes(task: TrainingTask) throws {
    let data = try Self.data(task, dropout: 0.1)
    let first = try Self.run(data, epochs: 2)
    let second = try Self.run(data, epochs: 2)
    let together = try Self.run(data, epochs: 2, threads: 2)
    #expect(first.losses == second.losses && first.losses == together.losses)
    #expect(first.bytes == second.bytes && first.bytes == together.bytes)
    let other = try Self.run(try Self.data(task, dropout: 0.1, seed: 2), epochs: 2)
    #expect(first.losses != other.losses)
  }

  @Test(arguments: [TrainingTask.poems, .masked])
  func aResumedRunGivesTheBytesOfAnUninterruptedOne(task: TrainingTask) throws {
    let data = try Self.data(task, dropout: 0.1)
    let whole = try Self.run(data, epochs: 4, as: Double.self)
    let part = try Self.run(data, epochs: 2, as: Double.self)
    let stored = try Checkpoint<Double>(bytes: part.bytes, kind: "transformer")
    let specification = try TrainingSpecification(settings: stored.configuration)
    #expect(specification == data.specification)
    let session = try TrainingSession<Double>(
      try TaskData(specification, poems: try Self.poems()), resuming: stored)
    #expect(session.trainer.epoch == 2)
    for _ in 0..<2 { try session.runEpoch() }
    #expect(try session.checkpoint().bytes() == whole.bytes)
  }

  @Test func checkpointsOfOtherModelsAreRefused() throws {
    let data = try Self.data()
    let bytes = try Self.run(data, epochs: 1).bytes
    var stored = try Checkpoint<Float>(bytes: bytes, kind: "transformer")
    let bias = try #require(stored.parameters["readout.bias"])
    stored.parameters["readout.bias"] = Tensor(vector: Array(bias.values.dropLast()))
    #expect(
      throws: TrainingError.checkpoint(
        .wrongShape(
          tensor: "readout.bias", expected: [bias.shape.count], found: [bias.shape.count - 1]))
    ) { _ = try TrainingSession<Float>(data, resuming: stored) }
    stored.parameters["readout.bias"] = nil
    #expect(throws: TrainingError.checkpoint(.missingTensor("readout.bias"))) {
      _ = try TrainingSession<Float>(data, resuming: stored)
    }
  }

  @Test func theModelHasTheSizeOfTheNotebooks() throws {
    #expect(try Self.data().specification.plan.configuration.layout.count == 24_103)
  }

  @Test func thePoemsAreLearnedCompletely() throws {
    let session = try TrainingSession<Float>(try Self.data(heldOut: 20), threads: 2)
    var epochs = 0
    var found = try session.measurement(heldOut: false)
    // Rounding differs between processors, and with it the pass at which the last character falls.
    while epochs < 300, found.teacherForced.ofLabels < 1 {
      for _ in 0..<10 { try session.runEpoch(measures: false) }
      epochs += 10
      found = try session.measurement(heldOut: false)
    }
    #expect(found.teacherForced.ofLabels == 1, "after \(epochs) passes")
    #expect(found.teacherForced.ofSequences == 1)
    // With every character right, reading its own output changes nothing.
    #expect(found.freeRunning?.ofSequences == 1)
    let heldOut = try session.measurement(heldOut: true)
    #expect(heldOut.teacherForced.ofLabels < 0.5)
    #expect(heldOut.teacherForced.sequences == 20)
  }

  @Test func unshiftedLabelsLeak() throws {
    let session = try TrainingSession<Float>(
      try Self.data { $0.isShifted = false }, threads: 2)
    for _ in 0..<15 { try session.runEpoch(measures: false) }
    let heldOut = try session.measurement(heldOut: true)
    // It copies poems that it has never seen, and can write none.
    #expect(heldOut.teacherForced.ofLabels > 0.8)
    #expect((heldOut.freeRunning?.ofLabels ?? 1) < 0.2)
  }

  @Test func aFrozenBodyStays() throws {
    let body = try Self.data(.masked)
    let session = try TrainingSession<Float>(body)
    try session.runEpoch()
    let start = session.trainer.parameters
    let head = try Self.data(.nextSentence) { $0.plan.freezesBody = true }
    let own = ParameterSet(
      head.specification.plan.configuration.layout.filtered { !$0.hasPrefix("readout.") },
      values: Array(
        start.keeping(start.layout.filtered { !$0.hasPrefix("readout.") }).values))
    let tuned = try TrainingSession<Float>(head, start: own)
    let before = tuned.trainer.parameters
    let losses = try (0..<10).map { _ in try tuned.runEpoch() }
    let after = tuned.trainer.parameters
    for name in after.layout.names {
      if name.hasPrefix("readout.") {
        #expect(after[name] != before[name], "\(name)")
      } else {
        #expect(after[name] == start[name], "\(name)")
      }
    }
    #expect((losses.last ?? 1) < (losses.first ?? 0))
  }

  @Test func aLossThatIsNotFiniteEndsTheRunAndKeepsTheParameters() throws {
    let data = try Self.data(rate: 1e30) {
      $0.plan.learner.optimizer = .gradientDescent
      $0.plan.configuration.normalization = .pre
    }
    let session = try TrainingSession<Float>(data)
    #expect(throws: TrainingError.self) {
      for _ in 0..<20 { try session.runEpoch(measures: false) }
    }
    #expect(session.trainer.parameters.values.allSatisfy { $0.isFinite })
  }

  @Test func sequencesLongerThanTheModelAllowsAreRefused() throws {
    let data = try Self.data { $0.plan.configuration.maximumLength = 20 }
    #expect(throws: TrainingError.text(.tooLong(count: 21, limit: 20))) {
      _ = try TrainingSession<Float>(data)
    }
  }

  @Test func labelsStandOnePlaceAfterWhatTheDecoderHasRead() {
    let shifted = SequenceExample.translation(from: [1, 9, 2], to: [1, 5, 6, 7, 2])
    #expect(shifted.target == [1, 5, 6, 7] && shifted.labels == [5, 6, 7, 2])
    let leak = SequenceExample.translation(
      from: [1, 9, 2], to: [1, 5, 6, 7, 2], isShifted: false)
    #expect(leak.target == leak.labels)
  }
}
