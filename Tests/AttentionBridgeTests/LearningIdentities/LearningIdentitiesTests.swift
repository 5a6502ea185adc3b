import AttentionBridge
import ModelFiles
import Reporting
import Testing

/// Every identity of learning holds, whatever the seed.
@Suite struct LearningIdentitiesTests {
  static let comparisons: [any BridgeComparison] = [
    PlasticityComparison(), PositionMotionComparison(), PositionSmoothnessComparison(),
    RidgeComparison(), HelmholtzComparison(), ScaleComparison(), UncertaintyWeightingComparison(),
    SoftSharingComparison(),
  ]

  @Test(arguments: comparisons.indices, 1...3)
  func holds(_ index: Int, seed: Int) throws {
    let comparison = Self.comparisons[index]
    let finding = try comparison.examine(BridgeSettings(seed: UInt64(seed), draws: false))
    #expect(finding.figure == nil)
    #expect(!finding.deviations.isEmpty)
    for deviation in finding.deviations {
      #expect(deviation.instances >= 100, "\(comparison.name): \(deviation.statement.english)")
      #expect(
        deviation.holds,
        "\(comparison.name): \(deviation.statement.english) is \(deviation.value) apart")
    }
    #expect(finding.effects.isEmpty)
  }

  @Test(arguments: comparisons.indices)
  func isTheSameForTheSameSeed(_ index: Int) throws {
    let settings = BridgeSettings(seed: 5, instances: 3, draws: false)
    let comparison = Self.comparisons[index]
    #expect(try comparison.examine(settings) == comparison.examine(settings))
  }

  @Test(arguments: comparisons.indices)
  func isDrawnInBothLanguages(_ index: Int) throws {
    let comparison = Self.comparisons[index]
    let finding = try comparison.examine(BridgeSettings(instances: 1))
    let figure = try #require(finding.figure)
    #expect(figure.english.title != figure.japanese.title)
    #expect(figure.english.rows.map(\.count) == figure.japanese.rows.map(\.count))
    #expect(comparison.title.english != comparison.title.japanese)
    // Words such as e^{…} or v_j are for printers, not for readers.
    for line in comparison.claim.equation + finding.deviations.map(\.statement.english) {
      #expect(!line.contains("^{") && !line.contains("_{"), "\(line)")
    }
  }
}
