package import TensorCore

/// A ridge regression of many responses on features, up to its penalty.
///
/// `B = (XᵀX + λI)⁻¹ XᵀY` on standardized features and centered responses, the equilibrium of
/// learning under a Gaussian prior (mathematics §11, P10). One eigendecomposition of the smaller
/// Gram matrix, `XᵀX = V diag(e) Vᵀ`, serves every penalty and any number of responses: with
/// `P = XV`, `B = V diag(1/(e + λ)) PᵀY`.
package struct RidgeEncoder: Sendable {
  /// The means and spreads of the training features.
  package let standardization: Standardization
  /// The directions V `[p × k]` in which the training features vary.
  package let directions: Tensor<Double>
  /// The eigenvalues e of `XᵀX` along them.
  package let powers: [Double]
  /// The training samples along the directions, `P = XV` `[n × k]`.
  package let projected: Tensor<Double>

  /// Decomposes training features `[n × p]`.
  ///
  /// - Throws: `LinearAlgebraError` for features that are not finite.
  package init(_ features: Tensor<Double>) throws(LinearAlgebraError) {
    standardization = Standardization(features)
    let x = standardization.apply(features)
    let transposed = LinearAlgebra.transpose(x)
    if x.columns <= x.rows {
      let eigen = try SymmetricEigendecomposition(LinearAlgebra.product(transposed, x))
      let kept = Self.kept(eigen.values)
      directions = Self.columns(eigen.vectors, kept)
      powers = Array(eigen.values.prefix(kept))
    } else {
      let eigen = try SymmetricEigendecomposition(LinearAlgebra.product(x, transposed))
      let kept = Self.kept(eigen.values)
      powers = Array(eigen.values.prefix(kept))
      var directions = LinearAlgebra.product(transposed, Self.columns(eigen.vectors, kept))
      for index in directions.values.indices {
        directions.values[index] /= powers[index % kept].squareRoot()
      }
      self.directions = directions
    }
    projected = LinearAlgebra.product(x, directions)
  }

  /// The number of training samples n.
  package var sampleCount: Int { projected.rows }

  /// The penalty λ for a share of the power of one standardized feature, `λ = share · n`.
  package func penalty(_ share: Double) -> Double { share * Double(sampleCount) }

  /// `1/(e + λ)` along each direction.
  package func gains(penalty: Double) -> [Double] { powers.map { 1 / ($0 + penalty) } }

  /// Samples along the directions `[m × k]`.
  package func project(_ features: Tensor<Double>) -> Tensor<Double> {
    LinearAlgebra.product(standardization.apply(features), directions)
  }

  /// Fits responses `[n × q]` of the training samples.
  ///
  /// - Parameters:
  ///   - responses: the responses.
  ///   - penalty: λ.
  /// - Returns: coefficients by standardized feature, and the mean response.
  package func fit(_ responses: Tensor<Double>, penalty: Double) -> Fit {
    precondition(
      responses.rows == sampleCount, "\(responses.rows) responses of \(sampleCount) samples")
    let means = Standardization(responses).means
    var centered = responses
    for index in centered.values.indices { centered.values[index] -= means[index % means.count] }
    var weights = LinearAlgebra.transposedProduct(projected, centered)
    let gains = gains(penalty: penalty)
    for index in weights.values.indices { weights.values[index] *= gains[index / means.count] }
    return Fit(
      standardization: standardization,
      coefficients: LinearAlgebra.product(directions, weights), means: means)
  }

  /// Fitted coefficients.
  package struct Fit: Sendable {
    /// The means and spreads of the training features.
    package let standardization: Standardization
    /// B by standardized feature `[p × q]`.
    package let coefficients: Tensor<Double>
    /// The mean responses of the training samples `[q]`.
    package let means: [Double]

    /// Predicts the responses to features `[m × p]`.
    package func predict(_ features: Tensor<Double>) -> Tensor<Double> {
      var result = LinearAlgebra.product(standardization.apply(features), coefficients)
      for index in result.values.indices { result.values[index] += means[index % means.count] }
      return result
    }
  }

  /// How many eigenvalues are more than rounding.
  private static func kept(_ values: [Double]) -> Int {
    let floor = (values.first ?? 0) * 1e-12
    return values.count { $0 > floor && $0 > 0 }
  }

  private static func columns(_ matrix: Tensor<Double>, _ count: Int) -> Tensor<Double> {
    var values: [Double] = []
    for row in 0..<matrix.rows {
      values += matrix.values[(row * matrix.columns)..<(row * matrix.columns + count)]
    }
    return Tensor(shape: .matrix(matrix.rows, count), values: values)
  }
}
