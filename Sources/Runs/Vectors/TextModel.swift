internal import AttentionBridge
internal import Foundation
internal import Learning
internal import TensorCore
internal import Transformers

/// Where vectors of texts come from.
package enum EncoderChoice: Sendable, Equatable {
  /// A model that was trained here.
  case checkpoint(path: String)
  /// An encoder of the BERT family in a folder.
  case weights(folder: String)
}

/// A model that reads texts, whatever its precision and its tokens.
struct TextModel {
  /// Where it comes from.
  let choice: EncoderChoice
  /// What it was trained to do; nil for an encoder from elsewhere.
  let specification: TrainingSpecification?
  /// Text to tokens and back.
  let tokenizer: any Tokenizer
  /// The extents and the choices.
  let configuration: TransformerConfiguration
  /// The tokens that a text is cut to where that is wanted.
  let sentenceLength: Int
  /// How the vectors of tokens become one of the text.
  let pooling: PretrainedEncoder.Pooling
  /// Every layer's attention in one example.
  let attention: (SequenceExample) -> [AttentionMap]
  /// The vectors of every token `[tokens × width]`.
  let vectors: ([TokenSequence], SequenceExtents) -> [Tensor<Double>]
  /// The comparison of every head with a predictive-coding cell, in one example.
  let heads: (SequenceExample) -> HeadsComparison
  /// What the model writes after reading tokens.
  let write: ([Int]) -> [Int]

  /// Opens a model.
  ///
  /// - Parameters:
  ///   - choice: where it comes from.
  ///   - allowsUnknown: whether characters that are not known are read as unknown ones.
  /// - Throws: `RunError`.
  init(_ choice: EncoderChoice, allowsUnknown: Bool) throws(RunError) {
    switch choice {
    case .weights(let folder):
      do {
        let encoder = try PretrainedEncoder(folder: folder)
        self.init(encoder, try encoder.model(), choice)
      } catch { throw .vectors(.pretrained(error)) }
    case .checkpoint(let path):
      do throws(TrainingError) {
        let file: SafetensorsFile
        let header: CheckpointHeader
        do { file = try SafetensorsFile(path: path) } catch { throw .checkpoint(.file(error)) }
        do { header = try CheckpointHeader(file: file) } catch { throw .checkpoint(error) }
        if header.type == .float32 {
          self.init(
            try StoredTransformer<Float>(file: file, allowsUnknown: allowsUnknown), choice)
        } else {
          self.init(
            try StoredTransformer<Double>(file: file, allowsUnknown: allowsUnknown), choice)
        }
      } catch { throw .training(error) }
    }
  }

  private init(
    _ encoder: PretrainedEncoder, _ model: TransformerModel<Float>, _ choice: EncoderChoice
  ) {
    self.init(
      choice, specification: nil, encoder.tokenizer, model,
      sentenceLength: encoder.sentenceLength, encoder.pooling)
  }

  private init<Scalar>(_ stored: StoredTransformer<Scalar>, _ choice: EncoderChoice) {
    self.init(
      choice, specification: stored.specification, stored.tokenizer, stored.model,
      sentenceLength: stored.model.configuration.maximumLength, .mean)
  }

  private init<Scalar>(
    _ choice: EncoderChoice, specification: TrainingSpecification?,
    _ tokenizer: any Tokenizer, _ model: TransformerModel<Scalar>, sentenceLength: Int,
    _ pooling: PretrainedEncoder.Pooling
  ) {
    self.choice = choice
    self.specification = specification
    self.tokenizer = tokenizer
    self.sentenceLength = sentenceLength
    self.pooling = pooling
    configuration = model.configuration
    let vocabulary = tokenizer.vocabulary
    attention = { model.attention($0) }
    vectors = { sequences, extents in
      model.vectors(sequences, extents: extents).map { states in
        Tensor(shape: states.shape, values: states.values.map { Double($0) })
      }
    }
    heads = { example in
      HeadsComparison(
        model: model, example: example, tokens: example.source.map { vocabulary[$0] },
        targetTokens: example.target.map { vocabulary[$0] },
        untrainedSeed: specification?.plan.seed)
    }
    write = { source in
      // The end of a sequence needs a place too.
      let extents = SequenceExtents(
        batch: 1, source: source.count, target: max(1, model.configuration.maximumLength - 1))
      return model.write(
        [source], start: vocabulary.start, end: vocabulary.end, extents: extents
      ).first ?? []
    }
  }

  /// One vector per text `[n × d]`: the pooled vectors of its tokens.
  func sentenceVectors(_ sequences: [TokenSequence]) -> Tensor<Double> {
    // A batch keeps to about a thousand tokens, so that long texts do not fill the memory.
    let longest = sequences.map(\.ids.count).max() ?? 1
    let extents = SequenceExtents(
      batch: max(1, min(sequences.count, 1024 / longest)), source: longest)
    var values: [Double] = []
    for states in vectors(sequences, extents) {
      switch pooling {
      case .mean:
        values += SentenceVectors.mean(
          of: states, counting: [Bool](repeating: true, count: states.rows))
      case .first: values += states.values.prefix(states.columns)
      }
    }
    return Tensor(shape: .matrix(sequences.count, configuration.width), values: values)
  }

  /// The tokens as texts.
  func names(_ ids: [Int]) -> [String] { ids.map { tokenizer.vocabulary[$0] } }

  /// The share of the tokens of texts that the model does not know.
  func unknownShare(_ sequences: [TokenSequence]) -> Double {
    let vocabulary = tokenizer.vocabulary
    let texts = sequences.flatMap { $0.ids.dropFirst().dropLast() }
    return Double(texts.count { $0 == vocabulary.unknown }) / Double(max(1, texts.count))
  }
}
