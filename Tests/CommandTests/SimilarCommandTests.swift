import Foundation
import Testing

@Suite("odoroki similar", .serialized)
struct SimilarCommandTests {
  let odoroki: Command

  init() throws { odoroki = try Command() }

  private func object(_ name: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: odoroki.read(name)) as? [String: Any])
  }

  @Test("without anything: the captions, the baseline and its name, a map")
  func captions() throws {
    defer { odoroki.remove() }
    let outcome = try odoroki("similar", "--output", "s.json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("Similarity  character n-gram vectors, no trained encoder\n"))
    #expect(outcome.output.contains("\nSTAIR Captions, © STAIR Lab"))
    #expect(outcome.output.contains("\nCosine similarity\n"))
    #expect(outcome.errors == "wrote s.json\nwrote similar.png\n")
    #expect(try odoroki.read("similar.png").starts(with: [0x89, 0x50, 0x4e, 0x47]))
    let file = try object("s.json")
    let cosines = try #require(file["cosines"] as? [[Double]])
    #expect(cosines.count == 5 && abs(cosines[0][0] - 1) < 1e-12 && cosines[1][2] == cosines[2][1])
    #expect((file["texts"] as? [String])?.count == 5 && file["attribution"] is String)
    #expect((file["encoder"] as? [String: Any])?["kind"] as? String == "characterGrams")
    let japanese = try odoroki("similar", "--lang", "ja", "--quiet", "--figure", "s.pdf")
    #expect(japanese.status == 0 && japanese.errors.isEmpty && odoroki.exists("s.pdf"))
    #expect(japanese.output.hasPrefix("類似度  文字 n-gram ベクトル（学習なし）\n"))
    let again = try odoroki("similar", "--output", "t.json", "--no-figure")
    #expect(again.output == outcome.output)
    #expect(try odoroki.read("t.json") == odoroki.read("s.json"))
    let other = try odoroki("similar", "--seed", "2", "--output", "u.csv", "--no-figure")
    #expect(other.status == 0 && odoroki.exists("u.csv"))
  }

  @Test("texts, files, and too few of them")
  func texts() throws {
    defer { odoroki.remove() }
    let two = try odoroki("similar", "the cat", "the cats", "--output", "s.nc")
    #expect(two.status == 0 && !odoroki.exists("similar.png") && odoroki.exists("s.nc"))
    #expect(two.errors == "no map: it takes 3 texts or more\nwrote s.nc\n")
    try odoroki.write("t.txt", "the cat\nthe cats\n\na dog\n")
    let file = try odoroki("similar", "--file", "t.txt", "--no-figure")
    #expect(file.status == 0 && file.output.contains("\n3  a dog"), "\(file.output)")
    func check(_ status: Int32, _ text: String, _ outcome: Command.Outcome) {
      #expect(outcome.status == status && outcome.output.isEmpty, "\(outcome.errors)")
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }
    check(64, "1 text given; similarity needs 2 or more", try odoroki("similar", "the cat"))
    check(
      64, "2 texts given; a figure needs 3 or more",
      try odoroki("similar", "a", "b", "--figure", "a.png"))
    check(64, "text 2 is empty", try odoroki("similar", "a", ""))
    check(64, "not both", try odoroki("similar", "a", "b", "--file", "t.txt"))
    check(65, "there is no file 'absent.txt'", try odoroki("similar", "--file", "absent.txt"))
    check(
      64, "at most 1.5 is possible", try odoroki("similar", "a", "b", "c", "--perplexity", "9"))
    check(64, "it has to be above 1", try odoroki("similar", "a", "b", "c", "--perplexity", "0"))
    check(65, "there is no folder 'absent'", try odoroki("similar", "--weights", "absent"))
    check(73, "cannot write 'absent/s.json'", try odoroki("similar", "--output", "absent/s.json"))
    check(64, ".docx", try odoroki("similar", "--figure", "s.docx"))
  }

  @Test("a model that was trained here, and texts that it does not know")
  func checkpoint() throws {
    defer { odoroki.remove() }
    let training = try odoroki(
      "train", "masked", "--epochs", "1", "--held-out", "90", "--width", "8", "--heads", "2",
      "--feedforward", "8", "--no-figure", "--quiet")
    #expect(training.status == 0, "\(training.errors)")
    let known = try odoroki(
      "similar", "あきのたの", "はるすぎて", "あきのたの", "--model", "masked.safetensors",
      "--no-figure")
    #expect(known.status == 0 && known.errors.isEmpty, "\(known.errors)")
    #expect(known.output.hasPrefix("Similarity  masked.safetensors (masked)\n"))
    let unknown = try odoroki(
      "similar", "--model", "masked.safetensors", "--lang", "ja", "--output", "s.json",
      "--no-figure")
    #expect(unknown.status == 0 && unknown.errors.contains("モデルの語彙にありません"))
    let notes = try #require(try object("s.json")["notes"] as? [String])
    #expect(notes[0].contains("are not in the model's vocabulary"))
    let quiet = try odoroki("similar", "--model", "masked.safetensors", "--quiet", "--no-figure")
    #expect(quiet.status == 0 && quiet.errors.isEmpty)
  }
}
