public import DynamicModels

/// Where the units of one level stand in the state vector of recognition dynamics.
public struct LevelUnits: Hashable, Sendable {
  /// The 1-based level.
  public let level: Int
  /// Counts of states, causes (of this level) and outputs.
  public let stateCount: Int, causeCount: Int, outputCount: Int
  /// x̃, order by order: `[n × stateCount]`.
  public let states: Range<Int>
  /// ṽ, order by order: `[d × causeCount]`.
  public let causes: Range<Int>
  /// φ, the parameters along their free directions.
  public let parameters: Range<Int>
  /// φ̇, of the same length.
  public let parameterMotion: Range<Int>
  /// λ, output components first, state components after.
  public let logPrecisions: Range<Int>
  /// λ̇, of the same length.
  public let logPrecisionMotion: Range<Int>
  /// Dynamic error units ξ_v `[n × outputCount]`; empty for algebraic ones.
  public let outputErrors: Range<Int>
  /// Dynamic error units ξ_x `[n × stateCount]`; empty for algebraic ones.
  public let stateErrors: Range<Int>
}

/// The order of all units in the state vector `q`: state units of every level, then parameters and
/// log-precisions with their motion, then dynamic error units.
public struct UnitLayout: Hashable, Sendable {
  /// One entry per level, the prior on causes last.
  public let levels: [LevelUnits]
  /// The length of `q`.
  public let count: Int
  /// How many of its entries are generalised states and causes, which come first.
  public let stateUnitCount: Int
  /// n and d.
  public let stateOrder: Int, causeOrder: Int

  /// Lays out the units of a model.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - parameterCounts: per level the number of free parameter directions, zero where held.
  ///   - precisionCounts: per level the number of free log-precisions, zero where held.
  ///   - dynamicErrors: whether error units are variables of their own.
  init(
    model: HierarchicalDynamicModel, parameterCounts: [Int], precisionCounts: [Int],
    dynamicErrors: Bool
  ) {
    var next = 0
    func claim(_ count: Int) -> Range<Int> {
      defer { next += count }
      return next..<(next + count)
    }
    let n = model.stateOrder
    let d = model.causeOrder
    let states = model.levels.map { level in
      (claim(n * level.states.count), claim(d * level.causes.count))
    }
    stateUnitCount = next
    let slow = zip(parameterCounts, precisionCounts).map { parameters, precisions in
      (claim(parameters), claim(parameters), claim(precisions), claim(precisions))
    }
    let errors = model.levels.map { level in
      dynamicErrors
        ? (claim(n * level.outputs.count), claim(n * level.states.count)) : (claim(0), claim(0))
    }
    levels = model.levels.enumerated().map { index, level in
      LevelUnits(
        level: index + 1, stateCount: level.states.count, causeCount: level.causes.count,
        outputCount: level.outputs.count, states: states[index].0, causes: states[index].1,
        parameters: slow[index].0, parameterMotion: slow[index].1,
        logPrecisions: slow[index].2, logPrecisionMotion: slow[index].3,
        outputErrors: errors[index].0, stateErrors: errors[index].1)
    }
    count = next
    stateOrder = n
    causeOrder = d
  }

  /// What an entry of `q` is, for messages: `x[2]' of level 1`.
  public func name(of index: Int, in model: HierarchicalDynamicModel) -> String {
    func primes(_ order: Int) -> String {
      order <= 3 ? String(repeating: "'", count: order) : "^(\(order))"
    }
    for units in levels {
      let level = model.level(units.level)
      if units.states.contains(index) {
        let (order, entry) = (index - units.states.lowerBound).quotientAndRemainder(
          dividingBy: units.stateCount)
        return "\(level.states.elementNames[entry])\(primes(order)) (level \(units.level))"
      }
      if units.causes.contains(index) {
        let (order, entry) = (index - units.causes.lowerBound).quotientAndRemainder(
          dividingBy: units.causeCount)
        return "\(level.causes.elementNames[entry])\(primes(order)) (level \(units.level))"
      }
      if units.parameters.contains(index) || units.parameterMotion.contains(index) {
        return "a parameter of level \(units.level)"
      }
      if units.logPrecisions.contains(index) || units.logPrecisionMotion.contains(index) {
        return "a log-precision of level \(units.level)"
      }
      if units.outputErrors.contains(index) || units.stateErrors.contains(index) {
        return "an error unit of level \(units.level)"
      }
    }
    return "unit \(index)"
  }
}
