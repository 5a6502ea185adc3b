import AttentionBridge
import Foundation
import Learning
import TensorCore
import TestSupport
import Testing

@Suite("Learning at equilibrium and by backpropagation")
struct LearningComparisonTests {
  private static let task = CopyTask()

  private static func values(seed: UInt64) -> [Double] {
    ParameterSet(task.network().layout, from: RandomSource(seed: seed)).values
  }

  private static func shard(seed: UInt64) -> [[Double]] {
    var source = RandomSource(seed: seed)
    return task.shard(&source, names: task.network().data)
  }

  @Test("fixed predictions learn as backpropagation does; equilibrium stands at an angle")
  func rules() throws {
    func train(_ rule: RuleTraining.Rule) throws -> RuleTraining {
      try RuleTraining(
        Self.task, rule, steps: 3,
        start: ParameterSet(Self.task.network().layout, from: RandomSource(seed: 2)),
        order: RandomSource(seed: 3), rate: 0.01, compares: 1
      ) { (_) throws(BridgeError) in }
    }
    let reverse = try train(.backpropagation)
    let fixed = try train(.fixedPrediction)
    let relaxed = try train(.equilibrium(precision: 10))
    expectClose(fixed.losses, reverse.losses)
    #expect((fixed.wholeAngles.max() ?? 1) < 1e-9)
    #expect((reverse.wholeAngles.max() ?? 1) == 0)
    #expect((relaxed.wholeAngles.min() ?? 0) > 1)
    #expect((relaxed.wholeAngles.max() ?? 90) < 45)
    #expect(relaxed.endings == [.atRest, .atRest, .atRest])
    #expect((relaxed.errorRemainders.max() ?? 1) <= RuleTraining.restTolerance)
    #expect((relaxed.remainders.max() ?? 1) < 0.02)
    // At the feed-forward pass F is the loss, and relaxing lowers it.
    #expect(zip(relaxed.restEnergies, relaxed.losses).allSatisfy { $0 < $1 })
  }

  @Test("F is the same over errors and over states, and rests in both", .tags(.identity))
  func coordinates() {
    let relaxation = ErrorRelaxation(Self.task.network(precision: 3))
    let (values, shard) = (Self.values(seed: 4), Self.shard(seed: 5))
    let course = relaxation.relax(values, shard, tolerance: 1e-5, evaluations: 60)
    let start = relaxation.local(course.start, values, shard)
    let end = relaxation.local(course.states, values, shard)
    expectClose([start.energy], [course.energies[0]])
    expectClose([end.energy], [course.energies.last ?? .nan])
    #expect(course.rises == 0 && end.energy < start.energy)
    #expect(Vectors.norm(end.flow) < 1e-4 * Vectors.norm(start.flow))
    // Half of the way is not at rest.
    let half = zip(course.start, course.states).map { 0.5 * ($0 + $1) }
    #expect(
      Vectors.norm(relaxation.local(half, values, shard).flow) > 0.1 * Vectors.norm(start.flow))
  }

  @Test("the angle falls as κ/π, with κ from the steepness of the loss", .tags(.identity))
  func firstOrder() {
    let sweep = EquilibriumSweep(
      Self.task, Self.values(seed: 6), Self.shard(seed: 7), precisions: [1, 300, 3000])
    for index in 1...2 {
      #expect(abs(sweep.angles[index] / sweep.expected[index] - 1) < 0.03)
    }
    // States of low precision leave the first order.
    #expect(sweep.angles[0] < 0.9 * sweep.expected[0])
    #expect(abs(sweep.exponent(from: 300) + 1) < 0.02)
  }

  @Test("steps of fixed length are the schedule's")
  func fixedSteps() throws {
    let network = Self.task.network()
    let (values, shard) = (Self.values(seed: 8), Self.shard(seed: 9))
    let course = ErrorRelaxation(network).relaxByFixedSteps(
      values, shard, steps: 4, rate: 0.02)
    let schedule = PredictiveCodingGradient<Double>(
      network, schedule: .equilibrium(steps: 4, rate: 0.02), recordsEnergy: true)
    var gradient: [Double] = []
    let sums = try schedule.run(values, shards: [shard], gradient: &gradient)
    expectClose(course.energies, sums.energies)
    expectClose(course.states, schedule.variables(ofShard: 0).flatMap(\.values))
  }

  /// A perceptron with one free state, `F = ½ ‖x − x₀ W₁‖² + ½ (y − tanh(x) w)²`.
  private static func perceptron(target: Double) -> (
    relaxation: ErrorRelaxation, parameters: [Double], shard: [[Double]], curvature: Double
  ) {
    let network = PredictiveCodingNetwork.perceptron(
      widths: [2, 3, 1], activation: .tanh, rows: 1, loss: .gaussian)
    var parameters = ParameterSet<Double>(
      network.layout, values: [Double](repeating: 0, count: network.layout.count))
    let weight = [3.0, -4, 2]
    if let range = network.layout.range(of: "layer.2.weight") {
      parameters.values.replaceSubrange(range, with: weight)
    }
    let shard = network.data.map { name -> [Double] in
      switch name {
      case "input": [0.5, -1]
      case "target": [target]
      default: [1]
      }
    }
    return (
      ErrorRelaxation(network), parameters.values, shard, 1 + Vectors.dot(weight, weight)
    )
  }

  @Test("the largest curvature is 1 + ‖w‖² where it is known")
  func curvature() {
    let problem = Self.perceptron(target: 0)
    // At zero the hyperbolic tangent has slope one and no curvature.
    let value = problem.relaxation.largestCurvature(
      [0, 0, 0], problem.parameters, problem.shard, iterations: 6, from: RandomSource(seed: 10))
    #expect(abs(value / problem.curvature - 1) < 1e-6)
  }

  @Test("fixed steps beyond 2/curvature raise F; steps that fit never do")
  func overshoot() {
    let problem = Self.perceptron(target: 0.1)
    func rises(_ rate: Double) -> Int {
      problem.relaxation.relaxByFixedSteps(
        problem.parameters, problem.shard, steps: 10, rate: rate / problem.curvature
      ).rises
    }
    #expect(rises(0.5) == 0)
    #expect(rises(3) > 0)
    let course = problem.relaxation.relax(
      problem.parameters, problem.shard, tolerance: 1e-6, evaluations: 60)
    #expect(course.rises == 0 && course.ending == .atRest)
    let short = problem.relaxation.relax(
      problem.parameters, problem.shard, tolerance: 1e-6, evaluations: 2)
    #expect(short.ending == .outOfEvaluations && short.remainder > 1e-6)
    #expect((course.slopes.last ?? 1) < 1e-6 * course.slopes[0])
  }

  @Test("L-BFGS returns its last step for its last change; alone it scales")
  func memory() {
    var source = RandomSource(seed: 11)
    var memory = QuasiNewtonMemory(scale: 0.25)
    expectClose(memory.direction([4, -8]), [1, -2])
    let curvature = (0..<9).map { Double($0 + 1) }
    for _ in 0..<8 {
      let step = source.normals(9)
      let change = zip(step, curvature).map { $0 * $1 }
      memory.record(step: step, change: change)
      expectClose(memory.direction(change), step, within: Tolerance("secant", relative: 1e-10))
    }
    // Negative curvature is not kept.
    let before = memory.direction(curvature)
    memory.record(step: curvature, change: curvature.map { -$0 })
    expectClose(memory.direction(curvature), before)
  }
}
