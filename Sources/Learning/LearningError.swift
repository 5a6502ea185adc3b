/// Why learning could not begin or go on.
public enum LearningError: Error, Sendable, Equatable {
  /// A parameter is not among the tensors.
  case missingParameter(name: String)
  /// A tensor has another shape than its parameter.
  case parameterShape(name: String, expected: [Int], found: [Int])
  /// The loss of a step, counted from 1, is not a finite number; parameters are those before it.
  case nonFiniteLoss(step: Int, loss: Double)
  /// A gradient has an entry that is not finite; parameters are those before the step.
  case nonFiniteGradient(step: Int, parameter: String)
  /// Parameters, or what the optimiser remembers of them, are not finite after a number of steps.
  case nonFiniteParameters(step: Int)
  /// The state units of predictive coding did not stay finite in a relaxation step.
  case nonFiniteStates(step: Int, relaxation: Int)
}
