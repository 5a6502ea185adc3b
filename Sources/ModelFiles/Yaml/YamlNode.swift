package import ModelLanguage

/// A node of a YAML document with its place in the text.
package struct YamlNode: Sendable {
  /// How a scalar was written.
  package enum Style: Sendable {
    case plain, singleQuoted, doubleQuoted, literal, folded
  }

  /// What a node holds.
  package indirect enum Content: Sendable {
    case scalar(String, Style)
    case sequence([YamlNode])
    case mapping([YamlEntry])
  }

  /// What the node holds.
  package var content: Content
  /// The text the node was read from.
  package let source: SourceText
  /// Where its first character stands in the text: the quote of a quoted scalar.
  package let position: Int
  /// Whether a collection was written with brackets or braces.
  package var isFlow = false

  /// Creates a node.
  package init(_ content: Content, source: SourceText, position: Int, isFlow: Bool = false) {
    self.content = content
    self.source = source
    self.position = position
    self.isFlow = isFlow
  }

  /// Where the node starts.
  package var location: SourceLocation { source.location(position) }

  /// The node in an error message: scalars whole, collections by their first character.
  package var span: SourceSpan { SourceSpan(location, length: spanLength) }

  private var spanLength: Int {
    guard case .scalar(let text, let style) = content else { return 1 }
    switch style {
    case .plain: return text.contains(where: \.isNewline) ? 1 : max(text.count, 1)
    case .singleQuoted, .doubleQuoted:
      let end = source.lineRange(source.lineIndex(of: position)).upperBound
      let quote: Unicode.Scalar = style == .singleQuoted ? "'" : "\""
      var index = position + 1
      while index < end && source.scalars[index] != quote { index += 1 }
      return max(source.text(position..<min(index + 1, end)).count, 1)
    case .literal, .folded: return 1
    }
  }

  /// The text of a scalar.
  package var scalar: String? {
    if case .scalar(let text, _) = content { return text }
    return nil
  }

  /// Whether the node is an unquoted nothing, `~` or `null`.
  package var isNull: Bool {
    guard case .scalar(let text, .plain) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// The entries of a mapping.
  package var entries: [YamlEntry]? {
    if case .mapping(let entries) = content { return entries }
    return nil
  }

  /// The value of a key of a mapping.
  package subscript(key: String) -> YamlNode? {
    entries?.first { $0.key.scalar == key }?.value
  }

  /// The text of a scalar with the place of each of its characters.
  package var fragment: SourceFragment {
    guard case .scalar(let text, let style) = content else {
      return SourceFragment(text: "", all: location)
    }
    if !text.isEmpty,
      let positions = ScalarPositions.align(text, style: style, at: position, in: source)
    {
      return SourceFragment(text: text, locations: positions.map(source.location))
    }
    return SourceFragment(text: text, all: location)
  }
}

/// One key with its value.
package struct YamlEntry: Sendable {
  /// The key; a scalar in every valid file.
  package var key: YamlNode
  /// The value.
  package var value: YamlNode

  /// Creates an entry.
  package init(key: YamlNode, value: YamlNode) {
    self.key = key
    self.value = value
  }
}
