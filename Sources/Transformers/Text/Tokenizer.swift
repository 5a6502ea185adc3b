/// Turns text into the numbers of a vocabulary and back.
public protocol Tokenizer: Sendable {
  /// The tokens it makes.
  var vocabulary: Vocabulary { get }

  /// The numbers of the tokens of a text, without a start or an end.
  ///
  /// - Throws: `TokenizationError` for text without a token, where that is refused.
  func ids(_ text: String) throws(TokenizationError) -> [Int]

  /// The text of tokens, special ones left out; it stops at the first end.
  func decode(_ ids: [Int]) -> String
}

/// What happens to sequences that are longer than a model allows.
public enum OverflowRule: Sendable, Hashable {
  /// They are an error.
  case refuse
  /// They lose tokens from the end, of two sentences the longer one first.
  case truncate
}

/// The tokens of one or two sentences with start and ends.
public struct TokenSequence: Sendable, Hashable {
  /// The numbers of the tokens.
  public let ids: [Int]
  /// For every token, 0 in the first sentence and 1 in the second.
  public let segments: [Int]
}

extension Tokenizer {
  /// Encodes one sentence, or two: start, first, end, second, end.
  ///
  /// - Parameters:
  ///   - text: the first sentence.
  ///   - second: the second one, if there is one.
  ///   - limit: the largest number of tokens; `nil` for any.
  ///   - overflow: what happens beyond it.
  /// - Returns: the tokens with their segments.
  /// - Throws: `TokenizationError`.
  public func encode(
    _ text: String, and second: String? = nil, limit: Int? = nil, overflow: OverflowRule = .refuse
  ) throws(TokenizationError) -> TokenSequence {
    var first = try ids(text)
    var other: [Int]?
    if let second { other = try ids(second) }
    let frame = other == nil ? 2 : 3
    let count = first.count + (other?.count ?? 0) + frame
    if let limit, count > limit {
      guard overflow == .truncate, limit >= frame else {
        throw .tooLong(count: count, limit: limit)
      }
      (first, other) = Self.cut(first, other, limit - frame)
    }
    var ids = [vocabulary.start] + first + [vocabulary.end]
    var segments = [Int](repeating: 0, count: ids.count)
    if let other {
      ids += other + [vocabulary.end]
      segments += [Int](repeating: 1, count: other.count + 1)
    }
    return TokenSequence(ids: ids, segments: segments)
  }

  /// Cuts two sequences to a common budget, the longer one first.
  private static func cut(_ first: [Int], _ second: [Int]?, _ budget: Int) -> ([Int], [Int]?) {
    guard let second else { return (Array(first.prefix(budget)), nil) }
    let isSwapped = first.count > second.count
    let short = min(min(first.count, second.count), budget)
    let long = max(short, budget - short)
    // Where both are longer than half, the longer one keeps the odd token.
    let (few, many) = short + long > budget ? (budget / 2, budget - budget / 2) : (short, long)
    return isSwapped
      ? (Array(first.prefix(many)), Array(second.prefix(few)))
      : (Array(first.prefix(few)), Array(second.prefix(many)))
  }
}

/// Why a text cannot be turned into tokens.
public enum TokenizationError: Error, Sendable, Equatable {
  /// A character without a token; positions count characters from one.
  case unknownToken(token: String, position: Int, text: String)
  /// More tokens, with start and ends, than are allowed.
  case tooLong(count: Int, limit: Int)

  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .unknownToken(let token, let position, let text):
      "the model does not know '\(token)', character \(position) of '\(Self.brief(text))'"
    case .tooLong(let count, let limit):
      "the text has \(count) tokens with its start and end, and the model takes at most \(limit)"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .unknownToken(let token, let position, let text):
      "「\(Self.brief(text))」の \(position) 文字目「\(token)」はモデルの知らない文字です"
    case .tooLong(let count, let limit):
      "文は始まりと終わりを含めて \(count) トークンありますが、モデルが扱えるのは \(limit) トークンまでです"
    }
  }

  private static func brief(_ text: String) -> String {
    text.count <= 40 ? text : text.prefix(40) + "…"
  }
}
