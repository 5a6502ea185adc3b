/// The sample times of a record: sample j = 1…N lies at `t = j Δ` (mathematics §2).
public struct SampleTimes: Hashable, Sendable {
  /// The number of samples N.
  public var count: Int
  /// The distance Δ between samples, in time units.
  public var step: Double

  /// Creates sample times.
  public init(count: Int, step: Double) {
    self.count = count
    self.step = step
  }

  /// The time of the 1-based sample `j`.
  public subscript(j: Int) -> Double { Double(j) * step }

  /// All sample times in order.
  public var all: [Double] { (1...max(count, 1)).prefix(count).map { self[$0] } }
}

/// A hierarchical dynamic model: levels of hidden states linked by causes (mathematics §1).
///
/// Level 1 emits the data; the last entry of `levels` is the prior on the causes of the level below
/// it. Source: Friston 2008, PLoS Comput Biol 4:e1000211, eqs 1–7.
public struct HierarchicalDynamicModel: Sendable {
  /// The levels, level 1 first, the prior on causes last.
  public var levels: [Level]
  /// n: how many generalised coordinates the states have.
  public var stateOrder: Int
  /// d ≤ n: how many generalised coordinates the causes have.
  public var causeOrder: Int
  /// s: the standard deviation of the kernel that smooths the fluctuations, in time units.
  public var smoothness: Double
  /// When the data are sampled.
  public var time: SampleTimes

  /// Creates a model; the levels must fit each other.
  public init(
    levels: [Level], stateOrder: Int, causeOrder: Int, smoothness: Double, time: SampleTimes
  ) {
    precondition(levels.count >= 2, "a model has at least one level and the prior on causes")
    precondition(
      causeOrder >= 1 && causeOrder <= stateOrder,
      "orders n = \(stateOrder), d = \(causeOrder) are out of range")
    for (below, above) in zip(levels, levels.dropFirst()) {
      precondition(
        below.causes == above.outputs,
        "causes \(below.causes.elementNames) are not emitted by the level above")
    }
    self.levels = levels
    self.stateOrder = stateOrder
    self.causeOrder = causeOrder
    self.smoothness = smoothness
    self.time = time
  }

  /// The 1-based level; the only place where level numbers become array indices.
  public func level(_ number: Int) -> Level { levels[number - 1] }

  /// L: the number of levels below the prior on causes.
  public var depth: Int { levels.count - 1 }

  /// Whether no level has hidden states; such a model is static and its samples are independent.
  public var isStatic: Bool { levels.allSatisfy { $0.states.count == 0 } }

  /// The smoothness in force at a 1-based level.
  public func smoothness(ofLevel number: Int) -> Double {
    level(number).smoothness ?? smoothness
  }
}
