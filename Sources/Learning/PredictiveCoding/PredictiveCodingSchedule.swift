/// When states move and when parameters learn.
package enum PredictiveCodingSchedule: Hashable, Sendable, Codable {
  /// States descend F from the feed-forward pass, then all parameters learn at once.
  ///
  /// `x_l −= rate · ∂F/∂x_l` up to `steps` times, or until the largest entry of any flow is at most
  /// `tolerance` in size; then `∂F/∂θ_l` (Whittington & Bogacz 2017, Neural Computation 29:1229).
  case equilibrium(steps: Int, rate: Double, tolerance: Double? = nil)

  /// Errors relax while predictions and derivatives stay as the feed-forward pass made them.
  ///
  /// `ε_l += rate · (−π_l ε_l + (∂x̂_{l+1}/∂x_l)ᵀ π_{l+1} ε_{l+1})`; at equilibrium the gradient is
  /// that of backpropagation, with unit precisions after L − 1 steps of rate 1 (Millidge, Tschantz &
  /// Buckley 2022, Neural Computation 34:1329).
  case fixedPrediction(steps: Int, rate: Double)

  /// From the feed-forward pass with rate 1, stage l learns at inference step L − l.
  ///
  /// An error reaches a state the moment its parameters learn, while everything below is still at its
  /// prediction: the gradient is that of backpropagation (Song, Lukasiewicz, Xu & Bogacz 2020,
  /// NeurIPS 33; Salvatori et al. 2022, AAAI 36, for general graphs). What states do after their
  /// moment reaches no parameter and is left out. Precisions other than 1 would rescale errors on
  /// their way; this schedule takes them as 1.
  case zeroDivergence

  /// The largest number of relaxation steps.
  package var steps: Int {
    switch self {
    case .equilibrium(let steps, _, _), .fixedPrediction(let steps, _): steps
    case .zeroDivergence: 0
    }
  }
}
