import Foundation
import TensorCore
import TestSupport
import Testing
import Transformers

@Suite("Pieces of words")
struct WordPieceTests {
  /// The texts of a file that `generate.py` wrote, where ours differ from the library's.
  static func compare(_ reference: Reference) throws -> (count: Int, different: [String]) {
    let vocabulary = try Vocabulary(
      tokens: reference["vocabulary"].list.map { try $0.text }, special: .sentence)
    let uncased = WordPieceTokenizer(vocabulary: vocabulary)
    let cased = WordPieceTokenizer(vocabulary: vocabulary, lowercases: false)
    var different: [String] = []
    let texts = try reference["texts"].list
    for entry in texts {
      let text = try entry[0].text
      let expected = try entry[1].numbers.map { Int($0) }
      let expectedCased = try entry[2].numbers.map { Int($0) }
      if uncased.ids(text) != expected || cased.ids(text) != expectedCased {
        let scalars = text.unicodeScalars.map { String($0.value, radix: 16) }
        different.append(
          "\(scalars.joined(separator: " ")): \(uncased.pieces(text)) for "
            + "\(expected.map { vocabulary[$0] }), cased \(cased.pieces(text)) for "
            + "\(expectedCased.map { vocabulary[$0] })")
      }
    }
    for entry in try reference["pairs"].list {
      let encoded = try uncased.encode(
        entry[0].text, and: entry[1].text, limit: entry[2].integer, overflow: .truncate)
      let ids = try entry[3].numbers.map { Int($0) }
      let segments = try entry[4].numbers.map { Int($0) }
      if encoded.ids != ids || encoded.segments != segments {
        different.append("pair \(encoded)")
      }
    }
    return (texts.count, different)
  }

  @Test("texts of many scripts get the library's tokens", .tags(.reference))
  func library() throws {
    let (count, different) = try Self.compare(Reference.load("tokenizers/wordpiece"))
    #expect(count > 350)
    #expect(different.isEmpty, "\(different.joined(separator: "\n"))")
  }

  private func small(_ pieces: [String]) throws -> WordPieceTokenizer {
    WordPieceTokenizer(
      vocabulary: try Vocabulary(ordinary: pieces, special: .sentence))
  }

  @Test("the longest piece comes first, and a word that cannot be cut is unknown")
  func greedy() throws {
    let tokenizer = try small(["un", "##aff", "##able", "unaff", "a", "##a", "。", "##able2"])
    #expect(tokenizer.pieces("unaffable") == ["unaff", "##able"])
    #expect(tokenizer.pieces("UNAFFABLE un") == ["unaff", "##able", "un"])
    #expect(tokenizer.pieces("unaffablez a。a") == ["[UNK]", "a", "。", "a"])
    #expect(tokenizer.pieces(String(repeating: "a", count: 100)).count == 100)
    #expect(tokenizer.pieces(String(repeating: "a", count: 101)) == ["[UNK]"])
    #expect(tokenizer.pieces("Á") == ["a"])
    #expect(tokenizer.pieces("").isEmpty)
    #expect(tokenizer.decode(tokenizer.ids("unaffable [MASK] a")) == "unaffable a")
  }

  @Test("one sentence and two, cut or refused beyond the limit")
  func sequences() throws {
    let tokenizer = try small(["a", "b", "c"])
    let vocabulary = tokenizer.vocabulary
    #expect(vocabulary.padding == 0 && vocabulary.start == 1 && vocabulary.end == 2)
    #expect(try tokenizer.encode("a b").ids == [1, 5, 6, 2])
    let pair = try tokenizer.encode("a b", and: "c")
    #expect(pair.ids == [1, 5, 6, 2, 7, 2])
    #expect(pair.segments == [0, 0, 0, 0, 1, 1])
    #expect(try tokenizer.encode("a b", and: "c", limit: 6) == pair)
    #expect(throws: TokenizationError.tooLong(count: 6, limit: 5)) {
      try tokenizer.encode("a b", and: "c", limit: 5)
    }
    #expect(throws: TokenizationError.tooLong(count: 6, limit: 2)) {
      try tokenizer.encode("a b", and: "c", limit: 2, overflow: .truncate)
    }
    #expect(
      try tokenizer.encode("a b c", limit: 4, overflow: .truncate).ids == [1, 5, 6, 2])
  }
}

