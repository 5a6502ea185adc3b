import AttentionBridge
import TensorCore
import Testing

@Suite("lookup and symmetry")
struct LookupTests {
  @Test("hold for 100 instances each", arguments: 1...3 as ClosedRange<UInt64>)
  func hold(seed: UInt64) throws {
    let comparisons: [any BridgeComparison] = [LookupComparison(), SymmetryComparison()]
    for comparison in comparisons {
      let finding = try comparison.examine(BridgeSettings(seed: seed, draws: false))
      #expect(finding.holds, "\(finding.deviations.filter { !$0.holds })")
      #expect(finding.deviations.allSatisfy { $0.instances >= 100 })
    }
  }

  @Test("two matrices break the balance")
  func untied() {
    var source = RandomSource(seed: 4)
    for _ in 0..<20 {
      let breaches = SymmetryComparison.Tokens(
        count: 5, width: 4, isTied: false, from: &source
      ).breaches
      #expect(breaches.balance > 1e-4 && breaches.stationarity > 1e-4)
    }
  }
}
