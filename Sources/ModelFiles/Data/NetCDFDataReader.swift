internal import DynamicModels
internal import ModelLanguage
internal import NetCDFFiles
internal import TensorCore

/// Reads data from the variables of a NetCDF file.
///
/// A name is looked up in the root and then in the group `data`, where result files have theirs.
struct NetCDFDataReader: DataReader {
  private var columns: NumberColumns
  private var file: NetCDFReader?
  private var variables: [NetCDFVariable] = []

  init(path: String) {
    columns = NumberColumns(path: path)
    do {
      let file = try NetCDFReader(path: path)
      variables = try file.variables() + file.variables(inGroup: "data")
      self.file = file
    } catch {
      columns.report(.notNetCDF(error.message))
    }
  }

  var source: SourceFile? { nil }
  var diagnostics: [Diagnostic] { columns.diagnostics }

  /// Vectors by their names, matrices by a name per column; no coordinates of axes.
  var columnNames: [String] { series.map(\.name) }

  private var series: [(name: String, variable: NetCDFVariable, column: Int)] {
    var seen: Set<String> = []
    return variables.flatMap { variable -> [(String, NetCDFVariable, Int)] in
      guard variable.isNumeric, !variable.isCoordinate, seen.insert(variable.name).inserted else {
        return []
      }
      switch variable.dimensions.count {
      case 1: return [(variable.name, variable, 0)]
      case 2:
        // A hostile extent is found out when the column is read, not while naming it.
        return (0..<min(variable.dimensions[1].length, 10_000)).map {
          ("\(variable.name)[\($0 + 1)]", variable, $0)
        }
      default: return []
      }
    }
  }

  private func variable(_ name: String) -> NetCDFVariable? {
    variables.first { $0.name == name }
  }

  // MARK: Channels

  mutating func channels(
    _ outputs: VariableLayout, columns named: [String: String]
  ) -> RecordedData? {
    guard diagnostics.isEmpty else { return nil }
    let names = outputs.elementNames
    let blocks: [(variable: NetCDFVariable, width: Int)]?
    if !named.isEmpty {
      return namedChannels(outputs, named)
    } else if outputs.blocks.allSatisfy({ variable($0.name) != nil }) {
      blocks = outputs.blocks.compactMap { block in
        variable(block.name).map { ($0, block.shape.count) }
      }
    } else if let whole = variable("y") ?? variable("data.y"),
      !isOneOfSeveral(whole, in: outputs)
    {
      blocks = [(whole, outputs.count)]
    } else {
      reportMissing(outputs)
      return nil
    }
    guard let blocks, blocks.allSatisfy({ check($0.variable, width: $0.width) }),
      let read = self.read(blocks)
    else { return nil }
    let all = zip(names, read).map { (name: $0, values: $1) }
    guard let samples = columns.matrix(all, missingAllowed: true) else { return nil }
    return RecordedData(channels: names, samples: samples, path: columns.path)
  }

  /// Whether a variable is the output of its name and not all outputs together.
  private func isOneOfSeveral(_ variable: NetCDFVariable, in outputs: VariableLayout) -> Bool {
    guard let block = outputs[variable.name], block.shape.count != outputs.count else {
      return false
    }
    let columns = variable.dimensions.dropFirst().reduce(1) { $0 &* $1.length }
    return columns == block.shape.count
  }

  private mutating func reportMissing(_ outputs: VariableLayout) {
    var found: [String] = []
    for variable in variables where !variable.isCoordinate { found.append(variable.path) }
    for block in outputs.blocks where variable(block.name) == nil {
      let dimensions = block.shape.isScalar ? "[time]" : "[time][\(block.shape.count)]"
      var expected = ["\(block.name) \(dimensions)"]
      for whole in ["y", "data.y"] where whole != block.name || outputs.blocks.count > 1 {
        expected.append("\(whole) [time][\(outputs.count)]")
      }
      columns.report(.missingVariable(channel: block.name, expected: expected, found: found))
    }
  }

