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

extension Tensor<Double> {
  /// The rows of a matrix.
  var rowArrays: [[Double]] {
    (0..<rows).map { Array(values[($0 * columns)..<(($0 + 1) * columns)]) }
  }
}
