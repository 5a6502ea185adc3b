package import TensorCore

/// How a parameter is drawn before learning.
package enum ParameterInitializer: Hashable, Sendable, Codable {
  /// The same number in every entry.
  case constant(Double)
  /// Normal numbers of mean zero.
  case normal(standardDeviation: Double)
  /// Uniform on ±√(6 / (rows + columns)) for a matrix (Glorot & Bengio 2010, eq. 16).
  case glorot
  /// Uniform on ±1/√fanIn: the customary start of weights and biases of a linear layer.
  case uniform(fanIn: Int)
}

/// The name, the shape and the start of one parameter.
package struct ParameterDeclaration: Hashable, Sendable, Codable {
  /// Its name, unique in a layout.
  package let name: String
  /// Its extents.
  package let dimensions: [Int]
  /// How it is drawn.
  package let initializer: ParameterInitializer

  /// Declares a parameter.
  package init(_ name: String, _ dimensions: [Int], _ initializer: ParameterInitializer) {
    self.name = name
    self.dimensions = dimensions
    self.initializer = initializer
  }

  /// Its shape.
  package var shape: Shape { Shape(dimensions) }
}

/// Parameters one after the other in one array.
package struct ParameterLayout: Sendable, Equatable {
  /// What is declared, in order.
  package let declarations: [ParameterDeclaration]
  /// The place of each parameter's first entry.
  package let offsets: [Int]
  /// The number of entries of all.
  package let count: Int
  private let indices: [String: Int]

  /// Creates a layout; names are unique.
  package init(_ declarations: [ParameterDeclaration]) {
    var offsets: [Int] = []
    var count = 0
    var indices: [String: Int] = [:]
    for (index, declaration) in declarations.enumerated() {
      offsets.append(count)
      count += declaration.shape.count
      let previous = indices.updateValue(index, forKey: declaration.name)
      precondition(previous == nil, "parameter '\(declaration.name)' declared twice")
    }
    self.declarations = declarations
    self.offsets = offsets
    self.count = count
    self.indices = indices
  }

  /// The names in order.
  package var names: [String] { declarations.map(\.name) }

  /// The entries of a parameter, or nil where there is none of that name.
  package func range(of name: String) -> Range<Int>? {
    indices[name].map { offsets[$0]..<(offsets[$0] + declarations[$0].shape.count) }
  }

  /// The shape of a parameter, or nil where there is none of that name.
  package func shape(of name: String) -> Shape? { indices[name].map { declarations[$0].shape } }

  /// The parameters that a predicate keeps, in the same order.
  package func filtered(_ isKept: (String) -> Bool) -> ParameterLayout {
    ParameterLayout(declarations.filter { isKept($0.name) })
  }
}
