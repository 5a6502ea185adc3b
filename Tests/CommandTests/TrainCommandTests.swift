import Foundation
import Testing

/// `odoroki train` as a process.
struct TrainCommandTests {
  @Test func trainsReportsAndKeepsAModel() throws {
    let command = try Command()
    defer { command.remove() }
    let outcome = try command.run([
      "train", "--epochs", "2", "--output", "run.json", "--figure", "run.svg",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("poems: 24103 parameters"))
    #expect(outcome.output.contains("free-running: tokens"))
    #expect(outcome.output.contains("(held out)"))
    #expect(outcome.errors.contains("wrote poems.safetensors"))
    let json = String(decoding: try command.read("run.json"), as: UTF8.self)
    #expect(json.contains("\"freeRunning\"") && json.contains("\"heldOut\""))
    #expect(String(decoding: try command.read("run.svg"), as: UTF8.self).contains("</svg>"))
    // Nothing else stays behind.
    let names = try FileManager.default.contentsOfDirectory(atPath: command.folder.path)
    #expect(
      Set(names).subtracting(["stdout", "stderr"])
        == ["poems.safetensors", "run.json", "run.svg"])
  }

  @Test func threadsAndResumingChangeNoByte() throws {
    let command = try Command()
    defer { command.remove() }
    func train(_ arguments: String...) throws -> Command.Outcome {
      try command.run(["train", "--no-figure", "--quiet", "--dropout", "0.1"] + arguments)
    }
    let one = try train("--epochs", "3", "--threads", "1", "--checkpoint", "one.safetensors")
    let two = try train("--epochs", "3", "--threads", "2", "--checkpoint", "two.safetensors")
    #expect(one.status == 0 && one.output == two.output)
    #expect(try command.read("one.safetensors") == command.read("two.safetensors"))
    _ = try train("--epochs", "1", "--checkpoint", "part.safetensors")
    let rest = try train(
      "--epochs", "3", "--resume", "part.safetensors", "--checkpoint", "part.safetensors")
    #expect(rest.output == one.output, "\(rest.errors)")
    #expect(try command.read("part.safetensors") == command.read("one.safetensors"))
  }

