import Foundation
import Learning
import TensorCore
import Testing

@testable import Transformers

@Suite("Encoders from elsewhere")
final class PretrainedEncoderTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "odoroki-encoder-\(UUID().uuidString)")
    try write(config: [:])
    try write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n")
    try write(tensors: [:])
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ name: String, _ text: String) throws {
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Writes the settings of a small encoder with some replaced or, where `nil`, left out.
  private func write(config changes: [String: String?]) throws {
    var settings: [String: String?] = [
      "model_type": "\"bert\"", "hidden_act": "\"gelu\"", "hidden_size": "4",
      "num_attention_heads": "2", "num_hidden_layers": "2", "intermediate_size": "6",
      "max_position_embeddings": "5", "type_vocab_size": "2", "vocab_size": "8",
      "layer_norm_eps": "1e-12", "position_embedding_type": "\"absolute\"",
    ]
    settings.merge(changes) { $1 }
    let members = settings.compactMap { key, value in value.map { "\"\(key)\": \($0)" } }
    try write("config.json", "{\(members.sorted().joined(separator: ", "))}")
  }

  /// The names and shapes of a small encoder's file.
  private static var theirs: [String: [Int]] {
    var shapes: [String: [Int]] = [
      "embeddings.word_embeddings.weight": [8, 4],
      "embeddings.position_embeddings.weight": [5, 4],
      "embeddings.token_type_embeddings.weight": [2, 4],
      "embeddings.LayerNorm.weight": [4], "embeddings.LayerNorm.bias": [4],
      "pooler.dense.weight": [4, 4],
    ]
    for layer in 0..<2 {
      let prefix = "encoder.layer.\(layer)."
      for (name, outputs, inputs) in [
        ("attention.self.query", 4, 4), ("attention.self.key", 4, 4),
        ("attention.self.value", 4, 4), ("attention.output.dense", 4, 4),
        ("intermediate.dense", 6, 4), ("output.dense", 4, 6),
      ] {
        shapes[prefix + name + ".weight"] = [outputs, inputs]
        shapes[prefix + name + ".bias"] = [outputs]
      }
      for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
        shapes[prefix + name + ".weight"] = [4]
        shapes[prefix + name + ".bias"] = [4]
      }
    }
    return shapes
  }

  /// Entry k of a tensor is k plus a number of the tensor's own.
  private static func entry(_ name: String, _ index: Int) -> Float {
    Float(index) + Float(name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 997 })
  }

  /// Writes the tensors of a small encoder with some shapes replaced or, where `nil`, left out.
  private func write(
    tensors changes: [String: [Int]?], rename: (String) -> String = { $0 },
    integer: String? = nil
  ) throws {
    var shapes = Self.theirs.mapValues { Optional($0) }
    shapes.merge(changes) { $1 }
    var writer = SafetensorsWriter()
    for (name, dimensions) in shapes {
      guard let dimensions else { continue }
      let shape = Shape(dimensions)
      if name == integer {
        writer.add(rename(name), [Int64](repeating: 1, count: shape.count), shape: shape)
      } else {
        let values = (0..<shape.count).map { Self.entry(name, $0) }
        writer.add(rename(name), Tensor(shape: shape, values: values))
      }
    }
    writer.add("embeddings.position_ids", [0, 1, 2, 3, 4], shape: .matrix(1, 5))
    try Data(writer.bytes()).write(to: folder.appendingPathComponent("model.safetensors"))
  }

  private func open() throws(PretrainedEncoderError) -> PretrainedEncoder {
    try PretrainedEncoder(folder: folder.path)
  }

  private func expect(_ error: PretrainedEncoderError) {
    #expect(throws: error) { try open() }
    #expect(!error.english.isEmpty && !error.japanese.isEmpty && error.english != error.japanese)
  }

  @Test("parameters get our names and our orientation")
  func mapping() throws {
    let encoder = try open()
    let configuration = encoder.configuration
    #expect(configuration.layers == 2 && configuration.heads == 2 && configuration.hidden == 4)
    #expect(configuration.feedforward == 6 && configuration.maxLength == 5)
    #expect(configuration.segments == 2 && configuration.vocabularySize == 8)
    #expect(configuration.epsilon == 1e-12 && configuration.activation == .gelu)
    #expect(encoder.pooling == .mean && encoder.sentenceLength == 5)
    #expect(encoder.tokenizer.ids("Ab") == [5, 6])
    let parameters = try encoder.parameters(as: Float.self)
    var shapes: [String: Shape] = [
      "source.embedding": .matrix(8, 4), "positions": .matrix(5, 4), "segments": .matrix(2, 4),
      "embedding.norm.scale": .vector(4), "embedding.norm.offset": .vector(4),
    ]
    for layer in 0..<2 {
      for part in ["query", "key", "value", "output"] {
        shapes["encoder.\(layer).attention.\(part).weight"] = .matrix(4, 4)
        shapes["encoder.\(layer).attention.\(part).bias"] = .vector(4)
      }
      shapes["encoder.\(layer).feedforward.inner.weight"] = .matrix(4, 6)
      shapes["encoder.\(layer).feedforward.inner.bias"] = .vector(6)
      shapes["encoder.\(layer).feedforward.outer.weight"] = .matrix(6, 4)
      shapes["encoder.\(layer).feedforward.outer.bias"] = .vector(4)
      for part in ["attention", "feedforward"] {
        shapes["encoder.\(layer).\(part).norm.scale"] = .vector(4)
        shapes["encoder.\(layer).\(part).norm.offset"] = .vector(4)
      }
    }
    #expect(parameters.mapValues(\.shape) == shapes)
    #expect(encoder.shapes == shapes)
    let inner = try #require(parameters["encoder.1.feedforward.inner.weight"])
    let key = try #require(parameters["encoder.0.attention.key.weight"])
    for input in 0..<4 {
      for output in 0..<6 {
        #expect(
          inner[input, output]
            == Self.entry("encoder.layer.1.intermediate.dense.weight", output * 4 + input))
      }
      for output in 0..<4 {
        #expect(
          key[input, output]
            == Self.entry("encoder.layer.0.attention.self.key.weight", output * 4 + input))
      }
    }
    let embedding = try #require(parameters["source.embedding"])
    #expect(embedding[3, 2] == Self.entry("embeddings.word_embeddings.weight", 14))
    for (ours, theirs) in [
      ("encoder.1.attention.norm.offset", "encoder.layer.1.attention.output.LayerNorm.bias"),
      ("encoder.1.feedforward.norm.scale", "encoder.layer.1.output.LayerNorm.weight"),
      ("encoder.0.attention.output.bias", "encoder.layer.0.attention.output.dense.bias"),
      ("encoder.0.feedforward.outer.bias", "encoder.layer.0.output.dense.bias"),
    ] {
      #expect(try encoder.parameter(ours, as: Float.self)[1] == Self.entry(theirs, 1))
    }
    #expect(throws: PretrainedEncoderError.missingTensor("readout.weight")) {
      try encoder.parameter("readout.weight", as: Float.self)
    }
  }

  @Test("as a model of ours: the same parameters, and vectors that padding leaves alone")
  func model() throws {
    let encoder = try open()
    let model = try encoder.model()
    let own = model.configuration
    #expect(own.architecture == .encoder && own.normalization == .post && own.positions == .learned)
    #expect(own.normalizesEmbeddings && !own.scalesEmbeddings && own.segments == 2)
    #expect(own.width == 4 && own.heads == 2 && own.feedforward == 6 && own.encoderBlocks == 2)
    #expect(own.epsilon == 1e-12 && own.activation == .gelu && own.maximumLength == 5)
    var parameters = model.parameters.tensors
    #expect(parameters.removeValue(forKey: "readout.bias")?.values == Array(repeating: 0, count: 8))
    #expect(parameters == (try encoder.parameters(as: Float.self)))
    let sequences = try ["ab", "a"].map { try encoder.tokenizer.encode($0) }
    let together = model.vectors(sequences, extents: SequenceExtents(batch: 2, source: 5))
    let alone = model.vectors([sequences[1]], extents: SequenceExtents(batch: 1, source: 3))
    #expect(together.map(\.shape) == [.matrix(4, 4), .matrix(3, 4)])
    #expect(together.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    for (left, right) in zip(together[1].values, alone[0].values) {
      #expect(abs(left - right) <= 1e-4 * max(1, abs(right)))
    }
  }

  @Test("the encoder inside a larger model, and the names of the first release")
  func otherNames() throws {
    let parameters = try open().parameters(as: Double.self)
    try write(tensors: [:], rename: { "bert." + $0 })
    #expect(try open().parameters(as: Double.self) == parameters)
    try write(tensors: [:]) { name in
      name.replacingOccurrences(of: "LayerNorm.weight", with: "LayerNorm.gamma")
        .replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta")
    }
    #expect(try open().parameters(as: Double.self) == parameters)
  }

  @Test("what the optional files say")
  func options() throws {
    let pooling = "1_Pooling/config.json"
    try write(pooling, "{\"word_embedding_dimension\": 4, \"pooling_mode_cls_token\": true}")
    try write("sentence_bert_config.json", "{\"max_seq_length\": 3}")
    try write("tokenizer_config.json", "{\"do_lower_case\": false}")
    let encoder = try open()
    #expect(encoder.pooling == .first && encoder.sentenceLength == 3)
    #expect(encoder.tokenizer.ids("ab Ab") == [5, 6, 1])
    try write(pooling, "{\"pooling_mode_max_tokens\": true}")
    expect(.unsupportedPooling)
    try write(
      pooling, "{\"pooling_mode_max_tokens\": true, \"pooling_mode_mean_tokens\": true}")
    expect(.unsupportedPooling)
    try write(pooling, "{\"word_embedding_dimension\": 5}")
    expect(.invalidSetting(file: pooling, key: "word_embedding_dimension"))
    try write(pooling, "[")
    expect(.invalidSettings(file: pooling))
    try write(pooling, "{\"pooling_mode_mean_tokens\": true}")
    #expect(try open().pooling == .mean)
    try write("sentence_bert_config.json", "{\"max_seq_length\": 1}")
    expect(.invalidSetting(file: "sentence_bert_config.json", key: "max_seq_length"))
    try write("sentence_bert_config.json", "{\"max_seq_length\": null}")
    try write("tokenizer_config.json", "{\"do_lower_case\": 1}")
    expect(.invalidSetting(file: "tokenizer_config.json", key: "do_lower_case"))
  }

  @Test("each missing file is named", arguments: ["config.json", "model.safetensors", "vocab.txt"])
  func missingFiles(name: String) throws {
    try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    expect(.missingFile(name: name, folder: folder.path))
  }

  @Test("no folder")
  func missingFolder() {
    for path in ["", "/absent", folder.path + "/vocab.txt"] {
      #expect(throws: PretrainedEncoderError.missingFolder(path: path)) {
        try PretrainedEncoder(folder: path)
      }
    }
  }

  @Test("settings that are missing, wrong or not supported")
  func settings() throws {
    let sizes = [
      "hidden_size", "num_attention_heads", "num_hidden_layers", "intermediate_size",
      "max_position_embeddings", "type_vocab_size", "vocab_size", "layer_norm_eps",
    ]
    for key in sizes {
      try write(config: [key: nil])
      expect(.missingSetting(file: "config.json", key: key))
      for value in ["0", "-1", "\"4\"", "1e99", "99999999999999999999"] {
        try write(config: [key: value])
        expect(.invalidSetting(file: "config.json", key: key))
      }
    }
    try write(config: ["hidden_act": nil])
    expect(.missingSetting(file: "config.json", key: "hidden_act"))
    for (key, value, error) in [
      ("model_type", "\"roberta\"", PretrainedEncoderError.unsupportedModel("roberta")),
      ("hidden_act", "\"gelu_new\"", .unsupportedActivation("gelu_new")),
      ("hidden_act", "3", .invalidSetting(file: "config.json", key: "hidden_act")),
      ("position_embedding_type", "\"relative_key\"", .unsupportedPositions("relative_key")),
      ("num_attention_heads", "3", .unevenHeads(width: 4, heads: 3)),
      ("vocab_size", "6", .vocabularyTooLarge(tokens: 7, limit: 6)),
      ("num_hidden_layers", "3", .missingTensor("encoder.layer.2.attention.self.query.weight")),
    ] {
      try write(config: [key: value])
      expect(error)
    }
    try write("config.json", "{\"a\":1,\"a\":2}")
    expect(.invalidSettings(file: "config.json"))
    try write("config.json", "[]")
    expect(.invalidSettings(file: "config.json"))
  }

  @Test("tensors that are missing or of the wrong kind")
  func tensors() throws {
    for (name, shape) in Self.theirs where name != "pooler.dense.weight" {
      try write(tensors: [name: nil])
      expect(.missingTensor(name))
      try write(tensors: [name: [3] + shape])
      expect(.wrongShape(tensor: name, expected: shape, found: [3] + shape))
    }
    // Neither orientation stands for the other.
    let inner = "encoder.layer.0.intermediate.dense.weight"
    try write(tensors: [inner: [4, 6]])
    expect(.wrongShape(tensor: inner, expected: [6, 4], found: [4, 6]))
    try write(tensors: [:], integer: inner)
    expect(.notFloatingPoint(tensor: inner, type: .int64))
    try write("model.safetensors", "short")
    expect(.tensors(.noHeaderLength(byteCount: 5)))
    try write("vocab.txt", "a\n")
    expect(.vocabulary(.missingSpecial(token: "[PAD]")))
  }
}
