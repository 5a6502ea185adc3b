public import TensorCore

/// Vectors of whole sentences and how alike they are.
///
/// Reference: Reimers & Gurevych 2019, EMNLP.
public enum SentenceVectors {
  /// The mean of the token states that count, `Σ mᵢ xᵢ / Σ mᵢ`.
  ///
  /// Sums run in double precision. Without a token that counts the mean is zero.
  ///
  /// - Parameters:
  ///   - states: one row per token `[L × d]`.
  ///   - counts: which tokens count `[L]`; padding does not.
  /// - Returns: the sentence's vector `[d]`.
  public static func mean<Scalar: TensorScalar>(
    of states: Tensor<Scalar>, counting counts: [Bool]
  ) -> [Scalar] {
    precondition(
      states.shape.rank == 2 && states.rows == counts.count,
      "\(counts.count) marks for states of shape \(states.shape)")
    let width = states.columns
    var sum = [Double](repeating: 0, count: width)
    for row in 0..<states.rows where counts[row] {
      for column in 0..<width { sum[column] += Double(states.values[row * width + column]) }
    }
    let number = Double(max(1, counts.count { $0 }))
    return sum.map { Scalar($0 / number) }
  }

  /// The means of several sentences of a common length.
  ///
  /// - Parameters:
  ///   - states: one row per token of every sentence `[B × L × d]`.
  ///   - counts: which tokens count, `B` lists of `L`.
  /// - Returns: one vector per row `[B × d]`.
  public static func means<Scalar: TensorScalar>(
    of states: Tensor<Scalar>, counting counts: [[Bool]]
  ) -> Tensor<Scalar> {
    precondition(
      states.shape.rank == 3 && states.shape[0] == counts.count,
      "\(counts.count) lists of marks for states of shape \(states.shape)")
    let (length, width) = (states.shape[1], states.shape[2])
    let rows = counts.enumerated().flatMap { sentence, marks in
      let start = sentence * length * width
      let values = Array(states.values[start..<(start + length * width)])
      return mean(of: Tensor(shape: .matrix(length, width), values: values), counting: marks)
    }
    return Tensor(shape: .matrix(counts.count, width), values: rows)
  }

  /// The cosine of the angle between two vectors, `a·b / (|a| |b|)`, from −1 to 1.
  ///
  /// Zero where one of them is zero. Neither large nor small entries overflow.
  public static func cosine<Scalar: TensorScalar>(_ a: [Scalar], _ b: [Scalar]) -> Double {
    precondition(a.count == b.count, "vectors of \(a.count) and \(b.count) entries")
    let (left, right) = (unit(a), unit(b))
    let product = zip(left, right).reduce(0.0) { $0 + $1.0 * $1.1 }
    return min(1, max(-1, product))
  }

  /// The cosine as a likeness from 0 to 1, `(1 + cos) / 2`.
  public static func similarity<Scalar: TensorScalar>(_ a: [Scalar], _ b: [Scalar]) -> Double {
    (1 + cosine(a, b)) / 2
  }

  /// The cosines between all rows `[n × d]` as a symmetric matrix `[n × n]`.
  public static func cosines<Scalar: TensorScalar>(_ vectors: Tensor<Scalar>) -> Tensor<Double> {
    let units = rows(vectors).map(unit)
    let count = units.count
    var result = Tensor<Double>(repeating: 1, shape: .matrix(count, count))
    for row in 0..<count {
      for column in 0...row {
        let product = zip(units[row], units[column]).reduce(0.0) { $0 + $1.0 * $1.1 }
        result.values[row * count + column] = min(1, max(-1, product))
        result.values[column * count + row] = result.values[row * count + column]
      }
    }
    return result
  }

  /// One of the vectors closest to another.
  public struct Neighbor: Sendable, Hashable {
    /// The row of the vector.
    public let index: Int
    /// Its cosine with the vector asked for.
    public let cosine: Double
    /// The cosine as a likeness from 0 to 1.
    public var similarity: Double { (1 + cosine) / 2 }
  }

  /// The rows closest to a vector by their cosine, the closest first, equal ones in order.
  ///
  /// - Parameters:
  ///   - vector: the vector asked for `[d]`.
  ///   - vectors: the rows to choose from `[n × d]`.
  ///   - count: how many are wanted; fewer come if there are not as many.
  ///   - excluded: a row that is left out, as the vector asked for itself.
  /// - Returns: the closest rows.
  public static func nearest<Scalar: TensorScalar>(
    to vector: [Scalar], in vectors: Tensor<Scalar>, count: Int, excluding excluded: Int? = nil
  ) -> [Neighbor] {
    let neighbors = rows(vectors).enumerated()
      .filter { $0.offset != excluded }
      .map { Neighbor(index: $0.offset, cosine: cosine(vector, $0.element)) }
      .sorted { $0.cosine != $1.cosine ? $0.cosine > $1.cosine : $0.index < $1.index }
    return Array(neighbors.prefix(max(0, count)))
  }

  /// The vector divided by its length, in double precision; zero stays zero.
  package static func unit<Scalar: TensorScalar>(_ vector: [Scalar]) -> [Double] {
    let largest = vector.reduce(0.0) { max($0, abs(Double($1))) }
    guard largest > 0 else { return [Double](repeating: 0, count: vector.count) }
    let scaled = vector.map { Double($0) / largest }
    let length = scaled.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
    return scaled.map { $0 / length }
  }

  private static func rows<Scalar: TensorScalar>(_ matrix: Tensor<Scalar>) -> [[Scalar]] {
    precondition(matrix.shape.rank == 2, "rows of a tensor of shape \(matrix.shape)")
    let width = matrix.columns
    return (0..<matrix.rows).map { Array(matrix.values[($0 * width)..<(($0 + 1) * width)]) }
  }
}
