internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The D-step of static models: every sample's unknowns move until they rest (mathematics §6).
extension ExpectationMaximizationSession {
  /// Finds the mode of one sample.
  func settle(_ context: StepContext) throws(RecognitionError) {
    if let last = resting[context.sample - 1] {
      for index in last.indices { buffers.unknowns[index] = last[index] }
    }
    observations.embed(sample: context.sample, part: 0)
    if isReference {
      try settleAsReference(context)
    } else {
      try descend(context)
    }
    if resting[context.sample - 1] == nil {
      resting[context.sample - 1] = buffers.unknowns
    } else {
      for index in buffers.unknowns.indices {
        resting[context.sample - 1]?[index] = buffers.unknowns[index]
      }
    }
  }

  /// What the mode maximises.
  ///
  ///     −½ ε̃ᵀΠ̃ε̃ − ½ tr(C_φ ε̃_φᵀΠ̃ε̃_φ)
  ///
  /// and, outside the reference, minus the energy of the states' prior and plus ½ ln |Π̃| of
  /// precisions that change.
  private func objective(priorEnergy: Double) -> Double {
    var value = isReference ? 0 : -priorEnergy
    for dependent in dependents { value += 0.5 * logDeterminant(dependent) }
    for (index, group) in errors.groups.enumerated() {
      value -= 0.5 * group.squaredError
      let r = group.directions.count
      let covariance = buffers.parameterCovariances[index]
      for i in 0..<r {
        for j in 0..<r where covariance[i * r + j] != 0 {
          var sum = 0.0
          for row in 0..<(group.orders * group.rows) {
            sum += group.byParameter[row * r + i] * group.weightedParameter[row * r + j]
          }
          value -= 0.5 * covariance[i * r + j] * sum
        }
      }
    }
    return value
  }

  /// Newton's steps with the curvature H, halved while they do not climb.
  private func descend(_ context: StepContext) throws(RecognitionError) {
    let u = errors.layout.count
    try evaluate(context)
    var energy = evaluateGradient()
    var value = objective(priorEnergy: energy)
    guard value.isFinite else { throw context.divergence(unitName(0)) }
    steps: for _ in 0..<(u > 0 ? 64 : 0) {
      let curvature = context.posterior.curvature
      guard buffers.factor.factor(curvature.span) else { break }
      var size = 0.0
      var scale = 1.0
      for index in 0..<u {
        buffers.move[index] = -buffers.gradient[index]
        buffers.start[index] = buffers.unknowns[index]
        scale = max(scale, abs(buffers.start[index]))
      }
      buffers.factor.solve(&buffers.move)
      for index in 0..<u { size = max(size, abs(buffers.move[index])) }
      var length = 1.0
      while true {
        for index in 0..<u {
          buffers.unknowns[index] = buffers.start[index] + length * buffers.move[index]
        }
        try evaluate(context)
        energy = evaluateGradient()
        let next = objective(priorEnergy: energy)
        if next >= value - 1e-14 * abs(value) {
          value = next
          if length * size <= 1e-14 * scale { break steps }
          break
        }
        length /= 2
        guard length > 1e-8 else {
          for index in 0..<u { buffers.unknowns[index] = buffers.start[index] }
          try evaluate(context)
          energy = evaluateGradient()
          break steps
        }
      }
      if errors.isAffine { break }
    }
    pass.logCovariance += context.posterior.logDeterminant
    recordEstimate(context)
    recordErrors(context, priorEnergy: energy)
  }

  /// The reference's regularised steps.
  ///
  /// They grow while the objective rises and go back to the best point, much shorter, where it
  /// falls. Their rate goes on from sample to sample and pass to pass.
  private func settleAsReference(_ context: StepContext) throws(RecognitionError) {
    let u = errors.layout.count
    var best = buffers.unknowns
    var highest = -exp(64.0)
    for step in 0..<settings.stepsPerSample {
      try evaluate(context)
      var energy = evaluateGradient()
      pass.logCovariance += context.posterior.logDeterminant / Double(settings.stepsPerSample)
      let value = objective(priorEnergy: energy)
      guard value.isFinite else { throw context.divergence(unitName(0)) }
      if value > highest {
        stateRate = min(stateRate + 1, 4)
        highest = value
        best = buffers.unknowns
      } else {
        buffers.unknowns = best
        try evaluate(context)
        energy = evaluateGradient()
        stateRate = min(stateRate - 2, -4)
      }
      if step == 0 { recordErrors(context, priorEnergy: energy) }
      let flow = buffers.gradient.map { -settings.gradientGain * $0 }
      let move: [Double]
      do {
        // The time is regularised by the mean over all variables, the data and the prior included,
        // though only the moving ones have a determinant.
        let curvature = Tensor(
          shape: .matrix(u, u),
          values: context.posterior.curvature.map { settings.gradientGain * $0 })
        let count = u + observations.observed.count + observations.expected.count
        let time = exp(
          stateRate - (try RegularizedStep.logDeterminant(curvature)) / Double(count))
        move = try RegularizedStep.step(
          jacobian: Tensor(shape: curvature.shape, values: curvature.values.map { -$0 }),
          flow: flow, length: .time(time))
      } catch {
        throw .passAlgebra(iteration: context.iteration, sample: context.sample, error)
      }
      var gain = 0.0
      var size = 0.0
      for index in 0..<u {
        buffers.unknowns[index] += move[index]
        gain -= buffers.gradient[index] * move[index]
        size += abs(move[index])
      }
      if gain < exp(-4) || size < exp(-4) { break }
    }
    recordEstimate(context)
  }
}
