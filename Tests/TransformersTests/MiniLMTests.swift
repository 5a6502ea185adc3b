import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Transformers

private let miniLMFolder = ProcessInfo.processInfo.environment["ODOROKI_MINILM"]

/// A real encoder against an independent implementation: set `ODOROKI_MINILM` to the folder of
/// all-MiniLM-L6-v2 (`config.json`, `model.safetensors`, `vocab.txt`, …).
@Suite("all-MiniLM-L6-v2", .enabled(if: miniLMFolder != nil))
struct MiniLMTests {
  @Test("tokens and vectors are those of the reference", .tags(.reference, .slow))
  func vectors() throws {
    let reference = try Reference.load("transformer/minilm")
    let texts = try reference["texts"].list.map { try $0.text }
    let expected = try reference["vectors"]["values"].numbers
    let encoder = try PretrainedEncoder(folder: #require(miniLMFolder))
    #expect(encoder.pooling == .mean && encoder.configuration.layers == 6)
    let sequences = try texts.map {
      try encoder.tokenizer.encode($0, limit: encoder.sentenceLength)
    }
    for (index, sequence) in sequences.enumerated() {
      let ids = try reference["tokenIDs"][index].numbers.map { Int($0) }
      #expect(sequence.ids == ids)
    }
    let model = try encoder.model()
    let longest = sequences.map(\.ids.count).max() ?? 1
    var largest = 0.0
    // Together, where short texts are filled up, and one by one.
    for batch in [texts.count, 2, 1] {
      let states = model.vectors(
        sequences, extents: SequenceExtents(batch: batch, source: longest))
      let vectors = states.map { states in
        SentenceVectors.unit(
          SentenceVectors.mean(of: states, counting: Array(repeating: true, count: states.rows)))
      }
      for (found, wanted) in zip(vectors.joined(), expected) {
        largest = max(largest, abs(found - wanted))
      }
      #expect(vectors.joined().count == expected.count)
    }
    print("all-MiniLM-L6-v2: largest deviation \(largest)")
    #expect(largest < 1e-4)
  }
}
