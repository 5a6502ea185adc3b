internal import DynamicModels
internal import ModelLanguage

/// One entry of `levels` before anything in it is compiled.
struct LevelDeclaration {
  var number: Int
  var node: YamlNode
  var name: String?
  var parameters: [NamedNode] = []
  var states: [NamedNode] = []
  var motion: [NamedNode] = []
  var output: [NamedNode] = []
  var precision: [NamedNode] = []
  var lets: [NamedNode] = []
  var smoothness: YamlNode?
}

/// The `process` section before anything in it is compiled.
struct ProcessDeclaration {
  var node: YamlNode?
  var causes: [NamedNode] = []
  var precision: [NamedNode] = []
  var parameters: [NamedNode] = []
  var states: [NamedNode] = []
  var motion: [NamedNode] = []
  var output: [NamedNode] = []
  var action: [NamedNode] = []
  var lets: [NamedNode] = []
  var smoothness: YamlNode?
}

/// The `data` section before its files are read.
struct DataDeclaration {
  var file: YamlNode?
  var columns: [NamedNode] = []
  var causes: [NamedNode] = []
  var node: YamlNode?
  var delays: YamlNode?
  var confounds: YamlNode?
}

/// A model file taken apart: every key known, every value still a node.
struct ModelDeclaration {
  var root: YamlNode
  var title: LocalizedText?
  var about: LocalizedText?
  var citation: String?
  var glossary: [String] = []
  var time: [String: YamlNode]?
  var timeNode: YamlNode?
  var embedding: [String: YamlNode] = [:]
  var smoothness: YamlNode?
  var functions: [NamedNode] = []
  var lets: [NamedNode] = []
  var levels: [LevelDeclaration] = []
  var process = ProcessDeclaration()
  var inversion: [String: YamlNode] = [:]
  var data = DataDeclaration()
}

/// Takes a tree apart into declarations.
struct DeclarationReader {
  let nodes: NodeReader
  let knownGlossary: Set<String>?

  private var problems: ProblemCollector { nodes.problems }

  static let fileKeys = [
    "title", "about", "glossary", "source", "time", "embedding", "smoothness", "functions", "let",
    "levels", "process", "inversion", "data",
  ]
  static let levelKeys = [
    "name", "parameters", "states", "motion", "output", "precision", "let", "smoothness",
  ]
  static let processKeys = [
    "causes", "precision", "parameters", "states", "motion", "output", "action", "let",
    "smoothness",
  ]
  static let inversionKeys = [
    "scheme", "stepsPerSample", "iterations", "precisionIterations", "passes", "gradientGain",
    "reference",
  ]

  func read(_ root: YamlNode) -> ModelDeclaration? {
    guard
      let fields = nodes.fields(root, .file, DeclarationReader.fileKeys, key: "the file")
    else { return nil }
    var model = ModelDeclaration(root: root)
    if let title = fields["title"] {
      model.title = nodes.localizedText(title, .title, key: "title")
    } else {
      problems.add(.missingKey("title", in: .file), at: root)
    }
    model.about = nodes.localizedText(fields["about"], .about, key: "about")
    model.citation = nodes.text(fields["source"], key: "source")
    model.glossary = glossary(fields["glossary"])
    model.timeNode = fields["time"]
    if let time = fields["time"] {
      model.time = nodes.fields(time, .time, ["samples", "step"], key: "time")
    } else {
      problems.add(.missingKey("time", in: .file), at: root)
    }
    if let embedding = fields["embedding"] {
      model.embedding =
        nodes.fields(embedding, .embedding, ["states", "causes"], key: "embedding") ?? [:]
    }
    model.smoothness = fields["smoothness"]
    model.functions = nodes.names(fields["functions"], key: "functions", areFunctions: true)
    model.lets = nodes.names(fields["let"], key: "let")
    if let levels = fields["levels"] {
      model.levels = self.levels(levels)
    } else {
      problems.add(.missingKey("levels", in: .file), at: root)
    }
    if let process = fields["process"], !process.isNull { model.process = self.process(process) }
    if let inversion = fields["inversion"], !inversion.isNull {
      model.inversion =
        nodes.fields(inversion, .inversion, DeclarationReader.inversionKeys, key: "inversion")
        ?? [:]
    }
    if let data = fields["data"], !data.isNull { model.data = self.data(data) }
    return model
  }

  private func glossary(_ node: YamlNode?) -> [String] {
    guard let node, !node.isNull, let items = nodes.list(node, key: "glossary") else { return [] }
    var slugs: [String] = []
    for item in items {
      guard let slug = nodes.text(item, key: "glossary") else { continue }
      if let known = knownGlossary, !known.contains(slug) {
        problems.add(
          .unknownSlug(slug, suggestion: NameSuggestion.nearest(to: slug, among: known.sorted())),
          at: item)
      }
      slugs.append(slug)
    }
    return slugs
  }

