public import ModelFiles
public import ODEEngine
public import Recognition
public import TensorCore
public import Transformers

/// Why a comparison could not be made.
public enum BridgeError: Error, Sendable, Equatable {
  /// A file that ships with the project was not found.
  case missingFile(name: String)
  /// A model file was refused.
  case modelFile(ModelFileError)
  /// A flow could not be integrated.
  case integration(ODEError)
  /// Recognition failed.
  case recognition(RecognitionError)
  /// A matrix could not be factored.
  case linearAlgebra(LinearAlgebraError)
  /// A Transformer could not be trained or read.
  case training(TrainingError)
  /// The user's arrays do not fit the comparison.
  case arrays(ArrayProblem)
  /// A loaded model has nothing that the comparison could look at.
  case unsuitableModel(reason: UnsuitableModel)
  /// A number that has to be finite is not.
  case notFinite(what: String)
  /// The user asked to stop.
  case stopped

  /// What is wrong with a user's arrays.
  public enum ArrayProblem: Sendable, Equatable {
    /// The file cannot be read as an array of real numbers.
    case file(ModelFileError)
    /// The two sides have different numbers of samples (rows).
    case rowCounts(first: Int, second: Int)
    /// Too few samples for the folds of cross-validation.
    case tooFewRows(count: Int, needed: Int)
    /// A value is not a finite number; row and column count from 1.
    case notFinite(path: String, row: Int, column: Int)
    /// Every row of an array is the same, so nothing can be compared with it.
    case constant(path: String)
  }

  /// Why a loaded model cannot be examined.
  public enum UnsuitableModel: Sendable, Equatable {
    /// The text has no token that the model knows.
    case emptyText
    /// The model is not of the kind that the comparison needs.
    case kind(expected: String)
  }
}
