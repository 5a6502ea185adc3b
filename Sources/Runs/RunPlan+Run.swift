internal import DynamicModels
public import ModelFiles
public import Recognition
internal import TensorCore

/// The data of a run, and what really happened where that is known.
struct Observation: Sendable {
  /// y `[N × channels]`; NaN where a value is missing.
  var data: Tensor<Double>
  /// What the process did; nil for recorded data.
  var truth: SimulatedRecord?
}

extension RunPlan {
  /// Runs the plan: data from the file or the process, then the inversion.
  ///
  /// - Parameters:
  ///   - file: the model, from ``load(from:)``.
  ///   - stop: raised to end the run with what is there.
  ///   - progress: called after every step of the inversion.
  /// - Returns: the result; its `failure` says why it ended early, if it did.
  /// - Throws: `RunError` where nothing could be started.
  public func run(
    _ file: ModelFile, stop: StopFlag? = nil, progress: ((InversionInfo) -> Void)? = nil
  ) throws(RunError) -> RunResult {
    // What the scheme cannot do is said before anything is computed.
    let scheme = try scheme(for: file)
    let clock = ContinuousClock()
    let start = clock.now
    let observation = try observe(file, stop: stop)
    let record = try invert(file, observation, scheme, stop: stop, progress: progress)
    let (whole, fraction) = (clock.now - start).components
    return RunResult(
      plan: self, file: file, truth: observation.truth, data: observation.data, record: record,
      seconds: Double(whole) + Double(fraction) * 1e-18)
  }

  /// The data that the file names, else those that its process makes.
  func observe(_ file: ModelFile, stop: StopFlag?) throws(RunError) -> Observation {
    if let recorded = file.data { return Observation(data: recorded.samples, truth: nil) }
    let truth = try simulate(file, stop: stop)
    return Observation(data: truth.data, truth: truth)
  }

  /// Inverts a model on given data.
  func invert(
    _ file: ModelFile, _ observation: Observation, _ scheme: any InversionScheme, stop: StopFlag?,
    progress: ((InversionInfo) -> Void)?
  ) throws(RunError) -> InversionRecord {
    let input = try input(file, data: observation.data)
    do {
      return try scheme.run(
        file.model, on: input, shouldStop: stop.map { flag in { flag.isRaised } },
        progress: progress)
    } catch {
      if case .unsupported(let kind, .missingData) = error {
        throw missingData(file, observation.data, kind)
      }
      throw RunError(error, completed: 0, samples: file.model.time.count)
    }
  }

  /// Everything an inversion is given besides the model: the one place where it comes together.
  private func input(
    _ file: ModelFile, data: Tensor<Double>
  ) throws(RunError) -> RecognitionInput {
    let settings = file.dataSettings
    // Other data than the file's may have another length than what else the file reads.
    let others: [(RunError.Input, Tensor<Double>?)] = [
      (.confounds, settings.confounds), (.priorCauses, settings.priorCauses),
    ]
    for case (let kind, let values?) in others where values.rows != data.rows {
      throw .rowCount(kind, values.rows, samples: data.rows)
    }
    return RecognitionInput(
      data: data, prior: settings.priorCauses ?? file.model.priorCauses(),
      delays: settings.delays.isEmpty ? [0] : settings.delays, confounds: settings.confounds)
  }

  /// Which value is missing, for a scheme that needs every one.
  private func missingData(
    _ file: ModelFile, _ data: Tensor<Double>, _ scheme: InversionSettings.Scheme
  ) -> RunError {
    let holes = data.values.indices.filter { data.values[$0].isNaN }
    let (row, column) = (holes.first ?? 0).quotientAndRemainder(dividingBy: max(data.columns, 1))
    return .missingData(
      channel: file.model.level(1).outputs.elementNames[column], sample: row + 1,
      count: holes.count, scheme: scheme)
  }
}
