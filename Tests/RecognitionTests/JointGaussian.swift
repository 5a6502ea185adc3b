import Foundation
import TensorCore

@testable import Recognition

/// The joint density of all samples of a linear hierarchical model, solved densely.
///
///     ẋ = J x + B v + c + w   (v held between samples)     v_j = M x_j + e_j + ζ_j     y_j = C x_j + D v_j + z_j
///
/// The unknowns are u = (x_1, ζ_1 … ζ_N, w_1 … w_{N−1}); the step to the next sample is Van Loan's.
struct JointGaussian {
  var drift: Tensor<Double>
  var input: Tensor<Double>
  var constant: [Double]
  var diffusion: Tensor<Double>
  var causesByState: Tensor<Double>
  var causeOffset: [Double]
  var causeCovariance: [Double]
  var output: Tensor<Double>
  var direct: Tensor<Double>
  var outputVariance: [Double]
  var start: [Double]
  /// Prior precisions of x_1; zero is flat with density one.
  var startPrecision: [Double]
  var step: Double

  struct Solution {
    var states: [[Double]] = []
    var stateSpreads: [Tensor<Double>] = []
    var causes: [[Double]] = []
    var causeSpreads: [Tensor<Double>] = []
    var logEvidence = 0.0
    var accuracy = 0.0
    var complexity = 0.0
  }

  /// A, ∫e^{Js}ds and Q of a step.
  func discretization() throws -> (a: Tensor<Double>, phi: Tensor<Double>, q: Tensor<Double>) {
    let n = drift.rows
    func system(_ drift: Tensor<Double>, _ diffusion: Tensor<Double>) throws -> LinearSystem {
      let size = drift.rows
      return try LinearSystem(
        drift: drift, diffusion: diffusion, step: step,
        output: Tensor(repeating: 0, shape: .matrix(1, size)), outputNoise: .identity(1),
        initialMean: Tensor(repeating: 0, shape: .vector(size)),
        initialCovariance: .identity(size))
    }
    let plain = try system(drift, diffusion)
    var wide = Tensor<Double>(repeating: 0, shape: .matrix(2 * n, 2 * n))
    for a in 0..<n {
      for b in 0..<n { wide[a, b] = drift[a, b] }
      wide[a, n + a] = 1
    }
    let held = try system(wide, Tensor(repeating: 0, shape: .matrix(2 * n, 2 * n)))
    var phi = Tensor<Double>(repeating: 0, shape: .matrix(n, n))
    for a in 0..<n { for b in 0..<n { phi[a, b] = held.transition[a, n + b] } }
    return (plain.transition, phi, plain.processNoise)
  }

