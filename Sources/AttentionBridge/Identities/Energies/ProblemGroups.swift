internal import TensorCore

extension AttentionProblem {
  /// The weights α_j [T] as the attention of the tensor core gives them, read off by unit vectors
  /// as values.
  package var weightsByAttention: [Double] {
    var problem = self
    problem.values = (0..<count).map { row in (0..<count).map { $0 == row ? 1 : 0 } }
    return problem.attended
  }
}

extension RandomProblems {
  /// Problems as `make` gives them, but eight random ones to a shape, so that a program can serve
  /// all of them.
  static func grouped(
    _ count: Int, from source: inout RandomSource, scores: Scores = .moderate, masks: Bool = false
  ) -> [AttentionProblem] {
    let shapes = max(1, (count + 7) / 8)
    let templates = make(shapes, from: &source, scores: scores, masks: masks)
    var problems = templates
    for template in templates.suffix(shapes) {
      for _ in 1..<8 {
        var problem = template
        problem.query = source.normals(template.query.count)
        problem.keys = template.keys.map { source.normals($0.count) }
        problem.values = template.values.map { source.normals($0.count) }
        problems.append(problem)
      }
    }
    return problems
  }
}
