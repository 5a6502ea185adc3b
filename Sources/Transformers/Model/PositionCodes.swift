internal import Foundation
package import TensorCore

/// Fixed codes of places in a sequence (mathematics §12).
///
/// Source: Vaswani et al. 2017, §3.5.
package enum PositionCodes {
  /// Sines and cosines of geometric wavelengths, `[count × width]`:
  /// `PE(p, 2i) = sin(p / 10000^{2i/d})`, `PE(p, 2i+1) = cos(p / 10000^{2i/d})`.
  package static func sinusoidal(count: Int, width: Int) -> Tensor<Double> {
    var codes = Tensor<Double>(repeating: 0, shape: .matrix(count, width))
    for column in 0..<width {
      let frequency = pow(10000, -Double(column / 2 * 2) / Double(width))
      for place in 0..<count {
        let angle = Double(place) * frequency
        codes.values[place * width + column] = column % 2 == 0 ? sin(angle) : cos(angle)
      }
    }
    return codes
  }
}
