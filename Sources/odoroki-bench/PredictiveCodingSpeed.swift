import Foundation
import Learning
import TensorCore

/// Training by predictive coding: samples a second, and what a batch costs next to backpropagation.
///
/// The task of the published comparisons: an MLP 784-256-256-10 with tanh, batches of 64, 20
/// relaxation steps, single precision, 4096 drawn samples. Measured elsewhere, on one thread of a
/// Sapphire-Rapids Xeon per CPU second: 7681 samples a second by the fastest library (jpc) and 7633
/// by plain NumPy that computes the clamped input's prediction once per batch; another machine's
/// numbers are no target here.
enum PredictiveCodingSpeed {
  static func all(quick: Bool) throws -> [Finding] {
    let samples = quick ? 512 : 4096
    let repeats = quick ? 1 : 5
    let relaxed = PredictiveCodingSchedule.equilibrium(steps: 20, rate: 0.1)
    let single = try epochs(relaxed, rows: 64, threads: 1, samples, repeats)
    let double = try epochs(relaxed, rows: 32, threads: 2, samples, repeats)
    let backward = try epochs(nil, rows: 64, threads: 1, samples, repeats)
    let fixed = try epochs(
      .fixedPrediction(steps: 20, rate: 0.5), rows: 64, threads: 1, samples, repeats)
    let wave = try epochs(.zeroDivergence, rows: 64, threads: 1, samples, repeats)
    func finding(_ name: String, _ times: Times) -> Finding {
      let rate = Double(samples) / times.wall
      return Finding(
        name: "predictive coding, \(name)", value: rate, unit: "/s", target: nil, isMet: nil,
        note: String(
          format: "median; %.0f per CPU second; fastest epoch %.0f",
          Double(samples) / times.processor, Double(samples) / times.fastest))
    }
    return [
      finding("1 thread", single),
      finding("2 threads", double), finding("backpropagation", backward),
      finding("fixed", fixed), finding("zero divergence", wave),
      Finding(
        name: "relaxation / backpropagation", value: single.processor / backward.processor,
        unit: "x", target: nil, isMet: nil, note: "CPU time of a batch of 64, T = 20"),
    ]
  }

  /// Seconds of an epoch.
  private struct Times {
    /// The median, and the least, on the clock.
    var wall: Double, fastest: Double
    /// The median of the process's own time on all threads.
    var processor: Double
  }

  /// Epochs of plain gradient descent by a schedule, or by backpropagation; the first is not counted.
  private static func epochs(
    _ schedule: PredictiveCodingSchedule?, rows: Int, threads: Int, _ samples: Int, _ repeats: Int
  ) throws -> Times {
    let network = PredictiveCodingNetwork.perceptron(
      widths: [784, 256, 256, 10], activation: .tanh, rows: rows, loss: .gaussian)
    let batches = batches(samples, rows: rows)
    var learner = Learner(
      LearnerSettings(optimizer: .gradientDescent, schedule: .init(peak: 0.05)),
      parameters: ParameterSet<Float>(network.layout, from: RandomSource(seed: 3)))
    let reference = network.backpropagation(as: Float.self, threads: threads)
    let objective = PredictiveCodingGradient<Float>(
      network, schedule: schedule ?? .zeroDivergence, threads: threads)
    var (walls, processors): ([Double], [Double]) = ([], [])
    for _ in 0...repeats {
      let (wall, processor) = (ContinuousClock.now, clock())
      for batch in batches {
        if schedule == nil {
          _ = try learner.step(on: reference, shards: batch)
        } else {
          _ = try learner.step(on: objective, shards: batch)
        }
      }
      processors.append(Double(clock() - processor) / Double(CLOCKS_PER_SEC))
      walls.append((ContinuousClock.now - wall) / .seconds(1))
    }
    walls.removeFirst()
    processors.removeFirst()
    return Times(
      wall: Measurement.middle(walls), fastest: walls.min() ?? .nan,
      processor: Measurement.middle(processors))
  }

  /// Batches of 64 in shards, drawn: ten noisy patterns.
  private static func batches(_ samples: Int, rows: Int) -> [[[[Float]]]] {
    var source = RandomSource(seed: 4)
    let patterns = (0..<10).map { _ in source.normals(784) }
    return (0..<(samples / 64)).map { _ in
      (0..<(64 / rows)).map { _ in
        var (inputs, targets): ([Float], [Float]) = ([], [])
        for _ in 0..<rows {
          let label = min(9, Int(10 * source.uniform()))
          let noise = source.normals(784)
          inputs += zip(patterns[label], noise).map { Float(0.5 * ($0 + $1)) }
          targets += (0..<10).map { $0 == label ? 1 : 0 }
        }
        return [inputs, targets, [Float](repeating: 1, count: rows)]
      }
    }
  }
}
