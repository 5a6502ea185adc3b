public import DynamicModels
internal import Foundation
public import Recognition
internal import TensorCore
public import TestSupport

/// One inversion of the reference implementation: its model, data, settings and results.
public struct ReferenceCase {
  public let name: String
  public let file: Reference
  public let model: HierarchicalDynamicModel
  public let input: RecognitionInput
  public let settings: InversionSettings
  public let result: Reference

  /// The equations of one level: (builder, x, v, θ) → (f, g).
  typealias Equations = (inout ProgramBuilder, Value, Value, Value) -> (f: Value, g: Value)

  /// Reads a stored inversion and builds its model from its JSON and its equations.
  public init(_ name: String, reference: InversionSettings.Reference = .spm) throws {
    self.name = name
    file = try Reference.load("spm/\(name)")
    let levels = try file["model"].list
    let orders = try file["E"]
    let samples = try file["data"]["N"].integer
    var built: [Level] = []
    for (index, level) in levels.enumerated() {
      built.append(
        try Self.level(name, index, level, isLast: index == levels.count - 1))
    }
    let step = orders.has("dt") ? try orders["dt"].number : 1
    model = HierarchicalDynamicModel(
      levels: built, stateOrder: try orders["n"].integer + 1,
      causeOrder: try orders["d"].integer + 1, smoothness: try orders["s"].number,
      time: SampleTimes(count: samples, step: step))
    var settings = InversionSettings(scheme: .dem, reference: reference)
    settings.stepsPerSample = try orders["nD"].integer
    settings.iterations = try orders["nE"].integer
    settings.precisionIterations = try orders["nM"].integer
    settings.passes = try orders["nN"].integer
    if orders.has("K") { settings.gradientGain = try orders["K"].number }
    self.settings = settings
    let data = try file["data"]["Y"].matrix
    let causes = built[built.count - 1].outputs.count
    let prior =
      causes == 0
      ? Tensor<Double>(repeating: 0, shape: .matrix(0, samples))
      : Tensor(shape: .matrix(causes, samples), values: try file["data"]["U"].numbers)
    let confounds = try file["data"]["X"].numbers
    var delays = [0.0]
    if levels[0].has("delays") { delays = try levels[0]["delays"].numbers }
    if orders.has("delays") { delays = try orders["delays"].numbers }
    input = RecognitionInput(
      data: LinearAlgebra.transpose(data), prior: LinearAlgebra.transpose(prior),
      delays: delays.isEmpty ? [0] : delays,
      confounds: confounds.isEmpty
        ? nil
        : LinearAlgebra.transpose(
          Tensor(shape: .matrix(confounds.count / samples, samples), values: confounds)))
    result = try file["result"]
  }

  private static func matrix(_ level: Reference, _ key: String, _ count: Int) throws -> Tensor<
    Double
  > {
    guard level.has(key) else { return Tensor(repeating: 0, shape: .matrix(count, count)) }
    let numbers = try level[key].numbers
    if numbers.isEmpty { return Tensor(repeating: 0, shape: .matrix(count, count)) }
    return Tensor(shape: .matrix(count, count), values: numbers)
  }

  private static func precision(
    _ level: Reference, _ keys: (fixed: String, parts: String, mean: String, variance: String),
    _ count: Int, name: String
  ) throws -> PrecisionModel {
    var model = PrecisionModel(fixed: try matrix(level, keys.fixed, count))
    guard level.has(keys.parts), level.has(keys.mean) else { return model }
    let means = try level[keys.mean].numbers
    if means.isEmpty { return model }
    let parts = try level[keys.parts].list
    let variances = try level[keys.variance].numbers
    for (index, part) in parts.enumerated() where index < means.count {
      model.components.append(
        PrecisionComponent(
          name: "\(name).\(index + 1)",
          matrix: Tensor(shape: .matrix(count, count), values: try part.numbers),
          priorMean: means[index], priorVariance: variances[index * (means.count + 1)]))
    }
    return model
  }

