internal import DynamicModels
internal import Foundation
internal import TensorCore

/// What follows a pass: the new log-precisions, the covariances and −F of the pass.
struct MaximizationOutcome {
  var precisionStep: [Double]
  var lambda: [Double]
  var freeCovariance: Tensor<Double>
  var slotCovariance: Tensor<Double>
  /// `−L_λλ` of the likelihood alone at the last update, for the sensory groups and the others.
  var sensoryCurvature: Tensor<Double>
  var otherCurvature: Tensor<Double>
  var negativeFreeEnergy = 0.0
  var evidence: EvidenceParts?
  /// λ before the last update: what is reported, and with what the reference evaluates −F.
  var evaluatedLambda: [Double]
}

extension ExpectationMaximizationSession {
  func inverse(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Tensor<Double> {
    if a.rows == 0 { return a }
    return isReference ? try RegularizedStep.inverse(a) : try plainInverse(a)
  }

  private func plainInverse(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Tensor<Double> {
    if let factor = try? CholeskyFactor(a) { return factor.inverse }
    return try LinearAlgebra.inverse(a)
  }

  /// The M-step, C_φ and −F of a pass (mathematics §6).
  func maximize(_ pass: PassRecord) throws(LinearAlgebraError) -> MaximizationOutcome {
    let all = errors.freeCount + errors.nuisanceCount
    var information = Tensor(shape: .matrix(all, all), values: pass.information)
    for index in 0..<errors.freeCount { information[index, index] += parameterPrecision[index] }
    let h = lambda.count
    let empty = Tensor<Double>(repeating: 0, shape: .matrix(h, h))
    var outcome = MaximizationOutcome(
      precisionStep: [Double](repeating: 0, count: h), lambda: lambda,
      freeCovariance: try inverse(information), slotCovariance: slotCovariance,
      sensoryCurvature: empty, otherCurvature: empty, evaluatedLambda: lambda)
    for _ in 0..<(h > 0 ? max(precisionIterations, 1) : 0) {
      outcome.evaluatedLambda = outcome.lambda
      let isLast = try updatePrecisions(pass, &outcome)
      if isLast { break }
    }
    try evaluateFreeEnergy(pass, &outcome)
    return outcome
  }

  /// The E-step's update of φ and of the confounds' weights, side by side.
  func parameterStep(_ outcome: MaximizationOutcome) throws(LinearAlgebraError) -> [Double] {
    let all = errors.freeCount + errors.nuisanceCount
    if all == 0 { return [] }
    var gradient = pass.gradient
    var curvature = Tensor(shape: .matrix(all, all), values: pass.curvature)
    for index in 0..<errors.freeCount {
      gradient[index] -= parameterPrecision[index] * free[index]
      curvature[index, index] -= parameterPrecision[index]
    }
    var length = RegularizedStep.Length.regularized(parameterRate)
    if !isReference {
      // The reference counts no negative entries of a diagonal curvature: the time of one parameter,
      // or of several that do not meet, would depend on their units.
      let precision = Tensor(shape: curvature.shape, values: curvature.values.map { -$0 })
      let logDeterminant = try RegularizedStep.logDeterminant(precision)
      length = .time(exp(parameterRate - logDeterminant / Double(all)))
    }
    return try RegularizedStep.step(jacobian: curvature, flow: gradient, length: length)
  }

  /// One Newton update of λ; true when nothing is left to gain.
  private func updatePrecisions(
    _ pass: PassRecord, _ outcome: inout MaximizationOutcome
  ) throws(LinearAlgebraError) -> Bool {
    let h = outcome.lambda.count
    let orders = Double(model.stateOrder)
    var slope = [Double](repeating: 0, count: h)
    let empty = Tensor<Double>(repeating: 0, shape: .matrix(h, h))
    (outcome.sensoryCurvature, outcome.otherCurvature) = (empty, empty)
    let load = isReference ? precision.diagonalLoad(outcome.lambda) : 0
    for (index, group) in errors.groups.enumerated() {
      let own = precision.groups[index]
      if own.components.isEmpty { continue }
      let slots = own.components.map(\.slot)
      // (S⁻¹ ⊗ Π + load)⁻¹ in the eigenvectors of S⁻¹; without a load all parts are alike.
      let parts: [(scale: Double, multiplicity: Double)] =
        load > 0
        ? try SymmetricEigendecomposition(group.temporal.precision).values.map { ($0, 1) }
        : [(1, orders)]
      for (pattern, channels) in observations.patterns.enumerated() {
        let present = index == errors.dataGroup ? channels : Array(0..<group.rows)
        if present.isEmpty { continue }
        let count = Double(observations.patternCounts[pattern])
        let observed = try own.observed(outcome.lambda, present: present)
        let spread = pass.spreads[index][pattern]
        for (slot, component) in zip(slots, observed.components) {
          var total = 0.0
          for (i, row) in present.enumerated() {
            for (j, column) in present.enumerated() {
              total += component[i, j] * spread[column * group.rows + row]
            }
          }
          slope[slot] -= 0.5 * total
        }
        for part in parts {
          var loaded = observed.precision
          for place in loaded.values.indices { loaded.values[place] *= part.scale }
          for row in 0..<loaded.rows { loaded[row, row] += load }
          let variance = try plainInverse(loaded)
          let products = observed.components.map { component in
            let product = LinearAlgebra.product(component, variance)
            return Tensor(shape: product.shape, values: product.values.map { part.scale * $0 })
          }
          let gain = 0.5 * count * part.multiplicity
          for (i, a) in products.enumerated() {
            for row in present.indices { slope[slots[i]] += gain * a[row, row] }
            for (j, b) in products.enumerated() {
              var total = 0.0
              for row in present.indices {
                for column in present.indices { total += a[row, column] * b[column, row] }
              }
              if group.isSensory {
                outcome.sensoryCurvature[slots[i], slots[j]] += gain * total
              } else {
                outcome.otherCurvature[slots[i], slots[j]] += gain * total
              }
            }
          }
        }
      }
    }
    var bend = empty
    for place in bend.values.indices {
      bend.values[place] =
        -outcome.sensoryCurvature.values[place] - outcome.otherCurvature.values[place]
    }
    for slot in 0..<h {
      slope[slot] -= slotPrecision[slot] * (outcome.lambda[slot] - precision.slots[slot].mean)
      bend[slot, slot] -= slotPrecision[slot]
    }
    let change = try RegularizedStep.step(
      jacobian: bend, flow: slope, length: .regularized(precisionRate)
    ).map { min(max($0, -2), 2) }
    var gain = 0.0
    var size = 0.0
    for slot in 0..<h {
      outcome.lambda[slot] += change[slot]
      outcome.precisionStep[slot] += change[slot]
      gain += slope[slot] * change[slot]
      size += abs(change[slot])
    }
    outcome.slotCovariance = try inverse(
      Tensor(shape: bend.shape, values: bend.values.map { -$0 }))
    return gain < exp(-4) || size < exp(-4)
  }
}
