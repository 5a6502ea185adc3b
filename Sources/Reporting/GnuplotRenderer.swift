internal import Foundation

/// Draws figures with gnuplot as a child process.
///
/// The same figure gives the same bytes in every format. Nothing is written unless gnuplot
/// succeeded, and then the file appears whole.
public struct GnuplotRenderer: Sendable {
  /// The program's name, looked up in the search path, or its path.
  public let executable: String

  /// Creates a renderer.
  public init(executable: String = "gnuplot") {
    self.executable = executable
  }

  /// Draws the figure into a file, whose name chooses the format.
  ///
  /// - Throws: ``ReportingError``; an older file of that name then keeps its content.
  public func write(_ figure: Figure, to path: String) throws(ReportingError) {
    let format = try FigureFormat(path: path)
    try AtomicFile.check(path)
    try AtomicFile.write(try render(figure, as: format), to: path)
  }

  /// Draws the figure and returns the bytes of the file.
  ///
  /// - Throws: ``ReportingError/gnuplotMissing(executable:)``,
  ///   ``ReportingError/gnuplotFailed(status:message:)``.
  public func render(_ figure: Figure, as format: FigureFormat) throws(ReportingError) -> [UInt8] {
    let bytes = try run(GnuplotScript(figure, format: format).text)
    switch format {
    case .svg: return Self.finishSVG(bytes, title: figure.title)
    case .png: return bytes
    case .pdf: return Self.withoutDate(bytes)
    }
  }

  /// The version of the program, such as `gnuplot 5.4 patchlevel 4`.
  ///
  /// - Throws: ``ReportingError``.
  public func version() throws(ReportingError) -> String {
    let outcome = try start(["--version"], input: "")
    return String(decoding: outcome.output, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Runs a script and returns what it drew.
  func run(_ script: String) throws(ReportingError) -> [UInt8] {
    // Without -d a user's own start-up file could change every figure.
    let outcome = try start(["-d"], input: script)
    let message = outcome.errors.trimmingCharacters(in: .whitespacesAndNewlines)
    guard outcome.status == 0, !outcome.output.isEmpty else {
      throw .gnuplotFailed(status: outcome.status, message: message)
    }
    return outcome.output
  }

  private func start(
    _ arguments: [String], input: String
  ) throws(ReportingError) -> ChildProcess.Outcome {
    var environment = ProcessInfo.processInfo.environment
    guard let path = ChildProcess.locate(executable, environment: environment) else {
      throw .gnuplotMissing(executable: executable)
    }
    for name in ["GNUTERM", "GNUPLOT_FONTPATH", "GNUPLOT_LIB"] { environment[name] = nil }
    environment["SOURCE_DATE_EPOCH"] = "0"
    do {
      return try ChildProcess.run(
        path, arguments: arguments, input: input, environment: environment)
    } catch {
      throw .gnuplotFailed(status: -1, message: String(describing: error))
    }
  }

  /// Gives readers without the font other ones of the kind, and names the picture.
  private static func finishSVG(_ bytes: [UInt8], title: String) -> [UInt8] {
    let family = Terminal.fontFamily
    let families =
      "font-family=\"'\(family)','Noto Sans JP','Hiragino Sans','Yu Gothic',"
      + "'Noto Sans','DejaVu Sans',sans-serif\""
    var text = String(decoding: bytes, as: UTF8.self)
    text = text.replacing(
      "font-family=\"\(family):Bold\"", with: "\(families) font-weight=\"bold\"")
    text = text.replacing("font-family=\"\(family)\"", with: families)
    // Cells of a heat map are values; readers of the picture must not see blurred ones.
    text = text.replacing("<image ", with: "<image image-rendering=\"pixelated\" ")
    let escaped = title.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    text = text.replacing(
      "<title>Gnuplot</title>", with: "<title>\(escaped)</title>", maxReplacements: 1)
    return [UInt8](text.utf8)
  }

  /// Overwrites the date of a PDF, which would differ with every run, without moving a byte.
  private static func withoutDate(_ bytes: [UInt8]) -> [UInt8] {
    let marker = Array("/CreationDate (D:".utf8)
    var bytes = bytes
    // The document information stands at the end.
    var position = bytes.count - marker.count
    while position >= 0, !bytes[position...].starts(with: marker) { position -= 1 }
    guard position >= 0 else { return bytes }
    let fixed = Array("19700101000000".utf8)
    for (offset, byte) in fixed.enumerated() {
      let index = position + marker.count + offset
      guard index < bytes.count, (0x30...0x39).contains(bytes[index]) else { break }
      bytes[index] = byte
    }
    return bytes
  }
}
