/// A parsed expression: a tree whose nodes know which characters they came from.
public struct Expression: Sendable {
  /// The text it was read from.
  public let fragment: SourceFragment
  let root: ExpressionNode

  /// The number an expression consists of, with its signs, or nil for anything else.
  ///
  /// For example `-0.25`; files use it to keep plain numbers cheap.
  public var literalNumber: Double? { root.literalNumber }

  /// The names it reads, the constants `pi` and `e` among them, functions' names not.
  public var freeNames: Set<String> {
    var names: Set<String> = []
    root.visit { if case .name(let name) = $0.kind { names.insert(name) } }
    return names
  }

  /// The functions it calls, both the language's and the file's.
  public var calledFunctions: Set<String> {
    var names: Set<String> = []
    root.visit { if case .call(let call) = $0.kind { names.insert(call.name) } }
    return names
  }

  /// The place of the whole expression.
  public var span: SourceSpan { fragment.span(root.range) }

  /// The places at which a name is read, in the order of the text.
  public func spans(ofName name: String) -> [SourceSpan] {
    var spans: [SourceSpan] = []
    root.visit {
      if case .name(name) = $0.kind { spans.append(fragment.span($0.range)) }
    }
    return spans
  }
}

/// One node; `range` counts characters of the fragment.
struct ExpressionNode: Sendable {
  enum Kind: Sendable {
    case number(Double)
    case name(String)
    case call(CallNode)
    case literal([ExpressionNode])
    indirect case negate(ExpressionNode)
    indirect case transpose(ExpressionNode)
    indirect case index(ExpressionNode, [IndexNode])
    /// Sums and products, left to right; kept flat so that a long sum is not a deep tree.
    indirect case chain(ExpressionNode, [ChainLink])
    indirect case binary(InfixOperator, Range<Int>, ExpressionNode, ExpressionNode)

    fileprivate var heightBelow: Int {
      switch self {
      case .number, .name: 0
      case .call(let call): call.arguments.lazy.map(\.height).max() ?? 0
      case .literal(let entries): entries.lazy.map(\.height).max() ?? 0
      case .negate(let operand), .transpose(let operand): operand.height
      case .index(let base, let indices):
        max(base.height, indices.lazy.map(\.height).max() ?? 0)
      case .chain(let first, let links):
        max(first.height, links.lazy.map(\.operand.height).max() ?? 0)
      case .binary(_, _, let left, let right): max(left.height, right.height)
      }
    }
  }

  let kind: Kind
  let range: Range<Int>
  /// The number of nodes on the longest way down, this one included.
  let height: Int

  init(kind: Kind, range: Range<Int>) {
    self.kind = kind
    self.range = range
    height = 1 + kind.heightBelow
  }

  var literalNumber: Double? {
    switch kind {
    case .number(let value): value
    case .negate(let operand): operand.literalNumber.map { -$0 }
    default: nil
    }
  }

  /// Calls `body` with the node and everything under it, in the order of the text.
  func visit(_ body: (ExpressionNode) -> Void) {
    body(self)
    switch kind {
    case .number, .name: break
    case .call(let call): for argument in call.arguments { argument.visit(body) }
    case .literal(let entries): for entry in entries { entry.visit(body) }
    case .negate(let operand), .transpose(let operand): operand.visit(body)
    case .index(let base, let indices):
      base.visit(body)
      for index in indices {
        switch index {
        case .single(let node): node.visit(body)
        case .range(let first, let last, _):
          first?.visit(body)
          last?.visit(body)
        }
      }
    case .chain(let first, let links):
      first.visit(body)
      for link in links { link.operand.visit(body) }
    case .binary(_, _, let left, let right):
      left.visit(body)
      right.visit(body)
    }
  }
}

/// A call; `nameRange` covers the function's name.
struct CallNode: Sendable {
  let name: String
  let nameRange: Range<Int>
  let arguments: [ExpressionNode]
}

/// One index between brackets.
enum IndexNode: Sendable {
  case single(ExpressionNode)
  /// A range whose missing bounds mean the first and the last entry.
  case range(ExpressionNode?, ExpressionNode?, Range<Int>)

  fileprivate var height: Int {
    switch self {
    case .single(let node): node.height
    case .range(let first, let last, _): max(first?.height ?? 0, last?.height ?? 0)
    }
  }
}

/// A further operand of a sum or a product.
struct ChainLink: Sendable {
  let operation: InfixOperator
  let operatorRange: Range<Int>
  let operand: ExpressionNode
}

/// The operators that stand between operands.
enum InfixOperator: String, Sendable, CaseIterable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case power = "^"
  case entrywiseMultiply = ".*"
  case entrywiseDivide = "./"
  case entrywisePower = ".^"
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}
