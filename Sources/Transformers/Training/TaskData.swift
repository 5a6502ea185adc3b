internal import TensorCore

/// The examples of a task, made from poems.
package struct TaskData: Sendable {
  /// The specification.
  package let specification: TrainingSpecification
  /// Text to tokens and back.
  package let tokenizer: CharacterTokenizer
  /// The poems to learn from, and those set aside.
  package let training: PoemCollection, heldOut: PoemCollection
  private let masking: MaskedPrediction?

  /// Prepares a task.
  ///
  /// - Throws: `TrainingError`: tokens that are not those of the poems, or shares that are none.
  package init(
    _ specification: TrainingSpecification, poems: PoemCollection
  ) throws(TrainingError) {
    self.specification = specification
    let task = specification.task
    do {
      tokenizer = CharacterTokenizer(
        vocabulary: try Vocabulary(
          tokens: specification.tokens, special: task.specialTokens))
    } catch { throw .vocabulary(error) }
    guard specification.heldOut >= 0, specification.heldOut < poems.poems.count else {
      throw .heldOut(specification.heldOut, poems: poems.poems.count)
    }
    (training, heldOut) = poems.split(
      heldOut: specification.heldOut, seed: specification.plan.seed)
    // A pair that does not belong together needs a second poem.
    if task == .nextSentence && training.poems.count < 2 {
      throw .tooFewTexts(count: training.poems.count, needed: 2)
    }
    guard task == .masked else {
      masking = nil
      return
    }
    let shares = specification.maskShares
    guard shares.count == 3 else { throw .settings(detail: "maskShares") }
    do throws(MaskedPredictionError) {
      masking = try MaskedPrediction(
        vocabulary: tokenizer.vocabulary, fraction: specification.maskedFraction,
        split: try MaskedPrediction.Split(mask: shares[0], random: shares[1], keep: shares[2]))
    } catch { throw .masking(error) }
  }

  /// Whether the examples are other ones in each pass.
  package var changesEveryEpoch: Bool { specification.task == .masked }

  /// The examples of a pass.
  package func examples(epoch: Int) throws(TrainingError) -> [SequenceExample] {
    try examples(of: training, stream: source.split("masks").split(epoch))
  }

  /// Fixed examples by which accuracy is measured, from poems learned or held out.
  package func evaluation(heldOut isHeldOut: Bool) throws(TrainingError) -> [SequenceExample] {
    try examples(
      of: isHeldOut ? heldOut : training, stream: source.split("evaluation masks"))
  }

  /// The extents of a shard that hold every example.
  package func extents() throws(TrainingError) -> SequenceExtents {
    let all = try evaluation(heldOut: false) + evaluation(heldOut: true)
    return all.extents(batch: specification.plan.shardSize)
  }

  private var source: RandomSource { RandomSource(seed: specification.plan.seed) }

  private func examples(
    of poems: PoemCollection, stream: RandomSource
  ) throws(TrainingError) -> [SequenceExample] {
    do {
      switch specification.task {
      case .poems:
        return try poems.poems.map { poem throws(TokenizationError) in
          SequenceExample.translation(
            from: try tokenizer.encode(poem.upper).ids,
            to: try tokenizer.encode(poem.lower).ids, isShifted: specification.isShifted)
        }
      case .nextToken:
        return try poems.poems.map { poem throws(TokenizationError) in
          SequenceExample.nextToken(try tokenizer.encode(poem.upper + poem.lower).ids)
        }
      case .masked:
        guard let masking else { preconditionFailure("a masked task without masks") }
        return try poems.poems.map { poem throws(TokenizationError) in
          let sequence = try tokenizer.encode(poem.upper, and: poem.lower)
          var random = stream.split(poem.number)
          return SequenceExample.masked(
            masking.example(sequence.ids, random: &random), segments: sequence.segments)
        }
      case .nextSentence: return try pairs(poems)
      }
    } catch { throw .text(error) }
  }

  /// Every upper verse with its own lower verse or with that of another poem of the same part.
  private func pairs(
    _ poems: PoemCollection
  ) throws(TokenizationError) -> [SequenceExample] {
    let documents = poems.poems.map { [$0.upper, $0.lower] }
    guard documents.count > 1,
      let pairs = try? SentencePairs.make(documents, seed: specification.plan.seed)
    else { return [] }
    return try pairs.map { pair throws(TokenizationError) in
      let sequence = try tokenizer.encode(pair)
      return SequenceExample.classification(
        sequence.ids, segments: sequence.segments, label: pair.isNext ? 1 : 0)
    }
  }
}
