import Foundation
import ODEEngine
import TestSupport
import Testing

@Suite struct ProblemTests {
  @Test(arguments: StepperKind.allCases)
  func oscillatorKeepsItsCircle(_ stepper: StepperKind) throws {
    let options = ODEOptions(
      stepper: stepper, relativeTolerance: 1e-8, absoluteTolerance: 1e-8,
      maximumSteps: 10_000_000)
    var solver = try ODESolver(FunctionSystem.oscillator, state: [1, 0], options: options)
    let times = (1...8).map { 0.25 * Double($0) * Double.pi }
    let path = try solver.solve(from: [1, 0], at: 0, times: times)
    let steps = Double(solver.statistics.accepted)
    for (sample, time) in times.enumerated() {
      let exact = [cos(time), -sin(time)]
      #expect(distance(Array(path.state(sample)), exact) <= 10 * steps * 1e-8, "\(stepper)")
      #expect(path.times[sample] == time)
    }
  }

  /// Reference: Hairer & Wanner's values of Robertson's problem at t = 40.
  @Test(arguments: StepperKind.allCases.filter { $0.suitsStiffSystems && $0 != .rk1imp })
  func robertson(_ stepper: StepperKind) throws {
    let options = ODEOptions(
      stepper: stepper, relativeTolerance: 1e-7, absoluteTolerance: 1e-12,
      maximumSteps: 1_000_000)
    var solver = try ODESolver(FunctionSystem.robertson, state: [1, 0, 0], options: options)
    try solver.advance(to: 40)
    let exact = [0.7158270687, 9.185534764e-6, 0.2841637457]
    #expect(abs(solver[0] - exact[0]) < 2e-5, "\(stepper): \(solver.state)")
    #expect(abs(solver[1] - exact[1]) < 1e-8, "\(stepper): \(solver.state)")
    #expect(abs(solver.state.reduce(0, +) - 1) < 1e-6, "\(stepper): \(solver.state)")
    #expect(solver.statistics.accepted < 200_000)
  }

  @Test(arguments: StepperKind.allCases.filter(\.suitsStiffSystems))
  func stiffLinearModeLeavesStepFree(_ stepper: StepperKind) throws {
    let options = ODEOptions(
      stepper: stepper, relativeTolerance: 1e-6, absoluteTolerance: 1e-6,
      maximumSteps: 100_000)
    var solver = try ODESolver(FunctionSystem.stiff, state: [1], options: options)
    try solver.advance(to: 1)
    #expect(abs(solver[0] - cos(1)) < 1e-4, "\(stepper): \(solver[0])")
    // An explicit method would need 10⁸ steps.
    #expect(solver.statistics.accepted < 20_000, "\(stepper): \(solver.statistics)")
  }

  @Test func steppersAgreeOnLorenz() throws {
    func end(_ stepper: StepperKind, _ tolerance: Double) throws -> [Double] {
      let options = ODEOptions(
        stepper: stepper, relativeTolerance: tolerance, absoluteTolerance: tolerance,
        maximumSteps: 10_000_000)
      var solver = try ODESolver(FunctionSystem.lorenz, state: [1, 1, 1], options: options)
      try solver.advance(to: 2)
      return solver.state
    }
    let reference = try end(.rk8pd, 1e-13)
    for stepper in StepperKind.allCases where stepper != .rk1imp {
      let state = try end(stepper, 1e-9)
      #expect(distance(state, reference) < 1e-3, "\(stepper): \(state) for \(reference)")
    }
  }

  @Test(arguments: StepperKind.allCases)
  func twoRunsGiveTheSameBytes(_ stepper: StepperKind) throws {
    func run() throws -> [UInt64] {
      let options = ODEOptions(stepper: stepper, relativeTolerance: 1e-5)
      var solver = try ODESolver(FunctionSystem.lorenz, state: [1, 2, 3], options: options)
      try solver.advance(to: 0.5)
      solver.restart()
      try solver.advance(to: 1)
      return solver.state.map(\.bitPattern)
    }
    let first = try run()
    let second = try run()
    #expect(first == second)
  }

  @Test(arguments: StepperKind.allCases)
  func backwardsUndoesForwards(_ stepper: StepperKind) throws {
    let options = ODEOptions(
      stepper: stepper, relativeTolerance: 1e-8, absoluteTolerance: 1e-8,
      maximumSteps: 10_000_000)
    var solver = try ODESolver(FunctionSystem.driven(), state: [1, 1], options: options)
    try solver.advance(to: 1)
    try solver.advance(to: 0)
    let steps = Double(solver.statistics.accepted)
    #expect(solver.time == 0)
    #expect(distance(solver.state, [1, 1]) < 100 * steps * 1e-8, "\(stepper): \(solver.state)")
  }
}

