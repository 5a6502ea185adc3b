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

  /// Sets all inputs, runs once and reads all outputs.
  ///
  /// - Parameter arguments: every input by name; one that is missing or of another shape is a
  ///   caller's bug.
  /// - Returns: every output by name.
  package func evaluate(_ arguments: [String: Tensor<Double>]) -> [String: Tensor<Double>] {
    let executable = workspace.executable
    for region in executable.inputs {
      guard let argument = arguments[region.name], argument.shape == region.shape else {
        preconditionFailure("no argument of shape \(region.shape) for input '\(region.name)'")
      }
      workspace.write(argument.values, to: region)
    }
    workspace.run()
    return Dictionary(
      uniqueKeysWithValues: executable.outputs.map {
        ($0.name, Tensor(shape: $0.shape, values: workspace.read($0)))
      })
  }
}
