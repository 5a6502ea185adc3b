public import DynamicModels
internal import TensorCore

extension RecognitionScheme {
  /// The dynamics of a model at the first sample of a record, and the state they start from.
  ///
  /// - Throws: `RecognitionError` where the units cannot be prepared.
  public func start(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput
  ) throws(RecognitionError) -> (dynamics: RecognitionDynamics, state: [Double]) {
    let channels = model.level(1).outputs.count
    guard input.data.shape == .matrix(model.time.count, channels) else {
      throw .dataShape(expected: channels, found: input.data.columns)
    }
    let session = try RecognitionSession(model: model, options: options, input: input)
    return (session.dynamics, session.state)
  }
}
