internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The filter: the states of every sample from the data up to it.
///
///     F_j = C P⁻ Cᵀ + R,  K = P⁻ Cᵀ F_j⁻¹,  m = m⁻ + K ν,  P = (I − K C) P⁻ (I − K C)ᵀ + K R Kᵀ
///
/// The diffuse directions δ of the initial state are carried as columns beside the mean and estimated
/// as the data come in (de Jong 1991, Ann Stat 19:1073), which is exact. Nonlinear models are
/// linearised at the mean (extended filter); the update is repeated at its own result while that
/// lowers the energy (Bell & Cathey 1993, IEEE Trans Autom Control 38:294).
struct ForwardPass {
  let model: StackedModel
  let input: RecognitionInput
  let options: KalmanScheme.Options
  private(set) var trace: FilterTrace
  private(set) var information: DiffuseInformation
  private var updated: DiffuseInformation
  private(set) var terms: [FreeEnergyTerms] = []
  private(set) var present: PresentData

  // Predicted moments of the coming sample and filtered moments of the present one.
  private var mean: [Double]
  private var covariance: [Double]
  private var loadings: [Double]
  private var filtered: [Double]
  private var spread: [Double]
  private var filteredLoadings: [Double]
  private var center: [Double]
  private var point: [Double]
  private var shift: [Double]

  // Scratch, by shape.
  private var output: [Double]
  private var innovation: [Double]
  private var weighted: [Double]
  private var residual: [Double]
  private var channelLoadings: [Double]
  private var channelLoadings2: [Double]
  private var change: [Double]
  private var gradient: [Double]
  private var score: [Double]
  private var channelWork: [Double]
  private var gainTransposed: [Double]
  private var gain: [Double]
  private var wide: [Double]
  private var kept: [Double]
  private var square: [Double]
  private var signal: [Double]
  private var factor: [Double]
  private var channelSquare: [Double]
  private var channelSquare2: [Double]
  private var stateWide: [Double]
  private var stateSquare: [Double]
  private var stateLoadings: [Double]
  private var loadings2: [Double]

  init(
    _ model: StackedModel, _ input: RecognitionInput, _ options: KalmanScheme.Options
  ) throws(LinearAlgebraError) {
    self.model = model
    self.input = input
    self.options = options
    let (n, nx, l, d) = (model.size, model.stateCount, model.channels, model.diffuseCount)
    trace = FilterTrace(model, samples: input.data.rows)
    information = DiffuseInformation(size: d)
    updated = information
    present = try PresentData(model.dataCovariance, channels: l)
    func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
    (mean, filtered, point, shift) = (zeros(n), zeros(n), zeros(n), zeros(n))
    (covariance, spread, kept, square) = (zeros(n * n), zeros(n * n), zeros(n * n), zeros(n * n))
    (loadings, filteredLoadings, loadings2) = (zeros(n * d), zeros(n * d), zeros(n * d))
    (center, gradient, score, change) = (zeros(d), zeros(d), zeros(d), zeros(d * d))
    (innovation, weighted, residual, channelWork) = (zeros(l), zeros(l), zeros(l), zeros(l))
    (channelLoadings, channelLoadings2) = (zeros(l * d), zeros(l * d))
    (output, gainTransposed, gain, wide) = (zeros(l * n), zeros(l * n), zeros(n * l), zeros(l * n))
    (signal, factor) = (zeros(l * l), zeros(l * l))
    (channelSquare, channelSquare2) = (zeros(l * l), zeros(l * l))
    (stateWide, stateSquare, stateLoadings) = (zeros(nx * n), zeros(nx * nx), zeros(nx * d))
    for a in 0..<nx {
      mean[a] = model.initialStates[a]
      for k in 0..<d { loadings[a * d + k] = model.diffuseDirections[a * d + k] }
    }
    setCovariance(model.initialCovariance)
  }

  /// Takes the states' covariance and puts that of the coming draws beside it.
  private mutating func setCovariance(_ states: [Double]) {
    let (n, nx, nv) = (model.size, model.stateCount, model.causeCount)
    for a in 0..<nx {
      for b in 0..<nx { covariance[a * n + b] = states[a * nx + b] }
      for b in nx..<n {
        covariance[a * n + b] = 0
        covariance[b * n + a] = 0
      }
    }
    for a in 0..<nv {
      for b in 0..<nv {
        covariance[(nx + a) * n + nx + b] = model.causeCovariance[a * nv + b]
      }
    }
  }

