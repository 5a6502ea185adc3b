internal import DynamicModels
internal import Recognition
internal import TensorCore

extension BridgeError {
  /// The error of a process that makes data.
  init(_ error: ProcessError) {
    switch error {
    case .integration(let problem): self = .integration(problem)
    case .precision(_, let problem): self = .linearAlgebra(problem)
    case .nonFinite(_, let variable, _, _): self = .notFinite(what: variable)
    }
  }
}

extension InversionScheme {
  /// Inverts a model to the end of the record; what stops it early is an error of the bridge.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - data: what it hears `[N × channels]`.
  ///   - shouldStop: asked between samples.
  ///   - progress: called after each of them.
  /// - Returns: the record of all samples.
  /// - Throws: `BridgeError`.
  func recognize(
    _ model: HierarchicalDynamicModel, from data: Tensor<Double>,
    shouldStop: (() -> Bool)? = nil, progress: ((InversionInfo) -> Void)? = nil
  ) throws(BridgeError) -> InversionRecord {
    let record: InversionRecord
    do {
      record = try run(
        model, on: RecognitionInput(data: data, model: model), shouldStop: shouldStop,
        progress: progress)
    } catch { throw .recognition(error) }
    switch record.failure {
    case .stopped: throw .stopped
    case .some(let failure): throw .recognition(failure)
    case nil: return record
    }
  }
}
