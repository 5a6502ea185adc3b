import Foundation
import Learning
import Reporting
import TensorCore
import Testing
import Transformers

@testable import Runs

@Suite("Attention of a text")
struct AttentionTests {
  let models: TrainedModels

  init() throws { models = try TrainedModels() }

  private func run(_ request: AttentionRequest) throws(RunError) -> AttentionResult {
    try request.run(library: TrainedModels.library)
  }

  private func expect(_ error: RunError, _ status: CommandStatus, _ request: AttentionRequest) {
    #expect(throws: error) { try run(request) }
    #expect(error.exitStatus == status)
    let (english, japanese) = (error.text(in: .english), error.text(in: .japanese))
    #expect(english.hasPrefix("error: ") && japanese.hasPrefix("エラー: "))
    #expect(english.split(separator: "\n").count == 1 && japanese.split(separator: "\n").count == 1)
  }

  @Test("a poem: what is written attends to what was read", arguments: ["float", "double"])
  func poem(precision: String) throws {
    let path = try models.train(.poems, precision: try #require(.init(rawValue: precision)))
    let encoder = EncoderChoice.checkpoint(path: path)
    let result = try run(AttentionRequest(poem: 5, encoder: encoder))
    #expect(result.text == "おくやまにもみぢふみわけなくしかの" && result.isWritten)
    #expect(result.poem?.author == "猿丸大夫" && result.task == .poems)
    #expect(
      result.layers.map(\.layer) == [
        "encoder.0.attention", "decoder.0.attention", "decoder.0.crossattention",
      ])
    #expect(result.shown.map(\.layer) == ["decoder.0.crossattention"])
    #expect(result.sourceTokens.count == result.text.count + 2)
    #expect(result.sourceTokens.first == "<SOS>" && result.targetTokens.first == "<SOS>")
    #expect(result.writtenTokens.last == "<EOS>")
    // What the decoder reads is what it writes, one place later.
    #expect(result.targetTokens.dropFirst() == result.writtenTokens.dropLast())
    for layer in result.layers {
      let tokens = result.tokens(of: layer)
      #expect(layer.heads.count == 2)
      for head in layer.heads {
        #expect(head.shape == .matrix(tokens.queries.count, tokens.keys.count))
      }
    }
    let given = try run(
      AttentionRequest(text: result.text, second: "こゑきく", encoder: encoder))
    #expect(!given.isWritten && given.second == "こゑきく" && given.poem == nil)
    #expect(given.targetTokens == ["<SOS>", "こ", "ゑ", "き", "く"])
    #expect(given.writtenTokens == ["こ", "ゑ", "き", "く", "<EOS>"])
    // The encoder does not see what is written.
    #expect(given.layers[0] == result.layers[0])
  }

  @Test("the report names each query's key, entropies beside their maximum, the figure its maps")
  func report() throws {
    let path = try models.train(.poems)
    let encoder = EncoderChoice.checkpoint(path: path)
    let result = try run(
      AttentionRequest(text: "あき", second: "の", encoder: encoder))
    let cross = try #require(result.shown.first)
    let text = result.report(in: .english, style: .plain)
    #expect(text.hasPrefix("Attention  \(path) (poems)\nあき\nの\n"))
    let (key, share) = cross.largest(head: 0, query: 0)
    let cell = "\(key + 1) \(result.sourceTokens[key]) " + String(format: "%.1f %%", 100 * share)
    #expect(text.contains("\n1 の") && text.contains(cell))
    #expect(text.contains("decoder.0.crossattention     2"))
    #expect(text.contains("1.386"), "ln 4 is the largest entropy over four keys")
    #expect(result.report(in: .japanese, style: .plain).contains("注意のエントロピー（クエリ平均）"))
    let figure = result.figure(in: .english)
    #expect(figure.title == "Attention to the source: あき → の  (decoder.0.crossattention)")
    #expect(figure.rows.flatMap { $0 }.map(\.title) == ["block 1, head 1", "block 1, head 2"])
    #expect(figure.rows[0][0].categories == ["^", "あ", "き", "$"])
    let own = try run(
      AttentionRequest(
        text: "あき", second: "の", encoder: encoder, layer: "encoder.0.attention"))
    #expect(own.figure(in: .japanese).title.hasPrefix("注意：あき → の"))
    #expect(own.figure(in: .japanese).rows[0][0].yCategories == ["^", "あ", "き", "$"])
  }

