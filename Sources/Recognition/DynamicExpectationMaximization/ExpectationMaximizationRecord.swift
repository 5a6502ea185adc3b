internal import DynamicModels
internal import Foundation
internal import TensorCore

extension ExpectationMaximizationSession {
  /// Writes the estimates: those of the last accepted pass, or what the reference reports.
  func write(into record: inout InversionRecord) {
    record.passes = history
    guard let kept = accepted else { return }
    let source = isReference ? (pass ?? kept.pass) : kept.pass
    record.totalFreeEnergy = -kept.negativeFreeEnergy
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
    var weights = Tensor<Double>(
      repeating: 0, shape: .matrix(layout.dataCount, confoundCount))
    for confound in 0..<confoundCount {
      for channel in 0..<layout.dataCount {
        weights[channel, confound] = kept.confoundTotal[confound * layout.dataCount + channel]
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
    var basis = Tensor<Double>(repeating: 0, shape: .matrix(total, layout.freeCount))
    var row = 0
    for (index, level) in model.levels.enumerated() {
      let first = layout.freeOffsets[index]
      let count = layout.freeOffsets[index + 1] - first
      for p in 0..<level.parameters.count {
        for q in 0..<count { basis[row + p, first + q] = spaces[index].basis[p, q] }
      }
      row += level.parameters.count
    }
    for i in 0..<total {
      for j in 0..<total {
        var sum = 0.0
        for a in 0..<layout.freeCount where basis[i, a] != 0 {
          for b in 0..<layout.freeCount where basis[j, b] != 0 {
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
        (0..<layout.freeCount).reduce(level.parameterValues[p]) {
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
    _ source: PassResult, _ logs: [Double], into record: inout InversionRecord
  ) {
    let precisions = precision.blocks.map { $0.precision(logs) }
    var logSensory = 0.0
    var logOther = 0.0
    for (block, own) in zip(precision.blocks, precisions) {
      let isSensory = block.isOutput && block.level == 1
      let determinant = (try? logDeterminantOfCovariance(own)) ?? 0
      let value = block.temporal.generalizedLogDeterminant(determinant, channels: block.count)
      if isSensory { logSensory += value } else { logOther += value }
    }
    let constant = log(2 * Double.pi)
    let sensoryCount = Double(layout.stateOrder * layout.dataCount)
    let otherCount = Double(layout.errorCount) - sensoryCount
    for sample in source.unknowns.indices {
      let sensory = source.sensory[sample] + 0.5 * (sensoryCount * constant - logSensory)
      let other = source.other[sample] + 0.5 * (otherCount * constant - logOther)
      let entropy =
        source.halfLogCovariance[sample] + 0.5 * Double(layout.unknownCount) * (1 + constant)
      let energy = sensory + other
      record.freeEnergy.append(
        FreeEnergyTerms(
          freeEnergy: energy - entropy, energy: energy, entropy: entropy, accuracy: -sensory,
          complexity: other - entropy))
      for index in record.levels.indices {
        writeLevel(index, source, sample, into: &record.levels[index])
      }
      record.completed = sample + 1
    }
  }

  private func writeLevel(
    _ index: Int, _ source: PassResult, _ sample: Int, into record: inout LevelRecord
  ) {
    let level = model.levels[index]
    let unknowns = source.unknowns[sample]
    let covariance = source.covariances[sample]
    func put(_ population: inout PopulationRecord, _ means: [Double], _ places: [Int]?) {
      let count = means.count
      for a in 0..<count {
        population.mean[sample, a] = means[a]
        for b in 0..<count {
          let entry =
            places.map { covariance[$0[a], $0[b]] }
            ?? source.predictionCovariances[sample][a, b]
          population.covariance[sample, a, b] = entry
          if a == b { population.standardDeviation[sample, a] = max(0, entry).squareRoot() }
        }
      }
    }
    var norm = 0.0
    let x = layout.stateOffsets[index]
    let places = (0..<level.states.count).map { x + $0 }
    put(&record.states, places.map { unknowns[$0] }, places)
    for (entry, place) in places.enumerated() {
      record.states.error[sample, entry] = source.stateErrors[sample][place]
      let weighted = source.weightedStates[sample][place]
      record.states.weightedError[sample, entry] = weighted
      norm += weighted * weighted
    }
    if index == 0 {
      put(&record.outputs, source.predictions[sample], nil)
    } else {
      let v = layout.causes + layout.causeOffsets[index - 1]
      let causes = (0..<level.outputs.count).map { v + $0 }
      put(&record.outputs, causes.map { unknowns[$0] }, causes)
    }
    for entry in 0..<level.outputs.count {
      let place = layout.outputOffsets[index] + entry
      record.outputs.error[sample, entry] = source.outputErrors[sample][place]
      let weighted = source.weightedOutputs[sample][place]
      record.outputs.weightedError[sample, entry] = weighted
      norm += weighted * weighted
    }
    record.errorNorm[sample] = norm.squareRoot()
  }
}
