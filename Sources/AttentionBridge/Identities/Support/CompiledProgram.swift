internal import TensorCore

/// A program that is planned once and evaluated many times, on the tensors that Transformers run on.
struct CompiledProgram {
  private let executable: TensorExecutable<Double>

  init(_ program: Program) {
    executable = Double.executable(program)
  }

  /// The outputs by name; an argument that is missing or of another shape is a caller's bug.
  func evaluate(_ arguments: [String: Tensor<Double>]) -> [String: Tensor<Double>] {
    let workspace = TensorWorkspace(executable)
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