  private func levels(_ node: YamlNode) -> [LevelDeclaration] {
    guard let items = nodes.list(node, key: "levels") else { return [] }
    if items.count < 2 { problems.add(.tooFewLevels(items.count), at: node) }
    var levels: [LevelDeclaration] = []
    for (index, item) in items.enumerated() {
      let number = index + 1
      var level = LevelDeclaration(number: number, node: item)
      guard
        let fields = nodes.fields(
          item, .level(number), DeclarationReader.levelKeys, key: "levels.\(number)")
      else { continue }
      level.name = nodes.text(fields["name"], key: "name")
      level.parameters = nodes.names(fields["parameters"], key: "parameters")
      level.states = nodes.names(fields["states"], key: "states")
      level.motion = nodes.names(fields["motion"], key: "motion")
      level.output = nodes.names(fields["output"], key: "output")
      level.precision = nodes.names(fields["precision"], key: "precision")
      level.lets = nodes.names(fields["let"], key: "let")
      level.smoothness = fields["smoothness"]
      if fields["output"] == nil {
        problems.add(.missingKey("output", in: .level(number)), at: item)
      }
      check(level, isPrior: number == items.count && items.count > 1, item)
      levels.append(level)
    }
    return levels
  }

  private func check(_ level: LevelDeclaration, isPrior: Bool, _ item: YamlNode) {
    if isPrior {
      for entry in item.entries ?? [] {
        guard let key = entry.key.scalar, ["parameters", "states", "motion"].contains(key),
          !entry.value.isNull
        else { continue }
        problems.add(.priorLevelHas(key: key, level: level.number), at: entry.key)
      }
      return
    }
    let states = level.states.map(\.name)
    let moving = level.motion.map(\.name)
    for motion in level.motion where !states.contains(motion.name) {
      let candidates = states.filter { !moving.contains($0) }
      problems.add(
        .motionWithoutState(
          motion.name, suggestion: NameSuggestion.nearest(to: motion.name, among: candidates)),
        at: motion.key)
    }
    for state in level.states where !moving.contains(state.name) {
      // One misspelt motion is one mistake, reported above.
      let misspelt = level.motion.contains {
        !states.contains($0.name)
          && NameSuggestion.nearest(to: $0.name, among: [state.name]) != nil
      }
      if !misspelt && !problems.isPoisoned(state.name) {
        problems.add(.stateWithoutMotion(state.name), at: state.key)
      }
    }
    let fluctuating = level.output.map(\.name) + states
    check(level.precision, in: .names("precision", level: level.number), among: fluctuating)
  }

  /// Reports names that are none of the allowed ones.
  func check(_ entries: [NamedNode], in section: FileSection, among allowed: [String]) {
    for entry in entries where !allowed.contains(entry.name) {
      problems.add(
        .unknownKey(
          entry.name, in: section,
          suggestion: NameSuggestion.nearest(to: entry.name, among: allowed), allowed: allowed),
        at: entry.key)
    }
  }

  private func process(_ node: YamlNode) -> ProcessDeclaration {
    var process = ProcessDeclaration(node: node)
    guard let fields = nodes.fields(node, .process, DeclarationReader.processKeys, key: "process")
    else { return process }
    process.causes = nodes.names(fields["causes"], key: "causes")
    process.precision = nodes.names(fields["precision"], key: "precision")
    process.parameters = nodes.names(fields["parameters"], key: "parameters")
    process.states = nodes.names(fields["states"], key: "states")
    process.motion = nodes.names(fields["motion"], key: "motion")
    process.output = nodes.names(fields["output"], key: "output")
    process.action = nodes.names(fields["action"], key: "action")
    process.lets = nodes.names(fields["let"], key: "let")
    process.smoothness = fields["smoothness"]
    return process
  }

  private func data(_ node: YamlNode) -> DataDeclaration {
    var data = DataDeclaration()
    data.node = node
    let keys = ["file", "columns", "causes", "delays", "confounds"]
    guard let fields = nodes.fields(node, .data, keys, key: "data") else { return data }
    data.file = fields["file"]
    data.delays = fields["delays"]
    data.confounds = fields["confounds"]
    if let columns = fields["columns"], !columns.isNull {
      // Channel names may carry an index, so they are not checked like other names.
      data.columns = nodes.names(columns, key: "columns", areFunctions: true)
    }
    data.causes = nodes.names(fields["causes"], key: "causes", areFunctions: true)
    return data
  }
}
