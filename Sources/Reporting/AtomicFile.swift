internal import Foundation
internal import Synchronization

/// Files that appear whole or not at all.
///
/// The bytes go to a temporary name in the same folder, are flushed to the disk and renamed over
/// the target. Whatever goes wrong, an older file of that name keeps its content and no temporary
/// file stays behind.
public enum AtomicFile {
  /// Writes `bytes` to `path`, replacing an older file.
  ///
  /// A symbolic link is followed; devices and pipes are written directly.
  /// - Throws: ``ReportingError/cannotWrite(path:_:)``.
  public static func write(_ bytes: [UInt8], to path: String) throws(ReportingError) {
    do throws(WriteFailure) {
      let target = try Target(path)
      switch target.kind {
      case .absent: try replace(target, with: bytes, mode: nil)
      case .regular(let mode): try replace(target, with: bytes, mode: mode)
      case .special: try writeThrough(target.path, bytes)
      }
    } catch {
      throw .cannotWrite(path: path, error)
    }
  }

  /// Writes `text` in UTF-8 to `path`, replacing an older file.
  ///
  /// - Throws: ``ReportingError/cannotWrite(path:_:)``.
  public static func write(_ text: String, to path: String) throws(ReportingError) {
    try write([UInt8](text.utf8), to: path)
  }

  /// Lets a library that insists on names write a file, and then replaces `path` by it.
  ///
  /// - Parameters:
  ///   - path: where to write; links and devices are treated as by the other functions.
  ///   - fill: writes the file whose name it is given; an empty one is there already.
  /// - Throws: ``ReportingError/cannotWrite(path:_:)``.
  static func write(
    to path: String, by fill: (_ temporary: String) throws(WriteFailure) -> Void
  ) throws(ReportingError) {
    do throws(WriteFailure) {
      let target = try Target(path)
      var folder = target.folder
      // Beside a device there may be no place for files.
      if case .special = target.kind { folder = FileManager.default.temporaryDirectory.path }
      let (temporary, descriptor) = try makeTemporary(in: folder)
      defer { close(descriptor) }
      do throws(WriteFailure) {
        try fill(temporary)
        try install(temporary, at: target)
      } catch {
        unsafe unlink(temporary)
        throw error
      }
    } catch {
      throw .cannotWrite(path: path, error)
    }
  }

  /// Flushes a finished file and gives it its name, or pours it into a device and removes it.
  private static func install(_ temporary: String, at target: Target) throws(WriteFailure) {
    // The library may have replaced the file that was there, so it is opened anew.
    let descriptor = unsafe open(temporary, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw WriteFailure(errno) }
    defer { close(descriptor) }
    if case .special = target.kind {
      guard let content = FileManager.default.contents(atPath: temporary) else {
        throw WriteFailure(EIO)
      }
      try writeThrough(target.path, [UInt8](content))
      unsafe unlink(temporary)
      return
    }
    if case .regular(let mode) = target.kind, fchmod(descriptor, mode) != 0 {
      throw WriteFailure(errno)
    }
    guard fsync(descriptor) == 0 else { throw WriteFailure(errno) }
    guard unsafe rename(temporary, target.path) == 0 else { throw WriteFailure(errno) }
  }

  /// Checks, before a long computation, that `path` could be written.
  ///
  /// A full disk or a change of permissions can still make the later write fail.
  /// - Throws: ``ReportingError/cannotWrite(path:_:)``.
  public static func check(_ path: String) throws(ReportingError) {
    do throws(WriteFailure) {
      let target = try Target(path)
      let probed: String
      if case .special = target.kind { probed = target.path } else { probed = target.folder }
      guard unsafe access(probed, W_OK) == 0 else { throw WriteFailure(errno) }
    } catch {
      throw .cannotWrite(path: path, error)
    }
  }

  /// Distinguishes the temporary names of one process.
  private static let serial = Atomic<Int>(0)