  func solve(_ data: Tensor<Double>) throws -> Solution {
    let (n, m, samples) = (drift.rows, causesByState.rows, data.rows)
    let (a, phi, q) = try discretization()
    let count = n + samples * m + (samples - 1) * n
    // Affine maps [rows × (count + 1)] of x_j and v_j on u, the constant last.
    func zero(_ rows: Int) -> Tensor<Double> {
      Tensor(repeating: 0, shape: .matrix(rows, count + 1))
    }
    func sum(_ parts: [Tensor<Double>]) -> Tensor<Double> {
      var result = parts[0]
      for part in parts.dropFirst() {
        for index in result.values.indices { result.values[index] += part.values[index] }
      }
      return result
    }
    var x = zero(n)
    for k in 0..<n { x[k, k] = 1 }
    var (xs, vs): ([Tensor<Double>], [Tensor<Double>]) = ([], [])
    for j in 0..<samples {
      var v = LinearAlgebra.product(causesByState, x)
      for k in 0..<m {
        v[k, n + j * m + k] += 1
        v[k, count] += causeOffset[k]
      }
      xs.append(x)
      vs.append(v)
      if j + 1 == samples { break }
      var held = LinearAlgebra.product(input, v)
      for k in 0..<n { held[k, count] += constant[k] }
      var fluctuation = zero(n)
      for k in 0..<n { fluctuation[k, n + samples * m + j * n + k] = 1 }
      x = sum([LinearAlgebra.product(a, x), LinearAlgebra.product(phi, held), fluctuation])
    }
    // Prior precision and mean of u, and the proper part of its log density.
    var precision = Tensor<Double>(repeating: 0, shape: .matrix(count, count))
    var logPrior = 0.0
    func proper(_ variance: Double) { logPrior -= 0.5 * log(2 * Double.pi * variance) }
    for k in 0..<n where startPrecision[k] > 0 {
      precision[k, k] = startPrecision[k]
      proper(1 / startPrecision[k])
    }
    for j in 0..<samples {
      for k in 0..<m {
        precision[n + j * m + k, n + j * m + k] = 1 / causeCovariance[k]
        proper(causeCovariance[k])
      }
    }
    let inverse = n == 0 ? q : try LinearAlgebra.inversePositiveDefinite(q)
    for j in 0..<(samples - 1) {
      let first = n + samples * m + j * n
      for k in 0..<n { for l in 0..<n { precision[first + k, first + l] = inverse[k, l] } }
      logPrior -= 0.5 * Double(n) * log(2 * Double.pi)
      logPrior -= 0.5 * (n == 0 ? 0 : try LinearAlgebra.logDeterminantPositiveDefinite(q))
    }
    var mean = [Double](repeating: 0, count: count)
    for k in 0..<n { mean[k] = start[k] }
    var design: [[Double]] = []
    var target: [Double] = []
    var weights: [Double] = []
    for j in 0..<samples {
      let y = sum([LinearAlgebra.product(output, xs[j]), LinearAlgebra.product(direct, vs[j])])
      for channel in 0..<data.columns where !data[j, channel].isNaN {
        design.append((0..<count).map { y[channel, $0] })
        target.append(data[j, channel] - y[channel, count])
        weights.append(1 / outputVariance[channel])
      }
    }
    var posterior = precision
    var right = LinearAlgebra.product(precision, Tensor(vector: mean))
    for (row, entries) in design.enumerated() {
      for k in 0..<count where entries[k] != 0 {
        right.values[k] += entries[k] * weights[row] * target[row]
        for l in 0..<count { posterior[k, l] += entries[k] * weights[row] * entries[l] }
      }
    }
    let factor = try CholeskyFactor(posterior)
    let estimate = factor.solve(right)
    let spread = factor.inverse
    let shift = zip(estimate.values, mean).map { $0 - $1 }
    let weighted = LinearAlgebra.product(precision, Tensor(vector: shift)).values
    let priorCost = 0.5 * zip(weighted, shift).reduce(0) { $0 + $1.0 * $1.1 } - logPrior
    var fit = 0.0
    var fitSpread = 0.0
    for (row, entries) in design.enumerated() {
      let error = target[row] - zip(entries, estimate.values).reduce(0) { $0 + $1.0 * $1.1 }
      fit += 0.5 * (log(2 * Double.pi / weights[row]) + weights[row] * error * error)
      let moved = LinearAlgebra.product(spread, Tensor(vector: entries)).values
      fitSpread += 0.5 * weights[row] * zip(moved, entries).reduce(0) { $0 + $1.0 * $1.1 }
    }
    var trace = 0.0
    for index in precision.values.indices {
      trace += 0.5 * precision.values[index] * spread.values[index]
    }
    let constant = log(2 * Double.pi)
    var solution = Solution()
    solution.logEvidence =
      -fit - priorCost + 0.5 * (Double(count) * constant - factor.logDeterminant)
    solution.accuracy = -fit - fitSpread
    solution.complexity =
      priorCost + trace - 0.5 * (Double(count) * (1 + constant) - factor.logDeterminant)
    func moments(_ map: Tensor<Double>) -> ([Double], Tensor<Double>) {
      var linear = Tensor<Double>(repeating: 0, shape: .matrix(map.rows, count))
      for row in 0..<map.rows { for k in 0..<count { linear[row, k] = map[row, k] } }
      var value = LinearAlgebra.product(linear, estimate).values
      for row in 0..<map.rows { value[row] += map[row, count] }
      let half = LinearAlgebra.product(linear, spread)
      return (value, LinearAlgebra.product(half, LinearAlgebra.transpose(linear)))
    }
    for j in 0..<samples {
      let (state, cause) = (moments(xs[j]), moments(vs[j]))
      solution.states.append(state.0)
      solution.stateSpreads.append(state.1)
      solution.causes.append(cause.0)
      solution.causeSpreads.append(cause.1)
    }
    return solution
  }

  /// `SampleModels.linearTwoLevel` with its states and causes stacked.
  static func twoLevel(startPrecision: [Double]) -> JointGaussian {
    JointGaussian(
      drift: Tensor(rows: [[-0.5, 0.4, 0], [-0.3, -0.6, 0], [0, 0, -0.7]]),
      input: Tensor(rows: [[1, 0], [0.2, 0], [0, 1]]), constant: [0.1, -0.2, 0],
      diffusion: .diagonal([1.0 / 3, 1.0 / 3, 1.0 / 5]),
      causesByState: Tensor(rows: [[0, 0, 1], [0, 0, 0]]), causeOffset: [0.3, 0.2],
      causeCovariance: [1.0 / 2, 1 / 1.5],
      output: Tensor(rows: [[1, 0.5, 0], [0.3, -1, 0]]),
      direct: Tensor(rows: [[0.1, 0], [0.4, 0]]), outputVariance: [0.25, 0.25],
      start: [0, 0, 0], startPrecision: startPrecision, step: 0.5)
  }
}
