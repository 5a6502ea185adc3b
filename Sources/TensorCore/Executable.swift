/// A program made ready to run: instructions over one arena, planned once, allocating nothing.
///
/// Entries are lowered to numbers, so zeros inside Jacobians cost nothing. A batch of B runs keeps
/// the B values of an entry side by side: entry `e` of lane `l` lies at `e · B + l`.
public struct Executable: Sendable {
  /// Where a port's entries lie in a workspace, in units of entries (times B for a batch).
  public struct Region: Hashable, Sendable {
    /// The port's name.
    public let name: String
    /// The port's shape.
    public let shape: Shape
    /// The first entry's place.
    public let offset: Int
  }

  /// B, the number of lanes that run together.
  public let batch: Int
  /// Where each input is to be written before a run.
  public let inputs: [Region]
  /// Where each output stands after a run.
  public let outputs: [Region]
  /// Per output and entry, the value that every run gives, or nil where it depends on inputs.
  public let constantEntries: [[Double?]]

  let instructions: [Instruction]
  let runs: [InstructionRun]
  let arenaCount: Int
  let preloaded: [(place: Int, value: Double)]

  /// The number of instructions that one run executes.
  public var instructionCount: Int { instructions.count }

  /// Plans a program for `batch` lanes.
  public init(_ program: Program, batch: Int = 1) {
    precondition(batch >= 1, "a batch of \(batch) lanes")
    var entries: [[Int32]] = []
    let graph = ScalarGraph(program, outputs: &entries)
    let plan = InstructionPlan(graph, program: program, outputs: entries)
    self.batch = batch
    instructions = plan.instructions
    runs = plan.runs
    arenaCount = plan.arenaCount
    preloaded = plan.preloaded
    var offset = 0
    inputs = program.inputs.map { port in
      defer { offset += port.shape.count }
      return Region(name: port.name, shape: port.shape, offset: offset)
    }
    outputs = program.outputs.map { port in
      defer { offset += port.shape.count }
      return Region(name: port.name, shape: port.shape, offset: offset)
    }
    constantEntries = entries.map { $0.map { graph.constantValue($0) } }
  }

  /// The region of an input.
  public func input(_ name: String) -> Region {
    guard let region = inputs.first(where: { $0.name == name }) else {
      preconditionFailure("no input '\(name)'")
    }
    return region
  }

  /// The region of an output.
  public func output(_ name: String) -> Region {
    guard let region = outputs.first(where: { $0.name == name }) else {
      preconditionFailure("no output '\(name)'")
    }
    return region
  }

  /// The entries of an output that are known without running, nil where they depend on inputs.
  public func constants(ofOutput name: String) -> [Double?] {
    guard let index = outputs.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("no output '\(name)'")
    }
    return constantEntries[index]
  }

  /// Runs one evaluation on tensors by name: convenient, not fast.
  public func evaluate(_ arguments: [String: Tensor<Double>]) -> [String: Tensor<Double>] {
    let workspace = Workspace(self)
    for region in inputs {
      guard let argument = arguments[region.name] else {
        preconditionFailure("no argument for input '\(region.name)'")
      }
      precondition(
        argument.shape == region.shape,
        "input '\(region.name)' has shape \(region.shape), not \(argument.shape)")
      for lane in 0..<batch { workspace.write(argument.values, to: region, lane: lane) }
    }
    workspace.run()
    return Dictionary(
      uniqueKeysWithValues: outputs.map {
        ($0.name, Tensor(shape: $0.shape, values: workspace.read($0)))
      })
  }
}

extension Program {
  /// Evaluates the program once on tensors by name: convenient, not fast.
  public func evaluate(_ arguments: [String: Tensor<Double>]) -> [String: Tensor<Double>] {
    Executable(self).evaluate(arguments)
  }
}
