internal import DynamicModels
internal import TensorCore

/// What the D-step works in, made once for all passes.
final class StepBuffers {
  /// Per pattern of missing channels: curvature and integrator; one of each is enough where the
  /// equations are linearised anew at every step.
  let posteriors: [StatePosterior]
  var integrators: [StateIntegrator] = []
  /// Which of the posteriors hold for the present pass.
  var isPrepared: [Bool]
  /// The factor and the step of static models' Newton steps, and where they start.
  let factor: BlockChainFactor
  var move: [Double]
  var start: [Double]
  var gradient: [Double]
  var unknowns: [Double]
  /// Π of every group where the D-step is.
  var precisions: [[Double]] = []
  /// C_φ over the directions of every group.
  var parameterCovariances: [[Double]]
  var message: [[Double]]
  /// `ε̃_φᵀ x` of a group's directions.
  var products: [Double]

  init(_ errors: HierarchyErrors, patterns: Int) {
    let count = errors.isAffine ? max(patterns, 1) : 1
    posteriors = (0..<count).map { _ in StatePosterior(errors) }
    isPrepared = [Bool](repeating: false, count: max(patterns, 1))
    factor = BlockChainFactor(errors.layout.chain)
    gradient = [Double](repeating: 0, count: errors.layout.count)
    unknowns = gradient
    move = gradient
    start = gradient
    parameterCovariances = errors.groups.map {
      [Double](repeating: 0, count: $0.directions.count * $0.directions.count)
    }
    message = errors.groups.map { [Double](repeating: 0, count: $0.orders * $0.rows) }
    let widest = errors.groups.map(\.directions.count).max() ?? 0
    products = [Double](repeating: 0, count: widest * widest)
  }
}
