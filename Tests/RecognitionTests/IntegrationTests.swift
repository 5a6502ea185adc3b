import DynamicModels
import Foundation
import ODEEngine
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Recognition under every integrator")
struct IntegrationTests {
  /// A mild model: the convolution model with modest precisions, which explicit methods can follow.
  private func mild() -> HierarchicalDynamicModel {
    var model = SampleModels.convolution(
      n: 4, d: 3, outputPrecision: exp(1), statePrecision: exp(1))
    model.time = SampleTimes(count: 8, step: 1)
    return model
  }

  private func means(
    _ model: HierarchicalDynamicModel, _ data: Tensor<Double>, _ scheme: RecognitionScheme
  ) throws -> [Double] {
    let record = try scheme.run(model, on: RecognitionInput(data: data, model: model))
    #expect(record.failure == nil)
    return record.levels[0].states.mean.values + record.levels[1].outputs.mean.values
  }

  @Test("agrees with local linearisation on a mild run", arguments: StepperKind.allCases)
  func steppersAgree(stepper: StepperKind) throws {
    let model = mild()
    let data = try GenerativeProcess(
      convolutionProcess(samples: 8), seed: 3
    ).simulate().data
    let exact = try means(model, data, RecognitionScheme())
    // The implicit Euler method of order one cannot afford a tight tolerance.
    let tolerance = stepper == .rk1imp ? 1e-5 : 1e-7
    let record = try means(
      model, data,
      RecognitionScheme(
        integration: ODEOptions(
          stepper: stepper, relativeTolerance: tolerance, absoluteTolerance: tolerance * 1e-2)))
    // Local errors add up over the steps of a sample, as mathematics §8 allows.
    expectClose(record, exact, within: Tolerance("adaptive", relative: 1000 * tolerance))
  }

  @Test(
    "finishes stiff runs with the implicit methods",
    arguments: [
      StepperKind.localLinear, .bsimp, .msbdf, .rk2imp, .rk4imp, .rk1imp,
    ], [exp(8.0), exp(16.0)])
  func stiff(stepper: StepperKind, statePrecision: Double) throws {
    var model = SampleModels.convolution(statePrecision: statePrecision)
    model.time = SampleTimes(count: 4, step: 1)
    let data = try GenerativeProcess(convolutionProcess(samples: 4), seed: 1).simulate().data
    let tolerance = stepper == .rk1imp ? 1e-3 : 1e-5
    let record = try means(
      model, data,
      RecognitionScheme(
        integration: ODEOptions(
          stepper: stepper, relativeTolerance: tolerance, absoluteTolerance: tolerance * 1e-3)))
    #expect(record.allSatisfy { $0.isFinite })
    let exact = try means(model, data, RecognitionScheme())
    expectClose(record, exact, within: Tolerance("adaptive", relative: 3000 * tolerance))
  }

