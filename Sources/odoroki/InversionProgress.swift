internal import Recognition
internal import Reporting
internal import Runs

/// What a user sees while a model is inverted: a bar over samples, or a line per pass.
///
/// The bar shows on terminals only; the lines are notes and appear as each pass ends.
final class InversionProgress {
  private let console: Console
  private let line: ProgressLine?
  private var text: ConvergenceText

  init(_ console: Console) {
    self.console = console
    line = console.progress("recognising", "認識中")
    text = ConvergenceText(language: console.language)
  }

  /// Shows what a step gave.
  func update(_ info: InversionInfo) {
    if let passes = text.text(after: info) {
      console.note(passes)
    } else {
      line?.update(Double(info.completed), of: Double(info.limit))
    }
  }

  /// Leaves the terminal clean.
  func finish() { line?.clear() }
}
