internal import ModelLanguage

/// One `--set path=value`: a change to the node tree before it is read.
///
/// A path names keys and, in lists, 1-based positions: `levels.1.precision.y=exp(4)`. The new value
/// keeps its place in the override's own text, so that mistakes in it are shown there.
struct Override {
  private let source: SourceText
  private let path: [(text: String, position: Int)]
  private let value: YamlNode
  private var diagnostics: [Diagnostic] = []

  /// The override as a source of error messages.
  var file: SourceFile { source.file }

  /// Lists whose entries name things: an unknown one is a spelling mistake, not an addition.
  private static let named: Set<String> = [
    "parameters", "states", "motion", "output", "let", "functions",
  ]

  /// Splits an override into path and value.
  static func parse(_ text: String) -> Result<Override, OverrideFailure> {
    let file = SourceFile(name: "--set \(text)", text: text)
    let source = SourceText(file)
    guard let equals = source.scalars.firstIndex(of: "="), equals > 0 else {
      return .failure(
        OverrideFailure(diagnostics: [source.problem(.overrideSyntax, at: 0)], file: file))
    }
    var path: [(String, Int)] = []
    var start = 0
    for index in 0...equals where index == equals || source.scalars[index] == "." {
      path.append((source.text(start..<index).trimmed, start))
      start = index + 1
    }
    let rest = source.text(equals + 1..<source.scalars.count)
    let offset = source.location(equals + 1).column - 1
    let valueSource = SourceText(rest, shownAs: file, columnOffset: offset)
    var value: YamlNode
    let outcome = YamlComposer.compose(valueSource)
    if let root = outcome.root, outcome.diagnostics.isEmpty {
      value = root
      var split: [Diagnostic] = []
      SplitExpressions.repair(&value, &split)
      if !split.isEmpty { value = plain(rest, in: valueSource) }
    } else {
      // Not YAML, so an expression: nothing around it needs quotes here.
      value = plain(rest, in: valueSource)
    }
    return .success(Override(source: source, path: path, value: value))
  }

  private static func plain(_ text: String, in source: SourceText) -> YamlNode {
    let start = source.scalars.firstIndex { $0 != " " } ?? 0
    return YamlNode(.scalar(text.trimmed, .plain), source: source, position: start)
  }

  private init(source: SourceText, path: [(String, Int)], value: YamlNode) {
    self.source = source
    self.path = path
    self.value = value
  }

  /// Changes the tree.
  func apply(to root: inout YamlNode) -> [Diagnostic] {
    var copy = self
    copy.set(&root, from: 0)
    return copy.diagnostics
  }

  private mutating func set(_ node: inout YamlNode, from index: Int) {
    guard index < path.count else {
      node = value
      return
    }
    let (key, position) = path[index]
    let before = path.prefix(index).map(\.text).joined(separator: ".")
    switch node.content {
    case .mapping(var entries):
      if let place = entries.firstIndex(where: { $0.key.scalar == key }) {
        set(&entries[place].value, from: index + 1)
      } else {
        let keys = entries.compactMap(\.key.scalar)
        let isNamed = index > 0 && Override.named.contains(path[index - 1].text)
        if (isNamed && path[0].text != "process") || key.isEmpty {
          report(
            .unknownPath(
              key, after: before, suggestion: NameSuggestion.nearest(to: key, among: keys),
              allowed: keys), index)
          return
        }
        // A key the file left out; whether it may stand here is checked when the tree is read.
        let name = YamlNode(.scalar(key, .plain), source: source, position: position)
        var added = YamlNode(.mapping([]), source: source, position: position)
        set(&added, from: index + 1)
        entries.append(YamlEntry(key: name, value: added))
      }
      node.content = .mapping(entries)
    case .sequence(var items):
      guard let number = Int(key), number >= 1, number <= items.count else {
        if index > 0 && isPrior(key) { return wrap(&node, from: index) }
        report(.indexOutOfRange(key, after: before, count: items.count), index)
        return
      }
      set(&items[number - 1], from: index + 1)
      node.content = .sequence(items)
    case .scalar:
      if isPrior(key) { return wrap(&node, from: index) }
      report(.notAContainer(before), index)
    }
  }

  /// Whether a key turns a plain value into one with a prior.
  private func isPrior(_ key: String) -> Bool {
    ["value", "priorVariance", "priorCovariance", "priorPrecision"].contains(key)
  }

  private mutating func wrap(_ node: inout YamlNode, from index: Int) {
    let name = YamlNode(.scalar("value", .plain), source: node.source, position: node.position)
    let entry = YamlEntry(key: name, value: node)
    node = YamlNode(.mapping([entry]), source: node.source, position: node.position)
    set(&node, from: index)
  }

  private mutating func report(_ problem: FileProblem, _ index: Int) {
    let (key, position) = path[index]
    diagnostics.append(source.problem(problem, at: position, length: max(key.count, 1)))
  }
}

/// An override that cannot be taken apart.
struct OverrideFailure: Error {
  var diagnostics: [Diagnostic]
  var file: SourceFile
}