  private mutating func namedChannels(
    _ outputs: VariableLayout, _ named: [String: String]
  ) -> RecordedData? {
    let names = outputs.elementNames
    let series = self.series
    var places: [(name: String, variable: NetCDFVariable, column: Int)] = []
    for (channel, column) in DataFile.columns(of: outputs, named: named).enumerated() {
      guard let column else {
        columns.report(.missingChannel(names[channel]))
        continue
      }
      guard let place = series.first(where: { $0.name == column }) else {
        columns.report(unknown(column))
        continue
      }
      places.append((names[channel], place.variable, place.column))
    }
    guard diagnostics.isEmpty, let samples = numbers(places, missingAllowed: true) else {
      return nil
    }
    return RecordedData(channels: names, samples: samples, path: columns.path)
  }

  private func unknown(_ column: String) -> FileProblem {
    .unknownColumn(
      column, suggestion: NameSuggestion.nearest(to: column, among: columnNames),
      allowed: columnNames)
  }

  // MARK: Other columns

  mutating func confounds() -> (names: [String], values: Tensor<Double>)? {
    guard diagnostics.isEmpty else { return nil }
    let series = self.series
    guard let values = numbers(series, missingAllowed: false) else { return nil }
    return (series.map(\.name), values)
  }

  mutating func causes(_ named: [String]) -> Tensor<Double>? {
    guard diagnostics.isEmpty else { return nil }
    let series = self.series
    let places = named.compactMap { name in series.first { $0.name == name } }
    precondition(places.count == named.count, "columns \(named) of \(columnNames)")
    return numbers(places, missingAllowed: false)
  }

  private mutating func numbers(
    _ places: [(name: String, variable: NetCDFVariable, column: Int)], missingAllowed: Bool
  ) -> Tensor<Double>? {
    var blocks: [(variable: NetCDFVariable, width: Int)] = []
    for place in places where !blocks.contains(where: { $0.variable == place.variable }) {
      let dimensions = place.variable.dimensions
      blocks.append((place.variable, dimensions.count > 1 ? dimensions[1].length : 1))
    }
    guard let read = read(blocks) else { return nil }
    var starts: [NetCDFVariable: Int] = [:]
    var start = 0
    for block in blocks {
      starts[block.variable] = start
      start += block.width
    }
    return columns.matrix(
      places.map { ($0.name, read[(starts[$0.variable] ?? 0) + $0.column]) },
      missingAllowed: missingAllowed)
  }

  // MARK: Reading

  /// Checks that a variable has a column for every entry of an output.
  private mutating func check(_ variable: NetCDFVariable, width: Int) -> Bool {
    guard variable.isNumeric else {
      columns.report(.variableNotNumeric(variable.path))
      return false
    }
    let lengths = variable.dimensions.map(\.length)
    let found = lengths.dropFirst().reduce((1, false)) { product, length in
      let (next, overflow) = product.0.multipliedReportingOverflow(by: length)
      return (next, product.1 || overflow)
    }
    guard !lengths.isEmpty, found == (width, false) else {
      columns.report(
        .variableDimensions(
          variable.path,
          found: variable.dimensions.map {
            BinaryDataProblem.NamedExtent(name: $0.name, length: $0.length)
          },
          expected: width == 1 ? ["(time)"] : ["(time, \(width))"]))
      return false
    }
    return true
  }

  /// The columns of several variables, which must agree in their number of samples.
  private mutating func read(
    _ blocks: [(variable: NetCDFVariable, width: Int)]
  ) -> [[Double]]? {
    guard let file, let first = blocks.first?.variable else {
      columns.report(.dataFileEmpty)
      return nil
    }
    let rows = first.dimensions[0].length
    var total = 0
    for (variable, _) in blocks {
      let own = variable.dimensions[0].length
      if own != rows {
        columns.report(.variableLengths(variable.path, own, other: first.path, rows))
      }
      guard let count = variable.count, count <= DataFile.valueLimit - total else {
        columns.report(.tooManyValues(limit: DataFile.valueLimit))
        return nil
      }
      total += count
    }
    guard diagnostics.isEmpty else { return nil }
    guard rows > 0 else {
      columns.report(.dataFileEmpty)
      return nil
    }
    var result: [[Double]] = []
    for (variable, width) in blocks {
      do {
        let values = try file.values(of: variable)
        for column in 0..<width {
          result.append((0..<rows).map { values[$0 * width + column] })
        }
      } catch {
        columns.report(.unreadableVariable(variable.path, error.message))
        return nil
      }
    }
    return result
  }
}
