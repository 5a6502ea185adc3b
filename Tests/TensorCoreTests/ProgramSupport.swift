import TestSupport
import Testing

@testable import TensorCore

/// Programs for tests: a plain interpreter, difference quotients and small shapes.
enum Programs {
  /// Every shape of rank 0 to `rank` with extents 0 to 3.
  static func shapes(upToRank rank: Int = 3) -> [Shape] {
    var layers: [[[Int]]] = [[[]]]
    for _ in 0..<rank {
      layers.append((layers.last ?? []).flatMap { head in (0...3).map { head + [$0] } })
    }
    return layers.joined().map { Shape($0) }
  }

  /// Every index of a shape, in storage order.
  static func indices(_ shape: Shape) -> [[Int]] {
    shape.dimensions.reduce([[]]) { heads, extent in
      heads.flatMap { head in (0..<extent).map { head + [$0] } }
    }
  }

  /// The storage place of an index, by Horner's rule.
  static func flat(_ index: [Int], _ shape: Shape) -> Int {
    zip(index, shape.dimensions).reduce(0) { $0 * $1.1 + $1.0 }
  }

  /// A tensor of standard normal numbers.
  static func normals(_ shape: Shape, seed: UInt64) -> Tensor<Double> {
    var source = RandomSource(seed: seed)
    return Tensor(shape: shape, values: source.normals(shape.count))
  }

  /// A tensor of numbers uniform on `range`.
  static func uniform(
    _ shape: Shape, _ range: ClosedRange<Double>, seed: UInt64
  ) -> Tensor<Double> {
    var source = RandomSource(seed: seed)
    let width = range.upperBound - range.lowerBound
    return Tensor(
      shape: shape,
      values: (0..<shape.count).map { _ in range.lowerBound + width * source.uniform() })
  }

  /// A program of one output `y` over inputs `x0`, `x1` … of the given shapes.
  static func make(
    _ shapes: [Shape], _ body: (inout ProgramBuilder, [Value]) -> Value
  ) -> Program {
    var builder = ProgramBuilder()
    let inputs = shapes.enumerated().map { builder.input("x\($0.offset)", shape: $0.element) }
    builder.output("y", body(&builder, inputs))
    return builder.build()
  }

  /// Normal arguments for every input of a program.
  static func arguments(_ program: Program, seed: UInt64) -> [String: Tensor<Double>] {
    Dictionary(
      uniqueKeysWithValues: program.inputs.enumerated().map {
        ($0.element.name, normals($0.element.shape, seed: seed &* 1000 &+ UInt64($0.offset)))
      })
  }

  /// The value of output `y` on a list of tensors for `x0`, `x1` ….
  static func value(_ program: Program, _ tensors: [Tensor<Double>]) -> Tensor<Double> {
    let named = tensors.enumerated().map { ("x\($0.offset)", $0.element) }
    return output(program, Dictionary(uniqueKeysWithValues: named), "y")
  }

  /// One output of a program.
  static func output(
    _ program: Program, _ arguments: [String: Tensor<Double>], _ name: String
  ) -> Tensor<Double> {
    program.evaluate(arguments)[name] ?? Tensor(.nan)
  }

  /// The outputs of a program, operation by operation through the plain kernels.
  static func interpret(
    _ program: Program, _ arguments: [String: Tensor<Double>]
  ) -> [String: Tensor<Double>] {
    var values: [Tensor<Double>] = []
    for node in program.nodes {
      switch node.operation {
      case .input(let index):
        values.append(arguments[program.inputs[index].name] ?? Tensor(.nan))
      case .constant(let index): values.append(program.constants[index])
      default:
        values.append(
          TensorKernels.evaluate(
            node.operation, node.operands.map { values[$0] }, shape: node.shape))
      }
    }
    return Dictionary(
      uniqueKeysWithValues: program.outputs.map { ($0.name, values[$0.node]) })
  }

  /// The derivative of an output by an input from five points per entry, error of order h⁴.
  static func differences(
    _ program: Program, _ arguments: [String: Tensor<Double>], of output: String = "y",
    by input: String, step: Double = 1e-3
  ) -> Tensor<Double> {
    let executable = Executable(program)
    let start = arguments[input] ?? Tensor(.nan)
    func value(_ entry: Int, _ distance: Double) -> [Double] {
      var moved = arguments
      var tensor = start
      tensor.values[entry] += distance
      moved[input] = tensor
      return executable.evaluate(moved)[output]?.values ?? []
    }
    let shape = executable.output(output).shape
    let columns = start.shape.count
    var result = Tensor<Double>(
      repeating: 0, shape: Shape(shape.dimensions + start.shape.dimensions))
    for column in 0..<columns {
      let near = zip(value(column, step), value(column, -step)).map { $0 - $1 }
      let far = zip(value(column, 2 * step), value(column, -2 * step)).map { $0 - $1 }
      for row in 0..<shape.count {
        result.values[row * columns + column] = (8 * near[row] - far[row]) / (12 * step)
      }
    }
    return result
  }

  /// Checks the Jacobian of `y` by every input against differences.
  static func expectJacobians(
    _ program: Program, _ arguments: [String: Tensor<Double>],
    within tolerance: Tolerance = Tolerance("derivative", relative: 1e-8),
    _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for port in program.inputs {
      let exact = output(
        program.jacobian(of: "y", withRespectTo: port.name, as: "J"), arguments, "J")
      let approximate = differences(program, arguments, by: port.name)
      #expect(exact.shape == approximate.shape, sourceLocation: sourceLocation)
      expectClose(
        exact.values, approximate.values, within: tolerance, "∂y/∂\(port.name) \(comment())",
        sourceLocation: sourceLocation)
    }
  }

  /// Whether two lists hold the same numbers: equal, or both NaN.
  static func same(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
  }
}