@Suite struct RestartTests {
  final class Source {
    var value = 0.0
  }

  /// ẋ = −2x + u with u constant between samples: each method must follow every jump.
  @Test(arguments: StepperKind.allCases)
  func jumpsInTheData(_ stepper: StepperKind) throws {
    let source = Source()
    let system = FunctionSystem(
      dimension: 1, function: { _, q, f in f[0] = -2 * q[0] + source.value },
      matrix: { _, _, j, partial in
        j[0] = -2
        partial[0] = 0
      })
    let options = ODEOptions(
      stepper: stepper, relativeTolerance: 1e-8, absoluteTolerance: 1e-8)
    var solver = try ODESolver(system, state: [0], options: options)
    var exact = 0.0
    for sample in 1...40 {
      source.value = sample.isMultiple(of: 3) ? 5 : -1
      solver.restart()
      try solver.advance(to: 0.25 * Double(sample))
      let rest = source.value / 2
      exact = rest + (exact - rest) * exp(-0.5)
    }
    let steps = Double(solver.statistics.accepted)
    #expect(abs(solver[0] - exact) < 10 * steps * 1e-8, "\(stepper): \(solver[0]) \(exact)")
  }

  @Test(arguments: StepperKind.allCases)
  func solvingTwiceIsTheSame(_ stepper: StepperKind) throws {
    var solver = try ODESolver(
      FunctionSystem.lorenz, state: [1, 1, 1],
      options: ODEOptions(stepper: stepper, relativeTolerance: 1e-5))
    let times = [0.1, 0.25, 0.7]
    let first = try solver.solve(from: [1, 2, 3], at: 0, times: times)
    let second = try solver.solve(from: [1, 2, 3], at: 0, times: times)
    #expect(first == second)
    #expect(first.count == 3 && first.times == times)
  }
}

@Suite struct DenseOutputTests {
  @Test func hermiteFollowsTheStep() throws {
    let options = ODEOptions(
      stepper: .rkf45, relativeTolerance: 1e-8, absoluteTolerance: 1e-8, recordsSteps: true)
    var solver = try ODESolver(FunctionSystem.driven(), state: [1, 1], options: options)
    try solver.advance(to: 1)
    let last = try #require(solver.records.last)
    var values = [0.0, 0.0]
    for fraction in [0.0, 0.3, 0.5, 0.8, 1.0] {
      let time = 1 - (1 - fraction) * last.step
      var span = values.mutableSpan
      let isInside = try solver.interpolate(at: min(time, 1), into: &span)
      #expect(isInside)
      #expect(distance(values, FunctionSystem.drivenSolution(time)) < 1e-6)
    }
    var span = values.mutableSpan
    let isInside = try solver.interpolate(at: 1.5, into: &span)
    #expect(!isInside)
  }

  @Test func recordsAndStatisticsAgree() throws {
    let options = ODEOptions(stepper: .rk4, initialStep: 1, recordsSteps: true)
    var solver = try ODESolver(FunctionSystem.driven(), state: [1, 1], options: options)
    try solver.advance(to: 0.7)
    try solver.advance(to: 2)
    let statistics = solver.statistics
    let records = solver.records
    #expect(records.count == statistics.accepted)
    #expect(records.map(\.rejections).reduce(0, +) == statistics.rejected)
    #expect(statistics.rejected > 0)
    #expect(records.last?.time == 2)
    #expect(records.contains { $0.time == 0.7 })
    #expect(abs(records.map(\.step).reduce(0, +) - 2) < 1e-12)
    #expect(records.map(\.step).min() == statistics.smallestStep)
    #expect(records.map(\.step).max() == statistics.largestStep)
    #expect(records.allSatisfy { ($0.errorRatio ?? 2) <= 1.1 })
    #expect(statistics.derivativeEvaluations >= 4 * statistics.accepted)
    #expect(statistics.jacobianEvaluations == 0)
  }

  @Test func stepsRespectTheirBounds() throws {
    let options = ODEOptions(stepper: .rk8pd, maximumStep: 0.05)
    var solver = try ODESolver(FunctionSystem.driven(), state: [1, 1], options: options)
    try solver.advance(to: 1)
    #expect((solver.statistics.largestStep ?? 1) <= 0.05)
    let fixed = ODEOptions(stepper: .rk4, fixedStep: 0.3)
    var equal = try ODESolver(FunctionSystem.driven(), state: [1, 1], options: fixed)
    try equal.advance(to: 1)
    #expect(equal.statistics.accepted == 4)
    #expect(equal.time == 1)
  }
}
