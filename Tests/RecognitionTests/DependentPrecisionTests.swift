import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Precisions that depend on states and causes")
struct DependentPrecisionTests {
  /// `y = v + z`, `Π_z = e^{a v}`, `v ~ N(m, 1/p)`.
  private func gated(_ a: Double, _ m: Double, _ p: Double, samples: Int)
    -> HierarchicalDynamicModel
  {
    var precision = SampleModels.isotropic(1, 1)
    precision.isStateDependent = true
    let level = SampleModels.level(
      states: 0, causes: 1, outputs: 1, outputPrecision: precision, stateDependent: true,
      equations: { builder, _, v, _ in (builder.zeros(.vector(0)), v) },
      precision: { builder, _, v in
        builder.reshape(
          builder.unary(.exp, builder.binary(.multiply, builder.constant(a), v)),
          to: .matrix(1, 1))
      })
    return HierarchicalDynamicModel(
      levels: [level, SampleModels.prior("v", [m], precision: p)], stateOrder: 1, causeOrder: 1,
      smoothness: 0, time: SampleTimes(count: samples, step: 1))
  }

  @Test("the mode, its variance and F of a gated cause", arguments: [0.7, -1.2])
  func gatedCause(a: Double) throws {
    let (m, p) = (0.4, 1.7)
    let samples = [1.3, -0.8, 0.1, 2.5]
    let model = gated(a, m, p, samples: samples.count)
    let data = Tensor(shape: .matrix(samples.count, 1), values: samples)
    let record = try DynamicExpectationMaximization().run(
      model, on: RecognitionInput(data: data, model: model))
    #expect(record.failure == nil)
    for (sample, y) in samples.enumerated() {
      let mean = record.levels[1].outputs.mean[sample, 0]
      let gain = exp(a * mean)
      // ∂/∂v [½ e^{av}(y − v)² − ½ a v + ½ p (v − m)²] = 0
      let slope =
        0.5 * a * gain * (y - mean) * (y - mean) - gain * (y - mean) - 0.5 * a
        + p * (mean - m)
      #expect(abs(slope) < 1e-6)
      let information = gain + p + 0.5 * a * a
      expectClose(
        record.levels[1].outputs.covariance[sample, 0, 0], 1 / information,
        within: .reference(1e-9))
      let energy =
        0.5 * (gain * (y - mean) * (y - mean) + p * (mean - m) * (mean - m))
        - 0.5 * (a * mean + log(p)) + log(2 * Double.pi)
      // ½ tr(C C⁻¹) of the energy and ½ of the entropy cancel.
      let own = energy + 0.5 * log(information) - 0.5 * log(2 * Double.pi)
      expectClose(record.freeEnergy[sample].freeEnergy, own, within: .reference(1e-9))
    }
    expectClose(
      record.totalFreeEnergy ?? .nan, record.freeEnergy.reduce(0) { $0 + $1.freeEnergy },
      within: .reference(1e-9))
  }

  /// A leaky state whose data are precise where it is high.
  private func dynamic(dependent: Bool) -> HierarchicalDynamicModel {
    var precision = SampleModels.isotropic(exp(2), 1)
    precision.isStateDependent = dependent
    let level = SampleModels.level(
      states: 1, causes: 1, outputs: 1, outputPrecision: precision,
      statePrecision: SampleModels.isotropic(exp(3), 1), stateDependent: dependent,
      equations: { builder, x, v, _ in
        let leak = builder.binary(.multiply, builder.constant(-0.5), x)
        return (builder.binary(.add, leak, v), x)
      },
      precision: dependent
        ? { builder, x, _ in
          let bent = builder.unary(.tanh, x)
          return builder.reshape(
            builder.unary(.exp, builder.binary(.add, builder.constant(2), bent)),
            to: .matrix(1, 1))
        } : nil)
    return HierarchicalDynamicModel(
      levels: [level, SampleModels.prior("v", [0], precision: 1)], stateOrder: 4, causeOrder: 2,
      smoothness: 0.5, time: SampleTimes(count: 24, step: 1))
  }

  @Test("a dynamic model: higher states have narrower predictions, and the sums hold")
  func dynamicModel() throws {
    let model = dynamic(dependent: true)
    let wave = (0..<24).map { 1.5 * sin(Double($0) / 3) }
    let data = Tensor(shape: .matrix(24, 1), values: wave)
    let record = try DynamicExpectationMaximization().run(
      model, on: RecognitionInput(data: data, model: model))
    #expect(record.failure == nil && record.completed == 24)
    let states = record.levels[0].states
    let high = (8..<24).max { states.mean[$0, 0] < states.mean[$1, 0] } ?? 0
    let low = (8..<24).min { states.mean[$0, 0] < states.mean[$1, 0] } ?? 0
    #expect(states.standardDeviation[high, 0] < states.standardDeviation[low, 0])
    for terms in record.freeEnergy {
      expectClose(terms.freeEnergy, terms.energy - terms.entropy, within: .identity)
      expectClose(terms.freeEnergy, terms.complexity - terms.accuracy, within: .identity)
    }
    expectClose(
      record.totalFreeEnergy ?? .nan, record.freeEnergy.reduce(0) { $0 + $1.freeEnergy },
      within: .reference(1e-9))
    let evidence = try #require(record.evidence)
    expectClose(evidence.freeEnergy, record.totalFreeEnergy ?? .nan, within: .reference(1e-9))
  }

  @Test("what cannot be told apart or has no reference is refused")
  func refusals() throws {
    var model = dynamic(dependent: true)
    let input = RecognitionInput(
      data: Tensor(repeating: 0, shape: .matrix(24, 1)), model: model)
    #expect(throws: RecognitionError.unsupported(scheme: .dem, .stateDependentPrecision)) {
      try DynamicExpectationMaximization(
        settings: InversionSettings(scheme: .dem, reference: .spm)
      ).run(model, on: input)
    }
    model.levels[0].outputPrecision.components = [
      PrecisionComponent(name: "y", matrix: .identity(1), priorMean: 0, priorVariance: 1)
    ]
    #expect(throws: RecognitionError.unsupported(scheme: .dem, .logPrecisions)) {
      try DynamicExpectationMaximization().run(model, on: input)
    }
  }
}
