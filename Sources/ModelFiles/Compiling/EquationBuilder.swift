internal import DynamicModels
internal import ModelLanguage
internal import TensorCore

/// Packs named values into flat vectors and unpacks them, in order of declaration.
struct EquationBuilder {
  var builder = ProgramBuilder()

  /// Makes the entries of an input readable by name.
  mutating func unpack(_ input: Value, as layout: VariableLayout, into scope: inout Scope) {
    for block in layout.blocks {
      let part = builder.slice(input, axis: 0, start: block.offset, count: block.shape.count)
      scope.define(block.name, .value(builder.reshape(part, to: block.shape)))
    }
  }

  /// Joins values into one vector.
  mutating func pack(_ values: [Value]) -> Value {
    guard !values.isEmpty else { return builder.zeros(.vector(0)) }
    let flat = values.map { builder.reshape($0, to: .vector($0.shape.count)) }
    return builder.concatenate(flat, axis: 0)
  }
}

extension VariableLayout {
  /// Creates a layout from names and values.
  init(names: [NamedNode], values: [Value]) {
    self.init(zip(names, values).map { ($0.name, $1.shape) })
  }
}
