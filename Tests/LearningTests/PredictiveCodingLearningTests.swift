import TensorCore
import TestSupport
import Testing

@testable import Learning

/// Networks that learn by predictive coding, next to backpropagation.
struct PredictiveCodingLearningTests {
  static let schedules: [PredictiveCodingSchedule] = [
    .equilibrium(steps: 20, rate: 0.1), .fixedPrediction(steps: 2, rate: 1), .zeroDivergence,
  ]

  /// Points around four corners, the classes across the diagonals: no line separates them.
  struct Corners {
    let inputs: [[Double]]
    let labels: [Double]

    init(_ count: Int, seed: UInt64) {
      var source = RandomSource(seed: seed)
      var inputs: [[Double]] = []
      var labels: [Double] = []
      for index in 0..<count {
        let (a, b) = (index % 2 == 0 ? 1.0 : -1.0, index / 2 % 2 == 0 ? 1.0 : -1.0)
        inputs.append([a + 0.15 * source.normal(), b + 0.15 * source.normal()])
        labels.append(a * b > 0 ? 1 : 0)
      }
      self.inputs = inputs
      self.labels = labels
    }

    func shards<Scalar: KernelScalar>(of rows: Int, as type: Scalar.Type) -> [[[Scalar]]] {
      stride(from: 0, to: inputs.count, by: rows).map { start in
        let range = start..<(start + rows)
        return [
          inputs[range].flatMap { $0 }.map { Scalar($0) }, labels[range].map { Scalar($0) },
          [Scalar](repeating: 1, count: rows),
        ]
      }
    }
  }

  static func network(rows: Int) -> PredictiveCodingNetwork {
    .perceptron(widths: [2, 12, 8, 2], activation: .tanh, rows: rows, loss: .crossEntropy)
  }

  static func train<Scalar: KernelScalar>(
    _ schedule: PredictiveCodingSchedule?, threads: Int = 1, steps: Int = 150,
    as type: Scalar.Type
  ) throws -> (learner: Learner<Scalar>, loss: Double) {
    let network = network(rows: 8)
    let shards = Corners(32, seed: 31).shards(of: 8, as: type)
    let start = ParameterSet<Scalar>(network.layout, from: RandomSource(seed: 32))
    var learner = Learner(
      LearnerSettings(schedule: .init(peak: 0.02), clip: 5), parameters: start)
    let objective = PredictiveCodingGradient<Scalar>(
      network, schedule: schedule ?? .zeroDivergence, threads: threads)
    let reference = network.backpropagation(as: type, threads: threads)
    var loss = Double.nan
    for _ in 0..<steps {
      let info =
        try schedule == nil
        ? learner.step(on: reference, shards: shards)
        : learner.step(on: objective, shards: shards)
      loss = info.loss
    }
    return (learner, loss)
  }

  static func accuracy<Scalar: KernelScalar>(_ parameters: ParameterSet<Scalar>) -> Double {
    let data = Corners(200, seed: 33)
    let program = network(rows: 200).composed
    var arguments = parameters.tensors
    for (name, values) in zip(
      ["input", "labels", "weights"], data.shards(of: 200, as: Scalar.self)[0])
    {
      if let port = program.input(name) {
        arguments[name] = Tensor(shape: port.shape, values: values)
      }
    }
    let scores = Scalar.evaluate(program, arguments)["prediction"]?.values ?? []
    let right = data.labels.indices.filter {
      (scores[2 * $0 + 1] > scores[2 * $0]) == (data.labels[$0] == 1)
    }
    return Double(right.count) / Double(data.labels.count)
  }

  @Test(arguments: schedules)
  func everyScheduleLearnsWhatNoLineSeparates(schedule: PredictiveCodingSchedule) throws {
    let (learner, loss) = try Self.train(schedule, as: Double.self)
    #expect(loss < 0.1, "\(schedule)")
    #expect(Self.accuracy(learner.parameters) == 1, "\(schedule)")
    let single = try Self.train(schedule, as: Float.self)
    #expect(Self.accuracy(single.learner.parameters) == 1, "\(schedule) in single precision")
  }

  @Test(.tags(.identity))
  func zeroDivergenceTrainsAsBackpropagationDoes() throws {
    let wave = try Self.train(.zeroDivergence, steps: 40, as: Double.self)
    let reference = try Self.train(nil, steps: 40, as: Double.self)
    // Forty steps of Adam carry rounding on, so that the identity is a little looser here.
    expectClose(
      wave.learner.parameters.values, reference.learner.parameters.values,
      within: Tolerance("trained", relative: 1e-10))
    expectClose(wave.loss, reference.loss, within: Tolerance("trained", relative: 1e-10))
  }

  @Test(arguments: schedules)
  func threadsAndSeedsDecideNoByte(schedule: PredictiveCodingSchedule) throws {
    let one = try Self.train(schedule, threads: 1, steps: 12, as: Float.self)
    let two = try Self.train(schedule, threads: 2, steps: 12, as: Float.self)
    let again = try Self.train(schedule, threads: 2, steps: 12, as: Float.self)
    #expect(one.learner.parameters.values == two.learner.parameters.values)
    #expect(again.learner.parameters.values == two.learner.parameters.values)
    #expect(one.loss == two.loss)
  }

  @Test(arguments: schedules)
  func shardsAddUpToTheWholeBatch(schedule: PredictiveCodingSchedule) throws {
    let data = Corners(32, seed: 34)
    let start = ParameterSet<Double>(
      Self.network(rows: 8).layout, from: RandomSource(seed: 35))
    let gradients = try [8, 32].map { rows in
      let objective = PredictiveCodingGradient<Double>(
        Self.network(rows: rows), schedule: schedule)
      var gradient: [Double] = []
      let sums = try objective.run(
        start.values, shards: data.shards(of: rows, as: Double.self), gradient: &gradient)
      #expect(sums.weight == 32)
      return gradient
    }
    expectClose(gradients[0], gradients[1])
  }

  @Test
  func rowsOfWeightZeroTeachNothing() throws {
    let network = Self.network(rows: 8)
    var shard = Corners(8, seed: 36).shards(of: 8, as: Double.self)[0]
    let start = ParameterSet<Double>(network.layout, from: RandomSource(seed: 37))
    let objective = PredictiveCodingGradient<Double>(
      network, schedule: .equilibrium(steps: 10, rate: 0.1))
    shard[2][7] = 0
    var (first, second): ([Double], [Double]) = ([], [])
    _ = try objective.run(start.values, shards: [shard], gradient: &first)
    shard[0][14] = 3
    shard[1][7] = 1 - shard[1][7]
    let sums = try objective.run(start.values, shards: [shard], gradient: &second)
    #expect(sums.weight == 7)
    #expect(first == second)
  }
}
