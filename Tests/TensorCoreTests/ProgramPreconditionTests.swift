import Testing

@testable import TensorCore

/// Shapes that do not fit stop the process instead of giving a wrong program.
struct ProgramPreconditionTests {
  @Test func entryByEntry() async {
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      let a = builder.input("a", shape: .vector(2))
      _ = builder.binary(.add, a, builder.input("b", shape: .vector(3)))
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      let a = builder.input("a", shape: .vector(2))
      _ = builder.select(a, a, builder.input("b", shape: .matrix(2, 1)))
    }
    await #expect(processExitsWith: .failure) {
      // Only scalars are repeated, whatever the order of the operands.
      var builder = ProgramBuilder()
      let a = builder.input("a", shape: .matrix(3, 2))
      _ = builder.select(a, a, builder.input("b", shape: .vector(2)))
    }
  }

  @Test func products() async {
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      let a = builder.input("a", shape: .matrix(2, 3))
      _ = builder.matrixProduct(a, a)
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      let a = builder.input("a", shape: Shape([2, 2, 2]))
      _ = builder.matrixProduct(a, builder.input("b", shape: Shape([3, 2, 2])))
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      let a = builder.input("a", shape: .vector(2))
      _ = builder.matrixProduct(a, a)
    }
  }

  @Test func reductions() async {
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      _ = builder.sum(builder.input("a", shape: .vector(2)), axis: 1)
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      _ = builder.maximum(builder.input("a", shape: .vector(0)), axis: 0)
    }
  }

  @Test func rearrangements() async {
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      _ = builder.broadcast(builder.input("a", shape: .vector(2)), to: .vector(3))
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      _ = builder.reshape(builder.input("a", shape: .vector(2)), to: .vector(3))
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      _ = builder.permute(builder.input("a", shape: .matrix(2, 2)), [0, 0])
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      _ = builder.slice(builder.input("a", shape: .vector(2)), axis: 0, start: 1, count: 2)
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      _ = builder.slice(builder.input("a", shape: .vector(2)), axis: -1, start: 0, count: 1)
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      let a = builder.input("a", shape: .matrix(2, 2))
      _ = builder.concatenate([a, builder.input("b", shape: .matrix(2, 3))], axis: 0)
    }
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      _ = builder.concatenate([], axis: 0)
    }
  }

  @Test func portsAndRuns() async {
    await #expect(processExitsWith: .failure) {
      var builder = ProgramBuilder()
      _ = builder.input("a", shape: .scalar)
      _ = builder.input("a", shape: .scalar)
    }
    await #expect(processExitsWith: .failure) {
      let program = Programs.make([.scalar]) { $1[0] }
      _ = program.jacobian(of: "z", withRespectTo: "x0", as: "J")
    }
    await #expect(processExitsWith: .failure) {
      let program = Programs.make([.scalar]) { $1[0] }
      _ = program.evaluate(["x0": Tensor(vector: [1, 2])])
    }
    await #expect(processExitsWith: .failure) {
      let program = Programs.make([.scalar]) { $1[0] }
      var builder = ProgramBuilder()
      _ = builder.inline(program, arguments: [:])
    }
  }
}
