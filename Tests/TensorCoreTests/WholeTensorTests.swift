import TestSupport
import Testing

@testable import TensorCore

/// Whole-tensor executables against the one that lowers programs to numbers.
struct WholeTensorTests {
  static let close = Tolerance("identity", relative: 1e-12, floor: 1e-12)

  static func expectSame(
    _ program: Program, _ arguments: [String: Tensor<Double>], _ comment: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let expected = program.evaluate(arguments)
    let actual = Double.evaluate(program, arguments)
    let single = Float.evaluate(
      program,
      arguments.mapValues { Tensor(shape: $0.shape, values: $0.values.map { Float($0) }) })
    for port in program.outputs {
      #expect(actual[port.name]?.shape == port.shape, sourceLocation: sourceLocation)
      let wanted = expected[port.name]?.values ?? []
      expectClose(
        actual[port.name]?.values ?? [], wanted, within: close, "\(port.name), \(comment)",
        sourceLocation: sourceLocation)
      expectClose(
        (single[port.name]?.values ?? []).map { Double($0) }, wanted,
        within: Tolerance("single precision", relative: 1e-3, floor: 1e-3),
        "\(port.name) in single precision, \(comment)", sourceLocation: sourceLocation)
    }
  }

  @Test(.tags(.property), arguments: 0..<10)
  func randomPrograms(block: UInt64) {
    for seed in (block * 40)..<(block * 40 + 40) {
      let program = RandomProgram.make(seed: seed, smooth: true, composites: true)
      Self.expectSame(program, Programs.arguments(program, seed: seed), "seed \(seed)")
    }
  }

  @Test(.tags(.property), arguments: 0..<5)
  func gradientsOfRandomPrograms(block: UInt64) {
    for seed in (block * 20)..<(block * 20 + 20) {
      let program = RandomProgram.make(seed: seed, steps: 10, smooth: true, composites: true)
        .gradient(of: "y", withRespectTo: ["a", "b", "c"], seededBy: "s")
      Self.expectSame(program, Programs.arguments(program, seed: seed), "seed \(seed)")
    }
  }

  @Test func repeatedRunsGiveTheSameBits() {
    for seed in UInt64(0)..<30 {
      let program = RandomProgram.make(seed: seed, composites: true)
      let executable = Double.executable(program)
      let workspace = TensorWorkspace(executable)
      for region in executable.inputs {
        workspace.write(Programs.normals(region.shape, seed: seed).values, to: region)
      }
      workspace.run()
      let first = executable.outputs.map { workspace.read($0) }
      workspace.run()
      for (values, region) in zip(first, executable.outputs) {
        #expect(Programs.same(workspace.read(region), values), "seed \(seed)")
      }
    }
  }

  @Test func portsFollowEachOther() {
    let program = Programs.make([.vector(3), .matrix(2, 2), .scalar]) {
      $0.binary(.multiply, $0.sum($1[0]), $0.binary(.add, $1[1], $1[2]))
    }
    let executable = Float.executable(program)
    #expect(executable.inputs.map(\.offset) == [0, 3, 7])
  }

  @Test func buffersShareMemory() {
    // A long chain of entrywise functions needs no more than its ends and a little between.
    let program = Programs.make([.vector(1000)]) { builder, x in
      (0..<50).reduce(x[0]) { value, index in
        builder.unary(index % 2 == 0 ? .sin : .cos, value)
      }
    }
    #expect(Double.executable(program).arenaCount < 3200)
  }

  @Test func anInputMayBeAnOutputTwice() {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: .vector(3))
    builder.output("y", x)
    builder.output("z", x)
    builder.output("w", builder.slice(x, axis: 0, start: 1, count: 2))
    builder.output("c", builder.constant(7))
    Self.expectSame(builder.build(), ["x": Tensor(vector: [1, 2, 3])], "copies")
  }

  @Test func aNumberThatIsNoRowStops() async {
    await #expect(processExitsWith: .failure) {
      let program = Programs.make([.matrix(3, 2), .vector(1)]) { $0.gather($1[0], at: $1[1]) }
      _ = Double.evaluate(
        program,
        ["x0": Tensor(repeating: 0, shape: .matrix(3, 2)), "x1": Tensor(vector: [3])])
    }
  }
}
