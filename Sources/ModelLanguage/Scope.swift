public import TensorCore

/// The names an expression may read, and what each stands for.
///
/// A scope is flat: names are unique in a file, so a binding or a function reads the scope of the
/// expression that uses it.
public struct Scope: Sendable {
  /// What a name stands for.
  public enum Symbol: Sendable {
    /// A value of the program under construction.
    case value(Value)
    /// Numbers known now.
    case constant(Tensor<Double>)
    /// An expression that is compiled when it is first read.
    case binding(Expression)
    /// A name that exists but may not be read here.
    case unavailable(UnavailableReason)
  }

  private var symbols: [String: Symbol] = [:]
  private var functions: [String: FunctionDefinition] = [:]

  /// Creates a scope that knows only the language's own functions and constants.
  public init() {}

  /// Gives a name a meaning; an earlier one is replaced.
  public mutating func define(_ name: String, _ symbol: Symbol) { symbols[name] = symbol }

  /// Adds a function of the file; an earlier one of that name is replaced.
  public mutating func define(_ function: FunctionDefinition) {
    functions[function.name] = function
  }

  /// What a name stands for, if it is defined.
  public func symbol(_ name: String) -> Symbol? { symbols[name] }

  /// The function of the file with a name, if there is one.
  public func function(_ name: String) -> FunctionDefinition? { functions[name] }

  /// The names that have a meaning and may be read, in alphabetical order.
  public var readableNames: [String] {
    symbols.compactMap { name, symbol in
      if case .unavailable = symbol { nil } else { name }
    }.sorted()
  }

  /// The names of the file's functions, in alphabetical order.
  public var functionNames: [String] { functions.keys.sorted() }
}

/// A function that a file defines: a name, parameters and a body that is inlined at every call.
public struct FunctionDefinition: Sendable {
  /// Its name.
  public let name: String
  /// Its parameters, which hide names of the scope inside the body.
  public let parameters: [String]
  /// What it computes.
  public let body: Expression

  /// Reads a function from its heading `name(a, b)` and its body.
  ///
  /// Throws when the heading is no heading, names a parameter twice or takes the name of a function
  /// of the language, or when the body is no expression.
  public static func parse(
    heading: SourceFragment, body: SourceFragment
  ) throws(Diagnostic) -> FunctionDefinition {
    var parser = try Parser(heading)
    let (name, parameters) = try parser.signature()
    var names: [String] = []
    for token in [name] + parameters {
      guard case .name(let text) = token.kind else { continue }
      if token != name, names.dropFirst().contains(text) {
        throw Diagnostic(.duplicateName(text), at: heading.span(token.range))
      }
      names.append(text)
    }
    guard !ModelVocabulary.functions.contains(names[0]) else {
      throw Diagnostic(.reservedFunction(names[0]), at: heading.span(name.range))
    }
    return FunctionDefinition(
      name: names[0], parameters: Array(names.dropFirst()),
      body: try ExpressionParser.parse(body, context: .function(names[0])))
  }
}

/// The words of the language itself.
public enum ModelVocabulary {
  /// The functions, in alphabetical order.
  public static let functions: [String] = BuiltinFunction.table.keys.sorted()

  /// The constants `e` and `pi`; a name of the file goes before them.
  public static let constants: [String: Double] = ["pi": Double.pi, "e": 2.718281828459045]

  /// Whether a text can be a name: a letter or `_`, then letters, digits and `_`.
  public static func isName(_ text: String) -> Bool {
    guard let first = text.first, first.startsName else { return false }
    return text.allSatisfy(\.continuesName)
  }
}
