package import ModelLanguage
internal import Yams

/// Turns YAML text into `YamlNode`s; the only place that touches the YAML library.
package enum YamlComposer {
  /// What came out: a tree where there is one, and everything that is wrong with it.
  package struct Outcome {
    package var root: YamlNode?
    package var diagnostics: [Diagnostic]
  }

  /// Reads one document.
  ///
  /// The library refuses a mapping with equal keys without saying where the second one stands. So
  /// the first one is renamed by a private character and the text read again; the tree then shows
  /// both with their places.
  package static func compose(_ source: SourceText) -> Outcome {
    if let refusal = YamlGuards.check(source) { return Outcome(root: nil, diagnostics: [refusal]) }
    var scalars = source.scalars
    var renamed: [Int: Unicode.Scalar] = [:]
    let attempts = scalars.count > 200_000 ? 2 : 40
    while true {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars)
      do {
        let parser = try Parser(yaml: String(view))
        // Anchors are weak references of nodes: the parser keeps them alive until the walk is done.
        return try withExtendedLifetime(parser) {
          guard let node = try parser.singleRoot() else {
            return Outcome(root: nil, diagnostics: [source.problem(.emptyFile, at: 0)])
          }
          return convert(node, source: source, renamed: renamed)
        }
      } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
        let mark = context.mark
        var position = source.position(line: mark.line, scalarColumn: mark.column)
        let key = keys.first ?? ""
        if position < scalars.count, scalars[position] == "\"" || scalars[position] == "'" {
          position += 1
        }
        guard renamed.count < attempts, position < scalars.count, renamed[position] == nil,
          key.unicodeScalars.first == scalars[position],
          let replacement = Unicode.Scalar(0xE000 + UInt32(renamed.count))
        else {
          return Outcome(
            root: nil,
            diagnostics: [
              source.problem(
                .duplicateKey(restored(key, renamed, source), firstLine: nil), at: position,
                length: max(key.count, 1))
            ])
        }
        renamed[position] = scalars[position]
        scalars[position] = replacement
      } catch let error as YamlError {
        return Outcome(root: nil, diagnostics: [YamlFailure.diagnostic(error, in: source)])
      } catch {
        return Outcome(
          root: nil, diagnostics: [source.problem(.brokenYAML("\(error)"), at: 0)])
      }
    }
  }

  private static func restored(
    _ key: String, _ renamed: [Int: Unicode.Scalar], _ source: SourceText
  ) -> String {
    guard let first = key.unicodeScalars.first, first.value >= 0xE000, first.value < 0xE100,
      let original = renamed.sorted(by: { $0.key < $1.key }).first?.value
    else { return key }
    return String(original) + key.dropFirst()
  }

  // MARK: Conversion

  private struct Converter {
    let source: SourceText
    let renamed: [Int: Unicode.Scalar]
    var diagnostics: [Diagnostic] = []

    mutating func convert(_ node: Node, depth: Int) -> YamlNode? {
      let position = node.mark.map { source.position(line: $0.line, scalarColumn: $0.column) } ?? 0
      guard depth <= YamlGuards.nestingLimit else {
        diagnostics.append(
          source.problem(.nestingTooDeep(limit: YamlGuards.nestingLimit), at: position))
        return nil
      }
      if node.anchor != nil {
        diagnostics.append(source.problem(.anchor, at: position))
        return nil
      }
      if position < source.scalars.count, source.scalars[position] == "!" {
        diagnostics.append(source.problem(.tag, at: position))
        return nil
      }
      switch node {
      case .scalar(let scalar):
        return YamlNode(
          .scalar(original(scalar.string, at: position), style(scalar.style)), source: source,
          position: position)
      case .sequence(let sequence):
        var items: [YamlNode] = []
        for item in sequence {
          guard let item = convert(item, depth: depth + 1) else { return nil }
          items.append(item)
        }
        return YamlNode(
          .sequence(items), source: source, position: position, isFlow: starts("[", at: position))
      case .mapping(let mapping):
        return convert(mapping, at: position, depth: depth)
      case .alias:
        diagnostics.append(source.problem(.anchor, at: position))
        return nil
      }
    }

    private mutating func convert(
      _ mapping: Node.Mapping, at position: Int, depth: Int
    ) -> YamlNode? {
      var entries: [YamlEntry] = []
      var firstLines: [String: Int] = [:]
      for (key, value) in mapping {
        guard let key = convert(key, depth: depth + 1),
          let value = convert(value, depth: depth + 1)
        else { return nil }
        if let name = key.scalar {
          if let line = firstLines[name] {
            diagnostics.append(key.problem(.duplicateKey(name, firstLine: line)))
            continue
          }
          firstLines[name] = key.location.line
        }
        entries.append(YamlEntry(key: key, value: value))
      }
      return YamlNode(
        .mapping(entries), source: source, position: position, isFlow: starts("{", at: position))
    }

    // The library does not report a collection's flow style reliably; its first character does.
    private func starts(_ bracket: Unicode.Scalar, at position: Int) -> Bool {
      position < source.scalars.count && source.scalars[position] == bracket
    }

    /// Takes back the renaming of a duplicate key.
    private func original(_ text: String, at position: Int) -> String {
      guard !renamed.isEmpty else { return text }
      for candidate in [position, position + 1] {
        guard let scalar = renamed[candidate], let first = text.unicodeScalars.first,
          (0xE000..<0xE100).contains(first.value)
        else { continue }
        var view = String.UnicodeScalarView([scalar])
        view.append(contentsOf: text.unicodeScalars.dropFirst())
        return String(view)
      }
      return text
    }

    private func style(_ style: Node.Scalar.Style) -> YamlNode.Style {
      switch style {
      case .any, .plain: .plain
      case .singleQuoted: .singleQuoted
      case .doubleQuoted: .doubleQuoted
      case .literal: .literal
      case .folded: .folded
      }
    }
  }

  private static func convert(
    _ node: Node, source: SourceText, renamed: [Int: Unicode.Scalar]
  ) -> Outcome {
    var converter = Converter(source: source, renamed: renamed)
    let root = converter.convert(node, depth: 1)
    return Outcome(root: root, diagnostics: converter.diagnostics)
  }
}
