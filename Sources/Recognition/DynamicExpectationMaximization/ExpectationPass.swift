internal import DynamicModels
internal import Foundation
internal import TensorCore

/// What a pass holds fixed: the precisions and what they say about every pattern of missing data.
struct PassPrecisions {
  /// Π per pattern and group, zero where channels are missing.
  var patterns: [[[Double]]] = []
  /// The reference's masks; nil outside its habits.
  var countedErrors: [[Bool]]?
  var countedUnknowns: [Bool]?
}

extension ExpectationMaximizationSession {
  /// Π of every group and pattern at the present λ.
  private func passPrecisions() throws(LinearAlgebraError) -> PassPrecisions {
    var result = PassPrecisions()
    let whole = precision.groups.map { $0.precision(lambda).values }
    for present in observations.patterns {
      var own = whole
      let group = precision.groups[errors.dataGroup]
      if present.count < group.rows {
        let reduced = try group.observed(lambda, present: present).precision
        var expanded = [Double](repeating: 0, count: group.rows * group.rows)
        for (i, row) in present.enumerated() {
          for (j, column) in present.enumerated() {
            expanded[row * group.rows + column] = reduced[i, j]
          }
        }
        own[errors.dataGroup] = expanded
      }
      result.patterns.append(own)
    }
    if isReference {
      result.countedErrors = precision.countedErrors
      result.countedUnknowns = precision.countedUnknowns
    }
    return result
  }

  /// The D-step over the whole record with the sums of the E- and M-steps (mathematics §6).
  func expectationPass(
    iteration: Int, shouldStop: (() -> Bool)?
  ) throws(RecognitionError) {
    let precisions = try preparePass(iteration: iteration)
    for sample in 1...max(samples, 1) where sample <= samples {
      if sample % 64 == 0, shouldStop?() ?? false { throw .stopped }
      try visit(sample, iteration: iteration, precisions: precisions)
    }
  }

  /// Sets the unknowns to their start and forgets the curvatures of an earlier pass.
  func preparePass(iteration: Int) throws(RecognitionError) -> PassPrecisions {
    let precisions: PassPrecisions
    do { precisions = try passPrecisions() } catch {
      throw .passAlgebra(iteration: iteration, sample: 1, error)
    }
    gatherParameterCovariances()
    for place in buffers.isPrepared.indices { buffers.isPrepared[place] = false }
    if buffers.integrators.isEmpty && !model.isStatic {
      buffers.integrators = buffers.posteriors.map { _ in
        StateIntegrator(
          errors, gain: settings.gradientGain,
          step: model.time.step / Double(settings.stepsPerSample), isReference: isReference)
      }
    }
    buffers.unknowns = initialUnknowns
    if errors.isAffine { errors.linearize(buffers.unknowns, free: free) }
    return precisions
  }

  /// The D-steps of one sample and what they add to the sums.
  func visit(
    _ sample: Int, iteration: Int, precisions: PassPrecisions
  ) throws(RecognitionError) {
    let pattern = observations.patternOfSample[sample - 1]
    let place = errors.isAffine ? pattern : 0
    let context = StepContext(
      iteration: iteration, sample: sample, precisions: precisions.patterns[pattern],
      counted: precisions.countedUnknowns, posterior: buffers.posteriors[place], place: place)
    buffers.precisions = context.precisions
    if errors.isAffine && !buffers.isPrepared[place] {
      try prepare(context)
      buffers.isPrepared[place] = true
    }
    if model.isStatic {
      try settle(context)
    } else {
      try follow(context)
    }
    addSums(context, pattern: pattern, counted: precisions.countedErrors)
    pass.completed = sample
  }

  /// Computes the curvature at the present linearisation and readies the integrator for it.
  private func prepare(_ context: StepContext) throws(RecognitionError) {
    do {
      try context.posterior.compute(
        precisions: buffers.precisions, dependents: dependents, prior: priorPlaces,
        parameterCovariance: freeCovariance.values, all: errors.freeCount + errors.nuisanceCount,
        weight: weight, counted: context.counted)
    } catch {
      if case .notFinite(let row, _) = error { throw context.divergence(unitName(row)) }
      throw .passAlgebra(iteration: context.iteration, sample: context.sample, error)
    }
    if model.isStatic { return }
    guard buffers.integrators[context.place].prepare(context.posterior.curvature) else {
      throw context.divergence(unitName(0))
    }
  }

  /// C_φ over the directions of every group.
  private func gatherParameterCovariances() {
    let all = errors.freeCount + errors.nuisanceCount
    for (index, group) in errors.groups.enumerated() {
      let r = group.directions.count
      for i in 0..<r {
        for j in 0..<r {
          buffers.parameterCovariances[index][i * r + j] =
            freeCovariance.values[group.directions[i] * all + group.directions[j]]
        }
      }
    }
  }

