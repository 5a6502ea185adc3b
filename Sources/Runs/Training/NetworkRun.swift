internal import Foundation
internal import Learning
internal import TensorCore
internal import Transformers

/// A multilayer perceptron that finds the next character of a poem from the last few, trained by
/// backpropagation or by predictive coding.
///
/// The two rules are compared on the same network: the cosine of the angle between their gradients,
/// layer by layer, at the start and at the end.
package struct NetworkRun: Sendable {
  /// The request; of the model only its width is used, which is that of the two hidden layers.
  package let request: TrainingRequest
  /// The number of characters that are read.
  package let context: Int
  private let poems: PoemCollection

  /// Prepares a run on the poems that ship.
  package init(
    _ request: TrainingRequest, context: Int = 4, library: ModelLibrary = .installed
  ) throws(RunError) {
    precondition(context >= 1, "a context of \(context) characters")
    self.request = request
    self.context = context
    poems = try TrainingRun.poems(in: library)
  }

  /// Trains; the same seed gives the same bytes, whatever the number of threads.
  package func run(
    stop: StopFlag? = nil, progress: (TrainingRun.Progress) -> Void = { _ in }
  ) throws(RunError) -> NetworkResult {
    do throws(TrainingError) {
      switch request.precision {
      case .float: return try run(Float.self, stop, progress)
      case .double: return try run(Double.self, stop, progress)
      }
    } catch { throw .training(error) }
  }

  /// Contexts and the characters that follow them.
  private struct Samples<Scalar: KernelScalar> {
    /// One-hot rows `[count × context · vocabulary]`, one array per sample.
    var inputs: [[Scalar]] = []
    var labels: [Int] = []

    func shard(_ indices: ArraySlice<Int>, rows: Int, width: Int) -> [[Scalar]] {
      var input: [Scalar] = []
      input.reserveCapacity(rows * width)
      for index in indices { input += inputs[index] }
      let missing = rows - indices.count
      input += [Scalar](repeating: 0, count: missing * width)
      let blank = [Scalar](repeating: 0, count: missing)
      return [
        input, indices.map { Scalar(labels[$0]) } + blank,
        [Scalar](repeating: 1, count: indices.count) + blank,
      ]
    }

    func shards(_ order: [Int], rows: Int, width: Int) -> [[[Scalar]]] {
      stride(from: 0, to: order.count, by: rows).map {
        shard(order[$0..<min($0 + rows, order.count)], rows: rows, width: width)
      }
    }
  }

  private func samples<Scalar: KernelScalar>(
    _ poems: PoemCollection, _ tokenizer: CharacterTokenizer
  ) throws(TrainingError) -> Samples<Scalar> {
    let count = tokenizer.vocabulary.count
    var samples = Samples<Scalar>()
    for poem in poems.poems {
      let ids: [Int]
      do { ids = try tokenizer.encode(poem.upper + poem.lower).ids } catch { throw .text(error) }
      let padded =
        [Int](repeating: tokenizer.vocabulary.padding, count: context - 1) + ids
      for place in context..<padded.count {
        var row = [Scalar](repeating: 0, count: context * count)
        for offset in 0..<context { row[offset * count + padded[place - context + offset]] = 1 }
        samples.inputs.append(row)
        samples.labels.append(padded[place])
      }
    }
    return samples
  }

  private func run<Scalar: KernelScalar>(
    _ type: Scalar.Type, _ stop: StopFlag?, _ progress: (TrainingRun.Progress) -> Void
  ) throws(TrainingError) -> NetworkResult {
    let tokenizer: CharacterTokenizer
    do { tokenizer = try TrainingTask.nextToken.tokenizer(for: poems) } catch {
      throw .vocabulary(error)
    }
    guard request.heldOut >= 0, request.heldOut < poems.poems.count else {
      throw .heldOut(request.heldOut, poems: poems.poems.count)
    }
    let parts = poems.split(heldOut: request.heldOut, seed: request.seed)
    let training: Samples<Scalar> = try samples(parts.training, tokenizer)
    let heldOut: Samples<Scalar> = try samples(parts.heldOut, tokenizer)
    let count = tokenizer.vocabulary.count
    let batch = max(1, min(request.batch, training.labels.count))
    let rows = max(1, (batch + 3) / 4)
    let widths = [context * count, request.width, request.width, count]
    let network = PredictiveCodingNetwork.perceptron(
      widths: widths, activation: .tanh, rows: rows, loss: .crossEntropy)
    let threads = request.threads ?? ProcessInfo.processInfo.activeProcessorCount
    let source = RandomSource(seed: request.seed)
    let steps = request.epochs * ((training.labels.count + batch - 1) / batch)
    var learner = Learner<Scalar>(
      request.learner(steps: steps),
      parameters: ParameterSet(network.layout, from: source.split("parameters")))
    let backward = network.backpropagation(as: type, threads: threads)
    var local: PredictiveCodingGradient<Scalar>?
    if case .predictiveCoding(let schedule) = request.learningRule {
      local = PredictiveCodingGradient(network, schedule: schedule, threads: threads)
    }
    let probe = training.shards(
      Array(0..<min(64, training.labels.count)), rows: rows, width: widths[0])
    func cosines(_ parameters: [Scalar]) throws(TrainingError) -> [Double] {
      guard let local else { return [] }
      var (first, second): ([Scalar], [Scalar]) = ([], [])
      do throws(LearningError) {
        _ = try local.run(parameters, shards: probe, gradient: &first)
      } catch { throw .learning(error) }
      _ = backward.run(parameters, shards: probe, gradient: &second)
      return network.cosines(first, second).map(\.cosine)
    }
    let before = try cosines(learner.parameters.values)
    var losses: [Double] = []
    var failure: RunError?
    for epoch in 0..<request.epochs {
      if stop?.isRaised ?? false {
        failure = .training(.stopped(passes: epoch, of: request.epochs))
        break
      }
      var stream = source.split("order").split(epoch)
      let order = stream.permutation(training.labels.count)
      var total = 0.0
      for start in stride(from: 0, to: order.count, by: batch) {
        let part = Array(order[start..<min(start + batch, order.count)])
        let shards = training.shards(part, rows: rows, width: widths[0])
        do throws(LearningError) {
          let info =
            if let local {
              try learner.step(on: local, shards: shards)
            } else {
              try learner.step(on: backward, shards: shards)
            }
          total += info.loss * Double(part.count)
        } catch { throw .learning(error) }
      }
      losses.append(total / Double(max(1, order.count)))
      progress(
        TrainingRun.Progress(
          epoch: epoch + 1, epochs: request.epochs, loss: losses.last ?? .nan))
    }
    let evaluator = PerceptronScores(network, parameters: learner.parameters.values)
    func accuracy(_ samples: Samples<Scalar>) -> Accuracy {
      var accuracy = Accuracy()
      let order = Array(samples.labels.indices)
      let shards = samples.shards(order, rows: rows, width: widths[0])
      for (index, shard) in shards.enumerated() {
        let found = evaluator.scores(shard)
        for row in 0..<min(rows, order.count - index * rows) {
          accuracy.count(
            [found.best(row)], labels: [samples.labels[index * rows + row]], weights: [1],
            surprises: [found.surprise(row, of: samples.labels[index * rows + row])])
        }
      }
      return accuracy
    }
    return NetworkResult(
      rule: request.rule, widths: widths, parameterCount: network.layout.count, seed: request.seed,
      stages: network.stages.map(\.name), losses: losses, training: accuracy(training),
      heldOut: request.heldOut > 0 ? accuracy(heldOut) : nil, cosinesBefore: before,
      cosinesAfter: try cosines(learner.parameters.values), failure: failure)
  }
}

/// Scores of a perceptron for rows.
private struct PerceptronScores<Scalar: KernelScalar> {
  private let workspace: TensorWorkspace<Scalar>
  private let names: [String]

  init(_ network: PredictiveCodingNetwork, parameters: [Scalar]) {
    let program = network.composed.reordered(
      inputs: network.layout.names + network.data, outputs: ["prediction"])
    workspace = TensorWorkspace(Scalar.executable(program))
    workspace.writeInputs(parameters, startingAt: 0)
    names = network.data
  }

  func scores(_ shard: [[Scalar]]) -> Scores {
    for (name, values) in zip(names, shard) {
      workspace.write(values, to: workspace.executable.input(name))
    }
    workspace.run()
    let region = workspace.executable.output("prediction")
    return Scores(workspace.read(region).map { Double($0) }, columns: region.shape[1])
  }
}
