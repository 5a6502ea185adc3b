import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

/// The gradients of generalised filtering against differences of what they are gradients of.
@Suite("Derivatives of generalised filtering")
struct FilterDerivativeTests {
  /// A point of a model and what is evaluated there.
  private struct Probe {
    let model: HierarchicalDynamicModel
    let session: GeneralizedFilterSession
    var unknowns: [Double]
    var free: [Double]
    var lambda: [Double]
    let data: [Double]
    let causes: [Double]
    let missing: [Bool]
    let covariance: [Double]

    init(_ model: HierarchicalDynamicModel, _ mode: InversionSettings.Reference, seed: UInt64)
      throws
    {
      self.model = model
      session = try GeneralizedFilter(settings: InversionSettings(scheme: .filter, reference: mode))
        .initialState(model, on: FilterModels.noise(model, seed: seed))
      var source = RandomSource(seed: seed)
      let layout = session.errors.layout
      let sensors = session.errors.groups[session.errors.dataGroup]
      unknowns = source.normals(layout.count).map { 0.4 * $0 }
      free = source.normals(session.errors.freeCount).map { 0.2 * $0 }
      lambda = session.slow.lambda.map { $0 + 0.3 * source.normal() }
      data = source.normals(layout.stateOrder * sensors.rows)
      causes = source.normals(
        layout.causeOrder * model.levels[model.levels.count - 1].outputs.count)
      missing = [Bool](repeating: false, count: sensors.rows)
      let r = session.errors.freeCount
      let root = source.normals(r * r).map { 0.3 * $0 }
      covariance = (0..<(r * r)).map { place in
        (0..<r).reduce(place / r == place % r ? 0.1 : 0) {
          $0 + root[place / r * r + $1] * root[place % r * r + $1]
        }
      }
    }

    func evaluate() throws -> FilterMoments {
      let moments = session.moments
      try moments.evaluate(
        unknowns: unknowns, free: free, lambda: lambda, data: data, causes: causes,
        missing: missing, freeCovariance: covariance, isFirst: true)
      return moments
    }

    /// G without the priors of φ and λ.
    func energy() throws -> Double {
      try evaluate().energy
    }

    /// What the entropy gradient belongs to: ½ ln |H_uu| + ½ tr(C_φ S), or ½ ln |H| of (u, φ).
    func entropyTerm() throws -> Double {
      let moments = try evaluate()
      if moments.isReference {
        let q = unknowns.count + free.count
        let joint = Tensor(shape: .matrix(q, q), values: moments.covariance)
        return -0.5 * (try CholeskyFactor(joint).logDeterminant)
      }
      return -0.5 * moments.logConditional + 0.5 * InPlace.trace(covariance, moments.schur)
    }
  }

  private func difference(
    _ probe: Probe, _ path: WritableKeyPath<Probe, Double>, _ value: (Probe) throws -> Double
  ) rethrows -> Double {
    let step = 1e-5
    var (up, down) = (probe, probe)
    up[keyPath: path] += step
    down[keyPath: path] -= step
    return (try value(up) - value(down)) / (2 * step)
  }

  @Test("V_u with precisions that depend on states", .tags(.property), arguments: [1, 2])
  func stateGradient(seed: UInt64) throws {
    // With one order and no states G is a function whose gradient V_u is.
    for mode in [InversionSettings.Reference.exact, .spm] {
      let probe = try Probe(FilterModels.attention(), mode, seed: seed)
      let gradient = try probe.evaluate().stateGradient
      for index in gradient.indices {
        let expected = try difference(probe, \.unknowns[index]) { try $0.energy() }
        expectClose(gradient[index], expected, within: .derivative)
      }
    }
  }

  @Test("∂G/∂φ and ∂G/∂λ", .tags(.property), arguments: [1, 2])
  func slowGradient(seed: UInt64) throws {
    for mode in [InversionSettings.Reference.exact, .spm] {
      for model in [FilterModels.attention(), FilterModels.regression(seed: 1).model] {
        let probe = try Probe(model, mode, seed: seed)
        let gradient = try probe.evaluate().slowGradient
        let r = probe.free.count
        for index in gradient.indices {
          let expected =
            index < r
            ? try difference(probe, \.free[index]) { try $0.energy() }
            : try difference(probe, \.lambda[index - r]) { try $0.energy() }
          expectClose(gradient[index], expected, within: .derivative)
        }
      }
    }
  }

  @Test("the entropy's gradients by φ and λ", .tags(.property), arguments: [1, 2])
  func entropy(seed: UInt64) throws {
    for (mode, model) in [
      (.exact, FilterModels.regression(seed: 1).model),
      (.exact, try FilterModels.decay(seed: 1).model),
      (.spm, FilterModels.regression(seed: 1).model),
    ] as [(InversionSettings.Reference, HierarchicalDynamicModel)] {
      let probe = try Probe(model, mode, seed: seed)
      let gradient = try probe.evaluate().slowEntropy
      let r = probe.free.count
      for index in gradient.indices {
        let expected =
          index < r
          ? try difference(probe, \.free[index]) { try $0.entropyTerm() }
          : try difference(probe, \.lambda[index - r]) { try $0.entropyTerm() }
        expectClose(gradient[index], expected, within: .derivative)
      }
    }
  }

  @Test("the reference's curvature by λ is that of G", .tags(.property))
  func referenceCurvature() throws {
    let probe = try Probe(FilterModels.regression(seed: 1).model, .spm, seed: 3)
    let r = probe.free.count
    let b = r + probe.lambda.count
    let curvature = try probe.evaluate().slowCurvature
    for slot in probe.lambda.indices {
      for other in 0..<b {
        let expected = try difference(probe, \.lambda[slot]) {
          try $0.evaluate().slowGradient[other]
        }
        expectClose(curvature[(r + slot) * b + other], expected, within: .secondDerivative)
      }
    }
  }
}
