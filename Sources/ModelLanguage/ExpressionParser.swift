/// Reads expressions: text in, tree out.
///
/// Precedence from loose to tight: comparisons; `+ -`; `* / .* ./`; signs; `^ .^` (to the right);
/// `'` and indices.
public enum ExpressionParser {
  /// The depth to which brackets, signs and powers may stand inside one another.
  public static let nestingLimit = 100
  /// The height of a tree: four kinds of nodes may stand on one level of nesting.
  static let heightLimit = 4 * nestingLimit

  /// Reads an expression; throws what is wrong with the first mistake.
  public static func parse(
    _ fragment: SourceFragment, context: ExpressionContext? = nil
  ) throws(Diagnostic) -> Expression {
    do {
      var parser = try Parser(fragment)
      return Expression(fragment: fragment, root: try parser.whole())
    } catch {
      throw Diagnostic(
        error.kind, at: error.span, context: error.context ?? context, notes: error.notes)
    }
  }
}

/// A recursive-descent parser with one token in hand.
struct Parser {
  private var lexer: Lexer
  private var token: Token
  private var depth = 0

  init(_ fragment: SourceFragment) throws(Diagnostic) {
    lexer = Lexer(fragment)
    token = try lexer.next()
  }

  /// The whole text as one expression.
  mutating func whole() throws(Diagnostic) -> ExpressionNode {
    guard token.kind != .end else { throw problem(.emptyExpression, token.range) }
    let node = try expression()
    guard token.kind == .end else { throw unexpected(.operatorOrEnd) }
    return node
  }

  /// The whole text as a function's name and its parameters: `name(a, b)`.
  mutating func signature() throws(Diagnostic) -> (name: Token, parameters: [Token]) {
    let name = try identifier()
    guard token.kind == .opening("(") else { throw unexpected(.openingParenthesis) }
    let opening = token
    try advance()
    var parameters: [Token] = []
    if token.kind != .closing(")") {
      parameters.append(try identifier())
      while token.kind == .comma {
        try advance()
        parameters.append(try identifier())
      }
    }
    try close(opening, .commaOrClosing(")"))
    guard token.kind == .end else { throw unexpected(.end) }
    return (name, parameters)
  }

  private mutating func identifier() throws(Diagnostic) -> Token {
    guard case .name = token.kind else { throw unexpected(.name) }
    let name = token
    try advance()
    return name
  }

  // MARK: Levels of precedence

  private mutating func expression() throws(Diagnostic) -> ExpressionNode {
    let left = try sum()
    guard case .infix(let operation) = token.kind, operation.isComparison else { return left }
    let operatorRange = token.range
    try advance()
    let right = try sum()
    if case .infix(let next) = token.kind, next.isComparison {
      throw problem(.chainedComparison, token.range)
    }
    return ExpressionNode(
      kind: .binary(operation, operatorRange, left, right),
      range: left.range.lowerBound..<right.range.upperBound)
  }

  private mutating func sum() throws(Diagnostic) -> ExpressionNode {
    let first = try product()
    var links: [ChainLink] = []
    while case .infix(let operation) = token.kind, operation.isAdditive {
      let operatorRange = token.range
      try advance()
      links.append(
        ChainLink(
          operation: operation, operatorRange: operatorRange, operand: try product()))
    }
    return chain(first, links)
  }

  private mutating func product() throws(Diagnostic) -> ExpressionNode {
    let first = try signed()
    var links: [ChainLink] = []
    while case .infix(let operation) = token.kind, operation.isMultiplicative {
      let operatorRange = token.range
      try advance()
      links.append(
        ChainLink(
          operation: operation, operatorRange: operatorRange, operand: try signed()))
    }
    return chain(first, links)
  }

  private func chain(_ first: ExpressionNode, _ links: [ChainLink]) -> ExpressionNode {
    guard let last = links.last else { return first }
    return ExpressionNode(
      kind: .chain(first, links),
      range: first.range.lowerBound..<last.operand.range.upperBound)
  }

  private mutating func signed() throws(Diagnostic) -> ExpressionNode {
    guard case .infix(let sign) = token.kind, sign.isAdditive else { return try power() }
    let start = token.range.lowerBound
    try descend(token.range)
    defer { depth -= 1 }
    try advance()
    let operand = try signed()
    let range = start..<operand.range.upperBound
    return ExpressionNode(kind: sign == .add ? operand.kind : .negate(operand), range: range)
  }

  private mutating func power() throws(Diagnostic) -> ExpressionNode {
    let base = try postfix()
    guard case .infix(let operation) = token.kind, operation.isPower else { return base }
    let operatorRange = token.range
    try descend(operatorRange)
    defer { depth -= 1 }
    try advance()
    let exponent = try signed()
    return ExpressionNode(
      kind: .binary(operation, operatorRange, base, exponent),
      range: base.range.lowerBound..<exponent.range.upperBound)
  }

  private mutating func postfix() throws(Diagnostic) -> ExpressionNode {
    var node = try primary()
    var count = 0
    while true {
      switch token.kind {
      case .transpose:
        node = ExpressionNode(
          kind: .transpose(node), range: node.range.lowerBound..<token.range.upperBound)
        try bound(node)
      case .opening("["):
        node = try indexed(node)
        try bound(node)
        count += 1
        guard depth + count <= ExpressionParser.nestingLimit else {
          throw problem(.nestingTooDeep(limit: ExpressionParser.nestingLimit), token.range)
        }
        continue
      default: return node
      }
      count += 1
      guard depth + count <= ExpressionParser.nestingLimit else {
        throw problem(.nestingTooDeep(limit: ExpressionParser.nestingLimit), token.range)
      }
      try advance()
    }
  }

