internal import TensorCore
internal import Foundation

/// The recognition density's covariance over generalised states u = (x̃, ṽ), under the Laplace
/// approximation: `C⁻¹ = ε̃_uᵀ Π̃ ε̃_u + P_u` (mathematics §3).
public struct LaplacePosterior: Sendable {
  /// `R⁻¹`, where `C⁻¹ = RᵀR`.
  let inverseFactor: Tensor<Double>
  /// R itself.
  let factor: OrthogonalFactor

  /// The number of generalised states and causes.
  public var count: Int { factor.size }

  /// One entry of C.
  public func covariance(_ row: Int, _ column: Int) -> Double {
    let start = max(row, column)
    var total = 0.0
    for inner in start..<max(count, start) {
      total +=
        inverseFactor.values[row * count + inner] * inverseFactor.values[column * count + inner]
    }
    return total
  }

  /// The standard deviation of one generalised state.
  public func standardDeviation(_ index: Int) -> Double { covariance(index, index).squareRoot() }

  /// The entropy `½ ln |C| + ½ n ln 2πe`, in nats.
  public var entropy: Double {
    -factor.logDeterminant + 0.5 * Double(count) * (1 + log(2 * Double.pi))
  }
}