  /// Evaluates the errors at the present unknowns, and what is linearised there.
  func evaluate(_ context: StepContext) throws(RecognitionError) {
    if !errors.isAffine { errors.linearize(buffers.unknowns, free: free) }
    errors.evaluate(
      buffers.unknowns, data: observations.observed, prior: observations.expected)
    errors.setConfounds(observations.courses)
    do {
      for dependent in dependents {
        let isData = dependent.group == errors.dataGroup
        try dependent.update(
          buffers.unknowns, free: free,
          present: isData
            ? observations.patterns[observations.patternOfSample[context.sample - 1]]
            : Array(0..<errors.groups[dependent.group].rows), errors: errors)
        buffers.precisions[dependent.group] = dependent.precision
      }
    } catch {
      throw .passAlgebra(iteration: context.iteration, sample: context.sample, error)
    }
    for (index, group) in errors.groups.enumerated() { group.weigh(buffers.precisions[index]) }
    if !errors.isAffine { try prepare(context) }
  }

  /// `V_u = ε̃_uᵀ Π̃ ε̃ + w W_u + P_u (u − u₀)`; returns the energy of the prior.
  func evaluateGradient() -> Double {
    for index in buffers.gradient.indices { buffers.gradient[index] = 0 }
    for (index, group) in errors.groups.enumerated() {
      group.addMessage(group.weighted, through: group.jacobian, to: &buffers.gradient)
      let r = group.directions.count
      for i in 0..<group.parameterCount {
        for row in 0..<(group.orders * group.rows) {
          var sum = 0.0
          for j in 0..<group.parameterCount {
            sum +=
              buffers.parameterCovariances[index][i * r + j] * group.weightedParameter[row * r + j]
          }
          buffers.message[index][row] = sum
        }
        group.addMessage(
          buffers.message[index], through: group.slopes[i], scale: weight, to: &buffers.gradient)
      }
    }
    for dependent in dependents {
      let group = errors.groups[dependent.group]
      for (k, place) in dependent.unknowns.enumerated() {
        buffers.gradient[place] += dependent.slope(k, errors: group)
      }
    }
    var energy = 0.0
    for entry in statePrior {
      let pull = entry.value * (buffers.unknowns[entry.column] - priorCentre[entry.column])
      buffers.gradient[entry.row] += pull
      energy += 0.5 * pull * (buffers.unknowns[entry.row] - priorCentre[entry.row])
    }
    return energy
  }

  /// The D-steps of one sample of a dynamic model.
  private func follow(_ context: StepContext) throws(RecognitionError) {
    let steps = settings.stepsPerSample
    for part in 0..<steps {
      observations.embed(sample: context.sample, part: part)
      try evaluate(context)
      let energy = evaluateGradient()
      pass.logCovariance += context.posterior.logDeterminant / Double(steps)
      if part == 0 {
        recordEstimate(context)
        recordErrors(context, priorEnergy: energy)
      }
      let isFinite = buffers.integrators[context.place].advance(
        &buffers.unknowns, gradient: buffers.gradient, precisions: buffers.precisions,
        data: observations.observed, prior: observations.expected)
      if !isFinite {
        throw context.divergence(
          unitName(buffers.unknowns.firstIndex { !$0.isFinite } ?? 0))
      }
    }
  }

  // MARK: Records

  /// Keeps the unknowns of a sample and their covariances.
  func recordEstimate(_ context: StepContext) {
    let (layout, u) = (errors.layout, errors.layout.count)
    let start = (context.sample - 1) * u
    for index in 0..<u { pass.unknowns[start + index] = buffers.unknowns[index] }
    let row = (context.sample - 1) * pass.covarianceCount
    pass.halfLogCovariance[context.sample - 1] = 0.5 * context.posterior.logDeterminant
    // Where one linearisation holds, so does the covariance of the sample before.
    let patterns = observations.patternOfSample
    if errors.isAffine, context.sample > 1,
      patterns[context.sample - 1] == patterns[context.sample - 2]
    {
      for place in row..<(row + pass.covarianceCount) {
        pass.covariances[place] = pass.covariances[place - pass.covarianceCount]
      }
      return
    }
    let covariance = context.posterior.covariance
    func entry(_ a: Int, _ b: Int) -> Double {
      layout.chain.place(row: a, column: b).map { covariance[$0] } ?? 0
    }
    for level in 0..<layout.depth {
      let (nx, nv) = (layout.stateCounts[level], layout.causeCounts[level])
      for a in 0..<nx {
        for b in 0..<nx {
          pass.covariances[row + pass.stateCovariances[level] + a * nx + b] = entry(
            layout.state(level, 0, a), layout.state(level, 0, b))
        }
      }
      for a in 0..<nv {
        for b in 0..<nv {
          pass.covariances[row + pass.causeCovariances[level] + a * nv + b] = entry(
            layout.cause(level, 0, a), layout.cause(level, 0, b))
        }
      }
    }
    // G C Gᵀ with the slopes of the data's prediction.
    let group = errors.groups[errors.dataGroup]
    let c = group.columns
    for a in 0..<group.rows {
      for b in 0..<group.rows {
        var sum = 0.0
        for p in 0..<c where group.jacobian[a * c + p] != 0 {
          for q in 0..<c where group.jacobian[b * c + q] != 0 {
            sum +=
              group.jacobian[a * c + p] * group.jacobian[b * c + q]
              * entry(group.positions[p], group.positions[q])
          }
        }
        pass.covariances[row + pass.predictionCovariance + a * group.rows + b] = sum
      }
    }
  }

