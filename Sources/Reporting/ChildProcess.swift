internal import Foundation

/// Runs a program to its end with a text as its input.
///
/// Input and outputs are nameless temporary files rather than pipes: no amount of text can block,
/// and a program that stops reading early does no harm.
struct ChildProcess {
  struct Outcome {
    let status: Int32
    let output: [UInt8]
    let errors: String
  }

  /// The program found for a name: as it is with a slash in it, else through the search path.
  static func locate(_ name: String, environment: [String: String]) -> String? {
    let candidates =
      name.contains("/")
      ? [name]
      : (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
    return candidates.first { path in
      var isFolder: ObjCBool = false
      return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        && !isFolder.boolValue && FileManager.default.isExecutableFile(atPath: path)
    }
  }

  /// Runs the program; throws what Foundation throws when it cannot be started.
  static func run(
    _ path: String, arguments: [String], input: String, environment: [String: String]
  ) throws -> Outcome {
    let standardInput = try scratchFile()
    let standardOutput = try scratchFile()
    let standardError = try scratchFile()
    try standardInput.write(contentsOf: Data(input.utf8))
    try standardInput.seek(toOffset: 0)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = environment
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = standardError
    try process.run()
    process.waitUntilExit()
    // A program ended by a signal reports like a shell does.
    let signalled = process.terminationReason == .uncaughtSignal
    return Outcome(
      status: process.terminationStatus + (signalled ? 128 : 0),
      output: [UInt8](try content(standardOutput)),
      errors: String(decoding: try content(standardError), as: UTF8.self))
  }

  /// A file without a name, gone when it is closed.
  private static func scratchFile() throws -> FileHandle {
    let folder = FileManager.default.temporaryDirectory.path
    var template = Array("\(folder)/odoroki-XXXXXX".utf8CString)
    let descriptor = unsafe template.withUnsafeMutableBufferPointer { buffer -> Int32 in
      guard let base = buffer.baseAddress else { return -1 }
      let descriptor = unsafe mkstemp(base)
      if descriptor >= 0 { unsafe unlink(base) }
      return descriptor
    }
    guard descriptor >= 0 else { throw WriteFailure(errno) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  private static func content(_ file: FileHandle) throws -> Data {
    try file.seek(toOffset: 0)
    return try file.readToEnd() ?? Data()
  }
}