  /// Filters one sample and predicts the next.
  mutating func step(_ sample: Int) throws(LinearAlgebraError) {
    let (n, l, d) = (model.size, model.channels, model.diffuseCount)
    try present.read(input.data.values, sample * l)
    try update(sample)
    for (index, value) in filtered.enumerated() where !value.isFinite {
      throw .notFinite(row: index, column: 0)
    }
    let before = information
    information = updated
    record(before)
    for k in 0..<d { center[k] += gradient[k] }
    KalmanKernels.store(filtered, sample * n, into: &trace.means)
    KalmanKernels.store(spread, sample * n * n, into: &trace.covariances)
    KalmanKernels.store(filteredLoadings, sample * n * d, into: &trace.loadings)
    KalmanKernels.store(center, sample * d, into: &trace.centers)
    KalmanKernels.store(gain, sample * n * l, into: &trace.gains)
    KalmanKernels.store(factor, sample * l * l, into: &trace.factors)
    KalmanKernels.store(innovation, sample * l, into: &trace.innovations)
    KalmanKernels.store(channelLoadings, sample * l * d, into: &trace.innovationLoadings)
    KalmanKernels.store(residual, sample * l, into: &trace.residuals)
    if !trace.isConstant {
      KalmanKernels.store(output, sample * l * n, into: &trace.outputs)
    } else if sample == 0 {
      trace.outputs = model.outputJacobian
    }
    trace.completed = sample + 1
    if sample + 1 < input.data.rows { predict(sample) }
  }

  /// The filtered moments; on return `gradient` is the change of δ and `channelLoadings2` is F⁻¹ G.
  private mutating func update(_ sample: Int) throws(LinearAlgebraError) {
    let (n, l) = (model.size, model.channels)
    KalmanKernels.load(mean, 0, into: &point)
    model.evaluate(point, prior: input.prior, sample: sample, jacobians: true)
    var energy = model.isAffine ? 0 : squaredError(sample)
    for iteration in 1...max(options.updates, 1) {
      for a in 0..<n { shift[a] = mean[a] - point[a] }
      for row in 0..<l {
        let isPresent = present.isPresent[row]
        var expected = model.outputs[row]
        for a in 0..<n {
          let entry = isPresent ? model.outputJacobian[row * n + a] : 0
          output[row * n + a] = entry
          expected += entry * shift[a]
        }
        innovation[row] = isPresent ? input.data.values[sample * l + row] - expected : 0
      }
      try gainAndMoments()
      if model.isAffine || iteration == max(options.updates, 1) { break }
      // Another linearisation is worth while only where the last one lowered the energy.
      model.evaluate(filtered, prior: input.prior, sample: sample, jacobians: true)
      let now = squaredError(sample) + departure()
      guard now < energy else { break }
      let (old, tolerance) = (energy, 1e-10)
      energy = now
      for a in 0..<n { shift[a] = filtered[a] - point[a] }
      if old - now <= tolerance * (1 + abs(old)) { break }
      KalmanKernels.load(filtered, 0, into: &point)
    }
    KalmanKernels.load(innovation, 0, into: &residual)
    for a in 0..<n { shift[a] = mean[a] - filtered[a] }
    KalmanKernels.product(output, shift, into: &residual, l, n, 1, adding: true)
    // The covariance given δ in Joseph's form, symmetric and non-negative.
    KalmanKernels.product(gain, output, into: &kept, n, l, n)
    for index in kept.indices { kept[index] = -kept[index] }
    for a in 0..<n { kept[a * n + a] += 1 }
    KalmanKernels.product(kept, covariance, into: &square, n, n, n)
    KalmanKernels.productTransposed(square, kept, into: &spread, n, n, n)
    KalmanKernels.product(gain, present.noise, into: &wide, n, l, l)
    KalmanKernels.productTransposed(wide, gain, into: &spread, n, l, n, adding: true)
    KalmanKernels.symmetrize(&spread, n)
  }

