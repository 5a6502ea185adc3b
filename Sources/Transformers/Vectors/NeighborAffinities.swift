internal import Foundation
package import TensorCore

/// How strongly points belong together, so that each has the same effective number of neighbors.
///
/// From row i, `p(j|i) ∝ exp(−βᵢ |xᵢ − xⱼ|²)` with βᵢ such that `exp(H(p(·|i)))` is the perplexity;
/// together `p(i,j) = (p(j|i) + p(i|j)) / 2n`.
package enum NeighborAffinities {
  /// The squared distances between the rows of a matrix, over their mean.
  ///
  /// The scale does not matter to the affinities, and this one keeps β near one.
  package static func squaredDistances(_ points: Tensor<Double>) -> Tensor<Double> {
    let (count, width) = (points.rows, points.columns)
    let largest = points.values.reduce(0.0) { max($0, abs($1)) }
    let scale = largest > 0 ? 1 / largest : 1
    // Not one factor for all: the inverse of the smallest numbers is infinite.
    let scaled =
      scale.isFinite ? points.values.map { $0 * scale } : points.values.map { $0 / largest }
    var result = Tensor<Double>(repeating: 0, shape: .matrix(count, count))
    var total = 0.0
    for row in 0..<count {
      for column in 0..<row {
        var sum = 0.0
        for axis in 0..<width {
          let difference = scaled[row * width + axis] - scaled[column * width + axis]
          sum += difference * difference
        }
        result.values[row * count + column] = sum
        result.values[column * count + row] = sum
        total += 2 * sum
      }
    }
    let mean = total / Double(max(1, count * (count - 1)))
    if mean > 0 { for index in result.values.indices { result.values[index] /= mean } }
    return result
  }

  /// The affinities of every row, each summing to one, with a common perplexity.
  ///
  /// Where more points are equally close than the perplexity says, no β reaches it and they share
  /// the row evenly.
  package static func conditional(
    _ squaredDistances: Tensor<Double>, perplexity: Double
  ) -> Tensor<Double> {
    let count = squaredDistances.rows
    let target = log(perplexity)
    var result = squaredDistances
    for row in 0..<count {
      let distances = Array(squaredDistances.values[(row * count)..<((row + 1) * count)])
      var (low, high) = (0.0, Double.infinity)
      var beta = 1.0
      var (affinities, entropy) = affinities(distances, row, beta)
      for _ in 0..<200 where abs(entropy - target) > 1e-12 {
        // A wide distribution needs a larger β.
        if entropy > target { low = beta } else { high = beta }
        beta = high.isFinite ? (low + high) / 2 : beta * 2
        (affinities, entropy) = Self.affinities(distances, row, beta)
      }
      result.values.replaceSubrange((row * count)..<((row + 1) * count), with: affinities)
    }
    return result
  }

  /// The affinities of one row with their entropy in nats.
  private static func affinities(
    _ distances: [Double], _ row: Int, _ beta: Double
  ) -> ([Double], Double) {
    var nearest = Double.infinity
    for (column, distance) in distances.enumerated() where column != row {
      nearest = min(nearest, distance)
    }
    var weights = [Double](repeating: 0, count: distances.count)
    var (sum, moment) = (0.0, 0.0)
    for (column, distance) in distances.enumerated() where column != row {
      let exponent = beta * (distance - nearest)
      let weight = exp(-exponent)
      weights[column] = weight
      sum += weight
      if weight > 0 { moment += weight * exponent }
    }
    return (weights.map { $0 / sum }, log(sum) + moment / sum)
  }

  /// Both directions together, summing to one over the whole matrix.
  package static func joint(_ conditional: Tensor<Double>) -> Tensor<Double> {
    let count = conditional.rows
    var result = conditional
    for row in 0..<count {
      for column in 0..<count {
        let sum =
          conditional.values[row * count + column] + conditional.values[column * count + row]
        result.values[row * count + column] = sum / Double(2 * count)
      }
    }
    return result
  }

  /// The perplexity of every row, `exp(−Σ p log p)`.
  package static func perplexities(_ conditional: Tensor<Double>) -> [Double] {
    let count = conditional.rows
    return (0..<count).map { row in
      var entropy = 0.0
      for value in conditional.values[(row * count)..<((row + 1) * count)] where value > 0 {
        entropy -= value * log(value)
      }
      return exp(entropy)
    }
  }
}
