import TensorCore
import Testing

@testable import AttentionBridge

/// What of P8 has to be as it is.
@Suite struct PlasticityIdentityTests {
  private let sizes = PlasticitySizes(pairs: 5, inputs: 3, outputs: 2)

  private func problem(seed: UInt64) -> PlasticityProblem {
    var source = RandomSource(seed: seed)
    return PlasticityProblem(sizes, from: &source)
  }

  @Test func failsWithAStepUphill() {
    var problem = problem(seed: 1)
    let learned = PlasticityPrograms(sizes).learnedByGradient(problem)
    var meter = DeviationMeter()
    meter.compare(problem.learnedByErrorUnits.values, learned.values)
    #expect(meter.value <= 1e-12)
    problem.rate = -problem.rate
    meter.compare(problem.learnedByErrorUnits.values, learned.values)
    #expect(meter.value > 1e-2)
  }

  @Test func failsWithoutTheRate() {
    let problem = problem(seed: 2)
    let programs = PlasticityPrograms(sizes)
    let after = LinearAlgebra.product(programs.learnedByGradient(problem), problem.query).values
    let before = LinearAlgebra.product(problem.weights, problem.query).values
    let linear = programs.linearAttention(problem)
    var meter = DeviationMeter()
    meter.compare(after, Vectors.sum(before, problem.rate, linear))
    #expect(meter.value <= 1e-12)
    meter.compare(after, Vectors.sum(before, 1, linear))
    #expect(meter.value > 1e-2)
  }

  @Test func failsWithoutTheMeanThatSoftmaxTakesAway() {
    let problem = problem(seed: 3)
    let programs = PlasticityPrograms(sizes)
    let linear = programs.linearAttention(problem)
    var whole = DeviationMeter()
    whole.compare(programs.expandedAttention(problem), linear)
    #expect(whole.value <= 1e-12)
    // What is left without it is attention over scores that are centered first.
    let rows = LearningSamples.rows(problem.inputs)
    let mean = Vectors.mean(rows, weights: rows.map { _ in 1 / Double(rows.count) })
    var centered = problem
    centered.inputs = Tensor(rows: rows.map { Vectors.sum($0, -1, mean) })
    var values = DeviationMeter()
    let attended = Vectors.mean(
      problem.errorUnits,
      weights: LearningSamples.rows(centered.inputs).map {
        Vectors.dot($0, problem.query.values)
      })
    values.compare(attended, linear)
    #expect(values.value > 1e-2)
  }

  @Test func softmaxAttentionIsNotLinear() {
    let problem = problem(seed: 4)
    let softmax = AttentionProblem(
      query: problem.query.values, keys: LearningSamples.rows(problem.inputs),
      values: problem.errorUnits, inverseTemperature: 1)
    var meter = DeviationMeter()
    meter.compare(softmax.attended, PlasticityPrograms(sizes).linearAttention(problem))
    #expect(meter.value > 1e-2)
  }

  @Test func instancesAreSharedAmongSizes() {
    for count in [1, 3, 8, 21, 100] {
      var source = RandomSource(seed: 1)
      let problems = PlasticityComparison.problems(count, from: &source)
      #expect(problems.reduce(0) { $0 + $1.problems.count } == count + 2)
    }
  }
}
