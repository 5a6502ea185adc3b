import Foundation
import Testing

@Suite("odoroki bridge", .serialized)
struct BridgeCommandTests {
  let odoroki: Command

  init() throws { odoroki = try Command() }

  private func run(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Command.Outcome {
    let process = try odoroki.process(arguments, environment: environment)
    try process.run()
    return try odoroki.finish(process)
  }

  @Test("an identity by name and by number, in both languages, with its figure and its data")
  func identity() throws {
    defer { odoroki.remove() }
    let outcome = try odoroki(
      "bridge", "sink", "--instances", "5", "--output", "sink.json", "--quiet")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("P2  A prior on the state unit is an attention sink\n"))
    #expect(outcome.output.contains("\nEquations: docs/mathematics.md §11\nSources: "))
    #expect(outcome.output.contains("\nTerms: attention, softmax, prior,"))
    #expect(try odoroki.read("bridge-sink.png").starts(with: [0x89, 0x50, 0x4e, 0x47]))
    let file = try #require(
      JSONSerialization.jsonObject(with: odoroki.read("sink.json")) as? [String: Any])
    #expect(file["holds"] as? Bool == true)
    let comparison = try #require((file["comparisons"] as? [[String: Any]])?.first)
    #expect(comparison["number"] as? String == "P2")
    let deviations = try #require(comparison["deviations"] as? [[String: Any]])
    #expect(deviations.allSatisfy { ($0["value"] as? Double ?? 1) <= 1e-12 })
    #expect(deviations.allSatisfy { ($0["instances"] as? Int ?? 0) >= 5 })
    let panels = try #require(comparison["figure"] as? [[String: Any]])
    #expect(panels.count == 2 && (panels[0]["series"] as? [Any])?.count == 3)

    let japanese = try odoroki("bridge", "P2", "--instances", "2", "--no-figure", "--lang", "ja")
    #expect(japanese.status == 0)
    #expect(japanese.output.hasPrefix("P2  状態ユニットの事前分布は"))
    #expect(japanese.output.contains("\n用語: 注意、ソフトマックス、事前分布"))
    let again = try odoroki("bridge", "p2", "--instances", "2", "--no-figure", "--lang", "ja")
    #expect(again.output == japanese.output)
  }

  @Test("a claim that does not hold ends with 1, and says which")
  func broken() throws {
    defer { odoroki.remove() }
    // A cell whose precision falls where the key fits: no attention any more.
    let models = Command.root.appendingPathComponent("models")
    let text = try String(
      contentsOf: models.appendingPathComponent("attention-cell.yaml"), encoding: .utf8)
    let turned = text.replacing("exp(keys * query", with: "exp(-keys * query")
    #expect(turned != text)
    try odoroki.write("attention-cell.yaml", turned)
    try odoroki.write("attention-cell.csv", "value[1]\n1\n")
    let outcome = try run(
      ["bridge", "cell", "--instances", "3", "--no-figure"],
      environment: ["ODOROKI_MODELS": odoroki.folder.path])
    #expect(outcome.status == 1, "\(outcome.errors)")
    #expect(outcome.output.contains("✗") && outcome.output.contains("✓"))

    try odoroki.write("attention-cell.yaml", text.replacing("keys * query", with: "keys * qury"))
    let misspelled = try run(
      ["bridge", "cell", "--instances", "3", "--no-figure"],
      environment: ["ODOROKI_MODELS": odoroki.folder.path])
    #expect(misspelled.status == 65)
    #expect(misspelled.errors.contains("attention-cell.yaml:") && misspelled.errors.contains("^"))
  }

  @Test("wrong calls: one line, and how to call it")
  func usage() throws {
    defer { odoroki.remove() }
    let unknown = try odoroki("bridge", "sinc")
    #expect(unknown.status == 64 && unknown.output.isEmpty)
    #expect(
      unknown.errors.hasPrefix("error: the bridge has no comparison 'sinc'; did you mean 'sink'?"))
    let japanese = try odoroki("bridge", "sinc", "--lang", "ja")
    #expect(japanese.errors.hasPrefix("エラー: ブリッジに 'sinc' という比較はありません"))
    for arguments in [
      ["--instances", "0"], ["cell", "--instances", "-3"], ["--figure", "a.png"],
      ["cell", "--figures", "f"], ["--figures", ""], ["--text", "あき"],
      ["cell", "--weights", "a", "--text", "あき"],
      ["--features", "a.npy"], ["cell", "--responses", "a.npy"], ["--weights", "a"],
      ["--weights", "a", "--text", "あ", "--poem", "3"],
    ] {
      #expect(try run(["bridge"] + arguments).status == 64, "\(arguments)")
    }
    #expect(try odoroki("bridge", "sink", "--output", "a.txt").status == 64)
    #expect(try odoroki("bridge", "sink", "--output", "absent/a.json").status == 73)
    let missing = try odoroki("bridge", "--weights", "absent.safetensors", "--text", "あき")
    #expect(missing.status == 65 && missing.errors.contains("absent.safetensors"))
    #expect(missing.errors.split(separator: "\n").count == 1)
    let absent = try odoroki("bridge", "representations", "--features", "absent.npy")
    #expect(absent.status == 65 && absent.errors.hasPrefix("absent.npy: error: "))
    try odoroki.write("text.npy", "1,2,3\n")
    let foreign = try odoroki("bridge", "representations", "--responses", "text.npy")
    #expect(foreign.status == 65 && foreign.errors.split(separator: "\n").count == 1)
    #expect(foreign.output.isEmpty && !odoroki.exists("bridge-representations.png"))
  }

  @Test("the heads of a model that was trained here, on a text and on a poem")
  func heads() throws {
    defer { odoroki.remove() }
    let trained = try odoroki(
      "train", "poems", "--epochs", "1", "--held-out", "90", "--width", "8", "--heads", "2",
      "--feedforward", "8", "--no-figure", "--quiet")
    #expect(trained.status == 0, "\(trained.errors)")
    let outcome = try odoroki(
      "bridge", "--weights", "poems.safetensors", "--text", "あきのたの", "--to", "わがころもでは")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("M6  "))
    #expect(outcome.output.contains("P1") && outcome.output.contains("P12"))
    #expect(outcome.errors == "wrote bridge-heads.png\n")
    let poem = try odoroki(
      "bridge", "--weights", "poems.safetensors", "--poem", "5", "--no-figure", "--output", "h.csv")
    #expect(poem.status == 0, "\(poem.errors)")
    let lines = String(decoding: try odoroki.read("h.csv"), as: UTF8.self).split(separator: "\n")
    #expect(lines[0].hasPrefix("number,name,kind,statement,value"))
    #expect(lines.count > 10 && lines.dropFirst().allSatisfy { $0.hasPrefix("M6,heads,") })
    let empty = try odoroki("bridge", "--weights", "poems.safetensors", "--text", " ")
    #expect(empty.status == 64)
  }
}
