internal import TensorCore

/// One level of a world ready to run: its equations and its fluctuations.
final class WorldLevel {
  let description: ProcessLevel
  let stateCount: Int
  let outputCount: Int
  /// f + w and g + z of the last evaluation.
  private(set) var motion: [Double]
  private(set) var output: [Double]

  private let executable: Executable
  private let workspace: Workspace
  private let outputNoise: SmoothFluctuation
  private let stateNoise: SmoothFluctuation
  private var buffer: [Double]
  private lazy var slopeProgram = SlopeProgram(description.equations)

  init(_ description: ProcessLevel, number: Int, source: RandomSource) throws(ProcessError) {
    self.description = description
    stateCount = description.states.count
    outputCount = description.outputs.count
    let planned = Executable(description.equations)
    executable = planned
    workspace = Workspace(planned)
    motion = [Double](repeating: 0, count: description.states.count)
    output = [Double](repeating: 0, count: description.outputs.count)
    buffer = [Double](repeating: 0, count: max(stateCount, outputCount))
    func fluctuation(
      _ precision: Tensor<Double>?, _ count: Int, _ port: String, _ label: String
    ) throws(ProcessError) -> SmoothFluctuation {
      // Where the precision depends on states, a unit fluctuation is scaled as states go.
      let matrix = description.equations.output(port) != nil ? .identity(count) : precision
      guard let matrix, count > 0 else { return .none(channels: count) }
      do {
        return try SmoothFluctuation(
          precision: matrix, smoothness: description.smoothness, source: source.split(label))
      } catch {
        throw .precision(level: number, error)
      }
    }
    outputNoise = try fluctuation(
      description.outputPrecision, outputCount, Level.Port.outputPrecision, "z")
    stateNoise = try fluctuation(
      description.statePrecision, stateCount, Level.Port.statePrecision, "w")
  }

  /// Evaluates f + w and g + z.
  func evaluate(
    time: Double, states: Span<Double>, from offset: Int, causes: [Double], action: [Double]
  ) {
    let base = unsafe workspace.base
    for region in executable.inputs {
      let target = unsafe base + region.offset
      switch region.name {
      case Level.Port.states:
        for index in 0..<stateCount { unsafe target[index] = states[offset + index] }
      case Level.Port.causes:
        for index in 0..<region.shape.count { unsafe target[index] = causes[index] }
      case Level.Port.time: unsafe target.pointee = time
      case Level.Port.action:
        for index in 0..<region.shape.count { unsafe target[index] = action[index] }
      default: break
      }
    }
    workspace.run()
    for region in executable.outputs {
      let source = unsafe base + region.offset
      switch region.name {
      case Level.Port.motion:
        for index in 0..<stateCount { unsafe motion[index] = source[index] }
      case Level.Port.output:
        for index in 0..<outputCount { unsafe output[index] = source[index] }
      default: break
      }
    }
    add(stateNoise, Level.Port.statePrecision, at: time, to: &motion)
    add(outputNoise, Level.Port.outputPrecision, at: time, to: &output)
  }

  private func add(
    _ noise: SmoothFluctuation, _ port: String, at time: Double, to target: inout [Double]
  ) {
    guard !noise.isZero else { return }
    var values = [Double](repeating: 0, count: noise.channels)
    var span = values.mutableSpan
    noise.value(at: time, into: &span)
    if let region = executable.outputs.first(where: { $0.name == port }) {
      values = Self.scale(values, by: Tensor(shape: region.shape, values: workspace.read(region)))
    }
    for index in target.indices { target[index] += values[index] }
  }

  /// `Π^{−½} ζ`; a precision that is not positive definite gives NaN, which the solver reports.
  private static func scale(_ values: [Double], by precision: Tensor<Double>) -> [Double] {
    guard let factor = try? CholeskyFactor(precision),
      let inverse = try? LinearAlgebra.inverse(factor.lower)
    else { return values.map { _ in .nan } }
    return values.indices.map { row in
      values.indices.reduce(0) { $0 + inverse[$1, row] * values[$1] }
    }
  }

  /// The derivatives of f + w and g + z at the last evaluation; state-dependent noise counts as
  /// constant here, which slows an implicit method without biasing it.
  func slopes(time: Double) -> Slopes {
    let values = unsafe slopeProgram.evaluate(
      copying: executable, arena: UnsafePointer(workspace.base))
    func rate(_ noise: SmoothFluctuation, _ explicit: [Double]) -> [Double] {
      guard !noise.isZero else { return explicit }
      let moving = noise.generalized(at: time, orders: 2)
      return explicit.indices.map { explicit[$0] + moving[1, $0] }
    }
    return Slopes(
      motionByState: values["f|x"] ?? [], motionByCause: values["f|v"] ?? [],
      motionByTime: rate(
        stateNoise, values["f|t"] ?? [Double](repeating: 0, count: stateCount)),
      outputByState: values["g|x"] ?? [], outputByCause: values["g|v"] ?? [],
      outputByTime: rate(
        outputNoise, values["g|t"] ?? [Double](repeating: 0, count: outputCount)))
  }
}

/// The derivatives of one level's equations, row-major.
struct Slopes {
  let motionByState: [Double]
  let motionByCause: [Double]
  let motionByTime: [Double]
  let outputByState: [Double]
  let outputByCause: [Double]
  let outputByTime: [Double]
}

/// The Jacobians of a level's equations, built when an implicit method first asks.
final class SlopeProgram {
  private let executable: Executable
  private let workspace: Workspace

  init(_ equations: Program) {
    var program = equations
    var names: [String] = []
    for output in [Level.Port.motion, Level.Port.output] {
      for input in [Level.Port.states, Level.Port.causes, Level.Port.time]
      where equations.input(input) != nil {
        program = program.jacobian(of: output, withRespectTo: input, as: "\(output)|\(input)")
        names.append("\(output)|\(input)")
      }
    }
    let planned = Executable(program.keeping(outputs: names))
    executable = planned
    workspace = Workspace(planned)
  }

  /// Evaluates at the inputs that stand in another executable's arena.
  func evaluate(copying other: Executable, arena: UnsafePointer<Double>) -> [String: [Double]] {
    for region in executable.inputs {
      let source = other.input(region.name)
      workspace.write(
        (0..<region.shape.count).map { unsafe arena[source.offset + $0] }, to: region)
    }
    workspace.run()
    return Dictionary(
      uniqueKeysWithValues: executable.outputs.map { ($0.name, workspace.read($0)) })
  }
}
