import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Generalised filtering, exact form")
struct GeneralizedFilterTests {
  // MARK: Limits

  @Test(
    "with nothing unknown the estimates and F are those of dem", arguments: ["n > d", "n = d"])
  func withoutUnknowns(name: String) throws {
    let model = name == "n > d" ? SampleModels.convolution() : SampleModels.linearTwoLevel()
    let input = FilterModels.noise(model, seed: 3)
    // Both follow the same flow. They must differ where states have a stated prior, whose orders
    // have the level's smoothness here and none there, and where anything is unknown.
    let filter = try GeneralizedFilter().run(model, on: input)
    let dem = try DynamicExpectationMaximization().run(model, on: input)
    #expect(filter.failure == nil && filter.passes.count == 1)
    for (a, b) in zip(filter.levels, dem.levels) {
      for (own, other) in [(a.states, b.states), (a.outputs, b.outputs)] {
        expectClose(own.mean.values, other.mean.values, within: .reference)
        expectClose(own.error.values, other.error.values, within: .reference)
        expectClose(own.weightedError.values, other.weightedError.values, within: .reference)
        expectClose(own.covariance.values, other.covariance.values, within: .reference)
      }
    }
    for (a, b) in zip(filter.freeEnergy, dem.freeEnergy) {
      expectClose(a.accuracy, b.accuracy, within: .reference)
      expectClose(a.freeEnergy, b.freeEnergy, within: .reference)
    }
    expectClose(
      filter.totalFreeEnergy ?? .nan, dem.totalFreeEnergy ?? .nan, within: .reference)
  }

  @Test("delayed channels are read like in dem")
  func delays() throws {
    let model = SampleModels.convolution()
    var input = FilterModels.noise(model, seed: 4)
    input.delays = [0, 0.3, 0.7, -0.4]
    let filter = try GeneralizedFilter().run(model, on: input)
    let dem = try DynamicExpectationMaximization().run(model, on: input)
    expectClose(
      filter.levels[0].states.mean.values, dem.levels[0].states.mean.values, within: .reference)
    input.delays = [0]
    let plain = try GeneralizedFilter().run(model, on: input)
    #expect(plain.levels[0].states.mean.values != filter.levels[0].states.mean.values)
  }

  @Test("a static linear hierarchy reaches the exact evidence at every sample")
  func staticEvidence() throws {
    let model = SampleModels.hierarchy()
    let input = FilterModels.noise(model, seed: 5)
    let filter = try GeneralizedFilter().run(model, on: input)
    // `dem` is tested against the closed form itself.
    let dem = try DynamicExpectationMaximization().run(model, on: input)
    for (a, b) in zip(filter.freeEnergy, dem.freeEnergy) {
      expectClose(a.freeEnergy, b.freeEnergy, within: .reference)
    }
    for (a, b) in zip(filter.levels, dem.levels) {
      // F is flat at the mode, where `dem` stops by its gain.
      expectClose(a.outputs.mean.values, b.outputs.mean.values, within: .reference(1e-7))
    }
  }

  // MARK: Learning

  @Test("a static regression with unknown noise is recovered", arguments: [1, 2, 3, 4])
  func recoversRegression(seed: UInt64) throws {
    let problem = FilterModels.regression(seed: seed)
    let settings = InversionSettings(scheme: .filter, passes: 16)
    let record = try GeneralizedFilter(settings: settings).run(problem.model, on: problem.input)
    #expect(record.failure == nil)
    let estimate = try #require(record.parameters.first)
    for (index, truth) in problem.parameters.enumerated() {
      expectClose(
        estimate.mean[index], truth,
        within: .statistical(4, of: estimate.standardDeviation[index]))
      #expect(estimate.standardDeviation[index] < 0.1)
    }
    let noise = try #require(record.logPrecisions.first)
    expectClose(
      noise.mean[0], problem.logPrecision, within: .statistical(4, of: noise.standardDeviation[0]))
    #expect(noise.standardDeviation[0] < 0.2)
    // The exact posterior of the weights, given the noise found: flat prior, known regressors.
    let exact = FilterModels.leastSquares(problem, precision: exp(noise.mean[0]))
    // The average over a pass wanders by a fraction of the posterior's width.
    for index in estimate.mean.indices {
      expectClose(
        estimate.mean[index], exact.mean[index],
        within: .statistical(0.5, of: exact.standardDeviation[index]))
    }
    expectClose(
      estimate.standardDeviation, exact.standardDeviation,
      within: Tolerance("spread", relative: 2e-2))
  }