  @Test("result files hold every map")
  func files() throws {
    let path = try models.train(.poems)
    let result = try run(
      AttentionRequest(text: "あき", second: "の", encoder: .checkpoint(path: path)))
    let lines = result.csv.split(separator: "\n")
    #expect(lines[0] == "layer,head,query,queryToken,key,keyToken,probability")
    #expect(lines.count == 1 + 2 * (4 * 4 + 2 * 2 + 2 * 4))
    let first = result.layers[0].heads[0][0, 1]
    #expect(lines[2] == "encoder.0.attention,1,1,<SOS>,2,あ,\(first)")
    guard case .array(let layers)? = result.tree["layers"] else {
      Issue.record("no layers")
      return
    }
    #expect(layers.count == 3)
    #expect(layers[2]["name"] == .string("decoder.0.crossattention"))
    guard case .tensor(let maps)? = layers[2]["probabilities"] else {
      Issue.record("no maps")
      return
    }
    #expect(maps.shape == Shape([2, 2, 4]))
    #expect(maps.values == result.layers[2].heads.flatMap(\.values))
    for name in ["a.json", "a.csv", "a.nc"] {
      try result.write(to: models.path(name))
      #expect(FileManager.default.fileExists(atPath: models.path(name)))
    }
  }

  @Test("encoders read one text or a pair, causal models the text alone")
  func otherTasks() throws {
    let masked = EncoderChoice.checkpoint(path: try models.train(.masked))
    let single = try run(AttentionRequest(text: "あき", encoder: masked))
    #expect(single.sourceTokens == ["[CLS]", "あ", "き", "[SEP]"] && single.targetTokens.isEmpty)
    #expect(single.shown.map(\.layer) == ["encoder.0.attention"] && single.second == nil)
    let pair = try run(AttentionRequest(text: "あき", second: "の", encoder: masked))
    #expect(pair.sourceTokens == ["[CLS]", "あ", "き", "[SEP]", "の", "[SEP]"])
    let poem = try run(AttentionRequest(poem: 1, encoder: masked))
    #expect(poem.second == poem.poem?.lower)
    let next = EncoderChoice.checkpoint(path: try models.train(.nextToken))
    let causal = try run(AttentionRequest(text: "あき", encoder: next))
    #expect(causal.sourceTokens == ["[CLS]", "あ", "き"] && causal.layers[0].isCausal)
    #expect(causal.layers[0].heads[0][0, 0] == 1)
    expect(
      .vectors(.noSecondText), .usage, AttentionRequest(text: "あ", second: "き", encoder: next))
  }

  @Test("what cannot be shown is said on one line")
  func refusals() throws {
    let path = try models.train(.poems)
    let encoder = EncoderChoice.checkpoint(path: path)
    expect(
      .vectors(
        .unknownLayer(
          name: "x",
          known: ["encoder.0.attention", "decoder.0.attention", "decoder.0.crossattention"])),
      .usage, AttentionRequest(text: "あ", encoder: encoder, layer: "x"))
    expect(
      .training(.text(.unknownToken(token: "海", position: 2, text: "あ海"))), .badData,
      AttentionRequest(text: "あ海", encoder: encoder))
    let long = String(repeating: "あ", count: 40)
    expect(
      .training(.text(.tooLong(count: 42, limit: 22))), .badData,
      AttentionRequest(text: long, encoder: encoder))
    expect(
      .vectors(.unknownPoem(101, known: 1...100)), .usage,
      AttentionRequest(poem: 101, encoder: encoder))
    expect(
      .vectors(.emptyText(number: 1)), .usage, AttentionRequest(text: " ", encoder: encoder))
    expect(
      .vectors(.emptyText(number: 2)), .usage,
      AttentionRequest(text: "あ", second: "", encoder: encoder))
    expect(
      .training(.checkpoint(.file(.missingFile(path: "/absent")))), .badData,
      AttentionRequest(text: "あ", encoder: .checkpoint(path: "/absent")))
    expect(
      .vectors(.pretrained(.missingFolder(path: "/absent"))), .badData,
      AttentionRequest(text: "あ", encoder: .weights(folder: "/absent")))
  }
}
