/// Numbers in named columns of equal length; a missing value is `nil`.
public struct ColumnTable: Sendable, Equatable {
  /// One column.
  public struct Column: Sendable, Equatable {
    /// The name, as in the header.
    public var name: String
    /// The unit, shown in tables for people; data files carry the bare name.
    public var unit: String?
    /// The values from top to bottom.
    public var values: [Double?]

    /// Creates a column.
    public init(_ name: String, unit: String? = nil, values: [Double?]) {
      self.name = name
      self.unit = unit
      self.values = values
    }

    /// Creates a column without missing values; entries that are not finite count as missing.
    public init(_ name: String, unit: String? = nil, values: [Double]) {
      self.init(name, unit: unit, values: values.map(Optional.some))
    }
  }

  /// The columns from left to right.
  public private(set) var columns: [Column] = []

  /// Creates a table; columns of different lengths are a caller's bug.
  public init(_ columns: [Column] = []) {
    for column in columns { append(column) }
  }

  /// Adds a column at the right.
  public mutating func append(_ column: Column) {
    precondition(
      columns.isEmpty || column.values.count == rowCount,
      "column '\(column.name)' has \(column.values.count) values, the table \(rowCount) rows")
    columns.append(column)
  }

  /// The number of rows.
  public var rowCount: Int { columns.first?.values.count ?? 0 }

  /// The table as comma-separated values (RFC 4180, lines end in LF): a header, then the rows.
  ///
  /// Every finite number reads back to the same bits; missing and not finite values are empty.
  public func csv() -> String {
    var text = columns.map { Self.quote($0.name) }.joined(separator: ",") + "\n"
    for row in 0..<rowCount {
      for (index, column) in columns.enumerated() {
        if index > 0 { text += "," }
        if let value = column.values[row], value.isFinite { text += value.description }
      }
      text += "\n"
    }
    return text
  }

  /// Puts a field into quotation marks where its content demands it.
  private static func quote(_ field: String) -> String {
    let special = field.unicodeScalars.contains { ",\"\n\r".unicodeScalars.contains($0) }
    let padded = field.first == " " || field.last == " "
    guard special || padded else { return field }
    return "\""
      + field.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }
}
