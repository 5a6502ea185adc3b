public import Learning

/// Why a Transformer could not be trained, stored or used.
public enum TrainingError: Error, Sendable, Equatable {
  /// The poems that ship cannot be read.
  case poems(PoemCollectionError)
  /// The tokens are no vocabulary.
  case vocabulary(VocabularyError)
  /// A text has no tokens in the model's vocabulary, or too many.
  case text(TokenizationError)
  /// The shares of masked prediction are none.
  case masking(MaskedPredictionError)
  /// More poems are held out than there are.
  case heldOut(Int, poems: Int)
  /// The extents of the model do not fit each other.
  case configuration(ConfigurationProblem)
  /// Learning did not stay finite.
  case learning(LearningError)
  /// A checkpoint cannot be used.
  case checkpoint(CheckpointError)
  /// The settings inside a checkpoint are not those of a Transformer.
  case settings(detail: String)
  /// A checkpoint was made by other settings than those asked for.
  case otherSettings(name: String, stored: String, given: String)
  /// A checkpoint of another task cannot be used here.
  case wrongTask(expected: [TrainingTask], found: TrainingTask)
  /// A pretrained encoder cannot be used.
  case pretrained(String, japanese: String)
  /// The user asked to stop after some passes; what is there is kept.
  case stopped(passes: Int, of: Int)
  /// The user asked to stop a sweep after some of its runs.
  case stoppedSweep(runs: Int, of: Int)
  /// A checkpoint has made as many passes as were asked for, or more.
  case nothingLeft(made: Int, asked: Int)
  /// Several texts cannot be told apart, or a map needs more of them.
  case tooFewTexts(count: Int, needed: Int)
}
