import ODEEngine
import TensorCore
import Testing

@testable import AttentionBridge

/// What of P10 has to be as it is.
@Suite struct RidgeIdentityTests {
  private func problem(penalty: Double) -> RidgeProblem {
    var source = RandomSource(seed: 6)
    return RidgeProblem(
      inputs: LearningSamples.matrix(7, 3, from: &source),
      targets: LearningSamples.matrix(7, 2, from: &source), penalty: penalty)
  }

  @Test func encoderOfOneInputIsAQuotient() throws {
    let problem = RidgeProblem(
      inputs: Tensor(rows: [[1], [2]]), targets: Tensor(rows: [[3], [5]]), penalty: 2)
    // (1·3 + 2·5) / (1 + 4 + 2).
    #expect(abs(try problem.encoder().values[0] - 13.0 / 7) <= 1e-15)
    #expect(abs(try problem.learned()[0] - 13.0 / 7) <= 1e-10)
  }

  @Test(arguments: [0.5, 2, 0.0001])
  func failsWithAnotherPenalty(_ factor: Double) throws {
    let learned = try problem(penalty: 1.5).learned()
    var meter = DeviationMeter()
    meter.compare(learned, try problem(penalty: 1.5).encoder().values)
    #expect(meter.value <= 1e-10)
    meter.compare(learned, try problem(penalty: 1.5 * factor).encoder().values)
    #expect(meter.value > 1e-3)
  }

  @Test func failsBeforeLearningIsAtRest() throws {
    let problem = problem(penalty: 1.5)
    let early = try problem.path(output: 0, at: [0, 0.3])
    #expect(early[0].allSatisfy { $0 == 0 })
    let encoder = try problem.encoder()
    var meter = DeviationMeter()
    meter.compare(early[1], (0..<3).map { encoder[$0, 0] })
    #expect(meter.value > 1e-2)
  }

  @Test func slopeFailsAwayFromTheEncoder() throws {
    let problem = problem(penalty: 1.5)
    let slope = RidgeSlope(problem)
    var weights = try problem.encoder()
    var meter = DeviationMeter()
    meter.compare(slope.evaluate(problem, at: weights), weights.values.map { _ in 0 })
    #expect(meter.value <= 1e-10)
    weights[1, 1] += 0.01
    meter.compare(slope.evaluate(problem, at: weights), weights.values.map { _ in 0 })
    #expect(meter.value > 1e-3)
  }

  @Test func jacobianIsThatOfTheFlow() throws {
    let problem = problem(penalty: 1.5)
    let flow = LearningFlow(
      inputs: LearningSamples.rows(problem.inputs),
      targets: (0..<7).map { problem.targets[$0, 0] }, penalty: 1.5, friction: 0.7)
    let size = flow.dimension
    func derivative(_ state: [Double]) throws -> [Double] {
      var result = [Double](repeating: 0, count: size)
      var span = result.mutableSpan
      try flow.derivative(time: 0, state: state.span, into: &span)
      return result
    }
    let origin = [Double](repeating: 0, count: size)
    var jacobian = [Double](repeating: 0, count: size * size), motion = origin
    var entries = jacobian.mutableSpan, motions = motion.mutableSpan
    try flow.jacobian(time: 0, state: origin.span, into: &entries, timeDerivative: &motions)
    // The flow is linear, so a difference of any size is a column of its Jacobian.
    let base = try derivative(origin)
    for column in 0..<size {
      var state = origin
      state[column] = 1
      var meter = DeviationMeter()
      meter.compare(
        Vectors.sum(try derivative(state), -1, base),
        (0..<size).map { jacobian[$0 * size + column] })
      #expect(meter.value <= 1e-12)
    }
    #expect(motion == origin)
  }
}
