package import TensorCore

/// The settings of a gradient-based learner.
package struct LearnerSettings: Hashable, Sendable, Codable {
  /// The rule.
  package var optimizer: Optimizer
  /// The learning rates.
  package var schedule: LearningRateSchedule
  /// The largest length of the gradient of one step, to which a longer one is shortened; nil for any.
  package var clip: Double?

  /// Creates settings.
  package init(
    optimizer: Optimizer = .adam, schedule: LearningRateSchedule, clip: Double? = nil
  ) {
    self.optimizer = optimizer
    self.schedule = schedule
    self.clip = clip
  }
}

/// Parameters that learn: what a step changes.
package struct Learner<Scalar: KernelScalar>: Sendable {
  /// What one step saw.
  package struct Info: Sendable, Equatable {
    /// The mean loss over the targets of the mini-batch, before the step.
    package let loss: Double
    /// The weight of these targets.
    package let weight: Double
    /// The Euclidean length of the gradient of the mean loss, before it was clipped.
    package let gradientLength: Double
    /// The learning rate.
    package let rate: Double
  }

  /// The settings.
  package let settings: LearnerSettings
  /// The parameters that learn.
  package private(set) var parameters: ParameterSet<Scalar>
  /// The optimiser with its memory.
  package private(set) var optimizer: OptimizerState<Scalar>
  private var gradient: [Scalar] = []
  private var scratch: [Scalar] = []

  /// A learner before its first step.
  package init(_ settings: LearnerSettings, parameters: ParameterSet<Scalar>) {
    self.init(
      settings, parameters: parameters,
      optimizer: OptimizerState(settings.optimizer, count: parameters.layout.count))
  }

  /// A learner as it was stored.
  package init(
    _ settings: LearnerSettings, parameters: ParameterSet<Scalar>,
    optimizer: OptimizerState<Scalar>
  ) {
    self.settings = settings
    self.parameters = parameters
    self.optimizer = optimizer
  }

  /// The steps made.
  package var step: Int { optimizer.step }

  /// Makes one step on a mini-batch.
  ///
  /// - Throws: `LearningError.nonFiniteLoss` and `.nonFiniteGradient`; nothing has changed then.
  package mutating func step(
    on objective: ShardedGradient<Scalar>, fixed: [Scalar] = [], shards: [[[Scalar]]]
  ) throws(LearningError) -> Info {
    let sums = objective.run(
      parameters.values, fixed: fixed, shards: shards, gradient: &gradient)
    return try apply(loss: sums.loss, weight: sums.weight)
  }

  /// Makes one step along a gradient that was summed elsewhere.
  ///
  /// - Throws: `LearningError.nonFiniteLoss` and `.nonFiniteGradient`; nothing has changed then.
  package mutating func step(
    along sum: [Scalar], loss: Double, weight: Double
  ) throws(LearningError) -> Info {
    gradient = sum
    return try apply(loss: loss, weight: weight)
  }

  /// Makes one step along a gradient that is summed into the learner's own memory.
  ///
  /// - Parameter sum: gets the parameters and the memory, and returns loss and weight.
  /// - Returns: what the step saw.
  /// - Throws: what `sum` throws, `LearningError.nonFiniteLoss` and `.nonFiniteGradient`; nothing has
  ///   changed then.
  package mutating func step(
    summing sum: ([Scalar], inout [Scalar]) throws(LearningError) -> (loss: Double, weight: Double)
  ) throws(LearningError) -> Info {
    let sums = try sum(parameters.values, &gradient)
    return try apply(loss: sums.loss, weight: sums.weight)
  }

  private mutating func apply(loss: Double, weight: Double) throws(LearningError) -> Info {
    let mean = weight > 0 ? loss / weight : 0
    guard mean.isFinite else { throw .nonFiniteLoss(step: step + 1, loss: mean) }
    if weight > 0 { ArrayKernels.scale(&gradient, by: Scalar(1 / weight)) }
    if scratch.count < gradient.count {
      scratch = [Scalar](repeating: 0, count: gradient.count)
    }
    var length = ArrayKernels.sumOfSquares(gradient, scratch: &scratch).squareRoot()
    if !length.isFinite, gradient.allSatisfy(\.isFinite) {
      // Only the squares left the range of the number type.
      length = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    guard length.isFinite else {
      throw .nonFiniteGradient(step: step + 1, parameter: firstNonFinite())
    }
    if let clip = settings.clip, length > clip {
      ArrayKernels.scale(&gradient, by: Scalar(clip / length))
    }
    let rate = settings.schedule.rate(at: step + 1)
    optimizer.update(&parameters.values, gradient: gradient, rate: rate)
    return Info(loss: mean, weight: weight, gradientLength: length, rate: rate)
  }

  private func firstNonFinite() -> String {
    let index = gradient.firstIndex { !$0.isFinite } ?? 0
    let layout = parameters.layout
    return layout.names.first { layout.range(of: $0)?.contains(index) ?? false } ?? "?"
  }
}
