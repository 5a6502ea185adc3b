internal import Foundation

/// The fonts that figures can use.
public enum FontCatalog {
  /// The installed families with the characters of a language, or nil where that cannot be found
  /// out because fontconfig's `fc-list` is not installed.
  public static func families(language: String) -> [String]? {
    let environment = ProcessInfo.processInfo.environment
    guard let path = ChildProcess.locate("fc-list", environment: environment),
      let outcome = try? ChildProcess.run(
        path, arguments: [":lang=\(language)", "family"], input: "", environment: environment),
      outcome.status == 0
    else { return nil }
    let names = String(decoding: outcome.output, as: UTF8.self)
      .split(separator: "\n").compactMap { $0.split(separator: ",").first.map(String.init) }
    return Set(names).sorted()
  }

  /// The family that figures are drawn in.
  public static var figureFamily: String { Terminal.fontFamily }
}

extension GnuplotRenderer {
  /// Where the program was found, or nil where it was not.
  public var location: String? {
    ChildProcess.locate(executable, environment: ProcessInfo.processInfo.environment)
  }
}
