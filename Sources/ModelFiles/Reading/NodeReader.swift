internal import ModelLanguage

/// A name with what the file says about it.
struct NamedNode {
  /// The name.
  var name: String
  /// Where the name stands.
  var key: YamlNode
  /// What stands behind it.
  var value: YamlNode
}

/// Collects problems while a tree is read; a pass notes what is wrong and goes on.
final class ProblemCollector {
  /// Beyond so many the rest is not worth reading.
  static let limit = 50
  private(set) var diagnostics: [Diagnostic] = []

  private var poisoned: Set<String> = []
  /// Adds notes to the diagnostics of the equation being compiled.
  var annotate: ((Diagnostic) -> Diagnostic)?

  var isEmpty: Bool { diagnostics.isEmpty }

  /// Marks a name whose definition is wrong: that it is then unknown elsewhere is no news.
  func poison(_ name: String) { poisoned.insert(name) }

  /// Whether the definition of a name is wrong.
  func isPoisoned(_ name: String) -> Bool { poisoned.contains(name) }

  func add(_ diagnostic: Diagnostic) {
    switch diagnostic.kind {
    case .unavailableName(let name, _) where poisoned.contains(name): return
    case .unknownName(let name, _) where poisoned.contains(name): return
    case .unknownFunction(let name, _) where poisoned.contains(name): return
    default: break
    }
    guard diagnostics.count < ProblemCollector.limit,
      !diagnostics.contains(where: { $0.kind == diagnostic.kind && $0.span == diagnostic.span })
    else {
      return
    }
    diagnostics.append(annotate?(diagnostic) ?? diagnostic)
  }

  func add(_ problem: FileProblem, at node: YamlNode) { add(node.problem(problem)) }
}

extension YamlNode {
  /// What an error message calls the value.
  var kind: FileValueKind {
    switch content {
    case .mapping: .mapping
    case .sequence: .list
    case .scalar(let text, let style):
      isNull ? .nothing : style == .plain && Double(text) != nil ? .number : .text
    }
  }
}

/// Reads mappings with known keys, lists and texts.
struct NodeReader {
  let problems: ProblemCollector

  /// The values of a mapping by key, after checking that all its keys are known.
  func fields(_ node: YamlNode, _ section: FileSection, _ allowed: [String], key: String)
    -> [String: YamlNode]?
  {
    guard let entries = entries(node, key: key) else { return nil }
    var fields: [String: YamlNode] = [:]
    for entry in entries {
      guard let name = entry.key.scalar else {
        problems.add(.keyNotText, at: entry.key)
        continue
      }
      if allowed.contains(name) {
        fields[name] = entry.value
      } else {
        problems.add(
          .unknownKey(
            name, in: section, suggestion: NameSuggestion.nearest(to: name, among: allowed),
            allowed: allowed), at: entry.key)
      }
    }
    return fields
  }

  private func entries(_ node: YamlNode, key: String) -> [YamlEntry]? {
    if let entries = node.entries { return entries }
    problems.add(.wrongKind(key: key, expected: .mapping, found: node.kind), at: node)
    return nil
  }

  /// The entries of a mapping whose keys are names of the model's author.
  func names(_ node: YamlNode?, key: String, areFunctions: Bool = false) -> [NamedNode] {
    guard let node, !node.isNull, let entries = entries(node, key: key) else { return [] }
    var result: [NamedNode] = []
    for entry in entries {
      guard let name = entry.key.scalar else {
        problems.add(.keyNotText, at: entry.key)
        continue
      }
      if !areFunctions && !ModelVocabulary.isName(name) {
        problems.add(.invalidName(name), at: entry.key)
        continue
      }
      if entry.value.isNull {
        problems.add(.wrongKind(key: name, expected: .expression, found: .nothing), at: entry.key)
        problems.poison(name)
        continue
      }
      result.append(NamedNode(name: name, key: entry.key, value: entry.value))
    }
    return result
  }

  /// The items of a list.
  func list(_ node: YamlNode, key: String) -> [YamlNode]? {
    if case .sequence(let items) = node.content { return items }
    problems.add(.wrongKind(key: key, expected: .list, found: node.kind), at: node)
    return nil
  }

  /// A text.
  func text(_ node: YamlNode?, key: String) -> String? {
    guard let node else { return nil }
    if let text = node.scalar, !node.isNull { return text }
    problems.add(.wrongKind(key: key, expected: .text, found: node.kind), at: node)
    return nil
  }

  /// A text in two languages; a plain one serves both.
  func localizedText(_ node: YamlNode?, _ section: FileSection, key: String) -> LocalizedText? {
    guard let node else { return nil }
    if let text = node.scalar, !node.isNull {
      return LocalizedText(english: text, japanese: text)
    }
    guard node.entries != nil else {
      problems.add(.wrongKind(key: key, expected: .localizedText, found: node.kind), at: node)
      return nil
    }
    guard let fields = fields(node, section, ["en", "ja"], key: key) else { return nil }
    let english = text(fields["en"], key: "\(key).en")
    let japanese = text(fields["ja"], key: "\(key).ja")
    guard let either = english ?? japanese else {
      if fields.isEmpty { problems.add(.missingKey("en", in: section), at: node) }
      return nil
    }
    return LocalizedText(english: english ?? either, japanese: japanese ?? either)
  }

  /// One of several words.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ node: YamlNode?, key: String, _ type: Choice.Type
  ) -> Choice? where Choice.RawValue == String {
    guard let node, let word = text(node, key: key) else { return nil }
    if let choice = Choice(rawValue: word) { return choice }
    let allowed = Choice.allCases.map(\.rawValue)
    problems.add(
      .unknownChoice(
        key: key, value: word, suggestion: NameSuggestion.nearest(to: word, among: allowed),
        allowed: allowed), at: node)
    return nil
  }
}