  /// Keeps the errors of a sample and their energies.
  func recordErrors(_ context: StepContext, priorEnergy: Double) {
    let row = (context.sample - 1) * pass.errorCount
    var sensory = context.posterior.sensoryTrace
    var other = context.posterior.otherTrace
    for (index, group) in errors.groups.enumerated() {
      for entry in 0..<group.rows {
        pass.errors[row + pass.errorOffsets[index] + entry] = group.errors[entry]
        pass.weighted[row + pass.errorOffsets[index] + entry] = group.weighted[entry]
      }
      let energy = 0.5 * group.squaredError
      if group.isSensory { sensory += energy } else { other += energy }
    }
    // ½ ln |Π̃| of precisions that change belongs to the sample.
    for dependent in dependents {
      let half = 0.5 * logDeterminant(dependent)
      if errors.groups[dependent.group].isSensory { sensory -= half } else { other -= half }
    }
    let channels = errors.groups[errors.dataGroup].rows
    for channel in 0..<channels {
      pass.predictions[(context.sample - 1) * channels + channel] =
        observations.observed[channel] - errors.groups[errors.dataGroup].errors[channel]
    }
    pass.sensory[context.sample - 1] = sensory
    pass.other[context.sample - 1] = other
    pass.statePrior[context.sample - 1] = priorEnergy
    pass.sensoryTraces[context.sample - 1] = context.posterior.sensoryTrace
  }

  /// ln |Π̃| of a group whose precision changes, at the present sample.
  func logDeterminant(_ dependent: DependentPrecision) -> Double {
    let group = errors.groups[dependent.group]
    return group.temporal.generalizedLogDeterminant(
      dependent.logDeterminant, channels: dependent.channels)
  }

  /// Adds what precisions that change give to F and to the parameters' gradient.
  private func addDependents(all: Int) {
    for dependent in dependents {
      let group = errors.groups[dependent.group]
      let energy = 0.5 * (group.squaredError - logDeterminant(dependent))
      if group.isSensory {
        pass.dependentSensory += energy
      } else {
        pass.dependentOther += energy
      }
      let first = dependent.unknowns.count
      for (i, row) in dependent.directions.enumerated() {
        pass.gradient[row] -= dependent.slope(first + i, errors: group)
        for (j, column) in dependent.directions.enumerated() {
          let bend = dependent.information(first + i, first + j, orders: group.orders)
          pass.curvature[row * all + column] -= bend
          pass.information[row * all + column] += bend
          if group.isSensory { pass.sensoryInformation[row * all + column] += bend }
        }
      }
    }
  }

  /// Adds a sample to the sums of the E- and M-steps, at the errors of its last D-step.
  private func addSums(_ context: StepContext, pattern: Int, counted: [[Bool]]?) {
    let all = errors.freeCount + errors.nuisanceCount
    let posterior = context.posterior
    addDependents(all: all)
    for (index, group) in errors.groups.enumerated() {
      let r = group.directions.count
      if r > 0 {
        for i in 0..<r {
          var slope = 0.0
          for row in 0..<(group.orders * group.rows) {
            slope += group.weightedParameter[row * r + i] * group.errors[row]
          }
          pass.gradient[group.directions[i]] -= slope
          for j in 0..<r {
            var sum = 0.0
            for row in 0..<(group.orders * group.rows) {
              sum += group.byParameter[row * r + i] * group.weightedParameter[row * r + j]
            }
            let place = group.directions[i] * all + group.directions[j]
            pass.curvature[place] -= sum
            pass.information[place] += sum
            if group.isSensory { pass.sensoryInformation[place] += sum }
          }
        }
      }
      group.addEnergy(counted: counted?[index], to: &pass.energies[index][pattern])
      if precision.groups[index].components.isEmpty { continue }
      group.addEnergy(to: &pass.spreads[index][pattern])
      for place in posterior.spreads[index].indices {
        pass.spreads[index][pattern][place] += posterior.spreads[index][place]
      }
      if r > 0 {
        group.addParameterSpread(
          buffers.parameterCovariances[index], to: &pass.spreads[index][pattern])
      }
    }
    for i in 0..<errors.freeCount {
      pass.gradient[i] -= weight * posterior.parameterPull[i]
      for j in 0..<errors.freeCount {
        pass.curvature[i * all + j] -=
          weight * posterior.parameterCurvature[i * errors.freeCount + j]
      }
    }
  }
}

/// Where a D-step is, and what holds there.
struct StepContext {
  let iteration: Int
  let sample: Int
  let precisions: [[Double]]
  let counted: [Bool]?
  let posterior: StatePosterior
  /// The place of the posterior and its integrator among the buffers.
  let place: Int

  func divergence(_ unit: String) -> RecognitionError {
    .divergence(iteration: iteration, sample: sample, unit: unit)
  }
}
