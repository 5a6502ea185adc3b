public import ModelLanguage

/// A text in the two languages of the project.
public struct LocalizedText: Hashable, Sendable {
  /// English.
  public var english: String
  /// Japanese.
  public var japanese: String

  /// Creates a text.
  public init(english: String, japanese: String) {
    self.english = english
    self.japanese = japanese
  }

  /// The text in one language.
  public func text(_ language: DiagnosticLanguage) -> String {
    language == .english ? english : japanese
  }
}
