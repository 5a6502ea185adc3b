import ODEEngine
import TestSupport
import Testing

@Suite struct ConvergenceTests {
  /// Step counts for which each method is in its asymptotic range and above rounding.
  static func counts(_ stepper: StepperKind) -> [Int] {
    switch stepper {
    case .rk1imp: [1600, 3200, 6400, 12_800]
    case .rk2imp, .localLinear: [160, 320, 640, 1280]
    case .rk4, .rk4imp: [40, 60, 80, 120, 160]
    case .rkf45, .rkck: [40, 60, 80, 120]
    case .rk8pd: [22, 28, 36, 45, 54]
    case .bsimp, .msadams, .msbdf: []
    }
  }

  @Test(arguments: StepperKind.allCases.filter { $0.order != nil })
  func orderOfFixedSteps(_ stepper: StepperKind) throws {
    let end = 2.0
    let frequency = 4.0
    // The highest order is above rounding only where errors grow.
    let growth = stepper == .rk8pd ? 4.0 : 0
    let exact = FunctionSystem.drivenSolution(end, frequency: frequency)
    let steps = Self.counts(stepper).map { end / Double($0) }
    let measured = try ConvergenceOrder(steps: steps, scale: 1) { step in
      let options = ODEOptions(
        stepper: stepper, relativeTolerance: 0, absoluteTolerance: 1e-11, fixedStep: step)
      var solver = try ODESolver(
        FunctionSystem.driven(frequency: frequency, growth: growth), state: [1, 1], options: options
      )
      try solver.advance(to: end)
      return distance(solver.state, exact)
    }
    let expected = try #require(stepper.order)
    #expect(measured.agrees(with: expected), "\(stepper): \(measured)")
  }

  @Test(arguments: StepperKind.allCases)
  func adaptiveErrorFollowsTolerance(_ stepper: StepperKind) throws {
    let end = 2.0
    let exact = FunctionSystem.drivenSolution(end)
    var last = Double.infinity
    for exponent in stride(from: -4, through: -10, by: -1) {
      let tolerance = Double("1e\(exponent)") ?? 0
      let options = ODEOptions(
        stepper: stepper, relativeTolerance: tolerance, absoluteTolerance: tolerance,
        maximumSteps: 10_000_000)
      var solver = try ODESolver(FunctionSystem.driven(), state: [1, 1], options: options)
      try solver.advance(to: end)
      let error = distance(solver.state, exact)
      let steps = Double(solver.statistics.accepted)
      #expect(error <= 10 * steps * tolerance, "\(stepper) at \(tolerance): \(error), \(steps)")
      #expect(error <= max(last, 1e-11), "\(stepper) at \(tolerance): \(error) after \(last)")
      last = error
    }
  }
}
