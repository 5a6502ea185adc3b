internal import Foundation
package import TensorCore

/// The attention of one layer in one example.
package struct AttentionMap: Sendable, Equatable {
  /// The layer, as in `encoder.0.attention`.
  package let layer: String
  /// Per head the probabilities [queries × keys], padding cut away.
  package let heads: [Tensor<Double>]
  /// Whether each query sees only the keys up to its own place.
  package let isCausal: Bool

  /// Creates a map.
  package init(layer: String, heads: [Tensor<Double>], isCausal: Bool) {
    self.layer = layer
    self.heads = heads
    self.isCausal = isCausal
  }

  /// The mean over queries of `−Σ p ln p`, per head, in nats.
  package var entropies: [Double] {
    heads.map { map in
      let sum = map.values.reduce(0.0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
      return sum / Double(max(1, map.rows))
    }
  }

  /// The entropy of attention that is spread evenly, in nats: the mean over queries of the logarithm
  /// of the number of keys that a query sees.
  package var maximumEntropy: Double {
    guard let map = heads.first, map.rows > 0 else { return 0 }
    let sum = (0..<map.rows).reduce(0.0) {
      $0 + log(Double(isCausal ? min($1 + 1, map.columns) : map.columns))
    }
    return sum / Double(map.rows)
  }

  /// The key with the largest probability for a query of a head, the first of equals.
  package func largest(head: Int, query: Int) -> (key: Int, share: Double) {
    let map = heads[head]
    let row = map.values[(query * map.columns)..<((query + 1) * map.columns)]
    var best = row.startIndex
    for index in row.indices where row[index] > row[best] { best = index }
    return (best - row.startIndex, row[best])
  }
}
