/// A source line cut to a window around a span, and the caret line that belongs under it.
struct LineExcerpt: Equatable {
  let line: String
  let caret: String

  /// Cuts a line; `column` counts characters from one, `window` terminal columns.
  init(line source: String, column: Int, length: Int, window: Int) {
    let characters = source.map(DisplayWidth.printable)
    let start = min(max(column - 1, 0), characters.count)
    let end = min(start + max(length, 1), max(characters.count, start + 1))
    let widths = characters.map(DisplayWidth.of)
    var first = 0
    var last = characters.count
    if widths.reduce(0, +) > window {
      // Two columns stand aside for the marks of what is left out.
      let room = window - 2
      first = start
      var used = 0
      while first > 0, used + widths[first - 1] <= room / 3 {
        first -= 1
        used += widths[first]
      }
      last = start
      while last < characters.count, used + widths[last] <= room {
        used += widths[last]
        last += 1
      }
      while first > 0, used + widths[first - 1] <= room {
        first -= 1
        used += widths[first]
      }
    }
    let head = first > 0 ? "…" : ""
    let tail = last < characters.count ? "…" : ""
    line = head + String(characters[first..<last]) + tail
    let indent = head.count + widths[first..<start].reduce(0, +)
    let covered = start < last ? widths[start..<min(end, last)].reduce(0, +) : 1
    caret =
      String(repeating: " ", count: indent) + "^"
      + String(repeating: "~", count: max(covered - 1, 0))
  }
}

/// How many columns of a terminal a character takes.
enum DisplayWidth {
  /// Zero for a lone combining mark, two for East Asian wide characters and emoji, else one.
  static func of(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    if scalar.isASCII { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if scalar.properties.isEmojiPresentation { return 2 }
    return wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }

  /// The character itself, or a stand-in for one that would move the cursor.
  static func printable(_ character: Character) -> Character {
    if character == "\t" { return " " }
    for scalar in character.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: return "\u{FFFD}"
      default: break
      }
    }
    return character
  }

  /// The ranges with the property East_Asian_Width W or F.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF,
    0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B,
    0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18D08, 0x1AFF0...0x1B2FB, 0x1F200...0x1F265,
    0x20000...0x3FFFD,
  ]
}
