package import Learning

/// How a Transformer is trained: everything that decides its bytes but the examples.
package struct TrainingPlan: Hashable, Sendable, Codable {
  /// The model.
  package var configuration: TransformerConfiguration
  /// The optimiser and its rates.
  package var learner: LearnerSettings
  /// The examples of one step, and of one shard of it.
  package var batchSize: Int, shardSize: Int
  /// The seed of parameters, order and dropout.
  package var seed: UInt64
  /// Whether all parameters but the readout stay as they are.
  package var freezesBody: Bool

  /// Creates a plan.
  ///
  /// - Parameter shardSize: nil cuts a mini-batch into about four shards, however many threads
  ///   there are.
  package init(
    configuration: TransformerConfiguration, learner: LearnerSettings, batchSize: Int,
    shardSize: Int? = nil, seed: UInt64 = 1, freezesBody: Bool = false
  ) {
    precondition(batchSize >= 1, "a mini-batch of \(batchSize)")
    self.configuration = configuration
    self.learner = learner
    self.batchSize = batchSize
    self.shardSize = max(1, min(shardSize ?? (batchSize + 3) / 4, batchSize))
    self.seed = seed
    self.freezesBody = freezesBody
  }

  /// The parameters that learn, and those that stay.
  package var layouts: (trainable: ParameterLayout, frozen: ParameterLayout) {
    let layout = configuration.layout
    guard freezesBody else { return (layout, ParameterLayout([])) }
    return (
      layout.filtered { $0.hasPrefix("readout.") }, layout.filtered { !$0.hasPrefix("readout.") }
    )
  }
}
