internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The exact marginal density of ỹ under a linear Gaussian model in generalised coordinates.
///
/// The model is run forward: every generalised variable is written as a linear map of independent
/// standard sources, level by level from the top, and the covariance of what is observed follows from
/// an orthogonal factor of that map (mathematics §3). Where d < n the model's causes have no motion
/// beyond order d; those zeros are conditions on the joint density, and their own density belongs to
/// the volume term:
///
///     F* = −ln p(ỹ | zeros) + [ n Σ ln |det f_x| − ln p(zeros) ]  =  surprise + volume
struct LinearGaussianEvidence {

  private let sourceCount: Int
  private let priorCount: Int
  private let conditionCount: Int
  private let logVolume: Double
  private let observed: [[Double]]
  private let units: [[Double]]
  private let factor: OrthogonalFactor
  private let pseudoData: [Double]

  /// Prepares the marginal density; nil where the model is not linear and Gaussian, where a
  /// precision is singular, or where f_x is (such states have no stationary density).
  init?(_ dynamics: RecognitionDynamics) throws(RecognitionError) {
    let model = dynamics.model
    let isHeld = dynamics.layout.levels.allSatisfy {
      $0.parameters.isEmpty && $0.logPrecisions.isEmpty
    }
    guard isHeld, dynamics.isLinear else { return nil }
    let n = model.stateOrder
    let d = model.causeOrder
    let top = model.levels[model.levels.count - 1].outputs.count
    priorCount = n * top
    var total = 0
    for level in model.levels {
      total += n * level.outputs.count + n * level.states.count
      if level.statePriorPrecision != nil { total += n * level.states.count }
    }
    sourceCount = total
    let width = total + priorCount + 1
    var nextSource = 0

    /// Rows `[orders × k]` of independent noise of covariance `temporal ⊗ Π⁻¹`.
    func noise(_ precision: Tensor<Double>, _ temporal: Tensor<Double>) -> [[Double]]? {
      guard precision.rows > 0, temporal.rows > 0 else { return [] }
      guard let factor = try? CholeskyFactor(precision),
        let half = try? LinearAlgebra.inverse(factor.lower),
        let order = try? CholeskyFactor(temporal)
      else { return nil }
      let block = LinearAlgebra.kronecker(order.lower, LinearAlgebra.transpose(half))
      defer { nextSource += block.columns }
      return (0..<block.rows).map { row in
        var entries = [Double](repeating: 0, count: width)
        for column in 0..<block.columns { entries[nextSource + column] = block[row, column] }
        return entries
      }
    }
    func add(_ target: inout [Double], _ row: [Double], _ factor: Double) {
      guard factor != 0 else { return }
      for index in target.indices { target[index] += factor * row[index] }
    }

    let zero = [Double](repeating: 0, count: dynamics.layout.count)
    var logVolume = 0.0
    var conditions: [[Double]] = []
    var pseudo: [[Double]] = []
    var pseudoData: [Double] = []
    var stateRows = [[[Double]]](repeating: [], count: model.levels.count)
    var causeRows = [[[Double]]](repeating: [], count: model.levels.count)

    /// What a level emits around its prediction: causes, given that their orders beyond d are zero.
    ///
    /// With z = (low, high orders) the condition fixes `z_high = −g̃_high`, so that
    /// `v_low = g̃_low − S_lh S_hh⁻¹ g̃_high + ζ`; conditioning before anything is combined keeps the
    /// wide high orders from cancelling later.
    func emit(_ predicted: [[Double]], _ level: Level, _ smoothness: Double) -> [[Double]]? {
      let l = level.outputs.count
      let temporal = TemporalCovariance(orders: n, smoothness: smoothness)
      let split = OrderSplit(temporal, low: d)
      guard let low = noise(level.outputPrecision.fixed, split.lowCovariance),
        let high = noise(level.outputPrecision.fixed, split.highCovariance)
      else { return nil }
      var rows = low
      for order in 0..<d {
        for channel in 0..<l {
          add(&rows[order * l + channel], predicted[order * l + channel], 1)
          for other in d..<max(n, d) {
            add(
              &rows[order * l + channel], predicted[other * l + channel],
              -split.regression[order, other - d])
          }
        }
      }
      for (entry, row) in high.enumerated() {
        var condition = row
        add(&condition, predicted[d * l + entry], 1)
        conditions.append(condition)
      }
      return rows
    }

    // The prior: ṽ at the top is η̃ plus its fluctuation.
    let priorLevel = model.levels[model.levels.count - 1]
    let eta = (0..<priorCount).map { row in
      var entries = [Double](repeating: 0, count: width)
      entries[total + row] = 1
      return entries
    }
    guard var emitted = emit(eta, priorLevel, model.smoothness(ofLevel: model.levels.count)) else {
      return nil
    }

    for index in stride(from: model.levels.count - 2, through: 0, by: -1) {
      let level = model.levels[index]
      let own = dynamics.layout.levels[index]
      let at = dynamics.predictions(of: dynamics.units[index], own, zero)
      guard let fx = at["f|x"], let fv = at["f|v"], let gx = at["g|x"], let gv = at["g|v"],
        let f0 = at[Level.Port.motion], let g0 = at[Level.Port.output]
      else { return nil }
      let m = own.causeCount
      let nx = own.stateCount
      let v = emitted
      causeRows[index] = v

      var x = [[Double]](repeating: [Double](repeating: 0, count: width), count: n * nx)
      if nx > 0 {
        guard
          let w = noise(
            level.statePrecision.fixed,
            TemporalCovariance(
              orders: n, smoothness: model.smoothness(ofLevel: index + 1)
            ).covariance)
        else { return nil }
        let factor = LUFactor(fx)
        guard let inverse = try? factor.inverse() else { return nil }
        logVolume += Double(n) * factor.logAbsoluteDeterminant.value
        for order in stride(from: n - 1, through: 0, by: -1) {
          // f_x x[k] = x[k+1] − f_v v[k] − f₀ δ_k0 − w[k]
          let right = (0..<nx).map { row in
            var entries = [Double](repeating: 0, count: width)
            if order + 1 < n { add(&entries, x[(order + 1) * nx + row], 1) }
            if order < d {
              for column in 0..<m { add(&entries, v[order * m + column], -fv[row, column]) }
            }
            add(&entries, w[order * nx + row], -1)
            if order == 0 { entries[width - 1] -= f0.values[row] }
            return entries
          }
          for row in 0..<nx {
            for column in 0..<nx { add(&x[order * nx + row], right[column], inverse[row, column]) }
          }
        }
        if let prior = level.statePriorPrecision {
          guard
            var rows = noise(prior, TemporalCovariance(orders: n, smoothness: 0).covariance)
          else { return nil }
          for row in rows.indices { add(&rows[row], x[row], 1) }
          pseudo += rows
          pseudoData += level.initialStates + [Double](repeating: 0, count: (n - 1) * nx)
        }
      }
      stateRows[index] = x

      let smoothness = model.smoothness(ofLevel: index + 1)
      let l = own.outputCount
      let predicted = (0..<(n * l)).map { entry in
        let (order, row) = (entry / l, entry % l)
        var entries = [Double](repeating: 0, count: width)
        for column in 0..<nx { add(&entries, x[order * nx + column], gx[row, column]) }
        if order < d {
          for column in 0..<m { add(&entries, v[order * m + column], gv[row, column]) }
        }
        if order == 0 { entries[width - 1] += g0.values[row] }
        return entries
      }
      if index > 0 {
        guard let rows = emit(predicted, level, smoothness) else { return nil }
        emitted = rows
      } else {
        let temporal = TemporalCovariance(orders: n, smoothness: smoothness)
        guard var rows = noise(level.outputPrecision.fixed, temporal.covariance) else { return nil }
        for row in rows.indices { add(&rows[row], predicted[row], 1) }
        emitted = rows
      }
    }

    let observed = conditions + pseudo + emitted
    let transposed = LinearAlgebra.transpose(
      Tensor(rows: observed.map { Array($0[..<total]) }))
    factor = OrthogonalFactor(transposed)
    guard factor.dependentColumn == nil, logVolume.isFinite else { return nil }
    self.observed = observed
    self.logVolume = logVolume
    self.pseudoData = pseudoData
    conditionCount = conditions.count + pseudo.count
    units = zip(stateRows, causeRows).flatMap { $0 + $1 }
  }

