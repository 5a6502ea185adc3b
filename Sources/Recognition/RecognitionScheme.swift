public import DynamicModels
internal import Foundation
public import ODEEngine
public import TensorCore

/// What recognition is given: data on the model's sample times, and the prior causes.
public struct RecognitionInput: Sendable {
  /// y `[N × channels]`.
  public var data: Tensor<Double>
  /// η `[N × causes of the last level]`.
  public var prior: Tensor<Double>
  /// Delays per data channel, in time units; one entry holds for all.
  public var delays: [Double]
  /// Known time courses whose unknown weights are part of every channel `[N × confounds]`.
  public var confounds: Tensor<Double>

  /// Creates the input of an inversion.
  public init(
    data: Tensor<Double>, prior: Tensor<Double>, delays: [Double] = [0],
    confounds: Tensor<Double>? = nil
  ) {
    self.data = data
    self.prior = prior
    self.delays = delays
    self.confounds =
      confounds ?? Tensor(repeating: 0, shape: .matrix(data.shape[0], 0))
  }

  /// Creates the input with the prior expectation that the model's last level states.
  public init(
    data: Tensor<Double>, model: HierarchicalDynamicModel, delays: [Double] = [0],
    confounds: Tensor<Double>? = nil
  ) {
    self.init(data: data, prior: model.priorCauses(), delays: delays, confounds: confounds)
  }
}

extension HierarchicalDynamicModel {
  /// η at every sample time, from the equations of the last level, `[N × causes]`.
  public func priorCauses() -> Tensor<Double> {
    let level = levels[levels.count - 1]
    let executable = Executable(level.equations)
    let workspace = Workspace(executable)
    var result = Tensor<Double>(
      repeating: 0, shape: .matrix(time.count, level.outputs.count))
    for sample in 0..<time.count {
      for region in executable.inputs {
        let isTime = region.name == Level.Port.time
        workspace.write(
          [Double](repeating: isTime ? time[sample + 1] : 0, count: region.shape.count),
          to: region)
      }
      workspace.run()
      for (channel, value) in workspace.read(executable.output(Level.Port.output)).enumerated() {
        result[sample, channel] = value
      }
    }
    return result
  }
}

/// Recognition dynamics run over a record of data (mathematics §4).
///
/// The estimate recorded at sample j is the one on arrival, before the step driven by sample j, and
/// F_j uses it with ỹ(j). A static model's units have no motion of their own: there every sample is
/// integrated until its flow rests, and the estimate is the equilibrium.
public struct RecognitionScheme: Sendable {
  /// Gains, frictions and error units.
  public var options: RecognitionOptions
  /// The integrator and its tolerances.
  public var integration: ODEOptions

  /// Creates the scheme; by default local linearisation integrates to a relative 1e−6.
  public init(
    options: RecognitionOptions = RecognitionOptions(),
    integration: ODEOptions = ODEOptions(stepper: .localLinear)
  ) {
    self.options = options
    self.integration = integration
  }

  /// Inverts a record.
  ///
  /// - Parameters:
  ///   - model: the generative model.
  ///   - input: the data and prior causes on the model's sample times.
  ///   - shouldStop: asked before every step; true ends the inversion with what is there.
  ///   - progress: called after every sample with its number and F.
  /// - Returns: the record; `failure` says why it ended early, if it did.
  /// - Throws: `RecognitionError` where nothing could be started.
  public func run(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput,
    shouldStop: (() -> Bool)? = nil, progress: ((Int, Double) -> Void)? = nil
  ) throws(RecognitionError) -> InversionRecord {
    let channels = model.level(1).outputs.count
    guard input.data.shape == .matrix(model.time.count, channels) else {
      throw .dataShape(expected: channels, found: input.data.columns)
    }
    let session = try RecognitionSession(model: model, options: options, input: input)
    var record = InversionRecord(model: model)
    do {
      try session.run(
        integration: integration, into: &record, shouldStop: shouldStop, progress: progress)
    } catch {
      record.failure = error
    }
    session.recordSlowUnits(into: &record)
    return record
  }
}
