internal import DynamicModels
internal import TensorCore

/// The error units of one kind at one level, while a unit program is being built.
struct ErrorPopulation {
  /// ε̃ `[n × k]`.
  var error: Value
  /// Π `[k × k]` at order zero.
  var precision: Value
  /// ξ̃ `[n × k]`.
  var weighted: Value
  /// The free parts of Π.
  let components: [PrecisionComponent]
  /// Where the first of them stands in λ.
  let firstComponent: Int
  private let temporal: TemporalCovariance

  init(
    error: Value, smoothness: Double, components: [PrecisionComponent], firstComponent: Int
  ) {
    self.error = error
    precision = error
    weighted = error
    self.components = components
    self.firstComponent = firstComponent
    temporal = TemporalCovariance(orders: error.shape[0], smoothness: smoothness)
  }

  /// `ξ̃ = (S⁻¹ ⊗ Π) ε̃`, in the layout `S⁻¹ ε̃ Π`.
  func weightedError(in builder: inout ProgramBuilder) -> Value {
    builder.matrixProduct(
      builder.matrixProduct(builder.constant(temporal.precision), error), precision)
  }

  /// `(ε̃ − Λ̂ ξ̃) / τ` with `Λ̂ = Π̃⁻¹ = S ⊗ Π⁻¹`: the flow of dynamic error units.
  func relaxation(
    of units: Value, _ timeConstant: Double, in builder: inout ProgramBuilder
  ) -> Value {
    guard units.shape.count > 0 else { return units }
    let inhibition = builder.matrixProduct(
      builder.matrixProduct(builder.constant(temporal.covariance), units),
      builder.inverse(precision))
    return builder.binary(
      .multiply, builder.constant(1 / timeConstant),
      builder.binary(.subtract, error, inhibition))
  }

  /// `ε̃ᵀ S⁻¹ ε̃ − n Π⁻¹`: what the errors say against what the precision expects, `[k × k]`.
  func imbalance(in builder: inout ProgramBuilder) -> Value {
    let spread = builder.matrixProduct(
      builder.transpose(error),
      builder.matrixProduct(builder.constant(temporal.precision), error))
    let expected = builder.binary(
      .multiply, builder.constant(Double(error.shape[0])), builder.inverse(precision))
    return builder.binary(.subtract, spread, expected)
  }

  /// `½ ε̃ᵀ (∂Π̃) ε̃ − ½ tr(Π̃⁻¹ ∂Π̃)` by every entry of an input, as one row (mathematics §4).
  func precisionGradient(_ jacobian: Value, in builder: inout ProgramBuilder) -> Value {
    let entries = precision.shape.count
    let inputs = jacobian.shape[2]
    guard entries > 0, inputs > 0 else { return builder.zeros(.matrix(1, inputs)) }
    let row = builder.reshape(imbalance(in: &builder), to: .matrix(1, entries))
    let product = builder.matrixProduct(
      row, builder.reshape(jacobian, to: .matrix(entries, inputs)))
    return builder.binary(.multiply, builder.constant(0.5), product)
  }
}