  /// F, K, the filtered mean and its loadings at the present linearisation.
  private mutating func gainAndMoments() throws(LinearAlgebraError) {
    let (n, l, d) = (model.size, model.channels, model.diffuseCount)
    KalmanKernels.product(output, covariance, into: &gainTransposed, l, n, n)
    KalmanKernels.productTransposed(gainTransposed, output, into: &signal, l, n, l)
    KalmanKernels.symmetrize(&signal, l)
    for index in factor.indices { factor[index] = signal[index] + present.noise[index] }
    _ = try KalmanKernels.factor(&factor, l)
    KalmanKernels.solve(factor, &gainTransposed, l, n)
    for a in 0..<n {
      for row in 0..<l { gain[a * l + row] = gainTransposed[row * n + a] }
    }
    KalmanKernels.product(output, loadings, into: &channelLoadings, l, n, d)
    KalmanKernels.load(channelLoadings, 0, into: &channelLoadings2)
    KalmanKernels.solve(factor, &channelLoadings2, l, d)
    KalmanKernels.load(innovation, 0, into: &weighted)
    KalmanKernels.solve(factor, &weighted, l, 1)
    KalmanKernels.load(mean, 0, into: &filtered)
    KalmanKernels.product(gain, innovation, into: &filtered, n, l, 1, adding: true)
    KalmanKernels.product(gain, channelLoadings, into: &filteredLoadings, n, l, d)
    for index in loadings.indices {
      filteredLoadings[index] = loadings[index] - filteredLoadings[index]
    }
    if d > 0 {
      updated = information
      KalmanKernels.transposedProduct(channelLoadings, channelLoadings2, into: &change, d, l, d)
      try updated.add(change)
      KalmanKernels.transposedProduct(channelLoadings2, innovation, into: &score, d, l, 1)
      KalmanKernels.product(updated.inverse, score, into: &gradient, d, d, 1)
      KalmanKernels.product(filteredLoadings, gradient, into: &filtered, n, d, 1, adding: true)
    }
  }

  /// `eᵀ R⁻¹ e` at the point evaluated last.
  private mutating func squaredError(_ sample: Int) -> Double {
    let l = model.channels
    for row in 0..<l {
      residual[row] =
        present.isPresent[row] ? input.data.values[sample * l + row] - model.outputs[row] : 0
    }
    KalmanKernels.product(present.precision, residual, into: &weighted, l, l, 1)
    return KalmanKernels.dot(residual, weighted)
  }

  /// What the filtered mean costs against the prediction: `uᵀ (C P⁻ Cᵀ) u + δᵀ S δ`, for the shift
  /// `P⁻ Cᵀ u`, `u = F⁻¹(ν − G δ)`.
  private mutating func departure() -> Double {
    let (l, d) = (model.channels, model.diffuseCount)
    KalmanKernels.load(innovation, 0, into: &weighted)
    for row in 0..<l {
      for k in 0..<d { weighted[row] -= channelLoadings[row * d + k] * gradient[k] }
    }
    KalmanKernels.solve(factor, &weighted, l, 1)
    KalmanKernels.product(signal, weighted, into: &residual, l, l, 1)
    var sum = KalmanKernels.dot(weighted, residual)
    for a in 0..<d {
      for b in 0..<d { sum += gradient[a] * information.matrix[a * d + b] * gradient[b] }
    }
    return sum
  }

  /// The predicted moments of the next sample.
  private mutating func predict(_ sample: Int) {
    let (n, nx, d) = (model.size, model.stateCount, model.diffuseCount)
    model.advance(filtered, prior: input.prior, sample: sample, tolerance: options.tolerance)
    if !trace.isConstant || sample == 0 {
      let row = trace.row(sample)
      KalmanKernels.store(model.transition, row * nx * n, into: &trace.transitions)
      KalmanKernels.store(model.noise, row * nx * nx, into: &trace.noises)
    }
    for a in 0..<n { mean[a] = a < nx ? model.nextStates[a] : 0 }
    KalmanKernels.product(model.transition, spread, into: &stateWide, nx, n, n)
    KalmanKernels.load(model.noise, 0, into: &stateSquare)
    KalmanKernels.productTransposed(
      stateWide, model.transition, into: &stateSquare, nx, n, nx, adding: true)
    KalmanKernels.symmetrize(&stateSquare, nx)
    setCovariance(stateSquare)
    KalmanKernels.product(model.transition, filteredLoadings, into: &stateLoadings, nx, n, d)
    for index in loadings.indices {
      loadings[index] = index < nx * d ? stateLoadings[index] : 0
    }
  }

