package import Learning
package import TensorCore

/// A model as a training run has stored it, ready for use.
package struct StoredTransformer<Scalar: KernelScalar> {
  /// What was trained, and how.
  package let specification: TrainingSpecification
  /// Text to tokens and back.
  package let tokenizer: CharacterTokenizer
  /// The model.
  package let model: TransformerModel<Scalar>

  /// Reads a model from the checkpoint of a training run.
  ///
  /// - Parameters:
  ///   - file: the checkpoint.
  ///   - allowsUnknown: whether characters that the model does not know become its unknown token
  ///     instead of an error.
  /// - Throws: `TrainingError`: not a checkpoint of a Transformer, of another precision, or one whose
  ///   settings, tokens and tensors do not fit each other.
  package init(
    file: SafetensorsFile, allowsUnknown: Bool = false
  ) throws(TrainingError) {
    let checkpoint: Checkpoint<Scalar>
    do {
      checkpoint = try Checkpoint<Scalar>(file: file, kind: TrainingSession<Scalar>.kind)
    } catch { throw .checkpoint(error) }
    specification = try TrainingSpecification(settings: checkpoint.configuration)
    let configuration = specification.plan.configuration
    if let problem = configuration.problem { throw .configuration(problem) }
    guard configuration.decoderBlocks >= 0 else {
      throw .configuration(.notPositive(name: "decoderBlocks", value: configuration.decoderBlocks))
    }
    let task = specification.task
    do {
      tokenizer = CharacterTokenizer(
        vocabulary: try Vocabulary(tokens: specification.tokens, special: task.specialTokens),
        allowsUnknown: allowsUnknown)
    } catch { throw .vocabulary(error) }
    // Every token needs a row of the embedding.
    let rows =
      task == .poems
      ? [configuration.sourceVocabulary, configuration.targetVocabulary]
      : [configuration.sourceVocabulary]
    let count = tokenizer.vocabulary.count
    guard rows.allSatisfy({ $0 == count }) else { throw .settings(detail: "\(count) tokens") }
    guard task != .poems || configuration.architecture == .encoderDecoder else {
      throw .settings(detail: "architecture \(configuration.architecture.rawValue)")
    }
    do {
      try checkpoint.check(
        parameters: Dictionary(
          uniqueKeysWithValues: configuration.declarations.map { ($0.name, $0.shape) }))
    } catch { throw .checkpoint(error) }
    do {
      let parameters = try ParameterSet(configuration.layout, tensors: checkpoint.parameters)
      model = TransformerModel(
        configuration, parameters: parameters, padding: tokenizer.vocabulary.padding)
    } catch { throw .learning(error) }
  }
}
