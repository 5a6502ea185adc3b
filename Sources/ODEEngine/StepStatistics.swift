/// What an integration cost so far.
public struct StepStatistics: Sendable, Equatable {
  /// The number of steps that were kept.
  public var accepted = 0
  /// The number of steps that were tried and undone.
  public var rejected = 0
  /// The number of evaluations of F.
  public var derivativeEvaluations = 0
  /// The number of evaluations of the Jacobian.
  public var jacobianEvaluations = 0
  /// The shortest accepted step, in time units; nil before the first.
  public var smallestStep: Double?
  /// The longest accepted step, in time units; nil before the first.
  public var largestStep: Double?

  /// Creates statistics of nothing.
  public init() {}

  mutating func accept(_ step: Double) {
    accepted += 1
    smallestStep = min(smallestStep ?? step, step)
    largestStep = max(largestStep ?? step, step)
  }
}

/// One accepted step.
public struct StepRecord: Sendable, Equatable {
  /// The time at the end of the step.
  public let time: Double
  /// The length of the step, in time units; negative when time runs backwards.
  public let step: Double
  /// The largest estimated error in units of the error allowed; nil for steps of fixed size.
  public let errorRatio: Double?
  /// The number of trials undone before this step was accepted.
  public let rejections: Int

  /// Creates a record.
  public init(time: Double, step: Double, errorRatio: Double?, rejections: Int) {
    self.time = time
    self.step = step
    self.errorRatio = errorRatio
    self.rejections = rejections
  }
}
