import Foundation
import Testing

/// The built program, run as a user would.
struct Command {
  struct Outcome {
    let status: Int32
    let output: String
    let errors: String
  }

  /// A scratch folder to run in.
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "odoroki-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// The project, found from this file.
  static var root: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
  }

  /// The program lies beside the test bundle.
  static var executable: URL {
    // The test process is started with the path of its bundle among its arguments.
    let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
    let start = bundle.map { URL(fileURLWithPath: $0) } ?? Bundle.main.bundleURL
    var place = start
    for _ in 0..<6 {
      let candidate = place.appendingPathComponent("odoroki")
      var isFolder: ObjCBool = false
      if unsafe FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder),
        !isFolder.boolValue
      {
        return candidate
      }
      place.deleteLastPathComponent()
    }
    return root.appendingPathComponent(".build/debug/odoroki")
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
  func read(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path(name)))
  }
  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
  }

  /// A process ready to start, its outputs going to files.
  func process(_ arguments: [String], environment: [String: String] = [:]) throws -> Process {
    let process = Process()
    process.executableURL = Self.executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    var all = ProcessInfo.processInfo.environment
    for name in ["LC_ALL", "LC_MESSAGES", "NO_COLOR", "ODOROKI_MODELS"] { all[name] = nil }
    all["LANG"] = "C.UTF-8"
    for (name, value) in environment { all[name] = value }
    process.environment = all
    for name in ["stdout", "stderr"] {
      _ = FileManager.default.createFile(atPath: path(name), contents: nil)
    }
    process.standardOutput = FileHandle(forWritingAtPath: path("stdout"))
    process.standardError = FileHandle(forWritingAtPath: path("stderr"))
    return process
  }

  func finish(_ process: Process) throws -> Outcome {
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus,
      output: String(decoding: try read("stdout"), as: UTF8.self),
      errors: String(decoding: try read("stderr"), as: UTF8.self))
  }

  /// Runs the program to its end.
  func callAsFunction(
    _ arguments: String..., environment: [String: String] = [:]
  ) throws -> Outcome {
    try run(arguments, environment: environment)
  }

  /// Runs the program to its end.
  func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
    let process = try process(arguments, environment: environment)
    try process.run()
    return try finish(process)
  }
}