  /// −ln p(ỹ) and the volume term, in nats.
  func evaluate(
    data: GeneralizedVector, prior: GeneralizedVector
  ) -> (surprise: Double, volume: Double) {
    let whitened = factor.solveTransposed(residual(data, prior))
    let size = factor.size
    func negativeLogDensity(_ range: Range<Int>) -> Double {
      range.reduce(0.5 * Double(range.count) * log(2 * Double.pi)) { total, index in
        total + 0.5 * whitened[index] * whitened[index]
          + log(abs(factor.upper.values[index * size + index]))
      }
    }
    return (
      negativeLogDensity(conditionCount..<size),
      logVolume + negativeLogDensity(0..<conditionCount)
    )
  }

  /// E[u | ỹ], the exact posterior mean of all generalised states and causes.
  func posteriorMean(data: GeneralizedVector, prior: GeneralizedVector) -> [Double] {
    let weights = factor.solve(factor.solveTransposed(residual(data, prior)))
    // The sources' posterior mean is T_oᵀ Σ⁻¹ r; the units are affine in the sources.
    var sources = [Double](repeating: 0, count: sourceCount)
    for (row, weight) in zip(observed, weights) {
      for index in 0..<sourceCount { sources[index] += weight * row[index] }
    }
    return units.map { row in
      var total = mean(of: row, prior)
      for index in 0..<sourceCount { total += row[index] * sources[index] }
      return total
    }
  }

