internal import ModelLanguage

/// Finds expressions that YAML cut at a comma, and puts them together again.
///
/// `{x: if(v > 0, 1, 2)}` reaches us as the value `if(v > 0` and the keys `1` and `2)` without
/// values. The report says to quote it; the repair keeps one mistake from causing ten messages.
enum SplitExpressions {
  /// Repairs a tree and reports each place.
  static func repair(_ node: inout YamlNode, _ diagnostics: inout [Diagnostic]) {
    switch node.content {
    case .scalar: return
    case .sequence(var items):
      if node.isFlow { items = merged(items, &diagnostics) }
      for index in items.indices { repair(&items[index], &diagnostics) }
      node.content = .sequence(items)
    case .mapping(var entries):
      if node.isFlow { entries = merged(entries, &diagnostics) }
      for index in entries.indices { repair(&entries[index].value, &diagnostics) }
      node.content = .mapping(entries)
    }
  }

  private static func merged(_ items: [YamlNode], _ diagnostics: inout [Diagnostic]) -> [YamlNode] {
    var result: [YamlNode] = []
    for item in items {
      if let last = result.last, let open = openText(last), let text = plainText(item) {
        result[result.count - 1].content = .scalar(open + ", " + text, .plain)
      } else {
        result.append(item)
      }
    }
    for item in result {
      guard let text = plainText(item), text.contains(", ") else { continue }
      report(item, text, &diagnostics)
    }
    return result
  }

  private static func merged(
    _ entries: [YamlEntry], _ diagnostics: inout [Diagnostic]
  ) -> [YamlEntry] {
    var result: [YamlEntry] = []
    for entry in entries {
      if let last = result.last, let open = openText(last.value), entry.value.isNull,
        let text = plainText(entry.key)
      {
        result[result.count - 1].value.content = .scalar(open + ", " + text, .plain)
      } else {
        result.append(entry)
      }
    }
    for entry in result {
      guard let text = plainText(entry.value), text.contains(", ") else { continue }
      report(entry.value, text, &diagnostics)
    }
    return result
  }

  // In flow style a plain scalar cannot hold ", ", so its presence marks a repaired one.
  private static func report(_ node: YamlNode, _ text: String, _ diagnostics: inout [Diagnostic]) {
    let line = node.source.lineRange(node.source.lineIndex(of: node.position))
    let rest = max(node.source.text(node.position..<max(line.upperBound, node.position)).count, 1)
    diagnostics.append(
      Diagnostic(
        .file(.unquotedExpression(splitAt: ",")),
        at: SourceSpan(node.location, length: min(text.count, rest))))
  }

  private static func plainText(_ node: YamlNode) -> String? {
    if case .scalar(let text, .plain) = node.content { return text }
    return nil
  }

  private static func openText(_ node: YamlNode) -> String? {
    guard let text = plainText(node), text.parenthesisBalance > 0 else { return nil }
    return text
  }
}

extension String {
  /// How many parentheses are still open at the end.
  fileprivate var parenthesisBalance: Int {
    var depth = 0
    for byte in utf8 {
      if byte == 0x28 { depth += 1 }
      if byte == 0x29 { depth -= 1 }
    }
    return depth
  }
}
