internal import DynamicModels
internal import Foundation
internal import TensorCore

/// −F of a pass and its parts.
extension ExpectationMaximizationSession {
  /// −F of a pass: the reference's evidence, or the whole of mathematics §3 with its parts.
  func evaluateFreeEnergy(
    _ pass: PassRecord, _ outcome: inout MaximizationOutcome
  ) throws(LinearAlgebraError) {
    let r = errors.freeCount
    // C_u and C_φ belong to the λ of the pass. At another λ they are not the inverse curvatures whose
    // traces cancel with the entropies' constants, and F could fall below the surprise.
    let lambda = isReference ? outcome.evaluatedLambda : self.lambda
    let counted = isReference ? precision.countedErrors : nil
    let full = log(2 * Double.pi)
    let n = Double(model.stateOrder)
    // Half of Σ tr(Π̃ EE) − N ln |Π̃|, with its constants where they are counted.
    var sensory = pass.dependentSensory
    var other = pass.dependentOther
    for (index, group) in errors.groups.enumerated() {
      let own = precision.groups[index]
      let isDependent = dependents.contains { $0.group == index }
      for (pattern, channels) in observations.patterns.enumerated() {
        let present = index == errors.dataGroup ? channels : Array(0..<group.rows)
        if present.isEmpty { continue }
        let count = Double(observations.patternCounts[pattern])
        if isDependent {
          let constants = 0.5 * count * n * Double(present.count) * full
          if group.isSensory { sensory += constants } else { other += constants }
          continue
        }
        let observed = try own.observed(lambda, present: present).precision
        var energy = 0.0
        for (i, row) in present.enumerated() {
          for (j, column) in present.enumerated() {
            energy += observed[i, j] * pass.energies[index][pattern][column * group.rows + row]
          }
        }
        energy -= count * (try precision.logDeterminant(index, observed, counted: counted?[index]))
        if !isReference { energy += count * n * Double(present.count) * full }
        if group.isSensory { sensory += 0.5 * energy } else { other += 0.5 * energy }
      }
    }
    let count = Double(samples)
    let u = Double(errors.layout.count)
    if isReference {
      let channels = Double(errors.groups[errors.dataGroup].rows)
      sensory += 0.5 * count * n * channels * full
    }
    var states = other - 0.5 * pass.logCovariance
    if !isReference {
      states -= 0.5 * count * u * full
      if hasStatePrior { states += try statePriorEnergy(pass) }
    }
    // Parameters and log-precisions: what their posterior moved from their prior.
    var parameters = 0.0
    if r > 0 {
      var part = Tensor<Double>(repeating: 0, shape: .matrix(r, r))
      for row in 0..<r {
        for column in 0..<r { part[row, column] = outcome.freeCovariance[row, column] }
        parameters += 0.5 * parameterPrecision[row] * free[row] * free[row]
        parameters -= 0.5 * log(parameterPrecision[row])
      }
      parameters -= 0.5 * (try logDeterminantOfCovariance(part))
    }
    var logPrecisions = 0.0
    for slot in lambda.indices {
      let deviation = lambda[slot] - precision.slots[slot].mean
      logPrecisions += 0.5 * slotPrecision[slot] * deviation * deviation
      logPrecisions -= 0.5 * log(slotPrecision[slot])
    }
    if !lambda.isEmpty {
      logPrecisions -= 0.5 * (try logDeterminantOfCovariance(outcome.slotCovariance))
    }
    outcome.negativeFreeEnergy = -(sensory + states + parameters + logPrecisions)
    if !isReference {
      outcome.evidence = try evidence(pass, outcome, sensory: sensory, states: states)
    }
  }

  /// Accuracy and complexities that sum to F.
  ///
  /// The expected energies include what the uncertainty about states, parameters and
  /// log-precisions adds to second order; at the estimates these traces and the constants of the
  /// entropies cancel in the sum.
  private func evidence(
    _ pass: PassRecord, _ outcome: MaximizationOutcome, sensory: Double, states: Double
  ) throws(LinearAlgebraError) -> EvidenceParts {
    let r = errors.freeCount
    let all = r + errors.nuisanceCount
    let sensoryTraces = pass.sensoryTraces.reduce(0, +)
    var sensoryParameters = 0.0
    var wholeParameters = 0.0
    for i in 0..<all {
      for j in 0..<all {
        let covariance = outcome.freeCovariance[i, j]
        sensoryParameters += 0.5 * covariance * pass.sensoryInformation[j * all + i]
        wholeParameters += 0.5 * covariance * pass.information[j * all + i]
      }
    }
    func half(_ curvature: Tensor<Double>) -> Double {
      zip(curvature.values, outcome.slotCovariance.values).reduce(0) { $0 + 0.5 * $1.0 * $1.1 }
    }
    let accuracy =
      -(sensory + sensoryTraces + sensoryParameters + half(outcome.sensoryCurvature))
    var parts = EvidenceParts(accuracy: accuracy, complexities: [])
    parts.complexities.append(
      EvidenceParts.Complexity(
        block: "states",
        value: states - sensoryTraces + wholeParameters - sensoryParameters
          + half(outcome.otherCurvature)))
    let blocks = try slowComplexities(outcome)
    parts.complexities += blocks
    // The confounds are flat: the half that each of them adds to the expected energy is theirs.
    let left = -outcome.negativeFreeEnergy - parts.freeEnergy
    if errors.nuisanceCount > 0 {
      parts.complexities.append(EvidenceParts.Complexity(block: "confounds", value: left))
    } else if abs(left) > 0 {
      // Rounding, and the prior of the states' unconstrained directions.
      parts.complexities[0].value += left
    }
    return parts
  }

