internal import DynamicModels
internal import ModelLanguage
internal import TensorCore

/// One parameter: its value, and its prior covariance where it is unknown.
struct ParameterValue {
  var name: String
  var node: YamlNode
  var value: Tensor<Double>
  /// `[p × p]` over its own entries, nil where the parameter is known.
  var covariance: Tensor<Double>?
}

/// Reads the parameters and the initial states of a level.
struct ParameterReader {
  let values: ValueCompiler
  let nodes: NodeReader
  let matrices: MatrixReader

  private var problems: ProblemCollector { values.problems }

  /// Reads parameters in order; each may read those before it through `scope`.
  func parameters(_ entries: [NamedNode], in scope: inout Scope) -> [ParameterValue] {
    var result: [ParameterValue] = []
    for entry in entries {
      if let parameter = parameter(entry, in: scope) {
        scope.define(entry.name, .constant(parameter.value))
        result.append(parameter)
      } else {
        problems.poison(entry.name)
      }
    }
    return result
  }

  private func parameter(_ entry: NamedNode, in scope: Scope) -> ParameterValue? {
    let name = entry.name
    let context = ExpressionContext.parameter(name)
    guard entry.value.entries != nil else {
      return values.tensor(entry.value, in: scope, context, key: name).map {
        ParameterValue(name: name, node: entry.value, value: $0)
      }
    }
    let section = FileSection.parameter(name)
    guard
      let fields = nodes.fields(
        entry.value, section, ["value", "priorVariance", "priorCovariance"], key: name)
    else { return nil }
    guard let node = fields["value"] else {
      problems.add(.missingKey("value", in: section), at: entry.key)
      return nil
    }
    guard let value = values.tensor(node, in: scope, context, key: name) else { return nil }
    var parameter = ParameterValue(name: name, node: entry.value, value: value)
    let count = value.shape.count
    if let node = fields["priorCovariance"] {
      guard
        let tensor = values.tensor(node, in: scope, .prior(name), key: "priorCovariance")
      else { return parameter }
      guard tensor.shape == .matrix(count, count) || (count == 1 && tensor.shape.isScalar) else {
        problems.add(
          .wrongShape(
            .priorCovariance(name), expected: [.matrix(count, count)], found: tensor.shape),
          at: node)
        return parameter
      }
      let matrix = tensor.reshaped(.matrix(count, count))
      if matrices.check(matrix, .positiveSemidefinite, .priorCovariance(name), at: node) {
        parameter.covariance = matrix
      }
    } else if let node = fields["priorVariance"] {
      parameter.covariance = variance(node, name, value.shape, in: scope)
    }
    if parameter.covariance?.values.allSatisfy({ $0 == 0 }) == true { parameter.covariance = nil }
    return parameter
  }

  private func variance(
    _ node: YamlNode, _ name: String, _ shape: Shape, in scope: Scope
  ) -> Tensor<Double>? {
    guard let tensor = values.tensor(node, in: scope, .prior(name), key: "priorVariance") else {
      return nil
    }
    if let bad = tensor.values.first(where: { $0 < 0 }) {
      problems.add(.negative(.priorVariance(name), value: bad.plainText), at: node)
      return nil
    }
    if tensor.shape.isScalar {
      return .diagonal([Double](repeating: tensor.values[0], count: shape.count))
    }
    guard tensor.shape == shape else {
      problems.add(
        .wrongShape(.priorVariance(name), expected: [.scalar, shape], found: tensor.shape),
        at: node)
      return nil
    }
    return .diagonal(tensor.values)
  }

  /// The initial value of a state and its prior precision, if it has one.
  func state(_ entry: NamedNode, in scope: Scope) -> (Tensor<Double>, Tensor<Double>?)? {
    let name = entry.name
    let context = ExpressionContext.initialValue(name)
    guard entry.value.entries != nil else {
      return values.tensor(entry.value, in: scope, context, key: name).map { ($0, nil) }
    }
    let section = FileSection.state(name)
    guard
      let fields = nodes.fields(entry.value, section, ["value", "priorPrecision"], key: name)
    else { return nil }
    guard let node = fields["value"] else {
      problems.add(.missingKey("value", in: section), at: entry.key)
      return nil
    }
    guard let value = values.tensor(node, in: scope, context, key: name) else { return nil }
    guard let prior = fields["priorPrecision"] else { return (value, nil) }
    guard
      let tensor = values.tensor(prior, in: scope, .prior(name), key: "priorPrecision"),
      let matrix = matrices.square(
        tensor, count: value.shape.count, .priorPrecision(name), at: prior),
      matrices.check(matrix, .positiveSemidefinite, .priorPrecision(name), at: prior)
    else { return (value, nil) }
    return (value, matrix)
  }
}
