import TestSupport
import Testing

@testable import TensorCore

#if os(Linux)
  import Foundation
#endif

/// Places in the arena: reused by lifetime, outputs safe, lanes independent, nothing allocated.
struct ProgramLivenessTests {
  @Test func longChainsNeedFewPlaces() {
    let program = Programs.make([.scalar]) { builder, x in
      var value = x[0]
      for step in 0..<1000 {
        value = builder.unary(step % 2 == 0 ? .sin : .cos, value)
      }
      return value
    }
    let executable = Executable(program)
    #expect(executable.instructionCount == 1000)
    #expect(executable.arenaCount <= 4)
    var expected = 0.4
    for step in 0..<1000 { expected = step % 2 == 0 ? Libm.sin(expected) : Libm.cos(expected) }
    #expect(Programs.value(program, [Tensor(0.4)]).values == [expected])
  }

  @Test func twoStrandedChainsNeedFewPlaces() {
    let program = Programs.make([.vector(2)]) { builder, x in
      var a = builder.element(x[0], axis: 0, index: 0)
      var b = builder.element(x[0], axis: 0, index: 1)
      for _ in 0..<500 {
        (a, b) = (builder.binary(.add, builder.unary(.sin, a), b), builder.unary(.tanh, a))
      }
      return builder.stack([a, b])
    }
    let executable = Executable(program)
    #expect(executable.arenaCount <= 8)
    let start = Tensor(vector: [0.3, 0.2])
    #expect(
      Programs.value(program, [start]) == Programs.interpret(program, ["x0": start])["y"])
  }

  @Test func outputsAreNeverClobbered() {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: .vector(2))
    let early = builder.unary(.exp, x)
    builder.output("early", early)
    var late = early
    for _ in 0..<20 { late = builder.unary(.sin, builder.binary(.add, late, early)) }
    builder.output("late", late)
    builder.output("again", early)
    builder.output("input", x)
    builder.output("inputAgain", x)
    builder.output("fixed", builder.constant(Tensor(vector: [3, -1])))
    builder.output("mixed", builder.stack([builder.constant(3), builder.sum(x)]))
    let program = builder.build()
    let executable = Executable(program)
    let workspace = Workspace(executable)
    for round in 0..<3 {
      let values = Programs.normals(.vector(2), seed: UInt64(round))
      workspace.write(values.values, to: executable.input("x"))
      workspace.run()
      let expected = Programs.interpret(program, ["x": values])
      for region in executable.outputs {
        #expect(workspace.read(region) == expected[region.name]?.values, "\(region.name)")
      }
      // The inputs are still there too.
      #expect(workspace.read(executable.input("x")) == values.values)
    }
    #expect(executable.constants(ofOutput: "mixed") == [3, nil])
    #expect(executable.constants(ofOutput: "fixed") == [3, -1])
  }

  @Test func aFusedProductReadsItsFactorsLate() {
    // The factors of a product that joins its sum must outlive the instructions in between.
    let program = Programs.make([.scalar, .scalar]) { builder, x in
      let a = builder.unary(.exp, x[0])
      let b = builder.unary(.sin, x[1])
      let product = builder.binary(.multiply, a, b)
      var other = x[0]
      for _ in 0..<10 { other = builder.unary(.cos, builder.unary(.tanh, other)) }
      return builder.binary(.subtract, other, product)
    }
    let arguments = Programs.arguments(program, seed: 3)
    #expect(program.evaluate(arguments)["y"] == Programs.interpret(program, arguments)["y"])
  }

  @Test(.tags(.property), arguments: [1, 2, 7, 64])
  func lanesGiveTheBitsOfSingleRuns(batch: Int) {
    for seed in UInt64(0)..<30 {
      let program = RandomProgram.make(seed: seed, steps: 20)
      let executable = Executable(program, batch: batch)
      #expect(executable.batch == batch)
      let workspace = Workspace(executable)
      // Two rounds over one workspace: the second must not see the first.
      for round in 0..<2 {
        var lanes: [[String: Tensor<Double>]] = []
        for lane in 0..<batch {
          let arguments = Programs.arguments(
            program, seed: seed * 1000 + UInt64(round * batch + lane))
          for region in executable.inputs {
            workspace.write(
              arguments[region.name]?.values ?? [], to: region, lane: lane)
          }
          lanes.append(arguments)
        }
        workspace.run()
        let single = Executable(program)
        for lane in 0..<batch {
          let expected = single.evaluate(lanes[lane])
          for region in executable.outputs {
            #expect(
              workspace.read(region, lane: lane) == expected[region.name]?.values,
              "seed \(seed), lane \(lane), output \(region.name)")
          }
        }
      }
    }
  }

  @Test func evaluatingABatchGivesTheFirstLane() {
    let program = RandomProgram.make(seed: 5)
    let arguments = Programs.arguments(program, seed: 5)
    #expect(
      Executable(program, batch: 3).evaluate(arguments) == Executable(program).evaluate(arguments))
  }

  @Test func emptyProgramsRun() {
    let empty = ProgramBuilder().build()
    #expect(empty.evaluate([:]).isEmpty)
    let program = Programs.make([.vector(0)]) { $0.unary(.exp, $1[0]) }
    #expect(Programs.value(program, [Tensor(vector: [])]).values.isEmpty)
    #expect(Executable(program).instructionCount == 0)
  }

  #if os(Linux)
    /// Pages of data, from the sixth number of the kernel's own account.
    fileprivate static func dataPages() -> Int {
      let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
      let numbers = text.split(separator: " ")
      return numbers.count > 5 ? Int(numbers[5]) ?? -1 : -1
    }

    /// In a process of its own, since other tests allocate at the same time.
    @Test func repeatedRunsKeepNoMemory() async {
      await #expect(processExitsWith: .success) {
        for batch in [1, 4] {
          let program = Programs.make([.matrix(3, 3)]) { builder, x in
            let waves = builder.unary(.sin, builder.matrixProduct(x[0], x[0]))
            return builder.binary(.power, builder.unary(.exp, waves), builder.constant(0.3))
          }.jacobian(of: "y", withRespectTo: "x0", as: "J")
          let executable = Executable(program, batch: batch)
          guard executable.instructionCount > 20 else { exit(2) }
          let workspace = Workspace(executable)
          for region in executable.inputs {
            workspace.write([Double](repeating: 0.3, count: region.shape.count), to: region)
          }
          workspace.run()
          _ = ProgramLivenessTests.dataPages()
          let before = ProgramLivenessTests.dataPages()
          // One kept allocation a run would be at least 16 bytes, 390 pages in all.
          for _ in 0..<100_000 { workspace.run() }
          let grown = ProgramLivenessTests.dataPages() - before
          if before <= 0 || grown > 16 { exit(1) }
        }
      }
    }
  #endif
}
