internal import DynamicModels
internal import Foundation
internal import ModelFiles
internal import Recognition
internal import TensorCore

/// One number that was unknown before an inversion: a parameter's entry or a log-precision.
public struct EstimateEntry: Sendable, Equatable {
  /// What sort of unknown it is.
  public enum Kind: Sendable {
    /// An entry of a parameter.
    case parameter
    /// The logarithm of a precision.
    case logPrecision
  }

  /// A parameter or a log-precision.
  public let kind: Kind
  /// Its name with its index, such as `A[1,2]`.
  public let name: String
  /// The level it belongs to.
  public let level: Int
  /// The prior mean and standard deviation; a deviation of zero says that it was known.
  public let prior: (mean: Double, deviation: Double)
  /// The posterior mean and standard deviation, NaN where the scheme carries none.
  public let posterior: (mean: Double, deviation: Double)
  /// Its value in the process, where that is known.
  public let truth: Double?

  /// Whether two entries say the same.
  public static func == (a: EstimateEntry, b: EstimateEntry) -> Bool {
    a.kind == b.kind && a.name == b.name && a.level == b.level && a.prior == b.prior
      && a.posterior == b.posterior && a.truth == b.truth
  }
}

extension RunResult {
  /// The entries of an unknown parameter or log-precision.
  func entries(of estimate: EstimateRecord, _ kind: EstimateEntry.Kind) -> [EstimateEntry] {
    let layout = VariableLayout([(name: estimate.name, shape: estimate.shape)])
    let deviations = priorDeviations(of: estimate, kind)
    let truth = truth == nil ? nil : trueValues(of: estimate, kind)
    return layout.elementNames.enumerated().map { index, name in
      EstimateEntry(
        kind: kind, name: name, level: estimate.level,
        prior: (estimate.prior[index], deviations[index]),
        posterior: (estimate.mean[index], estimate.standardDeviation[index]),
        truth: truth.map { $0[index] })
    }
  }

  /// Every unknown number: parameters in the order of the file, then log-precisions.
  public var estimateEntries: [EstimateEntry] {
    record.parameters.flatMap { entries(of: $0, .parameter) }
      + record.logPrecisions.flatMap { entries(of: $0, .logPrecision) }
  }

  /// The prior standard deviations of an unknown.
  func priorDeviations(of estimate: EstimateRecord, _ kind: EstimateEntry.Kind) -> [Double] {
    let level = model.level(estimate.level)
    switch kind {
    case .parameter:
      guard let block = level.parameters[estimate.name] else {
        return estimate.prior.map { _ in .nan }
      }
      return block.range.map { level.parameterPriorCovariance[$0, $0].squareRoot() }
    case .logPrecision:
      let variance = components(of: level).first { $0.name == estimate.name }?.priorVariance
      return [(variance ?? .nan).squareRoot()]
    }
  }

  /// What the process has in the place of an unknown, where it has something.
  func trueValues(of estimate: EstimateRecord, _ kind: EstimateEntry.Kind) -> [Double]? {
    switch kind {
    case .parameter:
      let value = file.process.parameters[estimate.name]
      return value?.shape == estimate.shape ? value?.values : nil
    case .logPrecision:
      let level = model.level(estimate.level)
      let process = file.process.levels[estimate.level - 1]
      if let value = Self.trueLogPrecision(
        estimate.name, level.outputPrecision, process.outputPrecision)
      {
        return [value]
      }
      guard process.states == level.states else { return nil }
      return Self.trueLogPrecision(estimate.name, level.statePrecision, process.statePrecision)
        .map { [$0] }
    }
  }

  private func components(of level: Level) -> [PrecisionComponent] {
    level.outputPrecision.components + level.statePrecision.components
  }

  /// λ of a component where the process's precision is a sum of the model's components.
  ///
  /// Components that do not overlap are read off one by one; the sum must then give the process's
  /// precision on the rows that the component fills.
  static func trueLogPrecision(
    _ name: String, _ model: PrecisionModel, _ process: Tensor<Double>?
  ) -> Double? {
    guard let component = model.components.first(where: { $0.name == name }), let process,
      process.shape == component.matrix.shape
    else { return nil }
    func product(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let size = product(component.matrix.values, component.matrix.values)
    let others = model.components.filter { $0.name != name }
    let rest = zip(process.values, model.fixed.values).map { $0 - $1 }
    let weight = product(rest, component.matrix.values) / size
    guard size > 0, weight > 0,
      others.allSatisfy({ product($0.matrix.values, component.matrix.values) == 0 })
    else { return nil }
    let count = process.rows
    for row in 0..<count where component.matrix[row, row] != 0 {
      for column in 0..<count {
        // An entry that another component fills is that one's business.
        let isShared = others.contains { $0.matrix[row, column] != 0 }
        let value = process[row, column] - model.fixed[row, column]
        guard isShared || abs(value - weight * component.matrix[row, column]) <= 1e-9 * weight
        else { return nil }
      }
    }
    return log(weight)
  }
}
