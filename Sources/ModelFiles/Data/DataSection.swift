internal import DynamicModels
internal import Foundation
internal import ModelLanguage
internal import TensorCore

/// The `data` section of a model file, with the files that it names.
struct DataSection {
  /// The recorded data, if the section names a file.
  private(set) var recorded: RecordedData?
  /// The texts of the files that were read.
  private(set) var sources: [SourceFile] = []

  private var settings = DataSettings()
  /// Which causes have a prior expectation in the data, and the numbers `[N × as many]`.
  private var causes: (places: [Int], values: Tensor<Double>)?

  private let source: SourceFile
  private let problems: ProblemCollector
  private let values: ValueCompiler
  private let nodes: NodeReader
  private let file: FileScope

  init(
    source: SourceFile, problems: ProblemCollector, values: ValueCompiler, nodes: NodeReader,
    file: FileScope
  ) {
    self.source = source
    self.problems = problems
    self.values = values
    self.nodes = nodes
    self.file = file
  }

  /// Reads the section and its files.
  ///
  /// - Parameters:
  ///   - declaration: The section.
  ///   - outputs: What level 1 emits.
  ///   - causes: What the last level emits.
  ///   - samples: The number of samples, where the model file gives it.
  mutating func read(
    _ declaration: DataDeclaration, outputs: VariableLayout, causes: VariableLayout, samples: Int?
  ) {
    if let node = declaration.file, let reader = open(node) {
      var reader = reader
      readChannels(&reader, declaration, outputs, samples, at: node)
      readCauses(&reader, declaration.causes, causes)
      finish(reader)
    } else if declaration.file == nil, !declaration.causes.isEmpty, let node = declaration.node {
      problems.add(.missingKey("file", in: .data), at: node)
    }
    if let node = declaration.delays, !node.isNull { readDelays(node, outputs.count) }
    if let node = declaration.confounds, !node.isNull { readConfounds(node, samples) }
  }

  /// Everything but the data themselves, for the finished model.
  func settings(for model: HierarchicalDynamicModel) -> DataSettings {
    var settings = settings
    if let causes {
      settings.priorCauses = DataSection.prior(of: model, causes.places, causes.values)
    }
    return settings
  }

  /// η at every sample: columns where there are some, elsewhere the equations of the last level.
  static func prior(
    of model: HierarchicalDynamicModel, _ places: [Int], _ values: Tensor<Double>
  ) -> Tensor<Double> {
    var prior = model.priorCauses()
    for sample in 0..<prior.rows {
      for (column, place) in places.enumerated() {
        prior[sample, place] = values[sample, column]
      }
    }
    return prior
  }

  private mutating func readChannels(
    _ reader: inout any DataReader, _ declaration: DataDeclaration, _ outputs: VariableLayout,
    _ samples: Int?, at node: YamlNode
  ) {
    var columns: [String: String] = [:]
    let names = outputs.elementNames
    for entry in declaration.columns {
      if DataFile.channel(entry.name, in: outputs) == nil {
        problems.add(
          .unknownChannel(
            entry.name, suggestion: NameSuggestion.nearest(to: entry.name, among: names),
            allowed: names), at: entry.key)
      }
      columns[entry.name] = nodes.text(entry.value, key: "columns") ?? ""
    }
    if problems.isEmpty { recorded = reader.channels(outputs, columns: columns) }
    if let recorded, let samples, recorded.samples.rows != samples {
      problems.add(.wrongRowCount(expected: samples, found: recorded.samples.rows), at: node)
    }
  }

  private mutating func readCauses(
    _ reader: inout any DataReader, _ entries: [NamedNode], _ layout: VariableLayout
  ) {
    guard !entries.isEmpty else { return }
    let names = layout.elementNames
    let columns = reader.columnNames
    var places: [Int] = []
    var wanted: [String] = []
    for entry in entries {
      guard let place = DataFile.channel(entry.name, in: layout) else {
        problems.add(
          .unknownCause(
            entry.name, suggestion: NameSuggestion.nearest(to: entry.name, among: names),
            allowed: names), at: entry.key)
        continue
      }
      guard let column = nodes.text(entry.value, key: entry.name) else { continue }
      // A file that could not be read has said so already.
      guard columns.contains(column) || !reader.diagnostics.isEmpty else {
        problems.add(
          .unknownColumn(
            column, suggestion: NameSuggestion.nearest(to: column, among: columns),
            allowed: columns), at: entry.value)
        continue
      }
      places.append(place)
      wanted.append(column)
      settings.causeColumns[names[place]] = column
    }
    guard problems.isEmpty, reader.diagnostics.isEmpty, let values = reader.causes(wanted) else {
      return
    }
    causes = (places, values)
    if let recorded, recorded.samples.rows != values.rows {
      problems.add(
        .binaryData(
          .variableLengths(
            wanted[0], values.rows, other: recorded.channels[0], recorded.samples.rows)),
        at: entries[0].value)
    }
  }

  private mutating func readDelays(_ node: YamlNode, _ count: Int) {
    guard let tensor = values.tensor(node, in: file.shared, .key("delays"), key: "delays") else {
      return
    }
    if tensor.shape.isScalar {
      settings.delays = [Double](repeating: tensor.values[0], count: count)
    } else if tensor.shape == .vector(count) {
      settings.delays = tensor.values
    } else {
      problems.add(
        .wrongShape(.delays, expected: [.scalar, .vector(count)], found: tensor.shape), at: node)
    }
  }

  private mutating func readConfounds(_ node: YamlNode, _ samples: Int?) {
    guard let fields = nodes.fields(node, .confounds, ["file"], key: "confounds") else { return }
    guard let path = fields["file"] else {
      problems.add(.missingKey("file", in: .confounds), at: node)
      return
    }
    guard var reader = open(path) else { return }
    if let confounds = reader.confounds() {
      settings.confoundNames = confounds.names
      settings.confounds = confounds.values
      let rows = confounds.values.rows
      let expected = samples ?? recorded?.samples.rows ?? rows
      if rows != expected {
        problems.add(.wrongRowCount(expected: expected, found: rows), at: path)
      }
    }
    finish(reader)
  }

  private mutating func finish(_ reader: any DataReader) {
    for diagnostic in reader.diagnostics { problems.add(diagnostic) }
    if let text = reader.source, !sources.contains(where: { $0.name == text.name }) {
      sources.append(text)
    }
  }

  /// Opens a data file beside the model file.
  private func open(_ node: YamlNode) -> (any DataReader)? {
    guard let name = nodes.text(node, key: "file") else { return nil }
    // A path inside an override is the user's own and relative to where the command runs.
    let folder = URL(fileURLWithPath: source.name).deletingLastPathComponent().relativePath
    let isAbsolute = name.hasPrefix("/") || folder == "." || node.source.file.name != source.name
    let path = isAbsolute ? name : folder + "/" + name
    do {
      return try DataFile.open(path)
    } catch .unreadable(_, let failure) {
      problems.add(.unreadableDataFile(path: path, failure), at: node)
    } catch .tooLarge(_, _, let limit) {
      problems.add(.dataFileTooLarge(limit: limit), at: node)
    } catch {
      problems.add(.unreadableDataFile(path: path, .notText), at: node)
    }
    return nil
  }
}
