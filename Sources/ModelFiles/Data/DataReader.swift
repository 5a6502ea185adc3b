internal import DynamicModels
internal import Foundation
internal import ModelLanguage
internal import TensorCore

/// Reads one data file and says where it is wrong.
protocol DataReader {
  /// The text that diagnostics point into; nil where the file is not text.
  var source: SourceFile? { get }
  /// What is wrong, as far as it was looked at.
  var diagnostics: [Diagnostic] { get }
  /// The columns that may be asked for by name.
  var columnNames: [String] { get }
  /// Reads the output channels; `columns` names their columns where they are called otherwise.
  mutating func channels(_ outputs: VariableLayout, columns: [String: String]) -> RecordedData?
  /// Reads every column as a confound.
  mutating func confounds() -> (names: [String], values: Tensor<Double>)?
  /// Reads prior causes from columns that are there.
  mutating func causes(_ columns: [String]) -> Tensor<Double>?
}

/// What all data files have in common.
enum DataFile {
  /// The largest data file in bytes.
  static let sizeLimit = 100_000_000
  /// The most numbers that are read from a file that packs them tightly.
  static let valueLimit = sizeLimit / 8
  /// Beyond so many problems the rest is not reported.
  static let problemLimit = 20

  /// Opens a file in the format that its name ends in; comma-separated values are the default.
  static func open(_ path: String) throws(ModelFileError) -> any DataReader {
    switch URL(fileURLWithPath: path).pathExtension.lowercased() {
    case "npy":
      let bytes = try ModelFileText.bytes(path, limit: sizeLimit)
      return NumpyDataReader([UInt8](bytes), path: path)
    case "nc":
      return try ModelFileText.check(path, limit: sizeLimit) { NetCDFDataReader(path: path) }
    default:
      let text = try ModelFileText.read(path, limit: sizeLimit)
      return DataTableReader(source: SourceFile(name: path, text: text))
    }
  }

  /// The channel that a header names: `y` of a scalar, `y[2]`, `y.2`, `A[1,2]` or `A.1.2`.
  static func channel(_ name: String, in outputs: VariableLayout) -> Int? {
    let plain = name.filter { $0 != " " }
    let names = outputs.elementNames
    if let exact = names.firstIndex(of: plain) { return exact }
    return names.firstIndex { $0.dotted == plain }
  }

  /// The name of the column that each channel is to be read from, nil for those not mentioned.
  static func columns(
    of outputs: VariableLayout, named columns: [String: String]
  ) -> [String?] {
    var result = [String?](repeating: nil, count: outputs.count)
    for (name, column) in columns {
      if let channel = channel(name, in: outputs) { result[channel] = column }
    }
    return result
  }
}

/// Columns of numbers from a file that is not text, side by side.
struct NumberColumns {
  /// The file.
  let path: String
  /// What is wrong so far.
  private(set) var diagnostics: [Diagnostic] = []

  init(path: String) { self.path = path }

  /// Reports a problem of the file as a whole.
  mutating func report(_ problem: FileProblem) {
    guard diagnostics.count < DataFile.problemLimit else { return }
    diagnostics.append(
      Diagnostic(.file(problem), at: SourceSpan(SourceLocation(wholeFile: path), length: 0)))
  }

  mutating func report(_ problem: BinaryDataProblem) { report(.binaryData(problem)) }

  /// Puts columns of equal length beside each other, after checking their numbers.
  mutating func matrix(
    _ columns: [(name: String, values: [Double])], missingAllowed: Bool
  ) -> Tensor<Double>? {
    let rows = columns.first?.values.count ?? 0
    guard rows > 0 else {
      report(.dataFileEmpty)
      return nil
    }
    var result = Tensor<Double>(repeating: 0, shape: .matrix(rows, columns.count))
    for (index, column) in columns.enumerated() {
      for (row, value) in column.values.enumerated() {
        if value.isInfinite {
          report(.infinite(sample: row + 1, column: column.name))
        } else if value.isNaN && !missingAllowed {
          report(.missing(sample: row + 1, column: column.name))
        }
        result.values[row * columns.count + index] = value
      }
    }
    return diagnostics.isEmpty ? result : nil
  }
}

extension String {
  /// `y[2]` as `y.2`.
  fileprivate var dotted: String {
    replacing("[", with: ".").replacing(",", with: ".").replacing("]", with: "")
  }
}
