internal import Foundation
internal import TensorCore

/// The smoother: the states of every sample from all the data.
///
///     u_j = F_j⁻¹ ν_j − K_jᵀ r_j          r_{j−1} = Tᵀ(r_j + Cᵀ u_j)          mean = m_j + P_j r_j
///     N_{j−1} = Tᵀ(Cᵀ F⁻¹ C + (I − K C)ᵀ N_j (I − K C)) T        covariance = P_j − P_j N_j P_j
///
/// with m_j and P_j of the filter: the Rauch–Tung–Striebel smoother in the form of de Jong 1989 (J Am
/// Stat Assoc 84:1085), which inverts no predicted covariance and so holds where that is singular.
/// The columns of the diffuse directions take the same way, and `S⁻¹` adds their uncertainty.
struct BackwardPass {
  /// Smoothed means `[N × n]` and covariances `[N × n × n]`.
  private(set) var means: [Double]
  private(set) var covariances: [Double]
  /// Per sample, what moved the states on the way to the next one: `Q⁻¹ w` and w `[N × n_x]`.
  private(set) var weightedFluctuations: [Double]
  private(set) var fluctuations: [Double]
  /// The parts of the evidence.
  private(set) var evidence: EvidenceParts

  init(
    _ trace: FilterTrace, _ information: DiffuseInformation, _ data: Tensor<Double>,
    _ present: PresentData
  ) throws(LinearAlgebraError) {
    let (n, nx, l, d) = (trace.size, trace.stateCount, trace.channels, trace.diffuse)
    let count = trace.completed
    var present = present
    func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
    means = zeros(count * n)
    covariances = zeros(count * n * n)
    weightedFluctuations = zeros(count * nx)
    fluctuations = zeros(count * nx)
    var center = zeros(d)
    if count > 0 { KalmanKernels.load(trace.centers, (count - 1) * d, into: &center) }
    // What the samples to come say: r, N and the loadings of r on δ.
    var (future, futureSpread, futureLoadings) = (zeros(n), zeros(n * n), zeros(n * d))
    var (filtered, spread, loadings, gain) = (zeros(n), zeros(n * n), zeros(n * d), zeros(n * l))
    var (factor, error, errorLoadings) = (zeros(l * l), zeros(l), zeros(l * d))
    var (output, weighted, residual) = (zeros(l * n), zeros(l * n), zeros(l))
    var (transition, noise, kept, square) = (
      zeros(nx * n), zeros(nx * nx), zeros(n * n), zeros(n * n)
    )
    var (mean, covariance, move) = (zeros(n), zeros(n * n), zeros(d))
    var (wide, channelSquare, channelSquare2) = (zeros(n * l), zeros(l * l), zeros(l * l))
    var (states, stateSpread, stateWide, stateLoadings) = (
      zeros(nx), zeros(nx * nx), zeros(nx * n), zeros(nx * d)
    )
    var fluctuation = zeros(nx)
    var channelWork = zeros(l)
    let constant = log(2 * Double.pi)
    var accuracy = 0.0
    var distance = trace.square + trace.logInnovations - trace.logNoises + Double(d)
    if d > 0 { distance += information.logDeterminant - Double(d) * (1 + constant) }

    for sample in stride(from: count - 1, through: 0, by: -1) {
      try present.read(data.values, sample * l)
      KalmanKernels.load(trace.means, sample * n, into: &filtered)
      KalmanKernels.load(trace.covariances, sample * n * n, into: &spread)
      KalmanKernels.load(trace.loadings, sample * n * d, into: &loadings)
      KalmanKernels.load(trace.gains, sample * n * l, into: &gain)
      KalmanKernels.load(trace.factors, sample * l * l, into: &factor)
      KalmanKernels.load(trace.outputs, trace.row(sample) * l * n, into: &output)
      for row in 0..<l where !present.isPresent[row] {
        for a in 0..<n { output[row * n + a] = 0 }
      }

      // Smoothed moments.
      KalmanKernels.load(filtered, 0, into: &mean)
      for k in 0..<d { move[k] = center[k] - trace.centers[sample * d + k] }
      KalmanKernels.product(loadings, move, into: &mean, n, d, 1, adding: true)
      KalmanKernels.product(spread, future, into: &mean, n, n, 1, adding: true)
      KalmanKernels.product(futureSpread, spread, into: &square, n, n, n)
      KalmanKernels.product(spread, square, into: &covariance, n, n, n)
      for index in covariance.indices { covariance[index] = spread[index] - covariance[index] }
      KalmanKernels.product(spread, futureLoadings, into: &loadings, n, n, d, adding: true)
      KalmanKernels.addSpread(of: loadings, information.inverse, n, d, to: &covariance)
      KalmanKernels.symmetrize(&covariance, n)
      KalmanKernels.store(mean, sample * n, into: &means)
      KalmanKernels.store(covariance, sample * n * n, into: &covariances)

      // The expected log likelihood of the sample.
      KalmanKernels.load(trace.residuals, sample * l, into: &residual)
      for a in 0..<n { filtered[a] -= mean[a] }
      KalmanKernels.product(output, filtered, into: &residual, l, n, 1, adding: true)
      KalmanKernels.product(output, covariance, into: &weighted, l, n, n)
      KalmanKernels.productTransposed(weighted, output, into: &channelSquare, l, n, l)
      KalmanKernels.product(present.precision, residual, into: &channelWork, l, l, 1)
      accuracy -=
        0.5
        * (Double(present.count) * constant + present.logNoise
          + KalmanKernels.dot(residual, channelWork)
          + KalmanKernels.dot(present.precision, channelSquare))

      // u, its loadings on δ and its spread, which the divergence from the prior is made of.
      for k in 0..<d {
        move[k] = center[k] - (sample > 0 ? trace.centers[(sample - 1) * d + k] : 0)
      }
      KalmanKernels.load(trace.innovations, sample * l, into: &error)
      KalmanKernels.load(trace.innovationLoadings, sample * l * d, into: &errorLoadings)
      for row in 0..<l {
        for k in 0..<d { error[row] -= errorLoadings[row * d + k] * move[k] }
      }
      KalmanKernels.solve(factor, &error, l, 1)
      KalmanKernels.solve(factor, &errorLoadings, l, d)
      for index in errorLoadings.indices { errorLoadings[index] = -errorLoadings[index] }
      for row in 0..<l {
        for a in 0..<n {
          let entry = gain[a * l + row]
          error[row] -= entry * future[a]
          for k in 0..<d { errorLoadings[row * d + k] -= entry * futureLoadings[a * d + k] }
        }
      }
      KalmanKernels.product(futureSpread, gain, into: &wide, n, n, l)
      KalmanKernels.transposedProduct(gain, wide, into: &channelSquare, l, n, l)
      for index in channelSquare2.indices { channelSquare2[index] = index / l == index % l ? 1 : 0 }
      KalmanKernels.solve(factor, &channelSquare2, l, l)
      for index in channelSquare.indices { channelSquare[index] += channelSquare2[index] }
      KalmanKernels.product(present.noise, error, into: &channelWork, l, l, 1)
      distance += KalmanKernels.dot(channelSquare, present.noise) - Double(l)
      distance -= KalmanKernels.dot(error, channelWork)
      if d > 0 {
        for index in channelSquare.indices { channelSquare[index] = 0 }
        KalmanKernels.addSpread(of: errorLoadings, information.inverse, l, d, to: &channelSquare)
        distance -= KalmanKernels.dot(channelSquare, present.noise)
      }

      if sample == 0 { break }
      // What this sample and all after it say about the state before this sample's data …
      KalmanKernels.transposedProduct(output, error, into: &future, n, l, 1, adding: true)
      KalmanKernels.transposedProduct(
        output, errorLoadings, into: &futureLoadings, n, l, d, adding: true)
      KalmanKernels.product(gain, output, into: &kept, n, l, n)
      for index in kept.indices { kept[index] = -kept[index] }
      for a in 0..<n { kept[a * n + a] += 1 }
      KalmanKernels.product(futureSpread, kept, into: &square, n, n, n)
      KalmanKernels.transposedProduct(kept, square, into: &futureSpread, n, n, n)
      KalmanKernels.load(output, 0, into: &weighted)
      KalmanKernels.solve(factor, &weighted, l, n)
      KalmanKernels.transposedProduct(output, weighted, into: &futureSpread, n, l, n, adding: true)
      KalmanKernels.symmetrize(&futureSpread, n)
      // … and through the step about the one before.
      let row = trace.row(sample - 1)
      KalmanKernels.load(trace.transitions, row * nx * n, into: &transition)
      KalmanKernels.load(trace.noises, row * nx * nx, into: &noise)
      for a in 0..<nx {
        states[a] = future[a]
        for b in 0..<nx { stateSpread[a * nx + b] = futureSpread[a * n + b] }
        for k in 0..<d { stateLoadings[a * d + k] = futureLoadings[a * d + k] }
      }
      KalmanKernels.product(noise, states, into: &fluctuation, nx, nx, 1)
      KalmanKernels.store(states, (sample - 1) * nx, into: &weightedFluctuations)
      KalmanKernels.store(fluctuation, (sample - 1) * nx, into: &fluctuations)
      KalmanKernels.transposedProduct(transition, states, into: &future, n, nx, 1)
      KalmanKernels.transposedProduct(transition, stateLoadings, into: &futureLoadings, n, nx, d)
      KalmanKernels.product(stateSpread, transition, into: &stateWide, nx, nx, n)
      KalmanKernels.transposedProduct(transition, stateWide, into: &futureSpread, n, nx, n)
    }
    evidence = EvidenceParts(
      accuracy: accuracy,
      complexities: [EvidenceParts.Complexity(block: "states", value: 0.5 * distance)])
  }
}
