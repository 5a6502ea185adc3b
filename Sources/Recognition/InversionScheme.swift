public import DynamicModels

/// A way to invert a model from data: an initial state, a step, and what each step says.
///
/// A scheme is a value that holds options only. `initialState` sets everything up, `step` does one
/// unit of work (a sample of the record, or a pass over all of it) and `record` reads the estimates
/// off a state at any time, so that an inversion can be followed, stopped and looked into. What all
/// schemes owe their callers:
///
/// - the same model and input give the same record, however often they are run;
/// - a step after the last changes nothing and says `isFinished`;
/// - a step that throws leaves the last accepted estimates to be read;
/// - `completed` and the arrays of the record agree: what was not reached is NaN.
public protocol InversionScheme: Sendable {
  /// The inversion under way; it belongs to one thread at a time.
  associatedtype State

  /// Which of the schemes this is.
  var scheme: InversionSettings.Scheme { get }

  /// Sets an inversion up; nothing has been estimated yet.
  ///
  /// - Parameters:
  ///   - model: the generative model.
  ///   - input: data, prior causes, delays and confounds on the model's sample times.
  /// - Returns: the inversion before its first step.
  /// - Throws: `RecognitionError` where the model or the data are beyond the scheme.
  func initialState(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput
  ) throws(RecognitionError) -> State

  /// Does one unit of work and says what came of it.
  ///
  /// - Parameters:
  ///   - state: the inversion under way.
  ///   - shouldStop: asked within long steps; true ends the step with `RecognitionError.stopped`.
  /// - Returns: how far the inversion is, and what F was.
  /// - Throws: `RecognitionError` with the iteration, sample and variable where it failed.
  func step(
    _ state: inout State, shouldStop: (() -> Bool)?
  ) throws(RecognitionError) -> InversionInfo

  /// The estimates of a state: those of the last accepted pass, or of the samples so far.
  func record(of state: State) -> InversionRecord
}

/// What one step of an inversion gave.
public struct InversionInfo: Hashable, Sendable {
  /// What a step works through.
  public enum Unit: String, Hashable, Sendable {
    /// One sample of the record.
    case sample
    /// One pass over the whole record.
    case pass
  }

  /// What a step works through.
  public var unit: Unit
  /// How many units are done, this one included.
  public var completed: Int
  /// How many there are at most.
  public var limit: Int
  /// F in nats (minimised): of the sample, or of the whole record after a pass.
  ///
  /// Under `reference: spm` a pass gives the reference's own evidence with its sign turned and its
  /// constants kept.
  public var freeEnergy: Double
  /// Whether the estimates of this step were kept.
  public var isAccepted: Bool
  /// ‖Δφ‖₁: how far the parameters moved; NaN where a step moves none.
  public var parameterChange: Double
  /// ‖Δλ‖₁: how far the log-precisions moved; NaN where a step moves none.
  public var precisionChange: Double
  /// Whether nothing is left to do.
  public var isFinished: Bool

  /// Creates what a step gave.
  public init(
    unit: Unit, completed: Int, limit: Int, freeEnergy: Double, isAccepted: Bool = true,
    parameterChange: Double = .nan, precisionChange: Double = .nan, isFinished: Bool
  ) {
    self.unit = unit
    self.completed = completed
    self.limit = limit
    self.freeEnergy = freeEnergy
    self.isAccepted = isAccepted
    self.parameterChange = parameterChange
    self.precisionChange = precisionChange
    self.isFinished = isFinished
  }
}

extension InversionScheme {
  /// Inverts a record from the first step to the last.
  ///
  /// - Parameters:
  ///   - model: the generative model.
  ///   - input: data, prior causes, delays and confounds on the model's sample times.
  ///   - shouldStop: asked after every step; true ends the inversion with what is there.
  ///   - progress: called after every step.
  /// - Returns: the record; its `failure` says why it ended early, if it did.
  /// - Throws: `RecognitionError` where nothing could be started.
  public func run(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput,
    shouldStop: (() -> Bool)? = nil, progress: ((InversionInfo) -> Void)? = nil
  ) throws(RecognitionError) -> InversionRecord {
    var state = try initialState(model, on: input)
    var failure: RecognitionError?
    do throws(RecognitionError) {
      while true {
        let info = try step(&state, shouldStop: shouldStop)
        progress?(info)
        if info.isFinished { break }
        if shouldStop?() ?? false { throw .stopped }
      }
    } catch {
      failure = error
    }
    var record = record(of: state)
    record.failure = failure
    return record
  }
}
