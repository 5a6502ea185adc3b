import TensorCore
import Testing

@testable import AttentionBridge

/// The two tasks of P18, and what of the identity has to be as it is.
@Suite struct SoftSharingTests {
  private func problem(penalty: Double) -> SharingProblem {
    var source = RandomSource(seed: 8)
    return SharingProblem(
      inputs: [6, 5].map { LearningSamples.matrix($0, 2, from: &source) },
      targets: [6, 5].map { LearningSamples.matrix($0, 1, from: &source) },
      precisions: [1.3, 0.6], penalty: penalty)
  }

  @Test func priorPrecisionIsFourPenalties() {
    #expect(problem(penalty: 0.5).priorPrecision == 2)
  }

  @Test func penaltyHasItsCurvature() {
    // l ‖θ₁ − θ₂‖² at some place, from its second derivative.
    let problem = problem(penalty: 0.8)
    let place = [0.3, -1.2, 1.1, 0.4]
    let curvature = problem.penaltyCurvature
    let half =
      0.5
      * Vectors.dot(
        place, LinearAlgebra.product(curvature, Tensor(shape: .matrix(4, 1), values: place)).values
      )
    #expect(abs(half - 0.8 * (0.8 * 0.8 + 1.6 * 1.6)) <= 1e-12)
  }

  /// Only π = 4 l makes the posterior mode the minimum of the penalized loss.
  @Test(arguments: [1, 0.5, 0.25, 2])
  func failsWithAnotherPriorPrecision(_ factor: Double) throws {
    let penalized = try problem(penalty: 0.8).penalized().values
    let other = problem(penalty: 0.8 * factor)
    var mode = DeviationMeter()
    mode.compare(Array(try other.posteriorMode().values.prefix(4)), penalized)
    var coupling = DeviationMeter()
    coupling.compare(
      try other.marginalPrecision().values, problem(penalty: 0.8).penaltyCurvature.values)
    #expect(factor == 1 ? mode.value <= 1e-12 : mode.value > 1e-3)
    #expect(factor == 1 ? coupling.value <= 1e-12 : coupling.value > 1e-2)
  }

  @Test func commonValueIsTheMeanNotThePooledFit() throws {
    let problem = problem(penalty: 0.8)
    let mode = try problem.posteriorMode().values
    let pooled = try self.problem(penalty: 1e8).penalized().values
    var mean = DeviationMeter()
    mean.compare([mode[4], mode[5]], [0.5 * (mode[0] + mode[2]), 0.5 * (mode[1] + mode[3])])
    #expect(mean.value <= 1e-12)
    var fit = DeviationMeter()
    fit.compare([mode[4], mode[5]], Array(pooled.prefix(2)))
    #expect(fit.value > 1e-3)
  }

  @Test func strongPenaltyPoolsAndWeakPenaltySeparates() throws {
    let strong = try problem(penalty: 1e6).penalized().values
    #expect(abs(strong[0] - strong[2]) < 1e-5 && abs(strong[1] - strong[3]) < 1e-5)
    let weak = try problem(penalty: 1e-9).penalized().values
    let alone = problem(penalty: 1)
    for task in 0..<2 {
      let x = alone.inputs[task]
      let fit = try LinearAlgebra.solvePositiveDefinite(
        LinearAlgebra.transposedProduct(x, x),
        LinearAlgebra.transposedProduct(x, alone.targets[task])
      ).values
      for index in 0..<2 { #expect(abs(weak[2 * task + index] - fit[index]) < 1e-6) }
    }
  }

  @Test func slopeFailsForTasksFittedAlone() throws {
    let problem = problem(penalty: 0.8)
    let slope = SharingSlope(problem)
    let zero = [Double](repeating: 0, count: 4)
    var meter = DeviationMeter()
    meter.compare(
      slope.evaluate(problem, at: Array(try problem.posteriorMode().values.prefix(4))), zero)
    #expect(meter.value <= 1e-12)
    meter.compare(
      slope.evaluate(problem, at: try self.problem(penalty: 1e-9).penalized().values), zero)
    #expect(meter.value > 1e-2)
  }
}