  private static func level(
    _ name: String, _ index: Int, _ level: Reference, isLast: Bool
  ) throws -> Level {
    let outputs = try level["l"].integer
    let states = try level["n"].integer
    let causes = try level["m"].integer
    let values = try level["pE"].numbers
    let p = values.count
    var covariance = Tensor<Double>(repeating: 0, shape: .matrix(p, p))
    if level.has("pC"), try level["pC"].numbers.count == p * p, p > 0 {
      covariance = Tensor(shape: .matrix(p, p), values: try level["pC"].numbers)
    }
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: .vector(states))
    let v = builder.input("v", shape: .vector(causes))
    let theta = builder.input("theta", shape: .vector(p))
    if isLast {
      builder.output("f", builder.zeros(.vector(0)))
      builder.output("g", builder.zeros(.vector(outputs)))
    } else {
      let (f, g) = equations(name, states, causes, outputs)(&builder, x, v, theta)
      builder.output("f", f)
      builder.output("g", g)
    }
    let own = index + 1
    func layout(_ symbol: String, _ count: Int) -> VariableLayout {
      VariableLayout(count == 0 ? [] : [(symbol, .vector(count))])
    }
    let prior = try matrix(level, "xP", states)
    return Level(
      states: layout("x\(own)", states), initialStates: states == 0 ? [] : try level["x0"].numbers,
      statePriorPrecision: states == 0 ? nil : prior, causes: layout("v\(own)", causes),
      outputs: layout("v\(own - 1)", outputs), parameters: layout("P\(own)", p),
      parameterValues: values, parameterPriorCovariance: covariance, equations: builder.build(),
      outputPrecision: try precision(level, ("V", "Q", "hE", "hC"), outputs, name: "h\(own)"),
      statePrecision: try precision(level, ("W", "R", "gE", "gC"), states, name: "g\(own)"))
  }

  /// A matrix stored column by column inside θ.
  private static func columns(
    _ theta: Value, _ start: Int, _ rows: Int, _ columns: Int, _ builder: inout ProgramBuilder
  ) -> Value {
    let part = builder.slice(theta, axis: 0, start: start, count: rows * columns)
    return builder.transpose(builder.reshape(part, to: .matrix(columns, rows)))
  }

  private static func product(_ matrix: Value, _ x: Value, _ builder: inout ProgramBuilder) -> Value
  {
    let column = builder.reshape(x, to: .matrix(x.shape.count, 1))
    return builder.reshape(
      builder.matrixProduct(matrix, column), to: .vector(matrix.shape[0]))
  }

  private static func equations(
    _ name: String, _ states: Int, _ causes: Int, _ outputs: Int
  ) -> Equations {
    switch name {
    case "GLM", "PEB", "factor_analysis":
      return { builder, _, v, theta in
        let design = columns(theta, 0, outputs, causes, &builder)
        return (builder.zeros(.vector(0)), product(design, v, &builder))
      }
    case "GF_and_KF":
      return { builder, x, _, theta in
        (
          product(columns(theta, 0, 8, 8, &builder), x, &builder),
          product(columns(theta, 64, 4, 8, &builder), x, &builder)
        )
      }
    case "OU", "OU_LAP":
      return { builder, x, v, _ in
        let drift = builder.binary(.multiply, builder.constant(-1.0 / 16), x)
        return (builder.binary(.add, drift, v), x)
      }
    case "double_well":
      return { builder, x, v, _ in
        func times(_ factor: Double, _ value: Value) -> Value {
          builder.binary(.multiply, builder.constant(factor), value)
        }
        let square = builder.binary(.multiply, x, x)
        let well = builder.binary(
          .divide, times(16, x), builder.binary(.add, builder.constant(1), square))
        let force = builder.binary(.subtract, well, times(0.5, x))
        return (times(0.125, builder.binary(.add, force, times(2, v))), times(1.0 / 16, square))
      }
    default:
      return { builder, x, v, theta in
        let drift = product(columns(theta, 0, 2, 2, &builder), x, &builder)
        let drive = product(columns(theta, 12, 2, 1, &builder), v, &builder)
        return (
          builder.binary(.add, drift, drive),
          product(columns(theta, 4, 4, 2, &builder), x, &builder)
        )
      }
    }
  }

  // MARK: Comparison

  /// The largest deviations of a record from the stored result, over the largest entry each.
  public func deviations(of record: InversionRecord, from other: Reference? = nil) throws
    -> [String:
    Double]
  {
    let result = other ?? self.result
    var found: [String: Double] = [:]
    func compare(_ key: String, _ actual: [Double], _ expected: [Double]) {
      if expected.isEmpty && actual.isEmpty { return }
      found[key] = actual.count == expected.count ? largestDeviation(actual, expected) : .infinity
    }
    func rows(_ tensors: [Tensor<Double>]) -> [Double] {
      tensors.flatMap { LinearAlgebra.transpose($0).values }
    }
    compare("x", rows(record.levels.map(\.states.mean)), try result["qU_x"].numbers)
    compare(
      "v", rows(record.levels.dropFirst().map(\.outputs.mean)),
      try result["qU_v"].list.dropFirst().flatMap { try $0.numbers })
    compare("y", rows([record.levels[0].outputs.mean]), try result["qU_v"][0].numbers)
    compare("z", rows(record.levels.map(\.outputs.error)), try result["qU_z"].numbers)
    let squares = { (tensor: Tensor<Double>) in
      Tensor(shape: tensor.shape, values: tensor.values.map { $0 * $0 })
    }
    compare(
      "S", rows(record.levels.map { squares($0.states.standardDeviation) }),
      try result["qU_S_diag"].numbers)
    compare(
      "C", rows(record.levels.dropFirst().map { squares($0.outputs.standardDeviation) }),
      try result["qU_C_diag"].numbers)
    compare("P", record.parameters.flatMap(\.mean), try result["qP"].numbers)
    if result.has("qP_C"), try !result["qP_C"].numbers.isEmpty {
      compare("PC", record.parameterCovariance.values, try result["qP_C"].numbers)
    }
    compare(
      "h", record.logPrecisions.flatMap(\.mean),
      try result["qH_h"].numbers + result["qH_g"].numbers)
    if try !result["qH_C"].numbers.isEmpty {
      compare("hC", record.logPrecisionCovariance.values, try result["qH_C"].numbers)
    }
    let evidence = try result["F"].numbers
    let best = record.passes.reduce(into: [Double]()) { list, pass in
      list.append(max(-pass.freeEnergy, list.last ?? -.infinity))
    }
    for (a, b) in zip(best, evidence) { found["F"] = max(found["F"] ?? 0, abs(a - b) / abs(b)) }
    return found
  }
}
