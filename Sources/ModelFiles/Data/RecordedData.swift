internal import Foundation
public import DynamicModels
internal import ModelLanguage
public import TensorCore

/// Data that were recorded rather than simulated.
public struct RecordedData: Hashable, Sendable {
  /// The names of the channels, in the order of the model's outputs.
  public var channels: [String]
  /// The samples `[N × l]`; a missing value is NaN.
  public var samples: Tensor<Double>
  /// Where they came from.
  public var path: String

  /// Creates data.
  public init(channels: [String], samples: Tensor<Double>, path: String) {
    self.channels = channels
    self.samples = samples
    self.path = path
  }

  /// Reads comma-separated values whose header names the output channels.
  ///
  /// A channel is a scalar output's name, or a name with an index: `y[2]` or `y.2`. Columns called
  /// `time` or `t` are passed over; `columns` gives other header names and then every column that
  /// it does not mention is passed over. Empty cells, `NaN` and `NA` are missing values.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - outputs: What level 1 of the model emits.
  ///   - columns: For a channel, the header of its column.
  /// - Returns: The samples, with the channels in the order of the outputs.
  /// - Throws: `ModelFileError` with row and column of whatever does not fit.
  public static func read(
    path: String, outputs: VariableLayout, columns: [String: String] = [:]
  ) throws(ModelFileError) -> RecordedData {
    let text = try ModelFileText.read(path, limit: DataTableReader.sizeLimit)
    let source = SourceFile(name: path, text: text)
    var reader = DataTableReader(source: source)
    let data = reader.channels(outputs, columns: columns)
    guard let data, reader.diagnostics.isEmpty else {
      throw .diagnostics(reader.diagnostics, sources: [source])
    }
    return data
  }
}

/// How recorded or simulated data enter the inversion.
public struct DataSettings: Hashable, Sendable {
  /// The delay of every channel in time units, or empty for none.
  public var delays: [Double]
  /// The names of the confounds.
  public var confoundNames: [String]
  /// The confounds `[N × c]`, or nil for none.
  public var confounds: Tensor<Double>?

  /// Creates settings.
  public init(
    delays: [Double] = [], confoundNames: [String] = [], confounds: Tensor<Double>? = nil
  ) {
    self.delays = delays
    self.confoundNames = confoundNames
    self.confounds = confounds
  }
}

/// Reads tables of numbers and says where they are wrong.
struct DataTableReader {
  /// The largest data file in bytes.
  static let sizeLimit = 100_000_000
  /// Beyond so many problems the rest is not reported.
  static let problemLimit = 20

  let source: SourceFile
  private let table: CommaSeparatedTable
  private(set) var diagnostics: [Diagnostic] = []

  init(source: SourceFile) {
    self.source = source
    table = CommaSeparatedTable(source.text)
  }

  private mutating func report(_ problem: FileProblem, at cell: CommaSeparatedTable.Cell) {
    guard diagnostics.count < DataTableReader.problemLimit else { return }
    var column = cell.byteColumn
    if let line = source.line(cell.line) {
      column = String(decoding: Array(line.utf8.prefix(cell.byteColumn)), as: UTF8.self).count
    }
    let location = SourceLocation(file: source.name, line: cell.line, column: column + 1)
    let length = max(cell.text.count, 1)
    diagnostics.append(
      Diagnostic(.file(problem), at: SourceSpan(location, length: length)))
  }

  private static let start = CommaSeparatedTable.Cell(text: "", line: 1, byteColumn: 0)

  /// Checks that there is a header, at least one row, and as many cells in each.
  private mutating func checkLayout() -> [CommaSeparatedTable.Cell]? {
    if let quote = table.unclosedQuote {
      report(
        .unclosedQuote,
        at: CommaSeparatedTable.Cell(
          text: "\"", line: quote.line, byteColumn: quote.byteColumn))
      return nil
    }
    guard let header = table.rows.first, table.rows.count > 1 else {
      report(.dataFileEmpty, at: DataTableReader.start)
      return nil
    }
    for (index, row) in table.rows.enumerated().dropFirst() where row.count != header.count {
      report(
        .wrongColumnCount(row: index + 1, expected: header.count, found: row.count),
        at: row.count > header.count ? row[header.count] : row[row.count - 1])
    }
    return diagnostics.isEmpty ? header : nil
  }

