internal import Foundation
internal import Learning
package import TensorCore
internal import Transformers

/// A Transformer of the decoder kind that learns to predict the next token of songs.
package struct SongTransformer: Sendable {
  /// How songs are learned.
  package struct Settings: Sendable {
    /// The tokens that each prediction can see.
    package var context = 32
    /// The width of a token's vector, and the number of heads.
    package var width = 24, heads = 3
    /// The number of blocks.
    package var blocks = 2
    /// The passes over all windows of the training songs.
    package var passes = 12

    /// Creates the settings that the comparison uses.
    package init() {}
  }

  /// The number of tokens that each prediction can see.
  package var context: Int { settings.context }
  private let settings: Settings
  private let configuration: TransformerConfiguration
  /// All parameters, before and after learning.
  private let start: ParameterSet<Float>, learned: ParameterSet<Float>
  /// The mean loss of every pass, in nats per token.
  package let losses: [Double]

  /// Learns from songs.
  ///
  /// - Parameters:
  ///   - songs: their tokens, each song longer than the context.
  ///   - vocabulary: the number of tokens of the alphabet.
  ///   - settings: how they are learned.
  ///   - seed: the seed of parameters and order.
  ///   - progress: told the share that is done; may end the training.
  /// - Throws: `BridgeError.training`, or what `progress` throws.
  package init(
    songs: [[Int]], vocabulary: Int, settings: Settings = Settings(), seed: UInt64,
    progress: (Double) throws(BridgeError) -> Void = { _ in }
  ) throws(BridgeError) {
    let context = settings.context
    self.settings = settings
    configuration = TransformerConfiguration(
      architecture: .decoder, sourceVocabulary: vocabulary, width: settings.width,
      heads: settings.heads, feedforward: 2 * settings.width, encoderBlocks: settings.blocks,
      maximumLength: context, normalization: .pre)
    // Windows overlap by half, so that no transition is seen at the end of a window only.
    let examples = songs.flatMap { song in
      stride(from: 0, through: song.count - context - 1, by: context / 2).map {
        SequenceExample.nextToken(Array(song[$0...($0 + context)]))
      }
    }
    let batch = 32
    let steps = settings.passes * ((examples.count + batch - 1) / batch)
    let plan = TrainingPlan(
      configuration: configuration,
      learner: LearnerSettings(
        schedule: LearningRateSchedule(
          peak: 6e-3, warmup: steps / 10, decay: .cosine(steps: steps)),
        clip: 1),
      batchSize: batch, shardSize: batch, seed: seed)
    let trainer = TransformerTrainer<Float>(plan, padding: 0)
    start = trainer.parameters
    let extents = SequenceExtents(batch: batch, source: context)
    let encoded = EncodedExamples<Float>(
      examples, extents, padding: 0, names: trainer.dataNames(extents))
    var losses: [Double] = []
    for pass in 0..<settings.passes {
      do {
        losses.append(try trainer.runEpoch(encoded))
      } catch { throw .training(.learning(error)) }
      try progress(Double(pass + 1) / Double(settings.passes))
    }
    self.losses = losses
    learned = trainer.parameters
  }

  /// What the model did while it read a song.
  package struct Reading: Sendable {
    /// `−ln p` of every token given those before it, in nats.
    package let surprisals: [Double]
    /// The vectors of every token `[tokens × width]`: after the embedding, then after each block.
    package let layers: [Tensor<Double>]
    /// The weights of every token's attention by layer and head `[tokens × context]`: the last
    /// column is the token itself, the one before it the token before, and so on.
    package let attention: [[Tensor<Double>]]
  }

  /// Reads tokens, each at the end of a window of the same length.
  ///
  /// Every token then has the same context and the same place in its window, so that codes of places
  /// add nothing to the vectors that changes from token to token.
  ///
  /// - Parameters:
  ///   - song: all tokens.
  ///   - start: the first token that is looked at, larger than the context.
  ///   - isTrained: whether with the learned parameters; else with those before learning.
  /// - Returns: surprisals, vectors and attention of the tokens from `start` on.
  package func read(_ song: [Int], from start: Int, isTrained: Bool = true) -> Reading {
    precondition(start >= context, "token \(start) has fewer than \(context) before it")
    let batch = 64
    let extents = SequenceExtents(batch: batch, source: context)
    let workspace = TensorWorkspace(Float.executable(program(extents)))
    workspace.writeInputs((isTrained ? learned : self.start).values, startingAt: 0)
    let width = configuration.width, vocabulary = configuration.targetVocabulary
    var surprisals: [Double] = []
    var layers = [[Double]](repeating: [], count: settings.blocks + 1)
    var attention = [[[Double]]](
      repeating: [[Double]](repeating: [], count: settings.heads), count: settings.blocks)
    // The window that ends before a token predicts it; the one that ends with it makes its vector.
    let ends = Array((start - 1)..<song.count)
    for first in stride(from: 0, to: ends.count, by: batch) {
      let part = ends[first..<min(first + batch, ends.count)]
      let examples = part.map { end in
        SequenceExample(source: Array(song[(end - context + 1)...end]), labels: [], weights: [])
      }
      let data = EncodedExamples<Float>(
        examples, extents, padding: 0, names: ["source", "sourceMask"]
      ).shard(Array(examples.indices)[...])
      workspace.write(data[0], to: workspace.executable.input("source"))
      workspace.write(data[1], to: workspace.executable.input("sourceMask"))
      workspace.run()
      let scores = Scores(
        workspace.read(workspace.executable.output("scores")).map { Double($0) },
        columns: vocabulary)
      for (index, end) in part.enumerated() where end + 1 < song.count {
        surprisals.append(scores.surprise((index + 1) * context - 1, of: song[end + 1]))
      }
      for layer in layers.indices {
        let rows = workspace.read(workspace.executable.output("layer.\(layer)"))
        for (index, end) in part.enumerated() where end >= start {
          let place = ((index + 1) * context - 1) * width
          layers[layer] += rows[place..<(place + width)].map { Double($0) }
        }
      }
      for block in 0..<settings.blocks {
        let maps = workspace.read(workspace.executable.output("attention.\(block)"))
        for (index, end) in part.enumerated() where end >= start {
          for head in 0..<settings.heads {
            let place = ((index * settings.heads + head) * context + context - 1) * context
            attention[block][head] += maps[place..<(place + context)].map { Double($0) }
          }
        }
      }
    }
    let count = song.count - start
    return Reading(
      surprisals: surprisals,
      layers: layers.map { Tensor(shape: .matrix(count, width), values: $0) },
      attention: attention.map { heads in
        heads.map { Tensor(shape: .matrix(count, context), values: $0) }
      })
  }

  /// Scores, vectors of every layer and attention over windows.
  private func program(_ extents: SequenceExtents) -> Program {
    var builder = TransformerBuilder(configuration, keepsProbabilities: true)
    let shape = Shape.matrix(extents.batch, extents.source)
    let source = builder.program.input("source", shape: shape)
    let mask = builder.program.input("sourceMask", shape: shape)
    let bias = builder.bias(hiding: mask)
    var x = builder.embed(source, table: "source.embedding", name: "source")
    builder.program.output("layer.0", x)
    for block in 0..<settings.blocks {
      x = builder.encoderBlock(x, block, batch: extents.batch, bias: bias, isCausal: true)
      builder.program.output("layer.\(block + 1)", x)
    }
    builder.program.output("scores", builder.readout(builder.norm(x, "encoder.norm")))
    for (block, layer) in builder.probabilities.enumerated() {
      builder.program.output("attention.\(block)", layer.value)
    }
    return builder.program.build()
  }
}

extension SongTransformer.Reading {
  /// The entropy `−Σ α ln α` of the last block's attention at every token, mean over heads, in nats.
  package var entropy: [Double] {
    guard let heads = attention.last, let first = heads.first else { return [] }
    return (0..<first.rows).map { row in
      let sums = heads.map { map in
        map.values[(row * map.columns)..<((row + 1) * map.columns)].reduce(0) {
          $1 > 0 ? $0 - $1 * log($1) : $0
        }
      }
      return SampleCorrelation.mean(sums)
    }
  }
}
