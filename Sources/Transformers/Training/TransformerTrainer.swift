package import Learning
package import TensorCore

/// Trains a Transformer pass by pass over its examples.
///
/// The same plan and examples give the same bytes, whatever the number of threads: order and dropout
/// come from streams named by the pass and the step, and shards are added in order.
package final class TransformerTrainer<Scalar: KernelScalar> {
  /// The plan.
  package let plan: TrainingPlan
  /// The parameters that learn, with their optimiser.
  package private(set) var learner: Learner<Scalar>
  /// The parameters that stay.
  package let frozen: ParameterSet<Scalar>
  /// The passes made.
  package private(set) var epoch: Int

  private let padding: Int
  private let threads: Int
  private let random: RandomSource
  private var objectives: [SequenceExtents: Prepared] = [:]

  private struct Prepared {
    let gradient: Gradient
    let data: [String]
    let dropoutMasks: [(name: String, shape: Shape)]
  }

  private enum Gradient {
    case backpropagation(ShardedGradient<Scalar>)
    case predictiveCoding(PredictiveCodingGradient<Scalar>)
  }

  /// A trainer before its first pass.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - start: parameters to begin with, in place of random ones; those of a layout that only
  ///     shares some names are taken where they fit.
  ///   - padding: the token that fills short sequences.
  ///   - threads: how many shards may be under way at once.
  package convenience init(
    _ plan: TrainingPlan, start: ParameterSet<Scalar>? = nil, padding: Int, threads: Int = 1
  ) {
    var parameters = ParameterSet<Scalar>(
      plan.configuration.layout, from: RandomSource(seed: plan.seed).split("parameters"))
    if let start { parameters.take(start) }
    let layouts = plan.layouts
    self.init(
      plan, learner: Learner(plan.learner, parameters: parameters.keeping(layouts.trainable)),
      frozen: parameters.keeping(layouts.frozen), epoch: 0, padding: padding, threads: threads)
  }

  /// A trainer as it was stored.
  package init(
    _ plan: TrainingPlan, learner: Learner<Scalar>, frozen: ParameterSet<Scalar>, epoch: Int,
    padding: Int, threads: Int = 1
  ) {
    self.plan = plan
    self.learner = learner
    self.frozen = frozen
    self.epoch = epoch
    self.padding = padding
    self.threads = threads
    random = RandomSource(seed: plan.seed)
  }

  /// All parameters as they stand.
  package var parameters: ParameterSet<Scalar> {
    let layout = plan.configuration.layout
    var all = ParameterSet(layout, values: [Scalar](repeating: 0, count: layout.count))
    all.take(frozen)
    all.take(learner.parameters)
    return all
  }

  /// One pass over examples in a random order.
  ///
  /// - Parameters:
  ///   - examples: all of them; equal extents every time make programs once only.
  ///   - afterStep: called with what each step saw.
  /// - Returns: the mean loss over the targets, each as its step saw it.
  /// - Throws: `LearningError`; the parameters are then those of the last good step.
  package func runEpoch(
    _ examples: EncodedExamples<Scalar>, afterStep: (Learner<Scalar>.Info) -> Void = { _ in }
  ) throws(LearningError) -> Double {
    let prepared = prepare(examples.extents)
    var orderSource = random.split("order").split(epoch)
    let order = orderSource.permutation(examples.count)
    var total = 0.0
    var weight = 0.0
    for start in stride(from: 0, to: order.count, by: plan.batchSize) {
      let batch = Array(order[start..<min(start + plan.batchSize, order.count)])
      var shards = examples.shards(batch)
      if !prepared.dropoutMasks.isEmpty {
        let stream = random.split("dropout").split(learner.step)
        for index in shards.indices {
          shards[index] += masks(prepared.dropoutMasks, stream.split(index))
        }
      }
      let info =
        switch prepared.gradient {
        case .backpropagation(let gradient):
          try learner.step(on: gradient, fixed: frozen.values, shards: shards)
        case .predictiveCoding(let gradient): try learner.step(on: gradient, shards: shards)
        }
      total += info.loss * info.weight
      weight += info.weight
      afterStep(info)
    }
    epoch += 1
    return weight > 0 ? total / weight : 0
  }

  /// The names of the data that a pass reads, in order.
  package func dataNames(_ extents: SequenceExtents) -> [String] { prepare(extents).data }

  private func prepare(_ extents: SequenceExtents) -> Prepared {
    if let known = objectives[extents] { return known }
    let made: Prepared
    switch plan.rule {
    case .backpropagation:
      let objective = TransformerPrograms.objective(plan.configuration, extents)
      let layouts = plan.layouts
      made = Prepared(
        gradient: .backpropagation(
          ShardedGradient(
            objective.program, trainable: layouts.trainable, frozen: layouts.frozen,
            data: objective.data, threads: threads)), data: objective.data,
        dropoutMasks: objective.dropoutMasks)
    case .predictiveCoding(let schedule):
      let network = PredictiveCodingNetwork.transformer(plan.configuration, extents)
      made = Prepared(
        gradient: .predictiveCoding(
          PredictiveCodingGradient(network, schedule: schedule, threads: threads)),
        data: network.data, dropoutMasks: [])
    }
    objectives[extents] = made
    return made
  }

  /// Ones scaled by 1 / (1 − p), and zeros with probability p.
  private func masks(
    _ masks: [(name: String, shape: Shape)], _ stream: RandomSource
  ) -> [[Scalar]] {
    let share = plan.configuration.dropout
    let kept = Scalar(1 / (1 - share))
    return masks.map { mask in
      var source = stream.split(mask.name)
      return (0..<mask.shape.count).map { _ in source.uniform() < share ? 0 : kept }
    }
  }
}
