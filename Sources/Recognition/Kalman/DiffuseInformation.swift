internal import Foundation
internal import TensorCore

/// What the data say about the diffuse directions δ of the initial state: their information matrix.
///
/// Directions that no sample has determined yet are left out of the inverse and of the determinant.
/// After de Jong 1991 (Ann Stat 19:1073).
struct DiffuseInformation {
  /// d, the number of directions.
  let size: Int
  /// S `[d × d]`.
  private(set) var matrix: [Double]
  /// S⁻¹, or the inverse on the determined directions.
  private(set) var inverse: [Double]
  /// How many directions are determined.
  private(set) var rank = 0
  /// `ln |S|` over the determined directions.
  private(set) var logDeterminant = 0.0

  /// Whether every direction is determined.
  var isComplete: Bool { rank == size }

  init(size: Int) {
    self.size = size
    matrix = [Double](repeating: 0, count: size * size)
    inverse = matrix
  }

  /// Adds information; once complete, a matrix stays complete.
  mutating func add(_ change: [Double]) throws(LinearAlgebraError) {
    if size == 0 { return }
    for index in matrix.indices { matrix[index] += change[index] }
    KalmanKernels.symmetrize(&matrix, size)
    for (index, entry) in matrix.enumerated() where !entry.isFinite {
      throw .notFinite(row: index / size, column: index % size)
    }
    var scales = [Double](repeating: 0, count: size)
    for index in 0..<size {
      let entry = matrix[index * size + index]
      scales[index] = entry > 0 ? 1 / entry.squareRoot() : 0
    }
    var scaled = matrix
    for row in 0..<size {
      for column in 0..<size { scaled[row * size + column] *= scales[row] * scales[column] }
    }
    if !isComplete {
      let spectrum = try SymmetricEigendecomposition(
        Tensor(shape: .matrix(size, size), values: scaled))
      let found = spectrum.values.filter { $0 > 1e-12 }.count
      if found < size {
        try setIncomplete(rank: found)
        return
      }
    }
    logDeterminant = try KalmanKernels.factor(&scaled, size)
    for scale in scales { logDeterminant -= 2 * log(scale) }
    for index in inverse.indices { inverse[index] = index / size == index % size ? 1 : 0 }
    KalmanKernels.solve(scaled, &inverse, size, size)
    for row in 0..<size {
      for column in 0..<size { inverse[row * size + column] *= scales[row] * scales[column] }
    }
    KalmanKernels.symmetrize(&inverse, size)
    rank = size
  }

  private mutating func setIncomplete(rank found: Int) throws(LinearAlgebraError) {
    let spectrum = try SymmetricEigendecomposition(
      Tensor(shape: .matrix(size, size), values: matrix))
    let order = spectrum.values.indices.sorted { spectrum.values[$0] > spectrum.values[$1] }
    rank = found
    logDeterminant = 0
    for index in inverse.indices { inverse[index] = 0 }
    for place in order.prefix(found) {
      let value = spectrum.values[place]
      logDeterminant += log(value)
      for row in 0..<size {
        for column in 0..<size {
          inverse[row * size + column] +=
            spectrum.vectors[row, place] * spectrum.vectors[column, place] / value
        }
      }
    }
  }

  /// The direction that is determined least, `[d]`.
  func weakestDirection() -> [Double] {
    guard
      let spectrum = try? SymmetricEigendecomposition(
        Tensor(shape: .matrix(size, size), values: matrix)),
      let place = spectrum.values.indices.min(by: { spectrum.values[$0] < spectrum.values[$1] })
    else { return [Double](repeating: 1, count: size) }
    return (0..<size).map { spectrum.vectors[$0, place] }
  }
}
