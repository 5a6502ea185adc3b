import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Learning
@testable import Transformers

@Suite("What heads of attention read")
struct HeadInputsTests {
  static let architectures: [TransformerConfiguration.Architecture] = [
    .encoder, .decoder, .encoderDecoder,
  ]

  static func model(
    _ architecture: TransformerConfiguration.Architecture
  ) -> TransformerModel<Double> {
    let configuration = TransformerConfiguration(
      architecture: architecture, sourceVocabulary: 9, width: 8, heads: 2, feedforward: 6,
      encoderBlocks: 2, decoderBlocks: 2, maximumLength: 6)
    return TransformerModel(
      configuration,
      parameters: ParameterSet(configuration.layout, from: RandomSource(seed: 5)), padding: 0)
  }

  static let example = SequenceExample(
    source: [1, 4, 5, 6, 2], target: [1, 7, 3], labels: [7, 3, 2], weights: [1, 1, 1])

  @Test(
    "softmax of their scores is the attention that the model shows, and gives its output",
    .tags(.identity), arguments: architectures)
  func attentionFromHeads(architecture: TransformerConfiguration.Architecture) throws {
    let model = Self.model(architecture)
    var example = Self.example
    if architecture != .encoderDecoder { example.target = [] }
    let heads = model.headInputs(example)
    let maps = model.attention(example)
    #expect(heads.count == (architecture == .encoderDecoder ? 12 : 4))
    #expect(heads.map(\.layer) == maps.flatMap { map in map.heads.map { _ in map.layer } })
    #expect(heads.map(\.head) == maps.flatMap { Array($0.heads.indices) })
    for (head, map) in zip(heads, maps.flatMap(\.heads)) {
      let width = head.queries.columns
      for row in 0..<head.queries.rows {
        let scores = (0..<head.keys.rows).map { key in
          (0..<width).reduce(head.bias[row, key]) {
            $0 + head.queries[row, $1] * head.keys[key, $1] / Double(width).squareRoot()
          }
        }
        let powers = scores.map { exp($0) }
        let total = powers.reduce(0, +)
        expectClose(
          powers.map { $0 / total },
          Array(map.values[(row * map.columns)..<((row + 1) * map.columns)]))
        for column in 0..<head.values.columns {
          let mean = (0..<head.keys.rows).reduce(0.0) {
            $0 + powers[$1] / total * head.values[$1, column]
          }
          expectClose(mean, head.output[row, column])
        }
      }
    }
  }

  @Test("only attention to the past hides keys", arguments: architectures)
  func hiddenKeys(architecture: TransformerConfiguration.Architecture) {
    var example = Self.example
    if architecture != .encoderDecoder { example.target = [] }
    for head in Self.model(architecture).headInputs(example) {
      let isCausal =
        architecture == .decoder
        || (head.layer.hasPrefix("decoder.") && !head.layer.hasSuffix("crossattention"))
      for row in 0..<head.bias.rows {
        for column in 0..<head.bias.columns {
          #expect(head.bias[row, column] == (isCausal && column > row ? -.infinity : 0))
        }
      }
    }
  }
}
