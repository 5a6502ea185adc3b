/// The language of every text that a person reads.
public enum ReportLanguage: String, Sendable, CaseIterable {
  /// English.
  case english = "en"
  /// Japanese.
  case japanese = "ja"

  /// Picks the text of this language.
  public func pick(_ english: @autoclosure () -> String, _ japanese: @autoclosure () -> String)
    -> String
  {
    switch self {
    case .english: english()
    case .japanese: japanese()
    }
  }
}
