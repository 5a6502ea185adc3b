import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import TensorCore
import Testing

private func load(_ text: String, _ overrides: [String] = []) throws -> ModelFile {
  do {
    return try ModelLoader.load(
      source: SourceFile(name: "model.yaml", text: text), overrides: overrides)
  } catch {
    Issue.record("\(error.render(language: .english))")
    throw error
  }
}

private func refusal(_ text: String, path: String = "model.yaml") -> String? {
  do {
    _ = try ModelLoader.load(source: SourceFile(name: path, text: text))
    return nil
  } catch {
    return error.render(language: .english)
  }
}

@Suite struct LoaderTests {
  @Test func numbersAndExpressionsMeanTheSame() throws {
    let numbers = try load(minimalModel)
    let expressions = try load(
      minimalModel.replacing("[[-1, 0], [0, -1]]", with: "\"-eye(2)\"")
        .replacing("samples: 4", with: "samples: 2^2").replacing("y: 4", with: "y: 8/2")
        .replacing("C: [1, 0]", with: "C: [cos(0), sin(0)]"))
    #expect(numbers.model.time == expressions.model.time)
    #expect(numbers.model.level(1).outputPrecision == expressions.model.level(1).outputPrecision)
    let arguments = [
      Level.Port.states: Tensor(vector: [2.0, 3]), Level.Port.causes: Tensor(vector: [5.0]),
      Level.Port.parameters: Tensor(vector: []),
    ]
    let a = numbers.model.level(1).equations.evaluate(arguments)
    let b = expressions.model.level(1).equations.evaluate(arguments)
    #expect(a == b)
    #expect(a[Level.Port.motion] == Tensor(vector: [3, -3]))
  }

  @Test func defaultsAreThoseOfTheFormat() throws {
    let model = try load(minimalModel)
    #expect(model.model.stateOrder == 7)
    #expect(model.model.causeOrder == 3)
    #expect(model.model.smoothness == 0.5)
    #expect(model.inversion == InversionSettings())
    #expect(model.data == nil)
    #expect(model.dataSettings == DataSettings())
    #expect(try load(minimalModel + "embedding: {states: 2}\n").model.causeOrder == 2)
  }

  @Test func unknownParametersAreInputsAndKnownOnesConstants() throws {
    let file = try load(
      minimalModel.replacing(
        "C: [1, 0]", with: "C: {value: [1, 0], priorCovariance: [[4, 1], [1, 2]]}"))
    let level = file.model.level(1)
    #expect(level.parameters.elementNames == ["C[1]", "C[2]"])
    #expect(level.parameterValues == [1, 0])
    #expect(level.parameterPriorCovariance == Tensor(rows: [[4, 1], [1, 2]]))
    let f = level.equations.evaluate([
      Level.Port.states: Tensor(vector: [0, 0]), Level.Port.causes: Tensor(vector: [2]),
      Level.Port.parameters: Tensor(vector: [3, 5]),
    ])[Level.Port.motion]
    #expect(f == Tensor(vector: [6, 10]))
    // The process has the prior expectation as a constant.
    let g = file.process.levels[0].equations.evaluate([
      Level.Port.states: Tensor(vector: [0, 0]), Level.Port.causes: Tensor(vector: [2]),
      Level.Port.time: Tensor(0), Level.Port.action: Tensor(vector: []),
    ])[Level.Port.motion]
    #expect(g == Tensor(vector: [2, 0]))
  }

  @Test func componentsAreStackedOverTheWholeVector() throws {
    let file = try load(
      minimalModel.replacing(
        "output: {y: \"x[1]\"}", with: "output: {y: \"x[1]\", z: x}"
      ).replacing(
        "{y: 4, x: 4}",
        with:
          "{y: 4, z: {fixed: 1, components: [identity, [1, 0]], logPrior: {mean: 2, variance: 3}}}"
      ))
    let precision = file.model.level(1).outputPrecision
    #expect(precision.fixed == .diagonal([4, 1, 1]))
    #expect(precision.components.map(\.name) == ["z.1", "z.2"])
    #expect(precision.components.map(\.matrix) == [.diagonal([0, 1, 1]), .diagonal([0, 1, 0])])
    #expect(precision.components.allSatisfy { $0.priorMean == 2 && $0.priorVariance == 3 })
    #expect(file.model.level(1).statePrecision == PrecisionModel(fixed: .identity(2)))
    let noise = try #require(file.process.levels[0].outputPrecision)
    let expected = [4, 1 + 2 * exp(2.0), 1 + exp(2.0)]
    for (index, value) in expected.enumerated() {
      #expect(abs(noise[index, index] - value) < 1e-12 * value)
    }
  }

