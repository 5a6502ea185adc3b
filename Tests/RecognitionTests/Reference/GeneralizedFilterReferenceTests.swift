import DynamicModels
import Foundation
import ReferenceCases
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Generalised filtering against the reference implementation")
struct GeneralizedFilterReferenceTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    var tolerance = 1e-8
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "convolution_LAP_states"), Case(name: "convolution_LAP_lap"),
    // A precision of e³² multiplies rounding, the reference's and ours.
    Case(name: "OU_LAP", tolerance: 2e-2),
  ]

  @Test("states, causes, covariances, parameters and F", arguments: cases)
  func reproduces(_ entry: Case) throws {
    let reference = try ReferenceCase(entry.name)
    var settings = reference.settings
    settings.scheme = .filter
    let record = try GeneralizedFilter(settings: settings).run(
      reference.model, on: reference.input)
    #expect(record.failure == nil)
    var found = try reference.deviations(of: record)
    func compare(_ key: String, _ actual: [Double], _ expected: [Double]) {
      if expected.isEmpty && actual.isEmpty { return }
      found[key] = actual.count == expected.count ? largestDeviation(actual, expected) : .infinity
    }
    let result = reference.result
    // A fall counts as well among the first four passes.
    let evidence = record.passes.reduce(into: [Double]()) { list, pass in
      list.append(pass.isAccepted ? -pass.freeEnergy : list.last ?? .nan)
    }
    compare("F", evidence, try result["F"].numbers)
    compare("last F", [-(record.totalFreeEnergy ?? .nan)], [try result["F"].numbers.last ?? .nan])
    func rows(_ tensors: [Tensor<Double>]) -> [Double] {
      tensors.flatMap { LinearAlgebra.transpose($0).values }
    }
    compare("w", rows(record.levels.map(\.states.error)), try result["qU_w"].numbers)
    compare("Z", rows(record.levels.map(\.outputs.weightedError)), try result["qU_Z"].numbers)
    compare("W", rows(record.levels.map(\.states.weightedError)), try result["qU_W"].numbers)
    // The parameters' course along the directions that are free.
    let moving = (0..<record.parameterCourse.columns).filter {
      record.parameterCovariance[$0, $0] > 0
    }
    let prior = record.parameters.flatMap(\.prior)
    compare(
      "course",
      moving.flatMap { p in
        (0..<record.completed).map { record.parameterCourse[$0, p] - prior[p] }
      }, try result["qP_p_t"].numbers)
    compare(
      "log-precision course", LinearAlgebra.transpose(record.logPrecisionCourse).values,
      try result["qH_p_t"].numbers)
    #expect(found.count >= 10)
    for (key, deviation) in found {
      // Errors of states are what e³² multiplies most.
      let limit = key == "w" || key == "W" ? 2 * entry.tolerance : entry.tolerance
      #expect(deviation <= limit, "\(key) of \(entry.name)")
    }
    let parts = try #require(record.evidence)
    expectClose(parts.freeEnergy, record.totalFreeEnergy ?? .nan, within: .identity)
  }
}
