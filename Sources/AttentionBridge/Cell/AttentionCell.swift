internal import Foundation
package import ODEEngine

/// One state unit μ whose error units ε_j = v_j − μ are weighted by precisions exp(s_j).
///
/// `ξ_j = e^{s_j} ε_j`, `μ̇ = Σ_j ξ_j + e^{s₀} (η − μ)`, with an optional prior of log-precision s₀
/// and mean η from the level above (mathematics §11, P1 and P2). It rests at
/// `μ* = (Σ_j e^{s_j} v_j + e^{s₀} η) / (Σ_j e^{s_j} + e^{s₀})`, without a prior `softmax(s) V`, and
/// approaches that as `μ(t) = μ* + (μ₀ − μ*) e^{−Zt}`, Z the sum of all precisions.
///
/// Time is scaled to `τ = t e^{max s}`, so that scores of any size can be integrated: then
/// `dμ/dτ = Σ_j e^{s_j − max s} ε_j + …`, and the rate is `Z e^{−max s}`, from 1 to T + 1.
package struct AttentionCell: Sendable, Equatable, ODESystem {
  /// The log-precisions s_j [T].
  package let logPrecisions: [Double]
  /// The values v_j [T][e].
  package let values: [[Double]]
  /// The prior from the level above.
  package let prior: Prior?
  /// The largest log-precision, by which time is scaled.
  package let scale: Double
  /// The precisions over e^{scale}: those of the values, then that of the prior.
  private let gains: [Double]

  /// An expectation of μ that comes from the level above.
  package struct Prior: Sendable, Equatable {
    /// The mean η [e].
    package var mean: [Double]
    /// The log-precision s₀.
    package var logPrecision: Double

    /// Creates a prior.
    package init(mean: [Double], logPrecision: Double) {
      self.mean = mean
      self.logPrecision = logPrecision
    }
  }

  /// Creates a cell; at least one precision has to be more than zero.
  package init(logPrecisions: [Double], values: [[Double]], prior: Prior? = nil) {
    precondition(
      logPrecisions.count == values.count && !values.isEmpty,
      "\(logPrecisions.count) precisions of \(values.count) values")
    precondition(
      prior == nil || prior?.mean.count == values[0].count,
      "a prior of \(prior?.mean.count ?? 0) numbers for values of \(values[0].count)")
    self.logPrecisions = logPrecisions
    self.values = values
    self.prior = prior
    let all = logPrecisions + (prior.map { [$0.logPrecision] } ?? [])
    let largest = all.max() ?? 0
    precondition(largest > -.infinity && largest < .infinity, "log-precisions up to \(largest)")
    scale = largest
    gains = all.map { exp($0 - largest) }
  }

  /// The cell of an attention problem: log-precisions are the scores.
  package init(_ problem: AttentionProblem, prior: Prior? = nil) {
    self.init(logPrecisions: problem.scores, values: problem.values, prior: prior)
  }

  private var targets: [[Double]] { values + (prior.map { [$0.mean] } ?? []) }

  /// The natural logarithm of the conditional precision Z.
  package var logPrecision: Double { scale + log(gains.reduce(0, +)) }

  /// The rate of recognition in scaled time, `Z e^{−max s}`.
  package var scaledRate: Double { gains.reduce(0, +) }

  /// Forty time constants in scaled time: e^{−40} is below the rounding of what is left then.
  package var restingTime: Double { 40 / scaledRate }

  /// The resting state μ* [e].
  package var rest: [Double] {
    let total = scaledRate
    return Vectors.mean(targets, weights: gains.map { $0 / total })
  }

  /// The closed-form state at scaled time τ, `μ* + (μ₀ − μ*) e^{−Zt}`.
  package func state(from start: [Double], at scaledTime: Double) -> [Double] {
    let (rest, decay) = (rest, exp(-scaledRate * scaledTime))
    return zip(rest, start).map { $0 + ($1 - $0) * decay }
  }

  /// The energy ½ Σ_j ξ_j·ε_j of the prediction errors over `e^{max s}`.
  package func scaledEnergy(at state: [Double]) -> Double {
    zip(targets, gains).reduce(0) { total, pair in
      let error = Vectors.sum(pair.0, -1, state)
      return total + 0.5 * pair.1 * Vectors.dot(error, error)
    }
  }

  // MARK: ODESystem

  package var dimension: Int { values[0].count }

  package func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    for index in 0..<dimension {
      var sum = 0.0
      for (key, value) in values.enumerated() where gains[key] != 0 {
        sum += gains[key] * (value[index] - state[index])
      }
      if let prior { sum += gains[values.count] * (prior.mean[index] - state[index]) }
      derivative[index] = sum
    }
  }

  package var providesJacobian: Bool { true }

  package func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    let rate = scaledRate
    for row in 0..<dimension {
      timeDerivative[row] = 0
      for column in 0..<dimension {
        jacobian[row * dimension + column] = row == column ? -rate : 0
      }
    }
  }

  package var isLinear: Bool { true }

  package func variableName(_ index: Int) -> String { "μ[\(index + 1)]" }
}
