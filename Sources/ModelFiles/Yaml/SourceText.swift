package import ModelLanguage

/// A text split into lines as YAML counts them, with columns converted to what a reader sees.
///
/// The YAML scanner counts columns in Unicode scalars, people and `SourceLocation` in characters.
package final class SourceText: Sendable {
  /// The file as error messages show it.
  package let file: SourceFile
  /// The scalars of the text; all positions below index this array.
  let scalars: [Unicode.Scalar]
  /// Where each line starts in `scalars`.
  private let lineStarts: [Int]
  /// Whether every scalar is ASCII, so that columns need no conversion.
  private let isASCII: Bool
  /// Added to every column of the first line: an override starts inside a longer text.
  private let columnOffset: Int

  /// Splits a text; `columnOffset` shifts the columns of its first line.
  package init(_ text: String, shownAs file: SourceFile, columnOffset: Int = 0) {
    self.file = file
    self.columnOffset = columnOffset
    let scalars = Array(text.unicodeScalars)
    var starts = [0]
    var ascii = true
    for (index, scalar) in scalars.enumerated() {
      if !scalar.isASCII { ascii = false }
      if scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n" { continue }
      if SourceText.isBreak(scalar) { starts.append(index + 1) }
    }
    self.scalars = scalars
    lineStarts = starts
    isASCII = ascii
  }

  /// Creates the text of a whole file.
  package convenience init(_ file: SourceFile) { self.init(file.text, shownAs: file) }

  /// The line breaks of YAML 1.1.
  static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  /// The number of lines.
  var lineCount: Int { lineStarts.count }

  /// The position in `scalars` of a 1-based line and scalar column, clamped to the text.
  func position(line: Int, scalarColumn: Int) -> Int {
    guard line >= 1, line <= lineStarts.count else { return scalars.count }
    return min(lineStarts[line - 1] + max(scalarColumn - 1, 0), scalars.count)
  }

  /// The 0-based line that holds a position.
  func lineIndex(of position: Int) -> Int {
    var low = 0
    var high = lineStarts.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if lineStarts[middle] <= position { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The range of a 0-based line without its line break.
  func lineRange(_ line: Int) -> Range<Int> {
    let start = lineStarts[line]
    var end = line + 1 < lineStarts.count ? lineStarts[line + 1] : scalars.count
    while end > start && SourceText.isBreak(scalars[end - 1]) { end -= 1 }
    return start..<end
  }

  /// The location of a position as people count it.
  package func location(_ position: Int) -> SourceLocation {
    let line = lineIndex(of: position)
    let start = lineStarts[line]
    var column = position - start
    if !isASCII && column > 0 {
      var prefix = String.UnicodeScalarView()
      prefix.append(contentsOf: scalars[start..<position])
      column = String(prefix).count
    }
    if line == 0 { column += columnOffset }
    return SourceLocation(file: file.name, line: line + 1, column: column + 1)
  }

  /// The text between two positions.
  func text(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[range])
    return String(view)
  }
}
