import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Bayesian model reduction")
struct ModelReductionTests {
  private let design = Tensor<Double>(rows: [
    [1, 0.2, -0.3], [0.4, 1.1, 0.5], [-0.6, 0.3, 0.9], [0.2, -0.8, 1], [1.2, 0.1, 0.7],
  ])
  private let data = [0.9, -0.4, 1.3, 0.2, 1.7]

  /// Evidence and posterior of the linear model with unit noise, in closed form.
  private func fit(
    _ prior: BayesianModelReduction.Gaussian
  ) throws -> (evidence: Double, posterior: BayesianModelReduction.Gaussian) {
    let cross = LinearAlgebra.product(design, prior.covariance)
    var spread = LinearAlgebra.product(cross, LinearAlgebra.transpose(design))
    for index in 0..<5 { spread[index, index] += 1 }
    let factor = try CholeskyFactor(spread)
    let expected = LinearAlgebra.product(design, Tensor(vector: prior.mean)).values
    let residual = Tensor(vector: data.indices.map { data[$0] - expected[$0] })
    let solved = factor.solve(residual)
    let square = zip(solved.values, residual.values).reduce(0) { $0 + $1.0 * $1.1 }
    let shift = LinearAlgebra.transposedProduct(cross, solved).values
    let shrink = LinearAlgebra.transposedProduct(cross, factor.solve(cross))
    var covariance = prior.covariance
    for index in covariance.values.indices { covariance.values[index] -= shrink.values[index] }
    return (
      -0.5 * (square + factor.logDeterminant + 5 * log(2 * Double.pi)),
      .init(mean: zip(prior.mean, shift).map { $0 + $1 }, covariance: covariance)
    )
  }

  @Test(
    "agrees with refitting",
    arguments: [
      ([0.2, -0.1, 0.3], [0.5, 0, 2]), ([0.0, 0, 0], [0, 0, 1]),
      ([0.1, 0.4, -0.2], [0.3, 0.7, 1.5]),
      ([0.0, 0.5, 0], [0, 0, 0]),
    ])
  func refit(mean: [Double], variances: [Double]) throws {
    let prior = BayesianModelReduction.Gaussian(
      mean: [0.1, 0, -0.2],
      covariance: Tensor(rows: [[2, 0.3, 0], [0.3, 1.5, 0.2], [0, 0.2, 3]]))
    let full = try fit(prior)
    let reduced = BayesianModelReduction.Gaussian(mean: mean, covariance: .diagonal(variances))
    let expected = try fit(reduced)
    let found = try BayesianModelReduction(prior: prior, posterior: full.posterior)
      .reduce(to: reduced)
    expectClose(
      found.logEvidenceChange, expected.evidence - full.evidence, within: .reference(1e-10))
    expectClose(found.posterior.mean, expected.posterior.mean, within: .reference(1e-10))
    expectClose(
      found.posterior.covariance.values, expected.posterior.covariance.values,
      within: .reference(1e-10))
  }

  @Test("model probabilities sum to one and survive large evidences")
  func probabilities() {
    let found = ModelComparison.posteriorProbabilities([-12000, -12000 + log(3), -13000])
    expectClose(found, [0.25, 0.75, 0])
    expectClose(ModelComparison.logBayesFactors([2, 5]), [0, 3])
    expectClose(
      ModelComparison.posteriorProbabilities([0, 0], priorProbabilities: [0.2, 0.8]), [0.2, 0.8])
  }
}
