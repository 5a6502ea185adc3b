@testable import AttentionBridge
import Foundation
import TensorCore
import TestSupport
import Testing

/// What the deviations see when one side is wrong.
@Suite struct EnergyBreakingTests {
  private let problem = AttentionProblem(
    query: [0.4, -0.9, 0.2], keys: [[1, 0.3, -0.5], [-0.7, 1.1, 0.4], [0.2, -0.8, 0.9]],
    values: [[1, 0], [0, 1], [1, 1]])

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    var meter = DeviationMeter()
    meter.compare(a, b)
    return meter.value
  }

  @Test func stepNeedsItsLengthAndItsTemperature() {
    let slope = HopfieldEnergy(problem).gradient(at: problem.query)
    let step = AttentionStep(problem)
    #expect(distance(Vectors.sum(problem.query, -1, slope), step(problem.query)) < 1e-14)
    #expect(distance(Vectors.sum(problem.query, -0.5, slope), step(problem.query)) > 0.01)
    #expect(distance(Vectors.sum(problem.query, 1, slope), step(problem.query)) > 0.01)
    var unscaled = problem
    unscaled.inverseTemperature = 1
    #expect(distance(AttentionStep(unscaled)(problem.query), step(problem.query)) > 0.01)
  }

  @Test func risingPathsAreSeen() {
    let energy = HopfieldEnergy(problem)
    let step = AttentionStep(problem)
    let next = step(problem.query)
    #expect(HopfieldFlowComparison.largestRise([problem.query, next], energy) == 0)
    #expect(HopfieldFlowComparison.largestRise([next, problem.query], energy) > 0.01)
  }

  @Test func energyAtKnownPlaces() {
    // One key: −k·q + ½‖q‖², at the key −½‖k‖².
    let alone = AttentionProblem(query: [3, 4], keys: [[3, 4]], values: [[3, 4]])
    #expect(abs(HopfieldEnergy(alone).value(at: [3, 4]) + 12.5) < 1e-13)
  }

  @Test func mixtureNeedsItsWeights() {
    let mixture = KeyMixture(problem)
    let joint = mixture.logJoint(at: problem.query)
    #expect(distance(Vectors.softmax(joint), problem.weightsByAttention) < 1e-14)
    let even = zip(joint, mixture.logWeights).map { $0 - $1 }
    #expect(distance(Vectors.softmax(even), problem.weightsByAttention) > 0.01)
  }

  @Test func freeEnergyPunishesHiddenKeysAndWrongBeliefs() {
    let energy = CategoricalFreeEnergy(scores: [1, 0, -.infinity], prior: [0.5, 0.25, 0.25])
    #expect(energy([0.4, 0.4, 0.2]) == .infinity)
    let least = Vectors.softmax(energy.logJoint)
    #expect(energy([0.5, 0.5, 0]) > energy(least) + 0.01)
    #expect(abs(energy([1, 0, 0]) - (log(2) - 1)) < 1e-15)
    #expect(distance(energy.descent(steps: 3, rate: 0.5).last ?? [], least) > 1e-3)
  }

  @Test func forceNeedsBothTerms() {
    var source = RandomSource(seed: 4)
    let block = EnergyTransformerComparison.blocks(1, from: &source)[3]
    let programs = EnergyPrograms(block)
    let whole = programs.gradient(block).whole.map { -$0 }
    let terms = programs.terms(block)
    #expect(distance(Vectors.sum(terms.asQueries, 1, terms.asKeys), whole) < 1e-13)
    #expect(distance(terms.asQueries, whole) > 0.01)
    #expect(block.largestScore > 699)
  }

  @Test func restIsStableOnOneSideOnly() throws {
    for (strength, grows) in [(0.6, false), (1.6, true)] {
      let (problem, direction, reached) = try StabilityComparison.balanced(
        pairs: [[1, 0.2], [0.1, 0.5]], strength: strength)
      #expect(abs(reached - strength) < 1e-13)
      let pushed = HopfieldFlow(problem).derivative(at: direction.map { 1e-4 * $0 })
      #expect((Vectors.dot(pushed, direction) > 0) == grows)
    }
  }

  @Test func logitsReachScoresOnlyInTime() {
    let scores = [1.0, -2, 0.5]
    let late = LogitFlowComparison.closedForm([0, 0, 0], scores, at: 50)
    #expect(distance(late, Vectors.softmax(scores)) < 1e-15)
    #expect(
      distance(
        LogitFlowComparison.closedForm([0, 0, 0], scores, at: 1), Vectors.softmax(scores)) > 0.01)
    #expect(abs(LogitFlowComparison.variance([1, 3], [0.5, 0.5]) - 1) < 1e-15)
  }
}
