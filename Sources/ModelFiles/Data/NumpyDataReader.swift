internal import DynamicModels
internal import ModelLanguage
internal import TensorCore

/// Reads data from a NumPy array; its columns are named by their numbers, from one.
struct NumpyDataReader: DataReader {
  private var columns: NumberColumns
  private var array: NumpyArray?

  init(_ bytes: [UInt8], path: String) {
    columns = NumberColumns(path: path)
    do {
      array = try NumpyArray(bytes, limit: DataFile.valueLimit)
    } catch {
      columns.report(error)
    }
  }

  var source: SourceFile? { nil }
  var diagnostics: [Diagnostic] { columns.diagnostics }

  var columnNames: [String] {
    guard let array, array.rows > 0 else { return [] }
    return (0..<array.columns).map { String($0 + 1) }
  }

  mutating func channels(
    _ outputs: VariableLayout, columns named: [String: String]
  ) -> RecordedData? {
    guard let array else { return nil }
    guard array.rows > 0 else {
      columns.report(.dataFileEmpty)
      return nil
    }
    let names = outputs.elementNames
    var places = Array(0..<outputs.count)
    if named.isEmpty {
      guard array.columns == outputs.count else {
        columns.report(.numpyChannels(shape: array.shape, channels: names))
        return nil
      }
    } else {
      for (channel, column) in DataFile.columns(of: outputs, named: named).enumerated() {
        guard let column else {
          columns.report(.missingChannel(names[channel]))
          continue
        }
        guard let place = columnNames.firstIndex(of: column) else {
          columns.report(
            .unknownColumn(column, suggestion: nil, allowed: columnNames))
          continue
        }
        places[channel] = place
      }
      guard diagnostics.isEmpty else { return nil }
    }
    let read = zip(names, places).map { (name: $0, values: values($1)) }
    guard let samples = columns.matrix(read, missingAllowed: true) else { return nil }
    return RecordedData(channels: names, samples: samples, path: columns.path)
  }

  mutating func confounds() -> (names: [String], values: Tensor<Double>)? {
    guard array != nil, let values = causes(columnNames) else { return nil }
    return (columnNames, values)
  }

  mutating func causes(_ named: [String]) -> Tensor<Double>? {
    guard array != nil else { return nil }
    let read = named.map { name -> (name: String, values: [Double]) in
      guard let place = columnNames.firstIndex(of: name) else {
        preconditionFailure("column \(name) of \(columnNames)")
      }
      return (name, values(place))
    }
    return columns.matrix(read, missingAllowed: false)
  }

  private func values(_ column: Int) -> [Double] {
    guard let array else { return [] }
    return (0..<array.rows).map { array.values[$0 * array.columns + column] }
  }
}
