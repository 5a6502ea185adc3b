import DynamicModels
import Foundation
import ModelFiles
import ODEEngine
import TensorCore
import TestSupport
import Testing

@testable import Recognition

/// The models that ship, loaded from their files.
enum Shipped {
  static let names = [
    "birdsong", "convolution", "double-well", "linear-hierarchy", "lorenz", "nile-constant",
    "nile-level", "nile-step", "nile-trend", "ornstein-uhlenbeck", "pendulum-sensor",
    "size-inference",
  ]

  /// Those that ask for recognition dynamics; the others' own schemes are tested in `NileTests`.
  static let recognized = names.filter { !$0.hasPrefix("nile-") }

  static func load(_ name: String, _ overrides: [String] = []) throws -> ModelFile {
    let models = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("models")
    return try ModelLoader.load(
      path: models.appendingPathComponent("\(name).yaml").path, overrides: overrides)
  }

  /// The data of a model file: recorded ones, or those its process makes.
  static func data(_ file: ModelFile, seed: UInt64 = 1) throws -> Tensor<Double> {
    try file.data?.samples ?? GenerativeProcess(file.process, seed: seed).simulate().data
  }

  static func run(
    _ file: ModelFile, seed: UInt64 = 1, _ scheme: RecognitionScheme = RecognitionScheme()
  ) throws -> InversionRecord {
    let input = RecognitionInput(data: try data(file, seed: seed), model: file.model)
    return try scheme.run(file.model, on: input)
  }
}

@Suite("The shipped models")
struct ShippedModelTests {
  @Test("have flows that equal the dense assembly", .tags(.identity), arguments: Shipped.names)
  func flowMatchesDense(name: String) throws {
    let dynamics = try RecognitionDynamics(model: try Shipped.load(name).model)
    for seed in [UInt64(1), 2] {
      let q = randomState(dynamics, seed: seed)
      let dense = try denseFlow(dynamics, q)
      expectClose(Array(try flow(dynamics, q).prefix(dense.count)), dense, within: .identity)
    }
  }

  @Test("have flows by either way of passing messages", .tags(.identity), arguments: Shipped.names)
  func kernelMatchesProgram(name: String) throws {
    let dynamics = try RecognitionDynamics(model: try Shipped.load(name).model)
    let q = randomState(dynamics, seed: 3)
    let fast = try flow(dynamics, q, at: 0.4)
    expectClose(fast, dynamics.programFlow(q, at: 0.4), within: .identity)
  }

  @Test("have exact first and second derivatives", .tags(.property), arguments: Shipped.names)
  func derivatives(name: String) throws {
    let model = try Shipped.load(name).model
    var source = RandomSource(seed: 4)
    for level in model.levels.dropLast() {
      var program = level.equations
      let ports = [("f", "x"), ("f", "v"), ("g", "x"), ("g", "v")]
      for (output, input) in ports {
        program = program.jacobian(of: output, withRespectTo: input, as: "\(output)_\(input)")
        program = program.jacobian(
          of: "\(output)_\(input)", withRespectTo: input, as: "\(output)_\(input)\(input)")
      }
      var arguments: [String: Tensor<Double>] = [:]
      for port in program.inputs {
        arguments[port.name] = Tensor(
          shape: port.shape, values: source.normals(port.shape.count).map { 0.4 + 0.3 * $0 })
      }
      for (index, value) in level.parameterValues.enumerated() {
        arguments["theta"]?.values[index] = value
      }
      let executable = Executable(program)
      let exact = executable.evaluate(arguments)
      for (output, input) in ports {
        for (function, derivative, tolerance) in [
          (output, "\(output)_\(input)", Tolerance.derivative),
          ("\(output)_\(input)", "\(output)_\(input)\(input)", Tolerance.secondDerivative),
        ] {
          guard let expected = exact[derivative], let count = arguments[input]?.values.count
          else { continue }
          let rows = (exact[function]?.values.count ?? 0)
          var numeric = [Double](repeating: 0, count: rows * count)
          let h = 1e-5
          for column in 0..<count {
            var (up, down) = (arguments, arguments)
            up[input]?.values[column] += h
            down[input]?.values[column] -= h
            let (above, below) = (executable.evaluate(up), executable.evaluate(down))
            for row in 0..<rows {
              numeric[row * count + column] =
                ((above[function]?.values[row] ?? 0) - (below[function]?.values[row] ?? 0))
                / (2 * h)
            }
          }
          expectClose(expected.values, numeric, within: tolerance)
        }
      }
    }
  }

  @Test("run to the end with finite free energy", arguments: Shipped.recognized)
  func runs(name: String) throws {
    let file = try Shipped.load(name)
    let record = try Shipped.run(file)
    #expect(record.failure == nil)
    #expect(record.completed == file.model.time.count)
    #expect(record.freeEnergy.allSatisfy { $0.freeEnergy.isFinite })
    for terms in record.freeEnergy {
      let tolerance = Tolerance("decomposition", relative: 1e-9)
      expectClose(
        [terms.complexity - terms.accuracy], [terms.freeEnergy], within: tolerance)
      if let surprise = terms.surprise, let divergence = terms.divergence {
        expectClose(
          [surprise + divergence + (terms.volume ?? 0)], [terms.freeEnergy], within: tolerance)
      }
    }
  }

  @Test("find the size of Bogacz's food item")
  func sizeInference() throws {
    let record = try Shipped.run(try Shipped.load("size-inference"))
    let last = record.levels[1].outputs.mean[record.completed - 1, 0]
    // Newton's method on 2φ³ − 3φ − 3 from the value that mathematics gives to seven digits.
    var phi = 1.567468
    for _ in 0..<4 { phi -= (2 * phi * phi * phi - 3 * phi - 3) / (6 * phi * phi - 3) }
    #expect(abs(phi - 1.567468) < 1e-6)
    expectClose([last], [phi], within: Tolerance("equilibrium", relative: 1e-8))
  }

  @Test("rest a static hierarchy at the exact posterior and the exact surprise", .tags(.identity))
  func staticHierarchy() throws {
    let record = try Shipped.run(try Shipped.load("linear-hierarchy"))
    for terms in record.freeEnergy {
      let surprise = try #require(terms.surprise)
      expectClose([terms.freeEnergy], [surprise], within: Tolerance("exact", relative: 1e-9))
      #expect(abs(try #require(terms.volume)) < 1e-12)
      // KL = ½ (μ − u*)ᵀ C⁻¹ (μ − u*): a deviation of 1e−10 would show.
      #expect(abs(try #require(terms.divergence)) < 1e-12)
    }
  }

  @Test("settle below the first free energy when the cause is constant")
  func constantCause() throws {
    let file = try Shipped.load("convolution", ["process.causes.v=0.5"])
    let record = try Shipped.run(file)
    let first = try #require(record.freeEnergy.first).freeEnergy
    let settled = record.freeEnergy.suffix(8).map(\.freeEnergy)
    #expect(settled.allSatisfy { $0 < first })
  }
}
