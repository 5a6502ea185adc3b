internal import DynamicModels
internal import TensorCore

/// Gradients of the energy and of its entropy term by everything that moves.
extension FilterMoments {
  func gradients(_ unknowns: [Double]) {
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

  func entropies() {
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
