import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Free energy")
struct FreeEnergyTests {
  /// The sums that must agree, wherever they exist.
  private func check(_ terms: FreeEnergyTerms, _ comment: Comment) {
    let tolerance = Tolerance("decomposition", relative: 1e-9)
    expectClose(
      [terms.energy - terms.entropy, terms.complexity - terms.accuracy],
      [terms.freeEnergy, terms.freeEnergy], within: tolerance)
    if let surprise = terms.surprise, let divergence = terms.divergence, let volume = terms.volume {
      expectClose([surprise + divergence + volume], [terms.freeEnergy], within: tolerance)
      #expect(divergence >= -1e-9, comment)
    }
  }

  static let linear = [
    ModelCase("convolution", SampleModels.convolution()),
    ModelCase("convolution, n = d", SampleModels.convolution(n: 4, d: 4)),
    ModelCase("precise states", SampleModels.convolution(statePrecision: exp(16))),
    ModelCase("hierarchy", SampleModels.hierarchy()),
    ModelCase("two levels", SampleModels.linearTwoLevel()),
    ModelCase("two levels, d < n", SampleModels.linearTwoLevel(n: 5, d: 2)),
    ModelCase("prior on states", withStatePrior()),
  ]

  private static func withStatePrior() -> HierarchicalDynamicModel {
    var model = SampleModels.linearTwoLevel(n: 3, d: 2)
    model.levels[0].statePriorPrecision = Tensor(rows: [[2, 0.3], [0.3, 1]])
    return model
  }

  @Test("has three sums that agree on linear models", .tags(.identity), arguments: linear)
  func sumsAgree(entry: ModelCase) throws {
    let dynamics = try RecognitionDynamics(model: entry.model)
    let freeEnergy = try FreeEnergy(dynamics)
    for seed in 1...5 {
      let q = randomState(dynamics, seed: UInt64(seed))
      let (terms, _) = try freeEnergy.evaluate(
        q, data: dynamics.data, prior: dynamics.prior, sample: 1)
      #expect(terms.surprise != nil)
      check(terms, "seed \(seed)")
    }
  }

  @Test("has two sums that agree on nonlinear models", .tags(.identity))
  func nonlinearSums() throws {
    for model in [
      SampleModels.nonlinear(), SampleModels.nonlinear(parameterVariance: 1, components: true),
      SampleModels.nonlinear(components: true, stateDependent: true),
    ] {
      let dynamics = try RecognitionDynamics(model: model)
      let freeEnergy = try FreeEnergy(dynamics)
      let q = randomState(dynamics, seed: 3)
      let (terms, _) = try freeEnergy.evaluate(
        q, data: dynamics.data, prior: dynamics.prior, sample: 1)
      #expect(terms.surprise == nil && terms.divergence == nil)
      check(terms, "nonlinear")
    }
  }

  @Test("bounds surprise on a static model and meets it at the posterior", .tags(.identity))
  func staticBound() throws {
    let model = SampleModels.hierarchy()
    let dynamics = try RecognitionDynamics(model: model)
    let freeEnergy = try FreeEnergy(dynamics)
    let random = randomState(dynamics, seed: 4)
    let evidence = try #require(try LinearGaussianEvidence(dynamics))
    let exact = evidence.posteriorMean(data: dynamics.data, prior: dynamics.prior)
    func evaluate(_ q: [Double]) throws -> FreeEnergyTerms {
      try freeEnergy.evaluate(q, data: dynamics.data, prior: dynamics.prior, sample: 1).terms
    }
    // Independent of everything above: y = A (B (η + e₃) + e₂) + e₁ as one Gaussian.
    let a = Tensor<Double>(rows: [[1, 0.5], [-0.3, 1], [0.7, 0.2], [0.1, -0.6]])
    let b = Tensor<Double>(rows: [[1], [-0.5]])
    let eta = dynamics.prior.values[0]
    var covariance = Tensor<Double>.diagonal([Double](repeating: exp(-2), count: 4))
    let ab = LinearAlgebra.product(a, b)
    for row in 0..<4 {
      for column in 0..<4 {
        covariance[row, column] += 2 * ab[row, 0] * ab[column, 0]
        for inner in 0..<2 { covariance[row, column] += exp(-1) * a[row, inner] * a[column, inner] }
      }
    }
    let residual = (0..<4).map { dynamics.data.values[$0] - ab[$0, 0] * eta }
    let factor = try CholeskyFactor(covariance)
    let solution = factor.solve(Tensor(shape: .matrix(4, 1), values: residual)).values
    let surprise =
      0.5 * zip(residual, solution).reduce(0) { $0 + $1.0 * $1.1 } + 0.5 * factor.logDeterminant
      + 2 * log(2 * Double.pi)
    let best = try evaluate(exact)
    expectClose([best.freeEnergy], [surprise], within: Tolerance("exact", relative: 1e-12))
    #expect(try evaluate(random).freeEnergy > surprise)
    #expect(best.volume == 0)
    // The posterior is where the flow rests.
    expectClose(
      try flow(dynamics, exact), [Double](repeating: 0, count: exact.count),
      within: Tolerance("rest", relative: 0, floor: 1e-12))
  }

  @Test("needs the determinant on dynamic models", .tags(.identity))
  func dynamicDeterminant() throws {
    // −ln p(ỹ) = F − n ln |det f_x| at the optimum with n = d.
    let dynamics = try RecognitionDynamics(model: SampleModels.convolution(n: 4, d: 4))
    let freeEnergy = try FreeEnergy(dynamics)
    _ = randomState(dynamics, seed: 5)
    let evidence = try #require(try LinearGaussianEvidence(dynamics))
    let exact = evidence.posteriorMean(data: dynamics.data, prior: dynamics.prior)
    let (terms, _) = try freeEnergy.evaluate(
      exact, data: dynamics.data, prior: dynamics.prior, sample: 1)
    let determinant = log(abs(-0.25 * -0.25 - 1 * -0.5))
    let surprise = try #require(terms.surprise)
    expectClose(
      [terms.freeEnergy - 4 * determinant], [surprise],
      within: Tolerance("determinant", relative: 1e-8))
  }
}
