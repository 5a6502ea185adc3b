internal import Foundation

/// What the reader's terminal can show.
public struct TerminalStyle: Sendable, Equatable {
  /// The streams a program writes to.
  public enum Stream: Sendable {
    /// Where results go.
    case standardOutput
    /// Where progress and notes go.
    case standardError
  }

  /// Whether a person sees the stream as it is written.
  public var isTerminal: Bool
  /// Whether color and bold type may be used.
  public var usesColor: Bool
  /// Whether characters beyond ASCII are shown.
  public var usesUnicode: Bool
  /// The width in cells, where it is known.
  public var width: Int?

  /// A stream without color and without a limit of width, such as a file.
  public static let plain = TerminalStyle(isTerminal: false, environment: [:], width: nil)

  /// Decides from what is known about a stream.
  ///
  /// No color with a non-empty `NO_COLOR`, with `TERM=dumb` or away from a terminal. Unicode
  /// unless `LC_ALL`, `LC_CTYPE` or `LANG`, the first that is set, names another encoding.
  public init(isTerminal: Bool, environment: [String: String], width: Int?) {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    self.isTerminal = isTerminal
    usesColor = isTerminal && value("NO_COLOR") == nil && value("TERM") != "dumb"
    let locale = value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG")
    let encoding = locale?.lowercased().filter { $0.isLetter || $0.isNumber }
    usesUnicode = encoding.map { $0.contains("utf8") } ?? true
    self.width = width
  }

  /// Asks the system about a stream.
  public static func detect(
    _ stream: Stream, environment: [String: String]? = nil
  ) -> TerminalStyle {
    let environment = environment ?? ProcessInfo.processInfo.environment
    let descriptor = stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO
    let isTerminal = isatty(descriptor) != 0
    var width: Int?
    if isTerminal {
      var size = winsize()
      if unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
        width = Int(size.ws_col)
      } else {
        width = environment["COLUMNS"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil }
      }
    }
    return TerminalStyle(isTerminal: isTerminal, environment: environment, width: width)
  }

  /// The text in bold type, where that may be used.
  public func bold(_ text: String) -> String { wrap(text, "1") }

  /// The text in a fainter tone, where that may be used.
  public func faint(_ text: String) -> String { wrap(text, "2") }

  private func wrap(_ text: String, _ code: String) -> String {
    usesColor && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }
}
