internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The slow variables of generalised filtering, and what carries over from pass to pass.
struct SlowVariables {
  /// φ and λ.
  var free: [Double]
  var lambda: [Double]
  /// dφ/dt and dλ/dt, per sample.
  var velocity: [Double]
  /// The running average of the curvature by (φ, λ); empty before the first step.
  var curvature: [Double] = []
}

/// The course of one pass over the record.
struct FilterCourse {
  /// φ `[N × r]` and λ `[N × h]` at every sample.
  var free: [Double]
  var lambda: [Double]
  /// The precision of either at every sample summed, and summed times its value.
  var freePrecision: [Double]
  var freeSum: [Double]
  var slotPrecision: [Double]
  var slotSum: [Double]
  /// The curvature by (φ, λ) averaged over the record.
  var meanCurvature: [Double]
  var samples: FilterSamples
  /// `A = H_uu⁻¹ H_uφ` `[N × n_u × r]`: how the unknowns follow φ; empty where φ does not move.
  var responses: [Double]
  /// The reference's parts of F.
  var parts: ReferenceEvidence
}

extension GeneralizedFilterSession {
  /// Follows the flow through the record.
  ///
  /// - Parameters:
  ///   - iteration: the pass, for messages.
  ///   - slow: where the slow variables are; moved.
  ///   - moves: whether they move at all.
  ///   - keepsMoments: whether everything at the samples is kept, or the states alone.
  ///   - shouldStop: asked at every sample.
  /// - Returns: the course, with what was kept at the samples.
  /// - Throws: `RecognitionError` with the sample and the variable where it failed.
  func follow(
    iteration: Int, slow: inout SlowVariables, moves: Bool, keepsMoments: Bool,
    shouldStop: (() -> Bool)?
  ) throws(RecognitionError) -> FilterCourse {
    let (u, r, h) = (layout.unknownCount, layout.freeCount, precision.kernel.slots.count)
    let b = r + h
    func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
    var course = FilterCourse(
      free: zeros(samples * r), lambda: zeros(samples * h), freePrecision: zeros(r * r),
      freeSum: zeros(r), slotPrecision: zeros(h * h), slotSum: zeros(h),
      meanCurvature: zeros(b * b),
      samples: FilterSamples(layout: layout, count: samples, slotCount: h),
      responses: zeros(keepsMoments ? 0 : samples * u * r),
      parts: ReferenceEvidence())
    var unknowns = initialUnknowns
    let parts = settings.stepsPerSample
    for sample in 1...max(samples, 1) where sample <= samples {
      if shouldStop?() ?? false { throw .stopped }
      for part in 0..<parts {
        fill(sample, part)
        let isFirst = sample == 1 && part == 0
        do throws(LinearAlgebraError) {
          if model.isStatic && !isReference { try settle(&unknowns, slow) }
          try moments.evaluate(
            unknowns: unknowns, free: slow.free, lambda: slow.lambda, data: observed,
            causes: expected, missing: missing,
            freeCovariance: moves ? recordCovariance : nil, isFirst: isFirst)
        } catch { throw failure(error, unknowns, iteration, sample) }
        // A record of one sample keeps the last of its steps in the reference.
        if part == 0 || isReference && samples == 1 {
          for index in 0..<r { course.free[(sample - 1) * r + index] = slow.free[index] }
          for index in 0..<h { course.lambda[(sample - 1) * h + index] = slow.lambda[index] }
          if keepsMoments {
            course.samples.keep(sample - 1, unknowns, moments)
            if isReference {
              if samples == 1 { course.parts = ReferenceEvidence() }
              do throws(LinearAlgebraError) {
                try masks.add(moments, unknowns, to: &course.parts)
              } catch { throw failure(error, unknowns, iteration, sample) }
            }
          } else {
            for index in 0..<u {
              course.samples.unknowns[(sample - 1) * u + index] = unknowns[index]
            }
            let response = moments.response
            for index in response.indices {
              course.responses[(sample - 1) * u * r + index] = response[index]
            }
          }
          if b > 0 {
            do throws(LinearAlgebraError) {
              try average(slow, into: &course)
            } catch { throw failure(error, unknowns, iteration, sample) }
          }
        }
        // Parameters and states move together, but for the reference and for static models.
        let isJoint = moves && r > 0 && !isReference && !model.isStatic
        if moves && b > 0 {
          do throws(LinearAlgebraError) {
            try slowStep.prepare(&slow, moments, rate: rate, isReference: isReference)
          } catch { throw failure(error, unknowns, iteration, sample) }
          slowStep.advance(&slow, (isJoint ? r : 0)..<b)
        }
        var isFinite = true
        if isJoint {
          isFinite = stateStep.advanceJointly(
            &unknowns, &slow, slowStep, moments, data: observed, prior: expected)
        } else if isReference || !model.isStatic {
          isFinite = stateStep.advance(&unknowns, moments, data: observed, prior: expected)
        }
        if let place = (slow.free + slow.lambda).firstIndex(where: { !$0.isFinite }) {
          throw .divergence(iteration: iteration, sample: sample, unit: slowName(place))
        }
        guard isFinite else {
          throw .divergence(
            iteration: iteration, sample: sample, unit: unitName(worst(unknowns)))
        }
      }
    }
    return course
  }

