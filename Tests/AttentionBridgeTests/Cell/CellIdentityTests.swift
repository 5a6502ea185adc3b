import AttentionBridge
import Foundation
import ModelFiles
import TensorCore
import TestSupport
import Testing

@Suite("the attention cell and its neighbors")
struct CellIdentityTests {
  /// Settings that find the models of the project.
  static func settings(seed: UInt64, instances: Int = 100) -> BridgeSettings {
    let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("models")
    return BridgeSettings(
      seed: seed, instances: instances, draws: false,
      path: { models.appendingPathComponent($0).path })
  }

  static let comparisons: [any BridgeComparison] = [
    CellComparison(), MaskComparison(), OnlineComparison(), SinkComparison(),
  ]

  @Test(
    "hold for 100 instances each, edges among them", arguments: 0..<4, 1...3 as ClosedRange<UInt64>)
  func hold(index: Int, seed: UInt64) throws {
    let finding = try Self.comparisons[index].examine(Self.settings(seed: seed))
    #expect(finding.holds, "\(finding.deviations.filter { !$0.holds })")
    #expect(finding.deviations.allSatisfy { $0.instances >= 100 && $0.tolerance == 1e-12 })
    #expect(finding.figure == nil)
  }

  @Test("the same seed gives the same deviations, another one others")
  func determinism() throws {
    let first = try SinkComparison().examine(Self.settings(seed: 5, instances: 10))
    #expect(try SinkComparison().examine(Self.settings(seed: 5, instances: 10)) == first)
    let other = try SinkComparison().examine(Self.settings(seed: 6, instances: 10))
    #expect(other.deviations != first.deviations)
  }

  @Test("a missing and a misspelled model file are errors, not findings")
  func files() {
    let nowhere = BridgeSettings(instances: 1, draws: false)
    #expect(throws: BridgeError.missingFile(name: "attention-cell.yaml")) {
      try CellComparison().examine(nowhere)
    }
  }

  /// What the identities claim about a problem, with one part broken.
  @Test("a wrong temperature, sign or prior is seen")
  func broken() {
    var source = RandomSource(seed: 3)
    var cold = DeviationMeter(), turned = DeviationMeter(), prior = DeviationMeter()
    for problem in RandomProblems.make(100, from: &source) where problem.count > 1 {
      var other = problem
      other.inverseTemperature = 1
      cold.compare(AttentionCell(other).rest, problem.attended)
      other.inverseTemperature = -problem.inverseTemperature
      turned.compare(AttentionCell(other).rest, problem.attended)
      let zero = [Double](repeating: 0, count: problem.valueWidth)
      prior.compare(
        AttentionCell(problem, prior: .init(mean: zero, logPrecision: -20)).rest, problem.attended)
    }
    #expect(cold.value > 0.1 && turned.value > 0.1)
    // A prior of precision e^−20 moves the rest by about a billionth, which is seen.
    #expect(prior.value > 1e-10 && prior.value < 1e-6)
  }

  @Test("scores of ±700 give finite rests, rates and logarithms")
  func extremes() {
    for sign in [1.0, -1.0] {
      let cell = AttentionCell(
        logPrecisions: [700 * sign, 700 * sign - 2, -.infinity], values: [[1], [3], [9]])
      let weight = exp(-2.0) / (1 + exp(-2.0))
      #expect(abs(cell.rest[0] - (1 + 2 * weight)) < 1e-15)
      #expect(abs(cell.scaledRate - (1 + exp(-2.0))) < 1e-15)
      #expect(abs(cell.logPrecision - (700 * sign + log1p(exp(-2.0)))) < 1e-12)
      #expect(cell.state(from: [5], at: 0) == [5])
    }
  }

  @Test("the model file says what the cell says, and feedback moves the query")
  func model() throws {
    let model = try CellModel(path: Self.settings(seed: 1).file(CellModel.fileName))
    let problem = AttentionProblem(
      query: [0.5, -1, 2], keys: [[1, 0, 0], [0, 1, 1]], values: [[2], [-1]])
    let held = try model.recognize(problem)
    #expect(abs(held.content - problem.attended[0]) < 1e-12)
    #expect(zip(held.query, problem.query).allSatisfy { abs($0 - $1) < 1e-12 })
    let free = try model.recognize(problem, queryPrecision: "1")
    #expect(abs(free.content - problem.attended[0]) > 1e-2)
  }

  @Test("distances are relative above one and absolute below, and NaN never passes")
  func meter() {
    var meter = DeviationMeter()
    meter.compare([1, -.infinity], [1.5, -.infinity])
    #expect(meter.value == 0.5 / 1.5)
    meter.compare([1e-3], [2e-3])
    #expect(meter.value == 0.5 / 1.5)
    meter.compare([1000], [2000])
    #expect(meter.value == 0.5 && meter.instances == 3)
    meter.compare([1, .nan], [1, 2])
    meter.compare([1], [1])
    #expect(meter.value.isNaN && meter.instances == 5)
    #expect(!meter.deviation("a", "b", tolerance: 1).holds)
    var infinite = DeviationMeter()
    infinite.compare(.infinity, 1)
    #expect(infinite.value.isNaN)
  }
}
