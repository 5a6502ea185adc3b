internal import DynamicModels
internal import TensorCore

/// A program of one level's states, causes and free parameter directions, ready to run.
final class LevelWorkspace {
  /// The input of the free directions φ, `θ = θ₀ + B φ`.
  static let free = "phi"

  private let executable: Executable
  private let workspace: Workspace
  private let inputs: [Executable.Region]

  init(_ program: Program) {
    executable = Executable(program)
    workspace = Workspace(executable)
    inputs = executable.inputs
  }

  /// Inlines a level's equations with its free directions in place of its parameters.
  static func inline(
    _ level: Level, space: ParameterSpace, in builder: inout ProgramBuilder
  ) -> [String: Value] {
    let states = builder.input(Level.Port.states, shape: .vector(level.states.count))
    let causes = builder.input(Level.Port.causes, shape: .vector(level.causes.count))
    let phi = builder.input(free, shape: .vector(space.dimension))
    var theta = builder.constant(Tensor(vector: level.parameterValues))
    if space.dimension > 0 {
      let column = builder.reshape(phi, to: .matrix(space.dimension, 1))
      let moved = builder.matrixProduct(builder.constant(space.basis), column)
      theta = builder.binary(.add, theta, builder.reshape(moved, to: theta.shape))
    }
    var arguments = [
      Level.Port.states: states, Level.Port.causes: causes, Level.Port.parameters: theta,
    ]
    if level.equations.input(Level.Port.time) != nil {
      arguments[Level.Port.time] = builder.constant(0)
    }
    return builder.inline(level.equations, arguments: arguments)
  }

  /// Runs the program at a point.
  func run(states: ArraySlice<Double>, causes: ArraySlice<Double>, free: ArraySlice<Double>) {
    let base = unsafe workspace.base
    for region in inputs {
      let source =
        region.name == Level.Port.states
        ? states : region.name == Level.Port.causes ? causes : free
      var place = region.offset
      for value in source {
        unsafe base[place] = value
        place += 1
      }
    }
    workspace.run()
  }

  /// The region of an output of the last run.
  func region(_ name: String) -> Executable.Region { executable.output(name) }

  /// One entry of the last run's results.
  func value(_ region: Executable.Region, _ index: Int) -> Double {
    unsafe workspace.base[region.offset + index]
  }
}
