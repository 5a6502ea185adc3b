internal import Foundation

/// Rows of scores of tokens.
package struct Scores {
  /// The scores, row by row.
  package let values: [Double]
  /// The number of tokens.
  package let columns: Int

  /// Creates rows of scores.
  package init(_ values: [Double], columns: Int) {
    self.values = values
    self.columns = columns
  }

  /// The token with the largest score of a row; the first of equals.
  package func best(_ row: Int) -> Int {
    var best = 0
    let start = row * columns
    for column in 1..<max(1, columns) where values[start + column] > values[start + best] {
      best = column
    }
    return best
  }

  /// `ln Σ exp(scores) − score`, the surprise at a token.
  package func surprise(_ row: Int, of token: Int) -> Double {
    Self.logProbabilities(Array(values[(row * columns)..<((row + 1) * columns)]))[token] * -1
  }

  /// `ln softmax` of scores.
  package static func logProbabilities(_ scores: [Double]) -> [Double] {
    let largest = scores.max() ?? 0
    let total = log(scores.reduce(0) { $0 + exp($1 - largest) }) + largest
    return scores.map { $0 - total }
  }
}
