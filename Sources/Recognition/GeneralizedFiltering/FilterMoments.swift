internal import DynamicModels
internal import TensorCore

/// Errors, gradients, curvatures and covariances at one point, over buffers made once.
///
///     H = [ε̃_u ε̃_φ]ᵀ Π̃ [ε̃_u ε̃_φ] + P     C = H⁻¹     S = H_φφ − H_φu H_uu⁻¹ H_uφ
///
/// The slow variables are stacked b = (φ, λ). What second derivatives of the equations by
/// parameters alone would add to curvatures and entropies is left out, as in the reference; it is
/// zero for models affine in their parameters.
final class FilterMoments {
  let errors: HierarchyErrors
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
  private(set) var version = 0

  /// MᵀΠM of every population.
  private(set) var kernels: [[Double]]
  /// H_uu `[n_u × n_u]`, H_uφ `[n_u × r]`, H_φφ `[r × r]`; the last carries no prior.
  private(set) var stateCurvature: [Double]
  private(set) var coupling: [Double]
  private(set) var freeCurvature: [Double]
  /// The blocks of C; under the exact scheme C_φφ is the record's.
  private(set) var stateCovariance: [Double]
  private(set) var crossCovariance: [Double]
  private(set) var freeCovariance: [Double]
  /// C of (u, φ) as the reference inverts it; empty otherwise.
  private(set) var covariance: [Double]
  /// H_uu⁻¹ `[n_u × n_u]` and its logarithmic determinant; the reference's C_uu instead.
  private(set) var conditional: [Double]
  private(set) var logConditional = 0.0
  /// `A = H_uu⁻¹ H_uφ` `[n_u × r]` and S `[r × r]`, under the exact scheme.
  private(set) var response: [Double]
  private(set) var schur: [Double]
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

  /// `Σ_jk S⁻¹_jk` of errors, and of their spread, per population.
  var squares: [[Double]]
  var spreads: [[Double]]
  /// C̄ of every population.
  var contracted: [[Double]]
  /// The second derivatives of the equations found at the first sample of a pass.
  private(set) var heldSlopes: [[[Double]]] = []
  private var whole: [Double]
  private var joint: SymmetricInverter
  private var own: SymmetricInverter
  private var hasRun = false

  init(
    errors: HierarchyErrors, precision: FilterPrecision, prior: FilterStatePrior,
    parameterPrecision: [Double]
  ) {
    self.errors = errors
    self.precision = precision
    self.prior = prior
    self.parameterPrecision = parameterPrecision
    isReference = precision.isReference
    let (u, r) = (errors.layout.count, errors.freeCount)
    let h = precision.slots.count
    let q = u + r
    unknownCount = u
    freeCount = r
    slotCount = h
    isConstant = errors.isAffine && h == 0 && !precision.isStateDependent
    func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
    kernels = errors.groups.map { zeros($0.columns * $0.columns) }
    contracted = kernels
    squares = errors.groups.map { zeros($0.rows * $0.rows) }
    spreads = squares
    stateCurvature = zeros(u * u)
    stateCovariance = zeros(u * u)
    conditional = zeros(u * u)
    coupling = zeros(u * r)
    crossCovariance = zeros(u * r)
    response = zeros(u * r)
    freeCurvature = zeros(r * r)
    freeCovariance = zeros(r * r)
    schur = zeros(r * r)
    covariance = precision.isReference ? zeros(q * q) : []
    whole = covariance
    stateGradient = zeros(u)
    precisionCurvature = precision.isStateDependent && !precision.isReference ? zeros(u * u) : []
    slowGradient = zeros(r + h)
    slowEntropy = zeros(r + h)
    slowCurvature = zeros((r + h) * (r + h))
    sensoryInformation = zeros(h * h)
    joint = SymmetricInverter(size: precision.isReference ? q : 0)
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
    if !hasRun || !errors.isAffine { errors.linearize(unknowns, free: free) }
    errors.evaluate(unknowns, data: data, prior: causes)
    if isReference && freeCount > 0 {
      if isFirst {
        heldSlopes = errors.groups.map(\.slopes)
      } else {
        for (index, group) in errors.groups.enumerated() {
          group.replaceParameterMotion(heldSlopes[index], at: unknowns)
        }
      }
    }
    let isOther = try precision.update(
      lambda: lambda, unknowns: unknowns, free: free, missing: missing)
    for (index, group) in errors.groups.enumerated() { group.weigh(precision.matrices[index]) }
    if !hasRun || !isConstant || isOther {
      version += 1
      assemble()
      if isReference { try invertJointly() } else { try invert(freeCovariance) }
    }
    hasRun = true
    gradients(unknowns)
    if freeCovariance != nil || isReference { entropies() }
  }

