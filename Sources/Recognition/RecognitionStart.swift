public import DynamicModels
internal import TensorCore

extension RecognitionScheme {
  /// The dynamics of a model at the first sample of a record, and the state they start from.
  ///
  /// - Throws: `RecognitionError` where the units cannot be prepared.
  public func start(
    _ model: HierarchicalDynamicModel, on input: RecognitionInput
  ) throws(RecognitionError) -> (dynamics: RecognitionDynamics, state: [Double]) {
    try input.check(model)
    let session = try RecognitionSession(
      model: model, options: options, integration: integration, input: input)
    return (session.dynamics, session.state)
  }
}