  @Test("converges to algebraic error units at first order in τ", .tags(.convergence))
  func dynamicErrorUnits() throws {
    var model = SampleModels.convolution(
      n: 3, d: 2, outputPrecision: exp(1), statePrecision: exp(1))
    model.time = SampleTimes(count: 6, step: 1)
    let data = try GenerativeProcess(convolutionProcess(samples: 6), seed: 2).simulate().data
    let exact = try means(model, data, RecognitionScheme())
    let steps = (0..<5).map { 0.004 / Double(1 << $0) }
    let errors = try steps.map { tau in
      let units = try means(
        model, data,
        RecognitionScheme(
          options: RecognitionOptions(errorUnits: .dynamic(timeConstant: tau))))
      return zip(units, exact).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    let slopes = zip(errors, errors.dropFirst()).map { log2($0 / $1) }
    #expect(slopes.count >= 4)
    for slope in slopes { #expect(abs(slope - 1) <= 0.1, "slope \(slope)") }
  }

  /// `½ |φ̇|² + κ_θ G` along a run with states and data held.
  private func action(friction: Double) throws -> [Double] {
    let model = SampleModels.nonlinear(parameterVariance: 0.5)
    let options = RecognitionOptions(parameterGain: 0.7, parameterFriction: friction)
    let dynamics = try RecognitionDynamics(model: model, options: options)
    let freeEnergy = try FreeEnergy(dynamics)
    var q = randomState(dynamics, seed: 6)
    let own = dynamics.layout.levels[0]
    for index in own.parameters { q[index] = 0.3 }
    let held = HeldStates(dynamics: dynamics, state: q)
    var solver = try ODESolver(
      held, state: Array(q[own.parameters]) + Array(q[own.parameterMotion]),
      options: ODEOptions(stepper: .rk8pd, relativeTolerance: 1e-11, absoluteTolerance: 1e-13))
    return try (0...20).map { step in
      if step > 0 { try solver.advance(to: Double(step) * 0.5) }
      let slow = solver.state
      var full = q
      let count = own.parameters.count
      for (index, place) in own.parameters.enumerated() { full[place] = slow[index] }
      let kinetic = slow.suffix(count).reduce(0) { $0 + 0.5 * $1 * $1 }
      return kinetic + 0.7
        * (try freeEnergy.energy(full, data: dynamics.data, prior: dynamics.prior))
    }
  }

  @Test("conserves ½|μ̇_θ|² + κ_θ F without friction", .tags(.identity))
  func conservation() throws {
    let values = try action(friction: 0)
    let start = try #require(values.first)
    for value in values {
      expectClose([value], [start], within: Tolerance("integrator", relative: 1e-9))
    }
  }

  @Test("never lets it rise with friction", .tags(.property))
  func dissipation() throws {
    let values = try action(friction: 0.8)
    for (before, after) in zip(values, values.dropFirst()) {
      #expect(after <= before + 1e-9 * abs(before))
    }
    #expect(try #require(values.last) < (try #require(values.first)) - 1e-3)
  }

  @Test("gives the same numbers twice", .tags(.identity))
  func determinism() throws {
    let model = SampleModels.nonlinear()
    var source = RandomSource(seed: 8)
    let data = Tensor(
      shape: .matrix(model.time.count, 2), values: source.normals(2 * model.time.count))
    let first = try RecognitionScheme().run(model, on: RecognitionInput(data: data, model: model))
    let second = try RecognitionScheme().run(model, on: RecognitionInput(data: data, model: model))
    #expect(first.levels[0].states.mean == second.levels[0].states.mean)
    #expect(first.freeEnergy == second.freeEnergy)
  }

  @Test("keeps what is there when it is stopped")
  func interruption() throws {
    let model = SampleModels.convolution()
    let data = try GenerativeProcess(convolutionProcess(), seed: 1).simulate().data
    var calls = 0
    let record = try RecognitionScheme().run(
      model, on: RecognitionInput(data: data, model: model),
      shouldStop: {
        calls += 1
        return calls > 5
      })
    #expect(record.completed >= 1 && record.completed < 32)
    #expect(record.failure == .stopped)
    #expect(record.freeEnergy.count == record.completed)
    #expect(record.levels[0].states.mean[record.completed - 1, 0].isFinite)
  }

  @Test("evaluates a right-hand side without allocating")
  func allocation() async {
    // In a process of its own, where no other test allocates meanwhile.
    await #expect(processExitsWith: .success) {
      for model in [
        SampleModels.convolution(), SampleModels.nonlinear(),
        SampleModels.nonlinear(parameterVariance: 0.5, components: true),
      ] {
        let dynamics = try RecognitionDynamics(model: model)
        let q = randomState(dynamics, seed: 1)
        var out = q
        let allocates = AllocationProbe.allocates {
          var span = out.mutableSpan
          try? dynamics.derivative(time: 0.3, state: q.span, into: &span)
        }
        if allocates { exit(3) }
      }
    }
  }
}

/// The parameters of a network whose states and data stand still.
private final class HeldStates: ODESystem {
  private let dynamics: RecognitionDynamics
  private let state: [Double]
  private var own: LevelUnits { dynamics.layout.levels[0] }

  init(dynamics: RecognitionDynamics, state: [Double]) {
    self.dynamics = dynamics
    self.state = state
  }

  var dimension: Int { 2 * own.parameters.count }

  func derivative(
    time: Double, state slow: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    var q = state
    let count = own.parameters.count
    for index in 0..<count {
      q[own.parameters.lowerBound + index] = slow[index]
      q[own.parameterMotion.lowerBound + index] = slow[count + index]
    }
    var out = q
    var span = out.mutableSpan
    try dynamics.derivative(time: 0, state: q.span, into: &span)
    for index in 0..<count {
      derivative[index] = out[own.parameters.lowerBound + index]
      derivative[count + index] = out[own.parameterMotion.lowerBound + index]
    }
  }
}
