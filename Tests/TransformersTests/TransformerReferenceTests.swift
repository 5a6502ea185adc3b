import TestSupport
import Testing

@testable import Learning
@testable import TensorCore
@testable import Transformers

/// Forward passes and gradients against an independent implementation (Reference/transformer).
struct TransformerReferenceTests {
  static let cases = [
    "encoder_post", "encoder_pre", "decoder_causal", "encoder_decoder_post",
    "encoder_decoder_pre",
  ]

  /// A stored case in terms of our configuration and inputs.
  struct Stored {
    let configuration: TransformerConfiguration
    let extents: SequenceExtents
    let inputs: [String: Tensor<Double>]
    let document: Reference

    init(_ name: String) throws {
      document = try Reference.load("transformer/\(name)")
      let given = try document["configuration"]
      let stored = try document["inputs"]
      let decoderBlocks = try Int(given["decoderBlocks"].number)
      let isCausal = try given["causal"].isTrue
      let ids = try Self.tensor(stored["sourceIDs"])
      configuration = TransformerConfiguration(
        architecture: decoderBlocks > 0 ? .encoderDecoder : isCausal ? .decoder : .encoder,
        sourceVocabulary: try Int(given["sourceVocabulary"].number),
        targetVocabulary: try Int(given["targetVocabulary"].number),
        width: try Int(given["width"].number), heads: try Int(given["heads"].number),
        feedforward: try Int(given["inner"].number),
        encoderBlocks: try Int(given["encoderBlocks"].number), decoderBlocks: decoderBlocks,
        maximumLength: max(ids.columns, try Int(given["maximumLength"].number), 16),
        normalization: try #require(.init(rawValue: given["norm"].text)),
        epsilon: try given["epsilon"].number,
        activation: try #require(.init(rawValue: given["activation"].text)),
        positions: try #require(.init(rawValue: given["positions"].text)),
        segments: try Int(given["segmentCount"].number),
        normalizesEmbeddings: try given["normalizesEmbeddings"].isTrue,
        scalesEmbeddings: try given["scalesEmbeddings"].isTrue)
      var inputs = [
        "source": ids, "sourceMask": try Self.tensor(stored["sourceMask"]),
        "labels": try Self.tensor(stored["targets"]),
        "weights": try Self.tensor(stored["weights"]),
      ]
      if stored.has("segments") { inputs["segmentNumbers"] = try Self.tensor(stored["segments"]) }
      if stored.has("decoderIDs") { inputs["target"] = try Self.tensor(stored["decoderIDs"]) }
      for declaration in configuration.declarations {
        let parameter = try Self.tensor(document["parameters"][declaration.name])
        inputs[declaration.name] = parameter
      }
      extents = SequenceExtents(
        batch: ids.rows, source: ids.columns, target: inputs["target"]?.columns ?? 0)
      self.inputs = inputs
    }

    static func tensor(_ reference: Reference) throws -> Tensor<Double> {
      let shape = Shape(try reference["shape"].list.map { Int(try $0.number) })
      return Tensor(shape: shape, values: try reference["values"].list.map { try $0.number })
    }

    /// The stored inputs that a program reads, in a number type.
    func arguments<Scalar: KernelScalar>(
      _ program: Program, as type: Scalar.Type
    ) -> [String: Tensor<Scalar>] {
      var result: [String: Tensor<Scalar>] = [:]
      for port in program.inputs {
        var values = inputs[port.name]?.values ?? []
        // Learned positions may have more rows than the stored sequences are long.
        values += [Double](repeating: 0, count: max(0, port.shape.count - values.count))
        result[port.name] = Tensor(shape: port.shape, values: values.map { Scalar($0) })
      }
      return result
    }
  }

  static func check<Scalar: KernelScalar>(
    _ name: String, as type: Scalar.Type, within tolerance: Tolerance
  ) throws {
    let stored = try Stored(name)
    let outputs = try stored.document["outputs"]
    for keeps in [false, true] {
      let inference = TransformerPrograms.inference(
        stored.configuration, stored.extents, keepsProbabilities: keeps)
      let found = Scalar.evaluate(inference, stored.arguments(inference, as: type))
      func compare(_ port: String, _ expected: Reference) throws {
        expectClose(
          (found[port]?.values ?? []).map { Double($0) }, try Stored.tensor(expected).values,
          within: tolerance, "\(name), \(port)")
      }
      try compare("scores", outputs["logits"])
      if outputs.has("encoded") { try compare("encoded", outputs["encoded"]) }
      if outputs.has("hidden") { try compare("encoded", outputs["hidden"]) }
      if outputs.has("decoded") { try compare("decoded", outputs["decoded"]) }
      guard keeps else { continue }
      let layers = inference.outputs.map(\.name).filter { $0.hasPrefix("attention.") }
      #expect(layers.count >= stored.configuration.encoderBlocks)
      for layer in layers {
        try compare(layer, outputs["probabilities"][String(layer.dropFirst("attention.".count))])
      }
    }
    let objective = TransformerPrograms.objective(stored.configuration, stored.extents)
    let names = stored.configuration.layout.names
    let gradient = objective.program.gradient(of: "loss", withRespectTo: names)
    let found = Scalar.evaluate(gradient, stored.arguments(gradient, as: type))
    let weight = try Double(#require(found["weight"]?.values.first))
    let loss = try Double(#require(found["loss"]?.values.first))
    expectClose(loss / weight, try outputs["loss"].number, within: tolerance, "\(name), loss")
    for parameter in names {
      let expected = try Stored.tensor(stored.document["gradients"][parameter])
      let values = found["gradient.\(parameter)"]?.values.prefix(expected.values.count) ?? []
      expectClose(
        values.map { Double($0) / weight }, expected.values,
        within: tolerance, "\(name), gradient by \(parameter)")
    }
  }

  @Test(.tags(.reference), arguments: cases)
  func doublePrecision(name: String) throws {
    try Self.check(
      name, as: Double.self, within: Tolerance("reference", relative: 1e-12, floor: 1e-12))
  }

  @Test(.tags(.reference), arguments: cases)
  func singlePrecision(name: String) throws {
    try Self.check(
      name, as: Float.self, within: Tolerance("reference", relative: 1e-5, floor: 1e-5))
  }
}
