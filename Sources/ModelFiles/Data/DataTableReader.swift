internal import DynamicModels
internal import ModelLanguage
internal import TensorCore

/// Reads tables of numbers and says where they are wrong.
struct DataTableReader: DataReader {
  private let text: SourceFile
  private let table: CommaSeparatedTable
  private(set) var diagnostics: [Diagnostic] = []

  var source: SourceFile? { text }

  init(source: SourceFile) {
    text = source
    table = CommaSeparatedTable(source.text)
  }

  private mutating func report(_ problem: FileProblem, at cell: CommaSeparatedTable.Cell) {
    guard diagnostics.count < DataFile.problemLimit else { return }
    var column = cell.byteColumn
    if let line = text.line(cell.line) {
      column = String(decoding: Array(line.utf8.prefix(cell.byteColumn)), as: UTF8.self).count
    }
    let location = SourceLocation(file: text.name, line: cell.line, column: column + 1)
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
    var others: [CommaSeparatedTable.Cell] = []
    for (column, cell) in header.enumerated() {
      let channel: Int?
      if columns.isEmpty {
        channel = DataFile.channel(cell.text, in: outputs)
      } else {
        channel = columns.first { $0.value == cell.text }
          .flatMap { DataFile.channel($0.key, in: outputs) }
      }
      guard let channel else {
        if columns.isEmpty && !["time", "t"].contains(cell.text.lowercased()) {
          others.append(cell)
        }
        continue
      }
      if places[channel] != nil { report(.duplicateChannel(names[channel]), at: cell) }
      places[channel] = column
    }
    var misspelt: Set<String> = []
    // Where every channel is there, what else the file holds is no business of this model.
    if places.contains(nil) {
      for cell in others {
        let suggestion = NameSuggestion.nearest(to: cell.text, among: names)
        if let suggestion { misspelt.insert(suggestion) }
        report(.unknownChannel(cell.text, suggestion: suggestion, allowed: names), at: cell)
      }
    }
    for (name, place) in zip(names, places) where place == nil && !misspelt.contains(name) {
      report(.missingChannel(columns[name] ?? name), at: header[0])
    }
    guard diagnostics.isEmpty else { return nil }
    let used = places.compactMap { $0 }
    guard let samples = numbers(header, used, missing: { _, _ in nil }) else { return nil }
    return RecordedData(channels: names, samples: samples, path: text.name)
  }

  /// Reads every column as a confound.
  mutating func confounds() -> (names: [String], values: Tensor<Double>)? {
    guard let header = checkLayout(),
      let values = numbers(
        header, Array(header.indices), missing: { .missingConfound(row: $0, column: $1) })
    else { return nil }
    return (header.map(\.text), values)
  }

  var columnNames: [String] { table.rows.first?.map(\.text) ?? [] }

  mutating func causes(_ columns: [String]) -> Tensor<Double>? {
    guard let header = checkLayout() else { return nil }
    let places = columns.compactMap { name in header.firstIndex { $0.text == name } }
    precondition(places.count == columns.count, "columns \(columns) of \(columnNames)")
    return numbers(header, places, missing: { .missingCause(row: $0, column: $1) })
  }

  /// The number of rows below the header.
  private var rowCount: Int { max(table.rows.count - 1, 0) }

  private mutating func numbers(
    _ header: [CommaSeparatedTable.Cell], _ columns: [Int],
    missing: (_ row: Int, _ column: String) -> FileProblem?
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
        } else if number?.isNaN == true,
          let problem = missing(index + 1, header[column].text)
        {
          report(problem, at: cell)
        }
        values.append(number ?? .nan)
      }
    }
    guard diagnostics.isEmpty else { return nil }
    return Tensor(shape: .matrix(rowCount, columns.count), values: values)
  }
}