  /// The divergence of every block of parameters and of every log-precision from its prior, and
  /// what their joint divergence has above the sum.
  private func slowComplexities(
    _ outcome: MaximizationOutcome
  ) throws(LinearAlgebraError) -> [EvidenceParts.Complexity] {
    var result: [EvidenceParts.Complexity] = []
    let r = errors.freeCount
    var joint = 0.0
    var separate = 0.0
    /// KL[N(m, C) ‖ N(0, P⁻¹)] over some directions.
    func divergence(
      _ places: [Int], _ mean: [Double], _ covariance: Tensor<Double>, _ priors: [Double]
    ) throws(LinearAlgebraError) -> Double {
      if places.isEmpty { return 0 }
      let part = Tensor(rows: places.map { row in places.map { covariance[row, $0] } })
      var sum = -(try logDeterminantOfCovariance(part)) - Double(places.count)
      for place in places {
        sum += priors[place] * (mean[place] * mean[place] + covariance[place, place])
        sum -= log(priors[place])
      }
      return 0.5 * sum
    }
    joint += try divergence(
      Array(0..<r), free, outcome.freeCovariance, parameterPrecision)
    for (index, level) in model.levels.dropLast().enumerated() {
      let first = errors.freeOffsets[index]
      let directions = first..<errors.freeOffsets[index + 1]
      if directions.isEmpty { continue }
      let basis = spaces[index].basis
      for block in level.parameters.blocks {
        // The directions that move this block alone; shared ones count under the first block.
        let own = directions.filter { direction in
          let owner = level.parameters.blocks.first { candidate in
            candidate.range.contains { abs(basis[$0, direction - first]) > 1e-12 }
          }
          return owner?.name == block.name
        }
        if own.isEmpty { continue }
        let value = try divergence(own, free, outcome.freeCovariance, parameterPrecision)
        separate += value
        result.append(EvidenceParts.Complexity(block: "parameters.\(block.name)", value: value))
      }
    }
    let deviations = lambda.indices.map { lambda[$0] - precision.slots[$0].mean }
    joint += try divergence(
      Array(deviations.indices), deviations, outcome.slotCovariance, slotPrecision)
    for (slot, entry) in precision.slots.enumerated() {
      let value = try divergence([slot], deviations, outcome.slotCovariance, slotPrecision)
      separate += value
      result.append(
        EvidenceParts.Complexity(block: "logPrecisions.\(entry.name)", value: value))
    }
    if result.count > 1 {
      result.append(EvidenceParts.Complexity(block: "coupling", value: joint - separate))
    }
    return result
  }

  /// `Σ ½ (u − u₀)ᵀP_u(u − u₀) − ½ ln |P_u| + ½ n_u ln 2π` over the states with a stated prior.
  private func statePriorEnergy(_ pass: PassRecord) throws(LinearAlgebraError) -> Double {
    let u = errors.layout.count
    let least = 2 * Double(u) * Double.ulpOfOne
    var stated: [Int] = []
    for entry in statePrior where entry.row == entry.column && entry.value > least {
      stated.append(entry.row)
    }
    let places = Dictionary(uniqueKeysWithValues: stated.enumerated().map { ($1, $0) })
    var part = Tensor<Double>(repeating: 0, shape: .matrix(stated.count, stated.count))
    for entry in statePrior {
      if let row = places[entry.row], let column = places[entry.column] {
        part[row, column] += entry.value
      }
    }
    let constant =
      0.5 * Double(stated.count) * log(2 * Double.pi)
      - 0.5 * (try logDeterminantOfCovariance(part))
    return pass.statePrior.reduce(0) { $0 + $1 + constant }
  }
}
