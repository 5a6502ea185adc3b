internal import DynamicModels
internal import TensorCore

/// What is known of all levels' states at sample 1: mean, covariance, and the directions without a
/// prior, which are diffuse.
struct InitialStates {
  var mean: [Double]
  /// `[n_x × n_x]`, zero along the diffuse directions.
  var covariance: [Double]
  /// Orthonormal columns `[n_x × d]`.
  var directions: [Double]
  /// d.
  var count: Int

  init(_ model: HierarchicalDynamicModel, _ offsets: [Int]) throws(RecognitionError) {
    let total = offsets[model.depth]
    mean = []
    covariance = [Double](repeating: 0, count: total * total)
    var columns: [[Double]] = []
    for (index, level) in model.levels.dropLast().enumerated() {
      mean += level.initialStates
      let n = level.states.count
      let (values, vectors) = try Self.axes(level, index + 1)
      let largest = values.max() ?? 0
      for (place, value) in values.enumerated() {
        if value < -largest * 1e-12 { throw .unsupported(scheme: .kalman, .flatPrecision) }
        if value > largest * 1e-14 {
          for a in 0..<n {
            for b in 0..<n {
              covariance[(offsets[index] + a) * total + offsets[index] + b] +=
                vectors[a, place] * vectors[b, place] / value
            }
          }
        } else {
          var column = [Double](repeating: 0, count: total)
          for a in 0..<n { column[offsets[index] + a] = vectors[a, place] }
          columns.append(column)
        }
      }
    }
    count = columns.count
    directions = [Double](repeating: 0, count: total * columns.count)
    for (place, column) in columns.enumerated() {
      for row in 0..<total { directions[row * columns.count + place] = column[row] }
    }
  }

  /// The eigenvalues and eigenvectors of a level's prior precision; a diagonal one keeps its axes.
  private static func axes(
    _ level: Level, _ number: Int
  ) throws(RecognitionError) -> ([Double], Tensor<Double>) {
    let n = level.states.count
    guard let precision = level.statePriorPrecision else {
      return ([Double](repeating: 0, count: n), .identity(n))
    }
    precondition(
      precision.shape == .matrix(n, n), "a prior precision of \(precision.shape) for \(n) states")
    let isDiagonal = precision.values.indices.allSatisfy {
      $0 / n == $0 % n || precision.values[$0] == 0
    }
    if isDiagonal { return ((0..<n).map { precision[$0, $0] }, .identity(n)) }
    do throws(LinearAlgebraError) {
      let spectrum = try SymmetricEigendecomposition(precision)
      return (spectrum.values, spectrum.vectors)
    } catch {
      throw .linearAlgebra(level: number, error)
    }
  }
}
