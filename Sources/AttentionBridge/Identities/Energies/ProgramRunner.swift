package import TensorCore

/// A program of the tensor core that runs again and again on arrays by name.
package struct ProgramRunner {
  private let workspace: TensorWorkspace<Double>

  /// Makes a program ready; inputs keep their values from run to run.
  ///
  /// - Parameters:
  ///   - program: the program.
  ///   - arguments: values of inputs that are known now.
  package init(_ program: Program, _ arguments: [String: [Double]] = [:]) {
    workspace = TensorWorkspace(Double.executable(program))
    for (name, values) in arguments { set(name, values) }
  }

  /// Sets an input, row-major.
  package func set(_ name: String, _ values: [Double]) {
    workspace.write(values, to: workspace.executable.input(name))
  }

  /// Runs the program once.
  package func run() { workspace.run() }

  /// An output of the last run, row-major.
  package func callAsFunction(_ name: String) -> [Double] {
    workspace.read(workspace.executable.output(name))
  }
}

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