  private func mean(of row: [Double], _ prior: GeneralizedVector) -> Double {
    var total = row[row.count - 1]
    for index in 0..<priorCount { total += row[sourceCount + index] * prior.values[index] }
    return total
  }

  private func residual(_ data: GeneralizedVector, _ prior: GeneralizedVector) -> [Double] {
    let zeros = [Double](repeating: 0, count: conditionCount - pseudoData.count)
    let values = zeros + pseudoData + data.values
    return zip(values, observed).map { $0 - mean(of: $1, prior) }
  }
}

/// A temporal covariance split at order d into the orders that causes keep and those that are zero.
private struct OrderSplit {
  /// The covariance of the low orders given the high ones, `(S⁻¹_ll)⁻¹`.
  let lowCovariance: Tensor<Double>
  /// The covariance of the high orders, `S_hh`.
  let highCovariance: Tensor<Double>
  /// `S_lh S_hh⁻¹ = −(S⁻¹_ll)⁻¹ S⁻¹_lh`, from high to low orders.
  let regression: Tensor<Double>

  init(_ temporal: TemporalCovariance, low: Int) {
    let high = temporal.orders - low
    func block(_ matrix: Tensor<Double>, _ rows: Range<Int>, _ columns: Range<Int>)
      -> Tensor<Double>
    {
      Tensor(
        shape: .matrix(rows.count, columns.count),
        values: rows.flatMap { row in columns.map { matrix[row, $0] } })
    }
    let precision = temporal.precision
    let lowPrecision = block(precision, 0..<low, 0..<low)
    // A principal block of a positive definite matrix is positive definite.
    lowCovariance = (try? CholeskyFactor(lowPrecision).inverse) ?? lowPrecision
    highCovariance = block(temporal.covariance, low..<(low + high), low..<(low + high))
    var regression = LinearAlgebra.product(
      lowCovariance, block(precision, 0..<low, low..<(low + high)))
    for index in regression.values.indices { regression.values[index] *= -1 }
    self.regression = regression
  }
}
