internal import DynamicModels
internal import TensorCore

/// A precision that depends on states, causes or parameters, with its exact derivatives.
final class PrecisionEquations {
  private let workspace: LevelWorkspace
  private let value: Executable.Region
  /// The derivatives by states, causes and free parameters, `[k × k × count]` each.
  private let slopes: [(region: Executable.Region, count: Int)]
  let count: Int

  /// Prepares the output `port` of a level; nil where its equations have none.
  init?(_ level: Level, space: ParameterSpace, port: String) {
    guard level.equations.output(port) != nil else { return nil }
    count = port == Level.Port.outputPrecision ? level.outputs.count : level.states.count
    var builder = ProgramBuilder()
    let at = LevelWorkspace.inline(level, space: space, in: &builder)
    guard let own = at[port] else { return nil }
    builder.output(port, own)
    var program = builder.build()
    let sources = [
      (Level.Port.states, level.states.count), (Level.Port.causes, level.causes.count),
      (LevelWorkspace.free, space.dimension),
    ]
    for (name, _) in sources {
      program = program.jacobian(of: port, withRespectTo: name, as: "\(port)|\(name)")
    }
    let workspace = LevelWorkspace(program)
    self.workspace = workspace
    value = workspace.region(port)
    slopes = sources.map { (workspace.region("\(port)|\($0.0)"), $0.1) }
  }

  /// How many states, causes and free parameters there are.
  var inputCounts: [Int] { slopes.map(\.count) }

  /// Runs the equations at a point.
  func run(states: ArraySlice<Double>, causes: ArraySlice<Double>, free: ArraySlice<Double>) {
    workspace.run(states: states, causes: causes, free: free)
  }

  /// Entry (row, column) of the precision.
  func precision(_ row: Int, _ column: Int) -> Double {
    workspace.value(value, row * count + column)
  }

  /// Its derivative by entry `index` of input `kind`: 0 states, 1 causes, 2 parameters.
  func slope(_ row: Int, _ column: Int, kind: Int, index: Int) -> Double {
    let (region, width) = slopes[kind]
    return workspace.value(region, (row * count + column) * width + index)
  }
}
