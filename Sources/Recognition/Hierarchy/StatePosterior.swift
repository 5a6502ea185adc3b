internal import DynamicModels
internal import TensorCore

/// Curvature and covariance of the states and causes at one linearisation (mathematics §6).
///
///     H = ε̃_uᵀ Π̃ ε̃_u + w W_uu + P_u        C = (ε̃_uᵀ Π̃ ε̃_u + P_u)⁻¹
///
/// with the sums that the E- and M-steps take from C. Nothing is allocated after `init`, but for
/// the reference's own inverse.
final class StatePosterior {
  /// H in the storage of the chain.
  private(set) var curvature: [Double]
  /// C where H has entries.
  private(set) var covariance: [Double]
  /// ln |C| over the unknowns that count.
  private(set) var logDeterminant = 0.0
  /// `½ tr(C ε̃_uᵀΠ̃ε̃_u)` of the sensory errors and of all others.
  private(set) var sensoryTrace = 0.0
  private(set) var otherTrace = 0.0
  /// W_φ `[r]` and W_φφ `[r × r]`.
  private(set) var parameterPull: [Double]
  private(set) var parameterCurvature: [Double]
  /// Per group `Σ_jk S⁻¹_jk (ε̃_u C ε̃_uᵀ)_jk` `[rows × rows]`.
  private(set) var spreads: [[Double]]

  private let errors: HierarchyErrors
  private let factor: BlockChainFactor
  private var kernels: [[Double]]
  private var contracted: [[Double]]
  private var information: [Double]
  private var product: [Double]

  init(_ errors: HierarchyErrors) {
    self.errors = errors
    let size = errors.layout.chain.storageCount
    factor = BlockChainFactor(errors.layout.chain)
    curvature = [Double](repeating: 0, count: size)
    covariance = curvature
    information = curvature
    parameterPull = [Double](repeating: 0, count: errors.freeCount)
    parameterCurvature = [Double](repeating: 0, count: errors.freeCount * errors.freeCount)
    spreads = errors.groups.map { [Double](repeating: 0, count: $0.rows * $0.rows) }
    kernels = errors.groups.map { [Double](repeating: 0, count: $0.columns * $0.columns) }
    contracted = kernels
    product = [Double](repeating: 0, count: kernels.map(\.count).max() ?? 0)
  }

  /// Computes everything at the present linearisation.
  ///
  /// - Parameters:
  ///   - precisions: Π per group.
  ///   - dependents: the groups whose Π depends on the unknowns.
  ///   - prior: P_u by places in the storage.
  ///   - parameterCovariance: C_φ `[all × all]`, of which the first r directions are used.
  ///   - all: the number of rows of that matrix.
  ///   - weight: w, the factor of the parameters' uncertainty.
  ///   - counted: the unknowns that the reference counts; nil outside its habits.
  /// - Throws: `LinearAlgebraError` where the curvature is not finite or not positive definite.
  func compute(
    precisions: [[Double]], dependents: [DependentPrecision] = [],
    prior: [(place: Int, value: Double)], parameterCovariance: [Double],
    all: Int, weight: Double, counted: [Bool]?
  ) throws(LinearAlgebraError) {
    for index in information.indices { information[index] = 0 }
    for (index, group) in errors.groups.enumerated() where group.rows > 0 {
      group.product(
        group.jacobian, precisions[index], group.jacobian, into: &kernels[index])
      group.scatter(kernels[index], into: &information)
    }
    for dependent in dependents { add(dependent) }
    for entry in prior { information[entry.place] += entry.value }
    if let counted {
      try invertAsReference(counted)
    } else {
      try invert()
    }
    // All of C that the sums below need, contracted over the orders.
    (sensoryTrace, otherTrace) = (0, 0)
    for dependent in dependents {
      let trace = 0.5 * self.trace(dependent)
      if errors.groups[dependent.group].isSensory {
        sensoryTrace += trace
      } else {
        otherTrace += trace
      }
    }
    for (index, group) in errors.groups.enumerated() {
      group.contract(covariance, into: &contracted[index])
      var trace = 0.0
      for place in kernels[index].indices {
        trace += kernels[index][place] * contracted[index][place]
      }
      if group.isSensory { sensoryTrace += 0.5 * trace } else { otherTrace += 0.5 * trace }
      group.spread(contracted[index], into: &spreads[index])
    }
    for index in curvature.indices { curvature[index] = information[index] }
    addParameters(precisions, parameterCovariance, all, weight)
  }

