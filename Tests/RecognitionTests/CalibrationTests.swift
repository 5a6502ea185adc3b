import DynamicModels
import Foundation
import ReferenceCases
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("What the chapter on inversion says")
struct CalibrationTests {
  /// `y = X v + z` over 16 samples with one unknown log-precision of z, λ ~ N(2, 1).
  private func model(_ design: Tensor<Double>) -> HierarchicalDynamicModel {
    let noise = PrecisionModel(
      fixed: Tensor(repeating: 0, shape: .matrix(16, 16)),
      components: [
        PrecisionComponent(name: "y", matrix: .identity(16), priorMean: 2, priorVariance: 1)
      ])
    let first = SampleModels.level(states: 0, causes: 2, outputs: 16, outputPrecision: noise) {
      builder, _, v, _ in
      (builder.zeros(.vector(0)), SampleModels.apply(design, v, &builder))
    }
    return HierarchicalDynamicModel(
      levels: [first, SampleModels.prior("v", [0, 0], precision: 1)], stateOrder: 1,
      causeOrder: 1, smoothness: 0, time: SampleTimes(count: 16, step: 1))
  }

  @Test("90 % intervals of a linear model hold the truth, over 30 data sets of seed 90")
  func coverage() throws {
    var source = RandomSource(seed: 90)
    let design = Tensor(shape: .matrix(16, 2), values: source.normals(32))
    let model = model(design)
    var settings = InversionSettings(scheme: .dem)
    settings.iterations = 32
    let scheme = DynamicExpectationMaximization(settings: settings)
    var held = (causes: 0, precisions: 0)
    for _ in 0..<30 {
      let lambda = 2 + source.normal()
      let causes = Tensor(shape: .matrix(16, 2), values: source.normals(32))
      var data = LinearAlgebra.product(causes, LinearAlgebra.transpose(design))
      for place in data.values.indices { data.values[place] += exp(-lambda / 2) * source.normal() }
      let record = try scheme.run(model, on: RecognitionInput(data: data, model: model))
      #expect(record.failure == nil)
      let found = record.levels[1].outputs
      for (place, truth) in causes.values.enumerated() {
        let deviation = found.standardDeviation.values[place]
        if abs(found.mean.values[place] - truth) <= 1.645 * deviation { held.causes += 1 }
      }
      let precision = try #require(record.logPrecisions.first)
      if abs(precision.mean[0] - lambda) <= 1.645 * precision.standardDeviation[0] {
        held.precisions += 1
      }
    }
    // Five standard errors of 960 intervals, and what 30 of them allow.
    #expect((0.85...0.95).contains(Double(held.causes) / 960))
    #expect((0.7...1).contains(Double(held.precisions) / 30))
  }

  @Test(
    "F of the two references differs by a constant where nothing is masked",
    arguments: [
      "convolution", "convolution_n1", "convolution_n2", "convolution_n4", "convolution_K",
    ])
  func conversion(name: String) throws {
    func freeEnergy(_ kind: InversionSettings.Reference) throws -> Double {
      let reference = try ReferenceCase(name, reference: kind)
      let record = try DynamicExpectationMaximization(settings: reference.settings).run(
        reference.model, on: reference.input)
      #expect(record.failure == nil)
      return try #require(record.totalFreeEnergy)
    }
    let model = try ReferenceCase(name).model
    let (n, d) = (model.stateOrder, model.causeOrder)
    let states = model.levels.reduce(0) { $0 + $1.states.count }
    let causes = model.levels.reduce(0) { $0 + $1.causes.count }
    let channels = model.level(1).outputs.count
    let errors = n * (channels + states + causes)
    let unknowns = n * states + d * causes
    let constant =
      0.5 * Double(model.time.count * (errors - unknowns - n * channels)) * log(2 * Double.pi)
    // What is left is (n − d) causes' worth of constants.
    #expect(errors - unknowns - n * channels == (n - d) * causes)
    let exact = try freeEnergy(.exact)
    let converted = try freeEnergy(.spm) + constant
    expectClose(exact, converted, within: .reference(1e-9))
  }
}
