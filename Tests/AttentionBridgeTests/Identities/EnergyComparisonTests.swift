import AttentionBridge
import Foundation
import ModelFiles
import ODEEngine
import Reporting
import TensorCore
import TestSupport
import Testing

/// Which comparisons of energies there are.
private let comparisons: [any BridgeComparison] = [
  DensityComparison(), HopfieldStepComparison(), MixtureComparison(), HopfieldFlowComparison(),
  StabilityComparison(), EnergyTransformerComparison(), CategoricalErrorComparison(),
  LogitFlowComparison(),
]

@Suite struct EnergyComparisonTests {
  @Test(arguments: comparisons.indices, [1, 2, 3] as [UInt64])
  func holds(_ index: Int, _ seed: UInt64) throws {
    let comparison = comparisons[index]
    let finding = try comparison.examine(BridgeSettings(seed: seed, draws: false))
    for deviation in finding.deviations {
      #expect(
        deviation.holds,
        "\(comparison.number) \(deviation.statement.english): \(deviation.value)")
      #expect(deviation.instances >= 100)
    }
    #expect(finding.holds)
    #expect(finding.figure == nil)
  }

  @Test(arguments: comparisons.indices) func hasFigure(_ index: Int) throws {
    let finding = try comparisons[index].examine(BridgeSettings(instances: 1))
    let figure = try #require(finding.figure)
    #expect(figure.english.title != figure.japanese.title)
    #expect(figure.english.rows.count == figure.japanese.rows.count)
  }

  @Test(arguments: comparisons.indices) func sameSeedGivesSameNumbers(_ index: Int) throws {
    let settings = BridgeSettings(seed: 5, instances: 3, draws: false)
    let first = try comparisons[index].examine(settings)
    #expect(try comparisons[index].examine(settings) == first)
  }
}
