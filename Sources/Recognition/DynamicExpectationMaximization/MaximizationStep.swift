internal import DynamicModels
internal import Foundation
internal import TensorCore

/// What follows a pass: the new parameters, log-precisions and −F of the pass.
struct MaximizationOutcome {
  var parameterStep: [Double]
  var confoundStep: [Double]
  var precisionStep: [Double]
  var lambda: [Double]
  var freeCovariance: Tensor<Double>
  var slotCovariance: Tensor<Double>
  var negativeFreeEnergy: Double
  /// λ with which −F was evaluated.
  var evaluatedLambda: [Double]
}

extension ExpectationMaximizationSession {
  /// The E-step's update, the M-step and −F of a pass (mathematics §6).
  func maximization(
    _ pass: PassResult, iteration: Int
  ) throws(RecognitionError) -> MaximizationOutcome {
    do {
      return try maximize(pass)
    } catch {
      throw .passAlgebra(iteration: iteration, sample: samples, error)
    }
  }

  private func inverse(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Tensor<Double> {
    if a.rows == 0 { return a }
    if isReference { return try RegularizedStep.inverse(a) }
    return try plainInverse(a)
  }

  private func plainInverse(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Tensor<Double> {
    if let factor = try? CholeskyFactor(a) { return factor.inverse }
    return try LinearAlgebra.inverse(a)
  }

  private func maximize(_ pass: PassResult) throws(LinearAlgebraError) -> MaximizationOutcome {
    let r = layout.freeCount
    let all = r + confoundStep.count
    var gradient = pass.gradient
    var curvature = Tensor(shape: .matrix(all, all), values: pass.curvature)
    var information = Tensor(shape: .matrix(all, all), values: pass.information)
    for index in 0..<r {
      gradient[index] -= parameterPrecision[index] * free[index]
      curvature[index, index] -= parameterPrecision[index]
      information[index, index] += parameterPrecision[index]
    }
    let freeCovariance = try inverse(information)
    let step =
      all > 0
      ? try RegularizedStep.step(
        jacobian: curvature, flow: gradient, length: .regularized(parameterRate)) : []

    // M-step
    let h = lambda.count
    var next = lambda
    var evaluated = lambda
    var moved = [Double](repeating: 0, count: h)
    var slotCovariance = self.slotCovariance
    let count = Double(samples)
    let orders = Double(layout.stateOrder)
    var temporalSpectra: [[Double]] = []
    if h > 0 && isReference {
      for block in precision.blocks {
        temporalSpectra.append(try SymmetricEigendecomposition(block.temporal.precision).values)
      }
    }
    for _ in 0..<(h > 0 ? max(precisionIterations, 1) : 0) {
      evaluated = next
      var slope = [Double](repeating: 0, count: h)
      var bend = Tensor<Double>(repeating: 0, shape: .matrix(h, h))
      let load = isReference ? precision.diagonalLoad(next) : 0
      for (index, block) in precision.blocks.enumerated() where !block.components.isEmpty {
        let spread = pass.spreads[index]
        let own = block.precision(next)
        // (S⁻¹ ⊗ Π + load)⁻¹ in the eigenvectors of S⁻¹; without a load all parts are alike.
        let parts =
          load > 0
          ? temporalSpectra[index].map { ($0, 1.0) } : [(1.0, orders)]
        for component in block.components {
          var total = 0.0
          for row in 0..<block.count {
            for column in 0..<block.count {
              // tr(Q X) with a symmetric Q.
              total += component.matrix[row, column] * spread[column * block.count + row]
            }
          }
          slope[component.slot] -= 0.5 * exp(next[component.slot]) * total
        }
        for (eigenvalue, multiplicity) in parts {
          var loaded = own
          for place in loaded.values.indices { loaded.values[place] *= eigenvalue }
          for row in 0..<block.count { loaded[row, row] += load }
          let variance = try plainInverse(loaded)
          var products: [(slot: Int, matrix: Tensor<Double>)] = []
          for component in block.components {
            var scaled = LinearAlgebra.product(component.matrix, variance)
            let gain = eigenvalue * exp(next[component.slot])
            var trace = 0.0
            for place in scaled.values.indices { scaled.values[place] *= gain }
            for row in 0..<block.count { trace += scaled[row, row] }
            slope[component.slot] += 0.5 * count * multiplicity * trace
            products.append((component.slot, scaled))
          }
          for (first, a) in products {
            for (second, b) in products {
              var total = 0.0
              for row in 0..<block.count {
                for column in 0..<block.count { total += a[row, column] * b[column, row] }
              }
              bend[first, second] -= 0.5 * count * multiplicity * total
            }
          }
        }
      }
      for slot in 0..<h {
        slope[slot] -= slotPrecision[slot] * (next[slot] - precision.slots[slot].mean)
        bend[slot, slot] -= slotPrecision[slot]
      }
      let change = try RegularizedStep.step(
        jacobian: bend, flow: slope, length: .regularized(precisionRate)
      ).map { min(max($0, -2), 2) }
      for slot in 0..<h {
        next[slot] += change[slot]
        moved[slot] += change[slot]
      }
      slotCovariance = try inverse(
        Tensor(shape: bend.shape, values: bend.values.map { -$0 }))
      if Dense.dot(slope, change) < exp(-4) || change.reduce(0, { $0 + abs($1) }) < exp(-4) {
        break
      }
    }

    let value = try negativeFreeEnergy(
      pass, lambda: evaluated, freeCovariance: freeCovariance, slotCovariance: slotCovariance)
    return MaximizationOutcome(
      parameterStep: Array(step.prefix(r)), confoundStep: Array(step.dropFirst(r)),
      precisionStep: moved, lambda: next, freeCovariance: freeCovariance,
      slotCovariance: slotCovariance, negativeFreeEnergy: value, evaluatedLambda: evaluated)
  }

  /// −F of a pass: the reference's evidence, or the whole of mathematics §3.
  private func negativeFreeEnergy(
    _ pass: PassResult, lambda: [Double], freeCovariance: Tensor<Double>,
    slotCovariance: Tensor<Double>
  ) throws(LinearAlgebraError) -> Double {
    let r = layout.freeCount
    let precisions = precision.blocks.map { $0.precision(lambda) }
    let count = Double(samples)
    var value = 0.0
    for (index, own) in precisions.enumerated() {
      var trace = 0.0
      for (place, entry) in own.values.enumerated() { trace += entry * pass.energies[index][place] }
      value -= 0.5 * trace
    }
    let counted = isReference ? precision.countedErrors : nil
    value += 0.5 * count * (try precision.logDeterminant(precisions, counted: counted))
    value += 0.5 * pass.logCovariance
    let full = log(2 * Double.pi)
    if isReference {
      value -= 0.5 * count * Double(layout.stateOrder * layout.dataCount) * full
    } else {
      value -= 0.5 * count * Double(layout.errorCount - layout.unknownCount) * full
      if hasStatePrior {
        value += try statePriorTerm(pass)
      }
    }
    if r > 0 {
      var part = Tensor<Double>(repeating: 0, shape: .matrix(r, r))
      for row in 0..<r {
        for column in 0..<r { part[row, column] = freeCovariance[row, column] }
        value -= 0.5 * parameterPrecision[row] * free[row] * free[row]
        value += 0.5 * log(parameterPrecision[row])
      }
      value += 0.5 * (try logDeterminantOfCovariance(part))
    }
    for slot in lambda.indices {
      let deviation = lambda[slot] - precision.slots[slot].mean
      value -= 0.5 * slotPrecision[slot] * deviation * deviation
      value += 0.5 * log(slotPrecision[slot])
    }
    if !lambda.isEmpty { value += 0.5 * (try logDeterminantOfCovariance(slotCovariance)) }
    return value
  }

  /// `Σ −½ (u − u₀)ᵀP_u(u − u₀) + ½ ln |P_u| − ½ n_x ln 2π` over the states with a stated prior.
  private func statePriorTerm(_ pass: PassResult) throws(LinearAlgebraError) -> Double {
    let u = layout.unknownCount
    let rows = (0..<layout.causes).filter { row in
      (0..<u).contains { $0 != row && unknownPrior.values[row * u + $0] != 0 }
        || unknownPrior.values[row * u + row] > 2 * Double(u) * Double.ulpOfOne
    }
    var part = Tensor<Double>(repeating: 0, shape: .matrix(rows.count, rows.count))
    for (i, a) in rows.enumerated() {
      for (j, b) in rows.enumerated() { part[i, j] = unknownPrior[a, b] }
    }
    let constant =
      0.5 * (try logDeterminantOfCovariance(part))
      - 0.5 * Double(rows.count) * log(2 * Double.pi)
    return pass.statePrior.reduce(0) { $0 - $1 + constant }
  }
}
