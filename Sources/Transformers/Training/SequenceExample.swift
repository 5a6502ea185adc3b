/// One sequence to learn from, or a pair of sequences.
package struct SequenceExample: Sendable, Hashable {
  /// The tokens that are read.
  package var source: [Int]
  /// Their segments; empty for a model without.
  package var segments: [Int]
  /// What the decoder has read before each label: the written sequence shifted right.
  package var target: [Int]
  /// The token to be predicted at each place of the decoder, or of the only stack.
  package var labels: [Int]
  /// How much each label counts; 0 for padding.
  package var weights: [Double]

  /// Creates an example.
  package init(
    source: [Int], segments: [Int] = [], target: [Int] = [], labels: [Int], weights: [Double]
  ) {
    precondition(labels.count == weights.count, "\(labels.count) labels, \(weights.count) weights")
    self.source = source
    self.segments = segments
    self.target = target
    self.labels = labels
    self.weights = weights
  }

  /// One sequence read and another written, with the written one shifted right: at every place the
  /// decoder sees only what stands before its label.
  ///
  /// - Parameters:
  ///   - source: the tokens that are read.
  ///   - written: the tokens with start and end.
  ///   - isShifted: false gives the decoder the labels themselves. It can then copy what it should
  ///     predict, and its accuracy says nothing about the source; kept to show that.
  /// - Returns: the example.
  package static func translation(
    from source: [Int], to written: [Int], isShifted: Bool = true
  ) -> SequenceExample {
    let labels = Array(written.dropFirst())
    return SequenceExample(
      source: source, target: isShifted ? Array(written.dropLast()) : labels, labels: labels,
      weights: [Double](repeating: 1, count: labels.count))
  }

  /// Each token of a sequence predicts the next.
  package static func nextToken(_ tokens: [Int]) -> SequenceExample {
    SequenceExample(
      source: Array(tokens.dropLast()), labels: Array(tokens.dropFirst()),
      weights: [Double](repeating: 1, count: max(0, tokens.count - 1)))
  }

  /// Tokens some of which are hidden.
  package static func masked(
    _ example: MaskedPrediction.Example, segments: [Int] = []
  ) -> SequenceExample {
    SequenceExample(
      source: example.inputs, segments: segments, labels: example.targets,
      weights: example.weights)
  }

  /// A label of the whole sequence, predicted at its first token.
  package static func classification(
    _ tokens: [Int], segments: [Int], label: Int
  ) -> SequenceExample {
    var labels = [Int](repeating: 0, count: tokens.count)
    var weights = [Double](repeating: 0, count: tokens.count)
    if !tokens.isEmpty {
      labels[0] = label
      weights[0] = 1
    }
    return SequenceExample(
      source: tokens, segments: segments, labels: labels, weights: weights)
  }
}

extension Sequence where Element == SequenceExample {
  /// The smallest extents that hold all of them in batches of a size.
  package func extents(batch: Int) -> SequenceExtents {
    var extents = SequenceExtents(batch: batch, source: 1, target: 0)
    for example in self {
      extents.source = Swift.max(extents.source, example.source.count)
      extents.target = Swift.max(extents.target, example.target.count)
    }
    return extents
  }
}
