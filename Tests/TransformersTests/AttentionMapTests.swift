import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Transformers

@Suite("Maps of attention")
struct AttentionMapTests {
  @Test("entropy is that of each query's shares, at most that of an even spread", .tags(.identity))
  func entropies() {
    let even = Tensor<Double>(repeating: 0.25, shape: .matrix(2, 4))
    let sharp = Tensor(rows: [[1, 0, 0, 0], [0, 0, 0, 1]])
    let half = Tensor(rows: [[0.5, 0.5, 0, 0], [0, 0, 1, 0]])
    let map = AttentionMap(layer: "x", heads: [even, sharp, half], isCausal: false)
    expectClose(map.entropies, [log(4), 0, log(2) / 2])
    expectClose(map.maximumEntropy, log(4))
    let (key, share) = map.largest(head: 2, query: 0)
    #expect(key == 0 && share == 0.5)
    #expect(map.largest(head: 1, query: 1).key == 3)
  }

  @Test("a query that sees the past only can spread over as many keys as there are")
  func causal() {
    let map = AttentionMap(
      layer: "decoder.0.attention",
      heads: [Tensor(rows: [[1, 0, 0], [0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]])], isCausal: true)
    expectClose(map.maximumEntropy, (log(2) + log(3)) / 3)
    expectClose(map.entropies, [map.maximumEntropy])
  }
}
