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

  /// The first of (φ, λ) that is not finite.
  var firstNonFinite: Int? {
    if let place = free.firstIndex(where: { !$0.isFinite }) { return place }
    return lambda.firstIndex { !$0.isFinite }.map { free.count + $0 }
  }
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
    let (u, r, h) = (errors.layout.count, errors.freeCount, precision.slots.count)
    let b = r + h
    func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }
    var course = FilterCourse(
      free: zeros(samples * r), lambda: zeros(samples * h), freePrecision: zeros(r * r),
      freeSum: zeros(r), slotPrecision: zeros(h * h), slotSum: zeros(h),
      meanCurvature: zeros(b * b),
      samples: FilterSamples(errors, count: samples, slotCount: h),
      responses: zeros(keepsMoments ? 0 : samples * u * r),
      parts: ReferenceEvidence())
    var unknowns = initialUnknowns
    let parts = settings.stepsPerSample
    for sample in 1...max(samples, 1) where sample <= samples {
      if shouldStop?() ?? false { throw .stopped }
      for part in 0..<parts {
        observations.embed(sample: sample, part: part)
        let isFirst = sample == 1 && part == 0
        do throws(LinearAlgebraError) {
          if model.isStatic && !isReference { try settle(&unknowns, slow, sample) }
          try evaluate(
            unknowns, slow, sample, freeCovariance: moves ? recordCovariance : nil,
            isFirst: isFirst)
        } catch { throw failure(error, unknowns, iteration, sample) }
        // A record of one sample keeps the last of its steps in the reference.
        if part == 0 || isReference && samples == 1 {
          for index in 0..<r { course.free[(sample - 1) * r + index] = slow.free[index] }
          for index in 0..<h { course.lambda[(sample - 1) * h + index] = slow.lambda[index] }
          if keepsMoments {
            course.samples.keep(sample - 1, unknowns, moments, observations.observed)
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
            &unknowns, &slow, slowStep, moments, data: observations.observed,
            prior: observations.expected)
        } else if isReference || !model.isStatic {
          isFinite = stateStep.advance(
            &unknowns, moments, data: observations.observed, prior: observations.expected)
        }
        if let place = slow.firstNonFinite {
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
    let u = errors.layout.count
    var result = FilterSamples(errors, count: samples, slotCount: precision.slots.count)
    let slow = SlowVariables(free: free, lambda: lambda, velocity: [])
    var unknowns = initialUnknowns
    for sample in 1...max(samples, 1) where sample <= samples {
      observations.embed(sample: sample, part: 0)
      for index in 0..<u { unknowns[index] = course.samples.unknowns[(sample - 1) * u + index] }
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
        if model.isStatic { try settle(&unknowns, slow, sample) }
        try evaluate(unknowns, slow, sample)
      } catch { throw failure(error, unknowns, iteration, sample) }
      result.keep(sample - 1, unknowns, moments, observations.observed)
    }
    return result
  }

  /// Evaluates the moments at a point of a sample whose data are embedded.
  private func evaluate(
    _ unknowns: [Double], _ slow: SlowVariables, _ sample: Int, freeCovariance: [Double]? = nil,
    isFirst: Bool = false
  ) throws(LinearAlgebraError) {
    try moments.evaluate(
      unknowns: unknowns, free: slow.free, lambda: slow.lambda, data: observations.observed,
      causes: observations.expected, missing: absent[observations.patternOfSample[sample - 1]],
      freeCovariance: freeCovariance, isFirst: isFirst)
  }

  /// Adds what one sample says about φ and λ to the averages.
  private func average(
    _ slow: SlowVariables, into course: inout FilterCourse
  ) throws(LinearAlgebraError) {
    let (r, h) = (errors.freeCount, precision.slots.count)
    let b = r + h
    let share = isReference ? 1 : 1 / Double(samples)
    for index in 0..<(b * b) {
      course.meanCurvature[index] += moments.slowCurvature[index] / Double(samples)
    }
    if r > 0 {
      if isReference {
        try freeInverter.invertLoaded(moments.freeCovariance, into: &freeInformation)
      } else {
        for index in freeInformation.indices { freeInformation[index] = moments.schur[index] }
        for i in 0..<r { freeInformation[i * r + i] += share * parameterPrecision[i] }
      }
      accumulate(freeInformation, slow.free, &course.freePrecision, &course.freeSum)
    }
    if h > 0 {
      for i in 0..<h {
        for j in 0..<h {
          slotInformation[i * h + j] = moments.slowCurvature[(r + i) * b + r + j]
        }
        slotInformation[i * h + i] += share * slotPrecision[i]
      }
      if isReference {
        try slotInverter.invertLoaded(slotInformation, into: &slotVariance)
        try slotInverter.invertLoaded(slotVariance, into: &slotInformation)
      }
      accumulate(slotInformation, slow.lambda, &course.slotPrecision, &course.slotSum)
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
  private func settle(
    _ unknowns: inout [Double], _ slow: SlowVariables, _ sample: Int
  ) throws(LinearAlgebraError) {
    let u = errors.layout.count
    func energy(_ point: [Double]) throws(LinearAlgebraError) -> Double {
      try evaluate(point, slow, sample)
      return moments.energy
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
    moments.isFinite
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
    if errors.layout.count == 0 { return "" }
    let (level, isState, order, entry) = errors.layout.description(of: index)
    let names = isState ? model.levels[level].states : model.levels[level].causes
    return names.elementNames[entry] + String(repeating: "′", count: order)
  }

  /// The name of a slow variable: the parameter that a direction moves most, or a log-precision.
  func slowName(_ index: Int) -> String {
    if index >= errors.freeCount { return precision.slots[index - errors.freeCount].name }
    let level = errors.freeOffsets.dropFirst().firstIndex { index < $0 }.map { $0 - 1 } ?? 0
    let basis = spaces[level].basis
    let column = index - errors.freeOffsets[level]
    var place = 0
    for row in 0..<basis.rows where abs(basis[row, column]) > abs(basis[place, column]) {
      place = row
    }
    return model.levels[level].parameters.elementNames[place]
  }
}
