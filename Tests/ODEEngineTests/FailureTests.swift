import Foundation
import ODEEngine
import Testing

@Suite struct FailureTests {
  /// A decay whose right-hand side breaks at t = 0.5.
  static func broken(_ response: @escaping (Double) throws(ODEError) -> Double) -> FunctionSystem {
    FunctionSystem(
      dimension: 2,
      function: { (t, q, f) throws(ODEError) in
        f[0] = -q[0]
        f[1] = t < 0.5 ? -2 * q[1] : try response(t)
      },
      matrix: { _, _, j, partial in
        j[0] = -1
        j[1] = 0
        j[2] = 0
        j[3] = -2
        partial[0] = 0
        partial[1] = 0
      })
  }

  private func failure(
    _ solver: inout ODESolver<FunctionSystem>, _ target: Double
  ) -> ODEError? {
    do throws(ODEError) {
      try solver.advance(to: target)
      return nil
    } catch {
      return error
    }
  }

  /// Checks that the state is the solution at the time where the solver stands.
  private func expectGoodState(_ solver: borrowing ODESolver<FunctionSystem>, before end: Double) {
    let t = solver.time
    // Local linearisation does not look at the end of its steps, the others do.
    let overshoot =
      solver.options.stepper == .localLinear ? (solver.statistics.largestStep ?? 0) / 2 : 0
    #expect(t <= end + overshoot && t >= 0)
    let exact = [exp(-t), exp(-2 * t)]
    #expect(distance(solver.state, exact) < 3e-3, "\(solver.state) at \(t) for \(exact)")
  }

  @Test(arguments: StepperKind.allCases, [nil, 0.01])
  func notANumber(_ stepper: StepperKind, fixedStep: Double?) throws {
    let options = ODEOptions(stepper: stepper, fixedStep: fixedStep)
    var solver = try ODESolver(
      Self.broken { (_) throws(ODEError) in .nan }, state: [1, 1], options: options)
    let error = try #require(failure(&solver, 1))
    guard case .nonFinite(.derivative, let point) = error else {
      Issue.record("\(stepper): \(error)")
      return
    }
    #expect(point.index == 1)
    #expect(point.variable == "x[2]")
    #expect(point.time == solver.time)
    #expect(point.stepCount == solver.statistics.accepted)
    expectGoodState(solver, before: 0.5)
    #expect(solver.time > 0.3, "\(stepper) stopped at \(solver.time)")
  }

  @Test(arguments: StepperKind.allCases, [nil, 0.01])
  func thrownErrorComesBack(_ stepper: StepperKind, fixedStep: Double?) throws {
    let thrown = ODEError.system(code: "indefinite precision", time: 0.5, variable: "level 1")
    let options = ODEOptions(stepper: stepper, fixedStep: fixedStep)
    var solver = try ODESolver(
      Self.broken { (_) throws(ODEError) in throw thrown }, state: [1, 1], options: options)
    #expect(failure(&solver, 1) == thrown)
    expectGoodState(solver, before: 0.5)
  }

  @Test(arguments: StepperKind.allCases)
  func stopOnRequestAndContinue(_ stepper: StepperKind) throws {
    var calls = 0
    let options = ODEOptions(stepper: stepper, maximumStep: 0.01)
    var solver = try ODESolver(
      Self.broken { (t) throws(ODEError) in -2 * exp(-2 * t) }, state: [1, 1], options: options)
    solver.shouldStop = {
      calls += 1
      return calls == 11
    }
    guard case .interrupted(let point) = failure(&solver, 0.4) else {
      Issue.record("not interrupted")
      return
    }
    #expect(point.stepCount == 10)
    #expect(solver.time > 0 && solver.time < 0.4)
    expectGoodState(solver, before: 0.4)
    try solver.advance(to: 0.4)
    expectGoodState(solver, before: 0.4)
    #expect(solver.time == 0.4)
  }

