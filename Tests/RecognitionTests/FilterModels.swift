import DynamicModels
import Foundation
import Recognition
import TensorCore

/// Models with known truths for generalised filtering.
enum FilterModels {
  /// A model with data made from it.
  struct Problem {
    let model: HierarchicalDynamicModel
    let input: RecognitionInput
    let parameters: [Double]
    let logPrecision: Double
  }

  /// Data that say nothing in particular.
  static func noise(_ model: HierarchicalDynamicModel, seed: UInt64) -> RecognitionInput {
    var source = RandomSource(seed: seed)
    let shape = Shape.matrix(model.time.count, model.level(1).outputs.count)
    return RecognitionInput(
      data: Tensor(shape: shape, values: source.normals(shape.count).map { 0.3 * $0 }),
      model: model)
  }

  /// `y = W c + z` with unknown weights W `[3 × 2]`, unknown noise and known regressors c.
  static func regression(seed: UInt64) -> Problem {
    let samples = 64
    let truth = [0.8, -0.5, 0.3, 1.1, -0.7, 0.2]
    var source = RandomSource(seed: seed)
    let causes = Tensor(shape: .matrix(samples, 2), values: source.normals(samples * 2))
    var data = Tensor<Double>(repeating: 0, shape: .matrix(samples, 3))
    for sample in 0..<samples {
      for channel in 0..<3 {
        data[sample, channel] =
          truth[channel * 2] * causes[sample, 0] + truth[channel * 2 + 1] * causes[sample, 1]
          + exp(-1) * source.normal()
      }
    }
    let first = SampleModels.level(
      states: 0, causes: 2, outputs: 3, names: ("x", "c", "y"),
      parameters: [Double](repeating: 0, count: 6), parameterVariance: 64,
      outputPrecision: PrecisionModel(
        fixed: Tensor(repeating: 0, shape: .matrix(3, 3)),
        components: [
          PrecisionComponent(name: "y", matrix: .identity(3), priorMean: 0, priorVariance: 16)
        ])
    ) { builder, _, v, theta in
      let weights = builder.reshape(theta, to: .matrix(3, 2))
      let column = builder.reshape(v, to: .matrix(2, 1))
      return (
        builder.zeros(.vector(0)),
        builder.reshape(builder.matrixProduct(weights, column), to: .vector(3))
      )
    }
    let model = HierarchicalDynamicModel(
      levels: [first, SampleModels.prior("c", [0, 0], precision: exp(12))], stateOrder: 1,
      causeOrder: 1, smoothness: 0, time: SampleTimes(count: samples, step: 1))
    return Problem(
      model: model, input: RecognitionInput(data: data, prior: causes), parameters: truth,
      logPrecision: 2)
  }

  /// The weights of `regression` by least squares, with their spread at a noise precision.
  static func leastSquares(
    _ problem: Problem, precision: Double
  ) -> (mean: [Double], standardDeviation: [Double]) {
    let (causes, data) = (problem.input.prior, problem.input.data)
    var square = LinearAlgebra.transposedProduct(causes, causes)
    square[0, 0] += 1 / (64 * precision)
    square[1, 1] += 1 / (64 * precision)
    let inverse = (try? LinearAlgebra.inverse(square)) ?? square
    let weights = LinearAlgebra.product(inverse, LinearAlgebra.transposedProduct(causes, data))
    return (
      LinearAlgebra.transpose(weights).values,
      (0..<6).map { (inverse[$0 % 2, $0 % 2] / precision).squareRoot() }
    )
  }

