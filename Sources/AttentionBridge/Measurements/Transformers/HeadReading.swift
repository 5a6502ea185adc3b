internal import Foundation
package import TensorCore
package import Transformers

/// What the identities and the terms of free energy say of one head on its real queries and keys.
package struct HeadReading: Sendable {
  /// The layer, as in `encoder.0.attention`, and the number of the head from 0.
  package let layer: String, head: Int
  /// Per query: the entropy of the weights, `ln Z = logsumexp(s)`, and `KL[α ‖ uniform]` over the
  /// keys that can be seen, all in nats.
  package let entropies: [Double], logPrecisions: [Double], surprises: [Double]
  /// Per query the logarithm of the number of keys that can be seen.
  package let logCounts: [Double]
  /// The largest distance between the cell at rest and the head's output, between F at the weights
  /// and −lse, and between frozen error units and gradients, relative as in `DeviationMeter`.
  package let cell: DeviationMeter, freeEnergy: DeviationMeter, errors: DeviationMeter

  /// Reads one head.
  ///
  /// - Parameters:
  ///   - inputs: what the head reads and makes, in double precision.
  ///   - graph: a graph of these extents without projections.
  ///   - source: draws the targets that the frozen errors start from.
  package init(_ inputs: HeadInputs, graph: AttentionGraph, source: inout RandomSource) {
    layer = inputs.layer
    head = inputs.head
    var entropies: [Double] = [], logPrecisions: [Double] = [], surprises: [Double] = []
    var logCounts: [Double] = []
    var cell = DeviationMeter(), freeEnergy = DeviationMeter(), errors = DeviationMeter()
    for (query, problem) in inputs.problems.enumerated() {
      cell.compare(
        AttentionCell(problem).rest, Self.row(inputs.output, query))
      let (scores, weights) = (problem.scores, problem.weights)
      var (entropy, accuracy, complexity) = (0.0, 0.0, 0.0)
      let visible = scores.count { $0 > -.infinity }
      for (weight, score) in zip(weights, scores) where weight > 0 {
        entropy -= weight * log(weight)
        accuracy += weight * score
        complexity += weight * log(weight * Double(visible))
      }
      // F(r) = Σ r (ln r − s), which is smallest at r = α.
      freeEnergy.compare(-entropy - accuracy, -problem.logPartition)
      entropies.append(entropy)
      logPrecisions.append(problem.logPartition)
      surprises.append(max(0, complexity))
      logCounts.append(log(Double(visible)))
    }
    let pass = graph.run(
      AttentionGraph.Inputs(
        given: [
          .queries: inputs.queries.values, .keys: inputs.keys.values,
          .values: inputs.values.values,
        ], bias: inputs.bias.values,
        target: zip(inputs.output.values, source.normals(inputs.output.values.count))
          .map { $0 + $1 }))
    let frozen = FrozenErrors(
      pass, extents: graph.extents, inverseTemperature: graph.inverseTemperature)
    let rest = frozen.rest().errors
    for node in graph.extents.nodes {
      errors.compare(
        frozen.part(node, of: rest), (pass.gradients[node] ?? []).map { -$0 })
    }
    self.entropies = entropies
    self.logPrecisions = logPrecisions
    self.surprises = surprises
    self.logCounts = logCounts
    (self.cell, self.freeEnergy, self.errors) = (cell, freeEnergy, errors)
  }

  /// Reads all heads of a model in one example.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - example: what it reads.
  ///   - seed: draws the targets that frozen errors start from.
  /// - Returns: a reading per head.
  /// - Throws: `BridgeError.notFinite` where a head reads or makes something that is not finite, as
  ///   a model does whose training has diverged.
  package static func all(
    _ model: TransformerModel<Double>, _ example: SequenceExample, seed: UInt64
  ) throws(BridgeError) -> [HeadReading] {
    var graphs: [AttentionExtents: AttentionGraph] = [:]
    var source = RandomSource(seed: seed)
    var readings: [HeadReading] = []
    for inputs in model.headInputs(example) {
      guard inputs.isFinite else { throw .notFinite(what: "the attention of \(inputs.layer)") }
      let extents = AttentionExtents(
        queries: inputs.queries.rows, keys: inputs.keys.rows, keyWidth: inputs.keys.columns,
        valueWidth: inputs.values.columns)
      let graph = graphs[extents] ?? AttentionGraph(extents)
      graphs[extents] = graph
      readings.append(HeadReading(inputs, graph: graph, source: &source))
    }
    return readings
  }

  private static func row(_ matrix: Tensor<Double>, _ index: Int) -> [Double] {
    Array(matrix.values[(index * matrix.columns)..<((index + 1) * matrix.columns)])
  }

  /// Means over the queries: entropy, ln Z, KL, and `ln` of the number of keys that can be seen.
  package var means: Means {
    Means(
      entropy: SampleCorrelation.mean(entropies),
      logPrecision: SampleCorrelation.mean(logPrecisions),
      surprise: SampleCorrelation.mean(surprises), logCount: SampleCorrelation.mean(logCounts))
  }

  /// Means of a head, in nats.
  package struct Means: Sendable {
    /// Over its queries.
    package var entropy: Double, logPrecision: Double, surprise: Double, logCount: Double
  }
}

extension HeadInputs {
  /// Whether queries, keys, values, the output and the scores of all visible keys are finite, and
  /// every query sees a key.
  package var isFinite: Bool {
    guard [queries, keys, values, output].allSatisfy({ $0.values.allSatisfy(\.isFinite) }) else {
      return false
    }
    return problems.allSatisfy { problem in
      zip(problem.scores, problem.bias).allSatisfy { $0.isFinite || $1 == -.infinity }
    }
  }

  /// One problem per query.
  package var problems: [AttentionProblem] {
    func rows(_ matrix: Tensor<Double>) -> [[Double]] {
      (0..<matrix.rows).map { row in
        Array(matrix.values[(row * matrix.columns)..<((row + 1) * matrix.columns)])
      }
    }
    let (keys, values, biases) = (rows(keys), rows(values), rows(bias))
    return zip(rows(queries), biases).map { query, bias in
      AttentionProblem(query: query, keys: keys, values: values, bias: bias)
    }
  }
}
