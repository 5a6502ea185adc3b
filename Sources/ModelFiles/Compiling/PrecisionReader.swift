internal import DynamicModels
internal import Foundation
internal import ModelLanguage
internal import TensorCore

/// What a file says about the precision of one output or state.
enum PrecisionBlock {
  /// Numbers known now, with components whose log-precisions are unknown.
  case constant(fixed: Tensor<Double>, components: [PrecisionComponent])
  /// A value of the level's program, `[k × k]`.
  case value(Value)
}

/// Reads the precisions of a level, block by block, in the order in which the blocks are declared.
struct PrecisionReader {
  let values: ValueCompiler
  let nodes: NodeReader
  let matrices: MatrixReader

  private var problems: ProblemCollector { values.problems }

  /// The precision of one block with `count` entries; the identity where nothing is said.
  func block(
    _ entry: NamedNode?, count: Int, in scope: Scope, _ builder: inout ProgramBuilder
  ) -> PrecisionBlock? {
    guard let entry else { return .constant(fixed: .identity(count), components: []) }
    let (name, node) = (entry.name, entry.value)
    if node.entries != nil { return components(name, node, count: count, in: scope) }
    guard
      let value = values.value(node, in: scope, &builder, .precision(name), key: "precision")
    else { return nil }
    guard let tensor = builder.constantValue(value) else {
      return square(value, count: count, &builder, name, node).map { .value($0) }
    }
    guard finite(tensor, name, node),
      let fixed = matrices.square(tensor, count: count, .precision(name), at: node),
      matrices.check(fixed, .positiveDefinite, .precision(name), at: node)
    else { return nil }
    return .constant(fixed: fixed, components: [])
  }

  private func finite(_ tensor: Tensor<Double>, _ name: String, _ node: YamlNode) -> Bool {
    guard let bad = tensor.values.first(where: { !$0.isFinite }) else { return true }
    problems.add(Diagnostic(.nonFinite(bad), at: node.span, context: .precision(name)))
    return false
  }

  private func square(
    _ value: Value, count: Int, _ builder: inout ProgramBuilder, _ name: String, _ node: YamlNode
  ) -> Value? {
    let shape = Shape.matrix(count, count)
    let identity = builder.constant(.identity(count))
    if value.shape.isScalar { return builder.binary(.multiply, value, identity) }
    if value.shape == .vector(count) {
      return builder.binary(.multiply, builder.broadcast(value, to: shape), identity)
    }
    if value.shape == shape { return value }
    var expected: [Shape] = [.scalar]
    if count > 1 { expected += [.vector(count), shape] }
    problems.add(
      .wrongShape(.precision(name), expected: expected, found: value.shape), at: node)
    return nil
  }

  private func components(
    _ name: String, _ node: YamlNode, count: Int, in scope: Scope
  ) -> PrecisionBlock? {
    guard
      let fields = nodes.fields(
        node, .precision(name), ["fixed", "components", "logPrior"], key: name)
    else { return nil }
    let known = problems.diagnostics.count
    var fixed = Tensor<Double>(repeating: 0, shape: .matrix(count, count))
    if let node = fields["fixed"] {
      if let tensor = values.tensor(node, in: scope, .precision(name), key: "fixed"),
        let matrix = matrices.square(tensor, count: count, .precision(name), at: node),
        matrices.check(matrix, .positiveSemidefinite, .precision(name), at: node)
      {
        fixed = matrix
      }
    }
    var prior = (mean: 0.0, variance: 32.0)
    if let node = fields["logPrior"],
      let parts = nodes.fields(node, .logPrior, ["mean", "variance"], key: "logPrior")
    {
      if let mean = parts["mean"].flatMap({ values.number($0, in: scope, key: "mean") }) {
        prior.mean = mean
      }
      prior.variance =
        values.nonnegative(parts["variance"], .priorVariance("log \(name)"), in: scope)
        ?? prior.variance
    }
    var components: [PrecisionComponent] = []
    if let list = fields["components"].flatMap({ nodes.list($0, key: "components") }) {
      for (index, item) in list.enumerated() {
        guard let matrix = component(name, item, count: count, in: scope) else { continue }
        components.append(
          PrecisionComponent(
            name: list.count == 1 ? name : "\(name).\(index + 1)", matrix: matrix,
            priorMean: prior.mean, priorVariance: prior.variance))
      }
    }
    guard problems.diagnostics.count == known else { return nil }
    var total = fixed
    for component in components {
      let scale = exp(component.priorMean)
      for index in total.values.indices {
        total.values[index] += scale * component.matrix.values[index]
      }
    }
    guard matrices.check(total, .positiveDefinite, .precision(name), at: node) else { return nil }
    return .constant(fixed: fixed, components: components)
  }

  private func component(
    _ name: String, _ node: YamlNode, count: Int, in scope: Scope
  ) -> Tensor<Double>? {
    if node.scalar == "identity" { return .identity(count) }
    guard let tensor = values.tensor(node, in: scope, .precision(name), key: "components"),
      let matrix = matrices.square(tensor, count: count, .precisionComponent(name), at: node),
      matrices.check(matrix, .positiveSemidefinite, .precisionComponent(name), at: node)
    else { return nil }
    return matrix
  }
}

/// Builds the precision of a stacked vector from its blocks.
enum PrecisionStack {
  /// The model of a precision, with the program value that replaces its fixed part, if any.
  static func stack(
    _ blocks: [PrecisionBlock], _ builder: inout ProgramBuilder
  ) -> (model: PrecisionModel, value: Value?) {
    let counts = blocks.map(count)
    let total = counts.reduce(0, +)
    var fixed: [Tensor<Double>] = []
    var components: [PrecisionComponent] = []
    var offset = 0
    for (block, count) in zip(blocks, counts) {
      switch block {
      case .value: fixed.append(.identity(count))
      case .constant(let matrix, let parts):
        fixed.append(matrix)
        for part in parts {
          var whole = Tensor<Double>(repeating: 0, shape: .matrix(total, total))
          for row in 0..<count {
            for column in 0..<count {
              whole[offset + row, offset + column] = part.matrix[row, column]
            }
          }
          components.append(
            PrecisionComponent(
              name: part.name, matrix: whole, priorMean: part.priorMean,
              priorVariance: part.priorVariance))
        }
      }
      offset += count
    }
    let varies = blocks.contains { if case .value = $0 { true } else { false } }
    let model = PrecisionModel(
      fixed: MatrixReader.blockDiagonal(fixed), components: components, isStateDependent: varies)
    guard varies else { return (model, nil) }
    var rows: [Value] = []
    offset = 0
    for (index, (block, count)) in zip(blocks, counts).enumerated() where count > 0 {
      let middle: Value
      switch block {
      case .value(let value): middle = value
      case .constant: middle = builder.constant(fixed[index])
      }
      let left = builder.zeros(.matrix(count, offset))
      let right = builder.zeros(.matrix(count, total - offset - count))
      let parts = [left, middle, right].filter { $0.shape.count > 0 }
      rows.append(builder.concatenate(parts, axis: 1))
      offset += count
    }
    return (model, builder.concatenate(rows, axis: 0))
  }

  private static func count(_ block: PrecisionBlock) -> Int {
    switch block {
    case .value(let value): value.shape[0]
    case .constant(let fixed, _): fixed.rows
    }
  }
}
