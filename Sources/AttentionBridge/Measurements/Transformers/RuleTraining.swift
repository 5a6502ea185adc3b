internal import Foundation
package import Learning
package import TensorCore
package import Transformers

/// One block trained on the copy task by one rule, with angles to backpropagation on the way.
package struct RuleTraining: Sendable {
  /// How parameters learn.
  package enum Rule: Sendable, Equatable {
    /// The gradient of the loss.
    case backpropagation
    /// Errors relax while predictions stay as the feed-forward pass made them.
    case fixedPrediction
    /// States of a precision descend to rest, then ∂F/∂θ.
    case equilibrium(precision: Double)
  }

  /// What part of the slope at the feed-forward pass counts as rest, and the largest number of
  /// evaluations on the way there.
  package static let restTolerance = 1e-3, restEvaluations = 200

  /// By which rule parameters learn.
  package let rule: Rule
  /// The mean loss of each step, in nats per character, and at equilibrium F at rest per character.
  package private(set) var losses: [Double] = [], restEnergies: [Double] = []
  /// How each relaxation came to an end.
  package private(set) var endings: [ErrorRelaxation.Course.Ending] = []
  /// Per relaxation the slope left as a part of that at the feed-forward pass: ‖∂F/∂ε‖, which the
  /// tolerance is about, and ‖∂F/∂x‖.
  package private(set) var errorRemainders: [Double] = [], remainders: [Double] = []
  /// The steps at which gradients were compared, with the parameters there.
  package private(set) var comparedSteps: [Int] = [], snapshots: [[Double]] = []
  /// Per comparison and group of parameters, the angle between the rule's gradient and that of
  /// backpropagation at the same parameters and data, in degrees.
  package private(set) var angles: [[Double]] = []
  /// Per comparison the angle over all parameters, and that between backpropagation's gradients of
  /// two mini-batches.
  package private(set) var wholeAngles: [Double] = [], batchAngles: [Double] = []
  /// The parameters at the end.
  package private(set) var parameters: ParameterSet<Double>

  /// The groups of parameters by the beginnings of their names.
  package static let groups: [(prefixes: [String], english: String, japanese: String)] = [
    (["source.embedding", "positions"], "embedding", "埋め込み"),
    (["encoder.0.attention."], "attention", "注意"),
    (["encoder.0.feedforward."], "feed-forward", "フィードフォワード"),
    (["encoder.norm", "readout."], "readout", "読み出し"),
  ]

  /// Trains.
  ///
  /// - Parameters:
  ///   - task: the task.
  ///   - rule: by which rule parameters learn.
  ///   - steps: mini-batches.
  ///   - start: the parameters before the first step.
  ///   - order: draws the mini-batches; equal streams give equal data in equal order.
  ///   - rate: of Adam.
  ///   - compares: after how many steps gradients are compared, 0 for never.
  ///   - proceed: called before each step with its share.
  /// - Throws: `BridgeError.training` where learning did not stay finite; what `proceed` throws.
  package init(
    _ task: CopyTask, _ rule: Rule, steps: Int, start: ParameterSet<Double>,
    order: RandomSource, rate: Double, compares: Int,
    proceed: (Double) throws(BridgeError) -> Void
  ) throws(BridgeError) {
    self.rule = rule
    let network = task.network()
    let backpropagation = network.backpropagation(as: Double.self)
    var fixed: PredictiveCodingGradient<Double>?
    var relaxation: ErrorRelaxation?
    switch rule {
    case .backpropagation: break
    case .fixedPrediction:
      fixed = PredictiveCodingGradient(
        network, schedule: .fixedPrediction(steps: network.stages.count - 1, rate: 1))
    case .equilibrium(let precision):
      relaxation = ErrorRelaxation(task.network(precision: precision))
    }
    var learner = Learner(
      LearnerSettings(schedule: .init(peak: rate)), parameters: start.keeping(network.layout))
    parameters = learner.parameters
    var order = order
    var other = order.split("other mini-batches")
    do {
      for step in 0..<steps {
        try proceed(Double(step) / Double(steps))
        let shard = task.shard(&order, names: network.data)
        let values = learner.parameters.values
        let isCompared = compares > 0 && step % compares == 0
        var own: [Double] = []
        var (loss, weight) = (0.0, 0.0)
        if let relaxation {
          let course = relaxation.relax(
            values, shard, tolerance: Self.restTolerance, evaluations: Self.restEvaluations)
          let rest = relaxation.local(course.states, values, shard)
          (own, loss, weight) = (rest.plasticity, course.energies[0], course.weight)
          restEnergies.append(rest.energy / weight)
          endings.append(course.ending)
          errorRemainders.append(course.remainder)
          let flow = relaxation.local(course.start, values, shard).flow
          remainders.append(Vectors.norm(rest.flow) / Vectors.norm(flow))
        } else if let fixed {
          let sums = try fixed.run(values, shards: [shard], step: step + 1, gradient: &own)
          (loss, weight) = (sums.loss, sums.weight)
        } else {
          let sums = backpropagation.run(values, shards: [shard], gradient: &own)
          (loss, weight) = (sums.loss, sums.weight)
        }
        if isCompared {
          comparedSteps.append(step)
          snapshots.append(values)
          let second = task.shard(&other, names: network.data)
          compare(own, values, [shard, second], backpropagation)
        }
        losses.append(try learner.step(along: own, loss: loss, weight: weight).loss)
      }
    } catch let error as LearningError {
      throw .training(.learning(error))
    } catch let error as BridgeError { throw error } catch { preconditionFailure("\(error)") }
    parameters = learner.parameters
  }

  private mutating func compare(
    _ own: [Double], _ values: [Double], _ shards: [[[Double]]],
    _ backpropagation: ShardedGradient<Double>
  ) {
    var reverse: [Double] = [], second: [Double] = []
    _ = backpropagation.run(values, shards: [shards[0]], gradient: &reverse)
    _ = backpropagation.run(values, shards: [shards[1]], gradient: &second)
    wholeAngles.append(Self.angle(own, reverse))
    batchAngles.append(Self.angle(reverse, second))
    angles.append(
      Self.groups.map { group in
        let places = Self.places(group.prefixes, backpropagation.trainable)
        return Self.angle(places.map { own[$0] }, places.map { reverse[$0] })
      })
  }

  private static func places(_ prefixes: [String], _ layout: ParameterLayout) -> [Int] {
    layout.names.filter { name in prefixes.contains { name.hasPrefix($0) } }
      .flatMap { Array(layout.range(of: $0) ?? 0..<0) }
  }

  /// The angle between two vectors in degrees, exact for small ones: `2 atan2(|u − v|, |u + v|)` of
  /// the unit vectors; NaN where one is zero.
  package static func angle(_ a: [Double], _ b: [Double]) -> Double {
    let (lengthA, lengthB) = (Vectors.norm(a), Vectors.norm(b))
    guard lengthA > 0, lengthB > 0 else { return .nan }
    let (u, v) = (a.map { $0 / lengthA }, b.map { $0 / lengthB })
    return 2 * atan2(Vectors.norm(Vectors.sum(u, -1, v)), Vectors.norm(Vectors.sum(u, 1, v)))
      * 180 / Double.pi
  }

  /// The attention of both heads in one example.
  package func maps(_ task: CopyTask, _ example: SequenceExample) -> [Tensor<Double>] {
    let configuration = task.configuration
    let layout = configuration.layout
    var all = ParameterSet<Double>(layout, values: [Double](repeating: 0, count: layout.count))
    all.take(parameters)
    // Every place holds a token, so that no padding is ever read.
    let model = TransformerModel(configuration, parameters: all, padding: 0)
    return model.attention(example).first?.heads ?? []
  }

  /// The distance of attention between two runs: the mean over rows of `½ Σ |a − b|`, with heads
  /// matched in the order that makes it smallest.
  ///
  /// - Parameters:
  ///   - first: per example the maps of the heads.
  ///   - second: those of the other run.
  ///   - rows: the rows that count.
  /// - Returns: from 0 for equal maps to 1 for maps without a key in common.
  package static func distance(
    _ first: [[Tensor<Double>]], _ second: [[Tensor<Double>]], rows: Range<Int>
  ) -> Double {
    let heads = first.first?.count ?? 0
    return permutations(heads).map { order in
      var (total, count) = (0.0, 0)
      for (a, b) in zip(first, second) {
        for head in 0..<heads {
          for row in rows {
            count += 1
            for column in 0..<a[head].columns {
              total += 0.5 * abs(a[head][row, column] - b[order[head]][row, column])
            }
          }
        }
      }
      return count > 0 ? total / Double(count) : 0
    }.min() ?? 0
  }

  private static func permutations(_ count: Int) -> [[Int]] {
    count == 0
      ? [[]]
      : permutations(count - 1).flatMap { shorter in
        (0...shorter.count).map { place in
          Array(shorter[..<place]) + [count - 1] + Array(shorter[place...])
        }
      }
  }
}