  /// `ẋ = −θ x + v`, `y = x + z`, driven by known bumps, with an unknown rate and noise.
  static func decay(seed: UInt64) throws -> Problem {
    let (samples, step, rate, deviation) = (96, 0.5, 0.6, 0.05)
    func drive(_ time: Double) -> Double {
      [8.0, 22, 37].reduce(0) { $0 + exp(-($1 - time) * ($1 - time) / 8) }
    }
    let noise = try SmoothFluctuation(
      precision: .diagonal([1 / (deviation * deviation)]), smoothness: 0.5,
      source: RandomSource(seed: seed))
    var data = Tensor<Double>(repeating: 0, shape: .matrix(samples, 1))
    var causes = data
    var (x, time) = (0.0, step)
    for sample in 0..<samples {
      data[sample, 0] = x + noise.generalized(at: time, orders: 1).values[0]
      causes[sample, 0] = drive(time)
      let parts = 50
      let h = step / Double(parts)
      for _ in 0..<parts {
        let middle = x + 0.5 * h * (drive(time) - rate * x)
        x += h * (drive(time + 0.5 * h) - rate * middle)
        time += h
      }
    }
    let first = SampleModels.level(
      states: 1, causes: 1, outputs: 1, parameters: [0.3], parameterVariance: 1,
      outputPrecision: PrecisionModel(
        fixed: Tensor(repeating: 0, shape: .matrix(1, 1)),
        components: [
          PrecisionComponent(name: "y", matrix: .identity(1), priorMean: 3, priorVariance: 4)
        ]),
      statePrecision: SampleModels.isotropic(exp(10), 1)
    ) { builder, x, v, theta in
      (builder.binary(.subtract, v, builder.binary(.multiply, theta, x)), x)
    }
    let model = HierarchicalDynamicModel(
      levels: [first, SampleModels.prior("v", [0], precision: exp(10))], stateOrder: 4,
      causeOrder: 4, smoothness: 0.5, time: SampleTimes(count: samples, step: step))
    return Problem(
      model: model, input: RecognitionInput(data: data, prior: causes), parameters: [rate],
      logPrecision: -2 * log(deviation))
  }

  /// One hidden state seen through one or two channels whose noise is correlated.
  static func channels(_ count: Int) -> HierarchicalDynamicModel {
    // The precision of the first channel alone is 1 / (Π⁻¹)₁₁ of both.
    let joint = Tensor<Double>(rows: [[3, 1], [1, 2]])
    let precision = count == 2 ? joint : Tensor<Double>(rows: [[3 - 1.0 / 2]])
    let first = SampleModels.level(
      states: 1, causes: 1, outputs: count, outputPrecision: PrecisionModel(fixed: precision),
      statePrecision: SampleModels.isotropic(4, 1)
    ) { builder, x, v, _ in
      let gains = Tensor(shape: .matrix(count, 1), values: Array([1.0, 0.5].prefix(count)))
      let decay = builder.binary(.multiply, builder.constant(0.4), x)
      return (builder.binary(.subtract, v, decay), SampleModels.apply(gains, x, &builder))
    }
    return HierarchicalDynamicModel(
      levels: [first, SampleModels.prior("v", [0], precision: 1)], stateOrder: 4, causeOrder: 2,
      smoothness: 0.5, time: SampleTimes(count: 16, step: 1))
  }

  /// A static model whose precision depends on causes and a parameter, with an unknown part.
  static func attention() -> HierarchicalDynamicModel {
    var output = PrecisionModel(fixed: .identity(2))
    output.components = [
      PrecisionComponent(
        name: "y", matrix: Tensor(rows: [[1, 0.3], [0.3, 2]]), priorMean: -0.5, priorVariance: 1)
    ]
    output.isStateDependent = true
    var builder = ProgramBuilder()
    _ = builder.input("x", shape: .vector(0))
    let v = builder.input("v", shape: .vector(2))
    let theta = builder.input("theta", shape: .vector(2))
    func at(_ value: Value, _ index: Int) -> Value {
      builder.element(value, axis: 0, index: index)
    }
    let g = builder.stack([
      builder.binary(.multiply, at(theta, 0), at(v, 0)),
      builder.binary(.add, at(v, 1), builder.binary(.multiply, at(v, 0), at(theta, 1))),
    ])
    builder.output("f", builder.zeros(.vector(0)))
    builder.output("g", g)
    let half = builder.constant(0.25)
    let gain = builder.unary(.exp, builder.binary(.multiply, at(theta, 1), at(v, 0)))
    let other = builder.binary(.add, builder.unary(.exp, at(v, 1)), builder.constant(1))
    builder.output(
      "outputPrecision",
      builder.reshape(
        builder.stack([builder.binary(.add, gain, builder.constant(1)), half, half, other]),
        to: .matrix(2, 2)))
    let first = Level(
      states: .empty, initialStates: [], causes: VariableLayout([("c", .vector(2))]),
      outputs: VariableLayout([("y", .vector(2))]),
      parameters: VariableLayout([("theta", .vector(2))]), parameterValues: [0.7, -0.4],
      parameterPriorCovariance: .diagonal([1, 1]), equations: builder.build(),
      outputPrecision: output)
    return HierarchicalDynamicModel(
      levels: [first, SampleModels.prior("c", [0.2, -0.1], precision: 2)], stateOrder: 1,
      causeOrder: 1, smoothness: 0, time: SampleTimes(count: 8, step: 1))
  }
}
