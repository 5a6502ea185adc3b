/// A table for people to read: aligned columns, common digits, wide characters counted right.
public struct TextTable: Sendable, Equatable {
  /// One entry.
  public enum Cell: Sendable, Equatable {
    /// A text.
    case text(String)
    /// A number; `nil` or not finite is shown as a dash.
    case number(Double?)
    /// A whole number, shown with all its digits.
    case integer(Int)
  }

  /// On which side the entries of a column line up.
  public enum Alignment: Sendable, Equatable {
    /// At the left.
    case left
    /// At the right.
    case right
  }

  /// One column.
  public struct Column: Sendable, Equatable {
    /// The heading.
    public var title: String
    /// The cells from top to bottom.
    public var cells: [Cell]
    /// The side of alignment; without a choice, numbers right and texts left.
    public var alignment: Alignment?

    /// Creates a column.
    public init(_ title: String, _ cells: [Cell], alignment: Alignment? = nil) {
      self.title = title
      self.cells = cells
      self.alignment = alignment
    }

    /// Creates a column of texts.
    public init(_ title: String, texts: [String]) { self.init(title, texts.map(Cell.text)) }

    /// Creates a column of numbers.
    public init(_ title: String, numbers: [Double?]) { self.init(title, numbers.map(Cell.number)) }
  }

  /// The heading above the table.
  public var title: String?
  /// The columns from left to right.
  public private(set) var columns: [Column]

  /// Creates a table; columns of different lengths are a caller's bug.
  public init(title: String? = nil, columns: [Column]) {
    for column in columns {
      precondition(
        column.cells.count == columns[0].cells.count,
        "column '\(column.title)' has \(column.cells.count) cells, not \(columns[0].cells.count)")
    }
    self.title = title
    self.columns = columns
  }

  /// Creates a table of numbers; units follow the names in brackets.
  public init(title: String? = nil, _ table: ColumnTable) {
    self.init(
      title: title,
      columns: table.columns.map { column in
        let unit = column.unit.map { " [\($0)]" } ?? ""
        return Column(column.name + unit, numbers: column.values)
      })
  }

  /// The number of rows.
  public var rowCount: Int { columns.first?.cells.count ?? 0 }

  /// Lays the table out.
  ///
  /// - Parameters:
  ///   - style: what the terminal can show; its width limits the table: texts are cut, then columns
  ///     at the right are left out and named below.
  ///   - maximumRows: with more rows than this, the middle ones give way to one line that counts
  ///     them.
  ///   - significantDigits: of the largest number of a column; the others share its last digit.
  ///   - language: of the remarks.
  /// - Returns: the text, every line with a final newline and without trailing spaces.
  public func text(
    style: TerminalStyle = .plain, maximumRows: Int? = nil, significantDigits: Int = 4,
    language: ReportLanguage = .english
  ) -> String {
    var output = ""
    if let title, !title.isEmpty { output += style.bold(title) + "\n" }
    let visible = visibleRows(maximumRows)
    let rows = Array(visible.head) + Array(visible.tail)
    var layout = columns.map { column in
      LaidOutColumn(column, rows: rows, digits: significantDigits, unicode: style.usesUnicode)
    }
    let omitted = style.width.map { Self.fit(&layout, into: $0, style: style) } ?? []
    if layout.isEmpty { return output }
    output += style.bold(Self.line(layout.map { $0.header })) + "\n"
    let rule = style.usesUnicode ? "─" : "-"
    output += style.faint(layout.map { $0.rule(rule) }.joined(separator: Self.gap)) + "\n"
    for index in rows.indices {
      if visible.omitted > 0 && index == visible.head.count {
        output += style.faint(Self.remark(visible.omitted, style: style, language)) + "\n"
      }
      output += Self.line(layout.map { $0.cell(index) }) + "\n"
    }
    if !omitted.isEmpty {
      let names = omitted.joined(separator: ", ")
      let note = language.pick(
        "(not shown for want of width: \(names))", "（幅が足りないため省略した列: \(names)）")
      output += style.faint(note) + "\n"
    }
    return output
  }

  static let gap = "  "

  private func visibleRows(_ maximum: Int?) -> (head: Range<Int>, tail: Range<Int>, omitted: Int) {
    let all = 0..<rowCount
    // A remark in place of a single row would save nothing.
    guard let maximum, rowCount > max(maximum, 2) + 1 else { return (all, 0..<0, 0) }
    let kept = max(maximum, 2)
    let head = (kept + 1) / 2
    let tail = (rowCount - (kept - head))..<rowCount
    return (0..<head, tail, rowCount - kept)
  }

  private static func remark(
    _ count: Int, style: TerminalStyle, _ language: ReportLanguage
  ) -> String {
    let dots = style.usesUnicode ? "…" : "..."
    return dots + gap + language.pick("(\(count) more rows)", "（ほか \(count) 行）")
  }

  private static func line(_ cells: [String]) -> String {
    let line = cells.joined(separator: gap)
    return String(line.reversed().drop { $0 == " " }.reversed())
  }

  /// Cuts texts, then drops columns at the right; returns the titles of those dropped.
  private static func fit(
    _ layout: inout [LaidOutColumn], into width: Int, style: TerminalStyle
  ) -> [String] {
    func total() -> Int {
      layout.reduce(0) { $0 + $1.width } + gap.count * max(0, layout.count - 1)
    }
    let narrowest = 8
    while total() > width {
      let candidates = layout.indices.filter { layout[$0].isText && layout[$0].width > narrowest }
      guard let widest = candidates.max(by: { layout[$0].width < layout[$1].width }) else { break }
      let target = max(narrowest, layout[widest].width - (total() - width))
      layout[widest].narrow(to: target, mark: style.usesUnicode ? "…" : "~")
    }
    var dropped: [String] = []
    while total() > width, layout.count > 1 {
      dropped.insert(layout.removeLast().title, at: 0)
    }
    return dropped
  }
}

/// A column whose cells have become texts.
private struct LaidOutColumn {
  let title: String
  let isText: Bool
  private let alignment: TextTable.Alignment
  private var shownTitle: String
  private var texts: [String]
  private(set) var width: Int

  init(_ column: TextTable.Column, rows: [Int], digits: Int, unicode: Bool) {
    let numbers = column.cells.compactMap { cell -> Double? in
      guard case .number(let value) = cell else { return nil }
      return value
    }
    let format = NumberFormat(for: numbers, significantDigits: digits)
    texts = rows.map { row in
      switch column.cells[row] {
      case .text(let text): text.replacing("\n", with: " ")
      case .integer(let value): String(value)
      case .number(let value?) where value.isFinite: format.text(value)
      case .number: unicode ? "—" : "-"
      }
    }
    isText = column.cells.contains { if case .text = $0 { true } else { false } }
    alignment = column.alignment ?? (isText ? .left : .right)
    title = column.title
    shownTitle = column.title
    width = texts.map { DisplayWidth.cells($0) }.max() ?? 0
    width = max(width, DisplayWidth.cells(title))
  }

  var header: String { pad(shownTitle) }
  func cell(_ index: Int) -> String { pad(texts[index]) }
  func rule(_ mark: String) -> String { String(repeating: mark, count: width) }

  mutating func narrow(to target: Int, mark: String) {
    shownTitle = DisplayWidth.truncate(shownTitle, to: target, mark: mark)
    texts = texts.map { DisplayWidth.truncate($0, to: target, mark: mark) }
    width = target
  }

  private func pad(_ text: String) -> String {
    let space = String(repeating: " ", count: max(0, width - DisplayWidth.cells(text)))
    return alignment == .left ? text + space : space + text
  }
}
