package import Learning
internal import TensorCore

extension PredictiveCodingNetwork {
  /// A Transformer as a chain of predictions: embedding, one stage per block, scores.
  ///
  /// States are the rows `[B·T, d]` between blocks; a block with its residual sums, normalisations
  /// and attention is one stage, and cross-entropy judges the scores (Salvatori et al. 2022, AAAI 36;
  /// Pinchetti et al. 2022, NeurIPS 35). With a decoder behind an encoder, the whole decoder is one
  /// stage over the encoded rows. Data are those of `TransformerPrograms.objective` in the same
  /// order, but for what nothing reads; dropout does not take place.
  ///
  /// - Parameters:
  ///   - configuration: the extents and the choices.
  ///   - extents: those of one shard.
  ///   - precision: π of every state; the larger, the less states take over from parameters.
  /// - Returns: the network.
  package static func transformer(
    _ configuration: TransformerConfiguration, _ extents: SequenceExtents, precision: Double = 1
  ) -> PredictiveCodingNetwork {
    let writer = TransformerStages(
      configuration: configuration, extents: extents, precision: precision)
    var stages = [writer.embedding]
    for block in 0..<configuration.encoderBlocks { stages.append(writer.encoderBlock(block)) }
    if configuration.architecture == .encoderDecoder { stages.append(writer.decoder) }
    stages.append(writer.readout)
    let objective = writer.objective
    let read = Set((stages.map(\.program) + [objective]).flatMap(\.inputs).map(\.name))
    let names = ["source", "sourceMask", "segmentNumbers", "target", "labels", "weights"]
    return PredictiveCodingNetwork(
      stages: stages, objective: objective, data: names.filter { read.contains($0) })
  }
}

/// The stages of a Transformer.
private struct TransformerStages {
  let configuration: TransformerConfiguration
  let extents: SequenceExtents
  let precision: Double

  private var sourceShape: Shape { .matrix(extents.batch, extents.source) }
  private var isEncoderDecoder: Bool { configuration.architecture == .encoderDecoder }
  /// The number of places whose tokens are predicted.
  private var places: Int { isEncoderDecoder ? extents.target : extents.source }

  /// A program over all parameters, of which the stage keeps those it reads.
  private func stage(
    _ name: String, _ write: (inout TransformerBuilder) -> Value
  ) -> PredictiveCodingNetwork.Stage {
    var builder = TransformerBuilder(configuration)
    let prediction = write(&builder)
    builder.program.output("prediction", prediction)
    let program = builder.program.build().droppingUnreadInputs(keeping: [])
    return PredictiveCodingNetwork.Stage(
      name, program: program,
      parameters: configuration.declarations.filter { program.input($0.name) != nil },
      precision: precision)
  }

  private func previous(_ builder: inout TransformerBuilder, places: Int) -> Value {
    builder.program.input(
      "previous", shape: .matrix(extents.batch * places, configuration.width))
  }

  private func bias(_ builder: inout TransformerBuilder) -> Value {
    let mask = builder.program.input("sourceMask", shape: sourceShape)
    return builder.bias(hiding: mask)
  }

  var embedding: PredictiveCodingNetwork.Stage {
    stage("embedding") { builder in
      let source = builder.program.input("source", shape: sourceShape)
      var segments: Value?
      if configuration.segments > 0 {
        segments = builder.program.input("segmentNumbers", shape: sourceShape)
      }
      return builder.embed(
        source, table: "source.embedding", segments: segments, name: "source")
    }
  }

  func encoderBlock(_ block: Int) -> PredictiveCodingNetwork.Stage {
    stage("encoder.\(block)") { builder in
      let x = previous(&builder, places: extents.source)
      let bias = bias(&builder)
      return builder.encoderBlock(
        x, block, batch: extents.batch, bias: bias,
        isCausal: configuration.architecture == .decoder)
    }
  }

  var decoder: PredictiveCodingNetwork.Stage {
    stage("decoder") { builder in
      var memory = previous(&builder, places: extents.source)
      if configuration.normalization == .pre { memory = builder.norm(memory, "encoder.norm") }
      let bias = bias(&builder)
      let target = builder.program.input(
        "target", shape: .matrix(extents.batch, extents.target))
      let x = builder.embed(target, table: "target.embedding", name: "target")
      return builder.decoder(x, memory: memory, batch: extents.batch, memoryBias: bias)
    }
  }

  var readout: PredictiveCodingNetwork.Stage {
    stage("readout") { builder in
      var x = previous(&builder, places: places)
      if configuration.normalization == .pre && !isEncoderDecoder {
        x = builder.norm(x, "encoder.norm")
      }
      return builder.readout(x)
    }
  }

  var objective: Program {
    var builder = TransformerBuilder(configuration)
    let scores = builder.program.input(
      "prediction", shape: .matrix(extents.batch * places, configuration.targetVocabulary))
    let shape = Shape.matrix(extents.batch, places)
    let labels = builder.program.input("labels", shape: shape)
    let weights = builder.program.input("weights", shape: shape)
    builder.crossEntropy(scores, labels: labels, weights: weights)
    return builder.program.build()
  }
}
