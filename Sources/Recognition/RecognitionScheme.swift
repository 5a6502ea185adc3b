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

extension RecognitionInput {
  /// Whether a cell of the data is missing (NaN).
  public var hasMissingData: Bool { data.values.contains { $0.isNaN } }

  /// Refuses data that do not fit the model.
  func check(_ model: HierarchicalDynamicModel) throws(RecognitionError) {
    let channels = model.level(1).outputs.count
    guard data.shape == .matrix(model.time.count, channels) else {
      throw .dataShape(expected: channels, found: data.columns)
    }
  }
}

/// Recognition dynamics run over a record of data (mathematics §4).
///
/// The estimate recorded at sample j is the one on arrival, before the step driven by sample j, and
/// F_j uses it with ỹ(j). A static model's units have no motion of their own: there every sample is
/// integrated until its flow rests, and the estimate is the equilibrium.
public struct RecognitionScheme: InversionScheme {
  /// `recognition`.
  public var scheme: InversionSettings.Scheme { .recognition }
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

  /// Sets up the dynamics; see `InversionScheme`.
  public func initialState(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput
  ) throws(RecognitionError) -> RecognitionSession {
    try input.check(model)
    if input.hasMissingData { throw .unsupported(scheme: .recognition, .missingData) }
    if input.confounds.columns > 0 { throw .unsupported(scheme: .recognition, .confounds) }
    return try RecognitionSession(
      model: model, options: options, integration: integration, input: input)
  }

  /// Estimates one sample: the estimate on arrival, then the way to the next sample.
  public func step(
    _ state: inout RecognitionSession, shouldStop: (() -> Bool)?
  ) throws(RecognitionError) -> InversionInfo {
    try state.step(shouldStop: shouldStop)
  }

  /// The estimates of the samples so far.
  public func record(of state: RecognitionSession) -> InversionRecord { state.finishedRecord() }
}
