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
  private(set) var version = 0

  /// J `[n_ε × (n_u + r)]`, Π̃ J and Π̃ J C.
  private(set) var jacobian: [Double]
  private(set) var weighted: [Double]
  private(set) var spread: [Double]
  private var moved: [Double]
  /// H and C of (u, φ); under the exact scheme H_φφ carries no prior and C is the record's.
  private(set) var curvature: [Double]
  private(set) var covariance: [Double]
  /// H_uu⁻¹ `[n_u × n_u]` and its logarithmic determinant; the reference's C_uu instead.
  private(set) var conditional: [Double]
  private(set) var logConditional = 0.0
  /// `A = H_uu⁻¹ H_uφ` `[n_u × r]` and S `[r × r]`, under the exact scheme.
  private(set) var response: [Double]
  private(set) var schur: [Double]
  /// Π̃ ε̃.
  private(set) var weightedErrors: [Double]
  /// V_u, the gradient of G by the unknowns, and ½ (u − u₀)ᵀ P_u (u − u₀).
  private(set) var stateGradient: [Double]
  private(set) var priorEnergy = 0.0
  /// What a dependence of Π on unknowns adds to the curvature of the flow.
  private var precisionCurvature: [Double]
  /// ∂G/∂b and the gradient of its entropy term, without the priors of b.
  private(set) var slowGradient: [Double]
  private(set) var slowEntropy: [Double]
  /// The curvature by b, without the priors: of G, or under the exact scheme of what is left of G
  /// when the unknowns follow φ (S) and of G on average over errors (λ).
  private(set) var slowCurvature: [Double]
  /// The part of the λλ block that belongs to the data's errors.
  private(set) var sensoryInformation: [Double]

  private var message: [Double]
  private var squares: [[Double]]
  private var spreads: [[Double]]
  private var square: [Double]
  private var coupling: [Double]
  private var heldMixed: [[Double]] = []
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

  // MARK: Gradients

  private func gradients(_ unknowns: [Double]) {
    let (u, r, h) = (unknownCount, freeCount, slotCount)
    let (e, q, b) = (layout.errorCount, u + r, r + h)
    precision.kernel.apply(
      precision.matrices, to: errors.errors, columns: 1, into: &weightedErrors)
    Dense.transposedVector(jacobian, weightedErrors, rows: q, inner: e, into: &message)
    for column in 0..<u { stateGradient[column] = message[column] }
    for column in 0..<b { slowGradient[column] = column < r ? message[u + column] : 0 }
    priorEnergy = prior.pull(unknowns, into: &stateGradient)
    for index in slowCurvature.indices { slowCurvature[index] = 0 }
    for i in 0..<r {
      for j in 0..<r {
        slowCurvature[i * b + j] =
          isReference ? curvature[(u + i) * q + u + j] : schur[i * r + j]
      }
      // The reference's curvature carries the prior already; it is added where steps are made.
      if isReference { slowCurvature[i * b + i] -= parameterPrecision[i] }
    }
    for index in sensoryInformation.indices { sensoryInformation[index] = 0 }
    for index in precisionCurvature.indices { precisionCurvature[index] = 0 }
    for index in precision.kernel.blocks.indices where precision.canChange(index) {
      precisionGradients(index)
    }
  }

  /// `½ tr(∂Π̃ (ε̃ε̃ᵀ − Π̃⁻¹))` of one population by everything its Π changes with.
  private func precisionGradients(_ index: Int) {
    let block = precision.kernel.blocks[index]
    let (u, r, h) = (unknownCount, freeCount, slotCount)
    let b = r + h
    let n = Double(layout.stateOrder)
    for entry in squares[index].indices { squares[index][entry] = 0 }
    precision.kernel.contract(
      block, errors.errors, errors.errors, columns: 1, into: &squares[index])
    let variance = precision.variances[index]
    for (part, component) in block.components.enumerated() {
      let slope = precision.slopes[index][part]
      let slot = r + component.slot
      slowGradient[slot] +=
        0.5 * (InPlace.trace(slope, squares[index]) - n * InPlace.trace(slope, variance))
      if isReference {
        // Curvature as observed; components have diagonals only.
        for second in block.components {
          var total = 0.0
          for a in 0..<block.count {
            let place = a * block.count + a
            total += slope[place] * second.matrix.values[place] * squares[index][place]
          }
          slowCurvature[slot * b + r + second.slot] += 0.5 * total
        }
        crossCurvature(block, slope, slot)
      } else {
        for (other, second) in block.components.enumerated() {
          let value =
            0.5 * n
            * information(
              slope, precision.slopes[index][other], variance, block.count)
          slowCurvature[slot * b + r + second.slot] += value
          if index == precision.sensory {
            sensoryInformation[component.slot * h + second.slot] += value
          }
        }
      }
    }
    for (variable, matrix) in precision.inputSlopes[index] {
      let value =
        0.5 * (InPlace.trace(matrix, squares[index]) - n * InPlace.trace(matrix, variance))
      switch variable {
      case .unknown(let place): stateGradient[place] += value
      case .free(let place): slowGradient[place] += value
      }
    }
    if precisionCurvature.isEmpty { return }
    for (first, matrix) in precision.inputSlopes[index] {
      guard case .unknown(let row) = first else { continue }
      for (second, other) in precision.inputSlopes[index] {
        guard case .unknown(let column) = second else { continue }
        precisionCurvature[row * u + column] +=
          0.5 * n * information(matrix, other, variance, block.count)
      }
    }
  }

  /// `tr(A Σ B Σ)`.
  private func information(
    _ a: [Double], _ b: [Double], _ variance: [Double], _ count: Int
  ) -> Double {
    var total = 0.0
    for i in 0..<count {
      for j in 0..<count {
        var (left, right) = (0.0, 0.0)
        for k in 0..<count {
          left += a[i * count + k] * variance[k * count + j]
          right += b[j * count + k] * variance[k * count + i]
        }
        total += left * right
      }
    }
    return total
  }

  /// `ε̃ᵀ ∂Π̃ ε̃_φ`: how a log-precision and the parameters bend G together, in the reference.
  private func crossCurvature(_ block: PrecisionBlock, _ slope: [Double], _ slot: Int) {
    let (u, r) = (unknownCount, freeCount)
    if r == 0 { return }
    let (q, b, n) = (u + r, r + slotCount, layout.stateOrder)
    for a in 0..<block.count {
      let gain = slope[a * block.count + a]
      if gain == 0 { continue }
      for order in 0..<n {
        var error = 0.0
        for other in 0..<n {
          error += block.temporal.precision[order, other] * errors.errors[block.index(other, a)]
        }
        let row = block.index(order, a) * q + u
        for j in 0..<r {
          let value = gain * error * jacobian[row + j]
          slowCurvature[slot * b + j] += value
          slowCurvature[j * b + slot] += value
        }
      }
    }
  }

  // MARK: Entropy

  private func entropies() {
    let (u, r, h) = (unknownCount, freeCount, slotCount)
    if r + h == 0 { return }
    let (e, q) = (layout.errorCount, u + r)
    let mixed = isReference ? heldMixed : errors.byBoth
    let entries = mixed.reduce(0) { $0 + $1.reduce(0) { $1 == 0 ? $0 : $0 + 1 } }
    let isSparse = entries <= e
    if !isSparse {
      InPlace.product(weighted, covariance, into: &spread, rows: e, inner: q, columns: q)
    }
    let (weighted, covariance, spread) = (weighted, covariance, spread)
    for direction in 0..<r {
      let own = mixed[direction]
      var total = 0.0
      for row in 0..<e {
        for column in 0..<u {
          let slope = own[row * u + column]
          if slope == 0 { continue }
          var entry = 0.0
          if isSparse {
            for k in 0..<q { entry += weighted[row * q + k] * covariance[column * q + k] }
          } else {
            entry = spread[row * q + column]
          }
          total += slope * entry
        }
      }
      slowEntropy[direction] = total
    }
    if h == 0 && !precision.isStateDependent { return }
    for slot in 0..<h { slowEntropy[r + slot] = 0 }
    InPlace.product(jacobian, covariance, into: &moved, rows: e, inner: q, columns: q)
    for (index, block) in precision.kernel.blocks.enumerated() where precision.canChange(index) {
      for entry in spreads[index].indices { spreads[index][entry] = 0 }
      precision.kernel.contract(block, moved, jacobian, columns: q, into: &spreads[index])
      for (part, component) in block.components.enumerated() {
        slowEntropy[r + component.slot] +=
          0.5 * InPlace.trace(precision.slopes[index][part], spreads[index])
      }
      for (variable, matrix) in precision.inputSlopes[index] {
        if case .free(let place) = variable {
          slowEntropy[place] += 0.5 * InPlace.trace(matrix, spreads[index])
        }
      }
    }
  }
}
