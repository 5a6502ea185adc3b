internal import Dispatch
package import TensorCore

/// The plasticity gradient of a mini-batch under a schedule, made shard by shard on several threads.
///
/// Shards have the number of rows the network was written for. Every shard has workspaces of its
/// own, and what they give is added in the order of the shards: the number of threads changes
/// nothing but the time.
package final class PredictiveCodingGradient<Scalar: KernelScalar> {
  /// The sums over the rows of a mini-batch.
  package struct Sums: Sendable, Equatable {
    /// The loss of the feed-forward prediction, not divided by the weight.
    package var loss: Double
    /// The number of targets that counted.
    package var weight: Double
    /// The largest number of relaxation steps of a shard.
    package var relaxations: Int
    /// F before and after every relaxation step, where it was asked for and is descended.
    package var energies: [Double]
  }

  /// What learns.
  package let network: PredictiveCodingNetwork
  /// When states move and parameters learn.
  package let schedule: PredictiveCodingSchedule
  private let plan: ShardPlan<Scalar>
  private let threads: Int
  private var shards: [PredictiveCodingShard<Scalar>] = []

  /// Prepares a network under a schedule.
  ///
  /// - Parameters:
  ///   - network: what learns.
  ///   - schedule: when states move and parameters learn.
  ///   - threads: how many shards may be under way at once.
  ///   - recordsEnergy: whether F is computed at every relaxation step of `.equilibrium`.
  package init(
    _ network: PredictiveCodingNetwork, schedule: PredictiveCodingSchedule, threads: Int = 1,
    recordsEnergy: Bool = false
  ) {
    switch schedule {
    case .equilibrium(let steps, let rate, _), .fixedPrediction(let steps, let rate):
      precondition(steps >= 0 && rate > 0 && rate.isFinite, "\(steps) steps of rate \(rate)")
    case .zeroDivergence: break
    }
    self.network = network
    self.schedule = schedule
    self.threads = max(1, threads)
    plan = ShardPlan(
      network, schedule, PredictiveCodingPrograms(network, schedule, recordsEnergy: recordsEnergy))
  }

  /// The kernel calls of one relaxation step, for profiles.
  package var relaxationCallNames: [String] { plan.relaxation?.executable.callNames ?? [] }

  /// The variables of a shard as the last run left them: states, or errors δ for fixed predictions.
  package func variables(ofShard index: Int) -> [Tensor<Scalar>] { shards[index].variables }

  /// Runs the shards of a mini-batch.
  ///
  /// - Parameters:
  ///   - parameters: in the order of the network's layout.
  ///   - data: for every shard the data in the order of the network's names.
  ///   - step: the number of the step, counted from 1, that an error would name.
  ///   - gradient: ∂F/∂θ summed over all rows, replaced; untouched on failure.
  /// - Returns: the sums over all rows.
  /// - Throws: `LearningError.nonFiniteStates`.
  package func run(
    _ parameters: [Scalar], shards data: [[[Scalar]]], step: Int = 1, gradient: inout [Scalar]
  ) throws(LearningError) -> Sums {
    precondition(
      parameters.count == network.layout.count,
      "\(parameters.count) parameters for a layout of \(network.layout.count)")
    while shards.count < data.count { shards.append(PredictiveCodingShard(plan)) }
    let jobs = Jobs(shards: shards, data: data, parameters: parameters)
    // Each worker takes every n-th shard; which one takes it makes no difference.
    let workers = min(threads, data.count)
    if workers <= 1 {
      for index in data.indices { jobs.run(index) }
    } else {
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        for index in stride(from: worker, to: data.count, by: workers) { jobs.run(index) }
      }
    }
    if let failed = data.indices.first(where: { shards[$0].hasDiverged }) {
      let relaxation = shards[failed].firstNonFinite(parameters, data[failed])
      throw .nonFiniteStates(step: step, relaxation: relaxation)
    }
    return sums(data.count, &gradient)
  }

  private func sums(_ count: Int, _ gradient: inout [Scalar]) -> Sums {
    var sums = Sums(loss: 0, weight: 0, relaxations: 0, energies: [])
    if gradient.count != network.layout.count {
      gradient = [Scalar](repeating: 0, count: network.layout.count)
    }
    let relaxations = shards.prefix(count).map(\.relaxations).max() ?? 0
    sums.relaxations = relaxations
    for (index, shard) in shards.prefix(count).enumerated() {
      sums.loss += shard.loss
      sums.weight += shard.weight
      shard.addGradient(to: &gradient, replacing: index == 0)
      guard let last = shard.energies.last else { continue }
      if sums.energies.isEmpty {
        sums.energies = [Double](repeating: 0, count: relaxations + 1)
      }
      // A shard that came to rest earlier stays where it is.
      for place in 0...relaxations {
        sums.energies[place] += place < shard.energies.count ? shard.energies[place] : last
      }
    }
    return sums
  }

  /// What the workers share; every index is used by one of them only.
  private struct Jobs: @unchecked Sendable {
    let shards: [PredictiveCodingShard<Scalar>]
    let data: [[[Scalar]]]
    let parameters: [Scalar]

    func run(_ index: Int) { shards[index].run(parameters, data[index]) }
  }
}

extension Learner {
  /// Makes one step of predictive coding on a mini-batch; the loss is the feed-forward one.
  ///
  /// - Throws: `LearningError.nonFiniteStates`, `.nonFiniteLoss` and `.nonFiniteGradient`; nothing
  ///   has changed then.
  package mutating func step(
    on objective: PredictiveCodingGradient<Scalar>, shards: [[[Scalar]]]
  ) throws(LearningError) -> Info {
    let number = step + 1
    return try step { (parameters, gradient) throws(LearningError) in
      let sums = try objective.run(
        parameters, shards: shards, step: number, gradient: &gradient)
      return (sums.loss, sums.weight)
    }
  }
}
