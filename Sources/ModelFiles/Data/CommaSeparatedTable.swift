internal import ModelLanguage

/// A text of comma-separated values as RFC 4180 has it, with the place of every cell.
struct CommaSeparatedTable {
  /// One cell.
  struct Cell {
    /// Its text without quotes.
    var text: String
    /// The 1-based line it starts on.
    var line: Int
    /// The offset in bytes from the start of that line.
    var byteColumn: Int
  }

  /// The rows, the header first; empty lines at the end are dropped.
  var rows: [[Cell]] = []
  /// The place of a quote that is never closed.
  var unclosedQuote: Cell?

  /// Splits a text.
  init(_ text: String) {
    var text = text
    text.makeContiguousUTF8()
    var row: [Cell] = []
    var bytes: [UInt8] = []
    var line = 1
    var lineStart = 0
    var cellLine = 1
    var cellStart = 0
    var isQuoted = false
    var wasQuoted = false
    let source = Array(text.utf8)
    func finished() -> Cell {
      let content = String(decoding: bytes, as: UTF8.self)
      return Cell(
        text: wasQuoted ? content : content.trimmed, line: cellLine, byteColumn: cellStart)
    }
    var index = 0
    while index <= source.count {
      let byte = index < source.count ? source[index] : 0x0A
      if isQuoted && index < source.count {
        if byte == 0x22 {
          if index + 1 < source.count && source[index + 1] == 0x22 {
            bytes.append(byte)
            index += 1
          } else {
            isQuoted = false
          }
        } else {
          bytes.append(byte)
          if byte == 0x0A {
            line += 1
            lineStart = index + 1
          }
        }
      } else if byte == 0x22 && bytes.allSatisfy({ $0 == 0x20 }) && !wasQuoted {
        bytes.removeAll(keepingCapacity: true)
        isQuoted = true
        wasQuoted = true
      } else if byte == 0x2C {
        row.append(finished())
        bytes.removeAll(keepingCapacity: true)
        wasQuoted = false
        cellLine = line
        cellStart = index + 1 - lineStart
      } else if byte == 0x0A {
        if isQuoted { unclosedQuote = finished() }
        row.append(finished())
        rows.append(row)
        row.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        isQuoted = false
        wasQuoted = false
        line += 1
        lineStart = index + 1
        cellLine = line
        cellStart = 0
      } else if byte != 0x0D {
        bytes.append(byte)
      }
      index += 1
    }
    while let last = rows.last, last.count == 1, last[0].text.isEmpty { rows.removeLast() }
  }
}

extension String {
  /// The text without spaces and tabs at both ends.
  var trimmed: String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let first = firstIndex(where: { !isBlank($0) }),
      let last = lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(self[first...last])
  }
}
