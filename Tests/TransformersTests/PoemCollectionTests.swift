import Foundation
import TestSupport
import Testing
import Transformers

/// The folder of the shipped models and data.
let shippedModels = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("models")

@Suite("The hundred poems")
struct PoemCollectionTests {
  private func shipped() throws -> PoemCollection {
    try PoemCollection(path: shippedModels.appendingPathComponent("hyakunin-isshu.csv").path)
  }

  @Test("a hundred poems in order, in historical hiragana, in the metre they are known for")
  func shippedPoems() throws {
    let poems = try shipped().poems
    #expect(poems.map(\.number) == Array(1...100))
    #expect(poems[0].author == "天智天皇")
    #expect(poems[0].upper == "あきのたのかりほのいほのとまをあらみ")
    #expect(poems[0].lower == "わがころもではつゆにぬれつつ")
    #expect(poems[2].upper == "あしびきのやまどりのをのしだりをの")
    #expect(poems[55].author == "和泉式部" && poems[54].author == "大納言公任")
    var kana: Set<Character> = []
    var count = 0
    for poem in poems {
      // Some verses have one syllable more than 5-7-5-7-7; none has one less or two more.
      for (reading, length) in zip(poem.readings, [5, 7, 5, 7, 7]) {
        #expect((length...(length + 1)).contains(reading.count), "\(poem.number) \(reading)")
      }
      kana.formUnion(poem.upper + poem.lower)
      count += poem.upper.count + poem.lower.count
    }
    #expect(kana.count == 67 && count == 3136)
    #expect(kana.allSatisfy { ("ぁ"..."ゖ").contains($0) })
    #expect(poems.map(\.upper.count).min() == 17 && poems.map(\.upper.count).max() == 19)
    #expect(poems.map(\.lower.count).min() == 14 && poems.map(\.lower.count).max() == 16)
  }

  @Test("a tokenizer of the poems' characters has 71 tokens")
  func tokenizer() throws {
    let poems = try shipped().poems
    let tokenizer = try CharacterTokenizer(texts: poems.flatMap { [$0.upper, $0.lower] })
    #expect(tokenizer.vocabulary.count == 71)
    for poem in poems {
      let encoded = try tokenizer.encode(poem.upper, limit: 22)
      #expect(tokenizer.decode(encoded.ids) == poem.upper)
    }
  }

  @Test("the poems split the same way for the same seed", .tags(.property))
  func split() throws {
    let collection = try shipped()
    let (training, heldOut) = collection.split(heldOut: 10, seed: 4)
    #expect(training.poems.count == 90 && heldOut.poems.count == 10)
    #expect(PoemCollection(poems: training.poems + heldOut.poems) == collection)
    #expect(heldOut.poems.map(\.number) == heldOut.poems.map(\.number).sorted())
    #expect(collection.split(heldOut: 10, seed: 4).heldOut == heldOut)
    #expect(collection.split(heldOut: 10, seed: 5).heldOut != heldOut)
    #expect(collection.split(heldOut: 0, seed: 4).training == collection)
    #expect(collection.split(heldOut: 100, seed: 4).heldOut == collection)
  }

  private static let header =
    "number,author,verse_1,verse_2,verse_3,verse_4,verse_5,verse_1_hiragana,verse_2_hiragana,"
    + "verse_3_hiragana,verse_4_hiragana,verse_5_hiragana\n"

  @Test("quoted fields, other columns and other orders")
  func layout() throws {
    let text = Self.header + "2,\"a, \"\"b\"\"\",k,l,m,n,o,p,q,r,s,t\n\n1,x,1,2,3,4,5,6,7,8,9,0\r\n"
    let poems = try PoemCollection(text: text).poems
    #expect(poems.map(\.number) == [1, 2])
    #expect(poems[1].author == "a, \"b\"" && poems[1].verses == ["k", "l", "m", "n", "o"])
    #expect(poems[1].upper == "pqr" && poems[1].lower == "st")
  }

  @Test(
    "files that hold no poems",
    arguments: [
      ("", PoemCollectionError.empty),
      (header, .empty),
      ("number,author\n", .missingColumn("verse_1")),
      ("author\n", .missingColumn("number")),
      (header + "1,a,1\n", .wrongColumnCount(line: 2, expected: 12, found: 3)),
      (header + "0,a,1,2,3,4,5,6,7,8,9,0\n", .invalidNumber(line: 2, text: "0")),
      (header + "x,a,1,2,3,4,5,6,7,8,9,0\n", .invalidNumber(line: 2, text: "x")),
      (
        header + "1,a,1,2,3,4,5,6,7,8,9,0\n1,a,1,2,3,4,5,6,7,8,9,0\n",
        .duplicateNumber(1, first: 2, second: 3)
      ),
      (
        header + "1,a,1,2,3,4,5,6,7,8,,0\n", .emptyField(line: 2, column: "verse_4_hiragana")
      ),
    ])
  func faults(text: String, error: PoemCollectionError) {
    #expect(throws: error) { try PoemCollection(text: text) }
    #expect(!error.english.isEmpty && !error.japanese.isEmpty && error.english != error.japanese)
  }

  @Test("a file that is not there")
  func missing() {
    #expect(throws: PoemCollectionError.file(.missingFile(path: "/absent.csv"))) {
      try PoemCollection(path: "/absent.csv")
    }
  }
}
