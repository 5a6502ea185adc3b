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
    let slots = precision.slots
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
    let r = errors.freeCount
    let total = model.levels.reduce(0) { $0 + $1.parameters.count }
    var basis = Tensor<Double>(repeating: 0, shape: .matrix(total, r))
    var prior: [Double] = []
    for (index, level) in model.levels.enumerated() {
      let first = errors.freeOffsets[index]
      for p in 0..<level.parameters.count {
        for q in 0..<(errors.freeOffsets[index + 1] - first) {
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
    let layout = errors.layout
    func put(
      _ population: inout PopulationRecord, _ means: [Double], _ source: FilterSamples.Covariances
    ) {
      let size = means.count
      for a in 0..<size {
        population.mean[sample, a] = means[a]
        for b in 0..<size {
          let entry = source.values[(sample * size + a) * size + b]
          population.covariance[sample, a, b] = entry
          if a == b { population.standardDeviation[sample, a] = max(0, entry).squareRoot() }
        }
      }
    }
    var norm = 0.0
    for (number, group) in errors.groups.enumerated() where group.level == index + 1 {
      let first = sample * source.errorCount + source.errorOffsets[number]
      for entry in 0..<group.rows {
        let isMissing =
          group.kind == .data && source.isMissing[sample * source.channels + entry]
        let error = isMissing ? .nan : source.errors[first + entry]
        let weighted = source.weighted[first + entry]
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
    let unknowns = sample * layout.count
    if index < layout.depth {
      put(
        &record.states,
        (0..<layout.stateCounts[index]).map {
          source.unknowns[unknowns + layout.state(index, 0, $0)]
        }, source.states[index])
    }
    if index == 0 {
      let first = sample * source.channels
      put(
        &record.outputs, Array(source.predictions[first..<(first + source.channels)]),
        source.data)
    } else {
      put(
        &record.outputs,
        (0..<layout.causeCounts[index - 1]).map {
          source.unknowns[unknowns + layout.cause(index - 1, 0, $0)]
        }, source.causes[index - 1])
    }
  }
}
