internal import DynamicModels
internal import TensorCore

/// What one pass over the record gathers, over arrays made once: the estimates of the states and
/// the sums of the E- and M-steps.
final class PassRecord {
  /// Unknowns at every sample `[N × n_u]`.
  var unknowns: [Double]
  /// Errors and weighted errors of order zero of all groups, one after the other `[N × e]`.
  var errors: [Double]
  var weighted: [Double]
  /// The predictions of the data `[N × channels]`.
  var predictions: [Double]
  /// Covariances of order zero: per level states and causes, then the prediction `[N × c]`.
  var covariances: [Double]
  /// Per sample: ½ ε̃ᵀΠ̃ε̃ and ½ tr(C ε̃_uᵀΠ̃ε̃_u) of the sensory errors and of the others, ½ ln |C|,
  /// ½ (u − u₀)ᵀ P_u (u − u₀), and the first of the traces alone.
  var sensory: [Double]
  var other: [Double]
  var halfLogCovariance: [Double]
  var statePrior: [Double]
  var sensoryTraces: [Double]
  /// L_φ, L_φφ and `Σ ε̃_φᵀ Π̃ ε̃_φ`, over parameters and confounds, without priors; the part of the
  /// last that the sensory errors give.
  var gradient: [Double]
  var curvature: [Double]
  var information: [Double]
  var sensoryInformation: [Double]
  /// Per group and pattern of missing channels: `Σ_jk S⁻¹_jk (EE + ECE)_jk`, and EE alone of the
  /// errors that F counts.
  var spreads: [[[Double]]]
  var energies: [[[Double]]]
  /// `Σ ln |C|` over all D-steps, over the number of D-steps per sample.
  var logCovariance = 0.0
  /// `Σ ½ (ε̃ᵀΠ̃ε̃ − ln |Π̃|)` of the groups whose precision changes.
  var dependentSensory = 0.0
  var dependentOther = 0.0
  /// How many samples were passed.
  var completed = 0

  let unknownCount: Int
  /// Where every group's errors start among those of a sample, and how many there are.
  let errorOffsets: [Int]
  let errorCount: Int
  /// Where the covariances start: states and causes of every level, then the prediction.
  let stateCovariances: [Int]
  let causeCovariances: [Int]
  let predictionCovariance: Int
  let covarianceCount: Int

  init(_ errors: HierarchyErrors, samples: Int, patterns: Int) {
    let layout = errors.layout
    unknownCount = layout.count
    var offsets: [Int] = []
    var total = 0
    for group in errors.groups {
      offsets.append(total)
      total += group.rows
    }
    errorOffsets = offsets
    errorCount = total
    var places = 0
    var states: [Int] = []
    var causes: [Int] = []
    for level in 0..<layout.depth {
      states.append(places)
      places += layout.stateCounts[level] * layout.stateCounts[level]
      causes.append(places)
      places += layout.causeCounts[level] * layout.causeCounts[level]
    }
    stateCovariances = states
    causeCovariances = causes
    predictionCovariance = places
    let channels = errors.groups[errors.dataGroup].rows
    covarianceCount = places + channels * channels
    func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
    unknowns = zeros(samples * layout.count)
    self.errors = zeros(samples * total)
    weighted = zeros(samples * total)
    predictions = zeros(samples * channels)
    covariances = zeros(samples * covarianceCount)
    sensory = zeros(samples)
    other = zeros(samples)
    halfLogCovariance = zeros(samples)
    statePrior = zeros(samples)
    sensoryTraces = zeros(samples)
    let all = errors.freeCount + errors.nuisanceCount
    gradient = zeros(all)
    curvature = zeros(all * all)
    information = zeros(all * all)
    sensoryInformation = zeros(all * all)
    spreads = errors.groups.map { group in
      Array(repeating: zeros(group.rows * group.rows), count: patterns)
    }
    energies = spreads
  }

  /// Forgets the sums of an earlier pass.
  func reset() {
    func clear(_ values: inout [Double]) {
      for index in values.indices { values[index] = 0 }
    }
    clear(&gradient)
    clear(&curvature)
    clear(&information)
    clear(&sensoryInformation)
    for group in spreads.indices {
      for pattern in spreads[group].indices {
        clear(&spreads[group][pattern])
        clear(&energies[group][pattern])
      }
    }
    logCovariance = 0
    (dependentSensory, dependentOther) = (0, 0)
    completed = 0
  }
}
