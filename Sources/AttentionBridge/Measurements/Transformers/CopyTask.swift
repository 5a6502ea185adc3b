package import Learning
package import TensorCore
package import Transformers

/// A task that needs attention: a few random tokens, then the same tokens once more.
///
/// Each token predicts the next; only those of the repetition can be known, and only by looking back
/// a whole period. One causal block learns it.
package struct CopyTask: Sendable {
  /// The number of different tokens, the length of the period, and the sequences of a mini-batch.
  package let vocabulary = 8, period = 4, batch = 16

  /// Creates the task.
  package init() {}

  /// The tokens that are read: two periods but for the last token.
  package var length: Int { 2 * period - 1 }

  /// The block: causal, pre-norm, learned places.
  package var configuration: TransformerConfiguration {
    TransformerConfiguration(
      architecture: .decoder, sourceVocabulary: vocabulary, width: 16, heads: 2, feedforward: 16,
      encoderBlocks: 1, maximumLength: length, normalization: .pre, activation: .gelu,
      positions: .learned)
  }

  /// The network whose stages are embedding, block and readout.
  ///
  /// - Parameter precision: π of the states between stages.
  /// - Returns: the network.
  package func network(precision: Double = 1) -> PredictiveCodingNetwork {
    .transformer(
      configuration, SequenceExtents(batch: batch, source: length), precision: precision)
  }

  /// One example of the task.
  package func example(_ source: inout RandomSource) -> SequenceExample {
    let first = (0..<period).map { _ in RandomProblems.integer(below: vocabulary, &source) }
    let tokens = first + first
    return SequenceExample(
      source: Array(tokens.dropLast()), labels: Array(tokens.dropFirst()),
      weights: (0..<length).map { $0 >= period - 1 ? 1 : 0 })
  }

  /// The data of one mini-batch in the order that the network asks for.
  package func shard(_ source: inout RandomSource, names: [String]) -> [[Double]] {
    let examples = (0..<batch).map { _ in example(&source) }
    return names.map { name in
      switch name {
      case "source": examples.flatMap { $0.source.map { Double($0) } }
      case "labels": examples.flatMap { $0.labels.map { Double($0) } }
      case "weights": examples.flatMap(\.weights)
      case "sourceMask": [Double](repeating: 1, count: batch * length)
      default: preconditionFailure("no data '\(name)' in the copy task")
      }
    }
  }
}
