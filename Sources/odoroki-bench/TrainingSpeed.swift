import Foundation
import Learning
import TensorCore
import Transformers

/// Steps of the poem Transformer: forward pass, gradients and Adam.
enum TrainingSpeed {
  /// One line of results.
  struct Finding {
    let line: String
  }

  /// The specification of the notebook's model (width 32, 4 heads, 1 + 1 blocks).
  static func specification(
    batch: Int, poems: PoemCollection, heldOut: Int = 20
  ) throws -> TrainingSpecification {
    let tokenizer = try TrainingTask.poems.tokenizer(for: poems)
    let configuration = TransformerConfiguration(
      architecture: .encoderDecoder, sourceVocabulary: tokenizer.vocabulary.count)
    let plan = TrainingPlan(
      configuration: configuration,
      learner: LearnerSettings(schedule: LearningRateSchedule(peak: 1e-3)), batchSize: batch)
    return TrainingSpecification(
      task: .poems, plan: plan, heldOut: heldOut, tokens: tokenizer.vocabulary.tokens)
  }

  static func all(models: String, quick: Bool) throws -> [Finding] {
    let poems = try PoemCollection(path: "\(models)/hyakunin-isshu.csv")
    var findings: [Finding] = []
    for batch in quick ? [1] : [1, 10, 32] {
      for threads in quick ? [1] : [1, 2] {
        let data = try TaskData(
          try specification(batch: batch, poems: poems, heldOut: 0), poems: poems)
        let session = try TrainingSession<Float>(data, threads: threads)
        try session.runEpoch()
        let steps = (poems.poems.count + batch - 1) / batch
        let epochs = quick ? 1 : 9
        let clock = ContinuousClock()
        var times: [Double] = []
        for _ in 0..<epochs {
          let elapsed = try clock.measure { try session.runEpoch() }
          times.append(
            (Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
              / Double(steps) * 1e6)
        }
        findings.append(
          Finding(
            line: String(
              format: "training    poem Transformer, float32, batch %d, %d threads: %.0f µs a step",
              batch, threads, Measurement.middle(times))))
      }
    }
    return findings
  }
}
