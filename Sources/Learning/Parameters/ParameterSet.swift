package import TensorCore

/// The values of all parameters, in one array in the order of their layout.
package struct ParameterSet<Scalar: KernelScalar>: Sendable {
  /// Where each parameter stands.
  package let layout: ParameterLayout
  /// The entries.
  package var values: [Scalar]

  /// Creates a set of given entries.
  package init(_ layout: ParameterLayout, values: [Scalar]) {
    precondition(
      values.count == layout.count, "\(values.count) values for \(layout.count) parameters")
    self.layout = layout
    self.values = values
  }

  /// Draws every parameter from a stream of its own name, so that adding one changes no other.
  package init(_ layout: ParameterLayout, from source: RandomSource) {
    var values: [Scalar] = []
    values.reserveCapacity(layout.count)
    for declaration in layout.declarations {
      var stream = source.split(declaration.name)
      let count = declaration.shape.count
      switch declaration.initializer {
      case .constant(let value):
        values += [Scalar](repeating: Scalar(value), count: count)
      case .normal(let deviation):
        values += stream.normals(count).map { Scalar($0 * deviation) }
      case .glorot:
        let ends = (declaration.dimensions.first ?? 1) + (declaration.dimensions.last ?? 1)
        let bound = (6 / Double(max(1, ends))).squareRoot()
        for _ in 0..<count { values.append(Scalar((2 * stream.uniform() - 1) * bound)) }
      case .uniform(let fanIn):
        let bound = 1 / Double(max(1, fanIn)).squareRoot()
        for _ in 0..<count { values.append(Scalar((2 * stream.uniform() - 1) * bound)) }
      }
    }
    self.init(layout, values: values)
  }

  /// Takes every parameter of a layout from tensors by name.
  ///
  /// - Throws: `LearningError.missingParameter` and `.parameterShape`.
  package init(
    _ layout: ParameterLayout, tensors: [String: Tensor<Scalar>]
  ) throws(LearningError) {
    var values: [Scalar] = []
    values.reserveCapacity(layout.count)
    for declaration in layout.declarations {
      guard let tensor = tensors[declaration.name] else {
        throw .missingParameter(name: declaration.name)
      }
      guard tensor.shape == declaration.shape else {
        throw .parameterShape(
          name: declaration.name, expected: declaration.dimensions,
          found: tensor.shape.dimensions)
      }
      values += tensor.values
    }
    self.init(layout, values: values)
  }

  /// One parameter.
  package subscript(name: String) -> Tensor<Scalar>? {
    guard let range = layout.range(of: name), let shape = layout.shape(of: name) else {
      return nil
    }
    return Tensor(shape: shape, values: Array(values[range]))
  }

  /// All parameters by name.
  package var tensors: [String: Tensor<Scalar>] {
    var result: [String: Tensor<Scalar>] = [:]
    for name in layout.names { result[name] = self[name] }
    return result
  }

  /// Replaces the parameters that another set holds too, which must have equal shapes.
  package mutating func take(_ other: ParameterSet) {
    for name in other.layout.names {
      guard let target = layout.range(of: name), let source = other.layout.range(of: name) else {
        continue
      }
      precondition(target.count == source.count, "parameter '\(name)' of another shape")
      values.replaceSubrange(target, with: other.values[source])
    }
  }

  /// The parameters of a smaller layout.
  package func keeping(_ smaller: ParameterLayout) -> ParameterSet {
    var kept = ParameterSet(smaller, values: [Scalar](repeating: 0, count: smaller.count))
    kept.take(self)
    return kept
  }
}
