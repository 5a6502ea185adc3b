internal import DynamicModels
internal import TensorCore

/// A precision that depends on states, causes or parameters, with its exact derivatives.
final class PrecisionEquations {
  private let workspace: Workspace
  private let inputs: [Executable.Region]
  private let value: Executable.Region
  /// The derivatives by states, causes and free parameters, `[k × k × count]` each.
  private let slopes: [(region: Executable.Region, count: Int)]
  let count: Int

  private static let phi = "phi"

  /// Prepares the output `port` of a level; nil where its equations have none.
  init?(_ level: Level, space: ParameterSpace, port: String) {
    guard level.equations.output(port) != nil else { return nil }
    count = port == Level.Port.outputPrecision ? level.outputs.count : level.states.count
    var builder = ProgramBuilder()
    let free = builder.input(Self.phi, shape: .vector(space.dimension))
    var theta = builder.constant(Tensor(vector: level.parameterValues))
    if space.dimension > 0 {
      let column = builder.reshape(free, to: .matrix(space.dimension, 1))
      let moved = builder.matrixProduct(builder.constant(space.basis), column)
      theta = builder.binary(.add, theta, builder.reshape(moved, to: theta.shape))
    }
    var arguments = [
      Level.Port.states: builder.input(Level.Port.states, shape: .vector(level.states.count)),
      Level.Port.causes: builder.input(Level.Port.causes, shape: .vector(level.causes.count)),
      Level.Port.parameters: theta,
    ]
    if level.equations.input(Level.Port.time) != nil {
      arguments[Level.Port.time] = builder.constant(0)
    }
    let at = builder.inline(level.equations, arguments: arguments)
    guard let own = at[port] else { return nil }
    builder.output(port, own)
    var program = builder.build()
    let sources = [
      (Level.Port.states, level.states.count), (Level.Port.causes, level.causes.count),
      (Self.phi, space.dimension),
    ]
    for (name, _) in sources {
      program = program.jacobian(of: port, withRespectTo: name, as: "\(port)|\(name)")
    }
    let executable = Executable(program)
    workspace = Workspace(executable)
    inputs = executable.inputs
    value = executable.output(port)
    slopes = sources.map { (executable.output("\(port)|\($0.0)"), $0.1) }
  }

  /// How many states, causes and free parameters there are.
  var inputCounts: [Int] { slopes.map(\.count) }

  /// Runs the equations at a point.
  func run(states: ArraySlice<Double>, causes: ArraySlice<Double>, free: ArraySlice<Double>) {
    let base = unsafe workspace.base
    for region in inputs {
      let source =
        region.name == Level.Port.states
        ? states : region.name == Level.Port.causes ? causes : free
      var place = region.offset
      for entry in source {
        unsafe base[place] = entry
        place += 1
      }
    }
    workspace.run()
  }

  /// Entry (row, column) of the precision.
  func precision(_ row: Int, _ column: Int) -> Double {
    unsafe workspace.base[value.offset + row * count + column]
  }

  /// Its derivative by entry `index` of input `kind`: 0 states, 1 causes, 2 parameters.
  func slope(_ row: Int, _ column: Int, kind: Int, index: Int) -> Double {
    let (region, width) = slopes[kind]
    return unsafe workspace.base[region.offset + (row * count + column) * width + index]
  }
}