@Suite("Vocabularies")
struct VocabularyTests {
  private static let special = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"

  @Test("a file with one token per line")
  func file() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "odoroki-vocabulary-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try Data((Self.special + "a\r\n##b\n").utf8).write(to: url)
    let vocabulary = try Vocabulary(path: url.path)
    #expect(vocabulary.tokens.suffix(2) == ["a", "##b"])
    #expect(vocabulary["##b"] == 6 && vocabulary["b"] == nil && vocabulary[5] == "a")
    #expect(vocabulary.mask == 4 && vocabulary.unknown == 1 && vocabulary.ordinary == [5, 6])
    #expect((0..<7).filter { vocabulary.isSpecial($0) } == [0, 1, 2, 3, 4])
    try Data([0xff, 0xfe]).write(to: url)
    #expect(throws: VocabularyError.file(.notText(path: url.path))) {
      try Vocabulary(path: url.path)
    }
    #expect(throws: VocabularyError.file(.missingFile(path: "/absent/vocab.txt"))) {
      try Vocabulary(path: "/absent/vocab.txt")
    }
    #expect(throws: VocabularyError.file(.emptyPath)) { try Vocabulary(path: "") }
    #expect(throws: VocabularyError.file(.notAFile(path: "/"))) { try Vocabulary(path: "/") }
  }

  @Test(
    "tokens that make no vocabulary",
    arguments: [
      ("", VocabularyError.empty),
      (special + "a\n\nb\n", .emptyToken(line: 7)),
      (special + "a\nb\na\n", .duplicate(token: "a", first: 6, second: 8)),
      ("[PAD]\n[UNK]\n[CLS]\n[SEP]\n", .missingSpecial(token: "[MASK]")),
      ("a\n", .missingSpecial(token: "[PAD]")),
    ])
  func faults(text: String, error: VocabularyError) {
    #expect(throws: error) { try Vocabulary(text: text) }
    #expect(!error.english.isEmpty && !error.japanese.isEmpty && error.english != error.japanese)
  }

  @Test("two spellings of one character are two tokens")
  func spellings() throws {
    let vocabulary = try Vocabulary(ordinary: ["\u{304c}", "\u{304b}\u{3099}"], special: .masked)
    #expect(vocabulary["\u{304c}"] == 5 && vocabulary["\u{304b}\u{3099}"] == 6)
  }

  @Test("characters become tokens and come back")
  func characters() throws {
    let tokenizer = try CharacterTokenizer(texts: ["はるすぎて", "がぎ", "はな"])
    let vocabulary = tokenizer.vocabulary
    #expect(vocabulary.tokens.prefix(4) == ["<PAD>", "<SOS>", "<EOS>", "<UNK>"])
    #expect(vocabulary.tokens.dropFirst(4).joined() == "がぎすてなはる")
    #expect(vocabulary.mask == nil)
    // The same character typed as two code points.
    let encoded = try tokenizer.encode("は\u{304b}\u{3099}る")
    #expect(encoded.ids == [1, 9, 4, 10, 2])
    #expect(tokenizer.decode(encoded.ids + [9, 9]) == "はがる")
    let unknown = TokenizationError.unknownToken(token: "海", position: 2, text: "は海")
    #expect(throws: unknown) { try tokenizer.encode("は海") }
    #expect(
      unknown.english == "the model does not know '海', character 2 of 'は海'"
        && unknown.japanese == "「は海」の 2 文字目「海」はモデルの知らない文字です")
    let lenient = CharacterTokenizer(vocabulary: vocabulary, allowsUnknown: true)
    #expect(try lenient.ids("は海") == [9, 3])
    #expect(lenient.decode([9, 3, 0]) == "は<UNK>")
    let long = TokenizationError.tooLong(count: 7, limit: 6)
    #expect(throws: long) { try tokenizer.encode("はるすぎて", limit: 6) }
    #expect(long.english.contains("7") && long.japanese.contains("6 トークンまで"))
    #expect(throws: VocabularyError.empty) { try CharacterTokenizer(texts: [""]) }
  }
}
