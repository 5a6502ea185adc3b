import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import TensorCore
import Testing

/// The folder of the models that ship, found from this file.
let modelsFolder = URL(filePath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().appending(path: "models")

/// The names of all models that ship.
let shippedModels = [
  "attention-cell", "birdsong", "convolution", "double-well", "linear-hierarchy", "lorenz",
  "nile-constant", "nile-level", "nile-step", "nile-trend", "ornstein-uhlenbeck",
  "pendulum-sensor", "posner", "size-inference",
]

/// Loads a shipped model, showing the loader's text where it refuses.
func loadShipped(_ name: String, overrides: [String] = []) throws -> ModelFile {
  do {
    return try ModelLoader.load(
      path: modelsFolder.appending(path: name + ".yaml").path, overrides: overrides)
  } catch {
    Issue.record("\(error.render(language: .english))")
    throw error
  }
}

@Suite struct ShippedModelTests {
  @Test func theListIsComplete() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: modelsFolder.path)
    let names = files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    #expect(names.sorted() == shippedModels)
  }

  @Test(arguments: shippedModels)
  func loadsWithTextsInBothLanguages(_ name: String) throws {
    let file = try loadShipped(name)
    #expect(file.name == name)
    #expect(file.title.english != file.title.japanese)
    #expect(file.about.map { $0.english != $0.japanese } == true)
    #expect(file.citation?.isEmpty == false)
    #expect(!file.glossary.isEmpty)
    #expect(file.model.levels.count == file.process.levels.count)
    for (level, process) in zip(file.model.levels, file.process.levels) {
      #expect(level.outputs == process.outputs)
      #expect(level.outputPrecision.dimension == level.outputs.count)
      #expect(level.statePrecision.dimension == level.states.count)
      #expect(level.equations.input(Level.Port.states)?.shape == .vector(level.states.count))
      #expect(level.equations.input(Level.Port.causes)?.shape == .vector(level.causes.count))
      #expect(
        level.equations.input(Level.Port.parameters)?.shape == .vector(level.parameters.count))
      #expect(level.equations.output(Level.Port.motion)?.shape == .vector(level.states.count))
      #expect(level.equations.output(Level.Port.output)?.shape == .vector(level.outputs.count))
      #expect(process.equations.input(Level.Port.time)?.shape == .scalar)
      #expect(process.equations.input(Level.Port.action)?.shape == .vector(0))
    }
    let prior = try #require(file.model.levels.last)
    #expect(prior.equations.input(Level.Port.time)?.shape == .scalar)
  }

  /// Depth, orders n and d, samples, then states and outputs of every level.
  @Test(arguments: [
    ("attention-cell", 1, [1, 1, 1], [0, 0], [4, 3]),
    ("posner", 1, [5, 3, 64], [2, 0], [3, 3]),
    ("birdsong", 2, [5, 3, 128], [3, 3, 0], [2, 1, 1]),
    ("convolution", 1, [7, 3, 32], [2, 0], [4, 1]),
    ("double-well", 1, [7, 3, 64], [1, 0], [1, 1]),
    ("linear-hierarchy", 3, [1, 1, 8], [0, 0, 0, 0], [4, 3, 2, 1]),
    ("lorenz", 1, [7, 3, 64], [3, 0], [1, 1]),
    ("nile-constant", 1, [1, 1, 100], [0, 0], [1, 1]),
    ("nile-level", 1, [1, 1, 100], [1, 0], [1, 1]),
    ("nile-step", 1, [1, 1, 100], [0, 0], [1, 1]),
    ("nile-trend", 1, [1, 1, 100], [0, 0], [1, 1]),
    ("ornstein-uhlenbeck", 1, [7, 3, 64], [1, 0], [1, 1]),
    ("pendulum-sensor", 1, [6, 3, 100], [2, 0], [2, 1]),
    ("size-inference", 1, [1, 1, 1], [0, 0], [1, 1]),
  ])
  func hasItsDimensions(
    _ name: String, _ depth: Int, _ orders: [Int], _ states: [Int], _ outputs: [Int]
  ) throws {
    let model = try loadShipped(name).model
    #expect(model.depth == depth)
    #expect([model.stateOrder, model.causeOrder, model.time.count] == orders)
    #expect(model.levels.map(\.states.count) == states)
    #expect(model.levels.map(\.outputs.count) == outputs)
    #expect(model.isStatic == states.allSatisfy { $0 == 0 })
  }

  @Test func convolutionHasThePrecisionsOfThePaper() throws {
    let file = try loadShipped("convolution")
    let level = file.model.level(1)
    #expect(level.outputPrecision.fixed == .diagonal([Double](repeating: exp(8), count: 4)))
    #expect(level.statePrecision.fixed == .diagonal([exp(8), exp(8)]))
    #expect(file.model.level(2).outputPrecision.fixed == .identity(1))
    #expect(file.process.levels[0].statePrecision == .diagonal([exp(16), exp(16)]))
    #expect(file.process.levels[1].outputPrecision == nil)
    #expect(level.parameters.count == 0)
    #expect(file.model.smoothness == 0.5)
  }

  @Test func linearModelsAreRecognizedAsLinear() throws {
    let priors = try loadShipped("linear-hierarchy").model.level(4).equations
    #expect(priors.constantOutput(Level.Port.output) == Tensor(vector: [0.5]))
  }

  @Test func theForceOfTheRandomProcessIsDrawnFromItsPrior() throws {
    let process = try loadShipped("ornstein-uhlenbeck").process
    #expect(process.levels[1].outputPrecision == .diagonal([exp(2)]))
  }

  @Test func thePendulumHasOneUnknownParameter() throws {
    let file = try loadShipped("pendulum-sensor")
    let level = file.model.level(1)
    #expect(level.parameters.elementNames == ["damping"])
    #expect(level.parameterValues == [0.3])
    #expect(level.parameterPriorCovariance == .diagonal([1 / 16]))
  }

  @Test(arguments: ["nile-constant", "nile-level", "nile-step", "nile-trend"])
  func theNileIsWhole(_ name: String) throws {
    let file = try loadShipped(name)
    let data = try #require(file.data)
    #expect(data.channels == ["flow"])
    #expect(data.samples.shape == .matrix(100, 1))
    #expect(data.samples.values.reduce(0, +) == 91935)
    #expect([data.samples.values.first, data.samples.values.last] == [1120, 740])
    if name != "nile-level" {
      #expect(file.dataSettings.priorCauses?.values == (1871...1970).map { Double($0) })
      #expect(file.dataSettings.causeColumns == ["year": "year"])
    }
  }

  @Test func sizeInferenceHasItsDatum() throws {
    let file = try loadShipped("size-inference")
    #expect(file.data?.channels == ["u"])
    #expect(file.data?.samples == Tensor(rows: [[2]]))
  }
}
