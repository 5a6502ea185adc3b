public import DynamicModels
public import ODEEngine
public import TensorCore

/// What can go wrong while causes are recognised.
public enum RecognitionError: Error, Sendable, Equatable {
  /// A matrix of a level could not be factored.
  case linearAlgebra(level: Int, LinearAlgebraError)
  /// The posterior precision of the states is singular: nothing constrains the named unit.
  case improperPosterior(sample: Int, unit: String)
  /// Integration failed between two samples.
  case integration(sample: Int, ODEError)
  /// The free energy of a sample is not a finite number.
  case nonFiniteFreeEnergy(sample: Int, time: Double)
  /// The free energy of a pass over the record is not a finite number.
  case nonFinitePass(iteration: Int)
  /// A pass over the record diverged at a sample, at the named unit.
  case divergence(iteration: Int, sample: Int, unit: String)
  /// A matrix of a pass could not be factored.
  case passAlgebra(iteration: Int, sample: Int, LinearAlgebraError)
  /// The caller asked to stop; the estimates so far stand.
  case stopped
  /// The scheme cannot invert models of this kind.
  case unsupported(scheme: InversionSettings.Scheme, UnsupportedModel)
  /// The data do not have the model's number of channels.
  case dataShape(expected: Int, found: Int)
}

/// What a scheme cannot do; each has a scheme that can.
public enum UnsupportedModel: String, Hashable, Sendable, CaseIterable {
  /// Cells of the data are missing.
  case missingData
  /// Confounds with unknown weights.
  case confounds
  /// Delays of the data's channels.
  case delays
  /// Precisions that depend on states or causes.
  case stateDependentPrecision
  /// Unknown parameters.
  case parameters
  /// Unknown log-precisions.
  case logPrecisions
  /// A precision that is not positive definite, where a variance is needed.
  case flatPrecision
}
