public import ODEEngine
public import TensorCore

/// What can go wrong while a process makes data.
public enum ProcessError: Error, Sendable, Equatable {
  /// The precision of a level's fluctuations is not positive definite.
  case precision(level: Int, LinearAlgebraError)
  /// Integration of the hidden states failed.
  case integration(ODEError)
  /// An output of the process is not a finite number at a sample.
  case nonFinite(level: Int, variable: String, sample: Int, time: Double)
}
