public import DynamicModels
internal import Foundation
internal import TensorCore

/// The variational free energy of one sample under the Laplace approximation (mathematics §3).
///
///     G(u) = ½ ε̃ᵀ Π̃ ε̃ − ½ ln |Π̃| + ½ n_ε ln 2π + prior terms
///     F = G(μ) + ½ tr(C (ε̃_uᵀ Π̃ ε̃_u + P_u)) − ½ ln |C| − ½ n_u ln 2πe
///
/// Parameters and log-precisions that move enter G by their prior terms; they have no entropy here,
/// since recognition dynamics carry their expectation only. Source: Friston 2010, Nat Rev Neurosci
/// 11:127, box 1.
public final class FreeEnergy {
  private let dynamics: RecognitionDynamics
  private let evidence: LinearGaussianEvidence?
  private var cachedPosterior: (posterior: LaplacePosterior, leverages: [Double])?

  /// Prepares the evaluation for the model of `dynamics`, whose units it reads.
  public init(_ dynamics: RecognitionDynamics) throws(RecognitionError) {
    self.dynamics = dynamics
    evidence = try LinearGaussianEvidence(dynamics)
  }

  /// Whether surprise and divergence exist: the model is linear and Gaussian.
  public var hasSurprise: Bool { evidence != nil }

  /// G(u), the Gibbs energy of the state vector `q` given ỹ and η̃, in nats.
  public func energy(
    _ q: [Double], data: GeneralizedVector, prior: GeneralizedVector
  ) throws(RecognitionError) -> Double {
    let blocks = try dynamics.errorBlocks(q, data: data, prior: prior, withJacobian: false)
    return blocks.reduce(slowEnergy(q)) { $0 + $1.energy }
  }

  /// F with its decompositions, and the recognition density's covariance.
  ///
  /// - Parameters:
  ///   - q: the state vector of recognition dynamics.
  ///   - data: ỹ at this sample.
  ///   - prior: η̃ at this sample.
  ///   - sample: the 1-based sample, for messages.
  /// - Returns: the terms in nats, and the Laplace posterior of the generalised states.
  /// - Throws: `RecognitionError.improperPosterior` where nothing constrains a unit,
  ///   `.nonFiniteFreeEnergy` where a term overflows.
  public func evaluate(
    _ q: [Double], data: GeneralizedVector, prior: GeneralizedVector, sample: Int
  ) throws(RecognitionError) -> (terms: FreeEnergyTerms, posterior: LaplacePosterior) {
    let blocks = try dynamics.errorBlocks(
      q, data: data, prior: prior, withJacobian: cachedPosterior == nil)
    let (posterior, leverages): (LaplacePosterior, [Double])
    if let cachedPosterior {
      (posterior, leverages) = cachedPosterior
    } else {
      (posterior, leverages) = try factor(blocks, sample: sample)
    }
    if dynamics.isLinear { cachedPosterior = (posterior, leverages) }

    // ½ tr(C W_bᵀ W_b) of every block b, from the leverage of each whitened error.
    var row = 0
    var expected: [Double] = []
    for block in blocks {
      let own = leverages[row..<(row + block.whitened.count)]
      expected.append(block.energy + 0.5 * own.reduce(0, +))
      row += block.whitened.count
    }
    let sensory = blocks.indices.filter { blocks[$0].isSensory }
    let other = blocks.indices.filter { !blocks[$0].isSensory }
    let slow = slowEnergy(q)
    let entropy = posterior.entropy
    let energy = expected.reduce(slow, +)
    let accuracy = -sensory.reduce(0) { $0 + expected[$1] }
    let complexity = other.reduce(slow) { $0 + expected[$1] } - entropy
    var terms = FreeEnergyTerms(
      freeEnergy: energy - entropy, energy: energy, entropy: entropy, accuracy: accuracy,
      complexity: complexity)
    guard terms.freeEnergy.isFinite else {
      throw .nonFiniteFreeEnergy(sample: sample, time: dynamics.model.time[sample])
    }
    if let evidence {
      let exact = evidence.evaluate(data: data, prior: prior)
      terms.surprise = exact.surprise
      terms.volume = exact.volume
      terms.divergence = divergence(q, blocks, posterior, leverages, data, prior)
    }
    return (terms, posterior)
  }

  /// KL[N(μ, C) ‖ N(u*, C)], where u* is the exact posterior mean of a linear Gaussian model.
  private func divergence(
    _ q: [Double], _ blocks: [ErrorBlock], _ posterior: LaplacePosterior, _ leverages: [Double],
    _ data: GeneralizedVector, _ prior: GeneralizedVector
  ) -> Double? {
    guard let exact = evidence?.posteriorMean(data: data, prior: prior) else { return nil }
    // R (μ − u*) has squared length (μ − u*)ᵀ C⁻¹ (μ − u*); both densities share their covariance.
    let count = posterior.count
    let upper = posterior.factor.upper
    var total = 0.0
    for row in 0..<count {
      var entry = 0.0
      for column in row..<count {
        entry += upper.values[row * count + column] * (q[column] - exact[column])
      }
      total += entry * entry
    }
    return 0.5 * (total + leverages.reduce(0, +) - Double(count))
  }

  private func factor(
    _ blocks: [ErrorBlock], sample: Int
  ) throws(RecognitionError) -> (LaplacePosterior, [Double]) {
    let count = dynamics.layout.stateUnitCount
    let values = blocks.flatMap { $0.whitenedJacobian?.values ?? [] }
    let rows = values.count / max(count, 1)
    let whitened = Tensor(shape: .matrix(rows, count), values: values)
    let factor = OrthogonalFactor(whitened)
    if let column = factor.dependentColumn {
      throw .improperPosterior(
        sample: sample, unit: dynamics.layout.name(of: column, in: dynamics.model))
    }
    // A row w of W has leverage w C wᵀ = ‖w R⁻¹‖².
    let leverages = (0..<rows).map { row in
      let solution = factor.solveTransposed(
        Array(values[(row * count)..<((row + 1) * count)]))
      return solution.reduce(0) { $0 + $1 * $1 }
    }
    return (LaplacePosterior(inverseFactor: factor.inverse, factor: factor), leverages)
  }

  /// The prior terms of the parameters and log-precisions that move.
  private func slowEnergy(_ q: [Double]) -> Double {
    var total = 0.0
    func add(_ deviation: Double, _ variance: Double) {
      total += 0.5 * (deviation * deviation / variance + log(2 * Double.pi * variance))
    }
    for (unit, own) in zip(dynamics.units, dynamics.layout.levels) {
      for (index, variance) in unit.program.parameterVariances.enumerated() {
        add(q[own.parameters.lowerBound + index], variance)
      }
      let components = unit.program.outputComponents + unit.program.stateComponents
      for (index, component) in components.enumerated() {
        add(
          q[own.logPrecisions.lowerBound + index] - component.priorMean,
          component.priorVariance)
      }
    }
    return total
  }
}
