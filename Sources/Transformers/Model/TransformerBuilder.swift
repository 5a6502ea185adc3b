internal import Learning
package import TensorCore

/// What goes into the attention of one layer and what comes out, heads on the second axis.
package struct AttentionParts: Sendable {
  /// The layer, as in `encoder.0.attention`.
  package let layer: String
  /// Q [B, heads, queries, d/heads], K and V [B, heads, keys, d/heads].
  package let queries: Value, keys: Value, values: Value
  /// What hides padding [B, 1, 1, keys].
  package let bias: Value?
  /// `softmax(Q Kᵀ/√(d/heads) + bias) V`, before the heads are joined.
  package let output: Value
  /// Whether each query sees only the keys up to its own place.
  package let isCausal: Bool
}

/// Writes the operations of a Transformer into a program.
///
/// A batch of B sequences of T tokens is a matrix of B·T rows; the leading axes come back where
/// attention needs them. Every function adds what mathematics §12 says, with parameters as inputs
/// named after their place.
package struct TransformerBuilder {
  /// The program under construction.
  package var program: ProgramBuilder
  /// The extents and the choices.
  package let configuration: TransformerConfiguration
  /// Attention probabilities `[B, heads, queries, keys]` by the name of their layer, where asked for.
  package private(set) var probabilities: [(name: String, value: Value)] = []
  /// The masks of dropout that the program reads, in order; empty without dropout.
  package private(set) var dropoutMasks: [(name: String, shape: Shape)] = []

  /// What goes into every attention and what comes out, where asked for.
  package private(set) var attentionParts: [AttentionParts] = []

  private let parameters: [String: Value]
  private let keepsProbabilities: Bool
  private let keepsParts: Bool
  private let drops: Bool

  /// Begins a program whose first inputs are all parameters.
  ///
  /// - Parameters:
  ///   - configuration: the extents and the choices.
  ///   - keepsProbabilities: whether attention is written out so that it can be shown.
  ///   - keepsParts: whether queries, keys and values of attention are kept.
  ///   - drops: whether dropout takes place; each mask is an input that the trainer fills.
  package init(
    _ configuration: TransformerConfiguration, keepsProbabilities: Bool = false,
    keepsParts: Bool = false, drops: Bool = false
  ) {
    precondition(configuration.problem == nil, "\(String(describing: configuration.problem))")
    self.configuration = configuration
    self.keepsProbabilities = keepsProbabilities
    self.keepsParts = keepsParts
    self.drops = drops && configuration.dropout > 0
    program = ProgramBuilder()
    var parameters: [String: Value] = [:]
    for declaration in configuration.declarations {
      parameters[declaration.name] = program.input(declaration.name, shape: declaration.shape)
    }
    self.parameters = parameters
  }

  /// A parameter by name.
  package func parameter(_ name: String) -> Value {
    guard let value = parameters[name] else { preconditionFailure("no parameter '\(name)'") }
    return value
  }

  // MARK: Parts

  /// `x W + b` on rows.
  package mutating func linear(_ x: Value, _ name: String) -> Value {
    let product = program.matrixProduct(x, parameter("\(name).weight"))
    let bias = program.broadcast(parameter("\(name).bias"), to: product.shape)
    return program.binary(.add, product, bias)
  }

  /// Layer normalisation of rows, with scale and offset.
  package mutating func norm(_ x: Value, _ name: String) -> Value {
    let standard = program.standardize(x, epsilon: configuration.epsilon)
    let scale = program.broadcast(parameter("\(name).scale"), to: x.shape)
    let offset = program.broadcast(parameter("\(name).offset"), to: x.shape)
    return program.binary(.add, program.binary(.multiply, standard, scale), offset)
  }

  /// A residual connection around a sublayer, normalised where the configuration says.
  private mutating func residual(
    _ x: Value, _ name: String, _ sublayer: (inout TransformerBuilder, Value) -> Value
  ) -> Value {
    switch configuration.normalization {
    case .post:
      let sum = program.binary(.add, x, dropped(sublayer(&self, x), name))
      return norm(sum, "\(name).norm")
    case .pre:
      let inside = norm(x, "\(name).norm")
      return program.binary(.add, x, dropped(sublayer(&self, inside), name))
    }
  }

  private mutating func dropped(_ x: Value, _ name: String) -> Value {
    guard drops else { return x }
    let mask = program.input("dropout.\(name)", shape: x.shape)
    dropoutMasks.append(("dropout.\(name)", x.shape))
    return program.binary(.multiply, x, mask)
  }

  /// Embeddings `[B·T, d]` of token numbers `[B, T]`, with codes of their places.
  package mutating func embed(
    _ tokens: Value, table: String, segments: Value? = nil, name: String
  ) -> Value {
    let (batch, length) = (tokens.shape[0], tokens.shape[1])
    let width = configuration.width
    precondition(
      length <= configuration.maximumLength,
      "\(length) tokens for a maximum of \(configuration.maximumLength)")
    var x = program.gather(parameter(table), at: tokens)
    if configuration.scalesEmbeddings {
      x = program.binary(.multiply, x, program.constant(Double(width).squareRoot()))
    }
    switch configuration.positions {
    case .none: break
    case .sinusoidal:
      let codes = program.constant(PositionCodes.sinusoidal(count: length, width: width))
      x = program.binary(.add, x, program.broadcast(codes, to: x.shape))
    case .learned:
      let codes = program.slice(parameter("positions"), axis: 0, start: 0, count: length)
      x = program.binary(.add, x, program.broadcast(codes, to: x.shape))
    }
    if configuration.segments > 0, let segments {
      x = program.binary(.add, x, program.gather(parameter("segments"), at: segments))
    }
    x = program.reshape(x, to: .matrix(batch * length, width))
    if configuration.normalizesEmbeddings { x = norm(x, "embedding.norm") }
    return dropped(x, name)
  }

  /// Biases `[B, 1, 1, T]` on scores that hide what a mask `[B, T]` of ones and zeros leaves out.
  package mutating func bias(hiding mask: Value) -> Value {
    let bias = program.select(
      mask, program.constant(0), program.constant(-Double.infinity))
    return program.reshape(bias, to: Shape([mask.shape[0], 1, 1, mask.shape[1]]))
  }

  /// Multi-head attention from rows `[B·Tq, d]` to rows `[B·Tk, d]`.
  package mutating func attention(
    _ x: Value, to memory: Value, batch: Int, name: String, bias: Value?, isCausal: Bool
  ) -> Value {
    let (heads, width) = (configuration.heads, configuration.width)
    let headWidth = width / heads
    func split(_ rows: Value, _ builder: inout ProgramBuilder) -> Value {
      let length = rows.shape[0] / batch
      let parts = builder.reshape(rows, to: Shape([batch, length, heads, headWidth]))
      return builder.permute(parts, [0, 2, 1, 3])
    }
    let q = split(linear(x, "\(name).query"), &program)
    let k = split(linear(memory, "\(name).key"), &program)
    let v = split(linear(memory, "\(name).value"), &program)
    let joined: Value
    if keepsProbabilities {
      let probabilities = scores(q, k, bias: bias, isCausal: isCausal)
      self.probabilities.append((name, probabilities))
      joined = program.matrixProduct(probabilities, v)
    } else {
      joined = program.attention(q, k, v, bias: bias, isCausal: isCausal)
    }
    if keepsParts {
      attentionParts.append(
        AttentionParts(
          layer: name, queries: q, keys: k, values: v, bias: bias, output: joined,
          isCausal: isCausal))
    }
    let rows = program.reshape(
      program.permute(joined, [0, 2, 1, 3]), to: .matrix(x.shape[0], width))
    return linear(rows, "\(name).output")
  }

  /// The probabilities of attention written out.
  private mutating func scores(
    _ q: Value, _ k: Value, bias: Value?, isCausal: Bool
  ) -> Value {
    let rank = q.shape.rank
    let scale = 1 / Double(q.shape[rank - 1]).squareRoot()
    let product = program.matrixProduct(q, program.transposeLast(k))
    var scores = program.binary(.multiply, product, program.constant(scale))
    if let bias {
      scores = program.binary(.add, scores, program.broadcast(bias, to: scores.shape))
    }
    if isCausal {
      let future = ProgramBuilder.causalBias(
        queries: q.shape[rank - 2], keys: k.shape[rank - 2])
      scores = program.binary(
        .add, scores, program.broadcast(program.constant(future), to: scores.shape))
    }
    return program.softmax(scores)
  }

  /// Two linear maps with a function between them, on rows.
  package mutating func feedforward(_ x: Value, _ name: String) -> Value {
    let inner = activation(linear(x, "\(name).inner"))
    return linear(inner, "\(name).outer")
  }

  private mutating func activation(_ x: Value) -> Value {
    switch configuration.activation {
    case .relu: return program.unary(.relu, x)
    case .tanh: return program.unary(.tanh, x)
    case .gelu:
      // x Φ(x) = x (1 + erf(x / √2)) / 2.
      let scaled = program.binary(.multiply, x, program.constant(0.5.squareRoot()))
      let sum = program.binary(.add, program.unary(.erf, scaled), program.constant(1))
      return program.binary(
        .multiply, program.binary(.multiply, x, program.constant(0.5)), sum)
    }
  }

  // MARK: Stacks

  /// One block of the encoder, or of the only stack.
  package mutating func encoderBlock(
    _ x: Value, _ block: Int, batch: Int, bias: Value?, isCausal: Bool
  ) -> Value {
    let name = "encoder.\(block)"
    let seen = residual(x, "\(name).attention") { builder, x in
      builder.attention(
        x, to: x, batch: batch, name: "\(name).attention", bias: bias, isCausal: isCausal)
    }
    return residual(seen, "\(name).feedforward") { builder, x in
      builder.feedforward(x, "\(name).feedforward")
    }
  }

  /// All blocks of the encoder, or of the only stack, on rows `[B·T, d]`.
  package mutating func encoder(_ x: Value, batch: Int, bias: Value?) -> Value {
    let isCausal = configuration.architecture == .decoder
    var x = x
    for block in 0..<configuration.encoderBlocks {
      x = encoderBlock(x, block, batch: batch, bias: bias, isCausal: isCausal)
    }
    return configuration.normalization == .pre ? norm(x, "encoder.norm") : x
  }

  /// All blocks of the decoder on rows `[B·T, d]`, with the encoder's rows as memory.
  package mutating func decoder(
    _ x: Value, memory: Value, batch: Int, memoryBias: Value?
  ) -> Value {
    var x = x
    for block in 0..<configuration.decoderBlocks {
      let name = "decoder.\(block)"
      x = residual(x, "\(name).attention") { builder, x in
        builder.attention(
          x, to: x, batch: batch, name: "\(name).attention", bias: nil, isCausal: true)
      }
      x = residual(x, "\(name).crossattention") { builder, x in
        builder.attention(
          x, to: memory, batch: batch, name: "\(name).crossattention", bias: memoryBias,
          isCausal: false)
      }
      x = residual(x, "\(name).feedforward") { builder, x in
        builder.feedforward(x, "\(name).feedforward")
      }
    }
    return configuration.normalization == .pre ? norm(x, "decoder.norm") : x
  }

  /// Scores of all tokens from rows: `[B·T, V]`.
  package mutating func readout(_ x: Value) -> Value {
    let table =
      configuration.architecture == .encoderDecoder ? "target.embedding" : "source.embedding"
    let weight =
      configuration.tiesReadout
      ? program.transpose(parameter(table)) : parameter("readout.weight")
    let product = program.matrixProduct(x, weight)
    return program.binary(
      .add, product, program.broadcast(parameter("readout.bias"), to: product.shape))
  }

  /// Adds the outputs `loss` and `weight`: `Σ w (ln Σ exp(scores) − score of the label)` and `Σ w`.
  package mutating func crossEntropy(_ scores: Value, labels: Value, weights: Value) {
    let rows = scores.shape[0]
    let label = program.reshape(labels, to: .vector(rows))
    let weight = program.reshape(weights, to: .vector(rows))
    let chosen = program.sum(
      program.binary(.multiply, program.oneHot(label, count: scores.shape[1]), scores), axis: 1)
    let surprise = program.binary(.subtract, program.logSumExp(scores), chosen)
    program.output("loss", program.sum(program.binary(.multiply, weight, surprise)))
    program.output("weight", program.sum(weight))
  }
}
