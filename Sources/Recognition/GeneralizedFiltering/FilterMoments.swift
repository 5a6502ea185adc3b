internal import DynamicModels
internal import TensorCore

/// Errors, gradients, curvatures and covariances at one point, over buffers made once.
///
///     J = [ε̃_u ε̃_φ]     H = Jᵀ Π̃ J + P     C = H⁻¹     S = H_φφ − H_φu H_uu⁻¹ H_uφ
///
/// The slow variables are stacked b = (φ, λ). What second derivatives of the equations by
/// parameters alone would add to curvatures and entropies is left out, as in the reference; it is
/// zero for models affine in their parameters.
final class FilterMoments {
  let layout: ErrorLayout
  let errors: ErrorModel
  let precision: FilterPrecision
  let prior: FilterStatePrior
  let parameterPrecision: [Double]
  let isReference: Bool
  let unknownCount: Int
  let freeCount: Int
  let slotCount: Int
  /// Whether nothing below depends on the point but for missing channels.
  let isConstant: Bool
  /// Counts the evaluations of what may be constant.
  var version = 0

  /// J `[n_ε × (n_u + r)]`, Π̃ J and Π̃ J C.
  var jacobian: [Double]
  var weighted: [Double]
  var spread: [Double]
  var moved: [Double]
  /// H and C of (u, φ); under the exact scheme H_φφ carries no prior and C is the record's.
  var curvature: [Double]
  var covariance: [Double]
  /// H_uu⁻¹ `[n_u × n_u]` and its logarithmic determinant; the reference's C_uu instead.
  var conditional: [Double]
  var logConditional = 0.0
  /// `A = H_uu⁻¹ H_uφ` `[n_u × r]` and S `[r × r]`, under the exact scheme.
  var response: [Double]
  var schur: [Double]
  /// Π̃ ε̃.
  var weightedErrors: [Double]
  /// V_u, the gradient of G by the unknowns, and ½ (u − u₀)ᵀ P_u (u − u₀).
  var stateGradient: [Double]
  var priorEnergy = 0.0
  /// What a dependence of Π on unknowns adds to the curvature of the flow.
  var precisionCurvature: [Double]
  /// ∂G/∂b and the gradient of its entropy term, without the priors of b.
  var slowGradient: [Double]
  var slowEntropy: [Double]
  /// The curvature by b, without the priors: of G, or under the exact scheme of what is left of G
  /// when the unknowns follow φ (S) and of G on average over errors (λ).
  var slowCurvature: [Double]
  /// The part of the λλ block that belongs to the data's errors.
  var sensoryInformation: [Double]

  var message: [Double]
  var squares: [[Double]]
  var spreads: [[Double]]
  private var square: [Double]
  private var coupling: [Double]
  var heldMixed: [[Double]] = []
  private var joint: SymmetricInverter
  private var own: SymmetricInverter
  private var hasRun = false

  init(
    errors: ErrorModel, precision: FilterPrecision, prior: FilterStatePrior,
    parameterPrecision: [Double]
  ) {
    self.errors = errors
    self.precision = precision
    self.prior = prior
    self.parameterPrecision = parameterPrecision
    layout = errors.layout
    isReference = precision.isReference
    let (e, u, r) = (layout.errorCount, layout.unknownCount, layout.freeCount)
    let h = precision.kernel.slots.count
    let q = u + r
    unknownCount = u
    freeCount = r
    slotCount = h
    isConstant = errors.isAffine && r == 0 && h == 0 && !precision.isStateDependent
    func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
    jacobian = zeros(e * q)
    weighted = zeros(e * q)
    spread = zeros(e * q)
    moved = zeros(e * q)
    curvature = zeros(q * q)
    covariance = zeros(q * q)
    conditional = zeros(u * u)
    response = zeros(u * r)
    schur = zeros(r * r)
    weightedErrors = zeros(e)
    stateGradient = zeros(u)
    precisionCurvature = precision.isStateDependent && !precision.isReference ? zeros(u * u) : []
    slowGradient = zeros(r + h)
    slowEntropy = zeros(r + h)
    slowCurvature = zeros((r + h) * (r + h))
    sensoryInformation = zeros(h * h)
    message = zeros(q)
    squares = precision.kernel.blocks.map { zeros($0.count * $0.count) }
    spreads = squares
    square = zeros(u * u)
    coupling = zeros(u * r)
    joint = SymmetricInverter(size: q)
    own = SymmetricInverter(size: u)
  }

  /// Evaluates everything at a point.
  ///
  /// - Parameters:
  ///   - unknowns: ũ.
  ///   - free: φ.
  ///   - lambda: λ.
  ///   - data: ỹ, zero where a channel is missing.
  ///   - causes: η̃.
  ///   - missing: which channels are missing.
  ///   - freeCovariance: the record's C_φ, for the entropy's gradients; nil where they are not needed.
  ///   - isFirst: whether this is the first evaluation of a pass: the reference keeps the second
  ///     derivatives found there.
  /// - Throws: `LinearAlgebraError` where a curvature or a precision has no inverse.
  func evaluate(
    unknowns: [Double], free: [Double], lambda: [Double], data: [Double], causes: [Double],
    missing: [Bool], freeCovariance: [Double]?, isFirst: Bool = false
  ) throws(LinearAlgebraError) {
    if !hasRun || !errors.isAffine || freeCount > 0 {
      errors.linearize(unknowns: unknowns, free: free)
    }
    errors.evaluate(unknowns: unknowns, data: data, prior: causes)
    let isOther = try precision.update(
      lambda: lambda, unknowns: unknowns, free: free, missing: missing)
    if !hasRun || !isConstant || isOther {
      version += 1
      assemble(unknowns, isFirst: isFirst)
      try invert(freeCovariance)
    }
    hasRun = true
    gradients(unknowns)
    if freeCovariance != nil || isReference { entropies() }
  }

