internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The prior on generalised states where levels state one, `P_u = S(s)⁻¹ ⊗ xP` (mathematics §3).
///
/// s is the level's smoothness and the prior is centred on the initial states; the reference takes
/// s = 2 and centres it on zero.
struct FilterStatePrior {
  /// P_u `[n_u × n_u]`.
  let matrix: [Double]
  /// u₀ `[n_u]`.
  let centre: [Double]
  /// What is added to the diagonal of the curvature, so that it has an inverse.
  let ridge: Double
  /// `−½ ln |P_u| + ½ n ln 2π` over the directions with a prior.
  let normalizer: Double
  let isStated: Bool

  init(
    model: HierarchicalDynamicModel, layout: UnknownLayout, reference: InversionSettings.Reference
  ) throws(LinearAlgebraError) {
    let u = layout.count
    let n = layout.stateOrder
    var matrix = [Double](repeating: 0, count: u * u)
    var centre = [Double](repeating: 0, count: u)
    var normalizer = 0.0
    var isStated = false
    for (index, level) in model.levels.dropLast().enumerated() {
      if reference == .exact {
        for (entry, value) in level.initialStates.enumerated() {
          centre[layout.state(index, 0, entry)] = value
        }
      }
      guard let own = level.statePriorPrecision, own.values.contains(where: { $0 != 0 })
      else { continue }
      isStated = true
      let temporal = TemporalCovariance(
        orders: n, smoothness: reference == .spm ? 2 : model.smoothness(ofLevel: index + 1))
      for k in 0..<n {
        for m in 0..<n {
          for a in 0..<own.rows {
            for b in 0..<own.columns {
              matrix[layout.state(index, k, a) * u + layout.state(index, m, b)] =
                temporal.precision[k, m] * own[a, b]
            }
          }
        }
      }
      let spectrum = try SymmetricEigendecomposition(own)
      let largest = spectrum.values.reduce(0) { max($0, abs($1)) }
      let kept = spectrum.values.filter { $0 > largest * Double(own.rows) * Double.ulpOfOne }
      let logDeterminant = temporal.generalizedLogDeterminant(
        kept.reduce(0) { $0 + log($1) }, channels: kept.count)
      normalizer += 0.5 * (Double(n * kept.count) * log(2 * Double.pi) - logDeterminant)
    }
    self.matrix = matrix
    self.centre = centre
    self.normalizer = normalizer
    self.isStated = isStated
    ridge = reference == .spm ? 0 : Double(u) * Double.ulpOfOne
  }

  /// Adds `P_u (u − u₀)` to a gradient and returns `½ (u − u₀)ᵀ P_u (u − u₀)`.
  func pull(_ unknowns: [Double], into gradient: inout [Double]) -> Double {
    guard isStated else { return 0 }
    let u = unknowns.count
    var energy = 0.0
    for row in 0..<u {
      var sum = 0.0
      for column in 0..<u {
        let weight = matrix[row * u + column]
        if weight != 0 { sum += weight * (unknowns[column] - centre[column]) }
      }
      gradient[row] += sum
      energy += 0.5 * sum * (unknowns[row] - centre[row])
    }
    return energy
  }
}
