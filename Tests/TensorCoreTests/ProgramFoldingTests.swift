import TestSupport
import Testing

@testable import TensorCore

/// What building and lowering a program rewrites, and that it changes no other bit.
struct ProgramFoldingTests {
  @Test func operationsOnConstantsAreConstants() {
    var builder = ProgramBuilder()
    let a = builder.constant(Tensor(rows: [[1, 2], [3, 4]]))
    let b = builder.transpose(builder.matrixProduct(a, a))
    let c = builder.sum(builder.unary(.exp, builder.binary(.multiply, b, builder.constant(0))))
    #expect(builder.constantValue(b) == Tensor(rows: [[7, 15], [10, 22]]))
    #expect(builder.constantValue(c) == Tensor(4))
    builder.output("c", c)
    let program = builder.build()
    #expect(program.nodes.count == 1)
    #expect(program.constants == [Tensor(4)])
    #expect(program.constantOutput("c") == Tensor(4))
    #expect(Executable(program).instructionCount == 0)
  }

  @Test func neutralElementsVanish() {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: .vector(2))
    let (zero, one) = (builder.zeros(.vector(2)), builder.constant(1))
    let two = builder.constant(2)
    func same(
      _ actual: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
    ) { #expect(actual == expected, sourceLocation: sourceLocation) }
    let negative = builder.unary(.negate, x)
    let minus = builder.constant(-1)
    let square = builder.binary(.multiply, x, x)
    same(builder.binary(.add, x, zero), x)
    same(builder.binary(.add, zero, x), x)
    same(builder.binary(.subtract, x, zero), x)
    same(builder.binary(.subtract, zero, x), negative)
    same(builder.binary(.multiply, x, one), x)
    same(builder.binary(.multiply, one, x), x)
    same(builder.binary(.multiply, x, minus), negative)
    same(builder.binary(.multiply, minus, x), negative)
    same(builder.binary(.multiply, x, zero), zero)
    same(builder.binary(.multiply, zero, x), zero)
    same(builder.binary(.divide, zero, x), zero)
    same(builder.binary(.divide, x, one), x)
    same(builder.binary(.power, x, one), x)
    same(builder.binary(.power, x, two), square)
    same(builder.binary(.power, x, zero), builder.constant(Tensor(vector: [1, 1])))
    same(builder.unary(.negate, negative), x)
    same(builder.select(two, x, x), x)
    same(builder.permute(x, [0]), x)
    same(builder.slice(x, axis: 0, start: 0, count: 2), x)
    same(builder.concatenate([x], axis: 0), x)
    same(builder.broadcast(x, to: .vector(2)), x)
    let wide = builder.reshape(x, to: .matrix(1, 2))
    same(builder.reshape(wide, to: .vector(2)), x)
    same(builder.sum(wide, axis: 0), x)
    let nothing = builder.zeros(.matrix(2, 3))
    same(builder.matrixProduct(wide, nothing), builder.zeros(.matrix(1, 3)))
  }

