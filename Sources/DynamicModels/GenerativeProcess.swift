public import ODEEngine
public import TensorCore

/// What a process did at every sample: the truth that recognition is compared with.
public struct SimulatedRecord: Sendable {
  /// One level of the record.
  public struct LevelRecord: Sendable {
    /// Hidden states `[N × n]`.
    public var states: Tensor<Double>
    /// What the level emitted, fluctuations included, `[N × l]`: data at level 1, causes above.
    public var outputs: Tensor<Double>
  }

  /// The sample times.
  public var times: [Double]
  /// The levels, level 1 first; the outputs of the last are the causes at the top.
  public var levels: [LevelRecord]
  /// What the integration cost.
  public var statistics: StepStatistics

  /// The data y, `[N × channels]`.
  public var data: Tensor<Double> { levels[0].outputs }
}

/// Simulates the world that makes the data (mathematics §1, §2).
///
/// The initial states hold at sample 1; hidden states are integrated by an adaptive Runge–Kutta
/// method of order eight, or by backward differentiation where that finds them stiff.
public struct GenerativeProcess: Sendable {
  /// The equations, fluctuations and sample times.
  public let description: ProcessDescription
  /// The seed of all fluctuations.
  public let seed: UInt64

  /// Creates a process; the same seed gives the same data.
  public init(_ description: ProcessDescription, seed: UInt64) {
    self.description = description
    self.seed = seed
  }

  /// Runs the process through its sample times.
  ///
  /// - Parameter shouldStop: asked before every step; true ends the simulation.
  /// - Returns: states and outputs of every level at every sample.
  /// - Throws: `ProcessError` for an indefinite precision, a failed integration or an output that
  ///   is not finite.
  public func simulate(
    shouldStop: (() -> Bool)? = nil
  ) throws(ProcessError) -> SimulatedRecord {
    do {
      return try simulate(stepper: .rk8pd, maximumSteps: 20_000, shouldStop: shouldStop)
    } catch .integration(let failure) where Self.suggestsStiffness(failure) {
      return try simulate(stepper: .msbdf, maximumSteps: 1_000_000, shouldStop: shouldStop)
    }
  }

  private static func suggestsStiffness(_ failure: ODEError) -> Bool {
    switch failure {
    case .tooManySteps, .stepUnderflow, .stepFailed: true
    default: false
    }
  }

  private func simulate(
    stepper: StepperKind, maximumSteps: Int, shouldStop: (() -> Bool)?
  ) throws(ProcessError) -> SimulatedRecord {
    let world = try World(description, source: RandomSource(seed: seed).split("process"))
    let times = description.time.all
    var record = SimulatedRecord(
      times: times,
      levels: description.levels.map { level in
        SimulatedRecord.LevelRecord(
          states: Tensor(repeating: 0, shape: .matrix(times.count, level.states.count)),
          outputs: Tensor(repeating: 0, shape: .matrix(times.count, level.outputs.count)))
      }, statistics: StepStatistics())
    let start = description.levels.flatMap(\.initialStates)
    guard world.dimension > 0 else {
      for (sample, time) in times.enumerated() {
        let nothing: [Double] = []
        world.descend(time: time, state: nothing.span)
        try store(world, sample: sample, time: time, start, into: &record)
      }
      return record
    }
    do {
      var solver = try ODESolver(
        world, state: start, time: times.first ?? 0,
        options: ODEOptions(
          stepper: stepper, relativeTolerance: 1e-9, absoluteTolerance: 1e-12,
          maximumStep: description.time.step, maximumSteps: maximumSteps))
      solver.shouldStop = shouldStop
      for (sample, time) in times.enumerated() {
        if sample > 0 { try solver.advance(to: time) }
        let state = solver.state
        world.descend(time: time, state: state.span)
        try store(world, sample: sample, time: time, state, into: &record)
      }
      record.statistics = solver.statistics
    } catch let failure as ODEError {
      throw .integration(failure)
    } catch let failure as ProcessError {
      throw failure
    } catch {
      preconditionFailure("an error of another kind: \(error)")
    }
    return record
  }

  private func store(
    _ world: World, sample: Int, time: Double, _ state: [Double],
    into record: inout SimulatedRecord
  ) throws(ProcessError) {
    for (index, level) in world.levels.enumerated() {
      for entry in 0..<level.stateCount {
        record.levels[index].states[sample, entry] = state[world.offsets[index] + entry]
      }
      for entry in 0..<level.outputCount {
        let value = level.output[entry]
        guard value.isFinite else {
          throw .nonFinite(
            level: index + 1, variable: level.description.outputs.elementNames[entry],
            sample: sample + 1, time: time)
        }
        record.levels[index].outputs[sample, entry] = value
      }
    }
  }
}
