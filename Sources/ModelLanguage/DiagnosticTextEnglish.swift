internal import TensorCore

extension DiagnosticText {
  func english(_ kind: DiagnosticKind) -> String {
    switch kind {
    case .unexpectedCharacter(let character, _): "unexpected character \(quoted(character))"
    case .malformedNumber(let text): "\(quoted(text)) is not a number"
    case .numberOutOfRange(let text): "the number \(quoted(text)) is too large"
    case .emptyExpression: "empty expression"
    case .unexpectedEnd: "the expression ends too early"
    case .unexpectedToken(let text, _): "unexpected \(quoted(text))"
    case .chainedComparison: "comparisons cannot be chained"
    case .nestingTooDeep(let limit): "nesting is deeper than \(limit) levels"
    case .expressionTooLarge(let limit):
      "functions unfold to more than \(limit) steps"
    case .tensorTooLarge(let limit): "more than \(limit) entries"
    case .emptyLiteral: "a vector needs at least one entry"
    case .unknownName(let name, _): "unknown name \(quoted(name))"
    case .unavailableName(let name, _): "\(quoted(name)) cannot be read"
    case .functionWithoutArguments(let name): "the function \(quoted(name)) lacks its arguments"
    case .unknownFunction(let name, _): "unknown function \(quoted(name))"
    case .notAFunction(let name): "\(quoted(name)) is a value, not a function"
    case .wrongArgumentCount(let function, _, let found):
      "\(found == 0 ? "no" : String(found)) \(found == 1 ? "argument" : "arguments") for "
        + quoted(function)
    case .invalidName(let name): "\(quoted(name)) cannot be a name"
    case .reservedFunction(let name): "the language already has a function \(quoted(name))"
    case .duplicateName(let name): "the name \(quoted(name)) is defined twice"
    case .cyclicLet(let names): "this binding needs itself: \(path(names))"
    case .recursiveFunction(let names): "this function calls itself: \(path(names))"
    case .shapeMismatch(let operation, let left, let right):
      "shapes do not fit: \(quoted(operation)) cannot combine \(name(left)) with \(name(right))"
    case .unsuitableShape("[…]", let found, _): "a literal cannot contain \(name(found))"
    case .unsuitableShape(let operation, let found, _):
      "\(quoted(operation)) cannot be applied to \(name(found))"
    case .unevenLiteral: "entries of different shapes"
    case .resultShape(_, let found): "the value is \(name(found))"
    case .indexOutOfRange(let index, let extent):
      "index \(index) is outside 1 to \(extent)"
    case .emptyRange(let first, let last): "the range \(first):\(last) is empty"
    case .wrongIndexCount(let found, let shape):
      shape.isScalar
        ? "a scalar has no entries to choose from"
        : "\(found) \(found == 1 ? "index" : "indices") for \(name(shape))"
    case .notConstant(let role): "\(english(role)) must be a constant"
    case .notInteger(let role, let value): "\(english(role)) is \(number(value))"
    case .integerOutOfRange(let role, let value, _): "\(english(role)) cannot be \(value)"
    case .nonFinite(let value): "the result is \(number(value))"
    case .divisionByZero: "division by zero"
    case .openedHere(let bracket): "\(quoted(bracket)) was opened here"
    case .calledHere(let function): "\(quoted(function)) is called here"
    case .usedHere(let binding): "\(quoted(binding)) is used here"
    case .firstDefinedHere(let name): "\(quoted(name)) is defined here first"
    case .file(let problem): problem.message(.english)
    }
  }

  func englishExpectation(_ kind: DiagnosticKind) -> String? {
    switch kind {
    case .unexpectedEnd(let expected), .unexpectedToken(_, let expected):
      "expected \(english(expected))"
    case .malformedNumber(let text):
      if let (digits, name) = product(text) {
        "a product is written \(digits) * \(name)"
      } else {
        "expected a number such as 2, 0.5 or 1e-3"
      }
    case .numberOutOfRange: "the largest number is near 1.8e308"
    case .emptyExpression: "expected an expression"
    case .chainedComparison: "compare two at a time and multiply: (a < b) * (b < c)"
    case .functionWithoutArguments(let name): "expected '(' after \(name)"
    case .notAFunction(let name): "a product is written \(name) * (…), an entry \(name)[…]"
    case .invalidName: "expected a letter, then letters, digits and _"
    case .unavailableName(_, let reason): english(reason)
    case .wrongArgumentCount(_, let expected, _):
      "expected \(range(expected)) \(expected == 1...1 ? "argument" : "arguments")"
    case .unevenLiteral(let first, let other): "\(name(other)) after \(name(first))"
    case .resultShape(let expected, _): "expected \(name(expected))"
    case .notInteger: "expected a whole number"
    case .unsuitableShape(let operation, _, let expected):
      operation == "^"
        ? "expected \(english(expected)); entry by entry is written .^"
        : "expected \(english(expected))"
    case .wrongIndexCount(_, let shape) where !shape.isScalar:
      shape.rank == 1
        ? "expected one index or range" : "expected \(shape.rank) indices or ranges"
    case .integerOutOfRange(_, _, let allowed): "expected \(range(allowed))"
    case .tensorTooLarge, .expressionTooLarge: nil
    case .file(let problem): problem.expectation(.english)
    default: nil
    }
  }

  /// The parts of a number that runs into a name, such as `2x`.
  func product(_ text: String) -> (digits: String, name: String)? {
    let digits = text.prefix { !$0.startsName }
    let name = String(text.dropFirst(digits.count))
    guard Double(String(digits)) != nil, name.count <= 40, ModelVocabulary.isName(name) else {
      return nil
    }
    return (String(digits), name)
  }

  func english(_ context: ExpressionContext) -> String {
    switch context {
    case .motion(let name): "motion of \(name)"
    case .output(let name): "output \(name)"
    case .precision(let name): "precision of \(name)"
    case .cause(let name): "cause \(name)"
    case .parameter(let name): "parameter \(name)"
    case .initialValue(let name): "initial value of \(name)"
    case .prior(let name): "prior of \(name)"
    case .binding(let name): "let \(name)"
    case .function(let name): "function \(name)"
    case .key(let name): quoted(name)
    case .process(let inner): "\(english(inner)) of the process"
    }
  }

  private func english(_ reason: UnavailableReason) -> String {
    switch reason {
    case .time: "time enters a model through its causes"
    case .action: "action belongs to the process"
    case .level(let level): "it belongs to level \(level)"
    case .process: "it belongs to the process"
    case .notConstant: "its value varies; expected a constant"
    }
  }

  private func english(_ role: ConstantRole) -> String {
    switch role {
    case .index: "an index"
    case .exponent: "the exponent of a matrix"
    case .argument(let position, let function): "argument \(position) of \(quoted(function))"
    case .expression: "the value"
    }
  }

  private func english(_ expected: ExpectedSyntax) -> String {
    switch expected {
    case .operand: "a number, a name or '('"
    case .operatorOrEnd: "an operator"
    case .commaOrClosing(let bracket): "',' or '\(bracket)'"
    case .closing(let bracket): "'\(bracket)'"
    case .name: "a name"
    case .openingParenthesis: "'('"
    case .end: "nothing more"
    }
  }

  private func english(_ expected: ExpectedShape) -> String {
    switch expected {
    case .scalar: "a scalar"
    case .vector: "a vector"
    case .scalarOrVector: "scalars or vectors"
    case .matrix: "a matrix"
    case .vectorOrMatrix: "at least one entry"
    case .squareMatrix: "a square matrix"
    case .scalarOrSquareMatrix: "a scalar or a square matrix"
    }
  }
}
