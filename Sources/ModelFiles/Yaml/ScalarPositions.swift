/// Finds where the characters of a YAML scalar stand in the text.
///
/// The scanner reports only where a scalar starts. Its characters follow in the same order, with
/// quotes, escapes, folded line breaks and indentation in between, so one parallel walk over value
/// and text finds them all.
enum ScalarPositions {
  /// The position of every character of `value`, or nil where value and text do not match up.
  static func align(
    _ value: String, style: YamlNode.Style, at start: Int, in source: SourceText
  ) -> [Int]? {
    var walk = Walk(scalars: source.scalars, index: start, style: style)
    guard walk.skipOpening() else { return nil }
    var positions: [Int] = []
    positions.reserveCapacity(value.utf8.count)
    for character in value {
      var first: Int?
      for scalar in character.unicodeScalars {
        guard let position = walk.place(scalar) else { return nil }
        if first == nil { first = position }
      }
      positions.append(first ?? start)
    }
    return positions
  }

  private struct Walk {
    let scalars: [Unicode.Scalar]
    var index: Int
    let style: YamlNode.Style

    mutating func skipOpening() -> Bool {
      switch style {
      case .plain: return true
      case .singleQuoted: return take("'")
      case .doubleQuoted: return take("\"")
      case .literal, .folded:
        while index < scalars.count && !SourceText.isBreak(scalars[index]) { index += 1 }
        return index < scalars.count
      }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
      guard index < scalars.count, scalars[index] == scalar else { return false }
      index += 1
      return true
    }

    private func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar == " " || scalar == "\t" || SourceText.isBreak(scalar)
    }

    /// The place of the next scalar of the value.
    mutating func place(_ wanted: Unicode.Scalar) -> Int? {
      while index < scalars.count {
        let here = scalars[index]
        if style == .singleQuoted && here == "'" {
          // Inside single quotes an apostrophe is written twice.
          guard wanted == "'", index + 1 < scalars.count, scalars[index + 1] == "'" else {
            return nil
          }
          index += 2
          return index - 2
        }
        if style == .doubleQuoted && here == "\\" {
          guard let width = escapeWidth() else {
            skipSpaces(from: index + 1)
            continue
          }
          index += width
          return index - width
        }
        if here == wanted {
          index += 1
          return index - 1
        }
        guard isSpace(here) else { return nil }
        let gap = index
        skipSpaces(from: index)
        if isSpace(wanted) { return gap }
      }
      // A clipped block scalar may end with a line break that the text no longer has.
      return isSpace(wanted) ? max(scalars.count - 1, 0) : nil
    }

    private mutating func skipSpaces(from start: Int) {
      index = start
      while index < scalars.count && isSpace(scalars[index]) { index += 1 }
    }

    /// The length of an escape sequence, or nil for an escaped line break.
    private func escapeWidth() -> Int? {
      guard index + 1 < scalars.count else { return 1 }
      switch scalars[index + 1] {
      case "x": return 4
      case "u": return 6
      case "U": return 10
      case let next where SourceText.isBreak(next): return nil
      default: return 2
      }
    }
  }
}
