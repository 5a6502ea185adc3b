import DynamicModels
import Foundation
import TensorCore

/// The models of the calibration benchmark and the linear algebra to draw their truth.
enum CalibrationModels {
  /// Sizes and priors of the general linear model: 16 scans, two regressors, 16 channels of data.
  static let noise = (mean: 2.0, variance: 1.0)
  /// The prior of the log-precision between subjects.
  static let between = (mean: 0.0, variance: 1.0)

  /// `y = X v + z`: unknown weights v of every sample, unknown log-precision of z for all samples.
  static func glm(design: Tensor<Double>, samples: Int) -> HierarchicalDynamicModel {
    hierarchy([design], [noise], samples: samples)
  }

  /// `y = X₁ v₁ + z₁, v₁ = X₂ v₂ + z₂`: subjects within groups, both log-precisions unknown.
  static func peb(
    within: Tensor<Double>, across: Tensor<Double>, samples: Int
  ) -> HierarchicalDynamicModel {
    hierarchy([within, across], [noise, between], samples: samples)
  }

  /// Static linear levels, each with one unknown log-precision, and a unit normal on the top.
  private static func hierarchy(
    _ designs: [Tensor<Double>], _ priors: [(mean: Double, variance: Double)], samples: Int
  ) -> HierarchicalDynamicModel {
    var levels: [Level] = []
    for (index, design) in designs.enumerated() {
      let component = PrecisionComponent(
        name: name(index), matrix: .identity(design.rows), priorMean: priors[index].mean,
        priorVariance: priors[index].variance)
      levels.append(
        Level(
          states: .empty, initialStates: [],
          causes: VariableLayout([(name(index + 1), .vector(design.columns))]),
          outputs: VariableLayout([(name(index), .vector(design.rows))]),
          equations: equations(states: 0, causes: design.columns) { builder, _, v, _ in
            (builder.zeros(.vector(0)), apply(design, v, &builder))
          },
          outputPrecision: PrecisionModel(
            fixed: Tensor(repeating: 0, shape: .matrix(design.rows, design.rows)),
            components: [component])))
    }
    let top = designs[designs.count - 1].columns
    levels.append(prior(name(designs.count), top, precision: 1))
    return HierarchicalDynamicModel(
      levels: levels, stateOrder: 1, causeOrder: 1, smoothness: 0,
      time: SampleTimes(count: samples, step: 1))
  }

  private static func name(_ level: Int) -> String { level == 0 ? "y" : "v\(level)" }

  // MARK: Dynamic models

  /// `ẋ = A x + C v + w, y = B x + z`, with or without A₁₁ as an unknown parameter.
  struct Dynamic {
    var drift: Tensor<Double>
    var input: Tensor<Double>
    var output: Tensor<Double>
    var outputPrecision: Double
    var statePrecision: Double
    var causePrecision: Double
    /// The prior precision of the initial states, or nil for a flat one.
    var startPrecision: Double?
    /// The prior standard deviation of A₁₁; zero where it is known.
    var spread = 0.0
    var stateOrder = 1
    var causeOrder = 1
    var smoothness = 0.5
    var time: SampleTimes

    var stateCount: Int { drift.rows }
    var channels: Int { output.rows }

    /// The generative model.
    var model: HierarchicalDynamicModel {
      let isUnknown = spread > 0
      let (n, m) = (stateCount, input.columns)
      let rest = withDrift(0)
      let level = Level(
        states: VariableLayout([("x", .vector(n))]),
        initialStates: [Double](repeating: 0, count: n),
        statePriorPrecision: startPrecision.map {
          .diagonal([Double](repeating: $0, count: n))
        }, causes: VariableLayout([("v", .vector(m))]),
        outputs: VariableLayout([("y", .vector(channels))]),
        parameters: isUnknown ? VariableLayout([("k", .vector(1))]) : .empty,
        parameterValues: isUnknown ? [drift[0, 0]] : [],
        parameterPriorCovariance: isUnknown ? .diagonal([spread * spread]) : nil,
        equations: equations(states: n, causes: m, parameters: isUnknown ? 1 : 0) {
          builder, x, v, theta in
          guard isUnknown else { return flow(drift, x, v, &builder) }
          var (f, g) = flow(rest, x, v, &builder)
          let unit = Tensor(vector: (0..<n).map { $0 == 0 ? 1.0 : 0 })
          let own = builder.binary(
            .multiply, builder.element(theta, axis: 0, index: 0),
            builder.element(x, axis: 0, index: 0))
          f = builder.binary(
            .add, f, builder.binary(.multiply, builder.constant(unit), own))
          return (f, g)
        }, outputPrecision: isotropic(outputPrecision, channels),
        statePrecision: isotropic(statePrecision, n))
      return HierarchicalDynamicModel(
        levels: [level, prior("v", m, precision: causePrecision)], stateOrder: stateOrder,
        causeOrder: causeOrder, smoothness: smoothness, time: time)
    }

