public import AttentionBridge
public import DynamicModels
public import ModelFiles
internal import ODEEngine
public import Recognition
public import Reporting
public import Transformers

/// Why a run could not be made or ended early.
public enum RunError: Error, Sendable, Equatable {
  /// What a model file may read besides the data.
  public enum Input: Sendable, Equatable {
    /// Regressors with unknown weights.
    case confounds
    /// The prior expectation of the causes.
    case priorCauses
  }

  /// No model of this name ships or lies in the folders that were searched.
  case unknownModel(name: String, suggestion: String?, known: [String])
  /// An option is outside its range.
  case invalidOption(name: String, value: Double)
  /// The model file, the data file or an override was refused.
  case modelFile(ModelFileError)
  /// The scheme has no use for an option that was given.
  case unusableOption(String, scheme: InversionSettings.Scheme)
  /// Recorded values are missing, the first of them here, and the scheme needs every one.
  case missingData(channel: String, sample: Int, count: Int, scheme: InversionSettings.Scheme)
  /// Known time courses have another number of rows than the data.
  case rowCount(Input, Int, samples: Int)
  /// Models cannot be compared as they were asked to be.
  case comparison(ComparisonError)
  /// The process that makes the data failed.
  case process(ProcessError)
  /// Recognition failed.
  case recognition(RecognitionError)
  /// A Transformer could not be trained, read or used.
  case training(TrainingError)
  /// Attention or vectors of texts cannot be shown.
  case vectors(VectorError)
  /// The bridge has no comparison of this name.
  case unknownComparison(name: String, suggestion: String?, known: [String])
  /// A comparison of the bridge could not be made.
  case bridge(BridgeError)
  /// A figure or a result file could not be written.
  case reporting(ReportingError)
  /// The user asked to stop; `completed` of `total` samples are there.
  case stopped(completed: Int, total: Int)
  /// The user asked to stop; `completed` of at most `limit` passes over the record are there.
  case stoppedPasses(completed: Int, limit: Int)
}

extension RunError {
  /// The error of a process, or the user's wish behind it.
  init(_ error: ProcessError, samples: Int) {
    if case .integration(.interrupted) = error {
      self = .stopped(completed: 0, total: samples)
    } else {
      self = .process(error)
    }
  }

  /// The error of an inversion, or the user's wish behind it.
  init(_ error: RecognitionError, completed: Int, samples: Int) {
    switch error {
    case .stopped: self = .stopped(completed: completed, total: samples)
    case .integration(_, .invalidOption(let name, let value)):
      self = .invalidOption(name: name, value: value)
    default: self = .recognition(error)
    }
  }

  /// The exit status of a command that ends with this error.
  public var exitStatus: CommandStatus {
    switch self {
    case .unknownModel, .unknownComparison, .invalidOption, .unusableOption: .usage
    case .modelFile, .missingData, .rowCount: .badData
    case .comparison(let error): error.exitStatus
    case .process(.precision): .badData
    case .process: .stoppedEarly
    case .recognition(.dataShape), .recognition(.unsupported): .badData
    case .recognition: .stoppedEarly
    case .training(let error): error.exitStatus
    case .vectors(let error): error.exitStatus
    case .bridge(let error): error.exitStatus
    case .reporting(.unknownExtension): .usage
    case .reporting: .cannotWrite
    case .stopped, .stoppedPasses: .stoppedEarly
    }
  }
}

/// How commands end, after `sysexits.h`.
public enum CommandStatus: Int32, Sendable, CaseIterable {
  /// Everything was done.
  case success = 0
  /// A claim that was checked does not hold.
  case claimFailed = 1
  /// The command was used wrongly.
  case usage = 64
  /// The input is wrong.
  case badData = 65
  /// The program has a bug.
  case bug = 70
  /// The output cannot be written.
  case cannotWrite = 73
  /// Stopped early or failed numerically; what was there is kept.
  case stoppedEarly = 75
}
