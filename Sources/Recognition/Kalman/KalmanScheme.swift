public import DynamicModels
internal import Foundation
internal import TensorCore

/// The Kalman filter and the Rauch–Tung–Striebel smoother of a model file's model (mathematics §8).
///
/// The fluctuations are taken as white; their smoothness and the embedding orders are ignored:
///
/// - the inverse of a level's precision of states is a variance *per time unit*: `ẋ = f + w`,
///   `⟨w wᵀ⟩ = Π_w⁻¹ δ(t)`, discretised exactly over Δ (`DiffusionStep`);
/// - the precision of outputs is per sample: `y_j = g(x_j, v_j) + z_j`, `z_j ~ N(0, Π_z⁻¹)`;
/// - the fluctuations of causes, those of every level's outputs above the first and of the prior, are
///   drawn once per sample with variance `Π_z⁻¹`, and the causes are held until the next sample;
/// - the initial states hold at sample 1 with the covariance that the inverse of their prior
///   precision gives; directions without a prior are diffuse, exactly.
///
/// Linear models: estimates and evidence are those of the joint Gaussian density of all samples, and
/// a static model's samples are independent. Nonlinear ones: extended filter and smoother with exact
/// Jacobians; the mean moves by local linearisation (§5) in as many steps as it needs, and F is that
/// of the linearised model. Cells that are missing are skipped.
///
/// `F_j = −ln p(y_j | y_1 … y_{j−1})`, so that `Σ F_j` is minus the log evidence. Its terms belong
/// to the filter: accuracy is `⟨ln p(y_j | s_j)⟩` under the density that has seen y_j, complexity its
/// divergence from the density that has not (the Bayesian surprise), for s the states and causes. With
/// diffuse directions the log evidence is `ln ∫ p(y | δ) dδ`, a flat prior of density one: the first
/// observation of a local level adds nothing (the diffuse likelihood of Durbin & Koopman 2012, §7.2,
/// plus `½ d ln 2π`). Until all of them are determined, energy and entropy count only those that are.
/// `EvidenceParts` has the accuracy and the complexity of the smoothed densities.
///
/// References: Kalman 1960, J Basic Eng 82:35; Rauch, Tung & Striebel 1965, AIAA J 3:1445; de Jong
/// 1991, Ann Stat 19:1073 for the diffuse start.
public struct KalmanScheme: InversionScheme {
  /// How nonlinear models are linearised; linear ones do not depend on it.
  public struct Options: Hashable, Sendable {
    /// How often a sample's update is linearised at most, ≥ 1; 1 is the plain extended filter.
    public var updates: Int
    /// How far halving the steps between samples may still move the mean, relative to its size.
    public var tolerance: Double

    /// Creates options.
    public init(updates: Int = 5, tolerance: Double = 1e-6) {
      self.updates = updates
      self.tolerance = tolerance
    }
  }

  /// `kalman`.
  public var scheme: InversionSettings.Scheme { .kalman }
  /// How nonlinear models are linearised.
  public var options: Options

  /// Creates the scheme.
  public init(options: Options = Options()) { self.options = options }

  /// Sets the filter up; see `InversionScheme`.
  public func initialState(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput
  ) throws(RecognitionError) -> KalmanSession {
    try KalmanSession(model, input, options)
  }

  /// Filters and smooths the whole record; a second step does nothing.
  public func step(
    _ state: inout KalmanSession, shouldStop: (() -> Bool)?
  ) throws(RecognitionError) -> InversionInfo {
    try state.step(shouldStop: shouldStop)
  }

  /// The smoothed estimates of the samples that were filtered.
  public func record(of state: KalmanSession) -> InversionRecord { state.record() }
}
