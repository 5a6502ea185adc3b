/// What a Transformer can be trained to do with the poems that ship.
public enum TrainingTask: String, Hashable, Sendable, Codable, CaseIterable {
  /// The upper verse is read, the lower one written (encoder and decoder).
  case poems
  /// Hidden characters are found from those around them (encoder; Devlin et al. 2019, §3.1).
  case masked
  /// Each character predicts the next (decoder).
  case nextToken = "next-token"
  /// Whether a lower verse belongs to an upper one (encoder; Devlin et al. 2019, §3.1).
  case nextSentence = "next-sentence"
}

/// Everything that decides the bytes of a training run but its number of passes; stored with it.
package struct TrainingSpecification: Hashable, Sendable, Codable {
  /// The task.
  package var task: TrainingTask
  /// The model, the optimiser, the batches and the seed.
  package var plan: TrainingPlan
  /// The poems that are not learned from.
  package var heldOut: Int
  /// Whether the decoder sees its labels one place late, as it must; false shows the leak.
  package var isShifted = true
  /// The share of tokens that are selected for prediction.
  package var maskedFraction = 0.15
  /// The shares of the selected tokens that are hidden, replaced at random, and kept.
  package var maskShares = [0.8, 0.1, 0.1]
  /// After how many passes accuracy is measured.
  package var evaluationInterval = 10
  /// The tokens in the order of their numbers.
  package var tokens: [String]

  /// Creates a specification.
  package init(task: TrainingTask, plan: TrainingPlan, heldOut: Int, tokens: [String]) {
    self.task = task
    self.plan = plan
    self.heldOut = heldOut
    self.tokens = tokens
  }
}

extension TrainingTask {
  /// The special tokens of the task.
  package var specialTokens: SpecialTokens { self == .poems ? .sequence : .sentence }

  /// The stacks it needs.
  package var architecture: TransformerConfiguration.Architecture {
    switch self {
    case .poems: .encoderDecoder
    case .masked, .nextSentence: .encoder
    case .nextToken: .decoder
    }
  }

  /// The tokenizer of a collection: all characters that occur, in the order of their code points.
  package func tokenizer(
    for collection: PoemCollection
  ) throws(VocabularyError) -> CharacterTokenizer {
    try CharacterTokenizer(
      texts: collection.poems.flatMap { [$0.upper, $0.lower] }, special: specialTokens)
  }
}
