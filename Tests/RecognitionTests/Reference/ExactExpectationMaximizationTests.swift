import DynamicModels
import Foundation
import ReferenceCases
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Dynamic expectation maximisation, exact form")
struct ExactExpectationMaximizationTests {
  @Test("a static linear hierarchy reaches the closed-form evidence", arguments: [1, 2, 3])
  func staticEvidence(seed: UInt64) throws {
    let model = SampleModels.hierarchy()
    var source = RandomSource(seed: seed)
    let data = Tensor(shape: .matrix(5, 4), values: source.normals(20))
    let input = RecognitionInput(data: data, model: model)
    let record = try DynamicExpectationMaximization().run(model, on: input)
    // y = A (B (c + z₃) + z₂) + z₁ with c = 0.3.
    let a = Tensor<Double>(rows: [[1, 0.5], [-0.3, 1], [0.7, 0.2], [0.1, -0.6]])
    let b = Tensor<Double>(rows: [[1], [-0.5]])
    let ab = LinearAlgebra.product(a, b)
    var covariance = LinearAlgebra.product(a, LinearAlgebra.transpose(a))
    let top = LinearAlgebra.product(ab, LinearAlgebra.transpose(ab))
    // The prior level of smoothness zero keeps its variance at order zero.
    for i in 0..<4 {
      for j in 0..<4 {
        covariance[i, j] = exp(-1) * covariance[i, j] + 2 * top[i, j] + (i == j ? exp(-2) : 0)
      }
    }
    let factor = try CholeskyFactor(covariance)
    var surprise = 0.0
    for sample in 0..<5 {
      let residual = Tensor(vector: (0..<4).map { data[sample, $0] - 0.3 * ab[$0, 0] })
      let solved = factor.solve(residual)
      var square = 0.0
      for i in 0..<4 { square += residual[i] * solved[i] }
      let own = 0.5 * (square + factor.logDeterminant + 4 * log(2 * Double.pi))
      expectClose(record.freeEnergy[sample].freeEnergy, own, within: .reference(1e-9))
      surprise += own
    }
    expectClose(record.totalFreeEnergy ?? .nan, surprise, within: .reference(1e-9))
  }

  @Test(
    "results are those of accepted passes, and F never rises",
    arguments: [
      "triple_DEM", "factor_analysis", "GLM", "PEB", "convolution_LAP_dem",
    ])
  func acceptedOnly(name: String) throws {
    let reference = try ReferenceCase(name, reference: .exact)
    let record = try DynamicExpectationMaximization(settings: reference.settings).run(
      reference.model, on: reference.input)
    #expect(record.failure == nil)
    let kept = record.passes.filter(\.isAccepted).map(\.freeEnergy)
    for (before, after) in zip(kept, kept.dropFirst()) { #expect(after <= before) }
    #expect(record.totalFreeEnergy == kept.last)
    // The whole is the sum of the samples and of the slow variables' complexity.
    if record.logPrecisions.isEmpty && record.parameters.isEmpty {
      expectClose(
        record.totalFreeEnergy ?? .nan, record.freeEnergy.reduce(0) { $0 + $1.freeEnergy },
        within: .reference(1e-9))
    }
    for terms in record.freeEnergy {
      expectClose(terms.freeEnergy, terms.complexity - terms.accuracy, within: .identity)
    }
  }
}
