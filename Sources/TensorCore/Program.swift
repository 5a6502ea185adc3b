/// A list of tensor operations in static single assignment, with shapes fixed when it is built.
///
/// Programs are made by `ProgramBuilder`, transformed into programs of their derivatives
/// (`jacobian`, `tangent`) and run by an `Executable`. Constants and structural zeros have been
/// propagated, so that the Jacobian program of a linear map is a constant.
public struct Program: Sendable {
  /// A named input or output.
  public struct Port: Hashable, Sendable {
    /// Its name, unique among the inputs or among the outputs.
    public let name: String
    /// Its shape.
    public let shape: Shape
    /// The node that holds it.
    public let node: Int
  }

  /// The operations, each after the ones it reads.
  public let nodes: [ProgramNode]
  /// The tensors that constant nodes refer to.
  public let constants: [Tensor<Double>]
  /// The inputs, in the order in which they were declared.
  public let inputs: [Port]
  /// The outputs, in the order in which they were declared.
  public let outputs: [Port]

  package init(
    nodes: [ProgramNode], constants: [Tensor<Double>], inputs: [Port], outputs: [Port]
  ) {
    self.nodes = nodes
    self.constants = constants
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The input of a name, if there is one.
  public func input(_ name: String) -> Port? { inputs.first { $0.name == name } }

  /// The output of a name, if there is one.
  public func output(_ name: String) -> Port? { outputs.first { $0.name == name } }

  /// The value of an output that does not depend on the inputs, or nil where it does.
  ///
  /// A linear model's Jacobians, and the zero second derivatives of any linear map, are constant.
  public func constantOutput(_ name: String) -> Tensor<Double>? {
    guard let port = output(name), case .constant(let index) = nodes[port.node].operation else {
      return nil
    }
    return constants[index]
  }

  /// Whether an output jumps or bends somewhere as a function of some inputs.
  ///
  /// `if`, comparisons, `sign`, `abs`, `relu`, `min` and `max` have derivatives that say nothing of
  /// their pieces: a constant Jacobian makes a map affine only where this is false.
  ///
  /// - Parameter names: the inputs; what depends on none of them does not count.
  /// - Returns: true where any output has a corner.
  package func isPiecewise(in names: [String]) -> Bool {
    var depends = [Bool](repeating: false, count: nodes.count)
    for port in inputs where names.contains(port.name) { depends[port.node] = true }
    var hasCorner = depends.map { _ in false }
    for (index, node) in nodes.enumerated() {
      if node.operands.contains(where: { depends[$0] }) { depends[index] = true }
      hasCorner[index] = node.operands.contains { hasCorner[$0] }
      // What chooses between pieces is the first operand of a selection.
      let isCorner = node.operation == .select ? depends[node.operands[0]] : depends[index]
      if isCorner && node.operation.isPiecewise { hasCorner[index] = true }
    }
    return outputs.contains { hasCorner[$0.node] }
  }
}

extension Operation {
  /// Whether it is put together from pieces.
  fileprivate var isPiecewise: Bool {
    switch self {
    case .unary(.absolute), .unary(.sign), .unary(.heaviside), .unary(.relu),
      .binary(.minimum), .binary(.maximum), .binary(.less), .binary(.lessOrEqual),
      .binary(.equal), .binary(.notEqual), .select, .reduce(.maximum, _):
      true
    default: false
    }
  }
}