  @Test func japaneseTexts() throws {
    let command = try Command()
    defer { command.remove() }
    let outcome = try command.run([
      "train", "next-sentence", "--epochs", "1", "--no-figure", "--no-checkpoint", "--lang", "ja",
    ])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("正答率（対）") && outcome.output.contains("未学習"))
  }

  @Test func aBadLossLeavesAGoodModelAlone() throws {
    let command = try Command()
    defer { command.remove() }
    let good = try command.run(["train", "--epochs", "1", "--no-figure"])
    #expect(good.status == 0)
    let before = try command.read("poems.safetensors")
    let bad = try command.run([
      "train", "--epochs", "9", "--learning-rate", "1e30", "--optimizer", "sgd",
      "--normalization", "pre", "--no-figure",
    ])
    #expect(bad.status == 75)
    #expect(bad.errors.hasPrefix("error: the "))
    #expect(bad.errors.contains("smaller --learning-rate"))
    #expect(bad.errors.split(separator: "\n").count == 1)
    #expect(try command.read("poems.safetensors") == before)
  }

  @Test func parametersThatOverflowInTheLastStepAreNotKept() throws {
    let command = try Command()
    defer { command.remove() }
    // One step on the whole training set: no later loss could show what it did.
    let outcome = try command.run([
      "train", "--epochs", "1", "--batch", "1000000", "--optimizer", "sgd", "--learning-rate",
      "3e38", "--clip", "3e38", "--no-figure",
    ])
    #expect(outcome.status == 75, "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
    #expect(!command.exists("poems.safetensors"))
  }

  @Test func aBodyOfAnotherShapeIsRefused() throws {
    let command = try Command()
    defer { command.remove() }
    _ = try command.run([
      "train", "masked", "--epochs", "1", "--heads", "2", "--no-figure", "--checkpoint",
      "body.safetensors",
    ])
    let outcome = try command.run([
      "train", "next-sentence", "--from", "body.safetensors", "--freeze", "--epochs", "1",
      "--no-figure",
    ])
    #expect(outcome.status == 64 && outcome.errors.contains("--heads: 2 there, 4 here"))
    let fitting = try command.run([
      "train", "next-sentence", "--from", "body.safetensors", "--freeze", "--epochs", "1",
      "--heads", "2", "--no-figure",
    ])
    #expect(fitting.status == 0, "\(fitting.errors)")
  }

  @Test func brokenCheckpointsAreOneLine() throws {
    let command = try Command()
    defer { command.remove() }
    _ = try command.run(["train", "--epochs", "1", "--no-figure", "--checkpoint", "m.safetensors"])
    let bytes = try command.read("m.safetensors")
    func refused(_ name: String, _ arguments: [String] = [], status: Int32 = 65) throws -> String {
      let outcome = try command.run(
        [
          "train", "--epochs", "2", "--no-figure", "--checkpoint", "m.safetensors", "--resume",
          name,
        ]
          + arguments)
      #expect(outcome.status == status, "\(name): \(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
      #expect(try command.read("m.safetensors") == bytes)
      return outcome.errors
    }
    _ = try refused("absent.safetensors")
    try bytes.prefix(5).write(to: URL(fileURLWithPath: command.path("short.safetensors")))
    _ = try refused("short.safetensors")
    try bytes.dropLast(100).write(to: URL(fileURLWithPath: command.path("cut.safetensors")))
    _ = try refused("cut.safetensors")
    var hostile = bytes
    hostile.replaceSubrange(0..<8, with: [255, 255, 255, 255, 255, 255, 255, 127])
    try hostile.write(to: URL(fileURLWithPath: command.path("hostile.safetensors")))
    _ = try refused("hostile.safetensors")
    let width = try refused("m.safetensors", ["--width", "16"], status: 64)
    #expect(width.contains("--width: 32 there, 16 here"))
    let double = try refused("m.safetensors", ["--precision", "double"], status: 64)
    #expect(double.contains("--precision: float there, double here"), "\(double)")
    let fewer = try refused("m.safetensors", ["--epochs", "1"], status: 64)
    #expect(fewer.contains("--epochs 1 leaves nothing to do"), "\(fewer)")
  }

  static let wrong: [(arguments: [String], status: Int32)] = [
    (["--held-out", "100"], 64), (["--width", "30", "--heads", "4"], 64),
    (["--dropout", "1"], 64), (["--epochs", "0"], 64), (["--mask-split", "1:2"], 64),
    (["--learning", "zero-divergence", "--dropout", "0.5"], 64),
    (["--epochs", "9000000000000000000"], 64), (["--batch", "9223372036854775807"], 64),
    (["--freeze"], 64), (["masked", "--unshifted"], 64), (["--one-directional"], 64),
    (["--sweep", "size", "--held-out", "0"], 64),
    (["next-sentence", "--held-out", "99"], 64),
    (["--from", "absent.safetensors"], 65), (["--checkpoint", "/absent/m.safetensors"], 73),
    (["--figure", "x.bmp"], 64), (["network", "--resume", "x"], 64),
  ]

  @Test(arguments: wrong)
  func wrongUse(arguments: [String], status: Int32) throws {
    let command = try Command()
    defer { command.remove() }
    let outcome = try command.run(["train"] + arguments)
    #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
    #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
    let names = try FileManager.default.contentsOfDirectory(atPath: command.folder.path)
    #expect(Set(names).isSubset(of: ["stdout", "stderr"]))
  }

  @Test func predictiveCodingWithoutDivergenceIsBackpropagation() throws {
    let command = try Command()
    defer { command.remove() }
    func table(_ learning: String) throws -> Substring? {
      let outcome = try command.run([
        "train", "network", "--learning", learning, "--epochs", "1", "--precision", "double",
        "--no-figure", "--output", "\(learning).json", "--quiet",
      ])
      #expect(outcome.status == 0, "\(outcome.errors)")
      return outcome.output.split(separator: "\n").first { $0.hasPrefix("held out") }
    }
    #expect(try table("backpropagation") == table("zero-divergence"))
    let json = String(decoding: try command.read("zero-divergence.json"), as: UTF8.self)
    #expect(json.contains("\"cosines\""))
  }

  @Test func aSweepSaysThatItIsAToy() throws {
    let command = try Command()
    defer { command.remove() }
    let outcome = try command.run([
      "train", "--sweep", "direction", "--seeds", "2", "--epochs", "1", "--figure", "s.svg",
      "--output", "s.json",
    ])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("Toy version"))
    #expect(String(decoding: try command.read("s.svg"), as: UTF8.self).contains("Toy version"))
    #expect(String(decoding: try command.read("s.json"), as: UTF8.self).contains("\"toy\": true"))
  }
}