  /// A new, empty file in a folder, open for writing.
  private static func makeTemporary(
    in folder: String
  ) throws(WriteFailure) -> (path: String, descriptor: Int32) {
    var temporary = ""
    var descriptor: Int32 = -1
    repeat {
      let number = serial.add(1, ordering: .relaxed).newValue
      temporary = "\(folder)/.odoroki-\(getpid())-\(number).tmp"
      descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    } while descriptor < 0 && errno == EEXIST
    guard descriptor >= 0 else { throw WriteFailure(errno) }
    return (temporary, descriptor)
  }

  private static func replace(
    _ target: Target, with bytes: [UInt8], mode: mode_t?
  ) throws(WriteFailure) {
    let (temporary, descriptor) = try makeTemporary(in: target.folder)
    do throws(WriteFailure) {
      try fill(descriptor, with: bytes, mode: mode)
      guard unsafe rename(temporary, target.path) == 0 else { throw WriteFailure(errno) }
    } catch {
      unsafe unlink(temporary)
      throw error
    }
  }

  /// Writes, flushes and closes; the descriptor is closed also after an error.
  private static func fill(
    _ descriptor: Int32, with bytes: [UInt8], mode: mode_t?
  ) throws(WriteFailure) {
    var failure: WriteFailure?
    do throws(WriteFailure) {
      try writeAll(descriptor, bytes)
      if let mode, fchmod(descriptor, mode) != 0 { throw WriteFailure(errno) }
      guard fsync(descriptor) == 0 else { throw WriteFailure(errno) }
    } catch {
      failure = error
    }
    if close(descriptor) != 0, failure == nil { failure = WriteFailure(errno) }
    if let failure { throw failure }
  }

  private static func writeThrough(_ path: String, _ bytes: [UInt8]) throws(WriteFailure) {
    let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw WriteFailure(errno) }
    defer { close(descriptor) }
    try writeAll(descriptor, bytes)
  }

  private static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) throws(WriteFailure) {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset...])
        return unsafe Foundation.write(descriptor, rest.baseAddress, rest.count)
      }
      if count >= 0 {
        offset += count
      } else if errno != EINTR {
        throw WriteFailure(errno)
      }
    }
  }

  /// Where the bytes will end up, after links, and what is there now.
  private struct Target {
    enum Kind {
      case absent
      case regular(mode_t)
      case special
    }

    let path: String
    let folder: String
    let kind: Kind

    init(_ requested: String) throws(WriteFailure) {
      guard !requested.isEmpty else { throw .emptyPath }
      guard !requested.hasSuffix("/") else { throw .isFolder }
      path = URL(fileURLWithPath: requested).resolvingSymlinksInPath().path
      folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      var status = stat()
      guard unsafe stat(folder, &status) == 0 else {
        if errno == ENOENT { throw .missingFolder(folder) }
        if errno == ENOTDIR { throw .notAFolder(folder) }
        throw WriteFailure(errno)
      }
      guard status.st_mode & S_IFMT == S_IFDIR else { throw .notAFolder(folder) }
      guard unsafe stat(path, &status) == 0 else {
        guard errno == ENOENT else { throw WriteFailure(errno) }
        kind = .absent
        return
      }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: throw .isFolder
      case S_IFREG:
        // A rename would silently replace a file that its owner has made read-only.
        guard unsafe access(path, W_OK) == 0 else { throw WriteFailure(errno) }
        kind = .regular(status.st_mode & 0o7777)
      default: kind = .special
      }
    }
  }
}

extension WriteFailure {
  /// The failure behind a system error number.
  init(_ code: Int32) {
    switch code {
    case EACCES, EPERM: self = .permissionDenied
    case EROFS: self = .readOnlyFileSystem
    case ENOSPC, EDQUOT: self = .noSpace
    case ENAMETOOLONG: self = .nameTooLong
    case EISDIR: self = .isFolder
    default: self = .system(code: code)
    }
  }
}
