internal import Foundation
internal import Synchronization

/// One line on a terminal that shows how far a computation is.
///
/// It rewrites itself at most ten times a second, vanishes when cleared, and writes nothing where
/// no person watches. May be updated from several threads.
public final class ProgressLine: Sendable {
  private struct State {
    var lastDrawn: ContinuousClock.Instant?
    var isVisible = false
  }

  private let label: String
  private let style: TerminalStyle
  private let interval: Duration
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// Creates a line on standard error.
  ///
  /// - Parameters:
  ///   - label: what is being computed.
  ///   - style: what standard error can show.
  public convenience init(_ label: String, style: TerminalStyle = .detect(.standardError)) {
    self.init(label, style: style, interval: .milliseconds(100)) { text in
      FileHandle.standardError.write(Data(text.utf8))
    }
  }

  /// Creates a line with its own outlet and its own shortest time between two drawings.
  init(
    _ label: String, style: TerminalStyle, interval: Duration,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.label = label
    self.style = style
    self.interval = interval
    self.write = write
  }

  /// Shows that `completed` of `total` units are done.
  public func update(_ completed: Double, of total: Double, note: String = "") {
    guard style.isTerminal else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if let last = state.lastDrawn, now - last < interval { return }
      state.lastDrawn = now
      state.isVisible = true
      write("\r\u{1b}[K" + line(fraction: total > 0 ? completed / total : 0, note: note))
    }
  }

  /// Removes the line, so that other text can follow.
  public func clear() {
    state.withLock { state in
      guard state.isVisible else { return }
      state.isVisible = false
      state.lastDrawn = nil
      write("\r\u{1b}[K")
    }
  }

  deinit { clear() }

  /// The text of the line, one cell short of the terminal's width so that it never wraps.
  func line(fraction: Double, note: String) -> String {
    let fraction = fraction.isFinite ? min(1, max(0, fraction)) : 0
    let width = 24
    let filled = Int(fraction * Double(width))
    let full = style.usesUnicode ? "█" : "#"
    let empty = style.usesUnicode ? "░" : "."
    let bar =
      String(repeating: full, count: filled) + String(repeating: empty, count: width - filled)
    let percent = String(Int(fraction * 100))
    let padding = String(repeating: " ", count: 3 - percent.count)
    let text = "\(label)  \(bar) \(padding)\(percent) %" + (note.isEmpty ? "" : "  \(note)")
    let mark = style.usesUnicode ? "…" : "~"
    return DisplayWidth.truncate(text, to: max(1, (style.width ?? 80) - 1), mark: mark)
  }
}
