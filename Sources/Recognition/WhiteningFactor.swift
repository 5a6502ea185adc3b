internal import DynamicModels
internal import Foundation
internal import TensorCore

/// A square root of one precision `Π̃ = S⁻¹ ⊗ Π`, applied to errors order by order.
///
///     ‖whiten(ε̃)‖² = ε̃ᵀ Π̃ ε̃,    whiten(ε̃) = L⁻¹ ε̃ H   with S = L Lᵀ and Π = H Hᵀ
///
/// Directions of zero precision are dropped: they carry no Gaussian density.
struct WhiteningFactor {
  let temporal: TemporalCovariance
  /// H, `[k × rank]`.
  let half: Tensor<Double>
  /// `ln |Π̃|` over the directions of positive precision.
  let logDeterminant: Double

  var orders: Int { temporal.orders }
  var channels: Int { half.rows }
  var rank: Int { half.columns }
  /// The number of whitened errors.
  var count: Int { orders * rank }

  init(precision: Tensor<Double>, temporal: TemporalCovariance) throws(LinearAlgebraError) {
    self.temporal = temporal
    let count = precision.rows
    let logPrecision: Double
    if let factor = try? CholeskyFactor(precision) {
      half = factor.lower
      logPrecision = factor.logDeterminant
    } else {
      let spectrum = try SymmetricEigendecomposition(precision)
      let largest = spectrum.values.map(abs).max() ?? 0
      let kept = spectrum.values.indices.filter {
        spectrum.values[$0] > largest * Double(count) * Double.ulpOfOne
      }
      var half = Tensor<Double>(repeating: 0, shape: .matrix(count, kept.count))
      for (column, index) in kept.enumerated() {
        for row in 0..<count {
          half[row, column] = spectrum.vectors[row, index] * spectrum.values[index].squareRoot()
        }
      }
      self.half = half
      logPrecision = kept.reduce(0) { $0 + log(spectrum.values[$1]) }
    }
    logDeterminant =
      Double(temporal.orders) * logPrecision - Double(half.columns) * temporal.logDeterminant
  }

  /// Whitens errors `[orders × channels]`.
  func callAsFunction(_ error: [Double]) -> [Double] {
    let mixed = LinearAlgebra.product(
      Tensor(shape: .matrix(orders, channels), values: error), half)
    return LinearAlgebra.product(temporal.inverseFactor, mixed).values
  }

  /// −ln of the Gaussian density's normaliser: `−½ ln |Π̃| + ½ n ln 2π`.
  var normalizer: Double {
    -0.5 * logDeterminant + 0.5 * Double(count) * log(2 * Double.pi)
  }
}
