import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Dynamic expectation maximisation against the reference implementation")
struct ExpectationMaximizationReferenceTests {
  @Test("reports", arguments: [
    "convolution", "convolution_K", "convolution_n1", "convolution_n2", "convolution_n4",
    "convolution_nD4", "convolution_s0", "convolution_xP", "convolution_delays",
    "convolution_confounds", "GF_and_KF", "OU", "double_well", "GLM", "PEB", "factor_analysis",
    "triple_DEM", "convolution_LAP_dem",
  ])
  func reports(name: String) throws {
    let reference = try ReferenceCase(name)
    let scheme = DynamicExpectationMaximization(settings: reference.settings)
    let start = ContinuousClock.now
    let record = try scheme.run(reference.model, on: reference.input)
    let time = ContinuousClock.now - start
    let found = try reference.deviations(of: record)
    print(
      "DEM", name, time, record.failure.map { "\($0)" } ?? "", record.passes.count,
      found.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: "  "))
  }
}
