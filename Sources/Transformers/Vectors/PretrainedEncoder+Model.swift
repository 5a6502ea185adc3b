internal import Learning
internal import TensorCore

extension PretrainedEncoder {
  /// The encoder in our terms.
  ///
  /// Post-norm blocks on embeddings of tokens, places and segments that are added and then
  /// normalised (Devlin et al. 2019, §3).
  package var transformer: TransformerConfiguration {
    let activation: TransformerConfiguration.Activation =
      switch configuration.activation {
      case .relu: .relu
      case .gelu: .gelu
      case .tanh: .tanh
      }
    return TransformerConfiguration(
      architecture: .encoder, sourceVocabulary: configuration.vocabularySize,
      width: configuration.hidden, heads: configuration.heads,
      feedforward: configuration.feedforward, encoderBlocks: configuration.layers,
      maximumLength: configuration.maxLength, normalization: .post,
      epsilon: configuration.epsilon, activation: activation, positions: .learned,
      segments: configuration.segments, normalizesEmbeddings: true, tiesReadout: true)
  }

  /// The encoder as a model of ours in single precision, for vectors and attention.
  ///
  /// Its readout is that of the embeddings with a bias of zero; nothing here reads it.
  ///
  /// - Throws: `PretrainedEncoderError`.
  package func model() throws(PretrainedEncoderError) -> TransformerModel<Float> {
    let own = transformer
    var values: [Float] = []
    values.reserveCapacity(own.layout.count)
    for declaration in own.declarations {
      if declaration.name == "readout.bias" {
        values += [Float](repeating: 0, count: declaration.shape.count)
      } else {
        values += try parameter(declaration.name, as: Float.self).values
      }
    }
    return TransformerModel(
      own, parameters: ParameterSet(own.layout, values: values),
      padding: tokenizer.vocabulary.padding)
  }
}
