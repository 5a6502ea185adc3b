internal import Foundation
public import TensorCore

/// Kalman filter and Rauch–Tung–Striebel smoother of a linear system sampled in time.
///
///     x_{j+1} = A x_j + b_j + w,  w ~ N(0, Q)        y_j = C x_j + c_j + z,  z ~ N(0, R)
///
/// A continuous model `ẋ = F x + …` with white noise of intensity W is discretised exactly over Δ
/// (`LinearSystem.init(drift:…)`). Cells of the data that are NaN are skipped. The covariances are
/// updated in Joseph's form, so they stay symmetric and non-negative.
///
/// References: Kalman 1960, J Basic Eng 82:35; Rauch, Tung & Striebel 1965, AIAA J 3:1445; Van Loan
/// 1978, IEEE Trans Autom Control 23:395 for the discretisation.
public struct KalmanFilter: Sendable {
  /// The system.
  public let system: LinearSystem

  /// Creates a filter.
  public init(_ system: LinearSystem) { self.system = system }

  /// Filters and smooths a record.
  ///
  /// - Parameters:
  ///   - data: y `[N × channels]`, NaN where nothing was measured.
  ///   - drive: b_j per step `[N × n]`, or nil for none; row j acts from sample j to j + 1.
  ///   - offset: c_j per sample `[N × channels]`, or nil for none.
  /// - Returns: filtered and smoothed means and covariances, and the log evidence.
  /// - Throws: `LinearAlgebraError` where a predicted covariance of data is not positive definite.
  public func run(
    data: Tensor<Double>, drive: Tensor<Double>? = nil, offset: Tensor<Double>? = nil
  ) throws(LinearAlgebraError) -> KalmanResult {
    let n = system.stateCount
    let samples = data.rows
    precondition(
      data.columns == system.outputCount,
      "data of shape \(data.shape) for \(system.outputCount) channels")
    var mean = system.initialMean
    var covariance = system.initialCovariance
    var result = KalmanResult()
    var predictedMeans: [Tensor<Double>] = []
    var predictedCovariances: [Tensor<Double>] = []
    for sample in 0..<samples {
      if sample > 0 {
        mean = LinearAlgebra.product(system.transition, mean)
        if let drive {
          for index in 0..<n { mean.values[index] += drive[sample - 1, index] }
        }
        covariance = Self.sandwich(system.transition, covariance, adding: system.processNoise)
      }
      predictedMeans.append(mean)
      predictedCovariances.append(covariance)
      let present = (0..<system.outputCount).filter { !data[sample, $0].isNaN }
      var evidence = 0.0
      if !present.isEmpty {
        let rows = Tensor(rows: present.map { row in (0..<n).map { system.output[row, $0] } })
        let noise = Tensor(
          rows: present.map { row in present.map { system.outputNoise[row, $0] } })
        let spread = Self.sandwich(rows, covariance, adding: noise)
        let factor = try CholeskyFactor(spread)
        let expected = LinearAlgebra.product(rows, mean)
        let innovation = Tensor(
          vector: present.indices.map {
            data[sample, present[$0]] - expected.values[$0] - (offset?[sample, present[$0]] ?? 0)
          })
        let weighted = factor.solve(innovation)
        var square = 0.0
        for index in present.indices { square += innovation.values[index] * weighted.values[index] }
        evidence =
          -0.5 * (square + factor.logDeterminant + Double(present.count) * log(2 * Double.pi))
        let gain = LinearAlgebra.transpose(
          factor.solve(LinearAlgebra.product(rows, covariance)))
        let shift = LinearAlgebra.product(gain, innovation)
        for index in 0..<n { mean.values[index] += shift.values[index] }
        var kept = LinearAlgebra.product(gain, rows)
        for index in kept.values.indices { kept.values[index] *= -1 }
        for index in 0..<n { kept[index, index] += 1 }
        covariance = Self.sandwich(kept, covariance, adding: Self.sandwich(gain, noise))
      }
      result.logEvidences.append(evidence)
      result.filteredMeans.append(mean)
      result.filteredCovariances.append(covariance)
    }
    result.means = result.filteredMeans
    result.covariances = result.filteredCovariances
    for sample in stride(from: samples - 2, through: 0, by: -1) {
      // G = P Aᵀ (P⁻)⁻¹, by solving with P⁻; a singular P⁻ has directions without noise.
      let predicted = predictedCovariances[sample + 1]
      let right = LinearAlgebra.product(system.transition, result.filteredCovariances[sample])
      let gain: Tensor<Double>
      if let factor = try? CholeskyFactor(predicted) {
        gain = LinearAlgebra.transpose(factor.solve(right))
      } else {
        gain = LinearAlgebra.transpose(
          LinearAlgebra.product(try LinearAlgebra.pseudoInverse(predicted), right))
      }
      var difference = result.means[sample + 1]
      var spread = result.covariances[sample + 1]
      for index in difference.values.indices {
        difference.values[index] -= predictedMeans[sample + 1].values[index]
      }
      for index in spread.values.indices { spread.values[index] -= predicted.values[index] }
      let shift = LinearAlgebra.product(gain, difference)
      let change = Self.sandwich(gain, spread)
      for index in 0..<n { result.means[sample].values[index] += shift.values[index] }
      for index in change.values.indices {
        result.covariances[sample].values[index] += change.values[index]
      }
    }
    return result
  }

  /// `A P Aᵀ + B`, made symmetric.
  static func sandwich(
    _ a: Tensor<Double>, _ p: Tensor<Double>, adding b: Tensor<Double>? = nil
  ) -> Tensor<Double> {
    var result = LinearAlgebra.product(LinearAlgebra.product(a, p), LinearAlgebra.transpose(a))
    if let b { for index in result.values.indices { result.values[index] += b.values[index] } }
    for row in 0..<result.rows {
      for column in 0..<row {
        let middle = 0.5 * (result[row, column] + result[column, row])
        result[row, column] = middle
        result[column, row] = middle
      }
    }
    return result
  }
}

/// What a Kalman filter and its smoother give.
public struct KalmanResult: Sendable {
  /// Smoothed means `[n]` per sample.
  public var means: [Tensor<Double>] = []
  /// Smoothed covariances `[n × n]` per sample.
  public var covariances: [Tensor<Double>] = []
  /// Filtered means per sample.
  public var filteredMeans: [Tensor<Double>] = []
  /// Filtered covariances per sample.
  public var filteredCovariances: [Tensor<Double>] = []
  /// `ln p(y_j | y_1 … y_{j−1})` per sample, in nats.
  public var logEvidences: [Double] = []

  /// `ln p(y)`, in nats.
  public var logEvidence: Double { logEvidences.reduce(0, +) }

  init() {}
}
