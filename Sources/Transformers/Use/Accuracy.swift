internal import TensorCore

/// How many labels and whole sequences were right.
package struct Accuracy: Sendable, Hashable, Codable {
  /// The labels that counted, and those that were right.
  package var labels = 0, rightLabels = 0
  /// The sequences, and those right in every label.
  package var sequences = 0, rightSequences = 0
  /// The sum of `−ln p` of the labels.
  package var surprise = 0.0

  /// Nothing counted yet.
  package init() {}

  /// The share of labels that were right.
  package var ofLabels: Double { labels > 0 ? Double(rightLabels) / Double(labels) : 0 }
  /// The share of sequences that were right throughout.
  package var ofSequences: Double {
    sequences > 0 ? Double(rightSequences) / Double(sequences) : 0
  }
  /// The mean surprise per label, in nats.
  package var meanSurprise: Double { labels > 0 ? surprise / Double(labels) : 0 }

  /// Counts one sequence against its labels; those of weight zero do not count.
  package mutating func count(
    _ tokens: [Int], labels: [Int], weights: [Double], surprises: [Double] = []
  ) {
    var isRight = true
    for (place, label) in labels.enumerated() where weights[place] > 0 {
      self.labels += 1
      let hits = place < tokens.count && tokens[place] == label
      if hits { rightLabels += 1 } else { isRight = false }
      if place < surprises.count { surprise += surprises[place] }
    }
    sequences += 1
    if isRight { rightSequences += 1 }
  }
}

extension TransformerModel {
  /// Accuracy with the true tokens before each label as context.
  package func teacherForced(
    _ examples: [SequenceExample], extents: SequenceExtents
  ) -> Accuracy {
    var accuracy = Accuracy()
    for (example, prediction) in zip(examples, predictions(examples, extents: extents)) {
      accuracy.count(
        prediction.tokens, labels: example.labels, weights: example.weights,
        surprises: prediction.surprises)
    }
    return accuracy
  }

  /// Accuracy when the model reads its own tokens: what it can do without the answer.
  package func freeRunning(
    _ examples: [SequenceExample], start: Int, end: Int, rule: DecodingRule = .greedy,
    extents: SequenceExtents
  ) -> Accuracy {
    var accuracy = Accuracy()
    let written = write(
      examples.map(\.source), start: start, end: end, rule: rule, extents: extents)
    for (example, tokens) in zip(examples, written) {
      // A sequence that went on too long is wrong at its end token.
      accuracy.count(tokens + [end], labels: example.labels, weights: example.weights)
    }
    return accuracy
  }
}
