internal import DynamicModels
internal import TensorCore

extension GeneralizedFilterSession {
  /// Writes the estimates of the best accepted pass, or of the one the reference reports.
  func write(into record: inout InversionRecord) {
    record.passes = history
    guard let result = reported else { return }
    record.totalFreeEnergy = parts?.freeEnergy
    record.evidence = parts
    record.freeEnergy = result.samples.terms
    record.completed = samples
    for index in record.levels.indices {
      for sample in 0..<samples {
        writeLevel(index, result.samples, sample, into: &record.levels[index])
      }
    }
    writeParameters(result, into: &record)
    let slots = precision.kernel.slots
    for (slot, entry) in slots.enumerated() {
      record.logPrecisions.append(
        EstimateRecord(
          name: entry.name, level: entry.level, shape: .scalar, mean: [result.lambda[slot]],
          standardDeviation: [max(0, result.slotCovariance[slot, slot]).squareRoot()],
          prior: [entry.mean]))
    }
    record.logPrecisionCovariance = result.slotCovariance
    record.logPrecisionCourse = Tensor(
      shape: .matrix(samples, slots.count), values: result.course.lambda)
  }

  private func writeParameters(_ result: FilterResult, into record: inout InversionRecord) {
    let r = layout.freeCount
    let total = model.levels.reduce(0) { $0 + $1.parameters.count }
    var basis = Tensor<Double>(repeating: 0, shape: .matrix(total, r))
    var prior: [Double] = []
    for (index, level) in model.levels.enumerated() {
      let first = layout.freeOffsets[index]
      for p in 0..<level.parameters.count {
        for q in 0..<(layout.freeOffsets[index + 1] - first) {
          basis[prior.count + p, first + q] = spaces[index].basis[p, q]
        }
      }
      prior += level.parameterValues
    }
    let moved = LinearAlgebra.product(basis, result.freeCovariance)
    let full = LinearAlgebra.product(moved, LinearAlgebra.transpose(basis))
    record.parameterCovariance = full
    func theta(_ free: ArraySlice<Double>) -> [Double] {
      (0..<total).map { row in
        free.indices.reduce(prior[row]) { $0 + basis[row, $1 - free.startIndex] * free[$1] }
      }
    }
    let mean = theta(result.free[...])
    var row = 0
    for (index, level) in model.levels.enumerated() {
      for block in level.parameters.blocks {
        record.parameters.append(
          EstimateRecord(
            name: block.name, level: index + 1, shape: block.shape,
            mean: block.range.map { mean[row + $0] },
            standardDeviation: block.range.map { max(0, full[row + $0, row + $0]).squareRoot() },
            prior: Array(level.parameterValues[block.range])))
      }
      row += level.parameters.count
    }
    record.parameterCourse = Tensor(
      shape: .matrix(samples, total),
      values: (0..<samples).flatMap { theta(result.course.free[($0 * r)..<($0 * r + r)]) })
  }

  private func writeLevel(
    _ index: Int, _ source: FilterSamples, _ sample: Int, into record: inout LevelRecord
  ) {
    let level = model.levels[index]
    func put(
      _ population: inout PopulationRecord, _ means: [Double], _ source: FilterSamples.Covariances,
      _ first: Int
    ) {
      for a in means.indices {
        population.mean[sample, a] = means[a]
        for b in means.indices {
          let entry =
            source.values[(sample * source.size + first + a) * source.size + first + b]
          population.covariance[sample, a, b] = entry
          if a == b { population.standardDeviation[sample, a] = max(0, entry).squareRoot() }
        }
      }
    }
    var norm = 0.0
    let x = layout.stateOffsets[index]
    let unknowns = sample * layout.unknownCount
    put(
      &record.states, (0..<level.states.count).map { source.unknowns[unknowns + x + $0] },
      source.states, x)
    for entry in 0..<level.states.count {
      let place = sample * layout.stateCount + x + entry
      record.states.error[sample, entry] = source.stateErrors[place]
      record.states.weightedError[sample, entry] = source.weightedStates[place]
      norm += source.weightedStates[place] * source.weightedStates[place]
    }
    if index == 0 {
      let first = sample * layout.dataCount
      put(
        &record.outputs, Array(source.predictions[first..<(first + layout.dataCount)]),
        source.data, 0)
    } else {
      let v = layout.causeOffsets[index - 1]
      put(
        &record.outputs,
        (0..<level.outputs.count).map { source.unknowns[unknowns + layout.causes + v + $0] },
        source.causes, v)
    }
    for entry in 0..<level.outputs.count {
      let place = sample * layout.outputCount + layout.outputOffsets[index] + entry
      let isMissing = index == 0 && source.isMissing[sample * layout.dataCount + entry]
      record.outputs.error[sample, entry] = isMissing ? .nan : source.outputErrors[place]
      record.outputs.weightedError[sample, entry] = source.weightedOutputs[place]
      norm += source.weightedOutputs[place] * source.weightedOutputs[place]
    }
    record.errorNorm[sample] = norm.squareRoot()
  }
}
