public import DynamicModels
internal import Foundation
internal import TensorCore

/// Dynamic expectation maximisation: states, parameters and precisions in turn (mathematics §6).
///
/// The D-step follows the mode of the states and causes through the record, the E-step moves the
/// parameters, the M-step the log-precisions; a pass counts only where it raises −F.
///
/// Reference: Friston, Trujillo-Barreto & Daunizeau 2008, NeuroImage 41:849.
public struct DynamicExpectationMaximization: Sendable {
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

  /// Inverts a record.
  ///
  /// - Parameters:
  ///   - model: the generative model.
  ///   - input: data, prior causes, delays and confounds.
  ///   - shouldStop: asked after every pass; true ends the inversion with what is there.
  ///   - progress: called after every pass.
  /// - Returns: the record of the last accepted pass; `failure` says why it ended early.
  /// - Throws: `RecognitionError` where nothing could be started.
  public func run(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput,
    shouldStop: (() -> Bool)? = nil, progress: ((InversionPass) -> Void)? = nil
  ) throws(RecognitionError) -> InversionRecord {
    let channels = model.level(1).outputs.count
    guard input.data.shape == .matrix(model.time.count, channels) else {
      throw .dataShape(expected: channels, found: input.data.columns)
    }
    let session = try ExpectationMaximizationSession(
      model: model, settings: settings, input: input, rate: initialParameterRate)
    var record = InversionRecord(model: model)
    do {
      try session.run(shouldStop: shouldStop, progress: progress)
    } catch {
      record.failure = error
    }
    session.write(into: &record)
    return record
  }
}

/// What one pass over the record gave.
public struct InversionPass: Hashable, Sendable {
  /// The number of the pass, from 1.
  public var number: Int
  /// F of the pass, in nats (minimised): that of mathematics §3, or under `reference: spm` the
  /// reference's own evidence with its sign turned and its constants kept.
  public var freeEnergy: Double
  /// Whether the pass was kept.
  public var isAccepted: Bool
  /// ‖Δφ‖₁: how far the parameters moved.
  public var parameterChange: Double
  /// ‖Δλ‖₁: how far the log-precisions moved.
  public var precisionChange: Double

  /// Creates the summary of a pass.
  public init(
    number: Int, freeEnergy: Double, isAccepted: Bool, parameterChange: Double,
    precisionChange: Double
  ) {
    self.number = number
    self.freeEnergy = freeEnergy
    self.isAccepted = isAccepted
    self.parameterChange = parameterChange
    self.precisionChange = precisionChange
  }
}
