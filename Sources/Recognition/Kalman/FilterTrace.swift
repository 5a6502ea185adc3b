internal import TensorCore

/// What the forward pass keeps of every sample, for the way back.
///
/// Everything is conditional on the diffuse directions δ of the initial state (`DiffuseInformation`):
/// row j of `means` holds at δ = row j of `centers` and moves by `loadings` times a change of δ.
struct FilterTrace {
  /// n, n_x, channels and d.
  let (size, stateCount, channels, diffuse): (Int, Int, Int, Int)
  /// How many samples are filtered.
  var completed = 0
  /// Filtered means, covariances and their loadings `[N × n]`, `[N × n × n]`, `[N × n × d]`.
  var means: [Double]
  var covariances: [Double]
  var loadings: [Double]
  /// The estimate of δ after every sample `[N × d]`.
  var centers: [Double]
  /// Gains `[N × n × l]`, factors of the innovation covariances `[N × l × l]`.
  var gains: [Double]
  var factors: [Double]
  /// Innovations at the sample before's δ `[N × l]` and their loadings `[N × l × d]`.
  var innovations: [Double]
  var innovationLoadings: [Double]
  /// Errors of the data at the filtered mean `[N × l]`.
  var residuals: [Double]
  /// C `[l × n]`, the step `[n_x × n]` and Q `[n_x × n_x]`: of every sample, or one that holds for
  /// all.
  var outputs: [Double]
  var transitions: [Double]
  var noises: [Double]
  let isConstant: Bool
  /// Σ of the innovations' squares at the best δ, and of `ln |F_j|` given δ.
  var square = 0.0
  var logInnovations = 0.0
  var presentCells = 0
  var logNoises = 0.0

  init(_ model: StackedModel, samples: Int) {
    let (n, nx, l, d) = (model.size, model.stateCount, model.channels, model.diffuseCount)
    (size, stateCount, channels, diffuse) = (n, nx, l, d)
    isConstant = model.isAffine
    func zeros(_ rows: Int, _ count: Int) -> [Double] {
      [Double](repeating: 0, count: rows * count)
    }
    means = zeros(samples, n)
    covariances = zeros(samples, n * n)
    loadings = zeros(samples, n * d)
    centers = zeros(samples, d)
    gains = zeros(samples, n * l)
    factors = zeros(samples, l * l)
    innovations = zeros(samples, l)
    innovationLoadings = zeros(samples, l * d)
    residuals = zeros(samples, l)
    let rows = isConstant ? 1 : samples
    outputs = zeros(rows, l * n)
    transitions = zeros(rows, nx * n)
    noises = zeros(rows, nx * nx)
  }

  /// The row of a sample in the arrays that may hold for all samples.
  func row(_ sample: Int) -> Int { isConstant ? 0 : sample }
}

/// The data of one sample with the missing channels taken out in place.
///
/// A missing channel gets an error of zero, no output row and a variance of one of its own, so that
/// it adds nothing to any sum and every matrix keeps its shape.
struct PresentData {
  let channels: Int
  private let covariance: [Double]
  private(set) var isPresent: [Bool]
  private(set) var count: Int
  /// R and R⁻¹ over the channels that are present, and `ln |R|`.
  private(set) var noise: [Double]
  private(set) var precision: [Double]
  private(set) var logNoise = 0.0

  init(_ covariance: [Double], channels: Int) throws(LinearAlgebraError) {
    self.channels = channels
    self.covariance = covariance
    isPresent = [Bool](repeating: true, count: channels)
    count = channels
    noise = covariance
    precision = covariance
    try refresh()
  }

  /// Takes a sample's data; the matrices are built again where other channels are missing.
  mutating func read(_ data: [Double], _ offset: Int) throws(LinearAlgebraError) {
    var isSame = true
    for channel in 0..<channels where data[offset + channel].isNaN == isPresent[channel] {
      isPresent[channel].toggle()
      isSame = false
    }
    if !isSame { try refresh() }
  }

  private mutating func refresh() throws(LinearAlgebraError) {
    count = 0
    for row in 0..<channels {
      if isPresent[row] { count += 1 }
      for column in 0..<channels {
        let isKept = isPresent[row] && isPresent[column]
        noise[row * channels + column] =
          isKept ? covariance[row * channels + column] : (row == column ? 1 : 0)
        precision[row * channels + column] = row == column ? 1 : 0
      }
    }
    var lower = noise
    logNoise = try KalmanKernels.factor(&lower, channels)
    KalmanKernels.solve(lower, &precision, channels, channels)
    KalmanKernels.symmetrize(&precision, channels)
  }
}