  @Test func precisionsMayDependOnStates() throws {
    let file = try load(
      minimalModel.replacing("{y: 4, x: 4}", with: "{y: \"exp(2 * x[1])\", x: 4}")
        + "process: {precision: {y: 9}}\n")
    let level = file.model.level(1)
    #expect(level.outputPrecision.isStateDependent)
    #expect(level.outputPrecision.fixed == .identity(1))
    let value = level.equations.evaluate([
      Level.Port.states: Tensor(vector: [0.5, 0]), Level.Port.causes: Tensor(vector: [0]),
      Level.Port.parameters: Tensor(vector: []),
    ])[Level.Port.outputPrecision]
    #expect(value == Tensor(rows: [[exp(1.0)]]))
    #expect(file.process.levels[0].outputPrecision == .diagonal([9]))
  }

  @Test func theProcessMayHaveStatesAndActionOfItsOwn() throws {
    let file = try load(
      minimalModel + """
        process:
          states: {hidden: [1, 2, 3]}
          motion: {hidden: "-hidden + [a, v, t]"}
          output: {y: "hidden[3] + C[1]"}
          action: {a: 0.5}
          precision: {hidden: 7}

        """)
    let level = file.process.levels[0]
    #expect(level.states.elementNames == ["hidden[1]", "hidden[2]", "hidden[3]"])
    #expect(level.initialStates == [1, 2, 3])
    #expect(level.statePrecision == .diagonal([7, 7, 7]))
    #expect(file.process.initialAction == [0.5])
    let values = level.equations.evaluate([
      Level.Port.states: Tensor(vector: [1, 2, 3]), Level.Port.causes: Tensor(vector: [4]),
      Level.Port.time: Tensor(5), Level.Port.action: Tensor(vector: [6]),
    ])
    #expect(values[Level.Port.motion] == Tensor(vector: [5, 2, 2]))
    #expect(values[Level.Port.output] == Tensor(vector: [4]))
  }

  @Test func theModelOfTheManualIsAccepted() throws {
    let manual = try String(
      contentsOf: modelsFolder.deletingLastPathComponent()
        .appending(path: "docs/model-files.md"), encoding: .utf8)
    let blocks = manual.components(separatedBy: "```")
    let model = try #require(blocks.first { $0.hasPrefix("yaml\ntitle:") })
    #expect(try load(String(model.dropFirst(5))).model.depth == 1)
  }

  // MARK: Overrides

  @Test func overridesReachEveryKindOfValue() throws {
    let file = try load(
      minimalModel,
      [
        "levels.1.precision.y=exp(2)", "levels.1.parameters.A.1.2=5", "smoothness=1/4",
        "inversion.scheme=dem", "levels.2.output.v=if(t > 2, 1, 0)",
        "levels.1.parameters.C.priorVariance=2", "levels.1.states.x=[3, 4]",
      ])
    let level = file.model.level(1)
    #expect(level.outputPrecision.fixed == .diagonal([exp(2)]))
    #expect(file.model.smoothness == 0.25)
    #expect(file.inversion.scheme == .dem)
    #expect(level.parameters.elementNames == ["C[1]", "C[2]"])
    #expect(level.initialStates == [3, 4])
    let f = level.equations.evaluate([
      Level.Port.states: Tensor(vector: [0, 1]), Level.Port.causes: Tensor(vector: [0]),
      Level.Port.parameters: Tensor(vector: [0, 0]),
    ])[Level.Port.motion]
    #expect(f == Tensor(vector: [5, -1]))
  }

