public import TensorCore

/// Everything that can be wrong with a model's text, as data.
///
/// The part on files is `FileProblem`.
public enum DiagnosticKind: Sendable, Equatable {
  // MARK: Characters and syntax

  /// A character no expression contains, and what may have been meant.
  case unexpectedCharacter(String, replacement: String?)
  /// Digits that make no number, such as `1.2.3` or `2x`.
  case malformedNumber(String)
  /// A number too large for the machine.
  case numberOutOfRange(String)
  /// No expression at all.
  case emptyExpression
  /// The text ends where something must follow.
  case unexpectedEnd(expected: ExpectedSyntax)
  /// Something else stands here than must stand here.
  case unexpectedToken(String, expected: ExpectedSyntax)
  /// Comparisons in a row, such as `a < b < c`.
  case chainedComparison
  /// Brackets, signs, powers or bindings inside one another beyond the limit.
  case nestingTooDeep(limit: Int)
  /// Inlined functions and bindings that unfold beyond the limit of steps.
  case expressionTooLarge(limit: Int)
  /// More entries than a tensor may have.
  case tensorTooLarge(limit: Int)
  /// A vector literal without entries.
  case emptyLiteral

  // MARK: Names and functions

  /// A name nobody defined, and the nearest one.
  case unknownName(String, suggestion: String?)
  /// A name that exists but may not be read here.
  case unavailableName(String, UnavailableReason)
  /// A function's name without its arguments.
  case functionWithoutArguments(String)
  /// A function nobody defined, and the nearest one.
  case unknownFunction(String, suggestion: String?)
  /// A value's name before a parenthesis.
  case notAFunction(String)
  /// A call with too few or too many arguments.
  case wrongArgumentCount(function: String, expected: ClosedRange<Int>, found: Int)
  /// A name that breaks the rules for names.
  case invalidName(String)
  /// A function of the file that takes the name of one of the language.
  case reservedFunction(String)
  /// A name defined twice.
  case duplicateName(String)
  /// Bindings that need each other, in the order in which they do.
  case cyclicLet([String])
  /// Functions that call each other, in the order in which they do.
  case recursiveFunction([String])

  // MARK: Shapes and values

  /// Two operands whose shapes do not fit the operation.
  case shapeMismatch(operation: String, left: Shape, right: Shape)
  /// One operand or argument whose shape does not fit.
  case unsuitableShape(operation: String, found: Shape, expected: ExpectedShape)
  /// Entries of a literal whose shapes differ.
  case unevenLiteral(first: Shape, other: Shape)
  /// A result of another shape than its place asks for.
  case resultShape(expected: Shape, found: Shape)
  /// An index outside `1 ... extent`.
  case indexOutOfRange(index: Int, extent: Int)
  /// A range whose end lies before its start.
  case emptyRange(first: Int, last: Int)
  /// Another number of indices than the value has axes.
  case wrongIndexCount(found: Int, shape: Shape)
  /// A value that depends on the inputs where a constant must stand.
  case notConstant(ConstantRole)
  /// A constant that must be a whole number and is not.
  case notInteger(ConstantRole, value: Double)
  /// A whole number outside the allowed range.
  case integerOutOfRange(ConstantRole, value: Int, allowed: ClosedRange<Int>)
  /// Arithmetic on constants with an infinite or undefined result.
  case nonFinite(Double)
  /// A division by a constant that is, or contains, zero.
  case divisionByZero

  // MARK: Notes

  /// Where a bracket that is not closed was opened.
  case openedHere(String)
  /// Where a function was called in whose body something is wrong.
  case calledHere(String)
  /// Where a binding was used in whose expression something is wrong.
  case usedHere(String)
  /// Where a name was defined first.
  case firstDefinedHere(String)

  // MARK: Files

  /// A problem of the file around the expressions.
  case file(FileProblem)
}

/// What the parser was looking for.
public enum ExpectedSyntax: Sendable, Equatable {
  /// A number, a name, a bracket or a sign.
  case operand
  /// An operator, or the end of the text.
  case operatorOrEnd
  /// A comma or this closing bracket.
  case commaOrClosing(String)
  /// This closing bracket.
  case closing(String)
  /// A name.
  case name
  /// The parenthesis after a function's name.
  case openingParenthesis
  /// The end of the text.
  case end
}

/// What shape an operation asks for.
public enum ExpectedShape: Sendable, Equatable {
  /// A single number.
  case scalar
  /// A vector.
  case vector
  /// A single number or a vector.
  case scalarOrVector
  /// A matrix.
  case matrix
  /// A vector or a matrix that is not empty.
  case vectorOrMatrix
  /// A matrix with as many rows as columns.
  case squareMatrix
  /// A scalar or a square matrix.
  case scalarOrSquareMatrix
}

/// The part a constant plays.
public enum ConstantRole: Sendable, Equatable {
  /// An index or the bound of a range.
  case index
  /// The exponent of a matrix power.
  case exponent
  /// An argument of a function, counted from one.
  case argument(Int, of: String)
  /// A whole expression.
  case expression
}

/// Why a name that exists may not be read.
public enum UnavailableReason: Sendable, Equatable {
  /// Time enters a model through its causes only.
  case time
  /// Action belongs to the process.
  case action
  /// The name belongs to another level, counted from one.
  case level(Int)
  /// The name belongs to the process.
  case process
  /// The value varies and a constant must stand here.
  case notConstant
}
