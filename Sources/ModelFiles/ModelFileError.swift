internal import Foundation
public import ModelLanguage

/// Why a model file, a data file or an override was refused.
public enum ModelFileError: Error, Equatable, Sendable {
  /// The file cannot be opened or read.
  case unreadable(path: String, DataFileFailure)
  /// The file is larger than is accepted.
  case tooLarge(path: String, bytes: Int, limit: Int)
  /// Everything that is wrong, with the texts it refers to.
  case diagnostics([Diagnostic], sources: [SourceFile])

  /// Whether two errors say the same about the same texts.
  public static func == (a: ModelFileError, b: ModelFileError) -> Bool {
    switch (a, b) {
    case (.unreadable(let path, let reason), .unreadable(let other, let otherReason)):
      path == other && reason == otherReason
    case (.tooLarge(let path, let bytes, let limit), .tooLarge(let other, let size, let most)):
      path == other && bytes == size && limit == most
    case (.diagnostics(let all, let sources), .diagnostics(let others, let otherSources)):
      all == others
        && sources.elementsEqual(otherSources) { $0.name == $1.name && $0.text == $1.text }
    default: false
    }
  }

  /// The error as a person reads it.
  public func render(language: DiagnosticLanguage) -> String {
    let english = language == .english
    switch self {
    case .unreadable(let path, let failure):
      let label = english ? "error" : "エラー"
      return "\(path): \(label): \(failure.text(language))\n"
    case .tooLarge(let path, let bytes, let limit):
      let size = (bytes + 999_999) / 1_000_000
      let most = limit / 1_000_000
      return english
        ? "\(path): error: the file has \(size) MB; at most \(most) MB are accepted\n"
        : "\(path): エラー: ファイルは \(size) MB です。受け付けられるのは \(most) MB までです\n"
    case .diagnostics(let diagnostics, let sources):
      return DiagnosticRenderer(sources: sources, language: language).render(diagnostics)
    }
  }
}

/// Reads files whole, with a limit on their size and, for text, a check of their encoding.
enum ModelFileText {
  /// The text of a file.
  static func read(_ path: String, limit: Int) throws(ModelFileError) -> String {
    try decode(try bytes(path, limit: limit), path: path)
  }

  /// The bytes of a file.
  static func bytes(_ path: String, limit: Int) throws(ModelFileError) -> Data {
    try check(path, limit: limit) { try read(path, atMost: limit) }
  }

  /// Does something with a file after checking that it is there, no folder and not too large.
  static func check<Result>(
    _ path: String, limit: Int, then work: () throws -> Result
  ) throws(ModelFileError) -> Result {
    do {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
      if attributes[.type] as? FileAttributeType == .typeDirectory {
        throw CocoaError(.fileReadInvalidFileName)
      }
      let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
      if size > limit { throw ModelFileError.tooLarge(path: path, bytes: size, limit: limit) }
      return try work()
    } catch let error as ModelFileError {
      throw error
    } catch let error as CocoaError {
      switch error.code {
      case .fileNoSuchFile, .fileReadNoSuchFile: throw .unreadable(path: path, .notFound)
      case .fileReadInvalidFileName: throw .unreadable(path: path, .isDirectory)
      case .fileReadNoPermission: throw .unreadable(path: path, .noPermission)
      default: throw .unreadable(path: path, .system(error.code.rawValue))
      }
    } catch {
      throw .unreadable(path: path, .system((error as NSError).code))
    }
  }

  // Devices report no size, so the limit is held while reading as well.
  private static func read(_ path: String, atMost limit: Int) throws -> Data {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    var data = Data()
    while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
      data.append(part)
      if data.count > limit {
        throw ModelFileError.tooLarge(path: path, bytes: data.count, limit: limit)
      }
    }
    return data
  }

  /// Decodes UTF-8, dropping a byte-order mark.
  static func decode(_ data: Data, path: String) throws(ModelFileError) -> String {
    var bytes = Array(data)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let bad = firstInvalidByte(bytes)
    let before = String(decoding: bytes[..<bad], as: UTF8.self)
    // The line is shown with the replacement character where the bytes make no text.
    let file = SourceFile(name: path, text: String(decoding: bytes, as: UTF8.self))
    let lines = before.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let location = SourceLocation(
      file: path, line: lines.count, column: (lines.last?.count ?? 0) + 1)
    throw .diagnostics(
      [
        Diagnostic(.file(.invalidUTF8(byte: bytes[bad])), at: SourceSpan(location))
      ], sources: [file])
  }

  private static func firstInvalidByte(_ bytes: [UInt8]) -> Int {
    var valid = 0
    var index = 0
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while index < bytes.count {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar):
        index += UTF8.width(scalar)
        valid = index
      case .emptyInput, .error: return min(valid, bytes.count - 1)
      }
    }
    return min(valid, bytes.count - 1)
  }
}