  @Test func equalValuesAreOneValue() {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: .scalar)
    let first = builder.unary(.exp, builder.binary(.add, x, builder.constant(1)))
    let second = builder.unary(.exp, builder.binary(.add, x, builder.constant(1)))
    #expect(first == second)
    builder.output("y", builder.binary(.multiply, first, second))
    let program = builder.build()
    #expect(Executable(program).instructionCount == 3)
    // Continuing a program, or copying it into another, finds the same values again.
    var again = ProgramBuilder(program)
    let port = program.inputs[0]
    let copies = again.inline(program, arguments: ["x": again.value(of: port)])
    #expect(copies["y"] == again.value(of: program.outputs[0]))
    #expect(again.build().nodes == program.nodes)
  }

  @Test func entriesAreSharedAndFoldedAcrossTensors() {
    // Both rows of the product are the same sum, in either order of factors.
    let program = Programs.make([.matrix(1, 3), .matrix(3, 1)]) { builder, x in
      let product = builder.matrixProduct(x[0], x[1])
      let transposed = builder.matrixProduct(builder.transpose(x[1]), builder.transpose(x[0]))
      return builder.concatenate([product, transposed], axis: 0)
    }
    // One product, two fused multiply-adds, one copy to the second entry.
    #expect(Executable(program).instructionCount == 4)
  }

  @Test func unneededValuesAreDropped() {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: .scalar)
    let unused = builder.input("unused", shape: .vector(3))
    _ = builder.unary(.exp, unused)
    builder.output("y", builder.unary(.sin, x))
    let program = builder.build()
    #expect(program.nodes.count == 3)
    #expect(program.inputs.map(\.name) == ["x", "unused"])
    let kept = program.jacobian(of: "y", withRespectTo: "x", as: "J").keeping(outputs: ["J"])
    #expect(kept.outputs.map(\.name) == ["J"])
    #expect(Executable(kept).instructionCount == 1)
    #expect(
      Programs.output(kept, ["x": Tensor(0), "unused": Tensor(vector: [1, 2, 3])], "J").values == [
        1
      ])
  }

  @Test func notANumberStaysWhereItIsNotMultipliedByZero() {
    let program = Programs.make([.scalar]) { builder, x in
      let bad = builder.constant(.nan)
      return builder.stack([
        builder.binary(.add, x[0], bad), builder.binary(.multiply, x[0], builder.constant(0)),
        builder.binary(.maximum, x[0], bad), builder.binary(.minimum, bad, x[0]),
      ])
    }
    let values = Programs.value(program, [Tensor(1)]).values
    #expect(values.map(\.isNaN) == [true, false, true, true])
    #expect(values[1] == 0)
  }

  @Test(.tags(.property), arguments: 0..<20)
  func fusingChangesNoBit(seed: UInt64) {
    let shape = Shape.vector(50)
    let x = (0..<3).map { Programs.normals(shape, seed: seed * 3 + UInt64($0)) }
    func check(
      _ count: Int, _ body: (inout ProgramBuilder, [Value]) -> Value,
      _ expected: (Double, Double, Double) -> Double
    ) {
      let program = Programs.make([shape, shape, shape], body)
      #expect(Executable(program).instructionCount == 50 * count)
      let values = (0..<50).map { expected(x[0].values[$0], x[1].values[$0], x[2].values[$0]) }
      #expect(Programs.value(program, x).values == values)
    }
    func product(_ builder: inout ProgramBuilder, _ a: Value, _ b: Value) -> Value {
      builder.binary(.multiply, a, b)
    }
    check(1, { $0.binary(.add, product(&$0, $1[0], $1[1]), $1[2]) }, { $0 * $1 + $2 })
    check(1, { $0.binary(.add, $1[2], product(&$0, $1[0], $1[1])) }, { $2 + $0 * $1 })
    check(1, { $0.binary(.subtract, product(&$0, $1[0], $1[1]), $1[2]) }, { $0 * $1 - $2 })
    check(1, { $0.binary(.subtract, $1[2], product(&$0, $1[0], $1[1])) }, { $2 - $0 * $1 })
    check(1, { $0.binary(.add, product(&$0, $1[0], $1[0]), $1[0]) }, { a, _, _ in a * a + a })
    check(
      2, { $0.binary(.subtract, product(&$0, $1[0], $1[1]), product(&$0, $1[1], $1[2])) },
      { $0 * $1 - $1 * $2 })
    // A product read twice is not fused: it is computed once.
    check(
      2,
      {
        let shared = product(&$0, $1[0], $1[1])
        return $0.binary(.add, shared, shared)
      }, { a, b, _ in a * b + a * b })
    check(1, { $0.binary(.add, $1[0], $0.unary(.negate, $1[1])) }, { a, b, _ in a - b })
    check(1, { $0.binary(.add, $0.unary(.negate, $1[0]), $1[1]) }, { a, b, _ in b - a })
    check(1, { $0.binary(.subtract, $1[0], $0.unary(.negate, $1[1])) }, { a, b, _ in a + b })
    check(1, { $0.binary(.divide, $1[0], $0.constant(-8)) }, { a, _, _ in a / -8 })
    check(1, { $0.binary(.divide, $1[0], $0.constant(3)) }, { a, _, _ in a / 3 })
    check(1, { $0.binary(.divide, $1[0], $0.constant(0x1p1023)) }, { a, _, _ in a / 0x1p1023 })
    check(1, { $0.binary(.divide, $1[0], $0.constant(0x1p-1074)) }, { a, _, _ in a / 0x1p-1074 })
    check(1, { $0.binary(.power, $1[0], $0.constant(2)) }, { a, _, _ in a * a })
    check(2, { $0.binary(.power, $1[0], $0.constant(3)) }, { a, _, _ in a * a * a })
    check(1, { $0.binary(.power, $1[0], $0.constant(-1)) }, { a, _, _ in 1 / a })
    check(1, { $0.binary(.power, $1[0], $0.constant(4)) }, { a, _, _ in Libm.pow(a, 4) })
  }
}
