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
  /// The data do not have the model's number of channels.
  case dataShape(expected: Int, found: Int)
}
