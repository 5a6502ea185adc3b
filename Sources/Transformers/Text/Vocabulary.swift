/// The tokens that a model knows, numbered from zero.
///
/// Tokens are told apart by their bytes: two spellings of one character in Unicode are two tokens,
/// as in every file of tokens.
public struct Vocabulary: Sendable, Equatable {
  /// The tokens; the number of a token is its place.
  public let tokens: [String]
  /// The tokens that stand for no text.
  public let special: SpecialTokens
  /// The number of the token that fills sequences up.
  public let padding: Int
  /// The number of the token that begins a sequence.
  public let start: Int
  /// The number of the token that ends a sequence.
  public let end: Int
  /// The number of the token for text without a token of its own.
  public let unknown: Int
  /// The number of the token that hides another, if there is one.
  public let mask: Int?
  /// The numbers of the tokens that stand for text, in order.
  public let ordinary: [Int]
  private let ids: [[UInt8]: Int]

  /// Creates a vocabulary from all its tokens, the special ones among them.
  ///
  /// - Throws: `VocabularyError`: no tokens, an empty or repeated one, or no special token of a
  ///   role.
  public init(tokens: [String], special: SpecialTokens) throws(VocabularyError) {
    guard !tokens.isEmpty else { throw .empty }
    var ids: [[UInt8]: Int] = [:]
    ids.reserveCapacity(tokens.count)
    for (id, token) in tokens.enumerated() {
      guard !token.isEmpty else { throw .emptyToken(line: id + 1) }
      if let first = ids.updateValue(id, forKey: Array(token.utf8)) {
        throw .duplicate(token: token, first: first + 1, second: id + 1)
      }
    }
    func find(_ token: String) throws(VocabularyError) -> Int {
      guard let id = ids[Array(token.utf8)] else { throw .missingSpecial(token: token) }
      return id
    }
    padding = try find(special.padding)
    start = try find(special.start)
    end = try find(special.end)
    unknown = try find(special.unknown)
    if let token = special.mask { mask = try find(token) } else { mask = nil }
    let reserved: Set<Int?> = [padding, start, end, unknown, mask]
    ordinary = tokens.indices.filter { !reserved.contains($0) }
    self.tokens = tokens
    self.special = special
    self.ids = ids
  }

  /// Creates a vocabulary of the special tokens, padding first, and ordinary ones after them.
  ///
  /// - Throws: `VocabularyError` for an empty or repeated token.
  public init(ordinary: [String], special: SpecialTokens) throws(VocabularyError) {
    try self.init(tokens: special.all + ordinary, special: special)
  }

  /// Reads a file with one token per line.
  ///
  /// - Throws: `VocabularyError`.
  public init(path: String, special: SpecialTokens = .sentence) throws(VocabularyError) {
    let text: String
    do { text = try TextFile.read(path) } catch { throw .file(error) }
    try self.init(text: text, special: special)
  }

  /// Reads a text with one token per line.
  ///
  /// - Throws: `VocabularyError`.
  public init(text: String, special: SpecialTokens = .sentence) throws(VocabularyError) {
    try self.init(tokens: TextFile.lines(text), special: special)
  }

  /// The number of tokens.
  public var count: Int { tokens.count }

  /// The number of a token.
  public subscript(token: String) -> Int? { ids[Array(token.utf8)] }

  /// The token of a number.
  public subscript(id: Int) -> String { tokens[id] }

  /// Whether the token of a number stands for no text.
  public func isSpecial(_ id: Int) -> Bool {
    id == padding || id == start || id == end || id == unknown || id == mask
  }

  /// The number of a token by its bytes.
  func id(bytes: [UInt8]) -> Int? { ids[bytes] }
}

/// Why tokens do not make a vocabulary; lines count from one.
public enum VocabularyError: Error, Sendable, Equatable {
  /// The file could not be read.
  case file(TextFileError)
  /// There are no tokens.
  case empty
  /// A line without a token.
  case emptyToken(line: Int)
  /// A token that an earlier line has.
  case duplicate(token: String, first: Int, second: Int)
  /// A special token that is not there.
  case missingSpecial(token: String)

  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .file(let error): error.english
    case .empty: "the vocabulary has no tokens"
    case .emptyToken(let line): "line \(line) of the vocabulary is empty"
    case .duplicate(let token, let first, let second):
      "the vocabulary has the token '\(token)' twice, in lines \(first) and \(second)"
    case .missingSpecial(let token): "the vocabulary lacks the special token '\(token)'"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .file(let error): error.japanese
    case .empty: "語彙にトークンがありません"
    case .emptyToken(let line): "語彙の \(line) 行目が空です"
    case .duplicate(let token, let first, let second):
      "語彙のトークン「\(token)」が \(first) 行目と \(second) 行目で重複しています"
    case .missingSpecial(let token): "語彙に特殊トークン「\(token)」がありません"
    }
  }
}
