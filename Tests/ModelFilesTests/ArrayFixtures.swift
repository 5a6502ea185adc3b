import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import TensorCore
import Testing

/// Where the data files lie that other software made.
let arrayFixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appending(path: "Fixtures")

/// One scalar and one vector of two: three channels.
let arrayLayout = VariableLayout([
  (name: "a", shape: .scalar), (name: "y", shape: .vector(2)),
])
let scalarLayout = VariableLayout([(name: "y", shape: .scalar)])
let arrayRows = Tensor<Double>(rows: [[1, 2, 3], [4, 5, 6], [-7, 8, 9], [10, -11, 12]])

func readArray(
  _ name: String, _ outputs: VariableLayout = arrayLayout, columns: [String: String] = [:]
) throws(ModelFileError) -> RecordedData {
  try RecordedData.read(
    path: arrayFixtures.appending(path: name).path, outputs: outputs, columns: columns)
}

/// What is said about a file, its folder cut off; empty where it is accepted.
func arrayRefusal(
  _ name: String, _ outputs: VariableLayout = arrayLayout, columns: [String: String] = [:],
  language: DiagnosticLanguage = .english
) -> String {
  do throws(ModelFileError) {
    _ = try readArray(name, outputs, columns: columns)
    return ""
  } catch {
    return error.render(language: language).replacing(arrayFixtures.path + "/", with: "")
  }
}

/// A file that is refused, with all that is said about it.
struct RefusedArray: Sendable, CustomTestStringConvertible {
  let file: String
  let english: String
  let japanese: String
  var columns: [String: String] = [:]

  init(_ file: String, _ english: String, _ japanese: String, columns: [String: String] = [:]) {
    self.file = file
    self.english = english
    self.japanese = japanese
    self.columns = columns
  }

  var testDescription: String { columns.isEmpty ? file : "\(file) \(columns.values.sorted())" }
}