  /// Evaluates everything along a course at fixed φ and λ.
  ///
  /// The unknowns are those that belong to φ in the joint density, `ũ − A (φ − φ_t)`: the flow
  /// found ũ with φ_t. At the first sample they are the model's initial values, whatever φ is.
  func evaluate(
    _ course: FilterCourse, free: [Double], lambda: [Double], iteration: Int
  ) throws(RecognitionError) -> FilterSamples {
    let u = layout.unknownCount
    var result = FilterSamples(
      layout: layout, count: samples, slotCount: precision.kernel.slots.count)
    let slow = SlowVariables(free: free, lambda: lambda, velocity: [])
    for sample in 1...max(samples, 1) where sample <= samples {
      fill(sample, 0)
      var unknowns = Array(course.samples.unknowns[((sample - 1) * u)..<(sample * u)])
      if sample > 1 && !course.responses.isEmpty {
        for j in free.indices {
          let away = free[j] - course.free[(sample - 1) * free.count + j]
          for index in 0..<u {
            unknowns[index] -=
              course.responses[((sample - 1) * u + index) * free.count + j] * away
          }
        }
      }
      do throws(LinearAlgebraError) {
        if model.isStatic { try settle(&unknowns, slow) }
        try moments.evaluate(
          unknowns: unknowns, free: free, lambda: lambda, data: observed, causes: expected,
          missing: missing, freeCovariance: nil)
      } catch { throw failure(error, unknowns, iteration, sample) }
      result.keep(sample - 1, unknowns, moments)
    }
    return result
  }

  /// Reads the data and prior causes of a sample; channels with a missing cell are marked.
  private func fill(_ sample: Int, _ part: Int) {
    var data = observed.mutableSpan
    dataEmbedding.embed(self.data, atSample: sample, subStep: part, into: &data)
    var causes = expected.mutableSpan
    priorEmbedding.embed(priorCauses, atSample: sample, subStep: part, into: &causes)
    markMissing(&observed, &missing, orders: layout.stateOrder)
  }

  /// Adds what one sample says about φ and λ to the averages.
  private func average(
    _ slow: SlowVariables, into course: inout FilterCourse
  ) throws(LinearAlgebraError) {
    let (u, r, h) = (layout.unknownCount, layout.freeCount, precision.kernel.slots.count)
    let (q, b) = (u + r, r + h)
    let share = isReference ? 1 : 1 / Double(samples)
    for index in 0..<(b * b) {
      course.meanCurvature[index] += moments.slowCurvature[index] / Double(samples)
    }
    if r > 0 {
      var own = moments.schur
      if isReference {
        for i in 0..<r {
          for j in 0..<r { own[i * r + j] = moments.covariance[(u + i) * q + u + j] }
        }
        let covariance = own
        try freeInverter.invertLoaded(covariance, into: &own)
      } else {
        for i in 0..<r {
          own[i * r + i] += share * parameterPrecision[i]
        }
      }
      accumulate(own, slow.free, &course.freePrecision, &course.freeSum)
    }
    if h > 0 {
      var own = [Double](repeating: 0, count: h * h)
      for i in 0..<h {
        for j in 0..<h { own[i * h + j] = moments.slowCurvature[(r + i) * b + r + j] }
        own[i * h + i] += share * slotPrecision[i]
      }
      if isReference {
        var covariance = own
        try slotInverter.invertLoaded(own, into: &covariance)
        try slotInverter.invertLoaded(covariance, into: &own)
      }
      accumulate(own, slow.lambda, &course.slotPrecision, &course.slotSum)
    }
  }

