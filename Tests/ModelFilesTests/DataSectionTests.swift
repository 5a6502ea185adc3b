import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import TensorCore
import Testing

@Suite struct DataSectionTests {
  private func load(_ section: String, time: String = "step: 1") throws -> ModelFile {
    let text =
      minimalModel.replacing("samples: 4, step: 1", with: time)
      .replacing("y: \"x[1]\"", with: "{a: \"x[1]\", y: x}".dropFirst().dropLast())
      .replacing("{y: 4, x: 4}", with: "{x: 4}")
      .replacing("- output: {v: 0}", with: "- output: {v: t, w: 7}") + section
    return try ModelLoader.load(
      source: SourceFile(name: arrayFixtures.path + "/model.yaml", text: text))
  }

  private func complaint(_ section: String, _ language: DiagnosticLanguage) -> String {
    do {
      _ = try load(section, time: section.contains("file") ? "step: 1" : "samples: 4, step: 1")
      return ""
    } catch let error as ModelFileError {
      return error.render(language: language).replacing(arrayFixtures.path + "/", with: "")
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: ["f8.npy", "blocks.nc", "whole.nc"])
  func aModelFileNamesAnyFormat(_ name: String) throws {
    let file = try load("data: {file: \(name)}\n")
    #expect(file.data?.samples == arrayRows)
    #expect(file.model.time.count == 4)
    #expect(file.dataSettings.priorCauses == nil)
  }

  @Test func causesComeFromColumnsAndTheOthersFromTheirEquations() throws {
    let variable = try load("data: {file: blocks.nc, causes: {v: stim}}\n")
    #expect(
      variable.dataSettings.priorCauses == Tensor(rows: [[0, 7], [1, 7], [0.5, 7], [0, 7]]))
    let column = try load("data: {file: f8.npy, causes: {w: 2}}\n")
    #expect(
      column.dataSettings.priorCauses == Tensor(rows: [[1, 2], [2, 5], [3, 8], [4, -11]]))
    try withFolder { folder in
      try Data("drive,y\n5,1\n6,2\n".utf8).write(to: folder.appending(path: "d.csv"))
      let text = minimalModel.replacing("samples: 4, ", with: "")
      let file = try ModelLoader.load(
        source: SourceFile(
          name: folder.path + "/model.yaml",
          text: text + "data: {file: d.csv, causes: {v: drive}}\n"))
      #expect(file.dataSettings.priorCauses == Tensor(rows: [[5], [6]]))
    }
  }

  @Test func confoundsComeFromEveryFormat() throws {
    let array = try load("data: {confounds: {file: f8.npy}}\n", time: "samples: 4, step: 1")
    #expect(array.dataSettings.confoundNames == ["1", "2", "3"])
    #expect(array.dataSettings.confounds == arrayRows)
    let variables = try load(
      "data: {confounds: {file: confounds.nc}}\n", time: "samples: 4, step: 1")
    #expect(variables.dataSettings.confoundNames == ["drift", "basis[1]", "basis[2]"])
    #expect(
      variables.dataSettings.confounds
        == Tensor(rows: [[1, 1, 2], [2, 4, 5], [3, -7, 8], [4, 10, -11]]))
  }

  @Test func wrongCauses() {
    #expect(
      complaint("data: {file: blocks.nc, causes: {u: stim}}\n", .english) == """
        model.yaml:11:34: error: the last level has no cause 'u'
        data: {file: blocks.nc, causes: {u: stim}}
                                         ^  expected one of v, w

        """)
    #expect(
      complaint("data: {file: blocks.nc, causes: {u: stim}}\n", .japanese) == """
        model.yaml:11:34: エラー: 最後の階層に 'u' という原因はありません
        data: {file: blocks.nc, causes: {u: stim}}
                                         ^  v, w のどれかが必要です

        """)
    #expect(
      complaint("data: {file: blocks.nc, causes: {v: stimm}}\n", .english) == """
        model.yaml:11:37: error: the data file has no column 'stimm'
        data: {file: blocks.nc, causes: {v: stimm}}
                                            ^~~~~  did you mean 'stim'?

        """)
    #expect(
      complaint("data: {causes: {v: stim}}\n", .english) == """
        model.yaml:11:7: error: 'data' needs the key 'file'
        data: {causes: {v: stim}}
              ^

        """)
    #expect(
      complaint("data: {file: packed.nc, causes: {v: a}}\n", .english)
        == "packed.nc: error: sample 2, column 'a': a number is missing where none may be\n")
    #expect(
      complaint("data: {file: packed.nc, causes: {v: a}}\n", .japanese)
        == "packed.nc: エラー: 標本 2、列 'a': ここでは値を欠測にできません\n")
  }

  @Test func otherDataBringTheirOwnCausesAndNumberOfSamples() throws {
    var file = try load("data: {file: blocks.nc, causes: {v: stim}}\n")
    func refused(_ path: String, _ language: DiagnosticLanguage) -> String {
      let error = #expect(throws: ModelFileError.self) { try file.useData(path: path) }
      return error?.render(language: language) ?? ""
    }
    try withFolder { folder in
      let path = folder.appending(path: "d.csv").path
      try Data("a,y.1,y.2,stim\n1,2,3,9\n4,5,6,8\n".utf8).write(to: URL(fileURLWithPath: path))
      try file.useData(path: path)
      #expect(file.data?.samples == Tensor(rows: [[1, 2, 3], [4, 5, 6]]))
      #expect(file.dataSettings.priorCauses == Tensor(rows: [[9, 7], [8, 7]]))
      #expect(file.model.time.count == 2 && file.process.time.count == 2)

      try Data("a,y.1,y.2\n1,2,3\n".utf8).write(to: URL(fileURLWithPath: path))
      #expect(
        refused(path, .english)
          == "\(path): error: the data file has no column 'stim'\nexpected one of a, y.1, y.2\n")
      // What was refused has changed nothing.
      #expect(file.model.time.count == 2 && file.data?.samples.rows == 2)
    }
    var confounded = try load(
      "data: {confounds: {file: f8.npy}}\n", time: "samples: 4, step: 1")
    try withFolder { folder in
      let path = folder.appending(path: "d.csv").path
      try Data("a,y.1,y.2\n1,2,3\n".utf8).write(to: URL(fileURLWithPath: path))
      for (language, text) in [
        (DiagnosticLanguage.english, "error: the confounds have 4 rows, but the data have 1"),
        (.japanese, "エラー: 交絡は 4 行ですが、データは 1 行です"),
      ] {
        let error = #expect(throws: ModelFileError.self) { try confounded.useData(path: path) }
        #expect(error?.render(language: language) == "\(path): \(text)\n")
      }
    }
  }
}
