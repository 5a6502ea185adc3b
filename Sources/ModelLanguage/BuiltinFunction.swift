internal import TensorCore

/// A function of the language: how many arguments it takes and what it does.
struct BuiltinFunction: Sendable {
  enum Kind: Sendable {
    /// One argument of any shape, entry by entry.
    case unary(UnaryOperation)
    /// Two arguments, entry by entry.
    case binary(BinaryOperation)
    /// The extreme entry of one argument, or entry by entry of two.
    case extremum(BinaryOperation)
    case sum, product, mean, norm, logSumExp, softmax
    case dot, outer, diagonal
    case identity, filled(Double), cosineBasis, linearSpace
    case gaussian, choose
  }

  let kind: Kind
  let arity: ClosedRange<Int>

  private init(_ kind: Kind, _ arity: ClosedRange<Int>) {
    self.kind = kind
    self.arity = arity
  }

  /// Every function by its name.
  static let table: [String: BuiltinFunction] = {
    var table: [String: BuiltinFunction] = [:]
    let unary: [(String, UnaryOperation)] = [
      ("exp", .exp), ("log", .log), ("log1p", .log1p), ("expm1", .expm1), ("sqrt", .sqrt),
      ("abs", .absolute), ("sign", .sign), ("heaviside", .heaviside),
      ("sin", .sin), ("cos", .cos), ("tan", .tan),
      ("asin", .asin), ("acos", .acos), ("atan", .atan),
      ("sinh", .sinh), ("cosh", .cosh), ("tanh", .tanh),
      ("sigmoid", .sigmoid), ("softplus", .softplus), ("relu", .relu),
      ("erf", .erf), ("gamma", .gamma), ("lgamma", .lgamma),
    ]
    for (name, operation) in unary { table[name] = BuiltinFunction(.unary(operation), 1...1) }
    table["atan2"] = BuiltinFunction(.binary(.atan2), 2...2)
    table["min"] = BuiltinFunction(.extremum(.minimum), 1...2)
    table["max"] = BuiltinFunction(.extremum(.maximum), 1...2)
    table["sum"] = BuiltinFunction(.sum, 1...1)
    table["prod"] = BuiltinFunction(.product, 1...1)
    table["mean"] = BuiltinFunction(.mean, 1...1)
    table["norm"] = BuiltinFunction(.norm, 1...1)
    table["softmax"] = BuiltinFunction(.softmax, 1...1)
    table["logsumexp"] = BuiltinFunction(.logSumExp, 1...1)
    table["dot"] = BuiltinFunction(.dot, 2...2)
    table["outer"] = BuiltinFunction(.outer, 2...2)
    table["diag"] = BuiltinFunction(.diagonal, 1...1)
    table["eye"] = BuiltinFunction(.identity, 1...2)
    table["zeros"] = BuiltinFunction(.filled(0), 1...2)
    table["ones"] = BuiltinFunction(.filled(1), 1...2)
    table["dct"] = BuiltinFunction(.cosineBasis, 1...2)
    table["linspace"] = BuiltinFunction(.linearSpace, 3...3)
    table["gaussian"] = BuiltinFunction(.gaussian, 1...3)
    table["if"] = BuiltinFunction(.choose, 3...3)
    return table
  }()
}
