public import DynamicModels
public import ModelLanguage

/// A model as its file states it: texts, the generative model, the process, settings and data.
public struct ModelFile: Sendable {
  /// The name: the file's without its folder and `.yaml`.
  public var name: String
  /// Where it was read from.
  public var path: String
  /// The text it was read from.
  public var source: SourceFile
  /// What it is called.
  public var title: LocalizedText
  /// What it shows.
  public var about: LocalizedText?
  /// Glossary entries it illustrates, by their slugs.
  public var glossary: [String]
  /// The publication it comes from.
  public var citation: String?
  /// The generative model.
  public var model: HierarchicalDynamicModel
  /// The world that makes data when none are recorded.
  public var process: ProcessDescription
  /// How the file asks to be inverted.
  public var inversion: InversionSettings
  /// Recorded data, if the file names some.
  public var data: RecordedData?
  /// Delays and confounds.
  public var dataSettings: DataSettings
}
