internal import Foundation

/// A token for every character, as a person counts them.
///
/// Text is brought to its composed form first (NFC), so that が is one character however it was
/// typed.
public struct CharacterTokenizer: Tokenizer, Equatable {
  /// The characters known.
  public let vocabulary: Vocabulary
  /// Whether characters that are not known become the unknown token instead of an error.
  public let allowsUnknown: Bool

  /// Creates a tokenizer for a vocabulary of characters.
  public init(vocabulary: Vocabulary, allowsUnknown: Bool = false) {
    self.vocabulary = vocabulary
    self.allowsUnknown = allowsUnknown
  }

  /// Creates a tokenizer for all characters of some texts, in the order of their code points.
  ///
  /// - Throws: `VocabularyError` if the texts have no characters.
  public init(
    texts: [String], special: SpecialTokens = .sequence, allowsUnknown: Bool = false
  ) throws(VocabularyError) {
    var found: Set<[UInt8]> = []
    for text in texts {
      for character in Self.characters(text) { found.insert(Array(character.utf8)) }
    }
    guard !found.isEmpty else { throw .empty }
    // UTF-8 has the order of code points.
    let ordered = found.sorted { $0.lexicographicallyPrecedes($1) }
    let tokens = ordered.map { String(decoding: $0, as: UTF8.self) }
    self.init(
      vocabulary: try Vocabulary(ordinary: tokens, special: special), allowsUnknown: allowsUnknown)
  }

  /// The numbers of the characters of a text.
  ///
  /// - Throws: `TokenizationError.unknownToken` for the first unknown character, unless allowed.
  public func ids(_ text: String) throws(TokenizationError) -> [Int] {
    var ids: [Int] = []
    for (index, character) in Self.characters(text).enumerated() {
      if let id = vocabulary[character] {
        ids.append(id)
      } else if allowsUnknown {
        ids.append(vocabulary.unknown)
      } else {
        throw .unknownToken(token: character, position: index + 1, text: text)
      }
    }
    return ids
  }

  /// The characters in a row; unknown ones as the unknown token.
  public func decode(_ ids: [Int]) -> String {
    let content = ids.prefix { $0 != vocabulary.end }
    return content.filter { $0 == vocabulary.unknown || !vocabulary.isSpecial($0) }
      .map { vocabulary[$0] }.joined()
  }

  private static func characters(_ text: String) -> [String] {
    text.precomposedStringWithCanonicalMapping.map(String.init)
  }
}
