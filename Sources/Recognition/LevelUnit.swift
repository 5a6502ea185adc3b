internal import DynamicModels
internal import TensorCore

/// One level's units ready to run: the program of a right-hand side and, once asked for, its
/// Jacobian.
final class LevelUnit {
  let program: LevelProgram
  let executable: Executable
  let workspace: Workspace
  /// The faster way to the same messages, where the level allows it.
  let kernel: LevelKernel?
  private let source: Program

  /// Where the inputs lie in the arena, looked up once; outputs follow.
  let inputRegions: InputRegions
  let stateFlow: Executable.Region?
  let causeFlow: Executable.Region?
  let outputErrors: Executable.Region
  let stateErrors: Executable.Region
  let restingOutputErrors: Executable.Region?
  let restingStateErrors: Executable.Region?
  let parameterForce: Executable.Region?
  let precisionForce: Executable.Region?
  let outputErrorFlow: Executable.Region?
  let stateErrorFlow: Executable.Region?

  init(_ program: LevelProgram, bank: VectorBank) {
    self.program = program
    source = program.unitProgram()
    kernel = LevelKernel(program, bank: bank)
    let planned = Executable(source)
    executable = planned
    workspace = Workspace(planned)
    func output(_ name: String) -> Executable.Region? {
      planned.outputs.first { $0.name == name }
    }
    inputRegions = InputRegions(planned)
    stateFlow = output(UnitPort.stateFlow)
    causeFlow = output(UnitPort.causeFlow)
    outputErrors = planned.output(UnitPort.outputErrors)
    stateErrors = planned.output(UnitPort.stateErrors)
    restingOutputErrors = output(UnitPort.restingOutputErrors)
    restingStateErrors = output(UnitPort.restingStateErrors)
    parameterForce = output(UnitPort.parameterForce)
    precisionForce = output(UnitPort.precisionForce)
    outputErrorFlow = output(UnitPort.outputErrorFlow)
    stateErrorFlow = output(UnitPort.stateErrorFlow)
  }

  /// The exact derivatives of every output by every input, `output × input`, built when first used.
  private(set) lazy var jacobian: LevelJacobian = LevelJacobian(source)

  /// The predictions g̃ and f̃ and the order-zero Jacobians.
  private(set) lazy var predictions: Executable = Executable(program.predictions())
  private(set) lazy var predictionWorkspace: PredictionWorkspace = PredictionWorkspace(predictions)
}

/// The memory in which a level's predictions run.
final class PredictionWorkspace {
  let workspace: Workspace
  init(_ executable: Executable) { workspace = Workspace(executable) }
}

/// The Jacobian of one level's unit program.
final class LevelJacobian {
  /// The derivative of one output by one input.
  struct Block {
    let output: String
    let input: String
    /// The number of entries of the input.
    let columnCount: Int
    let region: Executable.Region
  }

  let executable: Executable
  let workspace: Workspace
  let inputRegions: InputRegions
  /// The derivative blocks that are not structurally zero.
  let blocks: [Block]
  /// Whether no entry of any block depends on the state of the units.
  let isConstant: Bool
  /// Whether the flow jumps or bends at some state of the units, which no derivative shows.
  let isPiecewise: Bool

  init(_ source: Program) {
    var program = source
    var names: [(output: String, input: String, name: String)] = []
    for output in UnitPort.outputs where (source.output(output)?.shape.count ?? 0) > 0 {
      for input in UnitPort.inputs where (source.input(input)?.shape.count ?? 0) > 0 {
        let name = "\(output)|\(input)"
        program = program.jacobian(of: output, withRespectTo: input, as: name)
        names.append((output, input, name))
      }
    }
    program = program.keeping(outputs: names.map(\.name))
    let planned = Executable(program)
    executable = planned
    workspace = Workspace(planned)
    inputRegions = InputRegions(planned)
    blocks = names.compactMap { entry in
      let constants = planned.constants(ofOutput: entry.name)
      if constants.allSatisfy({ $0 == 0 }) { return nil }
      return Block(
        output: entry.output, input: entry.input,
        columnCount: source.input(entry.input)?.shape.count ?? 0,
        region: planned.output(entry.name))
    }
    isConstant = planned.constantEntries.allSatisfy { $0.allSatisfy { $0 != nil } }
    isPiecewise = source.isPiecewise(in: UnitPort.inputs)
  }
}
