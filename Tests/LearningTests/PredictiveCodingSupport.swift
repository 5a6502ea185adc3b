import TensorCore

@testable import Learning

/// A perceptron with drawn parameters and one shard of drawn data.
struct PredictiveCodingCase {
  let network: PredictiveCodingNetwork
  let parameters: ParameterSet<Double>
  let shard: [[Double]]

  init(
    widths: [Int], activation: UnaryOperation = .tanh, rows: Int,
    loss: PredictiveCodingNetwork.Loss = .gaussian, precisions: [Double]? = nil, seed: UInt64
  ) {
    network = .perceptron(
      widths: widths, activation: activation, rows: rows, loss: loss, precisions: precisions)
    var source = RandomSource(seed: seed)
    var parameters = ParameterSet<Double>(network.layout, from: source.split("parameters"))
    // Biases start at zero; moved away so that nothing is tested at a special place.
    for index in parameters.values.indices { parameters.values[index] += 0.1 * source.normal() }
    self.parameters = parameters
    let last = widths[widths.count - 1]
    let target =
      loss == .crossEntropy
      ? (0..<rows).map { _ in (source.uniform() * Double(last)).rounded(.down) }
      : source.normals(rows * last)
    shard = [source.normals(rows * widths[0]), target, (0..<rows).map { 1 - 0.1 * Double($0) }]
  }

  /// The gradient under a schedule, with what the run reports.
  func gradient(
    _ schedule: PredictiveCodingSchedule
  ) throws -> (values: [Double], sums: PredictiveCodingGradient<Double>.Sums) {
    let objective = PredictiveCodingGradient<Double>(network, schedule: schedule)
    var gradient: [Double] = []
    let sums = try objective.run(parameters.values, shards: [shard], gradient: &gradient)
    return (gradient, sums)
  }

  /// The gradient of backpropagation.
  var backpropagated: [Double] {
    var gradient: [Double] = []
    _ = network.backpropagation(as: Double.self).run(
      parameters.values, shards: [shard], gradient: &gradient)
    return gradient
  }

  /// Parameters and data by name.
  var arguments: [String: Tensor<Double>] {
    var result = parameters.tensors
    for (name, values) in zip(network.data, shard) {
      if let port = network.composed.input(name) {
        result[name] = Tensor(shape: port.shape, values: values)
      }
    }
    return result
  }

  /// The states of the feed-forward pass.
  func feedForwardStates() throws -> [String: Tensor<Double>] {
    let objective = PredictiveCodingGradient<Double>(
      network, schedule: .equilibrium(steps: 0, rate: 1))
    var gradient: [Double] = []
    _ = try objective.run(parameters.values, shards: [shard], gradient: &gradient)
    return Dictionary(
      uniqueKeysWithValues: zip(network.states, objective.variables(ofShard: 0)))
  }
}
