internal import Foundation
package import Learning
package import TensorCore

/// The free energy of a network as a function of its states, and its descent to rest.
///
/// `F(x) = Σ_{l<L} ½ π ‖x_l − f_l(x_{l−1}; θ)‖² + loss(f_L(x_{L−1}; θ))` falls from the feed-forward
/// pass, where it is the loss, until `‖∂F/∂x‖` is a small part of what it was. A step of fixed length
/// suits one curvature only, and curvature grows as a block learns. Here every step is a quasi-Newton
/// one (L-BFGS; Nocedal & Wright 2006, algorithm 7.4) that is halved until F falls enough
/// (Armijo), so that F never rises.
package final class StateRelaxation {
  /// What was seen on the way.
  package struct Course: Sendable {
    /// F at the feed-forward pass and after every step.
    package var energies: [Double] = []
    /// ‖∂F/∂x‖ there.
    package var slopes: [Double] = []
    /// How often F and its gradient were computed.
    package var evaluations = 0

    /// How much of the slope at the feed-forward pass is left.
    package var remainder: Double {
      guard let first = slopes.first, let last = slopes.last, first > 0 else { return 0 }
      return last / first
    }
    /// The largest rise of F in one step; negative where it always fell.
    package var largestRise: Double {
      zip(energies.dropFirst(), energies).map { $0 - $1 }.max() ?? 0
    }
  }

  private let forward: PredictiveCodingGradient<Double>
  private let byStates: ShardedGradient<Double>, byParameters: ShardedGradient<Double>
  private let precision: Double

  /// Prepares a network whose states have one precision.
  package init(_ network: PredictiveCodingNetwork) {
    precision = network.stages.first?.precision ?? 1
    forward = PredictiveCodingGradient(network, schedule: .equilibrium(steps: 0, rate: 1))
    let layout = ParameterLayout(
      network.states.enumerated().map { index, name in
        ParameterDeclaration(name, network.shape(ofStage: index).dimensions, .constant(0))
      })
    let energy = network.freeEnergy
    var builder = ProgramBuilder(energy)
    guard let port = energy.output("energy") else { preconditionFailure("F is an output") }
    builder.output("loss", builder.value(of: port))
    builder.output("weight", builder.constant(1))
    let program = builder.build()
    byStates = ShardedGradient(
      program, trainable: layout, frozen: network.layout, data: network.data)
    byParameters = ShardedGradient(
      program, trainable: network.layout, frozen: layout, data: network.data)
  }

  /// The states at their predictions, with the feed-forward loss and its weight.
  package func start(
    _ parameters: [Double], _ shard: [[Double]]
  ) throws(LearningError) -> (states: [Double], loss: Double, weight: Double) {
    var unused: [Double] = []
    let sums = try forward.run(parameters, shards: [shard], gradient: &unused)
    return (forward.variables(ofShard: 0).flatMap(\.values), sums.loss, sums.weight)
  }

  /// F and `∂F/∂x`.
  package func energy(
    _ states: [Double], _ parameters: [Double], _ shard: [[Double]], gradient: inout [Double]
  ) -> Double {
    byStates.run(states, fixed: parameters, shards: [shard], gradient: &gradient).loss
  }

  /// `∂F/∂θ` at given states.
  package func plasticity(
    _ states: [Double], _ parameters: [Double], _ shard: [[Double]]
  ) -> [Double] {
    var gradient: [Double] = []
    _ = byParameters.run(parameters, fixed: states, shards: [shard], gradient: &gradient)
    return gradient
  }

  /// Descends until the slope is at most a part of what it was, or for a number of evaluations.
  package func relax(
    _ states: inout [Double], _ parameters: [Double], _ shard: [[Double]], tolerance: Double,
    evaluations: Int, memory: Int = 8
  ) -> Course {
    var course = Course()
    var gradient: [Double] = []
    var energy = energy(states, parameters, shard, gradient: &gradient)
    course.evaluations = 1
    course.energies.append(energy)
    let start = Vectors.norm(gradient)
    course.slopes.append(start)
    var history: [(step: [Double], change: [Double], product: Double)] = []
    var trial: [Double] = []
    while course.evaluations < evaluations, let slope = course.slopes.last,
      slope > tolerance * start
    {
      let direction = Self.direction(gradient, history, scale: 1 / precision)
      let descent = -Vectors.dot(direction, gradient)
      var length = 1.0
      var accepted = false
      while course.evaluations < evaluations {
        let next = Vectors.sum(states, -length, direction)
        let value = self.energy(next, parameters, shard, gradient: &trial)
        course.evaluations += 1
        if value <= energy + 1e-4 * length * descent {
          let step = Vectors.sum(next, -1, states), change = Vectors.sum(trial, -1, gradient)
          let product = Vectors.dot(step, change)
          if product > 1e-10 * Vectors.dot(change, change) {
            history.append((step, change, product))
            if history.count > memory { history.removeFirst() }
          }
          (states, energy, gradient) = (next, value, trial)
          accepted = true
          break
        }
        length *= 0.5
        if length < 1e-6 { break }
      }
      guard accepted else {
        if history.isEmpty { break }
        history = []
        continue
      }
      course.energies.append(energy)
      course.slopes.append(Vectors.norm(gradient))
    }
    return course
  }

  /// An estimate of (∂²F/∂x²)⁻¹ ∂F/∂x from the last steps.
  private static func direction(
    _ gradient: [Double], _ history: [(step: [Double], change: [Double], product: Double)],
    scale: Double
  ) -> [Double] {
    var direction = gradient
    var factors: [Double] = []
    for (step, change, product) in history.reversed() {
      let factor = Vectors.dot(step, direction) / product
      factors.append(factor)
      direction = Vectors.sum(direction, -factor, change)
    }
    let size =
      history.last.map { $0.product / Vectors.dot($0.change, $0.change) } ?? scale
    direction = direction.map { size * $0 }
    for ((step, change, product), factor) in zip(history, factors.reversed()) {
      let other = Vectors.dot(change, direction) / product
      direction = Vectors.sum(direction, factor - other, step)
    }
    return direction
  }

  /// The largest curvature of F by power iteration on differences of gradients.
  package func largestCurvature(
    _ states: [Double], _ parameters: [Double], _ shard: [[Double]], iterations: Int = 20,
    from source: RandomSource
  ) -> Double {
    var source = source
    var direction = source.normals(states.count)
    var value = 0.0
    var (above, below): ([Double], [Double]) = ([], [])
    for _ in 0..<iterations {
      let length = 1e-4 / Vectors.norm(direction)
      _ = energy(Vectors.sum(states, length, direction), parameters, shard, gradient: &above)
      _ = energy(Vectors.sum(states, -length, direction), parameters, shard, gradient: &below)
      let product = Vectors.sum(above, -1, below).map { $0 / 2e-4 }
      let unit = direction.map { $0 * length / 1e-4 }
      value = Vectors.dot(unit, product)
      direction = product
    }
    return value
  }
}