  @Test("the rate of a decaying state and its noise are recovered", arguments: [7, 8, 9])
  func recoversDynamics(seed: UInt64) throws {
    let problem = try FilterModels.decay(seed: seed)
    let settings = InversionSettings(scheme: .filter, passes: 16)
    let record = try GeneralizedFilter(settings: settings).run(problem.model, on: problem.input)
    #expect(record.failure == nil)
    let rate = try #require(record.parameters.first)
    expectClose(
      rate.mean[0], problem.parameters[0], within: .statistical(4, of: rate.standardDeviation[0]))
    #expect(rate.standardDeviation[0] < 0.1)
    // All orders of an error count as evidence, so that the interval of λ is narrow.
    let noise = try #require(record.logPrecisions.first)
    expectClose(noise.mean[0], problem.logPrecision, within: .statistical(1, of: 1))
    #expect(abs(noise.mean[0] - noise.prior[0]) > 1)
  }

  // MARK: Books that balance

  @Test("F is the sum of its parts, and the best pass is reported", arguments: ["exact", "spm"])
  func parts(reference: String) throws {
    let mode = try #require(InversionSettings.Reference(rawValue: reference))
    let problem = FilterModels.regression(seed: 1)
    let settings = InversionSettings(scheme: .filter, passes: 10, reference: mode)
    let record = try GeneralizedFilter(settings: settings).run(problem.model, on: problem.input)
    let total = try #require(record.totalFreeEnergy)
    let evidence = try #require(record.evidence)
    #expect(
      Set(evidence.complexities.map(\.block)).isSuperset(
        of: ["states", "parameters.theta", "logPrecisions.y", "coupling"]))
    for terms in record.freeEnergy {
      expectClose(terms.freeEnergy, terms.energy - terms.entropy, within: .identity)
      expectClose(terms.freeEnergy, terms.complexity - terms.accuracy, within: .identity)
    }
    #expect(record.parameterCourse.shape == .matrix(problem.model.time.count, 6))
    #expect(record.logPrecisionCourse.shape == .matrix(problem.model.time.count, 1))
    expectClose(evidence.freeEnergy, total, within: .identity)
    if mode == .exact {
      let accepted = record.passes.filter(\.isAccepted).map(\.freeEnergy)
      expectClose(total, accepted.min() ?? .nan, within: .identity)
      let samples = record.freeEnergy.reduce(0) { $0 + $1.freeEnergy }
      let slow = evidence.complexities.filter { $0.block != "states" }.reduce(0) { $0 + $1.value }
      expectClose(total, samples + slow, within: .identity)
      expectClose(
        evidence.accuracy, record.freeEnergy.reduce(0) { $0 + $1.accuracy }, within: .identity)
      // Each entry is a divergence.
      for entry in evidence.complexities where entry.block != "states" {
        #expect(entry.value >= -1e-9)
      }
    }
  }

  @Test("only a pass whose F falls is accepted", arguments: [1, 2, 3])
  func monotone(seed: UInt64) throws {
    // A nonlinear model that noise does not come from.
    let model = SampleModels.nonlinear(parameterVariance: 1, components: true)
    let settings = InversionSettings(scheme: .filter, passes: 8)
    let record = try GeneralizedFilter(settings: settings).run(
      model, on: FilterModels.noise(model, seed: seed))
    var lowest = Double.infinity
    for pass in record.passes {
      #expect(pass.isAccepted == (pass.freeEnergy < lowest))
      lowest = min(lowest, pass.freeEnergy)
    }
    #expect(record.totalFreeEnergy == lowest)
  }

  @Test("after a pass that is taken back the best estimates are where the next one starts")
  func rejection() throws {
    let problem = FilterModels.regression(seed: 1)
    for mode in [InversionSettings.Reference.exact, .spm] {
      let settings = InversionSettings(scheme: .filter, passes: 6, reference: mode)
      let scheme = GeneralizedFilter(settings: settings)
      var state = try scheme.initialState(problem.model, on: problem.input)
      let first = try scheme.step(&state, shouldStop: nil)
      let before = scheme.record(of: state)
      for index in state.slow.free.indices { state.slow.free[index] += 4 }
      let second = try scheme.step(&state, shouldStop: nil)
      #expect(first.isAccepted && second.freeEnergy > first.freeEnergy)
      // The reference takes its first four passes as they come.
      #expect(second.isAccepted == (mode == .spm))
      if mode == .spm { continue }
      let after = scheme.record(of: state)
      #expect(after.parameters == before.parameters)
      #expect(after.totalFreeEnergy == before.totalFreeEnergy)
      #expect(state.slow.free == state.reported?.free)
      #expect(state.slow.velocity.allSatisfy { $0 == 0 })
      let third = try scheme.step(&state, shouldStop: nil)
      #expect(third.freeEnergy < second.freeEnergy)
    }
  }

  @Test("the same input gives the same bytes while learning")
  func determinism() throws {
    let problem = try FilterModels.decay(seed: 7)
    let first = try GeneralizedFilter().run(problem.model, on: problem.input)
    let second = try GeneralizedFilter().run(problem.model, on: problem.input)
    #expect(first.passes == second.passes)
    #expect(first.parameterCourse.values == second.parameterCourse.values)
    #expect(first.freeEnergy == second.freeEnergy)
  }

  // MARK: Missing data

  @Test("a channel that is missing throughout is as if it were not in the model")
  func missingChannel() throws {
    let (whole, part) = (FilterModels.channels(2), FilterModels.channels(1))
    var source = RandomSource(seed: 6)
    let count = whole.time.count
    let values = source.normals(count)
    var data = Tensor<Double>(repeating: .nan, shape: .matrix(count, 2))
    for sample in 0..<count { data[sample, 0] = values[sample] }
    let a = try GeneralizedFilter().run(whole, on: RecognitionInput(data: data, model: whole))
    let b = try GeneralizedFilter().run(
      part,
      on: RecognitionInput(data: Tensor(shape: .matrix(count, 1), values: values), model: part))
    expectClose(
      a.levels[0].states.mean.values, b.levels[0].states.mean.values, within: .reference)
    expectClose(
      a.levels[0].states.covariance.values, b.levels[0].states.covariance.values,
      within: .reference)
    expectClose(a.totalFreeEnergy ?? .nan, b.totalFreeEnergy ?? .nan, within: .reference)
    #expect((0..<count).allSatisfy { a.levels[0].outputs.error[$0, 1].isNaN })
    #expect(a.levels[0].outputs.mean.values.allSatisfy { $0.isFinite })
  }

  @Test(
    "a missing cell changes nothing before its window and takes away itself alone",
    arguments: ["exact", "spm"])
  func missingCell(reference: String) throws {
    let mode = try #require(InversionSettings.Reference(rawValue: reference))
    let model = SampleModels.convolution()
    let input = FilterModels.noise(model, seed: 8)
    var holed = input
    holed.data[20, 2] = .nan
    let settings = InversionSettings(scheme: .filter, reference: mode)
    let full = try GeneralizedFilter(settings: settings).run(model, on: input)
    let record = try GeneralizedFilter(settings: settings).run(model, on: holed)
    #expect(record.failure == nil)
    for level in record.levels { #expect(level.states.mean.values.allSatisfy { $0.isFinite }) }
    let (a, b) = (full.levels[0].states.mean, record.levels[0].states.mean)
    // Windows of seven samples around sample 21 reach from 18 to 24.
    for sample in 0..<17 { #expect(a[sample, 0] == b[sample, 0] && a[sample, 1] == b[sample, 1]) }
    #expect(a[22, 0] != b[22, 0])
    #expect(
      (0..<32).filter { record.levels[0].outputs.error[$0, 2].isNaN } == [20])
    let spread = record.levels[0].outputs.standardDeviation
    #expect(spread[20, 2] > spread[10, 2])
    // With less said about them the data cost less.
    #expect(record.freeEnergy.allSatisfy { $0.freeEnergy.isFinite })
  }

  // MARK: Failures

  @Test("a pass that diverges says where, and the last accepted estimates stay")
  func divergence() throws {
    let problem = FilterModels.regression(seed: 1)
    let scheme = GeneralizedFilter(settings: InversionSettings(scheme: .filter, passes: 6))
    var state = try scheme.initialState(problem.model, on: problem.input)
    _ = try scheme.step(&state, shouldStop: nil)
    let before = scheme.record(of: state)
    state.slow.velocity[2] = .infinity
    #expect(
      throws: RecognitionError.divergence(iteration: 2, sample: 1, unit: "theta[3]")
    ) { try scheme.step(&state, shouldStop: nil) }
    let after = scheme.record(of: state)
    #expect(after.parameters == before.parameters)
    #expect(after.freeEnergy == before.freeEnergy && after.completed == before.completed)
  }

  @Test("an unstable flow is reported with its sample and unit")
  func instability() throws {
    let model = SampleModels.convolution()
    let input = FilterModels.noise(model, seed: 8)
    // Uphill: the flow runs away from the mode.
    let settings = InversionSettings(scheme: .filter, gradientGain: -1)
    let record = try GeneralizedFilter(settings: settings).run(model, on: input)
    guard case .divergence(1, let sample, let unit) = record.failure else {
      Issue.record("\(String(describing: record.failure))")
      return
    }
    #expect(sample >= 1 && sample < 32 && !unit.isEmpty)
    #expect(record.completed == 0 && record.freeEnergy.isEmpty)
  }

  @Test("confounds are refused")
  func confounds() throws {
    let model = SampleModels.convolution()
    var input = FilterModels.noise(model, seed: 8)
    input.confounds = Tensor(repeating: 1, shape: .matrix(32, 1))
    #expect(throws: RecognitionError.unsupported(scheme: .filter, .confounds)) {
      try GeneralizedFilter().run(model, on: input)
    }
  }
}

