import Foundation
import ODEEngine
import TestSupport
import Testing

#if os(Linux) && arch(x86_64)
  /// Every measurement runs in a process of its own, where no other test allocates meanwhile.
  @Suite(.serialized) struct AllocationTests {
    /// Keeps the optimiser from removing an allocation.
    final class Box {
      var values: [Int] = []
      var count = 0
    }

    /// The methods without a factorisation: GSL's `gsl_linalg_LU_decomp` allocates its list of
    /// pivots at every call since version 2.6, so the implicit ones cannot be held to this.
    static let steppers = StepperKind.allCases.filter {
      ![.rk1imp, .rk2imp, .rk4imp, .bsimp, .msbdf].contains($0)
    }

    @Test func probeSeesShortLivedAllocations() async {
      await #expect(processExitsWith: .success) {
        let box = Box()
        let seen = AllocationProbe.allocates {
          for index in 0..<10 { box.values = [Int](repeating: index, count: 8 + index) }
          box.values = []
        }
        if !seen { exit(2) }
        let nothing = AllocationProbe.allocates { for index in 0..<10 { box.count += index } }
        if nothing { exit(3) }
      }
    }

    @Test(arguments: steppers)
    func adaptiveStepsAllocateNothing(_ stepper: StepperKind) async {
      await #expect(processExitsWith: .success) { [name = stepper.rawValue as String] in
        guard let stepper = StepperKind(rawValue: name) else { exit(4) }
        let options = ODEOptions(stepper: stepper, relativeTolerance: 1e-4)
        var solver = try ODESolver(FunctionSystem.lorenz, state: [1, 2, 3], options: options)
        try solver.advance(to: 1)
        var target = 1.0
        let before = solver.statistics.accepted
        let allocates = try AllocationProbe.allocates(attempts: 10) {
          target += 30
          try solver.advance(to: target)
          solver.restart()
        }
        if solver.statistics.accepted - before <= 50 { exit(2) }
        if allocates { exit(3) }
      }
    }

    @Test(arguments: steppers)
    func tenThousandFixedStepsAllocateNothing(_ stepper: StepperKind) async {
      await #expect(processExitsWith: .success) { [name = stepper.rawValue as String] in
        guard let stepper = StepperKind(rawValue: name) else { exit(4) }
        let options = ODEOptions(stepper: stepper, relativeTolerance: 1e-4, fixedStep: 0.001)
        var solver = try ODESolver(FunctionSystem.oscillator, state: [1, 2], options: options)
        try solver.advance(to: 1)
        var target = 1.0
        let allocates = try AllocationProbe.allocates(attempts: 10) {
          target += 10
          try solver.advance(to: target)
        }
        if solver.statistics.accepted < 11_000 { exit(2) }
        if allocates { exit(3) }
      }
    }

    @Test func linearStepsAllocateNothing() async {
      await #expect(processExitsWith: .success) {
        let system = LocalLinearTests.forced(
          [[0, 1], [-1, -0.1]], [[0, 0], [0, 1], [0.1, 0]])
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
        if allocates { exit(3) }
      }
    }
  }
#endif
