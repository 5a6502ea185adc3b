internal import Foundation
public import TensorCore

/// A linear Gaussian system in discrete time, for `KalmanFilter`.
public struct LinearSystem: Sendable, Hashable {
  /// A `[n × n]`.
  public var transition: Tensor<Double>
  /// Q `[n × n]`.
  public var processNoise: Tensor<Double>
  /// C `[channels × n]`.
  public var output: Tensor<Double>
  /// R `[channels × channels]`.
  public var outputNoise: Tensor<Double>
  /// The mean of the state at the first sample, `[n]`.
  public var initialMean: Tensor<Double>
  /// Its covariance `[n × n]`.
  public var initialCovariance: Tensor<Double>

  /// n.
  public var stateCount: Int { transition.rows }
  /// The number of channels.
  public var outputCount: Int { output.rows }

  /// Creates a system in discrete time.
  public init(
    transition: Tensor<Double>, processNoise: Tensor<Double>, output: Tensor<Double>,
    outputNoise: Tensor<Double>, initialMean: Tensor<Double>, initialCovariance: Tensor<Double>
  ) {
    let n = transition.rows
    precondition(
      transition.shape == .matrix(n, n) && processNoise.shape == .matrix(n, n)
        && output.columns == n && outputNoise.shape == .matrix(output.rows, output.rows)
        && initialMean.shape == .vector(n) && initialCovariance.shape == .matrix(n, n),
      "shapes \(transition.shape), \(processNoise.shape), \(output.shape) do not fit")
    self.transition = transition
    self.processNoise = processNoise
    self.output = output
    self.outputNoise = outputNoise
    self.initialMean = initialMean
    self.initialCovariance = initialCovariance
  }

  /// Discretises `dx = F x dt + dw`, `⟨dw dwᵀ⟩ = W dt`, exactly over a step Δ.
  ///
  ///     exp(Δ [[−F, W], [0, Fᵀ]]) = [[·, B], [0, Aᵀ]],   Q = A B
  ///
  /// - Parameters:
  ///   - drift: F `[n × n]`, per time unit.
  ///   - diffusion: W `[n × n]`, variance per time unit.
  ///   - step: Δ > 0, in time units.
  ///   - output: C `[channels × n]`.
  ///   - outputNoise: R `[channels × channels]`.
  ///   - initialMean: the mean of the state at the first sample.
  ///   - initialCovariance: its covariance.
  /// - Throws: `LinearAlgebraError.notFinite` where the exponential overflows.
  public init(
    drift: Tensor<Double>, diffusion: Tensor<Double>, step: Double, output: Tensor<Double>,
    outputNoise: Tensor<Double>, initialMean: Tensor<Double>, initialCovariance: Tensor<Double>
  ) throws(LinearAlgebraError) {
    let n = drift.rows
    var block = [Double](repeating: 0, count: 4 * n * n)
    for row in 0..<n {
      for column in 0..<n {
        block[row * 2 * n + column] = -drift[row, column]
        block[row * 2 * n + n + column] = diffusion[row, column]
        block[(n + row) * 2 * n + n + column] = drift[column, row]
      }
    }
    var values = [Double](repeating: 0, count: 4 * n * n)
    var exponential = MatrixExponential(dimension: 2 * n)
    var target = values.mutableSpan
    guard exponential.exponential(of: block.span, scale: step, into: &target) else {
      throw .notFinite(row: 0, column: 0)
    }
    var transition = Tensor<Double>(repeating: 0, shape: .matrix(n, n))
    var corner = transition
    for row in 0..<n {
      for column in 0..<n {
        transition[row, column] = values[(n + column) * 2 * n + n + row]
        corner[row, column] = values[row * 2 * n + n + column]
      }
    }
    var noise = LinearAlgebra.product(transition, corner)
    for row in 0..<n {
      for column in 0..<row {
        let middle = 0.5 * (noise[row, column] + noise[column, row])
        noise[row, column] = middle
        noise[column, row] = middle
      }
    }
    self.init(
      transition: transition, processNoise: noise, output: output, outputNoise: outputNoise,
      initialMean: initialMean, initialCovariance: initialCovariance)
  }
}
