public import TensorCore

/// The directions in which a level's parameters may move: the non-null eigenvectors of their prior.
///
///     θ = θ₀ + B φ,   φ ~ N(0, diag(variances))        (mathematics §6)
///
/// A parameter with zero prior variance does not move. Source: Friston et al. 2008, NeuroImage
/// 41:849.
public struct ParameterSpace: Sendable, Hashable {
  /// B, `[p × r]`: orthonormal columns, by decreasing prior variance.
  public let basis: Tensor<Double>
  /// The prior variance along every column of B, all positive.
  public let variances: [Double]

  /// r: how many directions are free.
  public var dimension: Int { variances.count }

  /// Finds the free directions of a prior covariance `[p × p]`.
  ///
  /// A diagonal covariance keeps the parameters' own axes in their own order, so that a single
  /// parameter stays a single direction.
  ///
  /// - Throws: `LinearAlgebraError` where the eigendecomposition fails.
  public init(priorCovariance: Tensor<Double>) throws(LinearAlgebraError) {
    let count = priorCovariance.rows
    var isDiagonal = true
    for row in 0..<count {
      for column in 0..<count where row != column && priorCovariance[row, column] != 0 {
        isDiagonal = false
      }
    }
    var columns: [(variance: Double, vector: [Double])] = []
    if isDiagonal {
      for index in 0..<count where priorCovariance[index, index] > 0 {
        var vector = [Double](repeating: 0, count: count)
        vector[index] = 1
        columns.append((priorCovariance[index, index], vector))
      }
    } else {
      let spectrum = try SymmetricEigendecomposition(priorCovariance)
      let largest = spectrum.values.map(abs).max() ?? 0
      for (index, value) in spectrum.values.enumerated()
      where value > largest * Double(count) * Double.ulpOfOne {
        columns.append((value, (0..<count).map { spectrum.vectors[$0, index] }))
      }
      columns.sort { $0.variance > $1.variance }
    }
    var basis = Tensor<Double>(repeating: 0, shape: .matrix(count, columns.count))
    for (column, entry) in columns.enumerated() {
      for row in 0..<count { basis[row, column] = entry.vector[row] }
    }
    self.basis = basis
    variances = columns.map(\.variance)
  }
}