    /// The world that the model describes, with smooth fluctuations and A₁₁ at a drawn value.
    func process(parameter: Double) -> ProcessDescription {
      let (n, m) = (stateCount, input.columns)
      let own = withDrift(parameter)
      func identity(_ precision: Double, _ count: Int) -> Tensor<Double> {
        .diagonal([Double](repeating: precision, count: count))
      }
      return ProcessDescription(
        levels: [
          ProcessLevel(
            states: VariableLayout([("x", .vector(n))]),
            initialStates: [Double](repeating: 0, count: n),
            causes: VariableLayout([("v", .vector(m))]),
            outputs: VariableLayout([("y", .vector(channels))]),
            equations: equations(states: n, causes: m) { builder, x, v, _ in
              flow(own, x, v, &builder)
            }, outputPrecision: identity(outputPrecision, channels),
            statePrecision: identity(statePrecision, n), smoothness: smoothness),
          ProcessLevel(
            states: .empty, initialStates: [], causes: .empty,
            outputs: VariableLayout([("v", .vector(m))]),
            equations: equations(states: 0, causes: 0) { builder, _, _, _ in
              (builder.zeros(.vector(0)), builder.zeros(.vector(m)))
            }, outputPrecision: identity(causePrecision, m), statePrecision: nil,
            smoothness: smoothness),
        ], time: time)
    }

    private func withDrift(_ value: Double) -> Tensor<Double> {
      var result = drift
      result[0, 0] = value
      return result
    }

    private func flow(
      _ drift: Tensor<Double>, _ x: Value, _ v: Value, _ builder: inout ProgramBuilder
    ) -> (f: Value, g: Value) {
      let motion = builder.binary(
        .add, apply(drift, x, &builder), apply(input, v, &builder))
      return (motion, apply(output, x, &builder))
    }
  }

  /// The shipped convolution model with its decay unknown.
  static let convolution = Dynamic(
    drift: Tensor(rows: [[-0.25, 1], [-0.5, -0.25]]), input: Tensor(rows: [[1], [0]]),
    output: Tensor(rows: [
      [0.125, 0.16332037060954707], [0.125, 0.06764951251827464],
      [0.125, -0.06764951251827463], [0.125, -0.16332037060954704],
    ]), outputPrecision: exp(8), statePrecision: exp(8), causePrecision: 1, spread: 0.1,
    stateOrder: 7, causeOrder: 3, time: SampleTimes(count: 32, step: 1))

  /// A damped oscillator under white noise, with noise on its two channels and a proper start.
  static let oscillator = Dynamic(
    drift: Tensor(rows: [[-0.25, 1], [-0.5, -0.25]]), input: Tensor(rows: [[1], [0]]),
    output: Tensor(rows: [[1, 0], [0.5, 1]]), outputPrecision: 4, statePrecision: 4,
    causePrecision: 1, startPrecision: 1, time: SampleTimes(count: 32, step: 1))

  // MARK: Parts

  /// One level's equations over the ports that every level has.
  static func equations(
    states: Int, causes: Int, parameters: Int = 0,
    _ body: (inout ProgramBuilder, Value, Value, Value) -> (f: Value, g: Value)
  ) -> Program {
    var builder = ProgramBuilder()
    let x = builder.input(Level.Port.states, shape: .vector(states))
    let v = builder.input(Level.Port.causes, shape: .vector(causes))
    let theta = builder.input(Level.Port.parameters, shape: .vector(parameters))
    let (f, g) = body(&builder, x, v, theta)
    builder.output(Level.Port.motion, f)
    builder.output(Level.Port.output, g)
    return builder.build()
  }

  private static func prior(_ name: String, _ count: Int, precision: Double) -> Level {
    Level(
      states: .empty, initialStates: [], causes: .empty,
      outputs: VariableLayout([(name, .vector(count))]),
      equations: equations(states: 0, causes: 0) { builder, _, _, _ in
        (builder.zeros(.vector(0)), builder.zeros(.vector(count)))
      }, outputPrecision: isotropic(precision, count))
  }

  private static func isotropic(_ precision: Double, _ count: Int) -> PrecisionModel {
    PrecisionModel(fixed: .diagonal([Double](repeating: precision, count: count)))
  }

  private static func apply(
    _ matrix: Tensor<Double>, _ x: Value, _ builder: inout ProgramBuilder
  ) -> Value {
    let column = builder.reshape(x, to: .matrix(matrix.columns, 1))
    return builder.reshape(
      builder.matrixProduct(builder.constant(matrix), column), to: .vector(matrix.rows))
  }
}
