internal import Foundation
package import Learning
package import Transformers

/// What a user asks of `odoroki train`, before it is known to be possible.
package struct TrainingRequest: Sendable, Equatable {
  /// The number type.
  package enum Precision: String, Sendable, CaseIterable {
    /// Single precision.
    case float
    /// Double precision.
    case double
  }

  /// The optimiser by name.
  package enum OptimizerName: String, Sendable, CaseIterable {
    /// Gradient descent.
    case sgd
    /// Gradient descent with momentum 0.9.
    case momentum
    /// Adam.
    case adam
  }

  /// By which rule parameters learn.
  package enum RuleName: String, Sendable, CaseIterable {
    /// The gradient of the loss.
    case backpropagation
    /// Predictive coding, its states relaxed to equilibrium.
    case equilibrium
    /// Predictive coding with fixed predictions.
    case fixedPrediction = "fixed-prediction"
    /// Predictive coding without divergence from backpropagation.
    case zeroDivergence = "zero-divergence"
  }

  /// By which rule parameters learn, and how states relax.
  package var rule = RuleName.backpropagation, relaxationSteps = 20, relaxationRate = 0.1
  /// The task.
  package var task = TrainingTask.poems
  /// The passes over the training set.
  package var epochs = 200
  /// The examples of a step.
  package var batch = 10
  /// The largest learning rate, the steps over which it rises, and the longest gradient.
  package var learningRate = 3e-3, warmup = 0, clip: Double?
  /// Whether the rate falls to zero along half a cosine over all passes.
  package var decays = false
  /// The optimiser.
  package var optimizer = OptimizerName.adam
  /// The extents of the model.
  package var width = 32, heads = 4, feedforward = 32, blocks = 1
  /// Where layers are normalised, and the share of entries that dropout sets to zero.
  package var normalization = TransformerConfiguration.Normalization.post, dropout = 0.0
  /// The number type.
  package var precision = Precision.float
  /// The seed, and the threads; the latter change nothing but the time.
  package var seed: UInt64 = 1, threads: Int?
  /// The poems that are not learned from.
  package var heldOut = 20
  /// Whether the decoder sees its labels one place late.
  package var isShifted = true
  /// The share of tokens to be predicted, and what happens to them.
  package var maskedShare = 0.15, maskShares = [0.8, 0.1, 0.1]
  /// Whether an encoder sees only what stands before each place.
  package var isOneDirectional = false
  /// How sequences are written when accuracy is measured at the end.
  package var beam = 1
  /// A checkpoint whose body is taken over, and whether that body stays as it is.
  package var start: String?, freezesBody = false
  /// A checkpoint of this run that is continued.
  package var resume: String?

  /// Creates a request with the defaults.
  package init() {}

  /// The rule with its numbers.
  package var learningRule: LearningRule {
    switch rule {
    case .backpropagation: .backpropagation
    case .equilibrium:
      .predictiveCoding(.equilibrium(steps: relaxationSteps, rate: relaxationRate))
    case .fixedPrediction:
      .predictiveCoding(.fixedPrediction(steps: relaxationSteps, rate: relaxationRate))
    case .zeroDivergence: .predictiveCoding(.zeroDivergence)
    }
  }

  /// The optimiser and its rates for a number of steps, the last of which still moves something.
  package func learner(steps: Int) -> LearnerSettings {
    let rule: Optimizer =
      switch optimizer {
      case .sgd: .gradientDescent
      case .momentum: .momentum(memory: 0.9)
      case .adam: .adam
      }
    return LearnerSettings(
      optimizer: rule,
      schedule: LearningRateSchedule(
        peak: learningRate, warmup: warmup, decay: decays ? .cosine(steps: steps + 1) : .none),
      clip: clip)
  }

  /// The specification for poems.
  package func specification(
    for poems: PoemCollection
  ) throws(TrainingError) -> TrainingSpecification {
    let tokenizer: CharacterTokenizer
    do { tokenizer = try task.tokenizer(for: poems) } catch { throw .vocabulary(error) }
    let isPair = task == .masked || task == .nextSentence
    // A poem has at most 35 characters; a pair of verses adds three tokens.
    let configuration = TransformerConfiguration(
      architecture: isOneDirectional && isPair ? .decoder : task.architecture,
      sourceVocabulary: tokenizer.vocabulary.count,
      targetVocabulary: task == .nextSentence ? 2 : tokenizer.vocabulary.count,
      width: width, heads: heads, feedforward: feedforward, encoderBlocks: blocks,
      decoderBlocks: blocks, maximumLength: task == .poems ? 22 : 40,
      normalization: normalization, segments: isPair ? 2 : 0, dropout: dropout)
    // A mini-batch is no larger than the training set.
    let batch = max(1, min(batch, poems.poems.count - heldOut))
    let steps = epochs * ((poems.poems.count - heldOut + batch - 1) / max(1, batch))
    if let problem = configuration.problem { throw .configuration(problem) }
    var specification = TrainingSpecification(
      task: task,
      plan: TrainingPlan(
        configuration: configuration, learner: learner(steps: steps), batchSize: batch, seed: seed,
        freezesBody: freezesBody),
      heldOut: heldOut, tokens: tokenizer.vocabulary.tokens)
    specification.plan.rule = learningRule
    if let problem = specification.plan.problem { throw .configuration(problem) }
    specification.isShifted = isShifted
    specification.maskedFraction = maskedShare
    specification.maskShares = maskShares
    return specification
  }
}
