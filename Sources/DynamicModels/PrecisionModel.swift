public import TensorCore

/// One unknown part of a precision, `e^λ Q`, with a Gaussian prior on its log-precision λ.
public struct PrecisionComponent: Hashable, Sendable {
  /// The name under which λ is reported, such as `y` or `y.2`.
  public var name: String
  /// Q, symmetric and positive semi-definite, `[d × d]` over the whole stacked vector.
  public var matrix: Tensor<Double>
  /// The prior mean of λ.
  public var priorMean: Double
  /// The prior variance of λ; zero fixes λ at its prior mean.
  public var priorVariance: Double

  /// Creates a component.
  public init(name: String, matrix: Tensor<Double>, priorMean: Double, priorVariance: Double) {
    self.name = name
    self.matrix = matrix
    self.priorMean = priorMean
    self.priorVariance = priorVariance
  }
}

/// The precision Π of one level's fluctuations, `Π = fixed + Σ_j e^{λ_j} Q_j` (mathematics §1, §6).
///
/// Where the model file lets the precision depend on states (attention), `isStateDependent` is true
/// and the level's equations have an output that replaces `fixed`.
public struct PrecisionModel: Hashable, Sendable {
  /// The known part, `[d × d]`.
  public var fixed: Tensor<Double>
  /// The parts with unknown log-precisions.
  public var components: [PrecisionComponent]
  /// Whether the level's equations deliver the precision instead of `fixed`.
  public var isStateDependent: Bool

  /// The length d of the fluctuation vector.
  public var dimension: Int { fixed.rows }

  /// Creates a precision.
  public init(
    fixed: Tensor<Double>, components: [PrecisionComponent] = [], isStateDependent: Bool = false
  ) {
    precondition(
      fixed.shape.rank == 2 && fixed.rows == fixed.columns,
      "a precision of shape \(fixed.shape) is not square")
    self.fixed = fixed
    self.components = components
    self.isStateDependent = isStateDependent
  }

  /// The precision of a vector without entries.
  public static let empty = PrecisionModel(fixed: Tensor(repeating: 0, shape: .matrix(0, 0)))
}
