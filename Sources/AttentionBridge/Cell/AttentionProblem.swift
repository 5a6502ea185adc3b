internal import Foundation
internal import TensorCore

/// One query that attends to keys: what both sides of an identity are given.
///
/// `s_j = β qᵀk_j + b_j`, `α = softmax(s)`, `out = Σ_j α_j v_j` (mathematics §11). A bias of minus
/// infinity hides a key.
package struct AttentionProblem: Sendable, Equatable {
  /// The query q [d].
  package var query: [Double]
  /// The keys k_j [T][d].
  package var keys: [[Double]]
  /// The values v_j [T][e].
  package var values: [[Double]]
  /// The inverse temperature β, `1/√d` in a Transformer.
  package var inverseTemperature: Double
  /// What is added to the scores b_j [T].
  package var bias: [Double]

  /// Creates a problem; counts that do not fit are a caller's bug.
  package init(
    query: [Double], keys: [[Double]], values: [[Double]], inverseTemperature: Double? = nil,
    bias: [Double]? = nil
  ) {
    precondition(
      keys.count == values.count && !keys.isEmpty && keys.allSatisfy { $0.count == query.count }
        && values.allSatisfy { $0.count == values[0].count },
      "\(keys.count) keys and \(values.count) values for a query of \(query.count) numbers")
    let bias = bias ?? keys.map { _ in 0 }
    precondition(
      bias.count == keys.count && bias.contains { $0 > -.infinity },
      "\(bias.count) biases of \(keys.count) keys, one of them finite")
    self.query = query
    self.keys = keys
    self.values = values
    self.inverseTemperature = inverseTemperature ?? 1 / Double(max(1, query.count)).squareRoot()
    self.bias = bias
  }

  /// The number of keys T.
  package var count: Int { keys.count }

  /// The width e of the values.
  package var valueWidth: Int { values[0].count }

  /// The scores s_j [T].
  package var scores: [Double] {
    zip(keys, bias).map { inverseTemperature * Vectors.dot(query, $0) + $1 }
  }

  /// The weights α_j [T], summing to one.
  package var weights: [Double] { Vectors.softmax(scores) }

  /// The natural logarithm of Z = Σ_j exp(s_j).
  package var logPartition: Double { Vectors.logSumExp(scores) }

  /// What a Transformer of the tensor core makes of it, `softmax(s) V` [e].
  ///
  /// This is the operation that models train and run with, not a formula of this module.
  package var attended: [Double] {
    var builder = ProgramBuilder()
    let q = builder.input("q", shape: Shape([1, query.count]))
    let k = builder.input("k", shape: Shape([count, query.count]))
    let v = builder.input("v", shape: Shape([count, valueWidth]))
    let b = builder.input("b", shape: Shape([1, count]))
    let out = builder.attention(q, k, v, bias: b, scale: inverseTemperature)
    builder.output("out", out)
    let result = Double.evaluate(
      builder.build(),
      [
        "q": Tensor(rows: [query]), "k": Tensor(rows: keys), "v": Tensor(rows: values),
        "b": Tensor(rows: [bias]),
      ])
    return result["out"]?.values ?? []
  }
}

/// Arithmetic of short vectors.
package enum Vectors {
  /// `Σ a_i b_i`.
  package static func dot(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count, "vectors of \(a.count) and \(b.count)")
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  /// `√Σ a_i²`.
  package static func norm(_ a: [Double]) -> Double { dot(a, a).squareRoot() }

  /// `a + factor · b`.
  package static func sum(_ a: [Double], _ factor: Double = 1, _ b: [Double]) -> [Double] {
    precondition(a.count == b.count, "vectors of \(a.count) and \(b.count)")
    return zip(a, b).map { $0 + factor * $1 }
  }

  /// `Σ_j w_j v_j`.
  package static func mean(_ values: [[Double]], weights: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: values.first?.count ?? 0)
    for (value, weight) in zip(values, weights) where weight != 0 {
      result = sum(result, weight, value)
    }
    return result
  }

  /// `ln Σ exp(s_j)`, for scores of any size; minus infinity where all are.
  package static func logSumExp(_ s: [Double]) -> Double {
    guard let largest = s.max(), largest > -.infinity else { return -.infinity }
    return largest + log(s.reduce(0) { $0 + exp($1 - largest) })
  }

  /// `exp(s_j) / Σ exp(s_j)`.
  package static func softmax(_ s: [Double]) -> [Double] {
    let largest = s.max() ?? 0
    let powers = s.map { exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// `tr Cov_w(v) = Σ_j w_j ‖v_j − v̄‖²`.
  package static func spread(_ values: [[Double]], weights: [Double]) -> Double {
    let center = mean(values, weights: weights)
    return zip(values, weights).reduce(0) { total, pair in
      let difference = sum(pair.0, -1, center)
      return total + pair.1 * dot(difference, difference)
    }
  }

  /// `Cov_w(a, b) = Σ_j w_j (a_j − ā)(b_j − b̄)ᵀ`, [width of a × width of b].
  package static func covariance(
    _ a: [[Double]], _ b: [[Double]], weights: [Double]
  ) -> [[Double]] {
    let (meanA, meanB) = (mean(a, weights: weights), mean(b, weights: weights))
    var result = [[Double]](
      repeating: [Double](repeating: 0, count: meanB.count), count: meanA.count)
    for index in weights.indices {
      let (x, y) = (sum(a[index], -1, meanA), sum(b[index], -1, meanB))
      for row in x.indices {
        result[row] = sum(result[row], weights[index] * x[row], y)
      }
    }
    return result
  }
}
