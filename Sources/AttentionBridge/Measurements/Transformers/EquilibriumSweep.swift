internal import Foundation
internal import Learning
internal import TensorCore

/// How far the gradient at equilibrium stands from backpropagation's, by the precision of the states.
package struct EquilibriumSweep: Sendable {
  /// π of the states.
  package let precisions: [Double]
  /// The angle between both gradients in degrees.
  package private(set) var angles: [Double] = []
  /// The angle is `slope / π` degrees for large π (see `PredictiveCodingNetwork.steepness`).
  package private(set) var slope: Double

  /// The angle that theory expects to first order in 1/π, in degrees.
  package var expected: [Double] { precisions.map { slope / $0 } }

  /// Measures.
  ///
  /// - Parameters:
  ///   - task: the task.
  ///   - parameters: θ.
  ///   - shard: the data.
  ///   - precisions: π, ascending.
  package init(
    _ task: CopyTask, _ parameters: [Double], _ shard: [[Double]], precisions: [Double]
  ) {
    self.precisions = precisions
    let network = task.network()
    var reverse: [Double] = [], steepness: [Double] = []
    _ = network.backpropagation(as: Double.self).run(
      parameters, shards: [shard], gradient: &reverse)
    _ = network.steepness.run(parameters, shards: [shard], gradient: &steepness)
    // What is parallel to backpropagation's gradient turns nothing.
    let parallel = Vectors.dot(steepness, reverse) / Vectors.dot(reverse, reverse)
    let across = Vectors.norm(Vectors.sum(steepness, -parallel, reverse))
    slope = 0.5 * across / Vectors.norm(reverse) * 180 / Double.pi
    for precision in precisions {
      let relaxation = ErrorRelaxation(task.network(precision: precision))
      let course = relaxation.relax(parameters, shard, tolerance: 1e-7, evaluations: 200)
      let own = relaxation.local(course.states, parameters, shard).plasticity
      angles.append(RuleTraining.angle(own, reverse))
    }
  }

  /// The exponent of the angle in π over the largest precisions, by least squares; −1 in theory.
  package func exponent(from lowest: Double) -> Double {
    let pairs = zip(precisions, angles).filter { $0.0 >= lowest }
    return MeasurementStatistics.slope(pairs.map { log($0.0) }, pairs.map { log($0.1) })
  }
}
