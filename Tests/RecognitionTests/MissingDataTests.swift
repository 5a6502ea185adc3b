import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Missing data")
struct MissingDataTests {
  /// `y = A v + z` with correlated noise, and a prior on v.
  private func regression(_ precision: Tensor<Double>, samples: Int) -> HierarchicalDynamicModel {
    let design = Tensor<Double>(rows: [[1, 0.5], [-0.3, 1], [0.7, 0.2]])
    return HierarchicalDynamicModel(
      levels: [
        SampleModels.level(
          states: 0, causes: 2, outputs: 3, outputPrecision: PrecisionModel(fixed: precision)
        ) { builder, _, v, _ in
          (builder.zeros(.vector(0)), SampleModels.apply(design, v, &builder))
        },
        SampleModels.prior("v", [0.5, -1], precision: 0.8),
      ], stateOrder: 1, causeOrder: 1, smoothness: 0, time: SampleTimes(count: samples, step: 1))
  }

  @Test(
    "static models agree with the Kalman scheme that skips the missing cells", arguments: [1, 2])
  func staticModel(seed: UInt64) throws {
    let precision = Tensor<Double>(rows: [[2, 0.6, -0.3], [0.6, 1.5, 0.2], [-0.3, 0.2, 3]])
    let model = regression(precision, samples: 6)
    var source = RandomSource(seed: seed)
    var data = Tensor(shape: .matrix(6, 3), values: source.normals(18))
    for cell in [(0, 1), (1, 0), (1, 2), (3, 0), (3, 1), (3, 2), (5, 2)] {
      data[cell.0, cell.1] = .nan
    }
    let input = RecognitionInput(data: data, model: model)
    let own = try DynamicExpectationMaximization().run(model, on: input)
    let kalman = try KalmanScheme().run(model, on: input)
    #expect(own.failure == nil && kalman.failure == nil)
    expectClose(
      own.totalFreeEnergy ?? .nan, kalman.totalFreeEnergy ?? .nan, within: .reference(1e-9))
    expectClose(
      own.levels[1].outputs.mean.values, kalman.levels[1].outputs.mean.values,
      within: .reference(1e-9))
    expectClose(
      own.levels[1].outputs.covariance.values, kalman.levels[1].outputs.covariance.values,
      within: .reference(1e-9))
    for sample in 0..<6 {
      for channel in 0..<3 {
        #expect(own.levels[0].outputs.error[sample, channel].isNaN == data[sample, channel].isNaN)
        #expect(own.levels[0].outputs.mean[sample, channel].isFinite)
      }
    }
  }

  @Test("unknown precisions of incomplete data are those that the observed cells imply")
  func precisionOfIncompleteData() throws {
    // One channel, known mean: λ's posterior mode solves its own scalar equation.
    var level = SampleModels.level(
      states: 0, causes: 1, outputs: 2,
      outputPrecision: PrecisionModel(
        fixed: .diagonal([0, 0]),
        components: [
          PrecisionComponent(
            name: "y", matrix: .diagonal([1, 1]), priorMean: 0, priorVariance: 4)
        ])
    ) { builder, _, _, _ in (builder.zeros(.vector(0)), builder.zeros(.vector(2))) }
    level.outputs = VariableLayout([("y", .vector(2))])
    let count = 40
    let model = HierarchicalDynamicModel(
      levels: [level, SampleModels.prior("v", [0], precision: 1)], stateOrder: 1, causeOrder: 1,
      smoothness: 0, time: SampleTimes(count: count, step: 1))
    var source = RandomSource(seed: 3)
    var data = Tensor(shape: .matrix(count, 2), values: source.normals(2 * count).map { 0.5 * $0 })
    for sample in stride(from: 0, to: count, by: 3) { data[sample, 1] = .nan }
    let record = try DynamicExpectationMaximization(
      settings: InversionSettings(scheme: .dem, iterations: 32)
    ).run(model, on: RecognitionInput(data: data, model: model))
    let present = data.values.filter { !$0.isNaN }
    let squares = present.reduce(0) { $0 + $1 * $1 }
    var lambda = 0.0
    for _ in 0..<50 {
      let slope = 0.5 * (Double(present.count) - exp(lambda) * squares) - lambda / 4
      let bend = -0.5 * exp(lambda) * squares - 0.25
      lambda -= slope / bend
    }
    // The M-step stops when less than e⁻⁴ nats are to be gained.
    expectClose(record.logPrecisions[0].mean[0], lambda, within: .reference(1e-2))
    let bend = 0.5 * Double(present.count) + 0.25
    expectClose(
      record.logPrecisions[0].standardDeviation[0], 1 / bend.squareRoot(), within: .reference(1e-9))
  }

  @Test("a channel that is never there leaves the estimates that the others give")
  func absentChannel() throws {
    let model = SampleModels.convolution()
    var reduced = model
    var source = RandomSource(seed: 8)
    let (count, channels) = (model.time.count, 4)
    let data = Tensor(
      shape: .matrix(count, channels), values: source.normals(count * channels).map { 0.3 * $0 })
    var holed = data
    for sample in 0..<count { holed[sample, 2] = .nan }
    reduced.levels[0].outputPrecision.fixed[2, 2] = 0
    let own = try DynamicExpectationMaximization().run(
      model, on: RecognitionInput(data: holed, model: model))
    let other = try DynamicExpectationMaximization().run(
      reduced, on: RecognitionInput(data: data, model: reduced))
    expectClose(
      own.levels[0].states.mean.values, other.levels[0].states.mean.values,
      within: .reference(1e-9))
    expectClose(
      own.levels[1].outputs.covariance.values, other.levels[1].outputs.covariance.values,
      within: .reference(1e-9))
  }

  @Test("a gap widens the posterior there, and leaves what lies far from it alone")
  func gap() throws {
    let model = SampleModels.convolution()
    var source = RandomSource(seed: 5)
    let count = model.time.count
    let data = Tensor(
      shape: .matrix(count, 4), values: source.normals(count * 4).map { 0.2 * $0 })
    var holed = data
    for sample in 14...15 { for channel in 0..<4 { holed[sample, channel] = .nan } }
    let full = try DynamicExpectationMaximization().run(
      model, on: RecognitionInput(data: data, model: model))
    let own = try DynamicExpectationMaximization().run(
      model, on: RecognitionInput(data: holed, model: model))
    #expect(own.failure == nil && own.completed == count)
    let (a, b) = (full.levels[0].states, own.levels[0].states)
    // Windows reach three samples ahead: before them nothing has changed.
    for sample in 0..<10 {
      for state in 0..<2 { #expect(a.mean[sample, state] == b.mean[sample, state]) }
    }
    #expect(b.standardDeviation[14, 0] > a.standardDeviation[14, 0])
    #expect(b.standardDeviation[20, 0] == a.standardDeviation[20, 0])
    // Ten time constants later the gap is forgotten.
    for state in 0..<2 {
      #expect(
        abs(a.mean[count - 1, state] - b.mean[count - 1, state])
          < 0.5 * a.standardDeviation[count - 1, state])
    }
    #expect(own.levels[0].states.mean.values.allSatisfy { $0.isFinite })
  }
}
