/// The free energy of one sample and its decompositions, in nats (mathematics §3).
///
///     F = energy − entropy = complexity − accuracy = surprise + divergence + volume
///
/// Every term comes from its own definition. F is an upper bound on surprise for static models and
/// it is minimised.
public struct FreeEnergyTerms: Hashable, Sendable {
  /// F.
  public var freeEnergy: Double
  /// ⟨−ln p(ỹ, u)⟩ under the recognition density.
  public var energy: Double
  /// The entropy of the recognition density.
  public var entropy: Double
  /// ⟨ln p(ỹ | u)⟩: how well the sensory data are predicted.
  public var accuracy: Double
  /// The expected energy of all other errors and priors, less the entropy.
  public var complexity: Double
  /// −ln p(ỹ); present where the model is linear and Gaussian.
  public var surprise: Double?
  /// KL[q(u) ‖ p(u | ỹ)]; present where surprise is.
  public var divergence: Double?
  /// What the map from fluctuations to (ỹ, u) adds: `n ln |det f_x|` of every level, and the density
  /// of the causes' truncated orders where d < n; zero for static models.
  public var volume: Double?
}
