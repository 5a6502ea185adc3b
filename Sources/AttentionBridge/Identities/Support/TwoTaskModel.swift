internal import DynamicModels
internal import Foundation
internal import ODEEngine
internal import Recognition
internal import TensorCore

/// Two tasks of regression that share their unknowns: `tanh(A θ)`, and `B θ + (B θ)²/4`.
struct TwoTaskModel {
  /// n_t, how many numbers each task predicts.
  let counts: [Int]
  /// The weights A and B, `[n_t × width]`.
  let weights: [Tensor<Double>]
  /// The precision of the prior on what is shared, of mean zero.
  let causePrecision = 0.7
  /// The prior on log-precisions.
  let logPrecisionMean = 0.2, logPrecisionVariance = 2.0

  init(counts: [Int], width: Int, from source: inout RandomSource) {
    self.counts = counts
    weights = counts.map { LearningSamples.matrix($0, width, from: &source) }
  }

  /// How many numbers are shared.
  var width: Int { weights[0].columns }

  /// How many numbers are predicted.
  var outputs: Int { counts.reduce(0, +) }

  /// The predictions of both tasks from θ `[width]`.
  func predictions(_ theta: Value, in builder: inout ProgramBuilder) -> [Value] {
    let column = builder.reshape(theta, to: .matrix(width, 1))
    let drives = zip(weights, counts).map { weights, count in
      builder.reshape(
        builder.matrixProduct(builder.constant(weights), column), to: .vector(count))
    }
    let square = builder.binary(.multiply, drives[1], drives[1])
    return [
      builder.unary(.tanh, drives[0]),
      builder.binary(
        .add, drives[1], builder.binary(.multiply, builder.constant(0.25), square)),
    ]
  }

  /// What priors and normalizers add to the loss: terms that the published loss leaves out.
  func priorEnergy(_ theta: [Double], s: [Double]) -> Double {
    let whole = log(2 * Double.pi)
    let causes =
      0.5 * causePrecision * Vectors.dot(theta, theta)
      + 0.5 * Double(width) * (whole - log(causePrecision))
    let precisions = s.reduce(0) { total, s in
      let error = -s - logPrecisionMean
      return total + 0.5
        * (error * error / logPrecisionVariance + whole + log(logPrecisionVariance))
    }
    return causes + precisions + 0.5 * Double(outputs) * whole
  }

  /// The slope of the prior on λ in λ, at λ = −s.
  func priorSlope(_ s: Double) -> Double { (-s - logPrecisionMean) / logPrecisionVariance }
}

/// The published loss as a program, with its slopes by reverse differentiation.
struct TwoTaskLoss {
  private let program: Executable

  init(_ model: TwoTaskModel) {
    var builder = ProgramBuilder()
    let theta = builder.input("theta", shape: .vector(model.width))
    let s = builder.input("s", shape: .vector(2))
    let y = builder.input("y", shape: .vector(model.outputs))
    var total = builder.constant(0)
    var start = 0
    for (task, prediction) in model.predictions(theta, in: &builder).enumerated() {
      let count = model.counts[task]
      let target = builder.slice(y, axis: 0, start: start, count: count)
      start += count
      let error = builder.binary(.subtract, target, prediction)
      let half = builder.constant(0.5)
      let loss = builder.binary(
        .multiply, half, builder.sum(builder.binary(.multiply, error, error)))
      builder.output("L\(task)", loss)
      let uncertainty = builder.element(s, axis: 0, index: task)
      let weighted = builder.binary(
        .multiply, builder.unary(.exp, builder.unary(.negate, uncertainty)), loss)
      let price = builder.binary(
        .multiply, builder.constant(0.5 * Double(count)), uncertainty)
      total = builder.binary(.add, total, builder.binary(.add, weighted, price))
    }
    builder.output("L", total)
    program = Executable(builder.build().gradient(of: "L", withRespectTo: ["theta", "s"]))
  }

  /// L, the losses L_t, ∂L/∂s and ∂L/∂θ.
  func evaluate(
    _ theta: [Double], s: [Double], data: [Double]
  ) -> (loss: Double, losses: [Double], slope: [Double], sharedSlope: [Double]) {
    let result = program.evaluate([
      "theta": Tensor(vector: theta), "s": Tensor(vector: s), "y": Tensor(vector: data),
    ])
    func values(_ name: String) -> [Double] { result[name]?.values ?? [] }
    return (
      values("L").first ?? .nan, values("L0") + values("L1"), values("gradient.s"),
      values("gradient.theta")
    )
  }
}

