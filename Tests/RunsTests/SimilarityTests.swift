import Foundation
import Learning
import Reporting
import TensorCore
import Testing
import Transformers

@testable import Runs

@Suite("Likeness of texts")
struct SimilarityTests {
  let models: TrainedModels

  init() throws { models = try TrainedModels() }

  private func expect(_ error: RunError, _ status: CommandStatus, _ request: SimilarityRequest) {
    #expect(throws: error) { try request.run() }
    #expect(error.exitStatus == status)
    let (english, japanese) = (error.text(in: .english), error.text(in: .japanese))
    #expect(english.hasPrefix("error: ") && japanese.hasPrefix("エラー: "))
    #expect(english.split(separator: "\n").count == 1 && japanese.split(separator: "\n").count == 1)
  }

  @Test("without texts, the captions that ship with their attribution; without an encoder, n-grams")
  func captions() throws {
    let result = try SimilarityRequest().run()
    #expect(result.texts == Captions.harbor.texts && result.choice == nil)
    #expect(result.vectors.shape == .matrix(5, 512) && result.cosines.shape == .matrix(5, 5))
    #expect(result.map?.coordinates.shape == .matrix(5, 2) && result.notes(in: .english).isEmpty)
    let text = result.report(in: .english, style: .plain)
    #expect(
      text.hasPrefix("Similarity  character n-gram vectors, no trained encoder\nSTAIR Captions, ©"))
    let nearest = result.nearest(to: 0)
    let cosine = result.cosines[0, nearest.index]
    #expect(nearest.index != 0 && abs(nearest.cosine - cosine) < 1e-12)
    #expect((1..<5).allSatisfy { result.cosines[0, $0] <= cosine + 1e-12 })
    #expect(text.contains(String(format: "  %.3f  ", cosine)))
    #expect(text.contains(String(format: "  %.3f\n", (1 + cosine) / 2)))
    let japanese = result.report(in: .japanese, style: .plain)
    #expect(japanese.contains("文字 n-gram ベクトル（学習なし）") && japanese.contains("CC BY 4.0"))
    let figure = try #require(result.figure(in: .english))
    #expect(figure.title.hasSuffix("character n-gram vectors, no trained encoder"))
    let again = try SimilarityRequest().run()
    #expect(again.map?.coordinates == result.map?.coordinates && again.csv == result.csv)
  }

  @Test("result files hold texts, similarities, map and vectors")
  func files() throws {
    let result = try SimilarityRequest(texts: ["a, b", "ab", "xyz"], seed: 7).run()
    let lines = result.csv.split(separator: "\n")
    #expect(lines[0] == "number,text,nearest,cosine,x,y,cosine.1,cosine.2,cosine.3")
    #expect(lines.count == 4 && lines[1].hasPrefix("1,\"a, b\",2,"))
    let tree = result.tree
    #expect(tree["texts"] == .strings(["a, b", "ab", "xyz"]) && tree["attribution"] == nil)
    #expect(tree["encoder"] == ["kind": "characterGrams"])
    #expect(tree["cosines"] == .tensor(result.cosines))
    #expect(tree["vectors"] == .tensor(result.vectors) && tree["notes"] == nil)
    #expect(tree["map"]?["seed"] == .integer(7))
    guard case .tensor(let similarities)? = tree["similarities"] else {
      Issue.record("no similarities")
      return
    }
    for (similarity, cosine) in zip(similarities.values, result.cosines.values) {
      #expect(similarity == (1 + cosine) / 2)
    }
    for name in ["s.json", "s.csv", "s.nc"] {
      try result.write(to: models.path(name))
      #expect(FileManager.default.fileExists(atPath: models.path(name)))
    }
  }

  @Test("two texts have a likeness but no map; a file has one text per line")
  func fewTexts() throws {
    let two = try SimilarityRequest(texts: ["ab", "abc"]).run()
    #expect(two.map == nil && two.figure(in: .english) == nil && two.cosines[0, 1] > 0)
    #expect(two.notes(in: .english) == ["no map: it takes 3 texts or more"])
    #expect(two.notes(in: .japanese).first?.hasPrefix("地図なし") == true)
    #expect(two.tree["map"] == nil && two.csv.contains(",,,1.0,"))
    let path = try models.write("t.txt", "\u{FEFF}ab\r\n\n  \nabc\nxyz")
    #expect(try SimilarityRequest(file: path).run().texts == ["ab", "abc", "xyz"])
    let single = try models.write("one.txt", "ab\n")
    expect(
      .vectors(.tooFewTexts(count: 1, needed: 2, file: single)), .badData,
      SimilarityRequest(file: single))
    expect(
      .vectors(.tooFewTexts(count: 1, needed: 2, file: nil)), .usage,
      SimilarityRequest(texts: ["a"]))
    var drawn = SimilarityRequest(texts: ["a", "b"])
    drawn.needed = 3
    expect(.vectors(.tooFewTexts(count: 2, needed: 3, file: nil)), .usage, drawn)
    expect(
      .vectors(.file(.missingFile(path: "/absent"))), .badData, SimilarityRequest(file: "/absent"))
    expect(.vectors(.emptyText(number: 2)), .usage, SimilarityRequest(texts: ["a", " "]))
  }

  @Test("equal texts are drawn at all, and perplexity has its limits")
  func perplexity() throws {
    let equal = try SimilarityRequest(texts: ["ab", "ab", "ab", "ab"]).run()
    #expect(equal.cosines.values.allSatisfy { abs($0 - 1) < 1e-12 })
    #expect(equal.map?.coordinates.values.allSatisfy(\.isFinite) == true)
    let texts = ["ab", "bc", "cd", "de"]
    expect(
      .vectors(.map(.perplexityTooSmall(1))), .usage,
      SimilarityRequest(texts: texts, perplexity: 1))
    expect(
      .vectors(.map(.perplexityTooLarge(9, limit: 2.25, count: 4))), .usage,
      SimilarityRequest(texts: texts, perplexity: 9))
    let chosen = try SimilarityRequest(texts: texts, perplexity: 1.1).run()
    #expect(chosen.map?.perplexity == 1.1)
  }

  @Test(
    "a model that was trained here gives the mean over its tokens",
    arguments: [TrainingTask.masked, .poems, .nextToken])
  func checkpoint(task: TrainingTask) throws {
    let choice = EncoderChoice.checkpoint(path: try models.train(task))
    let texts = ["あきのたの", "あきのたの", "はるすぎて"]
    let result = try SimilarityRequest(texts: texts, encoder: choice).run()
    #expect(result.task == task && result.vectors.shape == .matrix(3, 8))
    #expect(abs(result.cosines[0, 1] - 1) < 1e-6 && result.cosines[0, 2] < 1)
    #expect(result.unknownShare == 0 && result.notes(in: .english).isEmpty)
    #expect(result.report(in: .english, style: .plain).contains("(\(task.rawValue))"))
    // A text alone has the vector that it has beside longer ones.
    let longer = try SimilarityRequest(
      texts: ["あきのたの", "はるすぎてなつきにけらし"], encoder: choice
    ).run()
    for column in 0..<8 {
      #expect(abs(longer.vectors[0, column] - result.vectors[0, column]) < 1e-5)
    }
    // Nothing but unknown characters: all texts of a length are one.
    let unknown = try SimilarityRequest(texts: ["abc", "xyz"], encoder: choice).run()
    #expect(unknown.unknownShare == 1 && abs(unknown.cosines[0, 1] - 1) < 1e-6)
    #expect(unknown.notes(in: .english)[0].hasPrefix("100 % of the tokens are not in the model's"))
    guard case .array(let notes)? = unknown.tree["notes"] else {
      Issue.record("no notes")
      return
    }
    #expect(notes.count == 2)
    let long = try SimilarityRequest(
      texts: [String(repeating: "あ", count: 60), "あ"], encoder: choice
    ).run()
    #expect(long.cutTexts == [1] && long.notes(in: .japanese)[0].contains("切り詰めた文: 1"))
  }

  @Test("an English vocabulary reads Japanese letter by letter, and that is said")
  func foreign() throws {
    let latin = (0..<2000).map {
      "word" + String($0, radix: 26).map { $0.isNumber ? "x" : $0 } + "\($0)"
    }
    let english = try Vocabulary(ordinary: latin + ["の", "##の"], special: .sentence)
    #expect(UnknownTokens.areForeign(["水面に浮かぶ水鳥"], to: english))
    #expect(!UnknownTokens.areForeign(["a water bird"], to: english))
    let japanese = try Vocabulary(ordinary: latin + ["の", "すぎて"], special: .sentence)
    #expect(!UnknownTokens.areForeign(["水面に浮かぶ水鳥"], to: japanese))
    let characters = try Vocabulary(ordinary: ["の", "a"], special: .sentence)
    #expect(!UnknownTokens.areForeign(["水面に浮かぶ水鳥"], to: characters))
  }

  @Test("weights that are no numbers are named, not drawn")
  func damagedWeights() throws {
    let path = try models.train(.poems)
    var checkpoint = try Checkpoint<Float>(path: path, kind: "transformer")
    let count = try #require(checkpoint.parameters["encoder.0.attention.query.bias"]).shape.count
    checkpoint.parameters["encoder.0.attention.query.bias"] = Tensor(
      vector: [Float](repeating: .nan, count: count))
    _ = FileManager.default.createFile(atPath: path, contents: Data(checkpoint.bytes()))
    let choice = EncoderChoice.checkpoint(path: path)
    expect(
      .vectors(.vectorNotFinite(text: 1)), .badData,
      SimilarityRequest(texts: ["あき", "の"], encoder: choice))
    #expect(throws: RunError.vectors(.attentionNotFinite(layer: "encoder.0.attention"))) {
      try AttentionRequest(text: "あき", second: "の", encoder: choice).run()
    }
  }

  @Test("broken models are named")
  func refusals() throws {
    expect(
      .vectors(.pretrained(.missingFolder(path: "/absent"))), .badData,
      SimilarityRequest(encoder: .weights(folder: "/absent")))
    expect(
      .vectors(.pretrained(.missingFile(name: "config.json", folder: models.folder.path))),
      .badData, SimilarityRequest(encoder: .weights(folder: models.folder.path)))
    let text = try models.write("t.safetensors", "short")
    expect(
      .training(.checkpoint(.file(.noHeaderLength(byteCount: 5)))), .badData,
      SimilarityRequest(encoder: .checkpoint(path: text)))
  }
}
