/// A piece of an expression; `range` counts characters.
struct Token: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case number(Double)
    case name(String)
    case infix(InfixOperator)
    case transpose
    case opening(Character)
    case closing(Character)
    case comma
    case colon
    case end
  }

  let kind: Kind
  let range: Range<Int>
}

/// Cuts the text of an expression into tokens, one at a time, in one pass.
struct Lexer {
  let fragment: SourceFragment
  private let text: String
  private var index: String.Index
  private var offset = 0

  init(_ fragment: SourceFragment) {
    self.fragment = fragment
    text = fragment.text
    index = text.startIndex
  }

  private var current: Character? { index < text.endIndex ? text[index] : nil }

  private func peek() -> Character? {
    guard index < text.endIndex else { return nil }
    let next = text.index(after: index)
    return next < text.endIndex ? text[next] : nil
  }

  private mutating func advance() {
    index = text.index(after: index)
    offset += 1
  }

  /// The next token; after the last one always `end`.
  mutating func next() throws(Diagnostic) -> Token {
    while let character = current, character.isWhitespace { advance() }
    guard let character = current else { return Token(kind: .end, range: offset..<offset) }
    if character.isASCIIDigit { return try number() }
    if character == ".", let next = peek(), next.isASCIIDigit { return try number() }
    if character.startsName { return name() }
    return try symbol(character)
  }

  private mutating func name() -> Token {
    let (start, first) = (offset, index)
    while let character = current, character.continuesName { advance() }
    return Token(kind: .name(String(text[first..<index])), range: start..<offset)
  }

  private mutating func symbol(_ character: Character) throws(Diagnostic) -> Token {
    let start = offset
    let following = peek()
    if let following, let infix = InfixOperator(rawValue: String(character) + String(following)) {
      advance()
      advance()
      return Token(kind: .infix(infix), range: start..<offset)
    }
    let kind: Token.Kind
    switch character {
    case "'": kind = .transpose
    case "(", "[": kind = .opening(character)
    case ")", "]": kind = .closing(character)
    case ",": kind = .comma
    case ":": kind = .colon
    default:
      guard let infix = InfixOperator(rawValue: String(character)) else {
        throw Diagnostic(
          .unexpectedCharacter(Self.described(character), replacement: Self.meant(character)),
          at: fragment.span(start..<start + 1))
      }
      kind = .infix(infix)
    }
    advance()
    return Token(kind: kind, range: start..<offset)
  }

  private mutating func number() throws(Diagnostic) -> Token {
    let (start, first) = (offset, index)
    digits()
    if current == "." {
      // A point before an operator belongs to the operator: 2.*x is 2 .* x.
      switch peek() {
      case "*", "/", "^": break
      default:
        advance()
        digits()
      }
    }
    if current == "e" || current == "E" {
      let (markIndex, markOffset) = (index, offset)
      advance()
      if current == "+" || current == "-" { advance() }
      if let digit = current, digit.isASCIIDigit {
        digits()
      } else {
        (index, offset) = (markIndex, markOffset)
      }
    }
    let value = Double(text[first..<index])
    var wellFormed = value != nil
    while let character = current,
      character.continuesName || (character == "." && peek().map(\.isASCIIDigit) == true)
    {
      wellFormed = false
      advance()
    }
    guard wellFormed, let value else {
      throw Diagnostic(
        .malformedNumber(String(text[first..<index])), at: fragment.span(start..<offset))
    }
    guard value.isFinite else {
      throw Diagnostic(
        .numberOutOfRange(String(text[first..<index])), at: fragment.span(start..<offset))
    }
    return Token(kind: .number(value), range: start..<offset)
  }

  private mutating func digits() {
    while let character = current, character.isASCIIDigit { advance() }
  }

  /// The text of a token, for messages.
  func text(of token: Token) -> String {
    switch token.kind {
    case .number, .end: break
    case .name(let name): return name
    case .infix(let infix): return infix.rawValue
    case .transpose: return "'"
    case .opening(let bracket), .closing(let bracket): return String(bracket)
    case .comma: return ","
    case .colon: return ":"
    }
    let first = text.index(text.startIndex, offsetBy: token.range.lowerBound)
    return String(text[first..<text.index(first, offsetBy: token.range.count)])
  }

  private static func described(_ character: Character) -> String {
    guard let scalar = character.unicodeScalars.first else { return "" }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse,
      .surrogate, .nonspacingMark:
      let digits = String(scalar.value, radix: 16, uppercase: true)
      return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    default: return String(character)
    }
  }

  /// What somebody who typed a look-alike wanted.
  private static func meant(_ character: Character) -> String? {
    switch character {
    case "×", "·", "⋅", "∙": return "*"
    case "÷", "∕": return "/"
    case "−", "–", "—": return "-"
    case "≤": return "<="
    case "≥": return ">="
    case "≠": return "!="
    case "=": return "=="
    case "’", "′", "‘", "ᵀ": return "'"
    case "、": return ","
    case "²": return "^2"
    case "³": return "^3"
    default:
      // Full-width forms stand 0xFEE0 above their ASCII characters.
      guard let scalar = character.unicodeScalars.first,
        (0xFF01...0xFF5E).contains(scalar.value),
        let plain = Unicode.Scalar(scalar.value - 0xFEE0)
      else { return nil }
      return String(Character(plain))
    }
  }
}

extension Character {
  /// Whether this is one of `0` to `9`.
  var isASCIIDigit: Bool { ("0"..."9").contains(self) && isASCII }

  /// Whether a name may begin with it: a letter of any script, or an underscore.
  var startsName: Bool {
    self == "_" || (isLetter && !isFullWidth && self != "ᵀ")
  }

  /// Whether a name may go on with it.
  var continuesName: Bool { startsName || isASCIIDigit }

  private var isFullWidth: Bool {
    unicodeScalars.first.map { (0xFF01...0xFF5E).contains($0.value) } ?? false
  }
}
