internal import DynamicModels
internal import Foundation
public import ModelLanguage
internal import TensorCore

/// Reads model files and says everything that is wrong with them.
public enum ModelLoader {
  /// The largest model file in bytes.
  public static let sizeLimit = YamlGuards.sizeLimit
  /// The deepest nesting of a model file.
  public static let nestingLimit = YamlGuards.nestingLimit

  /// Reads a model file.
  ///
  /// - Parameters:
  ///   - path: The file; data files it names are looked up beside it.
  ///   - overrides: Changes such as `levels.1.precision.y=exp(4)`, applied in order.
  ///   - knownGlossary: The slugs that exist, or nil to leave the file's unchecked.
  /// - Returns: The model with everything else its file says.
  /// - Throws: `ModelFileError`, with several problems together where there are several.
  public static func load(
    path: String, overrides: [String] = [], knownGlossary: Set<String>? = nil
  ) throws(ModelFileError) -> ModelFile {
    let text = try ModelFileText.read(path, limit: sizeLimit)
    return try load(
      source: SourceFile(name: path, text: text), overrides: overrides,
      knownGlossary: knownGlossary)
  }

  /// Reads a model from a text; `source.name` is its path, which data files are relative to.
  ///
  /// - Throws: `ModelFileError`, with several problems together where there are several.
  public static func load(
    source: SourceFile, overrides: [String] = [], knownGlossary: Set<String>? = nil
  ) throws(ModelFileError) -> ModelFile {
    let bytes = source.text.utf8.count
    guard bytes <= sizeLimit else {
      throw .tooLarge(path: source.name, bytes: bytes, limit: sizeLimit)
    }
    var loading = Loading(source: source, overrides: overrides, knownGlossary: knownGlossary)
    guard let file = loading.model(), loading.problems.isEmpty else {
      throw .diagnostics(loading.problems.diagnostics, sources: loading.sources)
    }
    return file
  }
}

/// One file on its way from text to model.
private struct Loading {
  let problems = ProblemCollector()
  var sources: [SourceFile]
  let source: SourceFile
  let overrides: [String]
  let knownGlossary: Set<String>?

  init(source: SourceFile, overrides: [String], knownGlossary: Set<String>?) {
    self.source = source
    self.overrides = overrides
    self.knownGlossary = knownGlossary
    sources = [source]
  }

  private var values: ValueCompiler { ValueCompiler(problems: problems) }
  private var nodes: NodeReader { NodeReader(problems: problems) }
  private var matrices: MatrixReader { MatrixReader(problems: problems) }

  mutating func model() -> ModelFile? {
    guard let root = tree() else { return nil }
    let reader = DeclarationReader(nodes: nodes, knownGlossary: knownGlossary)
    guard let declaration = reader.read(root) else { return nil }
    let file = FileScope(declaration, values)
    let settings = SettingsReader(model: declaration, values: values, nodes: nodes, file: file)
    let inversion = settings.inversion()
    let smoothness = settings.smoothness()
    let orders = settings.orders()
    let time = settings.time(isOptional: declaration.data.file != nil)
    let levels = LevelCompiler(
      model: declaration, file: file, values: values, nodes: nodes, matrices: matrices
    ).levels()
    guard levels.count == declaration.levels.count, let bottom = levels.first else { return nil }
    var dataSection = DataSection(
      source: source, problems: problems, values: values, nodes: nodes, file: file)
    dataSection.read(
      declaration.data, outputs: bottom.level.outputs,
      causes: levels[levels.count - 1].level.outputs,
      samples: time?.count)
    for text in dataSection.sources where !sources.contains(where: { $0.name == text.name }) {
      sources.append(text)
    }
    guard let time = finished(time, dataSection.recorded), let orders,
      let title = declaration.title,
      problems.isEmpty
    else { return nil }
    let check = StartCheck(model: declaration, problems: problems)
    let checked = check.levels(levels, time: time[1])
    let process = ProcessCompiler(
      model: declaration, file: file, values: values, matrices: matrices, levels: levels,
      smoothness: smoothness
    ).process(time: time)
    guard let process else { return nil }
    check.process(process)
    guard problems.isEmpty else { return nil }
    let model = HierarchicalDynamicModel(
      levels: checked, stateOrder: orders.states, causeOrder: orders.causes,
      smoothness: smoothness, time: time)
    return ModelFile(
      name: URL(fileURLWithPath: source.name).deletingPathExtension().lastPathComponent,
      path: source.name, source: source, title: title, about: declaration.about,
      glossary: declaration.glossary, citation: declaration.citation,
      model: model, process: process, inversion: inversion, data: dataSection.recorded,
      dataSettings: dataSection.settings(for: model))
  }

  /// The node tree with the overrides applied.
  private mutating func tree() -> YamlNode? {
    let outcome = YamlComposer.compose(SourceText(source))
    for diagnostic in outcome.diagnostics { problems.add(diagnostic) }
    guard var root = outcome.root else { return nil }
    guard root.entries != nil else {
      if root.isNull {
        problems.add(.emptyFile, at: root)
      } else {
        problems.add(.notAModel(root.kind), at: root)
      }
      return nil
    }
    var split: [Diagnostic] = []
    SplitExpressions.repair(&root, &split)
    for diagnostic in split { problems.add(diagnostic) }
    for text in overrides {
      switch Override.parse(text) {
      case .failure(let failure):
        sources.append(failure.file)
        for diagnostic in failure.diagnostics { problems.add(diagnostic) }
      case .success(let override):
        sources.append(override.file)
        for diagnostic in override.apply(to: &root) { problems.add(diagnostic) }
      }
    }
    return root
  }

  private func finished(_ time: PartialTimes?, _ data: RecordedData?) -> SampleTimes? {
    guard let time, let count = time.count ?? data?.samples.rows else { return nil }
    return SampleTimes(count: count, step: time.step)
  }
}

/// The times as far as the model file knows them: recorded data may give the number of samples.
struct PartialTimes {
  var count: Int?
  var step: Double
}
