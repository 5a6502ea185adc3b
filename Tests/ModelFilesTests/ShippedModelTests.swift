import Foundation
import DynamicModels
import ModelFiles
import ModelLanguage
import TensorCore
import Testing

/// The folder of the models that ship, found from this file.
let modelsFolder = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "models")

let shippedModels = [
  "birdsong", "convolution", "double-well", "linear-hierarchy", "lorenz", "ornstein-uhlenbeck",
  "pendulum-sensor", "size-inference",
]

func loadShipped(_ name: String, overrides: [String] = []) throws -> ModelFile {
  do {
    return try ModelLoader.load(
      path: modelsFolder.appending(path: name + ".yaml").path, overrides: overrides)
  } catch {
    Issue.record("\(error.render(language: .english))")
    throw error
  }
}
@Test(arguments: shippedModels) func loads(_ name: String) throws {
  _ = try loadShipped(name)
}
