/// The parts of an inversion's evidence, in nats (mathematics §3).
///
///     log evidence ≈ −F = accuracy − Σ complexity
///
/// Accuracy is the expected log likelihood of the data over the whole record. Every unknown costs
/// what its posterior moved from its prior: the states and causes as one entry, each block of
/// parameters and each log-precision by its own Kullback–Leibler divergence. Blocks that the data
/// couple have a joint divergence above the sum of their own; the difference is the entry
/// `coupling`.
public struct EvidenceParts: Hashable, Sendable {
  /// One entry of the complexity.
  public struct Complexity: Hashable, Sendable {
    /// `states`, `parameters.NAME`, `logPrecisions.NAME` or `coupling`.
    public var block: String
    /// Its cost in nats.
    public var value: Double

    /// Creates an entry.
    public init(block: String, value: Double) {
      self.block = block
      self.value = value
    }
  }

  /// The expected log likelihood of the data, in nats.
  public var accuracy: Double
  /// What every block of unknowns cost.
  public var complexities: [Complexity]

  /// Creates the parts.
  public init(accuracy: Double, complexities: [Complexity]) {
    self.accuracy = accuracy
    self.complexities = complexities
  }

  /// The whole complexity.
  public var complexity: Double { complexities.reduce(0) { $0 + $1.value } }
  /// `F = complexity − accuracy`.
  public var freeEnergy: Double { complexity - accuracy }
}