/// The same tasks as a static model of the project: θ are causes, every task's errors have a
/// precision component, and slopes are read from the flow of state units and synaptic gains.
final class TwoTaskFreeEnergy {
  private let dynamics: RecognitionDynamics
  private let freeEnergy: FreeEnergy

  init(_ model: TwoTaskModel) throws(BridgeError) {
    do throws(RecognitionError) {
      dynamics = try RecognitionDynamics(model: Self.hierarchy(model))
      freeEnergy = try FreeEnergy(dynamics)
    } catch {
      throw .recognition(error)
    }
  }

  /// F up to its entropy, ∂F/∂θ and ∂F/∂λ.
  func evaluate(
    _ theta: [Double], logPrecisions: [Double], data: [Double]
  ) throws(BridgeError) -> (energy: Double, sharedSlope: [Double], precisionSlope: [Double]) {
    let units = dynamics.layout.levels[0]
    var state = [Double](repeating: 0, count: dynamics.dimension)
    state.replaceSubrange(units.causes, with: theta)
    state.replaceSubrange(units.logPrecisions, with: logPrecisions)
    let data = GeneralizedVector(orders: 1, channels: data.count, values: data)
    let prior = GeneralizedVector(orders: 1, channels: theta.count)
    dynamics.observe(data: data, prior: prior, at: 0)
    var flow = [Double](repeating: 0, count: state.count)
    do throws(ODEError) {
      var span = flow.mutableSpan
      try dynamics.derivative(time: 0, state: state.span, into: &span)
    } catch {
      throw .integration(error)
    }
    do throws(RecognitionError) {
      return (
        try freeEnergy.energy(state, data: data, prior: prior), flow[units.causes].map { -$0 },
        flow[units.logPrecisionMotion].map { -$0 }
      )
    } catch {
      throw .recognition(error)
    }
  }

  private static func hierarchy(_ model: TwoTaskModel) -> HierarchicalDynamicModel {
    var builder = ProgramBuilder()
    _ = builder.input(Level.Port.states, shape: .vector(0))
    let causes = builder.input(Level.Port.causes, shape: .vector(model.width))
    _ = builder.input(Level.Port.parameters, shape: .vector(0))
    let predictions = model.predictions(causes, in: &builder)
    builder.output(Level.Port.motion, builder.zeros(.vector(0)))
    builder.output(Level.Port.output, builder.concatenate(predictions, axis: 0))
    let outputs = model.outputs
    let components = (0..<2).map { task in
      let first = task == 0 ? 0 : model.counts[0]
      let own = first..<(first + model.counts[task])
      return PrecisionComponent(
        name: "task \(task + 1)", matrix: .diagonal((0..<outputs).map { own.contains($0) ? 1 : 0 }),
        priorMean: model.logPrecisionMean, priorVariance: model.logPrecisionVariance)
    }
    let shared = VariableLayout([("theta", .vector(model.width))])
    let tasks = Level(
      states: .empty, initialStates: [], causes: shared,
      outputs: VariableLayout([("y", .vector(outputs))]), equations: builder.build(),
      outputPrecision: PrecisionModel(
        fixed: Tensor(repeating: 0, shape: .matrix(outputs, outputs)), components: components))

    var top = ProgramBuilder()
    for port in [Level.Port.states, Level.Port.causes, Level.Port.parameters] {
      _ = top.input(port, shape: .vector(0))
    }
    _ = top.input(Level.Port.time, shape: .scalar)
    top.output(Level.Port.motion, top.zeros(.vector(0)))
    top.output(Level.Port.output, top.zeros(.vector(model.width)))
    let prior = Level(
      states: .empty, initialStates: [], causes: .empty, outputs: shared,
      equations: top.build(),
      outputPrecision: PrecisionModel(
        fixed: .diagonal([Double](repeating: model.causePrecision, count: model.width))))
    return HierarchicalDynamicModel(
      levels: [tasks, prior], stateOrder: 1, causeOrder: 1, smoothness: 1,
      time: SampleTimes(count: 1, step: 1))
  }
}