  @Test func aLaterOverrideWins() throws {
    let file = try load(minimalModel, ["time.samples=8", "time.samples=9"])
    #expect(file.model.time.count == 9)
  }

  // MARK: Files

  @Test func pathsThatCannotBeRead() throws {
    try withFolder { folder in
      let missing = folder.appending(path: "none.yaml").path
      #expect(throws: ModelFileError.unreadable(path: missing, .notFound)) {
        try ModelLoader.load(path: missing)
      }
      #expect(throws: ModelFileError.unreadable(path: folder.path, .isDirectory)) {
        try ModelLoader.load(path: folder.path)
      }
      let error = ModelFileError.unreadable(path: "none.yaml", .notFound)
      #expect(error.render(language: .english) == "none.yaml: error: no such file\n")
      #expect(error.render(language: .japanese) == "none.yaml: エラー: ファイルがありません\n")
    }
  }

  @Test func filesBeyondTenMegabytes() throws {
    try withFolder { folder in
      let file = folder.appending(path: "large.yaml")
      try Data(repeating: 0x20, count: ModelLoader.sizeLimit + 1).write(to: file)
      #expect(
        throws: ModelFileError.tooLarge(
          path: file.path, bytes: 10_000_001, limit: ModelLoader.sizeLimit)
      ) { try ModelLoader.load(path: file.path) }
    }
    let text = minimalModel + String(repeating: "#", count: ModelLoader.sizeLimit)
    #expect(
      refusal(text) == "model.yaml: error: the file has 11 MB; at most 10 MB are accepted\n")
  }

  @Test func bytesThatAreNoText() throws {
    try withFolder { folder in
      let file = folder.appending(path: "latin.yaml")
      try Data(Array("title: 力 caf".utf8) + [0xE9] + Array("\n".utf8)).write(to: file)
      do throws(ModelFileError) {
        _ = try ModelLoader.load(path: file.path)
        Issue.record("accepted")
      } catch {
        #expect(
          error.render(language: .english).replacing(folder.path + "/", with: "") == """
            latin.yaml:1:13: error: byte 0xE9 is not valid UTF-8: save the file as UTF-8 text
            title: 力 caf\u{FFFD}
                         ^

            """)
      }
    }
  }

  @Test func aByteOrderMarkIsNoCharacter() throws {
    try withFolder { folder in
      let file = folder.appending(path: "marked.yaml")
      try Data([0xEF, 0xBB, 0xBF] + Array(minimalModel.utf8)).write(to: file)
      _ = try ModelLoader.load(path: file.path)
    }
  }

  @Test func windowsLineEndsMeanTheSame() throws {
    let file = try load(minimalModel.replacing("\n", with: "\r\n"))
    #expect(file.model.depth == 1)
  }

  // MARK: Attacks

  @Test(.timeLimit(.minutes(1)), arguments: ["1, ", "a: [b], ", "'力', ", "x[1] "])
  func largeFilesAreReadInLinearTime(_ piece: String) throws {
    let text = minimalModel + "about: [\n" + String(repeating: piece, count: 100_000) + "]\n"
    #expect(try #require(refusal(text)).contains("error: "))
  }

  @Test func aliasesOfAliasesAreRefusedAtOnce() throws {
    var text = "a0: &a0 [1, 1]\n"
    for index in 1...60 {
      text += "a\(index): &a\(index) [*a\(index - 1), *a\(index - 1)]\n"
    }
    text += "? *a60\n: 1\n"
    let answer = try #require(refusal(text))
    #expect(answer.hasPrefix("model.yaml:1:5: error: YAML anchors and aliases are not used"))
  }

  @Test(arguments: [
    String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
    String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
    (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
    "a: \"\n" + String(repeating: "[", count: 100_000),
    "a: '" + String(repeating: "[", count: 100_000),
    "a: it's\nb: " + String(repeating: "[", count: 100_000),
  ])
  func deepNestingIsRefused(_ text: String) throws {
    let answer = try #require(refusal(text))
    #expect(answer.contains("error: "))
  }
}
