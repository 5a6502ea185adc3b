public import DynamicModels
internal import TensorCore

/// Generalised filtering: states, parameters and log-precisions in one flow (mathematics §7).
///
///     μ̃̇_u = D μ̃_u − κ ∂G/∂μ̃_u
///     μ̈_b = −C_b ∂F/∂μ_b − N μ̇_b        b = (θ, λ), C_b⁻¹ the running average of F's curvature
///
/// Nothing is assumed independent of anything else but λ of (u, θ). The parameters drift through
/// the record, pass after pass; the estimate of a pass is the average of their course, weighted
/// with its precision. A pass that does not lower F is taken back: the next one starts at rest from
/// the best estimates so far.
///
/// Under `reference: spm` the log-precisions of a population are added and only diagonals count,
/// the prior on parameters pulls at every sample with its whole weight, κ is 1, the first four
/// passes count whatever their F, and the estimates are those of the pass before the last. Otherwise `Π = fixed + Σ e^λ Q`, the prior counts once
/// per record, parameters and states move in one linearised step, F is that of the averaged
/// parameters with every constant, and the estimates are those of the best accepted pass.
///
/// A channel without a cell at a sample is left out there, its errors marginalised; windows of
/// other samples that would hold the missing cell read the nearest present ones (mathematics §2).
///
/// Reference: Friston, Stephan, Li & Daunizeau 2010, Math Probl Eng 621670.
public struct GeneralizedFilter: InversionScheme {
  /// `filter`.
  public var scheme: InversionSettings.Scheme { .filter }
  /// nD, nN, κ and whether the reference's habits are followed.
  public var settings: InversionSettings

  /// Creates the scheme.
  public init(settings: InversionSettings = InversionSettings(scheme: .filter)) {
    self.settings = settings
  }

  /// Sets up buffers and priors; see `InversionScheme`.
  public func initialState(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput
  ) throws(RecognitionError) -> GeneralizedFilterSession {
    try input.check(model)
    if input.confounds.columns > 0 { throw .unsupported(scheme: .filter, .confounds) }
    return try GeneralizedFilterSession(model: model, settings: settings, input: input)
  }

  /// One pass over the whole record.
  public func step(
    _ state: inout GeneralizedFilterSession, shouldStop: (() -> Bool)?
  ) throws(RecognitionError) -> InversionInfo {
    try state.step(shouldStop: shouldStop)
  }

  /// The estimates of the best accepted pass, or what the reference reports.
  public func record(of state: GeneralizedFilterSession) -> InversionRecord {
    var record = InversionRecord(model: state.model)
    state.write(into: &record)
    return record
  }
}
