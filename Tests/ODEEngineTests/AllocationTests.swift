import ODEEngine
import TestSupport
import Testing

#if os(Linux) && arch(x86_64)
  @Suite(.serialized) struct AllocationTests {
    /// Keeps the optimiser from removing an allocation.
    final class Box {
      var values: [Int] = []
      var count = 0
    }

    @Test func probeSeesShortLivedAllocations() {
      let box = Box()
      let seen = AllocationProbe.allocates {
        for index in 0..<10 { box.values = [Int](repeating: index, count: 8 + index) }
        box.values = []
      }
      #expect(seen)
      let nothing = AllocationProbe.allocates { for index in 0..<10 { box.count += index } }
      #expect(!nothing)
    }

    /// The methods that factorise a matrix through GSL, whose `gsl_linalg_LU_decomp` allocates its
    /// list of pivots at every call since version 2.6.
    static let usesFactorisation: Set<StepperKind> = [.rk1imp, .rk2imp, .rk4imp, .bsimp, .msbdf]

    private func expectNone(_ allocates: Bool, _ stepper: StepperKind) {
      if Self.usesFactorisation.contains(stepper) {
        withKnownIssue("the library's factorisation allocates", isIntermittent: true) {
          #expect(!allocates)
        }
      } else {
        #expect(!allocates, "\(stepper)")
      }
    }

    @Test(arguments: StepperKind.allCases)
    func adaptiveStepsAllocateNothing(_ stepper: StepperKind) throws {
      let options = ODEOptions(stepper: stepper, relativeTolerance: 1e-4)
      var solver = try ODESolver(FunctionSystem.lorenz, state: [1, 2, 3], options: options)
      try solver.advance(to: 1)
      var target = 1.0
      let before = solver.statistics.accepted
      let allocates = try AllocationProbe.allocates(attempts: 10) {
        // Long enough for the method with the longest steps, even when one attempt suffices.
        target += 30
        try solver.advance(to: target)
        solver.restart()
      }
      #expect(solver.statistics.accepted - before > 50)
      expectNone(allocates, stepper)
    }

    @Test(arguments: StepperKind.allCases)
    func tenThousandFixedStepsAllocateNothing(_ stepper: StepperKind) throws {
      let options = ODEOptions(stepper: stepper, relativeTolerance: 1e-4, fixedStep: 0.001)
      var solver = try ODESolver(FunctionSystem.oscillator, state: [1, 2], options: options)
      try solver.advance(to: 1)
      var target = 1.0
      let allocates = try AllocationProbe.allocates(attempts: 10) {
        target += 10
        try solver.advance(to: target)
      }
      #expect(solver.statistics.accepted >= 11_000)
      expectNone(allocates, stepper)
    }

    @Test func linearStepsAllocateNothing() throws {
      let system = LocalLinearTests.forced([[0, 1], [-1, -0.1]], [[0, 0], [0, 1], [0.1, 0]])
      let options = ODEOptions(stepper: .localLinear)
      var solver = try ODESolver(system, state: [1, 2], options: options)
      try solver.advance(to: 1)
      var target = 1.0
      let allocates = try AllocationProbe.allocates {
        for _ in 0..<100 {
          target += 1
          try solver.advance(to: target)
          solver.restart()
        }
      }
      #expect(!allocates)
    }
  }
#endif
