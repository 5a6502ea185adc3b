internal import DynamicModels
internal import TensorCore

/// `ln |A|` by a Cholesky factor where A has one, else over the singular values that count.
func logDeterminantOfCovariance(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Double {
  if a.rows == 0 { return 0 }
  if let factor = try? CholeskyFactor(a) { return factor.logDeterminant }
  return try RegularizedStep.logDeterminant(a)
}
