package import Learning
package import TensorCore

/// A Transformer that is used, not trained: scores, vectors, attention.
package final class TransformerModel<Scalar: KernelScalar> {
  /// The extents and the choices.
  package let configuration: TransformerConfiguration
  /// The parameters.
  package let parameters: ParameterSet<Scalar>
  /// The token that fills short sequences.
  package let padding: Int
  private var programs: [Key: TensorWorkspace<Scalar>] = [:]

  private enum Kind: Hashable { case scores, vectors, attention, decoding, heads }
  private struct Key: Hashable {
    let kind: Kind
    let extents: SequenceExtents
  }

  /// Creates a model.
  package init(
    _ configuration: TransformerConfiguration, parameters: ParameterSet<Scalar>, padding: Int
  ) {
    precondition(
      parameters.layout.names == configuration.layout.names, "parameters of another model")
    self.configuration = configuration
    self.parameters = parameters
    self.padding = padding
  }

  private func workspace(_ kind: Kind, _ extents: SequenceExtents) -> TensorWorkspace<Scalar> {
    let key = Key(kind: kind, extents: extents)
    if let known = programs[key] { return known }
    let program: Program
    switch kind {
    case .scores: program = TransformerPrograms.inference(configuration, extents)
    case .vectors:
      program = TransformerPrograms.inference(configuration, extents, readsOut: false)
    case .attention:
      program = TransformerPrograms.inference(
        configuration, extents, keepsProbabilities: true, readsOut: false)
    case .decoding: program = TransformerPrograms.decoding(configuration, extents)
    case .heads: program = TransformerPrograms.heads(configuration, extents).program
    }
    let workspace = TensorWorkspace(Scalar.executable(program))
    workspace.writeInputs(parameters.values, startingAt: 0)
    programs[key] = workspace
    return workspace
  }

  private func run(
    _ kind: Kind, _ examples: [SequenceExample], _ extents: SequenceExtents
  ) -> TensorWorkspace<Scalar> {
    let workspace = workspace(kind, extents)
    let names = workspace.executable.inputs.dropFirst(parameters.layout.names.count).map(\.name)
    let encoded = EncodedExamples<Scalar>(examples, extents, padding: padding, names: names)
    let data = encoded.shard(Array(examples.indices)[...])
    for (name, values) in zip(names, data) {
      workspace.write(values, to: workspace.executable.input(name))
    }
    workspace.run()
    return workspace
  }

  // MARK: Scores

  /// What a model says about one example whose labels are known.
  package struct Prediction: Sendable, Equatable {
    /// The most probable token at each place; the first of equals.
    package let tokens: [Int]
    /// `−ln p` of each label.
    package let surprises: [Double]
  }

  /// Predicts every label with all true tokens before it as context.
  package func predictions(
    _ examples: [SequenceExample], extents: SequenceExtents
  ) -> [Prediction] {
    var result: [Prediction] = []
    for start in stride(from: 0, to: examples.count, by: extents.batch) {
      let part = Array(examples[start..<min(start + extents.batch, examples.count)])
      let workspace = run(.scores, part, extents)
      let region = workspace.executable.output("scores")
      let (places, tokens) = (region.shape[1], region.shape[2])
      let scores = Scores(workspace.read(region).map { Double($0) }, columns: tokens)
      for (index, example) in part.enumerated() {
        let rows = example.labels.indices.map { index * places + $0 }
        result.append(
          Prediction(
            tokens: rows.map { scores.best($0) },
            surprises: zip(rows, example.labels).map { scores.surprise($0, of: $1) }))
      }
    }
    return result
  }

  /// The scores of the next token after the tokens so far, for sequences written from memory.
  ///
  /// - Parameters:
  ///   - written: the tokens so far of every sequence, with the start.
  ///   - memory: from `memory(_:extents:)`.
  ///   - extents: those of the memory.
  /// - Returns: per sequence the scores of all tokens.
  package func nextScores(
    _ written: [[Int]], memory: Memory, extents: SequenceExtents
  ) -> [[Double]] {
    precondition(written.count <= extents.batch, "\(written.count) sequences in one batch")
    let workspace = workspace(.decoding, extents)
    let executable = workspace.executable
    workspace.write(memory.vectors, to: executable.input("memory"))
    workspace.write(memory.mask, to: executable.input("sourceMask"))
    var target = [Scalar](
      repeating: Scalar(padding), count: extents.batch * extents.target)
    for (index, tokens) in written.enumerated() {
      for (place, token) in tokens.enumerated() {
        target[index * extents.target + place] = Scalar(token)
      }
    }
    workspace.write(target, to: executable.input("target"))
    workspace.run()
    let region = executable.output("scores")
    let all = workspace.read(region)
    let columns = region.shape[2]
    return written.enumerated().map { index, tokens in
      let row = (index * extents.target + tokens.count - 1) * columns
      return all[row..<(row + columns)].map { Double($0) }
    }
  }

  /// What the encoder makes of sources, for the decoder.
  package struct Memory: Sendable {
    /// `[batch, places, width]` and `[batch, places]`.
    let vectors: [Scalar], mask: [Scalar]

    /// The same with the sequences in other places, some of them repeated.
    func picking(_ indices: [Int], extents: SequenceExtents) -> Memory {
      let width = vectors.count / max(1, mask.count)
      var vectors: [Scalar] = []
      var mask: [Scalar] = []
      for slot in 0..<extents.batch {
        let index = slot < indices.count ? indices[slot] : indices.first ?? 0
        let (row, count) = (index * extents.source, extents.source)
        vectors += self.vectors[(row * width)..<((row + count) * width)]
        mask += self.mask[row..<(row + count)]
      }
      return Memory(vectors: vectors, mask: mask)
    }
  }

  /// Encodes sources, at most a batch of them.
  package func memory(_ sources: [[Int]], extents: SequenceExtents) -> Memory {
    let examples = sources.map {
      SequenceExample(source: $0, target: [padding], labels: [padding], weights: [0])
    }
    let workspace = run(.scores, examples, extents)
    return Memory(
      vectors: workspace.read(workspace.executable.output("encoded")),
      mask: workspace.read(workspace.executable.input("sourceMask")))
  }

  // MARK: Vectors and attention

  /// The vectors of every token `[tokens × width]` after the last block of the encoder.
  package func vectors(
    _ sequences: [TokenSequence], extents: SequenceExtents
  ) -> [Tensor<Scalar>] {
    var result: [Tensor<Scalar>] = []
    let width = configuration.width
    for start in stride(from: 0, to: sequences.count, by: extents.batch) {
      let part = sequences[start..<min(start + extents.batch, sequences.count)]
      let examples = part.map {
        SequenceExample(
          source: $0.ids, segments: configuration.segments > 0 ? $0.segments : [], labels: [],
          weights: [])
      }
      let workspace = run(.vectors, examples, extents)
      let all = workspace.read(workspace.executable.output("encoded"))
      for (index, sequence) in part.enumerated() {
        let from = index * extents.source * width
        result.append(
          Tensor(
            shape: .matrix(sequence.ids.count, width),
            values: Array(all[from..<(from + sequence.ids.count * width)])))
      }
    }
    return result
  }

  /// Every layer's attention in one example.
  package func attention(_ example: SequenceExample) -> [AttentionMap] {
    let extents = SequenceExtents(
      batch: 1, source: example.source.count, target: example.target.count)
    let workspace = run(.attention, [example], extents)
    return workspace.executable.outputs.filter { $0.name.hasPrefix("attention.") }.map { region in
      let values = workspace.read(region).map { Double($0) }
      let (heads, queries, keys) = (region.shape[1], region.shape[2], region.shape[3])
      let maps = (0..<heads).map { head in
        Tensor(
          shape: .matrix(queries, keys),
          values: Array(values[(head * queries * keys)..<((head + 1) * queries * keys)]))
      }
      let layer = String(region.name.dropFirst("attention.".count))
      return AttentionMap(layer: layer, heads: maps, isCausal: isCausal(layer))
    }
  }

  // MARK: Heads

  /// What every head reads and makes in one example, layer by layer.
  ///
  /// The numbers are those of the model's own run; `bias` holds minus infinity where a key is hidden.
  package func headInputs(_ example: SequenceExample) -> [HeadInputs] {
    let extents = SequenceExtents(
      batch: 1, source: example.source.count, target: example.target.count)
    let workspace = run(.heads, [example], extents)
    let executable = workspace.executable
    let suffix = ".queries"
    let layers = executable.outputs.map(\.name).filter { $0.hasSuffix(suffix) }
      .map { String($0.dropLast(suffix.count)) }
    return layers.flatMap { layer -> [HeadInputs] in
      func tensors(_ part: String) -> [Tensor<Double>] {
        let region = executable.output("\(layer).\(part)")
        let (heads, rows, columns) = (region.shape[1], region.shape[2], region.shape[3])
        let values = workspace.read(region).map { Double($0) }
        return (0..<heads).map { head in
          Tensor(
            shape: .matrix(rows, columns),
            values: Array(values[(head * rows * columns)..<((head + 1) * rows * columns)]))
        }
      }
      let (queries, keys, values) = (tensors("queries"), tensors("keys"), tensors("values"))
      let outputs = tensors("output")
      let hides = executable.outputs.contains { $0.name == "\(layer).bias" }
      let padding = hides ? tensors("bias").first?.values ?? [] : []
      let isCausal = isCausal(layer)
      return queries.indices.map { head in
        let (rows, columns) = (queries[head].rows, keys[head].rows)
        var bias = Tensor<Double>(repeating: 0, shape: .matrix(rows, columns))
        for row in 0..<rows {
          for column in 0..<columns {
            if hides { bias.values[row * columns + column] = padding[column] }
            if isCausal && column > row { bias.values[row * columns + column] = -.infinity }
          }
        }
        return HeadInputs(
          layer: layer, head: head, queries: queries[head], keys: keys[head],
          values: values[head], bias: bias, output: outputs[head])
      }
    }
  }

  /// The decoder's own attention sees the past only, and so does that of an only stack like it.
  private func isCausal(_ layer: String) -> Bool {
    !layer.hasSuffix(".crossattention")
      && (layer.hasPrefix("decoder.") || configuration.architecture == .decoder)
  }
}
