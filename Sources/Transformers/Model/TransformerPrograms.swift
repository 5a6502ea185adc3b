package import TensorCore

/// The extents of one shard of data.
package struct SequenceExtents: Hashable, Sendable {
  /// The number of sequences.
  package var batch: Int
  /// The tokens of a sequence that is read, and of one that is written.
  package var source: Int, target: Int

  /// Creates extents.
  package init(batch: Int, source: Int, target: Int = 0) {
    self.batch = batch
    self.source = source
    self.target = target
  }
}

/// The programs of a Transformer over sequences of one length.
///
/// Data inputs, all of the program's number type: `source` [B, Ts] (token numbers), `sourceMask`
/// [B, Ts] (1 for a token, 0 for padding), `segmentNumbers` [B, Ts] where the configuration has them,
/// `target` [B, Tt] (what the decoder has read: the written sequence shifted right), `labels` and
/// `weights` [B, T] (what is to be predicted at each place, and how much it counts).
package enum TransformerPrograms {
  /// An objective with the names of its data in order.
  package struct Objective: Sendable {
    /// The program, with outputs `loss`, `weight` and `scores`.
    package let program: Program
    /// The names of the inputs that hold data, masks of dropout after the others.
    package let data: [String]
    /// The masks of dropout.
    package let dropoutMasks: [(name: String, shape: Shape)]
  }

  /// The mean surprise of labels: what training makes small.
  package static func objective(
    _ configuration: TransformerConfiguration, _ extents: SequenceExtents, drops: Bool = true
  ) -> Objective {
    var builder = TransformerBuilder(configuration, drops: drops)
    let rows = stacks(&builder, extents)
    let places =
      configuration.architecture == .encoderDecoder ? extents.target : extents.source
    let scores = builder.readout(rows.last)
    let labels = builder.program.input("labels", shape: .matrix(extents.batch, places))
    let weights = builder.program.input("weights", shape: .matrix(extents.batch, places))
    builder.crossEntropy(scores, labels: labels, weights: weights)
    builder.program.output("scores", scores)
    return Objective(
      program: builder.program.build(),
      data: rows.data + ["labels", "weights"] + builder.dropoutMasks.map(\.name),
      dropoutMasks: builder.dropoutMasks)
  }

  /// Vectors and scores of every place, and attention where asked for.
  ///
  /// Outputs: `encoded` [B, Ts, d], `decoded` [B, Tt, d] with a decoder, `scores` [B, T, V], and
  /// `attention.LAYER` [B, heads, queries, keys] by the names of the layers.
  package static func inference(
    _ configuration: TransformerConfiguration, _ extents: SequenceExtents,
    keepsProbabilities: Bool = false, readsOut: Bool = true
  ) -> Program {
    var builder = TransformerBuilder(configuration, keepsProbabilities: keepsProbabilities)
    let rows = stacks(&builder, extents)
    let width = configuration.width
    builder.program.output(
      "encoded",
      builder.program.reshape(rows.encoded, to: Shape([extents.batch, extents.source, width])))
    if let decoded = rows.decoded {
      builder.program.output(
        "decoded",
        builder.program.reshape(decoded, to: Shape([extents.batch, extents.target, width])))
    }
    if readsOut {
      let scores = builder.readout(rows.last)
      builder.program.output(
        "scores",
        builder.program.reshape(
          scores,
          to: Shape([
            extents.batch, scores.shape[0] / extents.batch, configuration.targetVocabulary,
          ])))
    }
    for layer in builder.probabilities {
      builder.program.output("attention.\(layer.name)", layer.value)
    }
    return builder.program.build()
  }

  /// What every head of every layer reads and makes, without scores of tokens.
  ///
  /// - Parameters:
  ///   - configuration: the extents and the choices.
  ///   - extents: those of the data.
  /// - Returns: the program, with outputs `LAYER.queries`, `LAYER.keys`, `LAYER.values`,
  ///   `LAYER.output` and, where padding is hidden, `LAYER.bias`, shaped as `AttentionParts` says;
  ///   and its layers in order.
  package static func heads(
    _ configuration: TransformerConfiguration, _ extents: SequenceExtents
  ) -> (program: Program, layers: [AttentionParts]) {
    var builder = TransformerBuilder(configuration, keepsParts: true)
    _ = stacks(&builder, extents)
    for part in builder.attentionParts {
      builder.program.output("\(part.layer).queries", part.queries)
      builder.program.output("\(part.layer).keys", part.keys)
      builder.program.output("\(part.layer).values", part.values)
      builder.program.output("\(part.layer).output", part.output)
      if let bias = part.bias { builder.program.output("\(part.layer).bias", bias) }
    }
    return (builder.program.build(), builder.attentionParts)
  }

  /// The decoder alone: `memory` [B, Ts, d] in place of `source`; output `scores` [B, Tt, V].
  package static func decoding(
    _ configuration: TransformerConfiguration, _ extents: SequenceExtents
  ) -> Program {
    precondition(configuration.architecture == .encoderDecoder, "no decoder")
    var builder = TransformerBuilder(configuration)
    let memory = builder.program.input(
      "memory", shape: Shape([extents.batch, extents.source, configuration.width]))
    let mask = builder.program.input(
      "sourceMask", shape: .matrix(extents.batch, extents.source))
    let flat = builder.program.reshape(
      memory, to: .matrix(extents.batch * extents.source, configuration.width))
    let bias = builder.bias(hiding: mask)
    let decoded = decode(&builder, extents, memory: flat, bias: bias)
    builder.program.output(
      "scores",
      builder.program.reshape(
        builder.readout(decoded.rows),
        to: Shape([extents.batch, extents.target, configuration.targetVocabulary])))
    return builder.program.build()
  }

  private struct Rows {
    var encoded: Value
    var decoded: Value?
    var data: [String]
    var last: Value { decoded ?? encoded }
  }

  private static func stacks(
    _ builder: inout TransformerBuilder, _ extents: SequenceExtents
  ) -> Rows {
    let configuration = builder.configuration
    let shape = Shape.matrix(extents.batch, extents.source)
    let source = builder.program.input("source", shape: shape)
    let mask = builder.program.input("sourceMask", shape: shape)
    var data = ["source", "sourceMask"]
    var segments: Value?
    if configuration.segments > 0 {
      segments = builder.program.input("segmentNumbers", shape: shape)
      data.append("segmentNumbers")
    }
    let bias = builder.bias(hiding: mask)
    let embedded = builder.embed(
      source, table: "source.embedding", segments: segments, name: "source")
    let encoded = builder.encoder(embedded, batch: extents.batch, bias: bias)
    var rows = Rows(encoded: encoded, decoded: nil, data: data)
    if configuration.architecture == .encoderDecoder {
      let decoded = decode(&builder, extents, memory: encoded, bias: bias)
      rows.decoded = decoded.rows
      rows.data.append("target")
    }
    return rows
  }

  private static func decode(
    _ builder: inout TransformerBuilder, _ extents: SequenceExtents, memory: Value, bias: Value
  ) -> (rows: Value, target: Value) {
    let target = builder.program.input("target", shape: .matrix(extents.batch, extents.target))
    let embedded = builder.embed(target, table: "target.embedding", name: "target")
    let rows = builder.decoder(
      embedded, memory: memory, batch: extents.batch, memoryBias: bias)
    return (rows, target)
  }
}
