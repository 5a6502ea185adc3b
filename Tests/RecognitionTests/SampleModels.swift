import DynamicModels
import Foundation
import Recognition
import TensorCore
import Testing

/// Models written in Swift, so that recognition is tested apart from model files.
enum SampleModels {
  /// A level from two expressions over builder values.
  static func level(
    states: Int, causes: Int, outputs: Int, names: (String, String, String) = ("x", "v", "y"),
    parameters: [Double] = [], parameterVariance: Double = 0,
    outputPrecision: PrecisionModel, statePrecision: PrecisionModel = .empty,
    initialStates: [Double]? = nil, stateDependent: Bool = false,
    equations: (inout ProgramBuilder, Value, Value, Value) -> (f: Value, g: Value),
    precision: ((inout ProgramBuilder, Value, Value) -> Value)? = nil
  ) -> Level {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: .vector(states))
    let v = builder.input("v", shape: .vector(causes))
    let theta = builder.input("theta", shape: .vector(parameters.count))
    let (f, g) = equations(&builder, x, v, theta)
    builder.output("f", f)
    builder.output("g", g)
    if let precision { builder.output("outputPrecision", precision(&builder, x, v)) }
    let p = parameters.count
    return Level(
      states: VariableLayout(states == 0 ? [] : [(names.0, .vector(states))]),
      initialStates: initialStates ?? [Double](repeating: 0, count: states),
      causes: VariableLayout(causes == 0 ? [] : [(names.1, .vector(causes))]),
      outputs: VariableLayout([(names.2, .vector(outputs))]),
      parameters: VariableLayout(p == 0 ? [] : [("theta", .vector(p))]),
      parameterValues: parameters,
      parameterPriorCovariance: .diagonal([Double](repeating: parameterVariance, count: p)),
      equations: builder.build(), outputPrecision: outputPrecision,
      statePrecision: states == 0 ? .empty : statePrecision)
  }

  /// The prior on causes: a constant expectation.
  static func prior(_ name: String, _ mean: [Double], precision: Double) -> Level {
    var builder = ProgramBuilder()
    for (port, shape) in [
      ("x", Shape.vector(0)), ("v", .vector(0)), ("theta", .vector(0)), ("t", .scalar),
    ] { _ = builder.input(port, shape: shape) }
    builder.output("f", builder.zeros(.vector(0)))
    builder.output("g", builder.constant(Tensor(vector: mean)))
    return Level(
      states: .empty, initialStates: [], causes: .empty,
      outputs: VariableLayout(mean.isEmpty ? [] : [(name, .vector(mean.count))]),
      equations: builder.build(),
      outputPrecision: isotropic(precision, mean.count))
  }

  static func isotropic(_ precision: Double, _ count: Int) -> PrecisionModel {
    PrecisionModel(fixed: .diagonal([Double](repeating: precision, count: count)))
  }

  static func apply(_ matrix: Tensor<Double>, _ x: Value, _ builder: inout ProgramBuilder) -> Value
  {
    let column = builder.reshape(x, to: .matrix(x.shape.count, 1))
    return builder.reshape(
      builder.matrixProduct(builder.constant(matrix), column), to: .vector(matrix.rows))
  }

  static let mixing = Tensor<Double>(rows: [
    [0.125, 0.16332037060954707], [0.125, 0.06764951251827464],
    [0.125, -0.06764951251827463], [0.125, -0.16332037060954704],
  ])

  /// The linear convolution model of Friston and others 2008.
  static func convolution(
    n: Int = 7, d: Int = 3, outputPrecision: Double = exp(8), statePrecision: Double = exp(8),
    causePrecision: Double = 1
  ) -> HierarchicalDynamicModel {
    let first = level(
      states: 2, causes: 1, outputs: 4, outputPrecision: isotropic(outputPrecision, 4),
      statePrecision: isotropic(statePrecision, 2)
    ) { builder, x, v, _ in
      let drift = apply(Tensor(rows: [[-0.25, 1], [-0.5, -0.25]]), x, &builder)
      let drive = apply(Tensor(rows: [[1], [0]]), v, &builder)
      return (builder.binary(.add, drift, drive), apply(mixing, x, &builder))
    }
    return HierarchicalDynamicModel(
      levels: [first, prior("v", [0], precision: causePrecision)], stateOrder: n, causeOrder: d,
      smoothness: 0.5, time: SampleTimes(count: 32, step: 1))
  }

  /// Two nonlinear levels with mixed precisions, nonlinear in states, causes and parameters.
  static func nonlinear(
    parameterVariance: Double = 0, components: Bool = false, stateDependent: Bool = false
  ) -> HierarchicalDynamicModel {
    var output = PrecisionModel(fixed: Tensor(rows: [[4, 0.5], [0.5, 3]]))
    if components {
      output.components = [
        PrecisionComponent(
          name: "y", matrix: .identity(2), priorMean: 0.3, priorVariance: 2),
        PrecisionComponent(
          name: "y.2", matrix: .diagonal([1, 0]), priorMean: -0.2, priorVariance: 1),
      ]
    }
    output.isStateDependent = stateDependent
    let first = level(
      states: 3, causes: 2, outputs: 2, names: ("x", "u", "y"), parameters: [0.7, -0.4, 1.1],
      parameterVariance: parameterVariance, outputPrecision: output,
      statePrecision: PrecisionModel(fixed: Tensor(rows: [[5, 1, 0], [1, 4, 0], [0, 0, 6]])),
      initialStates: [0.1, -0.2, 0.3],
      equations: { builder, x, v, theta in
        func at(_ value: Value, _ index: Int) -> Value {
          builder.element(value, axis: 0, index: index)
        }
        let (x0, x1, x2) = (at(x, 0), at(x, 1), at(x, 2))
        let (v0, v1) = (at(v, 0), at(v, 1))
        let (a, b, c) = (at(theta, 0), at(theta, 1), at(theta, 2))
        let f0 = builder.binary(
          .subtract, builder.binary(.multiply, a, builder.unary(.tanh, x1)), x0)
        let f1 = builder.binary(
          .add, builder.binary(.multiply, x0, x2), builder.binary(.multiply, b, v0))
        let f2 = builder.binary(
          .add, builder.unary(.sin, builder.binary(.multiply, v1, x2)),
          builder.binary(.multiply, c, builder.binary(.multiply, c, x0)))
        let g0 = builder.binary(.multiply, a, builder.unary(.exp, builder.unary(.negate, x0)))
        let g1 = builder.binary(
          .add, builder.binary(.multiply, x1, v1), builder.binary(.multiply, x2, x2))
        return (builder.stack([f0, f1, f2]), builder.stack([g0, g1]))
      },
      precision: stateDependent
        ? { builder, x, v in
          let gain = builder.unary(.exp, builder.element(v, axis: 0, index: 0))
          let other = builder.unary(.exp, builder.element(x, axis: 0, index: 1))
          let half = builder.constant(0.25)
          return builder.reshape(
            builder.stack([
              builder.binary(.add, gain, builder.constant(1)), half, half, other,
            ]), to: .matrix(2, 2))
        } : nil)
    let second = level(
      states: 2, causes: 1, outputs: 2, names: ("z", "w", "u"),
      outputPrecision: isotropic(2, 2), statePrecision: isotropic(3, 2),
      initialStates: [0.4, 0.2]
    ) { builder, x, v, _ in
      let x0 = builder.element(x, axis: 0, index: 0)
      let x1 = builder.element(x, axis: 0, index: 1)
      let v0 = builder.element(v, axis: 0, index: 0)
      let f0 = builder.binary(.subtract, builder.binary(.multiply, x1, v0), x0)
      let f1 = builder.unary(.negate, builder.binary(.multiply, x0, x1))
      let g0 = builder.unary(.sigmoid, x0)
      let g1 = builder.binary(.add, x1, builder.binary(.multiply, v0, v0))
      return (builder.stack([f0, f1]), builder.stack([g0, g1]))
    }
    return HierarchicalDynamicModel(
      levels: [first, second, prior("w", [0.2], precision: 1.5)], stateOrder: 4, causeOrder: 3,
      smoothness: 0.8, time: SampleTimes(count: 12, step: 0.5))
  }

  /// Three static linear levels.
  static func hierarchy() -> HierarchicalDynamicModel {
    func linear(_ matrix: Tensor<Double>, _ names: (String, String), _ precision: Double) -> Level {
      level(
        states: 0, causes: matrix.columns, outputs: matrix.rows, names: ("x", names.1, names.0),
        outputPrecision: isotropic(precision, matrix.rows)
      ) { builder, _, v, _ in
        (builder.zeros(.vector(0)), apply(matrix, v, &builder))
      }
    }
    return HierarchicalDynamicModel(
      levels: [
        linear(
          Tensor(rows: [[1, 0.5], [-0.3, 1], [0.7, 0.2], [0.1, -0.6]]), ("y", "b"), exp(2)),
        linear(Tensor(rows: [[1], [-0.5]]), ("b", "c"), exp(1)),
        prior("c", [0.3], precision: 0.5),
      ], stateOrder: 1, causeOrder: 1, smoothness: 0, time: SampleTimes(count: 5, step: 1))
  }

  /// The linear model with causes on two dynamic levels and n = d.
  static func linearTwoLevel(n: Int = 3, d: Int = 3) -> HierarchicalDynamicModel {
    let first = level(
      states: 2, causes: 1, outputs: 2, names: ("x", "v", "y"),
      outputPrecision: isotropic(4, 2), statePrecision: isotropic(3, 2)
    ) { builder, x, v, _ in
      let drift = apply(Tensor(rows: [[-0.5, 0.4], [-0.3, -0.6]]), x, &builder)
      let drive = apply(Tensor(rows: [[1], [0.2]]), v, &builder)
      let output = apply(Tensor(rows: [[1, 0.5], [0.3, -1]]), x, &builder)
      let direct = apply(Tensor(rows: [[0.1], [0.4]]), v, &builder)
      let offset = builder.constant(Tensor(vector: [0.1, -0.2]))
      return (
        builder.binary(.add, builder.binary(.add, drift, drive), offset),
        builder.binary(.add, output, direct)
      )
    }
    let second = level(
      states: 1, causes: 1, outputs: 1, names: ("z", "w", "v"), outputPrecision: isotropic(2, 1),
      statePrecision: isotropic(5, 1)
    ) { builder, x, v, _ in
      (
        builder.binary(
          .subtract, v, builder.binary(.multiply, builder.constant(0.7), x)),
        builder.binary(.add, x, builder.constant(Tensor(vector: [0.3])))
      )
    }
    return HierarchicalDynamicModel(
      levels: [first, second, prior("w", [0.2], precision: 1.5)], stateOrder: n, causeOrder: d,
      smoothness: 0.7, time: SampleTimes(count: 8, step: 0.5))
  }

  static let all = [
    ModelCase("convolution", convolution()), ModelCase("nonlinear", nonlinear()),
    ModelCase("hierarchy", hierarchy()), ModelCase("two levels", linearTwoLevel()),
  ]
}

/// A model under a short name, and the options to run it with.
struct ModelCase: CustomTestStringConvertible, Sendable {
  let name: String
  let model: HierarchicalDynamicModel
  let options: RecognitionOptions
  var testDescription: String { name }

  init(
    _ name: String, _ model: HierarchicalDynamicModel,
    _ options: RecognitionOptions = RecognitionOptions()
  ) {
    self.name = name
    self.model = model
    self.options = options
  }
}

/// Random generalised coordinates of a mild size.
func randomVector(_ orders: Int, _ channels: Int, _ source: inout RandomSource) -> GeneralizedVector
{
  GeneralizedVector(
    orders: orders, channels: channels,
    values: source.normals(orders * channels).map { 0.5 * $0 })
}