  /// Refuses a tree so tall that walking it would need a deep stack.
  private func bound(_ node: ExpressionNode) throws(Diagnostic) {
    guard node.height <= ExpressionParser.heightLimit else {
      throw problem(.nestingTooDeep(limit: ExpressionParser.heightLimit), node.range)
    }
  }

  private mutating func primary() throws(Diagnostic) -> ExpressionNode {
    let first = token
    switch first.kind {
    case .number(let value):
      try advance()
      return ExpressionNode(kind: .number(value), range: first.range)
    case .name(let name):
      try advance()
      guard token.kind == .opening("(") else {
        return ExpressionNode(kind: .name(name), range: first.range)
      }
      let (arguments, end) = try list(allowingEmpty: true)
      return ExpressionNode(
        kind: .call(CallNode(name: name, nameRange: first.range, arguments: arguments)),
        range: first.range.lowerBound..<end)
    case .opening("("):
      try descend(first.range)
      defer { depth -= 1 }
      try advance()
      let inner = try expression()
      let end = token.range.upperBound
      try close(first, .closing(")"))
      return ExpressionNode(kind: inner.kind, range: first.range.lowerBound..<end)
    case .opening:
      let (entries, end) = try list(allowingEmpty: true)
      let range = first.range.lowerBound..<end
      guard !entries.isEmpty else { throw problem(.emptyLiteral, range) }
      return ExpressionNode(kind: .literal(entries), range: range)
    default: throw unexpected(.operand)
    }
  }

  // MARK: Lists between brackets

  /// Expressions between the bracket in hand and its partner, and where that ends.
  private mutating func list(
    allowingEmpty: Bool
  ) throws(Diagnostic) -> (entries: [ExpressionNode], end: Int) {
    let opening = token
    try descend(opening.range)
    defer { depth -= 1 }
    try advance()
    let closing = partner(of: opening)
    var entries: [ExpressionNode] = []
    if allowingEmpty, token.kind == .closing(closing) {
      let end = token.range.upperBound
      try advance()
      return (entries, end)
    }
    entries.append(try expression(in: opening))
    while token.kind == .comma {
      try advance()
      entries.append(try expression(in: opening))
    }
    let end = token.range.upperBound
    try close(opening, .commaOrClosing(String(closing)))
    return (entries, end)
  }

  private mutating func indexed(_ base: ExpressionNode) throws(Diagnostic) -> ExpressionNode {
    let opening = token
    try descend(opening.range)
    defer { depth -= 1 }
    try advance()
    var indices = [try index(in: opening)]
    while token.kind == .comma {
      try advance()
      indices.append(try index(in: opening))
    }
    let end = token.range.upperBound
    try close(opening, .commaOrClosing("]"))
    return ExpressionNode(
      kind: .index(base, indices), range: base.range.lowerBound..<end)
  }

  private mutating func index(in opening: Token) throws(Diagnostic) -> IndexNode {
    let start = token.range.lowerBound
    let first = token.kind == .colon ? nil : try expression(in: opening)
    guard token.kind == .colon else {
      guard let first else { throw unexpected(.operand) }
      return .single(first)
    }
    var end = token.range.upperBound
    try advance()
    var last: ExpressionNode?
    switch token.kind {
    case .comma, .closing("]"), .end: break
    default:
      let node = try expression(in: opening)
      end = node.range.upperBound
      last = node
    }
    return .range(first, last, start..<end)
  }

  /// An expression; a text that ends inside it blames the bracket that is still open.
  private mutating func expression(in opening: Token) throws(Diagnostic) -> ExpressionNode {
    if token.kind == .end { throw unclosed(opening, .operand) }
    return try expression()
  }

  private mutating func close(
    _ opening: Token, _ expected: ExpectedSyntax
  ) throws(Diagnostic) {
    if token.kind == .end { throw unclosed(opening, expected) }
    guard token.kind == .closing(partner(of: opening)) else { throw unexpected(expected) }
    try advance()
  }

  private func partner(of opening: Token) -> Character {
    opening.kind == .opening("(") ? ")" : "]"
  }

  // MARK: Tokens and problems

  private mutating func advance() throws(Diagnostic) { token = try lexer.next() }

  private mutating func descend(_ range: Range<Int>) throws(Diagnostic) {
    guard depth < ExpressionParser.nestingLimit else {
      throw problem(.nestingTooDeep(limit: ExpressionParser.nestingLimit), range)
    }
    depth += 1
  }

  private func problem(_ kind: DiagnosticKind, _ range: Range<Int>) -> Diagnostic {
    Diagnostic(kind, at: lexer.fragment.span(range))
  }

  private func unexpected(_ expected: ExpectedSyntax) -> Diagnostic {
    if token.kind == .end { return problem(.unexpectedEnd(expected: expected), token.range) }
    return problem(.unexpectedToken(lexer.text(of: token), expected: expected), token.range)
  }

  private func unclosed(_ opening: Token, _ expected: ExpectedSyntax) -> Diagnostic {
    problem(.unexpectedEnd(expected: expected), token.range)
      .adding(note: problem(.openedHere(lexer.text(of: opening)), opening.range))
  }
}

extension InfixOperator {
  var isComparison: Bool {
    switch self {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: true
    default: false
    }
  }

  var isAdditive: Bool { self == .add || self == .subtract }

  var isMultiplicative: Bool {
    switch self {
    case .multiply, .divide, .entrywiseMultiply, .entrywiseDivide: true
    default: false
    }
  }

  var isPower: Bool { self == .power || self == .entrywisePower }
}
