/// What is wrong and where, as data; `DiagnosticRenderer` makes the text.
public struct Diagnostic: Error, Sendable, Equatable {
  /// What is wrong.
  public let kind: DiagnosticKind
  /// The characters it is about.
  public let span: SourceSpan
  /// The part of a model in which it happened, where that is known.
  public let context: ExpressionContext?
  /// Further places that explain it; their kinds say how.
  public let notes: [Diagnostic]

  /// Creates a diagnostic.
  public init(
    _ kind: DiagnosticKind, at span: SourceSpan, context: ExpressionContext? = nil,
    notes: [Diagnostic] = []
  ) {
    self.kind = kind
    self.span = span
    self.context = context
    self.notes = notes
  }

  /// The same with one more note.
  public func adding(note: Diagnostic) -> Diagnostic {
    Diagnostic(kind, at: span, context: context, notes: notes + [note])
  }
}

/// The part of a model that an expression belongs to.
public indirect enum ExpressionContext: Sendable, Hashable {
  /// The motion of a state.
  case motion(String)
  /// An output.
  case output(String)
  /// The precision of an output or a state.
  case precision(String)
  /// A cause of the process or of the prior.
  case cause(String)
  /// The value of a parameter.
  case parameter(String)
  /// The initial value of a state.
  case initialValue(String)
  /// The prior variance, covariance or precision of a parameter or a state.
  case prior(String)
  /// A `let` binding.
  case binding(String)
  /// The body of a function of the file.
  case function(String)
  /// The value of a key that has no better description.
  case key(String)
  /// The same in the process that makes the data.
  case process(ExpressionContext)
}

/// The languages that diagnostics speak.
public enum DiagnosticLanguage: String, CaseIterable, Sendable {
  /// English.
  case english = "en"
  /// Japanese.
  case japanese = "ja"
}