  @Test(arguments: StepperKind.allCases)
  func stepUnderflow(_ stepper: StepperKind) throws {
    let system = FunctionSystem(
      dimension: 2,
      function: { t, q, f in
        f[0] = 0
        f[1] = -60 * q[1] * q[1] * q[1] + 40 * sin(40 * t)
      },
      matrix: { t, q, j, partial in
        j[0] = 0
        j[1] = 0
        j[2] = 0
        j[3] = -180 * q[1] * q[1]
        partial[0] = 0
        partial[1] = 1600 * cos(40 * t)
      })
    let options = ODEOptions(
      stepper: stepper, relativeTolerance: 1e-14, absoluteTolerance: 1e-14, initialStep: 0.2,
      minimumStep: 0.1)
    var solver = try ODESolver(system, state: [3, 1], options: options)
    guard case .stepUnderflow(let point, let minimum) = failure(&solver, 5) else {
      Issue.record("\(stepper) reached \(solver.time)")
      return
    }
    #expect(minimum == 0.1)
    #expect(point.time == 0 && solver.time == 0)
    #expect(solver.state == [3, 1])
    #expect(point.step > 0)
    if let index = point.index { #expect(index == 1) }
  }

  @Test func tooManySteps() throws {
    let options = ODEOptions(stepper: .rk4, maximumSteps: 7)
    var solver = try ODESolver(FunctionSystem.lorenz, state: [1, 1, 1], options: options)
    guard case .tooManySteps(let point, let limit, let target) = failure(&solver, 100) else {
      Issue.record("no failure")
      return
    }
    #expect(limit == 7 && target == 100 && point.stepCount == 7)
  }

  @Test func explosionIsReported() throws {
    let system = FunctionSystem(dimension: 1, function: { _, q, f in f[0] = q[0] * q[0] })
    for stepper in StepperKind.allCases where !stepper.needsJacobian {
      var solver = try ODESolver(system, state: [1], options: ODEOptions(stepper: stepper))
      #expect(failure(&solver, 2) != nil)
      #expect(solver.time < 1.001)
      let isFinite = solver.state.allSatisfy { $0.isFinite }
      #expect(isFinite)
    }
  }

  @Test func badRequests() throws {
    let plain = FunctionSystem(dimension: 1, function: { _, q, f in f[0] = q[0] })
    for stepper in StepperKind.allCases where stepper.needsJacobian {
      #expect(throws: ODEError.jacobianMissing(stepper)) {
        _ = try ODESolver(plain, state: [1], options: ODEOptions(stepper: stepper))
      }
    }
    #expect(throws: ODEError.emptySystem) {
      _ = try ODESolver(FunctionSystem(dimension: 0, function: { _, _, _ in }), state: [])
    }
    #expect(throws: ODEError.invalidOption(name: "fixedStep", value: -1)) {
      _ = try ODESolver(plain, state: [1], options: ODEOptions(fixedStep: -1))
    }
    #expect(throws: ODEError.invalidOption(name: "relativeTolerance", value: -1)) {
      _ = try ODESolver(plain, state: [1], options: ODEOptions(relativeTolerance: -1))
    }
    var solver = try ODESolver(plain, state: [1])
    #expect(failure(&solver, .infinity) == .invalidTime(.infinity))
  }

  @Test func textNamesTimeStepVariableAndRemedy() {
    let point = ODEFailurePoint(
      time: 0.1 + 0.2, step: 1.25e-9, stepCount: 42, index: 1, variable: "level 1 x[2]′")
    let error = ODEError.nonFinite(.derivative, point)
    #expect(
      error.english
        == "the derivative of level 1 x[2]′ is not a finite number at time 0.3 "
        + "(step 1.25e-9, after 42 steps). Check the equations for division by zero, logarithms "
        + "or roots of negative numbers and for growth without bound near this state.")
    #expect(
      error.japanese
        == "時刻 0.3（刻み幅 1.25e-9、42 歩の後）で、level 1 x[2]′ の微分が有限の数ではなくなりました。"
        + "この付近で零による除算、負の数の対数や平方根、際限のない増大がないか、式を確かめてください。")
    let all: [ODEError] = [
      .stepUnderflow(point, minimumStep: 0), .stepFailed(point, status: -1),
      .tooManySteps(point, limit: 10, target: 12), .interrupted(point),
      .system(code: "code", time: 1, variable: nil), .jacobianMissing(.bsimp),
      .invalidOption(name: "fixedStep", value: -1), .invalidTime(.nan), .emptySystem,
      .outOfMemory(dimension: 3),
    ]
    for error in all {
      #expect(error.english.hasSuffix("."))
      #expect(error.japanese.hasSuffix("。"))
    }
  }
}
