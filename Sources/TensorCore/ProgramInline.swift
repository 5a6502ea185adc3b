extension ProgramBuilder {
  /// Copies a program into this one, with its inputs replaced by values that exist here.
  ///
  /// - Parameters:
  ///   - program: the program to copy; what is equal or constant is shared and folded again.
  ///   - arguments: a value of the right shape for every input of `program`.
  /// - Returns: the values of the program's outputs by name.
  public mutating func inline(
    _ program: Program, arguments: [String: Value]
  ) -> [String: Value] {
    inline(program, arguments: arguments) { _ in false }
  }

  /// The same, with some composite operations written in primitives.
  mutating func inline(
    _ program: Program, arguments: [String: Value],
    expanding chosen: (CompositeOperation) -> Bool
  ) -> [String: Value] {
    var values: [Value] = []
    values.reserveCapacity(program.nodes.count)
    for node in program.nodes {
      let operands = node.operands.map { values[$0] }
      switch node.operation {
      case .input(let index):
        let port = program.inputs[index]
        guard let argument = arguments[port.name] else {
          preconditionFailure("no argument for input '\(port.name)'")
        }
        precondition(
          argument.shape == port.shape,
          "input '\(port.name)' has shape \(port.shape), not \(argument.shape)")
        values.append(argument)
      case .constant(let index): values.append(constant(program.constants[index]))
      case .unary(let function): values.append(unary(function, operands[0]))
      case .binary(let function): values.append(binary(function, operands[0], operands[1]))
      case .select: values.append(select(operands[0], operands[1], operands[2]))
      case .matrixProduct: values.append(matrixProduct(operands[0], operands[1]))
      case .permute(let order): values.append(permute(operands[0], order))
      case .reshape: values.append(reshape(operands[0], to: node.shape))
      case .slice(let axis, let start, let count):
        values.append(slice(operands[0], axis: axis, start: start, count: count))
      case .concatenate(let axis): values.append(concatenate(operands, axis: axis))
      case .broadcast: values.append(broadcast(operands[0], to: node.shape))
      case .reduce(let reduction, let axis):
        values.append(reduce(reduction, operands[0], axis: axis))
      case .composite(let operation):
        values.append(
          chosen(operation)
            ? expand(operation, operands, shape: node.shape, where: chosen)
            : composite(operation, operands, shape: node.shape))
      }
    }
    return Dictionary(
      uniqueKeysWithValues: program.outputs.map { ($0.name, values[$0.node]) })
  }

  /// The lower Cholesky factor of a symmetric positive definite matrix, written out entry by entry.
  ///
  /// Meant for the small matrices of one level's precision: zeros stay structural zeros, so a
  /// diagonal matrix costs one square root an entry.
  public mutating func choleskyFactor(_ matrix: Value) -> [[Value?]] {
    let count = matrix.shape[0]
    precondition(matrix.shape == .matrix(count, count), "Cholesky factor of \(matrix.shape)")
    var factor = [[Value?]](repeating: [Value?](repeating: nil, count: count), count: count)
    for column in 0..<count {
      for row in column..<count {
        let rowValue = element(matrix, axis: 0, index: row)
        var entry: Value? = element(rowValue, axis: 0, index: column)
        if let value = entry, isZero(value) { entry = nil }
        for inner in 0..<column {
          guard let a = factor[row][inner], let b = factor[column][inner] else { continue }
          let product = binary(.multiply, a, b)
          entry = entry.map { binary(.subtract, $0, product) } ?? unary(.negate, product)
        }
        if row == column {
          // A structural zero here makes the matrix singular, and the result shows it.
          factor[row][column] = unary(.sqrt, entry ?? constant(0))
        } else if let value = entry, let pivot = factor[column][column] {
          factor[row][column] = binary(.divide, value, pivot)
        }
      }
    }
    return factor
  }

  /// `ln |M|` of a symmetric positive definite matrix, written out from its Cholesky factor.
  public mutating func logDeterminant(_ matrix: Value) -> Value {
    let factor = choleskyFactor(matrix)
    var total = constant(0)
    for index in 0..<matrix.shape[0] {
      guard let pivot = factor[index][index] else { continue }
      total = binary(.add, total, binary(.multiply, constant(2), unary(.log, pivot)))
    }
    return total
  }

  /// The inverse of a symmetric positive definite matrix, written out from its Cholesky factor.
  public mutating func inverse(_ matrix: Value) -> Value {
    let count = matrix.shape[0]
    let factor = choleskyFactor(matrix)
    // Columns of L⁻¹ by forward substitution, then M⁻¹ = L⁻ᵀ L⁻¹.
    var lower = [[Value?]](repeating: [Value?](repeating: nil, count: count), count: count)
    for column in 0..<count {
      for row in column..<count {
        var entry: Value? = row == column ? constant(1) : nil
        for inner in column..<row {
          guard let a = factor[row][inner], let b = lower[inner][column] else { continue }
          let product = binary(.multiply, a, b)
          entry = entry.map { binary(.subtract, $0, product) } ?? unary(.negate, product)
        }
        if let value = entry, let pivot = factor[row][row] {
          lower[row][column] = binary(.divide, value, pivot)
        }
      }
    }
    var entries: [Value] = []
    for row in 0..<count {
      for column in 0..<count {
        var total = constant(0)
        for inner in max(row, column)..<count {
          guard let a = lower[inner][row], let b = lower[inner][column] else { continue }
          total = binary(.add, total, binary(.multiply, a, b))
        }
        entries.append(total)
      }
    }
    guard !entries.isEmpty else { return matrix }
    return reshape(stack(entries), to: .matrix(count, count))
  }
}
