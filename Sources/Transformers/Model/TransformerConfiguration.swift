package import Learning

/// The extents and the choices of a Transformer (mathematics §12).
package struct TransformerConfiguration: Hashable, Sendable, Codable {
  /// Which stacks there are.
  package enum Architecture: String, Hashable, Sendable, Codable {
    /// Blocks that see the whole sequence.
    case encoder
    /// Blocks that see the past only, trained on the next token.
    case decoder
    /// Both, joined by cross-attention (Vaswani et al. 2017).
    case encoderDecoder
  }

  /// Where layers are normalised.
  package enum Normalization: String, Hashable, Sendable, Codable {
    /// After each residual sum (Vaswani et al. 2017).
    case post
    /// Before each sublayer, and once at the end (Xiong et al. 2020).
    case pre
  }

  /// The function between the two linear maps of a feed-forward layer.
  package enum Activation: String, Hashable, Sendable, Codable {
    /// max(0, x).
    case relu
    /// x Φ(x), with the error function (Hendrycks & Gimpel 2016).
    case gelu
    /// The hyperbolic tangent.
    case tanh
  }

  /// How places in the sequence are told.
  package enum Positions: String, Hashable, Sendable, Codable {
    /// Fixed waves of geometric lengths.
    case sinusoidal
    /// A row per place, learned.
    case learned
    /// Not at all: without them attention does not see order.
    case none
  }

  /// Which stacks there are.
  package var architecture: Architecture
  /// The number of tokens that can be read, and that can be written.
  package var sourceVocabulary: Int, targetVocabulary: Int
  /// d, the width of a token's vector.
  package var width: Int
  /// The number of heads; divides the width.
  package var heads: Int
  /// The width inside feed-forward layers.
  package var feedforward: Int
  /// The number of blocks of the encoder (or of the only stack) and of the decoder.
  package var encoderBlocks: Int, decoderBlocks: Int
  /// The largest number of tokens of a sequence.
  package var maximumLength: Int
  /// Where layers are normalised.
  package var normalization: Normalization
  /// ε of the normalisation.
  package var epsilon: Double
  /// The function inside feed-forward layers.
  package var activation: Activation
  /// How places are told.
  package var positions: Positions
  /// The number of segments that have an embedding of their own; 0 for none.
  package var segments: Int
  /// Whether embeddings are normalised before the first block, and whether they are multiplied by
  /// √d first.
  package var normalizesEmbeddings: Bool, scalesEmbeddings: Bool
  /// Whether scores of tokens are made with the embeddings in place of a matrix of their own.
  package var tiesReadout: Bool
  /// The share of entries that dropout sets to zero while training.
  package var dropout: Double

  /// Creates a configuration; the defaults are those of the poem model of the lecture.
  package init(
    architecture: Architecture, sourceVocabulary: Int, targetVocabulary: Int? = nil,
    width: Int = 32, heads: Int = 4, feedforward: Int = 32, encoderBlocks: Int = 1,
    decoderBlocks: Int = 1, maximumLength: Int = 22, normalization: Normalization = .post,
    epsilon: Double = 1e-5, activation: Activation = .relu, positions: Positions = .sinusoidal,
    segments: Int = 0, normalizesEmbeddings: Bool = false, scalesEmbeddings: Bool = false,
    tiesReadout: Bool = false, dropout: Double = 0
  ) {
    self.architecture = architecture
    self.sourceVocabulary = sourceVocabulary
    self.targetVocabulary = targetVocabulary ?? sourceVocabulary
    self.width = width
    self.heads = heads
    self.feedforward = feedforward
    self.encoderBlocks = encoderBlocks
    self.decoderBlocks = architecture == .encoderDecoder ? decoderBlocks : 0
    self.maximumLength = maximumLength
    self.normalization = normalization
    self.epsilon = epsilon
    self.activation = activation
    self.positions = positions
    self.segments = segments
    self.normalizesEmbeddings = normalizesEmbeddings
    self.scalesEmbeddings = scalesEmbeddings
    self.tiesReadout = tiesReadout
    self.dropout = dropout
  }

  /// What is wrong with the numbers, nil where nothing is.
  package var problem: ConfigurationProblem? {
    let extents = [
      ("sourceVocabulary", sourceVocabulary), ("targetVocabulary", targetVocabulary),
      ("width", width), ("heads", heads), ("feedforward", feedforward),
      ("maximumLength", maximumLength),
    ]
    for (name, value) in extents where value < 1 || value > 1 << 24 {
      return .notPositive(name: name, value: value)
    }
    for (name, value) in [
      ("encoderBlocks", encoderBlocks), ("decoderBlocks", decoderBlocks), ("segments", segments),
    ] where value < 0 || value > 1 << 12 {
      return .notPositive(name: name, value: value)
    }
    if !(epsilon > 0 && epsilon.isFinite) { return .epsilon(epsilon) }
    if width % heads != 0 { return .headsDoNotDivideWidth(heads: heads, width: width) }
    if !(dropout >= 0 && dropout < 1) { return .dropout(dropout) }
    return nil
  }
}