  /// `½ ε̃ᵀΠ̃ε̃ + ½ (u − u₀)ᵀ P_u (u − u₀) − ½ ln |Π̃|` at the last point.
  var energy: Double {
    var sum = priorEnergy
    for (index, group) in errors.groups.enumerated() {
      sum += 0.5 * (group.squaredError - precision.generalizedLogDeterminant(index))
    }
    return sum
  }

  /// Whether errors, their derivatives and the curvature are finite.
  var isFinite: Bool {
    stateCurvature.allSatisfy(\.isFinite)
      && errors.groups.allSatisfy {
        $0.errors.allSatisfy(\.isFinite) && $0.jacobian.allSatisfy(\.isFinite)
      }
  }

  /// The parameters' second derivatives that count: the reference's are those of the first sample.
  func slopes(_ group: Int) -> [[Double]] {
    isReference && freeCount > 0 ? heldSlopes[group] : errors.groups[group].slopes
  }

  // MARK: Curvature and covariance

  private func assemble() {
    let (u, r) = (unknownCount, freeCount)
    for index in stateCurvature.indices { stateCurvature[index] = 0 }
    for index in coupling.indices { coupling[index] = 0 }
    for index in freeCurvature.indices { freeCurvature[index] = 0 }
    for (index, group) in errors.groups.enumerated() where group.rows > 0 {
      group.product(
        group.jacobian, precision.matrices[index], group.jacobian, into: &kernels[index])
      group.scatter(kernels[index], into: &stateCurvature)
      if r > 0 { group.addCoupling(free: r, into: &coupling, &freeCurvature) }
    }
    if prior.isStated {
      for index in stateCurvature.indices { stateCurvature[index] += prior.matrix[index] }
    }
    for row in 0..<u { stateCurvature[row * u + row] += prior.ridge }
  }

  /// The reference's loaded inverse over (u, φ).
  private func invertJointly() throws(LinearAlgebraError) {
    let (u, r) = (unknownCount, freeCount)
    let q = u + r
    for row in 0..<u {
      for column in 0..<u { whole[row * q + column] = stateCurvature[row * u + column] }
      for j in 0..<r {
        whole[row * q + u + j] = coupling[row * r + j]
        whole[(u + j) * q + row] = coupling[row * r + j]
      }
    }
    for i in 0..<r {
      for j in 0..<r { whole[(u + i) * q + u + j] = freeCurvature[i * r + j] }
      whole[(u + i) * q + u + i] += parameterPrecision[i]
    }
    try joint.invertLoaded(whole, into: &covariance)
    for row in 0..<u {
      for column in 0..<u { conditional[row * u + column] = covariance[row * q + column] }
      for j in 0..<r { crossCovariance[row * r + j] = covariance[row * q + u + j] }
    }
    for i in 0..<r {
      for j in 0..<r { freeCovariance[i * r + j] = covariance[(u + i) * q + u + j] }
    }
    for index in conditional.indices { stateCovariance[index] = conditional[index] }
    if let value = own.logDeterminant(conditional) {
      logConditional = value
    } else {
      logConditional = try logDeterminantOfCovariance(
        Tensor(shape: .matrix(u, u), values: conditional))
    }
  }

  private func invert(_ recordCovariance: [Double]?) throws(LinearAlgebraError) {
    let (u, r) = (unknownCount, freeCount)
    logConditional = -(try own.invertPlain(stateCurvature, into: &conditional))
    if r > 0 {
      InPlace.product(conditional, coupling, into: &response, rows: u, inner: u, columns: r)
      InPlace.transposedProduct(
        coupling, response, into: &schur, rows: r, inner: u, columns: r)
      for index in schur.indices { schur[index] = freeCurvature[index] - schur[index] }
    }
    guard let recordCovariance else { return }
    // C_uu = H_uu⁻¹ + A C_φ Aᵀ, C_uφ = −A C_φ.
    for index in conditional.indices { stateCovariance[index] = conditional[index] }
    if r == 0 { return }
    for index in freeCovariance.indices { freeCovariance[index] = recordCovariance[index] }
    for row in 0..<u {
      for j in 0..<r {
        var sum = 0.0
        for i in 0..<r { sum -= response[row * r + i] * recordCovariance[i * r + j] }
        crossCovariance[row * r + j] = sum
      }
      for column in 0..<u {
        var sum = 0.0
        for j in 0..<r { sum += crossCovariance[row * r + j] * response[column * r + j] }
        stateCovariance[row * u + column] -= sum
      }
    }
  }
}
