import TensorCore
import TestSupport
import Testing

@testable import Transformers

@Suite("Vectors of character n-grams")
struct CharacterGramsTests {
  private func cosine(_ left: String, _ right: String) -> Double {
    SentenceVectors.cosine(CharacterGrams.vector(left), CharacterGrams.vector(right))
  }

  @Test("the hash is FNV-1a with 64 bits")
  func hash() {
    // The values of the authors' test suite.
    #expect(CharacterGrams.fnv1a([]) == 0xcbf2_9ce4_8422_2325)
    #expect(CharacterGrams.fnv1a(Array("a".utf8)) == 0xaf63_dc4c_8601_ec8c)
    #expect(CharacterGrams.fnv1a(Array("foobar".utf8)) == 0x8594_4171_f739_67e8)
  }

  @Test("equal texts have cosine 1, and so do spellings of one text", .tags(.identity))
  func sameTexts() {
    for (left, right) in [
      ("水面に浮かぶ", "水面に浮かぶ"),
      // が in one code point and in two.
      ("\u{304C}く", "\u{304B}\u{3099}く"),
      ("The  Cat\n", " the cat"), ("a", "a"),
    ] {
      expectClose(cosine(left, right), 1, "\(left)")
      #expect(CharacterGrams.vector(left) == CharacterGrams.vector(right))
    }
    #expect(CharacterGrams.vector(" \n").allSatisfy { $0 == 0 })
    #expect(CharacterGrams.vector("").count == CharacterGrams.dimensions)
  }

  @Test("a vector has length 1, and as many entries as asked for", .tags(.property))
  func length() {
    for text in ["x", "ab", "夕暮れのハーバー", String(repeating: "あ", count: 500)] {
      for dimensions in [1, 7, 512] {
        let vector = CharacterGrams.vector(text, dimensions: dimensions)
        #expect(vector.count == dimensions)
        let square = vector.reduce(0) { $0 + $1 * $1 }
        // Two n-grams in one entry may cancel, where there is but one.
        if dimensions > 1 || square > 0 { expectClose(square, 1) }
      }
    }
  }

  @Test("texts without a common character are nearly at right angles", .tags(.property))
  func disjointTexts() {
    let texts = [
      "abcdefghijklm", "nopqrstuvwxyz", "夕暮港汽船複数鳥浮", "あかさたなはまやら", "アカサタナハマヤラ", "0123456789",
    ]
    for (index, left) in texts.enumerated() {
      for right in texts[..<index] {
        // Of about 30 n-grams each, a few share an entry by chance.
        #expect(abs(cosine(left, right)) < 0.2, "\(left) \(right)")
      }
    }
  }

  @Test("common characters count, and their order does too")
  func likeness() {
    #expect(cosine("ab", "ba") < 0.99)
    let near = cosine("船着き場に2艘の船がとまっている", "船着き場に3艘の船がとまっている")
    let far = cosine("船着き場に2艘の船がとまっている", "水鳥が泳ぐ")
    #expect(near > 0.7 && far < 0.4)
  }

  @Test("single characters take both signs, which FNV-1a alone would not give them")
  func signs() {
    let signs = (0x61...0x7a).map { code in
      let vector = CharacterGrams.vector(String(UnicodeScalar(UInt8(code))))
      return vector.reduce(0, +)
    }
    let positive = signs.count { $0 > 0 }
    #expect((6...20).contains(positive))
    #expect(signs.allSatisfy { abs(abs($0) - 1) < 1e-12 })
  }
}