  /// The number in a cell, NaN where it is missing, nil where it is something else.
  private static func number(_ text: String) -> Double? {
    if text.isEmpty || text == "NA" || text.lowercased() == "nan" { return .nan }
    guard let first = text.unicodeScalars.first, "+-.0123456789".unicodeScalars.contains(first),
      let value = Double(text), value.isFinite
    else { return nil }
    return value
  }

  /// Reads the channels of a model.
  mutating func channels(
    _ outputs: VariableLayout, columns: [String: String]
  ) -> RecordedData? {
    guard let header = checkLayout() else { return nil }
    let names = outputs.elementNames
    var places = [Int?](repeating: nil, count: names.count)
    var misspelt: Set<String> = []
    for (column, cell) in header.enumerated() {
      let channel: Int?
      if columns.isEmpty {
        channel = DataTableReader.channel(cell.text, in: outputs)
      } else {
        channel = columns.first { $0.value == cell.text }
          .flatMap { DataTableReader.channel($0.key, in: outputs) }
      }
      guard let channel else {
        if columns.isEmpty && !["time", "t"].contains(cell.text.lowercased()) {
          let suggestion = NameSuggestion.nearest(to: cell.text, among: names)
          if let suggestion { misspelt.insert(suggestion) }
          report(
            .unknownChannel(cell.text, suggestion: suggestion, allowed: names), at: cell)
        }
        continue
      }
      if places[channel] != nil { report(.duplicateChannel(names[channel]), at: cell) }
      places[channel] = column
    }
    for (name, place) in zip(names, places) where place == nil && !misspelt.contains(name) {
      report(.missingChannel(columns[name] ?? name), at: header[0])
    }
    guard diagnostics.isEmpty else { return nil }
    let used = places.compactMap { $0 }
    guard let samples = numbers(header, used, missingAllowed: true) else { return nil }
    return RecordedData(channels: names, samples: samples, path: source.name)
  }

  /// Reads every column as a confound.
  mutating func confounds() -> (names: [String], values: Tensor<Double>)? {
    guard let header = checkLayout(),
      let values = numbers(header, Array(header.indices), missingAllowed: false)
    else { return nil }
    return (header.map(\.text), values)
  }

  /// The number of rows below the header.
  var rowCount: Int { max(table.rows.count - 1, 0) }

  private mutating func numbers(
    _ header: [CommaSeparatedTable.Cell], _ columns: [Int], missingAllowed: Bool
  ) -> Tensor<Double>? {
    var values: [Double] = []
    values.reserveCapacity(rowCount * columns.count)
    for (index, row) in table.rows.enumerated().dropFirst() {
      for column in columns {
        let cell = row[column]
        let number = DataTableReader.number(cell.text)
        if number == nil {
          report(
            .notANumber(row: index + 1, column: header[column].text, text: cell.text), at: cell)
        } else if !missingAllowed && number?.isNaN == true {
          report(.missingConfound(row: index + 1, column: header[column].text), at: cell)
        }
        values.append(number ?? .nan)
      }
    }
    guard diagnostics.isEmpty else { return nil }
    return Tensor(shape: .matrix(rowCount, columns.count), values: values)
  }

  /// The channel that a header names: `y` of a scalar, `y[2]`, `y.2`, `A[1,2]` or `A.1.2`.
  static func channel(_ name: String, in outputs: VariableLayout) -> Int? {
    let plain = name.filter { $0 != " " }
    let names = outputs.elementNames
    if let exact = names.firstIndex(of: plain) { return exact }
    return names.firstIndex { $0.dotted == plain }
  }
}

extension String {
  /// `y[2]` as `y.2`.
  fileprivate var dotted: String {
    replacing("[", with: ".").replacing(",", with: ".").replacing("]", with: "")
  }
}
