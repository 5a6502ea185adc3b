internal import DynamicModels
internal import TensorCore

/// The messages of one level, order by order in vector registers (mathematics §4).
///
/// Every order of x̃ and ṽ meets the same Jacobians, so a variable is kept as one vector of its n
/// orders and an entry of a Jacobian acts on the whole vector at once: the work is one vector
/// operation a connection. It serves levels whose precision is fixed and whose error units are
/// algebraic; `LevelProgram` says what it computes, and tests hold the two together.
@safe
final class LevelKernel {
  /// Rows of connections to columns: a sparse matrix whose values stand in an arena.
  private struct Connections {
    var rowStarts: [Int] = [0]
    /// Offsets of the column's vector from its bank, and places of the values.
    var entries: [(vector: Int, place: Int)] = []
  }

  private typealias Register = SIMD8<Double>

  private let n: Int
  private let d: Int
  private let stateCount: Int
  private let causeCount: Int
  private let outputCount: Int
  private let bank: VectorBank

  private let workspace: Workspace
  private let statePlace: Int
  private let causePlace: Int
  private let outputPlace: Int
  private let motionPlace: Int

  // Where the vectors of each population start, in the bank.
  private var states: Int { bank.states }
  private var causes: Int { bank.causes }
  private var targets: Int { bank.targets }
  private var outputErrors: Int { bank.outputErrors }
  private var stateErrors: Int { bank.stateErrors }
  private var weightedOutputs: Int { bank.weightedOutputs }
  private var weightedStates: Int { bank.weightedStates }
  private var scratch: Int { bank.scratch }

  // ε from states and causes, and the transposes: who pulls on a state or a cause.
  private let outputsFromUnits: Connections
  private let motionFromUnits: Connections
  private let statesFromErrors: Connections
  private let causesFromErrors: Connections
  private let outputPrecision: VectorPrecision
  private let statePrecision: VectorPrecision

  /// Prepares a level, or gives nil where it needs the general program.
  ///
  /// - Parameters:
  ///   - program: what the level computes.
  ///   - bank: working memory, shared by the levels of one network, which take turns.
  init?(_ program: LevelProgram, bank: VectorBank) {
    let level = program.level
    let isPlain =
      program.basis.columns == 0 && program.outputComponents.isEmpty
      && program.stateComponents.isEmpty && !level.outputPrecision.isStateDependent
      && !level.statePrecision.isStateDependent && level.statePriorPrecision == nil
      && program.options.errorUnits == .algebraic
    guard isPlain else { return nil }
    n = program.stateOrder
    d = program.causeOrder
    stateCount = level.states.count
    causeCount = level.causes.count
    outputCount = level.outputs.count

    let planned = Executable(program.orderZeroProgram())
    workspace = Workspace(planned)
    statePlace = planned.input(Level.Port.states).offset
    causePlace = planned.input(Level.Port.causes).offset
    outputPlace = planned.output(Level.Port.output).offset
    motionPlace = planned.output(Level.Port.motion).offset

    self.bank = bank
    let isPrior = program.isPrior
    func connections(
      rows: Int, _ blocks: [(output: String, input: String, base: Int)], transposed: Bool
    ) -> Connections {
      var result = Connections()
      for row in 0..<rows {
        for block in blocks where !isPrior {
          let region = planned.output("\(block.output)|\(block.input)")
          let constants = planned.constants(ofOutput: region.name)
          let columns = region.shape[1]
          for index in constants.indices where constants[index] != 0 {
            let (own, other) =
              transposed
              ? (index % columns, index / columns) : (index / columns, index % columns)
            guard own == row else { continue }
            result.entries.append(
              (block.base + other * bank.stride, region.offset + index))
          }
        }
        result.rowStarts.append(result.entries.count)
      }
      return result
    }
    let (g, f) = (Level.Port.output, Level.Port.motion)
    let (x, v) = (Level.Port.states, Level.Port.causes)
    outputsFromUnits = connections(
      rows: outputCount, [(g, x, bank.states), (g, v, bank.causes)], transposed: false)
    motionFromUnits = connections(
      rows: stateCount, [(f, x, bank.states), (f, v, bank.causes)], transposed: false)
    statesFromErrors = connections(
      rows: stateCount, [(g, x, bank.weightedOutputs), (f, x, bank.weightedStates)],
      transposed: true)
    causesFromErrors = connections(
      rows: causeCount, [(g, v, bank.weightedOutputs), (f, v, bank.weightedStates)],
      transposed: true)

    let temporal = bank.temporalColumns(smoothness: program.smoothness)
    outputPrecision = VectorPrecision(
      program.heldPrecision(level.outputPrecision), temporal: temporal)
    statePrecision = VectorPrecision(
      program.heldPrecision(level.statePrecision), temporal: temporal)
  }

  /// What a level explains.
  @safe enum Target {
    /// Data, which move by themselves.
    case data(TaylorVectors)
    /// The causes of the level below, `[d × l]`.
    case causes(UnsafePointer<Double>)
  }

