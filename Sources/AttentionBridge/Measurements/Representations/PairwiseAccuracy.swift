package import TensorCore

/// How often predictions of two held-out samples are told apart by what really happened.
///
/// For each pair i < j of held-out samples, the right matching wins when
/// `sim(p_i, y_i) + sim(p_j, y_j) > sim(p_i, y_j) + sim(p_j, y_i)`; a tie counts one half, and chance
/// is ½. Source: Mitchell et al. 2008.
package struct PairwiseAccuracy: Sendable, Equatable {
  /// The number of pairs that were matched rightly.
  package private(set) var matched = 0.0
  /// The number of pairs.
  package private(set) var pairs = 0

  /// Starts with nothing.
  package init() {}

  /// The share of pairs that were matched rightly; ½ without any pair.
  package var share: Double { pairs > 0 ? matched / Double(pairs) : 0.5 }

  /// Counts all pairs of one fold.
  ///
  /// - Parameter similarities: of prediction i (row) with truth j (column) `[m × m]`.
  package mutating func add(similarities: Tensor<Double>) {
    let m = similarities.rows
    precondition(similarities.columns == m, "similarities of shape \(similarities.shape)")
    let values = similarities.values
    for i in 0..<m {
      for j in (i + 1)..<max(m, i + 1) {
        let right = values[i * m + i] + values[j * m + j]
        let crossed = values[i * m + j] + values[j * m + i]
        matched += right > crossed ? 1 : right == crossed ? 0.5 : 0
        pairs += 1
      }
    }
  }

  /// Counts all pairs of one fold by the cosines between predictions and truths.
  ///
  /// - Parameters:
  ///   - predictions: one row per held-out sample `[m × q]`.
  ///   - truths: what really happened `[m × q]`.
  package mutating func add(predictions: Tensor<Double>, truths: Tensor<Double>) {
    precondition(
      predictions.shape == truths.shape, "\(predictions.shape) beside \(truths.shape)")
    let inner = LinearAlgebra.product(predictions, LinearAlgebra.transpose(truths))
    add(
      similarities: Self.cosines(
        inner: inner, Self.squaredNorms(predictions), Self.squaredNorms(truths)))
  }

  /// Cosines from inner products and squared norms; 0 with a vector of zeros.
  static func cosines(
    inner: Tensor<Double>, _ rowNorms: [Double], _ columnNorms: [Double]
  ) -> Tensor<Double> {
    var result = inner
    for row in 0..<inner.rows {
      for column in 0..<inner.columns {
        let scale = (max(0, rowNorms[row]) * max(0, columnNorms[column])).squareRoot()
        let index = row * inner.columns + column
        result.values[index] = scale > 0 ? inner.values[index] / scale : 0
      }
    }
    return result
  }

  private static func squaredNorms(_ x: Tensor<Double>) -> [Double] {
    (0..<x.rows).map { row in
      x.values[(row * x.columns)..<((row + 1) * x.columns)].reduce(0) { $0 + $1 * $1 }
    }
  }
}
