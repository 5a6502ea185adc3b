internal import TensorCore

/// Random matrices of random sizes, for the identities about learning.
enum LearningSamples {
  /// A matrix of standard normal numbers, times `scale`.
  static func matrix(
    _ rows: Int, _ columns: Int, scale: Double = 1, from source: inout RandomSource
  ) -> Tensor<Double> {
    Tensor(
      shape: .matrix(rows, columns), values: source.normals(rows * columns).map { scale * $0 })
  }

  /// A whole number of a range.
  static func whole(_ range: ClosedRange<Int>, from source: inout RandomSource) -> Int {
    range.lowerBound + RandomProblems.integer(below: range.count, &source)
  }

  /// The rows of a matrix.
  static func rows(_ matrix: Tensor<Double>) -> [[Double]] {
    (0..<matrix.rows).map { row in
      Array(matrix.values[(row * matrix.columns)..<((row + 1) * matrix.columns)])
    }
  }

  /// `e^{time A}`; nil where it overflows.
  static func exponential(_ matrix: Tensor<Double>, time: Double) -> Tensor<Double>? {
    var work = MatrixExponential(dimension: matrix.rows)
    var result = Tensor<Double>(repeating: 0, shape: matrix.shape)
    var values = result.values.mutableSpan
    return work.exponential(of: matrix.values.span, scale: time, into: &values) ? result : nil
  }
}
