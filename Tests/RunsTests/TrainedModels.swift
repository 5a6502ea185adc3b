import Foundation
import Testing
import Transformers

@testable import Runs

/// Models that are hardly trained, in a folder of their own.
final class TrainedModels {
  let folder: URL

  /// The poems and models of the project.
  static let library = ModelLibrary(
    environment: [
      "ODOROKI_MODELS": URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("models")
        .path
    ], executable: nil, currentFolder: "/")

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "odoroki-trained-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    return path(name)
  }

  /// One pass over a few poems; returns the path of the checkpoint.
  func train(
    _ task: TrainingTask, precision: TrainingRequest.Precision = .float
  ) throws -> String {
    var request = TrainingRequest()
    request.task = task
    request.epochs = 1
    request.heldOut = 90
    request.width = 8
    request.heads = 2
    request.feedforward = 8
    request.precision = precision
    request.threads = 1
    let path = path("\(task.rawValue)-\(precision.rawValue).safetensors")
    let run = try TrainingRun(request, library: Self.library)
    _ = try run.run(store: { bytes, _ in
      _ = FileManager.default.createFile(atPath: path, contents: Data(bytes))
    })
    #expect(FileManager.default.fileExists(atPath: path))
    return path
  }
}