  /// The information of a precision that depends on unknowns.
  private func add(_ dependent: DependentPrecision) {
    let chain = errors.layout.chain
    let orders = errors.layout.stateOrder
    for (k, row) in dependent.unknowns.enumerated() {
      for (l, column) in dependent.unknowns.enumerated() {
        guard !chain.isMirrored(row: row, column: column),
          let place = chain.place(row: row, column: column)
        else { continue }
        information[place] += dependent.information(k, l, orders: orders)
      }
    }
  }

  /// tr(C H) of that information.
  private func trace(_ dependent: DependentPrecision) -> Double {
    let chain = errors.layout.chain
    let orders = errors.layout.stateOrder
    var sum = 0.0
    for (k, row) in dependent.unknowns.enumerated() {
      for (l, column) in dependent.unknowns.enumerated() {
        guard let place = chain.place(row: row, column: column) else { continue }
        sum += covariance[place] * dependent.information(k, l, orders: orders)
      }
    }
    return sum
  }

  /// W_uu, W_φ and W_φφ.
  private func addParameters(
    _ precisions: [[Double]], _ covariance: [Double], _ all: Int, _ weight: Double
  ) {
    let r = errors.freeCount
    if r == 0 { return }
    for index in parameterPull.indices { parameterPull[index] = 0 }
    for index in parameterCurvature.indices { parameterCurvature[index] = 0 }
    for (index, group) in errors.groups.enumerated() where group.parameterCount > 0 {
      let size = group.columns * group.columns
      for i in 0..<group.parameterCount {
        let first = group.directions[i]
        group.product(group.slopes[i], precisions[index], group.jacobian, into: &product)
        var pull = 0.0
        for place in 0..<size { pull += product[place] * contracted[index][place] }
        parameterPull[first] += pull
        for j in 0..<group.parameterCount {
          let second = group.directions[j]
          group.product(group.slopes[i], precisions[index], group.slopes[j], into: &product)
          var bend = 0.0
          for place in 0..<size { bend += product[place] * contracted[index][place] }
          parameterCurvature[first * r + second] += bend
          let gain = weight * covariance[first * all + second]
          if gain != 0 { group.scatter(product, scale: gain, into: &curvature) }
        }
      }
    }
  }

  private func invert() throws(LinearAlgebraError) {
    let chain = errors.layout.chain
    var load = 0.0
    // Where nothing constrains an unknown, its variance is as large as rounding allows.
    for _ in 0..<8 {
      if factor.factor(information.span) {
        // Copied, not shared: the factor writes its inverse in place.
        for index in covariance.indices { covariance[index] = factor.inverse[index] }
        logDeterminant = -factor.logDeterminant
        return
      }
      var size = 0.0
      for (block, n) in chain.sizes.enumerated() {
        for row in 0..<n {
          let value = information[chain.diagonals[block] + row * (n + 1)]
          guard value.isFinite else {
            throw .notFinite(row: chain.starts[block] + row, column: chain.starts[block] + row)
          }
          size = max(size, abs(value))
        }
      }
      let next = load == 0 ? size.ulp * Double(max(chain.dimension, 1)) : 16 * load
      for (block, n) in chain.sizes.enumerated() {
        for row in 0..<n {
          information[chain.diagonals[block] + row * (n + 1)] += next - load
        }
      }
      load = next
    }
    throw .notPositiveDefinite(row: 0, pivot: 0)
  }

  /// The reference's loaded inverse, without the unknowns that it does not count.
  private func invertAsReference(_ counted: [Bool]) throws(LinearAlgebraError) {
    let n = errors.layout.count
    if n == 0 {
      logDeterminant = 0
      return
    }
    var inverse = try RegularizedStep.inverse(Tensor(shape: .matrix(n, n), values: information))
    let chosen = (0..<n).filter { counted[$0] }
    if chosen.count < n {
      for row in 0..<n {
        for column in 0..<n where !(counted[row] && counted[column]) { inverse[row, column] = 0 }
      }
      let part = Tensor(rows: chosen.map { row in chosen.map { inverse[row, $0] } })
      logDeterminant = chosen.isEmpty ? 0 : try logDeterminantOfCovariance(part)
    } else {
      logDeterminant = try logDeterminantOfCovariance(inverse)
    }
    covariance = inverse.values
  }
}
