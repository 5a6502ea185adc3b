import Foundation
import ModelFiles
import Reporting
import TensorCore
import TestSupport
import Testing

@testable import AttentionBridge

@Suite struct DynamicMeasurementTests {
  private static func settings(_ seed: UInt64, instances: Int) -> BridgeSettings {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    return BridgeSettings(
      seed: seed, instances: instances, draws: false,
      path: { root.appendingPathComponent("models/\($0)").path })
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func claimsHold(seed: UInt64) throws {
    let comparisons: [any BridgeComparison] = [
      ConvergenceTimeComparison(), EnergyDescentComparison(), FeedbackComparison(),
      TopDownComparison(),
    ]
    for comparison in comparisons {
      let finding = try comparison.examine(Self.settings(seed, instances: 8))
      #expect(finding.holds, "\(comparison.name), seed \(seed): \(finding.effects)")
      #expect(finding.effects.contains { $0.holds != nil })
      #expect(finding.verdict != nil && finding.figure == nil)
    }
  }

  /// The event is found where the closed form has it, and elsewhere if the target is another one.
  @Test func eventIsLocatedPrecisely() throws {
    let cell = AttentionCell(logPrecisions: [2, -1], values: [[1], [3]])
    let start = cell.rest.map { $0 + 5 }
    let time = try ConvergenceTimeComparison.logTime(cell, from: start, to: cell.rest)
    #expect(abs(time - (log(log(5000)) - cell.logPrecision)) <= 1e-10)
    let near = cell.rest.map { $0 + 0.0005 }
    let other = try ConvergenceTimeComparison.logTime(cell, from: start, to: near)
    #expect(abs(other - time) > 1e-3)
    #expect(
      try ConvergenceTimeComparison.logTime(cell, from: cell.rest, to: cell.rest) == -.infinity)
  }

  @Test func risesAndRandomStepsAreCounted() {
    var source = RandomSource(seed: 3)
    var steps = EnergyDescentComparison.Steps()
    steps.add([[4.0], [2], [1], [3]], energy: { 0.5 * $0[0] * $0[0] }, &source)
    #expect(steps.count == 3 && steps.falls == 2)
    #expect(abs(steps.largestRise - 0.5) <= 1e-15)
    #expect(steps.controls.count == 39 && steps.controls.allSatisfy { (0...1).contains($0) })
  }

  /// The gradient and the curvature of F against central differences.
  @Test func feedbackDerivatives() {
    var source = RandomSource(seed: 5)
    let problem = AttentionProblem(
      query: source.normals(3), keys: (0..<4).map { _ in source.normals(3) },
      values: (0..<4).map { _ in source.normals(2) })
    let cell = FeedbackCell(problem, queryPrecision: 0.7)
    let y = source.normals(5)
    let (gradient, curvature) = (cell.gradient(y), cell.curvature(y))
    for index in 0..<5 {
      var (above, below) = (y, y)
      above[index] += 1e-5
      below[index] -= 1e-5
      let slope = (cell.freeEnergy(above) - cell.freeEnergy(below)) / 2e-5
      #expect(abs(slope - gradient[index]) <= 1e-4 * max(1, abs(slope)))
      let bend = Vectors.sum(cell.gradient(above), -1, cell.gradient(below)).map { $0 / 2e-5 }
      for row in 0..<5 {
        #expect(abs(bend[row] - curvature[row, index]) <= 1e-4 * max(1, abs(bend[row])))
      }
    }
  }

  /// The rest has no gradient and less energy than attention; without a hold it is elsewhere.
  @Test func feedbackRestsAtAMinimum() throws {
    let problem = AttentionProblem(
      query: [1.5, 0.5], keys: [[2, 0], [1, 1], [0, 2], [-1, -1]],
      values: [[1], [2], [4], [-3]])
    let cell = FeedbackCell(problem, queryPrecision: 1)
    let rest = try cell.equilibrium()
    #expect(Vectors.norm(cell.gradient(rest)) <= 1e-10)
    #expect(cell.freeEnergy(rest) < cell.freeEnergy(cell.start))
    #expect(Vectors.norm(Vectors.sum(rest, -1, cell.start)) > 0.01)
  }

  @Test func sharesReachBothEnds() throws {
    let problem = AttentionProblem(query: [1], keys: [[1], [-1]], values: [[1], [2]])
    let sweep = TopDownComparison.Sweep(problem: problem, mean: [7])
    #expect(abs(sweep.share(try sweep.rest(-.infinity))) <= 1e-14)
    #expect(abs(sweep.share(try sweep.rest(60)) - 1) <= 1e-14)
    #expect(abs(try sweep.crossing() - problem.logPartition) <= 1e-8)
    #expect(abs(sweep.share(try sweep.rest(0)) - 0.5) > 0.01)
  }

  /// Normalized precisions are the softmax, and even where nothing depends on the context.
  @Test func cueGivesWeight() throws {
    let path = try Self.settings(1, instances: 1).file(PosnerTrial.fileName)
    let quick = ["inversion.stepsPerSample=1"]
    let cued = try PosnerTrial(path: path, target: .valid, overrides: quick, seed: 1)
    for (precision, softmax) in zip(cued.precisionWeights, cued.attentionWeights) {
      #expect(abs(precision - softmax) <= 1e-12)
    }
    #expect((cued.precisionWeights.max() ?? 0) > 0.6)
    let plain = try PosnerTrial(
      path: path, target: .valid, overrides: quick + ["levels.1.parameters.gain=0"], seed: 1)
    #expect(plain.precisionWeights.allSatisfy { $0 == 0.5 })
    #expect(plain.uncertainty(.right) > cued.uncertainty(.right))
  }

  /// A file that was changed into another task is refused instead of read beyond its end.
  @Test(arguments: [40, 62])
  func anotherTaskIsRefused(_ samples: Int) throws {
    let path = try Self.settings(1, instances: 1).file(PosnerTrial.fileName)
    do throws(BridgeError) {
      _ = try PosnerTrial(
        path: path, target: .valid, overrides: ["time.samples=\(samples)"], seed: 1)
      Issue.record("\(samples) samples were taken for a trial")
    } catch {
      guard case .unsuitableModel(.kind) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }

  @Test func verdictSaysEarlierOrLater() {
    #expect(PosnerComparison.timing(-8.33, isLate: false).english.contains("8.33 ms earlier"))
    #expect(PosnerComparison.timing(30, isLate: true).english.contains("30.0 ms later"))
    #expect(PosnerComparison.timing(4, isLate: false).english.contains("does not come later"))
  }

  @Test func timesAreInterpolated() throws {
    let path = try Self.settings(1, instances: 1).file(PosnerTrial.fileName)
    let trial = try PosnerTrial(
      path: path, target: .valid, overrides: ["inversion.stepsPerSample=1"], seed: 1)
    let course = trial.times.map { $0 / 10 }
    #expect(abs(trial.time(course, reaches: 2.25) - 225) <= 1e-9)
    #expect(trial.time(course, reaches: 100) == .infinity)
  }
}