@Suite("Memory of generalised filtering")
struct FilterMemoryTests {
  @Test("a step of states, parameters and log-precisions allocates nothing")
  func allocation() async {
    // In a process of its own, where no other test allocates meanwhile.
    await #expect(processExitsWith: .success) {
      let problem = try FilterModels.decay(seed: 7)
      let scheme = GeneralizedFilter()
      var session = try scheme.initialState(problem.model, on: problem.input)
      // One pass first, so that there is a covariance of the record.
      _ = try scheme.step(&session, shouldStop: nil)
      let state = session
      var unknowns = state.initialUnknowns
      var slow = state.slow
      var isFinite = true
      func visit(_ sample: Int) throws {
        state.observations.embed(sample: sample, part: 0)
        try state.moments.evaluate(
          unknowns: unknowns, free: slow.free, lambda: slow.lambda,
          data: state.observations.observed, causes: state.observations.expected,
          missing: state.absent[0], freeCovariance: state.recordCovariance)
        try state.slowStep.prepare(&slow, state.moments, rate: 0, isReference: false)
        state.slowStep.advance(&slow, 1..<2)
        isFinite =
          state.stateStep.advanceJointly(
            &unknowns, &slow, state.slowStep, state.moments, data: state.observations.observed,
            prior: state.observations.expected) && isFinite
      }
      for sample in 1...8 { try visit(sample) }
      if AllocationProbe.allocates({ try? visit(9) }) { exit(3) }
      if !isFinite { exit(4) }
    }
  }
}
