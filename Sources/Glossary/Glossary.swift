/// One term of the glossary.
public struct GlossaryEntry: Hashable, Sendable {
  /// The stable name in links and model files, such as `free-energy`.
  public let slug: String
  /// The headword in English.
  public let english: String
  /// The headword in Japanese.
  public let japanese: String

  /// The headword within an English sentence: small letters, but for people's names.
  public var englishInText: String {
    let names = ["Bayesian", "Helmholtz", "Kullback", "Laplace"]
    return names.contains(where: english.hasPrefix) ? english : english.lowercased()
  }

  /// Creates a term.
  public init(slug: String, english: String, japanese: String) {
    self.slug = slug
    self.english = english
    self.japanese = japanese
  }
}

/// The terms that models and figures refer to, in two languages.
public enum Glossary {
  /// Every term, by the alphabet of the English headwords.
  public static var entries: [GlossaryEntry] { GlossaryTable.entries }

  /// The slugs that a model file may name.
  public static var slugs: Set<String> { Set(entries.map(\.slug)) }

  /// The term of a slug, if there is one.
  public static func entry(_ slug: String) -> GlossaryEntry? {
    entries.first { $0.slug == slug }
  }
}
