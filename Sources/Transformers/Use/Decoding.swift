internal import TensorCore

/// How a sequence is written when nothing but the source is known.
package enum DecodingRule: Hashable, Sendable {
  /// The most probable token each time.
  case greedy
  /// The most probable of several sequences kept at each length; their log-probability is divided by
  /// `((5 + length) / 6)^penalty` (Wu et al. 2016, eq. 14).
  case beam(width: Int, penalty: Double)
}

extension TransformerModel {
  /// Writes one sequence per source, each token fed back as the context of the next.
  ///
  /// - Parameters:
  ///   - sources: the tokens that are read.
  ///   - start: the token every sequence begins with.
  ///   - end: the token that ends one.
  ///   - rule: how tokens are chosen.
  ///   - extents: the batch, and the largest numbers of tokens.
  /// - Returns: the tokens between start and end; without an end, as many as fit.
  package func write(
    _ sources: [[Int]], start: Int, end: Int, rule: DecodingRule = .greedy,
    extents: SequenceExtents
  ) -> [[Int]] {
    precondition(configuration.architecture == .encoderDecoder, "no decoder to write with")
    switch rule {
    case .greedy:
      var result: [[Int]] = []
      for first in stride(from: 0, to: sources.count, by: extents.batch) {
        let part = Array(sources[first..<min(first + extents.batch, sources.count)])
        result += greedy(part, start: start, end: end, extents: extents)
      }
      return result
    case .beam(let width, let penalty):
      precondition(width >= 1, "a beam of \(width) sequences")
      return sources.map {
        beam($0, start: start, end: end, width: width, penalty: penalty, extents: extents)
      }
    }
  }

  private func greedy(
    _ sources: [[Int]], start: Int, end: Int, extents: SequenceExtents
  ) -> [[Int]] {
    let memory = memory(sources, extents: extents)
    var written = sources.map { _ in [start] }
    var isOpen = sources.map { _ in true }
    for _ in 0..<extents.target where isOpen.contains(true) {
      let scores = nextScores(
        written.map { Array($0.prefix(extents.target)) }, memory: memory, extents: extents)
      for index in written.indices where isOpen[index] {
        let next = Scores(scores[index], columns: scores[index].count).best(0)
        if next == end {
          isOpen[index] = false
        } else {
          written[index].append(next)
        }
      }
    }
    return written.map { Array($0.dropFirst()) }
  }

  private struct Hypothesis {
    var tokens: [Int]
    var logProbability: Double
    var isClosed = false
  }

  private func beam(
    _ source: [Int], start: Int, end: Int, width: Int, penalty: Double, extents: SequenceExtents
  ) -> [Int] {
    var extents = extents
    extents.batch = width
    let single = SequenceExtents(batch: 1, source: extents.source, target: extents.target)
    let memory = memory([source], extents: single)
      .picking([Int](repeating: 0, count: width), extents: extents)
    func score(_ hypothesis: Hypothesis) -> Double {
      let length = Double(hypothesis.tokens.count - 1 + (hypothesis.isClosed ? 1 : 0))
      return hypothesis.logProbability / power((5 + length) / 6, penalty)
    }
    var beam = [Hypothesis(tokens: [start], logProbability: 0)]
    for _ in 0..<extents.target where beam.contains(where: { !$0.isClosed }) {
      let open = beam.filter { !$0.isClosed }
      let scores = nextScores(open.map(\.tokens), memory: memory, extents: extents)
      var candidates = beam.filter(\.isClosed)
      for (hypothesis, scores) in zip(open, scores) {
        let logs = Scores.logProbabilities(scores)
        // No more than `width` continuations of one hypothesis can survive.
        let best = logs.indices.sorted { logs[$0] > logs[$1] || (logs[$0] == logs[$1] && $0 < $1) }
        for token in best.prefix(width) {
          var next = hypothesis
          next.logProbability += logs[token]
          if token == end { next.isClosed = true } else { next.tokens.append(token) }
          candidates.append(next)
        }
      }
      // Sorting is made stable by the order of candidates, so equal scores do not depend on luck.
      let order = candidates.indices.sorted {
        let (left, right) = (score(candidates[$0]), score(candidates[$1]))
        return left > right || (left == right && $0 < $1)
      }
      beam = order.prefix(width).map { candidates[$0] }
    }
    let best = beam.indices.max {
      let (left, right) = (score(beam[$0]), score(beam[$1]))
      return left < right || (left == right && $0 > $1)
    }
    return best.map { Array(beam[$0].tokens.dropFirst().prefix(extents.target)) } ?? []
  }
}

/// `base^exponent`, with exactly 1 for no penalty.
private func power(_ base: Double, _ exponent: Double) -> Double {
  exponent == 0 ? 1 : BinaryOperation.power(base, exponent)
}
