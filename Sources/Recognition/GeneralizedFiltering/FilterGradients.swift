internal import DynamicModels
internal import TensorCore

/// Gradients of the energy and of its entropy term by everything that moves.
extension FilterMoments {
  func gradients(_ unknowns: [Double]) {
    let r = freeCount
    let b = r + slotCount
    for index in stateGradient.indices { stateGradient[index] = 0 }
    for index in slowGradient.indices { slowGradient[index] = 0 }
    for group in errors.groups {
      group.addMessage(group.weighted, through: group.jacobian, to: &stateGradient)
      group.addParameterMessage(group.weighted, to: &slowGradient)
    }
    priorEnergy = prior.pull(unknowns, into: &stateGradient)
    for index in slowCurvature.indices { slowCurvature[index] = 0 }
    for i in 0..<r {
      for j in 0..<r {
        slowCurvature[i * b + j] = isReference ? freeCurvature[i * r + j] : schur[i * r + j]
      }
    }
    for index in sensoryInformation.indices { sensoryInformation[index] = 0 }
    for index in precisionCurvature.indices { precisionCurvature[index] = 0 }
    for index in errors.groups.indices where precision.canChange(index) {
      precisionGradients(index)
    }
  }

  /// `½ tr(∂Π̃ (ε̃ε̃ᵀ − Π̃⁻¹))` of one population by everything its Π changes with.
  private func precisionGradients(_ index: Int) {
    let group = errors.groups[index]
    let components = precision.components(index)
    let (u, r, h) = (unknownCount, freeCount, slotCount)
    let b = r + h
    let n = Double(group.orders)
    for entry in squares[index].indices { squares[index][entry] = 0 }
    group.addEnergy(to: &squares[index])
    let variance = precision.variances[index]
    for (part, component) in components.enumerated() {
      let slope = precision.slopes[index][part]
      let slot = r + component.slot
      slowGradient[slot] +=
        0.5 * (InPlace.trace(slope, squares[index]) - n * InPlace.trace(slope, variance))
      if isReference {
        // Curvature as observed; components have diagonals only.
        for second in components {
          var total = 0.0
          for a in 0..<group.rows {
            let place = a * group.rows + a
            total += slope[place] * second.matrix.values[place] * squares[index][place]
          }
          slowCurvature[slot * b + r + second.slot] += 0.5 * total
        }
        crossCurvature(group, slope, slot)
      } else {
        for (other, second) in components.enumerated() {
          let value =
            0.5 * n
            * information(slope, precision.slopes[index][other], variance, group.rows)
          slowCurvature[slot * b + r + second.slot] += value
          if index == errors.dataGroup {
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
          0.5 * n * information(matrix, other, variance, group.rows)
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
  private func crossCurvature(_ group: ErrorGroup, _ slope: [Double], _ slot: Int) {
    let width = group.directions.count
    if width == 0 { return }
    let (b, n, rows) = (freeCount + slotCount, group.orders, group.rows)
    for a in 0..<rows {
      let gain = slope[a * rows + a]
      if gain == 0 { continue }
      for order in 0..<n {
        var error = 0.0
        for other in 0..<n {
          error += group.temporal.precision[order, other] * group.errors[other * rows + a]
        }
        for (j, direction) in group.directions.enumerated() {
          let value = gain * error * group.byParameter[(order * rows + a) * width + j]
          slowCurvature[slot * b + direction] += value
          slowCurvature[direction * b + slot] += value
        }
      }
    }
  }

  // MARK: Entropy

  /// The gradient of `½ ln |H_uu| + ½ tr(C_φ S)`, or of the reference's `½ ln |H|`.
  func entropies() {
    let r = freeCount
    for index in slowEntropy.indices { slowEntropy[index] = 0 }
    if r + slotCount == 0 { return }
    for (index, group) in errors.groups.enumerated() {
      let changes = precision.canChange(index)
      if !changes && group.parameterCount == 0 { continue }
      group.contract(stateCovariance, into: &contracted[index])
      group.addEntropyGradient(
        contracted[index], crossCovariance, free: r, precision.matrices[index],
        slopes: slopes(index), to: &slowEntropy)
      if !changes { continue }
      group.spread(contracted[index], into: &spreads[index])
      group.addJointSpread(crossCovariance, freeCovariance, free: r, to: &spreads[index])
      for (part, component) in precision.components(index).enumerated() {
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
