import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import TensorCore
import Testing

private let layout = VariableLayout([
  (name: "a", shape: .scalar), (name: "y", shape: .vector(2)),
])

private func read(_ text: String, columns: [String: String] = [:]) throws -> RecordedData {
  try withFolder { folder in
    let file = folder.appending(path: "data.csv")
    try Data(text.utf8).write(to: file)
    return try RecordedData.read(path: file.path, outputs: layout, columns: columns)
  }
}

@Suite struct DataTests {
  @Test(arguments: [
    "a,y[1],y[2]\n1,2,3\n4,5,6\n", "y.2,a,y.1\n3,1,2\n6,4,5\n",
    "time,a,y.1,y.2\r\n0,1,2,3\r\n1,4,5,6\r\n", "a, y[1] ,\"y[2]\"\n 1,\"2\",3\n4,5e0,+6\n\n\n",
    "\u{FEFF}a,y[1],y[2]\n1,2,3\n4,5,6",
  ])
  func headersNameChannels(_ text: String) throws {
    let data = try read(text)
    #expect(data.channels == ["a", "y[1]", "y[2]"])
    #expect(data.samples == Tensor(rows: [[1, 2, 3], [4, 5, 6]]))
  }

  @Test func emptyCellsAreMissing() throws {
    let data = try read("a,y.1,y.2\n1,,3\nNA,NaN,nan\n")
    #expect(data.samples.values.map(\.isNaN) == [false, true, false, true, true, true])
  }

  @Test func columnsMayBeCalledOtherwise() throws {
    let data = try read(
      "year,flow,left,right,remark\n1871,1,2,3,dry\n",
      columns: ["a": "flow", "y.1": "left", "y.2": "right"])
    #expect(data.samples == Tensor(rows: [[1, 2, 3]]))
  }

  @Test func recordedDataDecideTheNumberOfSamples() throws {
    try withFolder { folder in
      let text = minimalModel.replacing("samples: 4, ", with: "") + "data: {file: rec.csv}\n"
      try Data("y\n1\n2\n3\n".utf8).write(to: folder.appending(path: "rec.csv"))
      let file = try ModelLoader.load(
        source: SourceFile(name: folder.path + "/model.yaml", text: text))
      #expect(file.model.time.count == 3)
      #expect(file.data?.samples == Tensor(rows: [[1], [2], [3]]))
    }
  }

  @Test func confoundsAndDelays() throws {
    try withFolder { folder in
      let text = minimalModel + "data: {delays: 0.5, confounds: {file: drift.csv}}\n"
      try Data("one,slope\n1,0\n1,1\n1,2\n1,3\n".utf8).write(
        to: folder.appending(path: "drift.csv"))
      let file = try ModelLoader.load(
        source: SourceFile(name: folder.path + "/model.yaml", text: text))
      #expect(file.dataSettings.delays == [0.5])
      #expect(file.dataSettings.confoundNames == ["one", "slope"])
      #expect(file.dataSettings.confounds == Tensor(rows: [[1, 0], [1, 1], [1, 2], [1, 3]]))
    }
  }
}
