public import DynamicModels
public import ModelFiles
internal import ODEEngine
public import Recognition
public import TensorCore

/// What a run found: the model, the truth where it is known, the inversion and its cost.
public struct RunResult: Sendable {
  /// The plan.
  public let plan: RunPlan
  /// The model with its texts.
  public let file: ModelFile
  /// What the process did; nil for recorded data.
  public let truth: SimulatedRecord?
  /// The data y `[N × channels]`.
  public let data: Tensor<Double>
  /// The inversion.
  public let record: InversionRecord
  /// How long simulation and inversion took, in seconds.
  public let seconds: Double

  /// The generative model.
  public var model: HierarchicalDynamicModel { file.model }

  /// The scheme that inverted it.
  public var scheme: InversionSettings.Scheme { plan.schemeKind(for: file) }

  /// Why the run ended early, if it did.
  public var failure: RunError? {
    guard let failure = record.failure else { return nil }
    if failure == .stopped, scheme.worksInPasses {
      let limit =
        switch scheme {
        case .dem: file.inversion.iterations
        case .filter: file.inversion.passes
        case .kalman, .recognition: 1
        }
      return .stoppedPasses(
        completed: record.passes.count, limit: record.passes.last?.limit ?? limit)
    }
    return RunError(failure, completed: record.completed, samples: record.times.count)
  }

  /// What the process did with a variable of a level: the values of its entries over time.
  ///
  /// A process may have other variables than the model; those without a counterpart are nil.
  func trueStates(level: Int, _ block: VariableBlock) -> Tensor<Double>? {
    truth.flatMap { truth in
      Self.block(block, of: truth.levels[level - 1].states, file.process.levels[level - 1].states)
    }
  }

  /// The causes that the process emitted at a level above the first.
  func trueOutputs(level: Int, _ block: VariableBlock) -> Tensor<Double>? {
    guard level > 1 else { return nil }
    return truth.flatMap { truth in
      Self.block(
        block, of: truth.levels[level - 1].outputs, file.process.levels[level - 1].outputs)
    }
  }

  private static func block(
    _ block: VariableBlock, of tensor: Tensor<Double>, _ layout: VariableLayout
  ) -> Tensor<Double>? {
    guard let own = layout[block.name], own.shape == block.shape else { return nil }
    return tensor.slice(columns: own.range)
  }
}

extension Tensor where Scalar == Double {
  /// Some neighboring columns of a matrix.
  func slice(columns range: Range<Int>) -> Tensor<Double> {
    let values = (0..<rows).flatMap { row in range.map { self[row, $0] } }
    return Tensor(shape: .matrix(rows, range.count), values: values)
  }

  /// One column of a matrix.
  func column(_ index: Int) -> [Double] { (0..<rows).map { self[$0, index] } }
}

extension RunPlan {
  /// Simulates the process.
  ///
  /// - Throws: `RunError`.
  public func simulate(
    _ file: ModelFile, stop: StopFlag? = nil
  ) throws(RunError) -> SimulatedRecord {
    do {
      return try GenerativeProcess(file.process, seed: seed)
        .simulate(shouldStop: stop.map { flag in { flag.isRaised } })
    } catch {
      throw RunError(error, samples: file.process.time.count)
    }
  }
}
