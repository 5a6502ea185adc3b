internal import ModelLanguage

/// Checks on the raw text that keep the YAML library away from input it would choke on.
///
/// The library composes nodes recursively and hashes mapping keys, so deep nesting would exhaust
/// the stack and nested aliases used as keys would take exponential time.
enum YamlGuards {
  /// Nesting beyond this is refused.
  static let nestingLimit = 100
  /// The largest file in bytes.
  static let sizeLimit = 10_000_000

  /// The first reason not to hand the text to the YAML library.
  static func check(_ source: SourceText) -> Diagnostic? {
    if let position = controlCharacter(in: source) {
      let code = source.scalars[position].value
      return source.problem(.controlCharacter(code), at: position)
    }
    if let position = excessiveNesting(in: source) {
      return source.problem(.nestingTooDeep(limit: nestingLimit), at: position)
    }
    if let (position, length) = aliasedAnchor(in: source) {
      return source.problem(.anchor, at: position, length: length)
    }
    return nil
  }

  private static func controlCharacter(in source: SourceText) -> Int? {
    source.scalars.firstIndex { scalar in
      switch scalar.value {
      case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE,
        0xFF00...0xFFFD, 0x10000...0x10FFFF:
        false
      default: true
      }
    }
  }

  /// Depth by indentation, by leading dashes and by brackets outside quotes and comments.
  ///
  /// An upper estimate with room to spare: the exact depth is checked on the composed nodes.
  private static func excessiveNesting(in source: SourceText) -> Int? {
    let allowance = 2 * nestingLimit
    var indents: [Int] = []
    var flowDepth = 0
    var quote: Unicode.Scalar?
    for line in 0..<source.lineCount {
      let range = source.lineRange(line)
      var index = range.lowerBound
      var dashes = 0
      // Indentation, with `- - a` and `? ? a` opening several collections on one line.
      while index < range.upperBound {
        let scalar = source.scalars[index]
        if scalar == "-" || scalar == "?" || scalar == ":" {
          guard index + 1 == range.upperBound || source.scalars[index + 1] == " " else { break }
          dashes += 1
        } else if scalar != " " && scalar != "\t" {
          break
        }
        index += 1
      }
      if index < range.upperBound && flowDepth == 0 && quote == nil {
        let indent = index - range.lowerBound
        while let last = indents.last, last >= indent { indents.removeLast() }
        indents.append(indent)
        if indents.count + dashes > allowance { return index }
      }
      var previous: Unicode.Scalar = " "
      while index < range.upperBound {
        let scalar = source.scalars[index]
        if let open = quote {
          if scalar == "\\" && open == "\"" { index += 1 } else if scalar == open { quote = nil }
        } else if scalar == "#" && (previous == " " || previous == "\t") {
          break
        } else if (scalar == "\"" || scalar == "'") && " [{,:".unicodeScalars.contains(previous) {
          quote = scalar
        } else if scalar == "[" || scalar == "{" {
          flowDepth += 1
          if flowDepth > allowance { return index }
        } else if scalar == "]" || scalar == "}" {
          flowDepth = max(flowDepth - 1, 0)
        }
        previous = scalar
        index += 1
      }
    }
    // A quote that never closed may have hidden brackets from the walk above.
    if quote != nil {
      var depth = 0
      for (index, scalar) in source.scalars.enumerated() {
        if scalar == "[" || scalar == "{" { depth += 1 }
        if scalar == "]" || scalar == "}" { depth = max(depth - 1, 0) }
        if depth > allowance { return index }
      }
    }
    return nil
  }

  /// The first anchor whose name some alias repeats.
  private static func aliasedAnchor(in source: SourceText) -> (Int, Int)? {
    var anchors: [String: (Int, Int)] = [:]
    var aliases: Set<String> = []
    for (index, scalar) in source.scalars.enumerated() where scalar == "&" || scalar == "*" {
      let before = index == 0 ? " " : source.scalars[index - 1]
      guard " \t\n\r[{,".unicodeScalars.contains(before) else { continue }
      var end = index + 1
      while end < source.scalars.count, isAnchorName(source.scalars[end]) { end += 1 }
      guard end > index + 1 else { continue }
      let name = source.text(index + 1..<end)
      if scalar == "*" {
        aliases.insert(name)
      } else if anchors[name] == nil {
        anchors[name] = (index, end - index)
      }
    }
    return anchors.filter { aliases.contains($0.key) }.values.min { $0.0 < $1.0 }
  }

  private static func isAnchorName(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || scalar == "_" || scalar == "-"
      || ("0"..."9").contains(scalar)
  }
}

extension SourceText {
  /// A problem of the file at a position of this text.
  func problem(_ problem: FileProblem, at position: Int, length: Int = 1) -> Diagnostic {
    Diagnostic(.file(problem), at: SourceSpan(location(position), length: length))
  }
}

extension YamlNode {
  /// A problem of the file at this node.
  func problem(_ problem: FileProblem) -> Diagnostic {
    Diagnostic(.file(problem), at: span)
  }
}
