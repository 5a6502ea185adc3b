internal import Foundation
public import TensorCore

/// The evidence and posterior of a model with other Gaussian priors, from a full model's posterior.
///
///     P = P_q + P_r − P_p,   μ = P⁻¹ (P_q μ_q + P_r μ_r − P_p μ_p)
///     2 Δ = ln |P_q P_r| − ln |P_p P| + μᵀPμ − μ_qᵀP_qμ_q − μ_rᵀP_rμ_r + μ_pᵀP_pμ_p
///
/// q is the full posterior, p the full prior, r the reduced prior. Exact for linear Gaussian models;
/// otherwise as good as the Gaussian posterior.
///
/// Reference: Friston & Penny 2011, NeuroImage 56:2089.
public struct BayesianModelReduction: Sendable {
  /// A Gaussian density.
  public struct Gaussian: Sendable, Hashable {
    /// The mean `[p]`.
    public var mean: [Double]
    /// The covariance `[p × p]`.
    public var covariance: Tensor<Double>

    /// Creates a density.
    public init(mean: [Double], covariance: Tensor<Double>) {
      precondition(
        covariance.shape == .matrix(mean.count, mean.count),
        "a covariance of shape \(covariance.shape) for \(mean.count) numbers")
      self.mean = mean
      self.covariance = covariance
    }
  }

  /// The full model's prior.
  public let prior: Gaussian
  /// The full model's posterior.
  public let posterior: Gaussian

  /// Creates a reduction of a full model.
  public init(prior: Gaussian, posterior: Gaussian) {
    precondition(
      prior.mean.count == posterior.mean.count,
      "a prior of \(prior.mean.count) and a posterior of \(posterior.mean.count) numbers")
    self.prior = prior
    self.posterior = posterior
  }

  /// The change of log evidence and the posterior under another prior.
  ///
  /// Entries whose reduced variance is zero are fixed at their reduced mean: they are conditioned
  /// on, by the marginal densities of the full prior and posterior there, and not by a small number.
  /// - Throws: `LinearAlgebraError` where a covariance is singular or the reduced posterior improper.
  public func reduce(
    to reduced: Gaussian
  ) throws(LinearAlgebraError) -> (logEvidenceChange: Double, posterior: Gaussian) {
    let count = prior.mean.count
    precondition(reduced.mean.count == count, "\(reduced.mean.count) reduced means for \(count)")
    let fixed = (0..<count).filter { reduced.covariance[$0, $0] == 0 }
    let free = (0..<count).filter { reduced.covariance[$0, $0] != 0 }
    // Fixing: Savage and Dickey's ratio of posterior to prior density, then conditioning.
    let values = fixed.map { reduced.mean[$0] }
    let (priorDensity, conditionedPrior) = try Self.condition(prior, fixed, free, values)
    let (posteriorDensity, conditioned) = try Self.condition(posterior, fixed, free, values)
    var change = posteriorDensity - priorDensity
    let target = Gaussian(
      mean: free.map { reduced.mean[$0] }, covariance: Self.part(reduced.covariance, free, free))
    var result = conditioned
    if !free.isEmpty {
      let (q, p, r) = (
        try CholeskyFactor(conditioned.covariance), try CholeskyFactor(conditionedPrior.covariance),
        try CholeskyFactor(target.covariance)
      )
      var precision = q.inverse
      let (pInverse, rInverse) = (p.inverse, r.inverse)
      for index in precision.values.indices {
        precision.values[index] += rInverse.values[index] - pInverse.values[index]
      }
      let total = try CholeskyFactor(precision)
      func weighted(_ factor: CholeskyFactor, _ mean: [Double]) -> (
        vector: [Double], square: Double
      ) {
        let solved = factor.solve(Tensor(vector: mean)).values
        return (solved, zip(solved, mean).reduce(0) { $0 + $1.0 * $1.1 })
      }
      let wq = weighted(q, conditioned.mean)
      let wp = weighted(p, conditionedPrior.mean)
      let wr = weighted(r, target.mean)
      let right = free.indices.map { wq.vector[$0] + wr.vector[$0] - wp.vector[$0] }
      let mean = total.solve(Tensor(vector: right)).values
      let square = zip(mean, right).reduce(0) { $0 + $1.0 * $1.1 }
      change +=
        0.5
        * (-q.logDeterminant - r.logDeterminant + p.logDeterminant - total.logDeterminant + square
          - wq.square - wr.square + wp.square)
      result = Gaussian(mean: mean, covariance: total.inverse)
    }
    var full = Gaussian(
      mean: reduced.mean, covariance: Tensor(repeating: 0, shape: .matrix(count, count)))
    for (i, a) in free.enumerated() {
      full.mean[a] = result.mean[i]
      for (j, b) in free.enumerated() { full.covariance[a, b] = result.covariance[i, j] }
    }
    return (change, full)
  }

  private static func part(_ a: Tensor<Double>, _ rows: [Int], _ columns: [Int]) -> Tensor<Double> {
    var result = Tensor<Double>(repeating: 0, shape: .matrix(rows.count, columns.count))
    for (i, row) in rows.enumerated() {
      for (j, column) in columns.enumerated() { result[i, j] = a[row, column] }
    }
    return result
  }

  /// ln of the marginal density of `fixed` at `values`, and the density of `free` given them.
  private static func condition(
    _ density: Gaussian, _ fixed: [Int], _ free: [Int], _ values: [Double]
  ) throws(LinearAlgebraError) -> (logDensity: Double, rest: Gaussian) {
    var rest = Gaussian(
      mean: free.map { density.mean[$0] }, covariance: part(density.covariance, free, free))
    if fixed.isEmpty { return (0, rest) }
    let factor = try CholeskyFactor(part(density.covariance, fixed, fixed))
    let cross = part(density.covariance, fixed, free)
    let difference = Tensor(vector: fixed.indices.map { values[$0] - density.mean[fixed[$0]] })
    let solved = factor.solve(difference)
    let square = zip(solved.values, difference.values).reduce(0) { $0 + $1.0 * $1.1 }
    let value =
      -0.5 * (square + factor.logDeterminant + Double(fixed.count) * log(2 * Double.pi))
    if !free.isEmpty {
      let shift = LinearAlgebra.transposedProduct(cross, solved)
      let shrink = LinearAlgebra.transposedProduct(cross, factor.solve(cross))
      for index in free.indices { rest.mean[index] += shift.values[index] }
      for index in shrink.values.indices { rest.covariance.values[index] -= shrink.values[index] }
    }
    return (value, rest)
  }
}

/// Comparing models by their log evidences.
public enum ModelComparison {
  /// The log Bayes factors of every model against the first.
  public static func logBayesFactors(_ logEvidences: [Double]) -> [Double] {
    logEvidences.map { $0 - (logEvidences.first ?? 0) }
  }

  /// The posterior probabilities of models; equal prior probabilities by default.
  public static func posteriorProbabilities(
    _ logEvidences: [Double], priorProbabilities: [Double]? = nil
  ) -> [Double] {
    precondition(
      priorProbabilities.map { $0.count == logEvidences.count } ?? true,
      "\(priorProbabilities?.count ?? 0) prior probabilities for \(logEvidences.count) models")
    let scores = logEvidences.indices.map { logEvidences[$0] + log(priorProbabilities?[$0] ?? 1) }
    guard let largest = scores.max() else { return [] }
    let weights = scores.map { exp($0 - largest) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }
}
