internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The exact marginal density of ỹ under a linear Gaussian model in generalised coordinates.
///
/// All whitened errors are one affine map of what is unknown and what is given,
///
///     Π̃^{½} ε̃ = W_u u + W_y ỹ + W_η η̃ + w₀ ,
///
/// and the orthogonal factor of `[W_u  W_y  W_η  w₀]` separates them: its second row block is the
/// square root of the marginal precision of ỹ, the first gives the posterior mean of u, and what is
/// left below does not depend on ỹ. Nothing is inverted, so wide and narrow precisions may mix.
/// With n = d the determinants of the first two blocks make up `|Π̃|^{½} Π |det f_x|ⁿ`, the volume
/// of mathematics §3; with d < n the volume also holds the density of the causes' missing orders.
struct LinearGaussianEvidence {
  private let unitCount: Int
  private let dataCount: Int
  private let priorCount: Int
  private let upper: Tensor<Double>
  /// −ln of the normalisers of all errors.
  private let normalizer: Double

  /// Prepares the marginal density; nil where the model is not linear and Gaussian with precisions
  /// at hand, or where the data have no proper density (a singular f_x).
  init?(_ dynamics: RecognitionDynamics) throws(RecognitionError) {
    let isHeld = dynamics.layout.levels.allSatisfy {
      $0.parameters.isEmpty && $0.logPrecisions.isEmpty
    }
    guard isHeld, dynamics.isLinear else { return nil }
    let zero = [Double](repeating: 0, count: dynamics.layout.count)
    let noData = GeneralizedVector(orders: dynamics.data.orders, channels: dynamics.data.channels)
    let noPrior = GeneralizedVector(
      orders: dynamics.prior.orders, channels: dynamics.prior.channels)
    unitCount = dynamics.layout.stateUnitCount
    dataCount = noData.values.count
    priorCount = noPrior.values.count

    func errors(
      _ data: GeneralizedVector, _ prior: GeneralizedVector
    ) throws(RecognitionError) -> [Double] {
      try dynamics.errorBlocks(zero, data: data, prior: prior, withJacobian: false)
        .flatMap(\.whitened)
    }
    let blocks = try dynamics.errorBlocks(
      zero, data: noData, prior: noPrior, withJacobian: true)
    let constant = blocks.flatMap(\.whitened)
    var columns: [[Double]] = []
    for unit in 0..<unitCount {
      columns.append(
        blocks.flatMap { block -> [Double] in
          guard let jacobian = block.whitenedJacobian else { return [] }
          return (0..<jacobian.rows).map { jacobian[$0, unit] }
        })
    }
    // The map is affine, so unit vectors read off its columns.
    for (vector, isData) in [(noData, true), (noPrior, false)] {
      for index in vector.values.indices {
        var moved = vector
        moved.values[index] = 1
        let shifted = try isData ? errors(moved, noPrior) : errors(noData, moved)
        columns.append(zip(shifted, constant).map { $0 - $1 })
      }
    }
    columns.append(constant)
    var matrix = Tensor<Double>(
      repeating: 0, shape: .matrix(constant.count, columns.count))
    for (column, entries) in columns.enumerated() {
      for (row, entry) in entries.enumerated() { matrix[row, column] = entry }
    }
    let factor = OrthogonalFactor(matrix)
    if let dependent = factor.dependentColumn, dependent < unitCount + dataCount { return nil }
    upper = factor.upper
    normalizer = blocks.reduce(0) { $0 + $1.normalizer }
  }

  /// −ln p(ỹ) and the volume term, in nats.
  func evaluate(
    data: GeneralizedVector, prior: GeneralizedVector
  ) -> (surprise: Double, volume: Double) {
    let given = data.values + prior.values + [1]
    let dataRows = unitCount..<(unitCount + dataCount)
    let size = upper.columns
    func rest(_ rows: Range<Int>) -> Double {
      rows.reduce(0) { total, row in
        var entry = 0.0
        for column in row..<size {
          entry += upper.values[row * size + column] * given[column - unitCount]
        }
        return total + entry * entry
      }
    }
    func logDiagonal(_ rows: Range<Int>) -> Double {
      rows.reduce(0) { $0 + log(abs(upper.values[$1 * size + $1])) }
    }
    let halfLog = 0.5 * log(2 * Double.pi)
    let surprise =
      0.5 * rest(dataRows) - logDiagonal(dataRows) + Double(dataCount) * halfLog
    // What does not depend on ỹ: the misfit of the conditions, and the scale of the map.
    let volume =
      0.5 * rest(dataRows.upperBound..<size) + normalizer + logDiagonal(0..<dataRows.upperBound)
      - Double(unitCount + dataCount) * halfLog
    return (surprise, volume)
  }

  /// E[u | ỹ], the exact posterior mean of all generalised states and causes.
  func posteriorMean(data: GeneralizedVector, prior: GeneralizedVector) -> [Double] {
    let given = data.values + prior.values + [1]
    let size = upper.columns
    var mean = [Double](repeating: 0, count: unitCount)
    for row in stride(from: unitCount - 1, through: 0, by: -1) {
      var total = 0.0
      for (index, value) in given.enumerated() {
        total -= upper.values[row * size + unitCount + index] * value
      }
      for column in (row + 1)..<max(unitCount, row + 1) {
        total -= upper.values[row * size + column] * mean[column]
      }
      mean[row] = total / upper.values[row * size + row]
    }
    return mean
  }
}
