internal import Foundation

/// The learning rate of every step, counted from 1.
package struct LearningRateSchedule: Hashable, Sendable, Codable {
  /// What happens after the warm-up.
  package enum Decay: Hashable, Sendable, Codable {
    /// The rate stays.
    case none
    /// The rate falls with the inverse square root of the step (Vaswani et al. 2017, eq. 3).
    case inverseSquareRoot
    /// The rate falls along half a cosine to zero at a step and stays there.
    case cosine(steps: Int)
  }

  /// The largest rate, reached at the end of the warm-up.
  package var peak: Double
  /// The steps over which the rate rises in proportion to the step; 0 for none.
  package var warmup: Int
  /// What follows.
  package var decay: Decay

  /// Creates a schedule.
  package init(peak: Double, warmup: Int = 0, decay: Decay = .none) {
    self.peak = peak
    self.warmup = warmup
    self.decay = decay
  }

  /// The rate of a step.
  package func rate(at step: Int) -> Double {
    if step <= warmup { return peak * Double(step) / Double(warmup) }
    switch decay {
    case .none: return peak
    case .inverseSquareRoot:
      return peak * (Double(max(1, warmup)) / Double(step)).squareRoot()
    case .cosine(let steps):
      guard step < steps else { return 0 }
      let progress = Double(step - warmup) / Double(max(1, steps - warmup))
      return peak * 0.5 * (1 + cos(Double.pi * progress))
    }
  }
}
