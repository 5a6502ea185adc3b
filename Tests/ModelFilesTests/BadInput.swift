import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import Testing

/// One wrong input with the complete text that it gets.
struct BadInput: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String
  let english: String
  let japanese: String?
  let overrides: [String]
  let files: [String: String]

  init(
    _ name: String, overrides: [String] = [], files: [String: String] = [:], text: String,
    english: String, japanese: String? = nil
  ) {
    self.name = name
    self.text = text
    self.english = english
    self.japanese = japanese
    self.overrides = overrides
    self.files = files
  }

  var testDescription: String { name }

  /// What the loader says, with the folder of the test cut off; nil if it accepts the input.
  func answer(_ language: DiagnosticLanguage) throws -> String? {
    try withFolder { folder -> String? in
      for (name, content) in files {
        try Data(content.utf8).write(to: folder.appending(path: name))
      }
      let source = SourceFile(name: folder.path + "/model.yaml", text: text)
      do throws(ModelFileError) {
        _ = try ModelLoader.load(
          source: source, overrides: overrides, knownGlossary: ["cause", "precision", "prior"])
        return nil
      } catch {
        return error.render(language: language).replacing(folder.path + "/", with: "")
      }
    }
  }
}

/// Runs a test in a new folder that is removed afterwards.
func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "odoroki-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// The smallest dynamic model: every case of bad input is one change away from it.
let minimalModel = #"""
  title: T
  time: {samples: 4, step: 1}
  levels:
    - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
      states: {x: [0, 0]}
      motion: {x: A * x + C * v}
      output: {y: "x[1]"}
      precision: {y: 4, x: 4}
    - output: {v: 0}
      precision: {v: 1}

  """#

@Suite struct BadInputTests {
  @Test func theMinimalModelIsAccepted() throws {
    let model = try ModelLoader.load(source: SourceFile(name: "model.yaml", text: minimalModel))
    #expect(model.model.depth == 1)
  }

  @Test(
    arguments: badYamlInputs + badKeyInputs + badModelInputs + badDataInputs + badOverrideInputs)
  func completeText(_ input: BadInput) throws {
    let english = try input.answer(.english)
    #expect(english == input.english)
    if let expected = input.japanese {
      let japanese = try input.answer(.japanese)
      #expect(japanese == expected)
    }
  }
}
