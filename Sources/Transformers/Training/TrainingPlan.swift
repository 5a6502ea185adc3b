package import Learning

/// By which rule parameters learn.
package enum LearningRule: Hashable, Sendable, Codable {
  /// The gradient of the loss, by the reverse transformation of the whole program.
  case backpropagation
  /// The gradient of free energy by the parameters of each stage, after state units have relaxed.
  case predictiveCoding(PredictiveCodingSchedule)
}

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
  /// By which rule parameters learn.
  package var rule = LearningRule.backpropagation

  /// Creates a plan.
  ///
  /// - Parameters:
  ///   - configuration: the model.
  ///   - learner: the optimiser and its rates.
  ///   - batchSize: the examples of one step.
  ///   - shardSize: nil cuts a mini-batch into about four shards, however many threads there are.
  ///   - seed: the seed of parameters, order and dropout.
  ///   - freezesBody: whether all parameters but the readout stay.
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
    if case .predictiveCoding = rule {
      // Parameters stand in the order of the stages that they belong to.
      let extents = SequenceExtents(batch: 1, source: 1, target: 1)
      let network = PredictiveCodingNetwork.transformer(configuration, extents)
      return (network.layout, ParameterLayout([]))
    }
    let layout = configuration.layout
    guard freezesBody else { return (layout, ParameterLayout([])) }
    return (
      layout.filtered { $0.hasPrefix("readout.") }, layout.filtered { !$0.hasPrefix("readout.") }
    )
  }

  /// What is wrong with the plan, nil where nothing is.
  package var problem: ConfigurationProblem? {
    if let problem = configuration.problem { return problem }
    if case .predictiveCoding = rule, freezesBody || configuration.dropout > 0 {
      return .notWithPredictiveCoding(dropout: configuration.dropout > 0)
    }
    return nil
  }
}