  /// F of the sample and its decompositions, from the predicted and the filtered density.
  private mutating func record(_ before: DiffuseInformation) {
    let (n, nx, l, d) = (model.size, model.stateCount, model.channels, model.diffuseCount)
    let constant = log(2 * Double.pi)
    let cells = Double(present.count) * constant
    // Given δ, for the evidence of the whole record.
    KalmanKernels.load(innovation, 0, into: &weighted)
    KalmanKernels.solve(factor, &weighted, l, 1)
    var logFactor = 0.0
    for row in 0..<l { logFactor += 2 * log(factor[row * l + row]) }
    var gained = 0.0
    for a in 0..<d {
      for b in 0..<d { gained += gradient[a] * information.matrix[a * d + b] * gradient[b] }
    }
    let fit = KalmanKernels.dot(innovation, weighted) - gained
    trace.square += fit
    trace.logInnovations += logFactor
    trace.presentCells += present.count
    trace.logNoises += present.logNoise

    // Accuracy: the filtered density's expected log likelihood.
    KalmanKernels.product(output, spread, into: &wide, l, n, n)
    KalmanKernels.productTransposed(wide, output, into: &channelSquare, l, n, l)
    KalmanKernels.product(output, filteredLoadings, into: &channelLoadings2, l, n, d)
    KalmanKernels.addSpread(of: channelLoadings2, information.inverse, l, d, to: &channelSquare)
    KalmanKernels.product(present.precision, residual, into: &weighted, l, l, 1)
    let accuracy =
      -0.5
      * (cells + present.logNoise + KalmanKernels.dot(residual, weighted)
        + KalmanKernels.dot(present.precision, channelSquare))

    let isProper = before.isComplete
    var entropy = 0.5 * (Double(information.rank) * (1 + constant) - information.logDeterminant)
    if information.isComplete {
      KalmanKernels.load(spread, 0, into: &square)
      KalmanKernels.addSpread(of: filteredLoadings, information.inverse, n, d, to: &square)
      entropy =
        0.5 * (Double(n) * (1 + constant) + KalmanKernels.logDeterminant(overwriting: &square, n))
    }
    let free: Double
    let complexity: Double
    let energy: Double
    if isProper {
      KalmanKernels.load(signal, 0, into: &channelSquare)
      KalmanKernels.addSpread(of: channelLoadings, before.inverse, l, d, to: &channelSquare)
      for index in channelSquare2.indices {
        channelSquare2[index] = channelSquare[index] + present.noise[index]
      }
      var logSpread = logFactor
      if d == 0 {
        KalmanKernels.load(factor, 0, into: &channelSquare2)
      } else {
        logSpread = (try? KalmanKernels.factor(&channelSquare2, l)) ?? .nan
      }
      KalmanKernels.load(innovation, 0, into: &weighted)
      KalmanKernels.solve(channelSquare2, &weighted, l, 1)
      KalmanKernels.product(channelSquare, weighted, into: &channelWork, l, l, 1)
      let moved = KalmanKernels.dot(weighted, channelWork)
      free = 0.5 * (cells + logSpread + KalmanKernels.dot(innovation, weighted))
      KalmanKernels.solve(channelSquare2, &channelSquare, l, l)
      var reduction = 0.0
      for row in 0..<l { reduction += channelSquare[row * l + row] }
      complexity = 0.5 * (logSpread - present.logNoise + moved - reduction)
      for a in 0..<nx {
        for b in 0..<nx { stateSquare[a * nx + b] = covariance[a * n + b] }
      }
      for index in stateLoadings.indices { stateLoadings[index] = loadings[index] }
      KalmanKernels.addSpread(of: stateLoadings, before.inverse, nx, d, to: &stateSquare)
      let logPrior =
        KalmanKernels.logDeterminant(overwriting: &stateSquare, nx) + model.logCauseCovariance
      energy = 0.5 * (Double(n) * (1 + constant) + logPrior + moved - reduction) - accuracy
    } else {
      // The prediction is flat along the directions that are not determined yet.
      free =
        0.5
        * (cells + logFactor + fit + information.logDeterminant - before.logDeterminant
          - Double(information.rank - before.rank) * constant)
      complexity = free + accuracy
      energy = free + entropy
    }
    terms.append(
      FreeEnergyTerms(
        freeEnergy: free, energy: energy, entropy: entropy, accuracy: accuracy,
        complexity: complexity, surprise: model.isAffine ? free : nil,
        divergence: model.isAffine ? 0 : nil, volume: model.isAffine ? 0 : nil))
  }
}
