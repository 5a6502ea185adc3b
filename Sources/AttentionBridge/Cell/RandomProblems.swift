package import TensorCore

/// Random problems for the identities, with the cases at the edge among them.
package enum RandomProblems {
  /// Which scores are allowed.
  package enum Scores: Sendable {
    /// Of the size that a Transformer starts with.
    case moderate
    /// Moderate ones, and some problems with scores of ±700.
    case extreme
  }

  /// Problems of random sizes: T from 1 to 12 keys, queries of 1 to 8 and values of 1 to 6 numbers.
  ///
  /// Before the random ones come the cases at the edge: a single key, equal keys, a mask that
  /// leaves one key, and, where `scores` allows, scores of ±700.
  ///
  /// - Parameters:
  ///   - count: how many random ones.
  ///   - source: the random numbers.
  ///   - scores: how large scores may be.
  ///   - masks: whether some random problems hide some of their keys.
  ///   - ties: whether the values are the keys.
  /// - Returns: the problems at the edge, then the random ones.
  package static func make(
    _ count: Int, from source: inout RandomSource, scores: Scores = .moderate, masks: Bool = false,
    ties: Bool = false
  ) -> [AttentionProblem] {
    var problems: [AttentionProblem] = []
    func random(keys: Int, width: Int, values: Int) -> AttentionProblem {
      let query = source.normals(width)
      let rows = (0..<keys).map { _ in source.normals(width) }
      let contents = ties ? rows : (0..<keys).map { _ in source.normals(values) }
      return AttentionProblem(query: query, keys: rows, values: contents)
    }

    problems.append(random(keys: 1, width: 3, values: 2))
    var equal = random(keys: 6, width: 4, values: 3)
    equal.keys = equal.keys.map { _ in equal.keys[0] }
    if ties { equal.values = equal.keys }
    problems.append(equal)
    if masks {
      var alone = random(keys: 5, width: 3, values: 2)
      alone.bias = (0..<5).map { $0 == 3 ? 0 : -.infinity }
      problems.append(alone)
    }
    if scores == .extreme {
      for sign in [1.0, -1.0] {
        for spread in [0.0, 1.0, 1400.0] {
          // All scores near ±700, or one at +700 and one at −700.
          var problem = random(keys: 4, width: 2, values: 2)
          let target = [700, 700 - spread / 3, 700 - spread / 2, 700 - spread].map { sign * $0 }
          let scores = problem.scores
          problem.bias = zip(target, scores).map { $0 - $1 }
          problems.append(problem)
        }
      }
    }
    for _ in 0..<max(0, count) {
      var problem = random(
        keys: 1 + integer(below: 12, &source), width: 1 + integer(below: 8, &source),
        values: 1 + integer(below: 6, &source))
      if masks && source.uniform() < 0.5 && problem.count > 1 {
        let kept = integer(below: problem.count, &source)
        problem.bias = (0..<problem.count).map {
          $0 == kept || source.uniform() < 0.6 ? 0 : -.infinity
        }
      }
      problems.append(problem)
    }
    return problems
  }

  /// A whole number from 0 to `bound − 1`.
  package static func integer(below bound: Int, _ source: inout RandomSource) -> Int {
    precondition(bound > 0, "a whole number below \(bound)")
    return min(bound - 1, Int(source.uniform() * Double(bound)))
  }
}
