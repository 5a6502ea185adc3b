internal import ModelLanguage
internal import TensorCore

/// The names of a file: which there are, whether they are unique, and what all levels share.
struct FileScope {
  /// Functions and bindings of the whole file.
  private(set) var shared = Scope()
  /// For every parameter, state and output, the level it belongs to.
  private(set) var levelOfName: [String: Int] = [:]

  private let problems: ProblemCollector
  private var firstLine: [String: Int] = [:]

  /// Registers every name of a model and reads its functions and bindings.
  init(_ model: ModelDeclaration, _ values: ValueCompiler) {
    problems = values.problems
    register(model.lets, level: nil)
    for level in model.levels {
      for list in [level.parameters, level.states, level.output, level.lets] {
        register(list, level: level.number)
      }
    }
    register(model.process.action, level: nil)
    register(model.process.lets, level: nil)
    readFunctions(model.functions)
    FileScope.define(model.lets, in: &shared, problems)
    checkShared(model.lets, values)
    for level in model.levels {
      for binding in level.lets { levelOfName[binding.name] = level.number }
    }
  }

  private mutating func register(_ names: [NamedNode], level: Int?) {
    for entry in names {
      if entry.name == "t" {
        problems.add(.reservedName(entry.name), at: entry.key)
      } else if let line = firstLine[entry.name] {
        problems.add(.duplicateName(entry.name, firstLine: line), at: entry.key)
      } else {
        firstLine[entry.name] = entry.key.location.line
        if let level { levelOfName[entry.name] = level }
      }
    }
  }

  private mutating func readFunctions(_ entries: [NamedNode]) {
    var definitions: [(NamedNode, FunctionDefinition)] = []
    for entry in entries {
      guard entry.value.scalar != nil else {
        problems.add(
          .wrongKind(key: entry.name, expected: .expression, found: entry.value.kind),
          at: entry.value)
        continue
      }
      do {
        let function = try FunctionDefinition.parse(
          heading: entry.key.fragment, body: entry.value.fragment)
        if shared.function(function.name) != nil {
          problems.add(Diagnostic(.duplicateName(function.name), at: entry.key.span))
          continue
        }
        shared.define(function)
        definitions.append((entry, function))
      } catch {
        problems.add(error)
        problems.poison(String(entry.name.prefix { $0 != "(" }).trimmed)
      }
    }
    let calls = definitions.map { ($0.1.name, $0.1.body.calledFunctions) }
    for cycle in DependencyCycles.find(calls) {
      guard let entry = definitions.first(where: { $0.1.name == cycle[0] })?.0 else { continue }
      problems.add(Diagnostic(.recursiveFunction(cycle), at: entry.key.span))
      for name in cycle { problems.poison(name) }
    }
  }

  /// Adds bindings to a scope; those that need each other are reported and left out.
  static func define(_ lets: [NamedNode], in scope: inout Scope, _ problems: ProblemCollector) {
    var expressions: [(NamedNode, Expression)] = []
    for entry in lets {
      // A list is the same as a literal; written out it becomes an expression like any other.
      guard let fragment = entry.value.expressionFragment else {
        problems.add(
          .wrongKind(key: entry.name, expected: .expression, found: entry.value.kind),
          at: entry.value)
        problems.poison(entry.name)
        continue
      }
      do {
        expressions.append(
          (entry, try ExpressionParser.parse(fragment, context: .binding(entry.name))))
      } catch {
        problems.add(error)
        problems.poison(entry.name)
      }
    }
    for cycle in DependencyCycles.find(expressions.map { ($0.0.name, $0.1.freeNames) }) {
      guard let entry = expressions.first(where: { $0.0.name == cycle[0] })?.0 else { continue }
      problems.add(Diagnostic(.cyclicLet(cycle), at: entry.key.span))
      for name in cycle { problems.poison(name) }
    }
    for (entry, expression) in expressions where !problems.isPoisoned(entry.name) {
      scope.define(entry.name, .binding(expression))
    }
  }

  /// Evaluates the bindings that need nothing of a level, so that mistakes show without being used.
  private func checkShared(_ lets: [NamedNode], _ values: ValueCompiler) {
    let names = Set(lets.map(\.name))
    for entry in lets where !problems.isPoisoned(entry.name) {
      guard case .binding(let expression) = shared.symbol(entry.name) else { continue }
      let reads = expression.freeNames.subtracting(names)
      // Names of levels have their meaning where the binding is used.
      guard reads.allSatisfy({ levelOfName[$0] == nil && $0 != "t" }) else { continue }
      let indirect = lets.contains { other in
        guard case .binding(let body) = shared.symbol(other.name) else { return false }
        return body.freeNames.contains { levelOfName[$0] != nil || $0 == "t" }
      }
      if indirect { continue }
      var builder = ProgramBuilder()
      _ = values.value(
        entry.value, in: shared, &builder, .binding(entry.name), key: entry.name)
    }
  }
}

/// Finds circles among definitions that need each other.
enum DependencyCycles {
  /// Each circle once, from its first member in file order back to it.
  static func find(_ definitions: [(name: String, needs: Set<String>)]) -> [[String]] {
    let needs = Dictionary(definitions.map { ($0.name, $0.needs) }) { first, _ in first }
    var cycles: [[String]] = []
    var finished: Set<String> = []
    for (start, _) in definitions where !finished.contains(start) {
      var path = [start]
      var pending = [sorted(needs[start])]
      while !path.isEmpty {
        guard let next = pending[pending.count - 1].popLast() else {
          finished.insert(path.removeLast())
          pending.removeLast()
          continue
        }
        if let position = path.firstIndex(of: next) {
          let members = path[position...]
          if !cycles.contains(where: { Set($0) == Set(members) }) {
            cycles.append(Array(members) + [next])
          }
        } else if needs[next] != nil && !finished.contains(next) {
          path.append(next)
          pending.append(sorted(needs[next]))
        }
      }
    }
    return cycles
  }

  private static func sorted(_ names: Set<String>?) -> [String] {
    (names ?? []).sorted(by: >)
  }
}

extension YamlNode {
  /// The text of an expression: a scalar's own, or a list written out as a literal.
  var expressionFragment: SourceFragment? {
    if case .scalar = content { return isNull ? nil : fragment }
    guard let characters = literal else { return nil }
    return SourceFragment(
      text: String(characters.map(\.0)), locations: characters.map { source.location($0.1) })
  }

  /// The characters of a list written out as a literal, each with its position.
  private var literal: [(Character, Int)]? {
    switch content {
    case .scalar(let text, let style):
      let positions = ScalarPositions.align(text, style: style, at: position, in: source)
      return zip(text, positions ?? [Int](repeating: position, count: text.count)).map { ($0, $1) }
    case .sequence(let items):
      guard !items.isEmpty else { return nil }
      var result: [(Character, Int)] = [("[", position)]
      for (index, item) in items.enumerated() {
        guard let part = item.literal else { return nil }
        if index > 0 { result.append((",", item.position)) }
        result += part
      }
      result.append(("]", position))
      return result
    case .mapping: return nil
    }
  }
}
