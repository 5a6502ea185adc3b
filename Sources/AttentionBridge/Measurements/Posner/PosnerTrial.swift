internal import DynamicModels
internal import Foundation
internal import ModelFiles
internal import Recognition
internal import TensorCore

/// One trial of `models/posner.yaml`: a cue, a target, and what recognition made of them.
struct PosnerTrial: Sendable {
  /// The file that ships.
  static let fileName = "posner.yaml"
  /// The length of a time bin in milliseconds.
  static let bin = 10.0
  /// A target is there where its cause exceeds this.
  static let threshold = 0.25
  /// The confidence that counts as recognition.
  static let confidenceLevel = 0.9

  /// Where the target appears; the cue always says right.
  enum Target: Int, Sendable {
    /// Where the cue said.
    case valid = 1
    /// On the other side.
    case invalid = -1
    /// On both sides.
    case both = 0
  }

  /// The sides of the field of view, as channels of the data.
  enum Side: Int, Sendable, CaseIterable {
    /// Not cued.
    case left = 0
    /// Cued.
    case right = 1
  }

  /// The times of the samples, in bins.
  let times: [Double]
  /// Posterior expectation and standard deviation of the two targets, [N][2].
  let means: [[Double]]
  let deviations: [[Double]]
  /// Precision-weighted errors of the two sensory channels, [N][2].
  let sensoryErrors: [[Double]]
  /// Precision-weighted errors of the context, [N][2].
  let contextErrors: [[Double]]
  /// The expected context, [N][2].
  let contexts: [[Double]]
  /// Precisions of the two sensory channels by the model's own equation, [N][2].
  let precisions: [[Double]]
  /// The keys and biases of the two channels' log-precisions, which are affine in the context.
  let keys: [[Double]]
  let bias: [Double]

  /// Runs a trial.
  ///
  /// - Parameters:
  ///   - path: of the model file.
  ///   - target: where it appears.
  ///   - overrides: further changes, such as no cue.
  ///   - seed: of the process.
  /// - Throws: `BridgeError`.
  init(
    path: String, target: Target, overrides: [String] = [], seed: UInt64
  ) throws(BridgeError) {
    let file: ModelFile
    do {
      file = try ModelLoader.load(
        path: path, overrides: ["process.let.place=\(target.rawValue)"] + overrides)
    } catch { throw .modelFile(error) }
    try Self.check(file.model)
    let record = try Self.recognize(file, seed: seed)
    let samples = 0..<record.completed
    func pair(_ tensor: Tensor<Double>) -> [[Double]] {
      samples.map { [tensor[$0, 0], tensor[$0, 1]] }
    }
    let causes = record.levels[1].outputs
    times = Array(record.times.prefix(record.completed))
    means = pair(causes.mean)
    deviations = pair(causes.standardDeviation)
    sensoryErrors = pair(record.levels[0].outputs.weightedError)
    contextErrors = pair(record.levels[0].states.weightedError)
    contexts = pair(record.levels[0].states.mean)
    let level = file.model.level(1)
    func precision(_ context: [Double]) -> [Double] {
      let whole = Self.precision(level, context: context)
      return [whole[0, 0], whole[1, 1]]
    }
    precisions = contexts.map(precision)
    // Affine functions are known from their values at zero and at the unit vectors.
    let rest = precision([0, 0]).map { log($0) }
    let slopes = [[1.0, 0.0], [0.0, 1.0]].map { unit in
      zip(precision(unit), rest).map { log($0) - $1 }
    }
    keys = [0, 1].map { side in slopes.map { $0[side] } }
    bias = rest
  }

  /// A file that a user has changed may be another task altogether.
  private static func check(_ model: HierarchicalDynamicModel) throws(BridgeError) {
    let (view, causes) = (model.level(1), model.level(2))
    guard view.states.count == 2, view.outputs.count >= 2, causes.outputs.count >= 2,
      model.time.count >= lateWindow.upperBound
    else {
      throw .unsuitableModel(
        reason: .kind(
          expected: "\(fileName): two states, two targets, >= \(lateWindow.upperBound) samples"))
    }
  }

  private static func recognize(
    _ file: ModelFile, seed: UInt64
  ) throws(BridgeError) -> InversionRecord {
    let data: Tensor<Double>
    do throws(ProcessError) {
      data = try GenerativeProcess(file.process, seed: seed).simulate().data
    } catch { throw BridgeError(error) }
    return try GeneralizedFilter(settings: file.inversion).recognize(file.model, from: data)
  }

  /// Π of a level's outputs in a context, by the program that the model file was compiled to.
  private static func precision(_ level: Level, context: [Double]) -> Tensor<Double> {
    guard level.outputPrecision.isStateDependent else { return level.outputPrecision.fixed }
    var arguments: [String: Tensor<Double>] = [:]
    for port in level.equations.inputs {
      arguments[port.name] =
        port.name == Level.Port.states
        ? Tensor(shape: port.shape, values: context) : Tensor(repeating: 0, shape: port.shape)
    }
    let results = Double.evaluate(level.equations, arguments)
    return results[Level.Port.outputPrecision] ?? level.outputPrecision.fixed
  }

  // MARK: What is read off

  /// The probability that the target on a side exceeds the threshold, at every sample.
  func confidence(_ side: Side) -> [Double] {
    zip(means, deviations).map {
      0.5 * erfc((Self.threshold - $0[side.rawValue]) / $1[side.rawValue] / 2.squareRoot())
    }
  }

  /// When a course first reaches a height, in milliseconds, between samples by a straight line;
  /// infinite where it never does.
  func time(_ course: [Double], reaches height: Double) -> Double {
    for index in course.indices where course[index] >= height {
      guard index > 0 else { return times[0] * Self.bin }
      let part = (height - course[index - 1]) / (course[index] - course[index - 1])
      return (times[index - 1] + part * (times[index] - times[index - 1])) * Self.bin
    }
    return .infinity
  }

  /// When the target is recognized with confidence.
  func recognitionTime(_ side: Side) -> Double {
    time(confidence(side), reaches: Self.confidenceLevel)
  }

  /// When the expected intensity of the target passes the threshold.
  func crossingTime(_ side: Side) -> Double {
    time(means.map { $0[side.rawValue] }, reaches: Self.threshold)
  }

  /// The standard deviation of the target where its light is strongest.
  func uncertainty(_ side: Side) -> Double { deviations[Self.peak][side.rawValue] }

  /// Weight of the cued side by normalized precision, at every sample.
  var precisionWeights: [Double] { precisions.map { $0[1] / ($0[0] + $0[1]) } }

  /// The same by the tensor core's attention, the context being the query.
  var attentionWeights: [Double] {
    contexts.map { context in
      AttentionProblem(
        query: context, keys: keys, values: [[0], [1]], inverseTemperature: 1, bias: bias
      ).attended[0]
    }
  }

  /// The largest early response of a side's sensory error units: while the light comes up.
  func early(_ side: Side) -> Double {
    Self.earlyWindow.map { abs(sensoryErrors[$0][side.rawValue]) }.max() ?? .nan
  }

  /// The largest late response of the context's error units: while the light goes down again.
  func late() -> Double {
    Self.lateWindow.map { max(abs(contextErrors[$0][0]), abs(contextErrors[$0][1])) }.max() ?? .nan
  }

  /// The sample of the strongest light, bin 35.
  static let peak = 34
  /// Bins 24 to 43, where the light comes up.
  static let earlyWindow = 23..<43
  /// Bins 44 to 63, after its slope has changed sign.
  static let lateWindow = 43..<63
}
