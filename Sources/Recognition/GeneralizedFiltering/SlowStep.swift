internal import Foundation
internal import TensorCore

/// One step of the second-order flow of parameters and log-precisions (mathematics §7).
///
///     μ̈ = −C_b (∂F/∂μ) − N μ̇,   C_b = (B + e^ρ diag B)⁻¹,   B ← (1 − 1/N) B + ∂²G/N
///
/// The whitened force bends with curvature one, so that all coordinates share one pair of time
/// constants and one 2 × 2 propagator.
final class SlowStep {
  /// N, the friction.
  let samples: Double
  private let count: Int
  let parameterPrecision: [Double]
  private let slotPrecision: [Double]
  private let slotMeans: [Double]
  /// How far (value, velocity) move per force on either.
  private var response: [Double] = []
  private var curvature: [Double]
  private var force: [Double]
  private var inverter: SymmetricInverter

  init(
    samples: Int, step: Double, parameterPrecision: [Double], slotPrecision: [Double],
    slotMeans: [Double]
  ) {
    self.samples = Double(samples)
    count = parameterPrecision.count + slotPrecision.count
    self.parameterPrecision = parameterPrecision
    self.slotPrecision = slotPrecision
    self.slotMeans = slotMeans
    curvature = [Double](repeating: 0, count: count * count)
    whitener = curvature
    force = [Double](repeating: 0, count: count)
    pull = force
    inverter = SymmetricInverter(size: count)
    var propagator = LinearPropagator(dimension: 2, forcingCount: 1)
    let matrix = [0, 1, -1, -self.samples]
    // Two rates, both negative: the matrices are finite for any number of samples.
    _ = propagator.prepare(jacobian: matrix.span, step: step)
    for unit in [[1.0, 0], [0, 1.0]] {
      var change = [0.0, 0]
      var output = change.mutableSpan
      propagator.propagate(forcing: unit.span, into: &output)
      response += change
    }
  }

  /// The whitener C_b and the whitened force, of the last `prepare`.
  private(set) var whitener: [Double]
  private(set) var pull: [Double]

  /// Brings the running curvature up to date and whitens the force at a point.
  ///
  /// - Parameters:
  ///   - slow: the slow variables and their running curvature.
  ///   - moments: gradients and curvatures at the present point.
  ///   - rate: ρ, the logarithm of the damping.
  ///   - isReference: whether priors pull with their whole weight at every sample.
  /// - Throws: `LinearAlgebraError` where the curvature has no inverse.
  func prepare(
    _ slow: inout SlowVariables, _ moments: FilterMoments, rate: Double, isReference: Bool
  ) throws(LinearAlgebraError) {
    let (r, h) = (parameterPrecision.count, slotPrecision.count)
    let share = isReference ? 1 : 1 / samples
    for index in 0..<(count * count) { curvature[index] = moments.slowCurvature[index] }
    for i in 0..<r {
      curvature[i * count + i] += share * parameterPrecision[i]
      force[i] =
        moments.slowGradient[i] + moments.slowEntropy[i]
        + share * parameterPrecision[i] * slow.free[i]
    }
    for i in 0..<h {
      let place = r + i
      curvature[place * count + place] += share * slotPrecision[i]
      force[place] =
        moments.slowGradient[place] + moments.slowEntropy[place]
        + share * slotPrecision[i] * (slow.lambda[i] - slotMeans[i])
    }
    if slow.curvature.isEmpty {
      slow.curvature = curvature
      for index in 0..<count { slow.curvature[index * count + index] += 32 }
    } else {
      for index in 0..<(count * count) {
        slow.curvature[index] =
          slow.curvature[index] * (1 - 1 / samples) + curvature[index] / samples
      }
    }
    for index in 0..<(count * count) { curvature[index] = slow.curvature[index] }
    for index in 0..<count { curvature[index * count + index] *= 1 + exp(rate) }
    try inverter.invertLoaded(curvature, into: &whitener)
    for i in 0..<count {
      var sum = 0.0
      for j in 0..<count { sum += whitener[i * count + j] * force[j] }
      pull[i] = sum
    }
  }

  /// Moves the slow variables of `range` by one step of their own, all else being held.
  func advance(_ slow: inout SlowVariables, _ range: Range<Int>) {
    let r = parameterPrecision.count
    for i in range {
      let velocity = slow.velocity[i]
      let acceleration = -samples * velocity - pull[i]
      let change = velocity * response[0] + acceleration * response[2]
      if i < r { slow.free[i] += change } else { slow.lambda[i - r] += change }
      slow.velocity[i] += velocity * response[1] + acceleration * response[3]
    }
  }
}
