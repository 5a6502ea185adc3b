internal import Foundation

/// Why a file of text could not be read.
public enum TextFileError: Error, Sendable, Equatable {
  /// The path is empty.
  case emptyPath
  /// There is no such file.
  case missingFile(path: String)
  /// The path leads to a folder, a device or something else without contents of its own.
  case notAFile(path: String)
  /// The system refused to read.
  case unreadable(path: String)
  /// The file is longer than any real one of its kind.
  case tooLong(path: String, limit: Int)
  /// The file is not UTF-8.
  case notText(path: String)

  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .emptyPath: "the name of the file is empty"
    case .missingFile(let path): "there is no file '\(path)'"
    case .notAFile(let path): "'\(path)' is not a regular file"
    case .unreadable(let path): "'\(path)' cannot be read; check its permissions"
    case .tooLong(let path, let limit): "'\(path)' is longer than \(limit) bytes"
    case .notText(let path): "'\(path)' is not UTF-8 text"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .emptyPath: "ファイル名が空です"
    case .missingFile(let path): "ファイル「\(path)」がありません"
    case .notAFile(let path): "「\(path)」は通常のファイルではありません"
    case .unreadable(let path): "「\(path)」を読み込めません。読み取りの権限を確かめてください"
    case .tooLong(let path, let limit): "「\(path)」が長すぎます（上限は \(limit) バイト）"
    case .notText(let path): "「\(path)」は UTF-8 の文字列ではありません"
    }
  }
}

/// Reads whole files of text.
package enum TextFile {
  /// The longest file that is read, in bytes.
  static let byteLimit = 64 << 20

  /// The text of a file, without a byte order mark.
  package static func read(_ path: String) throws(TextFileError) -> String {
    guard !path.isEmpty else { throw .emptyPath }
    var isFolder: ObjCBool = false
    let manager = FileManager.default
    guard !path.utf8.contains(0),
      unsafe manager.fileExists(atPath: path, isDirectory: &isFolder)
    else { throw .missingFile(path: path) }
    let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let attributes = try? manager.attributesOfItem(atPath: url.path)
    guard !isFolder.boolValue, attributes?[.type] as? FileAttributeType == .typeRegular else {
      throw .notAFile(path: path)
    }
    if let size = attributes?[.size] as? Int, size > byteLimit {
      throw .tooLong(path: path, limit: byteLimit)
    }
    guard let data = try? Data(contentsOf: url) else { throw .unreadable(path: path) }
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    let bytes = data.starts(with: mark) ? data.dropFirst(3) : data
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notText(path: path) }
    return text
  }

  /// The lines of a text, without their ends (`\n` or `\r\n`) and without an empty last one.
  package static func lines(_ text: String) -> [String] {
    var lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines.map { line in
      String(Substring(line.last == 0x0d ? line.dropLast() : line))
    }
  }
}
