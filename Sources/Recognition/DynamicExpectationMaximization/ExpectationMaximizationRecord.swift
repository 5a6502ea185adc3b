internal import DynamicModels
internal import Foundation
internal import TensorCore

extension ExpectationMaximizationSession {
  /// Writes the estimates: those of the last accepted pass, or what the reference reports.
  func write(into record: inout InversionRecord) {
    record.passes = history
    guard let kept = accepted, let source = reported else {
      // The first pass failed on its way: what it found up to there is worth seeing.
      if pass.completed > 0 { writeSamples(pass, lambda, into: &record) }
      return
    }
    record.totalFreeEnergy = -kept.negativeFreeEnergy
    record.evidence = kept.evidence
    let values = isReference ? free : kept.free
    let logs = isReference ? lambda : kept.passLambda
    writeSamples(source, logs, into: &record)
    writeParameters(values, kept, into: &record)
    for (slot, entry) in precision.slots.enumerated() {
      record.logPrecisions.append(
        EstimateRecord(
          name: entry.name, level: entry.level, shape: .scalar, mean: [logs[slot]],
          standardDeviation: [max(0, kept.slotCovariance[slot, slot]).squareRoot()],
          prior: [entry.mean]))
    }
    record.logPrecisionCovariance = isReference ? slotCovariance : kept.slotCovariance
    let channels = errors.groups[errors.dataGroup].rows
    let confounds = channels > 0 ? kept.confoundTotal.count / channels : 0
    var weights = Tensor<Double>(repeating: 0, shape: .matrix(channels, confounds))
    for confound in 0..<confounds {
      for channel in 0..<channels {
        weights[channel, confound] = kept.confoundTotal[confound * channels + channel]
      }
    }
    record.confoundWeights = weights
  }

  private func writeParameters(
    _ values: [Double], _ kept: Estimates, into record: inout InversionRecord
  ) {
    let covariance = isReference ? freeCovariance : kept.freeCovariance
    let total = model.levels.reduce(0) { $0 + $1.parameters.count }
    var full = Tensor<Double>(repeating: 0, shape: .matrix(total, total))
    var basis = Tensor<Double>(repeating: 0, shape: .matrix(total, errors.freeCount))
    var row = 0
    for (index, level) in model.levels.enumerated() {
      let first = errors.freeOffsets[index]
      let count = errors.freeOffsets[index + 1] - first
      for p in 0..<level.parameters.count {
        for q in 0..<count { basis[row + p, first + q] = spaces[index].basis[p, q] }
      }
      row += level.parameters.count
    }
    for i in 0..<total {
      for j in 0..<total {
        var sum = 0.0
        for a in 0..<errors.freeCount where basis[i, a] != 0 {
          for b in 0..<errors.freeCount where basis[j, b] != 0 {
            sum += basis[i, a] * covariance[a, b] * basis[j, b]
          }
        }
        full[i, j] = sum
      }
    }
    record.parameterCovariance = full
    row = 0
    for (index, level) in model.levels.enumerated() {
      let theta = level.parameterValues.indices.map { p in
        (0..<errors.freeCount).reduce(level.parameterValues[p]) {
          $0 + basis[row + p, $1] * values[$1]
        }
      }
      for block in level.parameters.blocks {
        record.parameters.append(
          EstimateRecord(
            name: block.name, level: index + 1, shape: block.shape, mean: Array(theta[block.range]),
            standardDeviation: block.range.map { max(0, full[row + $0, row + $0]).squareRoot() },
            prior: Array(level.parameterValues[block.range])))
      }
      row += level.parameters.count
    }
  }

  private func writeSamples(
    _ source: PassRecord, _ logs: [Double], into record: inout InversionRecord
  ) {
    let constant = log(2 * Double.pi)
    let n = Double(model.stateOrder)
    var other = 0.0
    var sensory = [Double](repeating: 0, count: observations.patterns.count)
    for (index, group) in errors.groups.enumerated() {
      let own = precision.groups[index]
      func half(_ present: [Int]) -> Double {
        // Determinants that change with the states are part of the samples' energies.
        if dependents.contains(where: { $0.group == index }) {
          return 0.5 * n * Double(present.count) * constant
        }
        guard !present.isEmpty,
          let observed = try? own.observed(logs, present: present).precision,
          let determinant = try? precision.logDeterminant(index, observed)
        else { return 0 }
        return 0.5 * (n * Double(present.count) * constant - determinant)
      }
      if group.isSensory {
        for (pattern, channels) in observations.patterns.enumerated() {
          sensory[pattern] += half(channels)
        }
      } else {
        other += half(Array(0..<group.rows))
      }
    }
    let spread = 0.5 * Double(errors.layout.count) * (1 + constant)
    for sample in 0..<source.completed {
      let pattern = observations.patternOfSample[sample]
      let accuracy = -(source.sensory[sample] + sensory[pattern])
      let energy = source.other[sample] + other - accuracy
      let entropy = source.halfLogCovariance[sample] + spread
      record.freeEnergy.append(
        FreeEnergyTerms(
          freeEnergy: energy - entropy, energy: energy, entropy: entropy, accuracy: accuracy,
          complexity: energy + accuracy - entropy))
      for index in record.levels.indices {
        writeLevel(index, source, sample, into: &record.levels[index])
      }
    }
    record.completed = source.completed
  }

  private func writeLevel(
    _ index: Int, _ source: PassRecord, _ sample: Int, into record: inout LevelRecord
  ) {
    let layout = errors.layout
    let start = sample * layout.count
    let covariances = sample * source.covarianceCount
    func put(_ population: inout PopulationRecord, _ means: [Double], _ place: Int) {
      let count = means.count
      for a in 0..<count {
        population.mean[sample, a] = means[a]
        for b in 0..<count {
          let entry = source.covariances[covariances + place + a * count + b]
          population.covariance[sample, a, b] = entry
          if a == b { population.standardDeviation[sample, a] = max(0, entry).squareRoot() }
        }
      }
    }
    var norm = 0.0
    for (number, group) in errors.groups.enumerated() where group.level == index + 1 {
      let first = sample * source.errorCount + source.errorOffsets[number]
      let present = observations.patterns[observations.patternOfSample[sample]]
      for entry in 0..<group.rows {
        let isMissing = group.kind == .data && !present.contains(entry)
        let error = isMissing ? Double.nan : source.errors[first + entry]
        let weighted = isMissing ? 0 : source.weighted[first + entry]
        norm += weighted * weighted
        if group.kind == .states {
          record.states.error[sample, entry] = error
          record.states.weightedError[sample, entry] = weighted
        } else {
          record.outputs.error[sample, entry] = error
          record.outputs.weightedError[sample, entry] = weighted
        }
      }
    }
    record.errorNorm[sample] = norm.squareRoot()
    if index < layout.depth {
      put(
        &record.states,
        (0..<layout.stateCounts[index]).map {
          source.unknowns[start + layout.state(index, 0, $0)]
        }, source.stateCovariances[index])
    }
    if index == 0 {
      let channels = errors.groups[errors.dataGroup].rows
      put(
        &record.outputs, (0..<channels).map { source.predictions[sample * channels + $0] },
        source.predictionCovariance)
    } else {
      put(
        &record.outputs,
        (0..<layout.causeCounts[index - 1]).map {
          source.unknowns[start + layout.cause(index - 1, 0, $0)]
        }, source.causeCovariances[index - 1])
    }
  }
}
