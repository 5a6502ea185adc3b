public import DynamicModels
internal import Foundation
internal import TensorCore

/// Dynamic expectation maximisation: states, parameters and precisions in turn (mathematics §6).
///
/// The D-step follows the mode of the states and causes through the record, the E-step moves the
/// parameters, the M-step the log-precisions; a pass counts only where it raises −F.
///
/// Reference: Friston, Trujillo-Barreto & Daunizeau 2008, NeuroImage 41:849.
public struct DynamicExpectationMaximization: InversionScheme {
  /// `dem`.
  public var scheme: InversionSettings.Scheme { .dem }
  /// nD, nE, nM, κ and whether the reference's habits are followed.
  public var settings: InversionSettings
  /// τ_e at the start; nil is 4 for models affine in states and causes, 0 for others.
  public var initialParameterRate: Double?

  /// Creates the scheme.
  public init(
    settings: InversionSettings = InversionSettings(scheme: .dem),
    initialParameterRate: Double? = nil
  ) {
    self.settings = settings
    self.initialParameterRate = initialParameterRate
  }

  /// Sets up buffers and priors; see `InversionScheme`.
  public func initialState(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput
  ) throws(RecognitionError) -> ExpectationMaximizationSession {
    try input.check(model)
    return try ExpectationMaximizationSession(
      model: model, settings: settings, input: input, rate: initialParameterRate)
  }

  /// One iteration: D-, E- and M-step over the whole record.
  public func step(
    _ state: inout ExpectationMaximizationSession, shouldStop: (() -> Bool)?
  ) throws(RecognitionError) -> InversionInfo {
    try state.step(shouldStop: shouldStop)
  }

  /// The estimates of the last accepted iteration.
  public func record(of state: ExpectationMaximizationSession) -> InversionRecord {
    var record = InversionRecord(model: state.model)
    state.write(into: &record)
    return record
  }
}