  /// Computes ξ of this level and writes the flows of its state units.
  ///
  /// - Parameters:
  ///   - target: what the level explains.
  ///   - expected: η̃ at the prior level, which predicts nothing else.
  ///   - time: how far data and prior have moved since they were observed.
  ///   - x: x̃ `[n × n_x]`.
  ///   - v: ṽ `[d × m]`.
  ///   - kappa: κ, the gain of the gradient.
  ///   - stateFlow: receives `D x̃ − κ ε_xᵀ ξ`.
  ///   - causeFlow: receives `D ṽ − κ ε_vᵀ ξ`.
  func run(
    target: Target, expected: TaylorVectors?, time: Double, x: UnsafePointer<Double>,
    v: UnsafePointer<Double>, kappa: Double, stateFlow: UnsafeMutablePointer<Double>,
    causeFlow: UnsafeMutablePointer<Double>
  ) {
    let memory = unsafe bank.memory
    let stride = bank.stride
    let errorsOrTargets = expected == nil ? targets : outputErrors
    switch target {
    case .data(let vectors):
      vectors.write(at: time, into: bank, errorsOrTargets, subtracting: false)
    case .causes(let source):
      unsafe bank.gather(source, orders: d, count: outputCount, into: errorsOrTargets)
    }
    if let expected {
      expected.write(at: time, into: bank, outputErrors, subtracting: true)
    } else {
      let arena = unsafe workspace.base
      for index in 0..<stateCount { unsafe arena[statePlace + index] = x[index] }
      for index in 0..<causeCount { unsafe arena[causePlace + index] = v[index] }
      workspace.run()
      unsafe bank.gather(x, orders: n, count: stateCount, into: states)
      unsafe bank.gather(v, orders: d, count: causeCount, into: causes)
      combine(outputsFromUnits, sign: -1, from: targets, shift: 0, into: outputErrors)
      combine(motionFromUnits, sign: -1, from: states, shift: 1, into: stateErrors)
      // The zeroth order uses the equations themselves, not their linearisation.
      for index in 0..<outputCount {
        unsafe memory[outputErrors + index * stride] =
          memory[targets + index * stride] - arena[outputPlace + index]
      }
      for index in 0..<stateCount {
        unsafe memory[stateErrors + index * stride] =
          memory[states + index * stride + 1] - arena[motionPlace + index]
      }
    }
    outputPrecision.weight(bank, outputErrors, into: weightedOutputs, scratch: scratch)
    statePrecision.weight(bank, stateErrors, into: weightedStates, scratch: scratch)

    flow(statesFromErrors, of: states, count: stateCount, kappa: kappa, pulls: weightedStates)
    unsafe bank.scatter(scratch, orders: n, count: stateCount, into: stateFlow)
    if causeCount > 0 {
      unsafe causeFlows(kappa: kappa, v: v, into: causeFlow)
    }
  }

  /// Subtracts κ ξ_v from the flow of the causes below, `[d × l]`.
  func sendDown(kappa: Double, to flow: UnsafeMutablePointer<Double>) {
    let memory = unsafe bank.memory
    for index in 0..<outputCount {
      let source = unsafe memory + (weightedOutputs + index * bank.stride)
      for order in 0..<d {
        unsafe flow[order * outputCount + index] -= kappa * source[order]
      }
    }
  }

  /// `row = from (moved by `shift` orders) + sign · J · columns`, a vector a row.
  @inline(__always)
  private func combine(
    _ connections: Connections, sign: Double, from: Int, shift: Int, into target: Int
  ) {
    let (arena, stride) = unsafe (workspace.base, bank.stride)
    unsafe connections.entries.withUnsafeBufferPointer { entries in
      for row in 0..<(connections.rowStarts.count - 1) {
        for lane in 0..<bank.width {
          var total = bank.register(from &+ row &* stride &+ shift, lane)
          for index in connections.rowStarts[row]..<connections.rowStarts[row + 1] {
            let entry = unsafe entries[index]
            let gain = unsafe Register(repeating: sign * arena[entry.place])
            total += gain * bank.register(entry.vector, lane)
          }
          bank.store(total, target &+ row &* stride, lane)
        }
      }
    }
  }

  /// Into `scratch`: `D x̃ − κ (Dᵀ ξ_x − Jᵀ ξ)`.
  @inline(__always)
  private func flow(
    _ connections: Connections, of population: Int, count: Int, kappa: Double, pulls: Int
  ) {
    let (arena, stride) = unsafe (workspace.base, bank.stride)
    unsafe connections.entries.withUnsafeBufferPointer { entries in
      for row in 0..<count {
        for lane in 0..<bank.width {
          var gradient = bank.register(pulls &+ row &* stride &- 1, lane)
          for index in connections.rowStarts[row]..<connections.rowStarts[row + 1] {
            let entry = unsafe entries[index]
            let gain = unsafe Register(repeating: arena[entry.place])
            gradient -= gain * bank.register(entry.vector, lane)
          }
          let motion = bank.register(population &+ row &* stride &+ 1, lane)
          bank.store(motion - kappa * gradient, scratch &+ row &* stride, lane)
        }
      }
    }
  }

  @inline(__always)
  private func causeFlows(
    kappa: Double, v: UnsafePointer<Double>, into flow: UnsafeMutablePointer<Double>
  ) {
    let (arena, memory) = unsafe (workspace.base, bank.memory)
    let connections = causesFromErrors
    for row in 0..<causeCount {
      let own = connections.rowStarts[row]..<connections.rowStarts[row + 1]
      for order in 0..<d {
        var gradient = 0.0
        for index in own {
          let entry = connections.entries[index]
          unsafe gradient -= arena[entry.place] * memory[entry.vector + order]
        }
        let motion = order + 1 < d ? unsafe v[(order + 1) * causeCount + row] : 0
        unsafe flow[order * causeCount + row] = motion - kappa * gradient
      }
    }
  }
}