/// What can be wrong with a configuration.
public enum ConfigurationProblem: Error, Hashable, Sendable {
  /// An extent is zero, negative or absurdly large.
  case notPositive(name: String, value: Int)
  /// The width cannot be cut into equal heads.
  case headsDoNotDivideWidth(heads: Int, width: Int)
  /// ε of the normalisation is not a positive number.
  case epsilon(Double)
  /// Dropout is not a share below one.
  case dropout(Double)
  /// Predictive coding trains all parameters, and without dropout.
  case notWithPredictiveCoding(dropout: Bool)
}

extension TransformerConfiguration {
  /// The parameters in the order of their layout.
  package var declarations: [ParameterDeclaration] {
    var list: [ParameterDeclaration] = []
    let embedding = ParameterInitializer.normal(
      standardDeviation: scalesEmbeddings || tiesReadout ? 1 / Double(width).squareRoot() : 1)
    list.append(.init("source.embedding", [sourceVocabulary, width], embedding))
    if architecture == .encoderDecoder {
      list.append(.init("target.embedding", [targetVocabulary, width], embedding))
    }
    if positions == .learned {
      list.append(
        .init("positions", [maximumLength, width], .normal(standardDeviation: 0.02)))
    }
    if segments > 0 {
      list.append(.init("segments", [segments, width], .normal(standardDeviation: 0.02)))
    }
    func norm(_ name: String) {
      list.append(.init("\(name).scale", [width], .constant(1)))
      list.append(.init("\(name).offset", [width], .constant(0)))
    }
    func linear(_ name: String, _ rows: Int, _ columns: Int) {
      list.append(.init("\(name).weight", [rows, columns], .glorot))
      list.append(.init("\(name).bias", [columns], .constant(0)))
    }
    func attention(_ name: String) {
      for part in ["query", "key", "value", "output"] { linear("\(name).\(part)", width, width) }
      norm("\(name).norm")
    }
    func feedforwardLayer(_ name: String) {
      linear("\(name).inner", width, feedforward)
      linear("\(name).outer", feedforward, width)
      norm("\(name).norm")
    }
    if normalizesEmbeddings { norm("embedding.norm") }
    for block in 0..<encoderBlocks {
      attention("encoder.\(block).attention")
      feedforwardLayer("encoder.\(block).feedforward")
    }
    if normalization == .pre { norm("encoder.norm") }
    if architecture == .encoderDecoder {
      for block in 0..<decoderBlocks {
        attention("decoder.\(block).attention")
        attention("decoder.\(block).crossattention")
        feedforwardLayer("decoder.\(block).feedforward")
      }
      if normalization == .pre { norm("decoder.norm") }
    }
    if !tiesReadout {
      list.append(.init("readout.weight", [width, targetVocabulary], .glorot))
    }
    list.append(.init("readout.bias", [targetVocabulary], .constant(0)))
    return list
  }

  /// The layout of all parameters.
  package var layout: ParameterLayout { ParameterLayout(declarations) }
}
