import AttentionBridge
import ODEEngine
import TensorCore
import TestSupport
import Testing

@Suite struct AttentionCellTests {
  @Test func derivativeIsZeroAtRest() throws {
    var source = RandomSource(seed: 7)
    for problem in RandomProblems.make(50, from: &source, scores: .extreme, masks: true) {
      let cell = AttentionCell(problem)
      var solver = try ODESolver(cell, state: cell.rest)
      try solver.advance(to: 1)
      var meter = DeviationMeter()
      meter.compare(solver.state, cell.rest)
      #expect(meter.value <= 1e-13)
    }
  }
}
