package import TensorCore

/// How unlike the samples of a representation are, pair by pair.
///
/// The dissimilarity of samples i and j is `1 − r`, with r Pearson's correlation between their rows
/// of features; two representations are compared by Spearman's correlation between their
/// dissimilarities. A row that is the same in every feature correlates with nothing, which counts
/// as r = 0. Source: Kriegeskorte et al. 2008.
package struct RepresentationalSimilarity: Sendable {
  /// The number of samples n.
  package let count: Int
  /// The dissimilarities `[n × n]`, symmetric, 0 on the diagonal.
  package let dissimilarities: Tensor<Double>
  /// The ranks of the pairs less their mean `[n × n]`, 0 on the diagonal.
  private let centeredRanks: [Double]
  /// The sum of the squared centered ranks over pairs i < j.
  private let power: Double

  /// Compares the rows of features `[n × p]` with each other.
  package init(_ x: Tensor<Double>) {
    let (n, p) = (x.rows, x.columns)
    count = n
    var rows = x
    for row in 0..<n {
      let values = Array(x.values[(row * p)..<((row + 1) * p)])
      let mean = SampleCorrelation.mean(values)
      let centered = values.map { $0 - mean }
      let norm = centered.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let size = values.reduce(0) { max($0, abs($1)) }
      let varies = norm > size * 0x1p-40
      for column in 0..<p { rows.values[row * p + column] = varies ? centered[column] / norm : 0 }
    }
    var result = LinearAlgebra.product(rows, LinearAlgebra.transpose(rows))
    var pairs: [Double] = []
    pairs.reserveCapacity(n * max(0, n - 1) / 2)
    for row in 0..<n {
      result.values[row * n + row] = 0
      for column in (row + 1)..<max(n, row + 1) {
        let value = 1 - min(1, max(-1, result.values[row * n + column]))
        result.values[row * n + column] = value
        result.values[column * n + row] = value
        pairs.append(value)
      }
    }
    dissimilarities = result
    let middle = Double(pairs.count + 1) / 2
    let ranks = SampleCorrelation.ranks(pairs)
    var square = [Double](repeating: 0, count: n * n)
    var power = 0.0
    var next = 0
    for row in 0..<n {
      for column in (row + 1)..<max(n, row + 1) {
        let rank = ranks[next] - middle
        square[row * n + column] = rank
        square[column * n + row] = rank
        power += rank * rank
        next += 1
      }
    }
    centeredRanks = square
    self.power = power
  }

  /// Spearman's correlation of the dissimilarities with those of another representation.
  ///
  /// - Parameters:
  ///   - other: the other representation of as many samples.
  ///   - shift: sample i of this one is put beside sample `i + shift` of the other, in a circle.
  /// - Returns: a number from −1 to 1; nil where all pairs of one side are equally unlike.
  package func correlation(with other: RepresentationalSimilarity, shift: Int = 0) -> Double? {
    precondition(count == other.count, "\(count) samples beside \(other.count)")
    guard power > 0, other.power > 0 else { return nil }
    let n = count
    let places = (0..<n).map { (($0 + shift) % n + n) % n }
    let (left, right) = (centeredRanks.span, other.centeredRanks.span)
    var sum = 0.0
    for row in 0..<n {
      let start = places[row] * n
      for column in (row + 1)..<max(n, row + 1) {
        sum += left[row * n + column] * right[start + places[column]]
      }
    }
    return min(1, max(-1, sum / (power.squareRoot() * other.power.squareRoot())))
  }
}