  private func accumulate(
    _ own: [Double], _ value: [Double], _ precision: inout [Double], _ sum: inout [Double]
  ) {
    let count = value.count
    for i in 0..<count {
      for j in 0..<count {
        precision[i * count + j] += own[i * count + j]
        sum[i] += own[i * count + j] * value[j]
      }
    }
  }

  /// Moves the unknowns of a static model to the mode of G at the present data.
  private func settle(_ unknowns: inout [Double], _ slow: SlowVariables) throws(LinearAlgebraError)
  {
    let u = layout.unknownCount
    func energy(_ point: [Double]) throws(LinearAlgebraError) -> Double {
      try moments.evaluate(
        unknowns: point, free: slow.free, lambda: slow.lambda, data: observed, causes: expected,
        missing: missing, freeCovariance: nil)
      let logs = precision.kernel.blocks.indices.reduce(0) {
        $0 + precision.generalizedLogDeterminant($1)
      }
      return 0.5 * Dense.dot(errors.errors, moments.weightedErrors) + moments.priorEnergy
        - 0.5 * logs
    }
    var value = try energy(unknowns)
    for _ in 0..<64 {
      let move = InPlace.applied(moments.conditional, moments.stateGradient)
      let size = move.reduce(0) { $0 + abs($1) }
      if !(size > 1e-13 * unknowns.reduce(1, { $0 + abs($1) })) { return }
      var scale = 1.0
      var isBetter = false
      for _ in 0..<32 {
        let trial = (0..<u).map { unknowns[$0] - scale * move[$0] }
        let own = try energy(trial)
        if own <= value + 1e-13 * abs(value) {
          isBetter = own < value || scale == 1
          unknowns = trial
          value = own
          break
        }
        scale /= 2
      }
      if !isBetter {
        _ = try energy(unknowns)
        return
      }
    }
  }

  // MARK: Failures

  /// An evaluation that failed for numbers that are not finite is a divergence.
  private func failure(
    _ error: LinearAlgebraError, _ unknowns: [Double], _ iteration: Int, _ sample: Int
  ) -> RecognitionError {
    let isFinite =
      errors.errors.allSatisfy(\.isFinite) && errors.byUnknown.allSatisfy(\.isFinite)
      && moments.curvature.allSatisfy(\.isFinite)
    return isFinite
      ? .passAlgebra(iteration: iteration, sample: sample, error)
      : .divergence(iteration: iteration, sample: sample, unit: unitName(worst(unknowns)))
  }

  /// The unknown that is not finite, or else the largest one.
  private func worst(_ unknowns: [Double]) -> Int {
    var place = 0
    for (index, value) in unknowns.enumerated() {
      if !value.isFinite { return index }
      if abs(value) > abs(unknowns[place]) { place = index }
    }
    return place
  }

  /// A name for an unknown, with a prime per order.
  func unitName(_ index: Int) -> String {
    let isState = index < layout.causes
    let count = isState ? layout.stateCount : layout.causeCount
    if count == 0 { return "" }
    let place = isState ? index : index - layout.causes
    let names = model.levels.flatMap {
      isState ? $0.states.elementNames : $0.causes.elementNames
    }
    return names[place % count] + String(repeating: "′", count: place / count)
  }

  /// The name of a slow variable: the parameter that a direction moves most, or a log-precision.
  func slowName(_ index: Int) -> String {
    if index >= layout.freeCount { return precision.kernel.slots[index - layout.freeCount].name }
    let level = layout.freeOffsets.dropFirst().firstIndex { index < $0 }.map { $0 - 1 } ?? 0
    let basis = spaces[level].basis
    let column = index - layout.freeOffsets[level]
    var place = 0
    for row in 0..<basis.rows where abs(basis[row, column]) > abs(basis[place, column]) {
      place = row
    }
    return model.levels[level].parameters.elementNames[place]
  }
}

/// Finds the data channels whose embedding window holds a missing cell.
///
/// A missing cell leaves NaN in every order of its channel at all samples whose window holds it.
/// Those orders become zero and the channel is marked; its precision there is zero, so that nothing
/// of the cell or of what replaces it reaches an estimate.
func markMissing(_ data: inout [Double], _ missing: inout [Bool], orders: Int) {
  let channels = missing.count
  for channel in 0..<channels {
    missing[channel] = (0..<orders).contains { data[$0 * channels + channel].isNaN }
    if missing[channel] {
      for order in 0..<orders { data[order * channels + channel] = 0 }
    }
  }
}
