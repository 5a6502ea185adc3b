/// Words cut into the longest pieces that a vocabulary has, as in encoders of the BERT family.
///
/// Pieces after the first of a word begin with `##`; a word that cannot be cut, or of more than 100
/// characters, becomes the unknown token. Special tokens that stand in the text itself are taken for
/// themselves.
///
/// References: Devlin et al. 2019; Wu et al. 2016, arXiv:1609.08144.
public struct WordPieceTokenizer: Tokenizer, Equatable {
  /// The pieces known.
  public let vocabulary: Vocabulary
  /// Whether letters become small and lose their accents.
  public let lowercases: Bool
  private let special: [(scalars: [Unicode.Scalar], id: Int)]

  /// The longest word that is cut, in characters.
  public static let wordLimit = 100

  /// Creates a tokenizer for a vocabulary of pieces.
  public init(vocabulary: Vocabulary, lowercases: Bool = true) {
    self.vocabulary = vocabulary
    self.lowercases = lowercases
    special = vocabulary.special.all.compactMap { token in
      vocabulary[token].map { (Array(token.unicodeScalars), $0) }
    }
  }

  /// The numbers of the pieces of a text.
  public func ids(_ text: String) -> [Int] {
    var ids: [Int] = []
    var ordinary = String.UnicodeScalarView()
    let scalars = Array(text.unicodeScalars)
    var index = 0
    while index < scalars.count {
      let rest = scalars[index...]
      if let token = special.first(where: { rest.starts(with: $0.scalars) }) {
        append(String(ordinary), to: &ids)
        ordinary = String.UnicodeScalarView()
        ids.append(token.id)
        index += token.scalars.count
      } else {
        ordinary.append(scalars[index])
        index += 1
      }
    }
    append(String(ordinary), to: &ids)
    return ids
  }

  /// The pieces of a text.
  public func pieces(_ text: String) -> [String] { ids(text).map { vocabulary[$0] } }

  /// The words in a row with blanks between them, pieces put together.
  public func decode(_ ids: [Int]) -> String {
    var text = ""
    for id in ids.prefix(while: { $0 != vocabulary.end })
    where id == vocabulary.unknown || !vocabulary.isSpecial(id) {
      let piece = vocabulary[id]
      if !text.isEmpty, piece.hasPrefix("##"), piece.count > 2 {
        text += piece.dropFirst(2)
      } else {
        text += (text.isEmpty ? "" : " ") + piece
      }
    }
    return text
  }

  private func append(_ text: String, to ids: inout [Int]) {
    for word in BasicTokenization.words(text, lowercases: lowercases) {
      if let pieces = cut(word) {
        ids.append(contentsOf: pieces)
      } else {
        ids.append(vocabulary.unknown)
      }
    }
  }

  /// The longest pieces from the left, or `nil` where one is missing.
  private func cut(_ word: [Unicode.Scalar]) -> [Int]? {
    guard word.count <= Self.wordLimit else { return nil }
    var bytes: [UInt8] = []
    var ends = [0]
    for scalar in word {
      bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      ends.append(bytes.count)
    }
    var pieces: [Int] = []
    var start = 0
    while start < word.count {
      var end = word.count
      var found: Int?
      while end > start {
        let piece = bytes[ends[start]..<ends[end]]
        let key = start == 0 ? Array(piece) : [0x23, 0x23] + piece
        if let id = vocabulary.id(bytes: key) {
          found = id
          break
        }
        end -= 1
      }
      guard let found else { return nil }
      pieces.append(found)
      start = end
    }
    return pieces
  }

  /// Compares what makes the tokens.
  public static func == (left: WordPieceTokenizer, right: WordPieceTokenizer) -> Bool {
    left.vocabulary == right.vocabulary && left.lowercases == right.lowercases
  }
}