  /// Writes `factor` times the curvature that the flow of the unknowns is linearised with.
  func writeStateCurvature(into result: inout [Double], times factor: Double) {
    let (u, q) = (unknownCount, unknownCount + freeCount)
    let own = curvature
    for row in 0..<u {
      for column in 0..<u { result[row * u + column] = factor * own[row * q + column] }
    }
    for index in precisionCurvature.indices {
      result[index] += factor * precisionCurvature[index]
    }
  }

  // MARK: Curvature and covariance

  private func assemble(_ unknowns: [Double], isFirst: Bool) {
    let (e, u, r) = (layout.errorCount, unknownCount, freeCount)
    let q = u + r
    if isReference && isFirst && r > 0 { heldMixed = errors.byBoth }
    InPlace.join(errors.byUnknown, errors.byParameter, into: &jacobian, rows: e, u, r)
    if isReference && !isFirst { useHeldDerivatives(unknowns) }
    precision.kernel.apply(precision.matrices, to: jacobian, columns: q, into: &weighted)
    InPlace.transposedProduct(
      jacobian, weighted, into: &curvature, rows: q, inner: e, columns: q)
    for row in 0..<u {
      if prior.isStated {
        for column in 0..<u { curvature[row * q + column] += prior.matrix[row * u + column] }
      }
      curvature[row * q + row] += prior.ridge
    }
  }

  /// Rebuilds the higher orders of ε̃_φ from the second derivatives of the pass's first sample.
  private func useHeldDerivatives(_ unknowns: [Double]) {
    let (u, r) = (unknownCount, freeCount)
    let (nr, nx) = (layout.outputCount, layout.stateCount)
    for direction in 0..<r {
      let mixed = heldMixed[direction]
      for row in 0..<layout.errorCount {
        let isZeroth =
          row < layout.stateErrors ? row < nr : row - layout.stateErrors < nx
        if isZeroth { continue }
        var sum = 0.0
        for column in 0..<u { sum += mixed[row * u + column] * unknowns[column] }
        jacobian[row * (u + r) + u + direction] = sum
      }
    }
  }

  private func invert(_ freeCovariance: [Double]?) throws(LinearAlgebraError) {
    let (u, r) = (unknownCount, freeCount)
    let q = u + r
    if isReference {
      for index in 0..<r {
        curvature[(u + index) * q + u + index] += parameterPrecision[index]
      }
      try joint.invertLoaded(curvature, into: &covariance)
      InPlace.copyBlock(covariance, stride: q, into: &conditional, size: u)
      if let value = own.logDeterminant(conditional) {
        logConditional = value
      } else {
        logConditional = try logDeterminantOfCovariance(
          Tensor(shape: .matrix(u, u), values: conditional))
      }
      return
    }
    InPlace.copyBlock(curvature, stride: q, into: &square, size: u)
    for row in 0..<u {
      for column in 0..<r { coupling[row * r + column] = curvature[row * q + u + column] }
    }
    logConditional = -(try own.invertPlain(square, into: &conditional))
    if r > 0 {
      InPlace.product(conditional, coupling, into: &response, rows: u, inner: u, columns: r)
      InPlace.transposedProduct(
        coupling, response, into: &schur, rows: r, inner: u, columns: r)
      for i in 0..<r {
        for j in 0..<r {
          schur[i * r + j] = curvature[(u + i) * q + u + j] - schur[i * r + j]
        }
      }
    }
    guard let freeCovariance else { return }
    // C_uu = H_uu⁻¹ + A C_φ Aᵀ, C_uφ = −A C_φ.
    for row in 0..<u {
      for j in 0..<r {
        var sum = 0.0
        for i in 0..<r { sum -= response[row * r + i] * freeCovariance[i * r + j] }
        covariance[row * q + u + j] = sum
        covariance[(u + j) * q + row] = sum
      }
    }
    Self.spread(conditional, response, into: &covariance, u, r)
    for i in 0..<r {
      for j in 0..<r { covariance[(u + i) * q + u + j] = freeCovariance[i * r + j] }
    }
  }

  /// Writes `V + A C_φ Aᵀ` beside the block `−A C_φ` that is there.
  private static func spread(
    _ conditional: [Double], _ response: [Double], into covariance: inout [Double], _ u: Int,
    _ r: Int
  ) {
    let q = u + r
    for row in 0..<u {
      for column in 0..<u {
        var sum = conditional[row * u + column]
        for j in 0..<r { sum -= covariance[row * q + u + j] * response[column * r + j] }
        covariance[row * q + column] = sum
      }
    }
  }
}
