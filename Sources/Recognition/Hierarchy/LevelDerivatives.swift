internal import DynamicModels
internal import TensorCore

/// One level's f and g with everything that an inversion differentiates, ready to run.
///
/// The parameters are replaced by their free directions, `θ = θ₀ + B φ`.
final class LevelDerivatives {
  /// What a run delivers, by the names of `Level.Port` joined with `|` for derivatives.
  private let workspace: LevelWorkspace
  /// Whether f and g are affine in (x, v), whatever φ is.
  let isAffine: Bool
  /// The same but for jumps and bends: their curvature is zero.
  let isAffineInPieces: Bool
  let stateCount: Int
  let causeCount: Int
  let outputCount: Int
  /// r: the number of free directions of the parameters.
  let freeCount: Int

  init(_ level: Level, space: ParameterSpace) {
    stateCount = level.states.count
    causeCount = level.causes.count
    outputCount = level.outputs.count
    freeCount = space.dimension
    let (x, v, g, f) = (
      Level.Port.states, Level.Port.causes, Level.Port.output, Level.Port.motion
    )
    var builder = ProgramBuilder()
    let at = LevelWorkspace.inline(level, space: space, in: &builder)
    for port in [g, f] {
      if let value = at[port] { builder.output(port, value) }
    }
    var program = builder.build()
    let isPiecewise = program.isPiecewise(in: [x, v])
    let affinity = [x, v].flatMap { input in [g, f].map { ($0, input) } }
    for (output, input) in affinity {
      program = program.jacobian(of: output, withRespectTo: input, as: "\(output)|\(input)")
    }
    var curvature = program
    var names: [String] = []
    for (output, input) in affinity {
      for second in [x, v] {
        let name = "\(output)|\(input)|\(second)"
        curvature = curvature.jacobian(
          of: "\(output)|\(input)", withRespectTo: second, as: name)
        names.append(name)
      }
    }
    isAffineInPieces = names.allSatisfy { name in
      curvature.constantOutput(name)?.values.allSatisfy { $0 == 0 }
        ?? (curvature.output(name)?.shape.count == 0)
    }
    isAffine = isAffineInPieces && !isPiecewise
    if freeCount > 0 {
      for output in [g, f] + affinity.map({ "\($0.0)|\($0.1)" }) {
        program = program.jacobian(
          of: output, withRespectTo: LevelWorkspace.free, as: "\(output)|\(LevelWorkspace.free)")
      }
    }
    workspace = LevelWorkspace(program)
  }

  /// Runs the equations at a point.
  func run(states: ArraySlice<Double>, causes: ArraySlice<Double>, free: ArraySlice<Double>) {
    workspace.run(states: states, causes: causes, free: free)
  }

  /// The region of an output of the last run.
  func region(_ name: String) -> Executable.Region { workspace.region(name) }

  /// One entry of the last run's results.
  func value(_ region: Executable.Region, _ index: Int) -> Double {
    workspace.value(region, index)
  }
}
