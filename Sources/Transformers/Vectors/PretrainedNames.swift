internal import Learning
internal import TensorCore

/// Where every parameter of ours lies in a file of the BERT family.
enum PretrainedNames {
  /// One tensor of the file.
  struct Source: Sendable {
    /// Its name in the file.
    let name: String
    /// The shape of our parameter.
    let shape: Shape
    /// Whether rows and columns are exchanged in the file.
    let isTransposed: Bool
  }

  /// Finds all parameters and checks their shapes and types.
  static func sources(
    _ configuration: PretrainedEncoder.Configuration, in file: SafetensorsFile
  ) throws(PretrainedEncoderError) -> [String: Source] {
    var search = Search(file: file)
    let (d, f) = (configuration.hidden, configuration.feedforward)
    let embeddings = "embeddings."
    try search.add(
      "source.embedding", embeddings + "word_embeddings.weight",
      .matrix(configuration.vocabularySize, d))
    try search.add(
      "positions", embeddings + "position_embeddings.weight",
      .matrix(configuration.maxLength, d))
    try search.add(
      "segments", embeddings + "token_type_embeddings.weight", .matrix(configuration.segments, d))
    try search.addNorm("embedding.norm", embeddings + "LayerNorm", d)
    for layer in 0..<configuration.layers {
      let (ours, theirs) = ("encoder.\(layer).", "encoder.layer.\(layer).")
      for part in ["query", "key", "value"] {
        try search.addLinear(ours + "attention." + part, theirs + "attention.self." + part, d, d)
      }
      try search.addLinear(ours + "attention.output", theirs + "attention.output.dense", d, d)
      try search.addNorm(ours + "attention.norm", theirs + "attention.output.LayerNorm", d)
      try search.addLinear(ours + "feedforward.inner", theirs + "intermediate.dense", d, f)
      try search.addLinear(ours + "feedforward.outer", theirs + "output.dense", f, d)
      try search.addNorm(ours + "feedforward.norm", theirs + "output.LayerNorm", d)
    }
    return search.sources
  }

  private struct Search {
    let file: SafetensorsFile
    let prefix: String
    private(set) var sources: [String: Source] = [:]

    init(file: SafetensorsFile) {
      self.file = file
      // Models with a head on top keep the encoder under a name of its own.
      let isNested = file["bert.embeddings.word_embeddings.weight"] != nil
      prefix = isNested ? "bert." : ""
    }

    mutating func add(
      _ ours: String, _ theirs: String, _ shape: Shape, isTransposed: Bool = false
    ) throws(PretrainedEncoderError) {
      let name = prefix + theirs
      guard let entry = file[name] else { throw .missingTensor(name) }
      let expected = isTransposed ? Array(shape.dimensions.reversed()) : shape.dimensions
      guard entry.shape.dimensions == expected else {
        throw .wrongShape(tensor: name, expected: expected, found: entry.shape.dimensions)
      }
      switch entry.type {
      case .float16, .bfloat16, .float32, .float64: break
      default: throw .notFloatingPoint(tensor: name, type: entry.type)
      }
      sources[ours] = Source(name: name, shape: shape, isTransposed: isTransposed)
    }

    mutating func addLinear(
      _ ours: String, _ theirs: String, _ inputs: Int, _ outputs: Int
    ) throws(PretrainedEncoderError) {
      try add(ours + ".weight", theirs + ".weight", .matrix(inputs, outputs), isTransposed: true)
      try add(ours + ".bias", theirs + ".bias", .vector(outputs))
    }

    mutating func addNorm(
      _ ours: String, _ theirs: String, _ width: Int
    ) throws(PretrainedEncoderError) {
      // Files converted from the first release have the names of the paper.
      let isOld = file[prefix + theirs + ".gamma"] != nil
      try add(ours + ".scale", theirs + (isOld ? ".gamma" : ".weight"), .vector(width))
      try add(ours + ".offset", theirs + (isOld ? ".beta" : ".bias"), .vector(width))
    }
  }
}
