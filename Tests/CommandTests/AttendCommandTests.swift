import Foundation
import Testing

@Suite("odoroki attend", .serialized)
struct AttendCommandTests {
  let odoroki: Command

  init() throws { odoroki = try Command() }

  private func train(_ task: String) throws {
    let outcome = try odoroki(
      "train", task, "--epochs", "1", "--held-out", "90", "--width", "8", "--heads", "2",
      "--feedforward", "8", "--no-figure", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  private func object(_ name: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: odoroki.read(name)) as? [String: Any])
  }

  @Test("without a model, what to run first; with a wrong call, how to call it")
  func usage() throws {
    defer { odoroki.remove() }
    let missing = try odoroki("attend", "あき")
    #expect(missing.status == 65 && missing.output.isEmpty)
    #expect(missing.errors.contains("'poems.safetensors'"))
    #expect(missing.errors.contains("run 'odoroki train poems' first"))
    #expect(missing.errors.split(separator: "\n").count == 1)
    let japanese = try odoroki("attend", "あき", "--lang", "ja")
    #expect(japanese.status == 65 && japanese.errors.contains("先に odoroki train poems を実行"))
    for arguments in [
      ["attend"], ["attend", "あき", "--poem", "5"],
      ["attend", "あ", "--model", "a", "--weights", "b"],
      ["attend", "あ", "--figure", "a.png", "--no-figure"],
    ] {
      let process = try odoroki.process(arguments)
      try process.run()
      #expect(try odoroki.finish(process).status == 64, "\(arguments)")
    }
    #expect(try odoroki("attend", "あ", "--output", "a.txt").status == 64)
    #expect(try odoroki("attend", "あ", "--output", "absent/a.json").status == 73)
    #expect(!odoroki.exists("attend.png"))
  }

  @Test("a poem by number: report, default figure, result files, both languages")
  func poem() throws {
    defer { odoroki.remove() }
    try train("poems")
    let outcome = try odoroki("attend", "--poem", "5", "--output", "a.json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("Attention  poems.safetensors (poems)\npoem 5, 猿丸大夫\n"))
    #expect(outcome.output.contains("(written by the model; true: こゑきくときぞあきはかなしき)"))
    #expect(outcome.output.contains("\nEntropy of attention, mean over queries\n"))
    #expect(outcome.errors == "wrote a.json\nwrote attend.png\n")
    #expect(try odoroki.read("attend.png").starts(with: [0x89, 0x50, 0x4e, 0x47]))
    let file = try object("a.json")
    #expect(file["text"] as? String == "おくやまにもみぢふみわけなくしかの")
    #expect((file["poem"] as? [String: Any])?["number"] as? Int == 5)
    let layers = try #require(file["layers"] as? [[String: Any]])
    let maps = try #require(layers[0]["probabilities"] as? [[[Double]]])
    #expect(maps.count == 2 && maps[0].count == 19 && maps[0][0].count == 19)
    for row in maps.joined() { #expect(abs(row.reduce(0, +) - 1) < 1e-5) }
    let japanese = try odoroki(
      "attend", "あき", "--to", "の", "--lang", "ja", "--figure", "b.svg", "--quiet", "-o", "b.nc")
    #expect(japanese.status == 0 && japanese.errors.isEmpty, "\(japanese.errors)")
    #expect(japanese.output.contains("注意のエントロピー（クエリ平均）"))
    #expect(String(decoding: try odoroki.read("b.svg"), as: UTF8.self).contains("</svg>"))
    #expect(odoroki.exists("b.nc"))
    let again = try odoroki("attend", "--poem", "5", "--output", "c.json", "--no-figure")
    #expect(again.output == outcome.output && again.errors == "wrote c.json\n")
    #expect(try odoroki.read("c.json") == odoroki.read("a.json"))
  }

  @Test("texts and layers that the model does not know end with their status")
  func refusals() throws {
    defer { odoroki.remove() }
    try train("masked")
    func check(_ status: Int32, _ text: String, _ arguments: String...) throws {
      let process = try odoroki.process(["attend"] + arguments + ["--model", "masked.safetensors"])
      try process.run()
      let outcome = try odoroki.finish(process)
      #expect(outcome.status == status, "\(outcome.errors)")
      #expect(outcome.errors.contains(text) && outcome.output.isEmpty, "\(outcome.errors)")
      #expect(!odoroki.exists("attend.png"))
    }
    try check(65, "the model does not know '海', character 2 of 'あ海'", "あ海")
    try check(
      65, "has 62 tokens with its start and end, and the model takes at most 40",
      String(repeating: "あ", count: 60))
    try check(64, "it has encoder.0.attention", "あき", "--layer", "encoder.1.attention")
    try check(64, "there is no poem 101; they are numbered from 1 to 100", "--poem", "101")
    try odoroki.write("bad.safetensors", "short")
    #expect(try odoroki("attend", "あ", "--model", "bad.safetensors").status == 65)
    #expect(try odoroki("attend", "あ", "--weights", "absent").status == 65)
    let fine = try odoroki("attend", "あき", "--model", "masked.safetensors", "--no-figure")
    #expect(fine.status == 0 && fine.output.contains("encoder.0.attention"))
  }
}
