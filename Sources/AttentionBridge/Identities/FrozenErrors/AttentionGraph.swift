internal import TensorCore

/// A block of attention with a loss, `½ ‖O − target‖²`, as a program of the tensor core.
///
/// One program gives the value of every node and, by the core's reverse transformation, the gradient
/// of the loss by every node: to each node a probe is added that is zero, and the loss is
/// differentiated by the probe. Not shared between threads.
package final class AttentionGraph {
  /// The extents.
  package let extents: AttentionExtents
  /// β.
  package let inverseTemperature: Double
  private let workspace: TensorWorkspace<Double>

  /// What the graph is given.
  package struct Inputs: Sendable {
    /// Rows X [queries × width] and M [keys × width], where rows are projected.
    package var rows: [Double] = [], memory: [Double] = []
    /// The entries of Wq, Wk, Wv and Wo, or of Q, K and V.
    package var given: [AttentionNode: [Double]]
    /// What is added to the scores [queries × keys].
    package var bias: [Double]
    /// What the output should be.
    package var target: [Double]

    /// Creates inputs.
    package init(
      rows: [Double] = [], memory: [Double] = [], given: [AttentionNode: [Double]],
      bias: [Double], target: [Double]
    ) {
      self.rows = rows
      self.memory = memory
      self.given = given
      self.bias = bias
      self.target = target
    }
  }

  /// What one run gives.
  package struct Pass: Sendable {
    /// What the graph was given.
    package let inputs: Inputs
    /// The value of every node, parameters included.
    package let values: [AttentionNode: [Double]]
    /// ∂Loss/∂node by the core's reverse transformation.
    package let gradients: [AttentionNode: [Double]]
  }

  /// Plans the program.
  package init(_ extents: AttentionExtents, inverseTemperature: Double? = nil) {
    self.extents = extents
    let beta = inverseTemperature ?? 1 / Double(max(1, extents.keyWidth)).squareRoot()
    self.inverseTemperature = beta
    let program = Self.program(extents, beta)
    let sources = extents.nodes.map { $0.isParameter ? $0.symbol : "probe.\($0.symbol)" }
    workspace = TensorWorkspace(
      Double.executable(
        program.gradient(of: "loss", withRespectTo: sources) { name in
          "gradient.\(name.replacing("probe.", with: ""))"
        }))
  }

  private static func program(_ extents: AttentionExtents, _ beta: Double) -> Program {
    var builder = ProgramBuilder()
    func shape(_ node: AttentionNode) -> Shape {
      let (rows, columns) = extents.shape(node)
      return .matrix(rows, columns)
    }
    /// A node: its value with a probe, as an output.
    func node(_ node: AttentionNode, _ value: Value) -> Value {
      let probe = builder.input("probe.\(node.symbol)", shape: shape(node))
      let sum = builder.binary(.add, value, probe)
      builder.output("value.\(node.symbol)", sum)
      return sum
    }
    func given(_ node: AttentionNode) -> Value {
      builder.input(node.symbol, shape: shape(node))
    }
    let queries: Value, keys: Value, values: Value
    if extents.projects {
      let rows = builder.input("rows", shape: .matrix(extents.queries, extents.width))
      let memory = builder.input("memory", shape: .matrix(extents.keys, extents.width))
      queries = node(.queries, builder.matrixProduct(rows, given(.queryWeight)))
      keys = node(.keys, builder.matrixProduct(memory, given(.keyWeight)))
      values = node(.values, builder.matrixProduct(memory, given(.valueWeight)))
    } else {
      queries = node(.queries, given(.queries))
      keys = node(.keys, given(.keys))
      values = node(.values, given(.values))
    }
    let bias = builder.input("bias", shape: shape(.scores))
    let product = builder.matrixProduct(queries, builder.transpose(keys))
    let scaled = builder.binary(.multiply, product, builder.constant(beta))
    let scores = node(.scores, builder.binary(.add, scaled, bias))
    let weights = node(.weights, builder.softmax(scores))
    var last = node(.context, builder.matrixProduct(weights, values))
    if extents.projects {
      last = node(.output, builder.matrixProduct(last, given(.outputWeight)))
    }
    let target = builder.input("target", shape: last.shape)
    let miss = builder.binary(.subtract, last, target)
    let square = builder.sum(builder.binary(.multiply, miss, miss))
    builder.output("loss", builder.binary(.multiply, square, builder.constant(0.5)))
    return builder.build()
  }

  /// Runs the program once.
  package func run(_ inputs: Inputs) -> Pass {
    let executable = workspace.executable
    for region in executable.inputs {
      let values: [Double]
      switch region.name {
      case "rows": values = inputs.rows
      case "memory": values = inputs.memory
      case "bias": values = inputs.bias
      case "target": values = inputs.target
      default:
        let node = AttentionNode.allCases.first { $0.symbol == region.name }
        // Probes are zero.
        values =
          node.flatMap { inputs.given[$0] }
          ?? [Double](repeating: 0, count: region.shape.count)
      }
      workspace.write(values, to: region)
    }
    workspace.run()
    var values: [AttentionNode: [Double]] = [:]
    var gradients: [AttentionNode: [Double]] = [:]
    for node in extents.nodes {
      values[node] =
        node.isParameter
        ? inputs.given[node]
        : workspace.read(executable.output("value.\(node.symbol)"))
      gradients[node] = workspace.read(executable.output("gradient.\(node.symbol)"))
    }
    return Pass(inputs: inputs, values: values, gradients: gradients)
  }
}
