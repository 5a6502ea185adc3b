public import DynamicModels
public import ModelFiles
public import Recognition
internal import TensorCore

/// Several models on the same data, by their log evidences (mathematics §6).
///
/// Every model is inverted with the same scheme; reductions of a model follow from its posterior.
public struct Comparison: Sendable {
  /// How the models are inverted; `model` is not used.
  public let plan: RunPlan
  /// The models.
  public let files: [ModelFile]
  /// Parameters to switch off, in every model that has them unknown.
  public let reductions: [Reduction]
  /// Prior probabilities of the rows, normalised; nil for equal ones.
  public let priors: [Double]?
  /// The scheme of all models.
  public let scheme: InversionSettings.Scheme

  /// Creates a comparison and refuses what cannot be compared, before anything is computed.
  ///
  /// - Parameters:
  ///   - plan: scheme, seed and options for all models; without a scheme the first file's, and
  ///     `dem` where that one gives no evidence.
  ///   - files: the models in the order of the rows.
  ///   - reductions: parameters to switch off.
  ///   - priors: one weight per row, models first, then reductions model by model; nil for equal.
  /// - Throws: ``ComparisonError`` in a `RunError`.
  public init(
    plan: RunPlan, files: [ModelFile], reductions: [Reduction] = [], priors: [Double]? = nil
  ) throws(RunError) {
    let asked = plan.scheme ?? files.first?.inversion.scheme ?? .dem
    if plan.scheme != nil && !asked.hasEvidence { throw .comparison(.noEvidence(asked)) }
    scheme = asked.hasEvidence ? asked : .dem
    var plan = plan
    plan.scheme = scheme
    self.plan = plan
    self.files = files
    self.reductions = reductions
    for reduction in reductions { try reduction.check(files) }
    guard files.count > 1 || !reductions.isEmpty else { throw .comparison(.nothingToCompare) }
    let rows = Self.rows(files, reductions)
    if let priors {
      guard priors.count == rows.count else {
        throw .comparison(.priorCount(found: priors.count, rows: rows.map(\.label)))
      }
      let total = priors.reduce(0, +)
      self.priors = priors.map { $0 / total }
    } else {
      self.priors = nil
    }
    // Options and schemes that cannot be used are said at once.
    if let first = files.first { _ = try plan.scheme(for: first) }
    try checkRecordedData()
  }

  /// A line of the result: which model, and which of its parameters is switched off.
  struct RowPlan {
    let model: Int
    let reduction: Reduction?
    let label: String
  }

  static func rows(_ files: [ModelFile], _ reductions: [Reduction]) -> [RowPlan] {
    let names = files.map(\.name)
    let labels = files.map { file in
      names.count { $0 == file.name } > 1 ? file.path : file.name
    }
    return labels.indices.map { RowPlan(model: $0, reduction: nil, label: labels[$0]) }
      + labels.indices.flatMap { index in
        reductions.filter { !$0.places(in: files[index]).isEmpty }.map {
          RowPlan(
            model: index, reduction: $0,
            // A fixed value names itself; without one the parameter is taken away.
            label: labels[index] + ($0.value == nil ? " − " : ", ") + $0.label)
        }
      }
  }

  /// Whether the data come from the first model's process.
  public var isSimulated: Bool { files.allSatisfy { $0.data == nil } }

  /// Inverts the models one after the other.
  ///
  /// - Parameters:
  ///   - stop: raised to end with what is there; models not begun are then reported as stopped.
  ///   - progress: called after every step with the model's 0-based number.
  /// - Returns: one row per model and reduction; a model that fails does not lose the others.
  /// - Throws: `RunError` where there are no data.
  public func run(
    stop: StopFlag? = nil, progress: ((Int, InversionInfo) -> Void)? = nil
  ) throws(RunError) -> ComparisonOutcome {
    guard let first = files.first else { throw .comparison(.nothingToCompare) }
    let observation = try plan.observe(first, stop: stop)
    var results: [Result<RunResult, RunError>] = []
    for (index, file) in files.enumerated() {
      if stop?.isRaised == true {
        results.append(.failure(.stopped(completed: 0, total: file.model.time.count)))
        continue
      }
      do throws(RunError) {
        let clock = ContinuousClock()
        let start = clock.now
        // The truth of one model's process says nothing about another model's variables.
        let own = Observation(
          data: observation.data, truth: index == 0 ? observation.truth : nil)
        let record = try plan.invert(
          file, own, plan.scheme(for: file), stop: stop,
          progress: progress.map { report in { report(index, $0) } })
        let (whole, fraction) = (clock.now - start).components
        results.append(
          .success(
            RunResult(
              plan: plan, file: file, truth: own.truth, data: own.data, record: record,
              seconds: Double(whole) + Double(fraction) * 1e-18)))
      } catch {
        results.append(.failure(error))
      }
    }
    return ComparisonOutcome(self, results: results, data: observation.data)
  }

  /// Refuses models whose data are not the same.
  private func checkRecordedData() throws(RunError) {
    guard let first = files.first else { return }
    for other in files.dropFirst() {
      if let difference = Self.difference(first, other) {
        throw .comparison(
          .differentData(model: first.path, other: other.path, difference))
      }
    }
  }

  private static func difference(
    _ a: ModelFile, _ b: ModelFile
  ) -> ComparisonError.DataDifference? {
    let channels = (a.model.level(1).outputs.elementNames, b.model.level(1).outputs.elementNames)
    switch (a.data, b.data) {
    case (nil, nil):
      // The data will be the first model's, sample by sample.
      let (own, others) = (a.model.time, b.model.time)
      if channels.0 != channels.1 { return .channels(channels.0, channels.1) }
      if own.count != others.count { return .samples(own.count, others.count) }
      if own.step != others.step { return .sampleSteps(own.step, others.step) }
      return nil
    case (let mine?, let other?):
      if mine.samples.columns != other.samples.columns {
        return .channels(mine.channels, other.channels)
      }
      if mine.samples.rows != other.samples.rows {
        return .samples(mine.samples.rows, other.samples.rows)
      }
      let place = mine.samples.values.indices.first { index in
        let (x, y) = (mine.samples.values[index], other.samples.values[index])
        return x != y && !(x.isNaN && y.isNaN)
      }
      return place.map {
        let (row, column) = $0.quotientAndRemainder(dividingBy: mine.samples.columns)
        return .value(channel: mine.channels[column], sample: row + 1)
      }
    default: return .absent
    }
  }
}
