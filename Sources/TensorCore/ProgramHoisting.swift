/// A program cut in two: what is computed once, and what is computed again as some inputs vary.
package struct HoistedProgram: Sendable {
  /// What does not depend on the varying inputs: outputs `held.0`, `held.1`, … for the body, and
  /// those outputs of the whole that do not vary, under their own names.
  package let prelude: Program
  /// The rest: inputs are the varying ones in their order, then others of the whole that it reads,
  /// then what is held; outputs are those of the whole that vary.
  package let body: Program
  /// The names under which the prelude hands values to the body.
  package let held: [String]
}

extension Program {
  /// Cuts the program where values stop depending on inputs that vary from run to run.
  ///
  /// A loop that changes only those inputs runs the prelude once and the body many times: a clamped
  /// layer's prediction `W x₀ + b` is then computed once per batch. Windows on memory (transposes,
  /// slices, repeats) stay in the body, where they cost nothing. Both parts compute the very values
  /// of the whole.
  ///
  /// - Parameter varying: the names of inputs.
  /// - Returns: the prelude, the body, and what one hands to the other.
  package func hoisting(varying: [String]) -> HoistedProgram {
    var varies = [Bool](repeating: false, count: nodes.count)
    for name in varying {
      guard let port = input(name) else { preconditionFailure("no input '\(name)' to vary") }
      varies[port.node] = true
    }
    for (index, node) in nodes.enumerated()
    where node.operands.contains(where: { varies[$0] }) { varies[index] = true }

    var isInBody = varies
    var isHeld = [Bool](repeating: false, count: nodes.count)
    func reach(_ index: Int) {
      if isInBody[index] || isHeld[index] { return }
      switch nodes[index].operation {
      case .input, .constant: isInBody[index] = true
      case .permute, .slice, .broadcast:
        isInBody[index] = true
        reach(nodes[index].operands[0])
      case .reshape where !isWindow(nodes[index].operands[0]):
        isInBody[index] = true
        reach(nodes[index].operands[0])
      default: isHeld[index] = true
      }
    }
    for index in nodes.indices where varies[index] { nodes[index].operands.forEach(reach) }

    let heldNodes = nodes.indices.filter { isHeld[$0] }
    let names = heldNodes.indices.map { "held.\($0)" }
    let ports = zip(names, heldNodes).map {
      Port(name: $0, shape: nodes[$1].shape, node: $1)
    }
    let prelude = Program(
      nodes: nodes, constants: constants, inputs: inputs,
      outputs: ports + outputs.filter { !varies[$0.node] }
    ).droppingUnreadInputs(keeping: [])
    let body = self.body(
      ports, isInBody, varying: varying, outputs: outputs.filter { varies[$0.node] })
    return HoistedProgram(prelude: prelude, body: body, held: names)
  }

  /// The operations that are left, with what is held as inputs.
  private func body(
    _ held: [Port], _ isInBody: [Bool], varying: [String], outputs: [Port]
  ) -> Program {
    var builder = ProgramBuilder()
    var values: [Int: Value] = [:]
    let others = inputs.filter { isInBody[$0.node] && !varying.contains($0.name) }
    for port in varying.compactMap({ input($0) }) + others + held {
      values[port.node] = builder.input(port.name, shape: port.shape)
    }
    for (index, node) in nodes.enumerated() where isInBody[index] && values[index] == nil {
      if case .constant(let constant) = node.operation {
        values[index] = builder.constant(constants[constant])
        continue
      }
      let operands = node.operands.compactMap { values[$0]?.node }
      precondition(operands.count == node.operands.count, "an operand is neither here nor held")
      values[index] = builder.append(node.operation, operands, node.shape)
    }
    for port in outputs {
      if let value = values[port.node] { builder.output(port.name, value) }
    }
    return builder.build().droppingUnreadInputs(keeping: varying)
  }

  /// Whether a node is a window on memory that need not be dense.
  private func isWindow(_ index: Int) -> Bool {
    switch nodes[index].operation {
    case .permute, .slice, .broadcast: true
    case .reshape: isWindow(nodes[index].operands[0])
    default: false
    }
  }

  /// The same program without the inputs that nothing reads, but for some that stay.
  package func droppingUnreadInputs(keeping kept: [String]) -> Program {
    // Only what the outputs need counts as a reader.
    let program = ProgramBuilder(self).build()
    var isNeeded = [Bool](repeating: false, count: program.nodes.count)
    for port in program.outputs { isNeeded[port.node] = true }
    for index in program.nodes.indices.reversed() where isNeeded[index] {
      for operand in program.nodes[index].operands { isNeeded[operand] = true }
    }
    var builder = ProgramBuilder()
    var arguments: [String: Value] = [:]
    for port in program.inputs {
      if isNeeded[port.node] || kept.contains(port.name) {
        arguments[port.name] = builder.input(port.name, shape: port.shape)
      } else {
        // Copied with the rest, and dropped because no output needs it.
        arguments[port.name] = builder.zeros(port.shape)
      }
    }
    let values = builder.inline(program, arguments: arguments)
    for port in program.outputs {
      if let value = values[port.name] { builder.output(port.name, value) }
    }
    return builder.build()
  }
}
