internal import DynamicModels
internal import Recognition
internal import TensorCore

/// One entry of a cause or a hidden state over time: what was believed and what was true.
public struct HiddenQuantity: Sendable, Equatable {
  /// What sort of quantity it is.
  public enum Kind: Sendable {
    /// A cause.
    case cause
    /// A hidden state.
    case state
  }

  /// Its name, such as `x[2]`.
  public let name: String
  /// A cause or a hidden state.
  public let kind: Kind
  /// The level whose equations emit it (causes) or move it (states).
  public let level: Int
  /// The posterior means `[N]`; NaN beyond the last completed sample.
  public let mean: [Double]
  /// The posterior standard deviations `[N]`.
  public let deviation: [Double]
  /// The truth `[N]`, where it is known.
  public let truth: [Double]?

  /// The correlation of belief and truth, or nil where one of them does not vary.
  public var correlation: Double? {
    let pairs = pairs
    guard pairs.count > 1 else { return nil }
    let count = Double(pairs.count)
    let meanA = pairs.reduce(0) { $0 + $1.0 } / count
    let meanB = pairs.reduce(0) { $0 + $1.1 } / count
    var products = 0.0
    var squaresA = 0.0
    var squaresB = 0.0
    for (a, b) in pairs {
      products += (a - meanA) * (b - meanB)
      squaresA += (a - meanA) * (a - meanA)
      squaresB += (b - meanB) * (b - meanB)
    }
    // Rounding of a constant trace is not variation.
    let floor = 1e-24 * count
    guard squaresA > floor * (1 + meanA * meanA), squaresB > floor * (1 + meanB * meanB) else {
      return nil
    }
    return products / (squaresA * squaresB).squareRoot()
  }

  /// The root of the mean squared distance to the truth.
  public var rootMeanSquaredError: Double? {
    let pairs = pairs
    guard !pairs.isEmpty else { return nil }
    return
      (pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(pairs.count)).squareRoot()
  }

  /// The mean posterior standard deviation.
  public var meanDeviation: Double? {
    let finite = deviation.filter(\.isFinite)
    guard !finite.isEmpty else { return nil }
    return finite.reduce(0) { $0 + $1 / Double(finite.count) }
  }

  /// The share of samples whose truth lies inside the 90 % interval.
  public var coverage: Double? {
    guard let truth else { return nil }
    var inside = 0
    var count = 0
    for (index, value) in truth.enumerated() where (mean[index] + deviation[index]).isFinite {
      count += 1
      if abs(value - mean[index]) <= 1.644_853_626_951_472_7 * deviation[index] { inside += 1 }
    }
    return count > 0 ? Double(inside) / Double(count) : nil
  }

  private var pairs: [(Double, Double)] {
    guard let truth else { return [] }
    return zip(mean, truth).filter { $0.0.isFinite && $0.1.isFinite }
  }
}

extension RunResult {
  /// Every cause and hidden state: causes from the top level down, then states of every level.
  public var hiddenQuantities: [HiddenQuantity] {
    var found: [HiddenQuantity] = []
    for number in stride(from: model.levels.count, through: 2, by: -1) {
      found += quantities(
        .cause, number, model.level(number).outputs, record.levels[number - 1].outputs,
        truth: { trueOutputs(level: number, $0) })
    }
    for number in 1...model.levels.count {
      found += quantities(
        .state, number, model.level(number).states, record.levels[number - 1].states,
        truth: { trueStates(level: number, $0) })
    }
    return found
  }

  private func quantities(
    _ kind: HiddenQuantity.Kind, _ level: Int, _ layout: VariableLayout,
    _ record: PopulationRecord, truth: (VariableBlock) -> Tensor<Double>?
  ) -> [HiddenQuantity] {
    let names = layout.elementNames
    return layout.blocks.flatMap { block in
      let truth = truth(block)
      return block.range.map { index in
        HiddenQuantity(
          name: names[index], kind: kind, level: level, mean: record.mean.column(index),
          deviation: record.standardDeviation.column(index),
          truth: truth.map { $0.column(index - block.offset) })
      }
    }
  }
}
