package import TensorCore

/// Simulated magnetoencephalography: error units seen by sensors outside the head.
///
/// Each of 306 sensors sees a fixed random mixture of all units (the lead field) in five windows of
/// 100 ms per token. Units are first given variance 1 over the song, so that none drowns the
/// others; within a token they run straight from one sample to the next, read at the middle of each
/// window. White noise is added at a stated ratio of powers. Prediction errors are what superficial
/// pyramidal cells are thought to signal, and these dominate what sensors see (Friston 2005), which
/// is why error units are taken here.
///
/// A response thus holds units of its own sample and of the next. The last response before a
/// held-out block would already hold that block's first units, so that cross-validation leaves
/// `CrossValidation.gap` samples on either side of a block out, whatever is encoded from.
package struct SimulatedSensors: Sendable {
  /// The number of sensors of a whole-head system.
  package var sensors = 306
  /// The number of windows per token.
  package var windows = 5
  /// The power of the signal over that of the noise.
  package var signalToNoise = 0.1

  /// Creates the arrangement of the comparison.
  package init() {}

  /// The number of responses per token.
  package var responseCount: Int { sensors * windows }

  /// Measures units.
  ///
  /// - Parameters:
  ///   - units: the activity at every sample `[N + 1 × units]`, one more than there are tokens.
  ///   - source: the random numbers of lead field and noise.
  /// - Returns: the responses `[N × windows · sensors]`, window by window.
  package func measure(_ units: Tensor<Double>, from source: RandomSource) -> Tensor<Double> {
    precondition(units.rows >= 2, "\(units.rows) samples of units")
    let standard = Standardization(units).apply(units)
    let (tokens, count) = (units.rows - 1, units.columns)
    var fieldSource = source.split("lead field"), noiseSource = source.split("noise")
    // Columns of length √(1/units) on average give every sensor a signal of power about 1.
    let scale = 1 / Double(max(1, count)).squareRoot()
    let field = Tensor(
      shape: .matrix(count, sensors),
      values: fieldSource.normals(count * sensors).map { $0 * scale })
    var parts: [Tensor<Double>] = []
    for window in 0..<windows {
      let share = (Double(window) + 0.5) / Double(windows)
      var within: [Double] = []
      within.reserveCapacity(tokens * count)
      for index in 0..<(tokens * count) {
        within.append(
          (1 - share) * standard.values[index] + share * standard.values[index + count])
      }
      parts.append(
        LinearAlgebra.product(Tensor(shape: .matrix(tokens, count), values: within), field))
    }
    var responses = Tensor.sideBySide(parts)
    let power = responses.values.reduce(0) { $0 + $1 * $1 } / Double(responses.values.count)
    let deviation = (power / signalToNoise).squareRoot()
    for index in responses.values.indices {
      responses.values[index] += deviation * noiseSource.normal()
    }
    return responses
  }
}
