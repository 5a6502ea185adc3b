public import DynamicModels
public import ODEEngine
public import TensorCore

/// The recognition density of one named population over time: expectation, spread and errors.
///
/// Row j of every array is sample j; NaN stands for a value that does not exist.
public struct PopulationRecord: Sendable {
  /// The posterior expectation (or prediction of the data, for the outputs of level 1) `[N × k]`.
  public var mean: Tensor<Double>
  /// Its standard deviation `[N × k]`.
  public var standardDeviation: Tensor<Double>
  /// The posterior covariance between the population's entries `[N × k × k]`.
  public var covariance: Tensor<Double>
  /// The prediction error of order zero: `Dx − f`, `y − g` or `v − g` `[N × k]`.
  public var error: Tensor<Double>
  /// The activity of its error units at order zero, `ξ = Π ε` `[N × k]`.
  public var weightedError: Tensor<Double>

  /// A record of `samples` samples of `count` entries, filled with NaN.
  public init(samples: Int, count: Int) {
    let empty = Tensor<Double>(repeating: .nan, shape: .matrix(samples, count))
    mean = empty
    standardDeviation = empty
    covariance = Tensor(repeating: .nan, shape: Shape([samples, count, count]))
    error = empty
    weightedError = empty
  }
}

/// One level of an inversion.
public struct LevelRecord: Sendable {
  /// Hidden states.
  public var states: PopulationRecord
  /// What the level emits: the prediction of the data at level 1, the cause it emits above.
  public var outputs: PopulationRecord
  /// ‖ξ‖: the Euclidean norm of the level's error units at order zero, `[N]`.
  public var errorNorm: [Double]
}

/// A parameter or log-precision after an inversion.
public struct EstimateRecord: Hashable, Sendable {
  /// Its name in the model file.
  public var name: String
  /// The 1-based level it belongs to.
  public var level: Int
  /// Its shape in the model file.
  public var shape: Shape
  /// The posterior expectation, row-major.
  public var mean: [Double]
  /// The posterior standard deviation, NaN where the scheme carries none.
  public var standardDeviation: [Double]
  /// The prior expectation.
  public var prior: [Double]
}

/// Everything an inversion says about a record of data.
public struct InversionRecord: Sendable {
  /// The sample times.
  public var times: [Double]
  /// How many samples were completed; fewer than `times` when it was stopped early.
  public var completed: Int
  /// One entry per level, the prior on causes last.
  public var levels: [LevelRecord]
  /// F and its decompositions, one entry per completed sample.
  public var freeEnergy: [FreeEnergyTerms]
  /// Unknown parameters at the end of the record.
  public var parameters: [EstimateRecord]
  /// Unknown log-precisions at the end of the record.
  public var logPrecisions: [EstimateRecord]
  /// The posterior covariance of all unknown parameters, level by level, `[p × p]`; empty where the
  /// scheme carries none.
  public var parameterCovariance = Tensor<Double>(repeating: 0, shape: .matrix(0, 0))
  /// The posterior covariance of the log-precisions `[h × h]`, in the order of `logPrecisions`.
  public var logPrecisionCovariance = Tensor<Double>(repeating: 0, shape: .matrix(0, 0))
  /// The unknown parameters at every sample, level by level, `[N × p]`: where a scheme moves them
  /// through the record (mathematics §7); empty elsewhere.
  public var parameterCourse = Tensor<Double>(repeating: 0, shape: .matrix(0, 0))
  /// The log-precisions at every sample `[N × h]`, in the order of `logPrecisions`; empty as above.
  public var logPrecisionCourse = Tensor<Double>(repeating: 0, shape: .matrix(0, 0))
  /// The estimated weights of the confounds `[channels × confounds]`.
  public var confoundWeights = Tensor<Double>(repeating: 0, shape: .matrix(0, 0))
  /// The passes over the record, for schemes that make several.
  public var passes: [InversionInfo] = []
  /// F of the whole record at the estimates, in nats; nil where only the samples have one.
  public var totalFreeEnergy: Double?
  /// The parts of `totalFreeEnergy`, which they sum to; nil where there is none.
  public var evidence: EvidenceParts?
  /// What integration cost.
  public var statistics: StepStatistics
  /// Why the inversion ended early, if it did; what is recorded up to there stands.
  public var failure: RecognitionError?

  /// An empty record of a model.
  public init(model: HierarchicalDynamicModel) {
    times = model.time.all
    completed = 0
    levels = model.levels.map { level in
      LevelRecord(
        states: PopulationRecord(samples: model.time.count, count: level.states.count),
        outputs: PopulationRecord(samples: model.time.count, count: level.outputs.count),
        errorNorm: [Double](repeating: .nan, count: model.time.count))
    }
    freeEnergy = []
    parameters = []
    logPrecisions = []
    statistics = StepStatistics()
  }
}
