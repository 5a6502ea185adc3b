internal import DynamicModels
internal import Foundation
internal import TensorCore

/// What a pass estimates: states along the record, averages of the slow variables, and F.
struct FilterResult {
  var course: FilterCourse
  var samples: FilterSamples
  /// φ and λ averaged over the pass, with their covariances.
  var free: [Double]
  var lambda: [Double]
  var freeCovariance: Tensor<Double>
  var slotCovariance: Tensor<Double>
  var negativeFreeEnergy: Double
  var evidence: EvidenceParts
}

extension GeneralizedFilterSession {
  /// One pass: the flow, the averages of the slow variables, and F.
  func pass(
    iteration: Int, shouldStop: (() -> Bool)?
  ) throws(RecognitionError) -> FilterResult {
    let isFixed = errors.freeCount + precision.slots.count == 0
    if !isReference && iteration == 1 && !isFixed {
      try explore(iteration: iteration, shouldStop: shouldStop)
    }
    let course = try follow(
      iteration: iteration, slow: &slow, moves: !isFixed, keepsMoments: isReference || isFixed,
      shouldStop: shouldStop)
    let (free, lambda): ([Double], [Double])
    do throws(LinearAlgebraError) {
      free = try average(course.freePrecision, course.freeSum)
      lambda = try average(course.slotPrecision, course.slotSum)
    } catch { throw .passAlgebra(iteration: iteration, sample: samples, error) }
    var result = FilterResult(
      course: course, samples: course.samples, free: free, lambda: lambda,
      freeCovariance: Tensor(repeating: 0, shape: .matrix(0, 0)),
      slotCovariance: Tensor(repeating: 0, shape: .matrix(0, 0)), negativeFreeEnergy: 0,
      evidence: EvidenceParts(accuracy: 0, complexities: []))
    if !isReference && !isFixed {
      result.samples = try evaluate(course, free: free, lambda: lambda, iteration: iteration)
    }
    do throws(LinearAlgebraError) {
      try isReference ? completeAsReference(&result) : complete(&result)
    } catch { throw .passAlgebra(iteration: iteration, sample: samples, error) }
    return result
  }

  /// Follows the record with φ and λ at their priors, for the first curvature and covariance.
  private func explore(
    iteration: Int, shouldStop: (() -> Bool)?
  ) throws(RecognitionError) {
    var frozen = slow
    let course = try follow(
      iteration: iteration, slow: &frozen, moves: false, keepsMoments: true,
      shouldStop: shouldStop)
    do throws(LinearAlgebraError) {
      recordCovariance = try covariance(course.samples.information, parameterPrecision).values
    } catch { throw .passAlgebra(iteration: iteration, sample: samples, error) }
    slow.curvature = course.meanCurvature
    let all = parameterPrecision + slotPrecision
    for (index, own) in all.enumerated() {
      slow.curvature[index * all.count + index] += own / Double(samples)
    }
  }

  /// `(Σ P)⁻¹ Σ P μ`.
  private func average(
    _ precision: [Double], _ sum: [Double]
  ) throws(LinearAlgebraError) -> [Double] {
    let count = sum.count
    if count == 0 { return [] }
    let square = Tensor(shape: .matrix(count, count), values: precision)
    let inverse = try isReference ? RegularizedStep.inverse(square) : invert(square)
    return InPlace.applied(inverse.values, sum)
  }

  private func invert(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Tensor<Double> {
    if let factor = try? CholeskyFactor(a) { return factor.inverse }
    return try LinearAlgebra.inverse(a)
  }

  /// `(P + Σ_t S_t)⁻¹`, the covariance that prior and record leave.
  private func covariance(
    _ information: [Double], _ prior: [Double]
  ) throws(LinearAlgebraError) -> Tensor<Double> {
    let count = prior.count
    var sum = Tensor<Double>.diagonal(prior)
    if count == 0 { return sum }
    for (index, value) in information.enumerated() {
      sum.values[index % (count * count)] += value
    }
    // Both triangles the same to the last bit.
    for i in 0..<count {
      for j in 0..<i {
        let mean = 0.5 * (sum[i, j] + sum[j, i])
        sum[i, j] = mean
        sum[j, i] = mean
      }
    }
    return try invert(sum)
  }

  /// F of mathematics §3 at the averages, and its parts.
  private func complete(_ result: inout FilterResult) throws(LinearAlgebraError) {
    result.freeCovariance = try covariance(result.samples.information, parameterPrecision)
    result.slotCovariance = try covariance(result.samples.slotInformation, slotPrecision)
    result.samples.finish(
      freeCovariance: result.freeCovariance.values, slotCovariance: result.slotCovariance.values)
    let terms = result.samples.terms
    result.evidence = try evidence(
      result, accuracy: terms.reduce(0) { $0 + $1.accuracy },
      states: terms.reduce(0) { $0 + $1.complexity })
    result.negativeFreeEnergy = -result.evidence.freeEnergy
  }

  /// The reference's −F, with its masks and constants.
  private func completeAsReference(_ result: inout FilterResult) throws(LinearAlgebraError) {
    // The prior is counted at every sample and taken off all but one of them.
    func covariance(
      _ sum: [Double], _ prior: [Double]
    ) throws(LinearAlgebraError) -> Tensor<Double> {
      let count = prior.count
      var square = Tensor(shape: .matrix(count, count), values: sum)
      for index in 0..<count { square[index, index] += Double(1 - samples) * prior[index] }
      return count == 0 ? square : try RegularizedStep.inverse(square)
    }
    result.freeCovariance = try covariance(result.course.freePrecision, parameterPrecision)
    result.slotCovariance = try covariance(result.course.slotPrecision, slotPrecision)
    result.samples.finish(freeCovariance: nil, slotCovariance: nil)
    result.evidence = try evidence(
      result, accuracy: result.course.parts.sensory, states: -result.course.parts.other)
    result.negativeFreeEnergy = -result.evidence.freeEnergy
  }

  // MARK: Complexity

  /// The parts of F: what every named block of slow variables costs, and what joins them.
  private func evidence(
    _ result: FilterResult, accuracy: Double, states: Double
  ) throws(LinearAlgebraError) -> EvidenceParts {
    var parts = EvidenceParts(
      accuracy: accuracy,
      complexities: errors.layout.count > 0 ? [.init(block: "states", value: states)] : [])
    if errors.layout.count == 0 { parts.accuracy -= states }
    var joined = 0.0
    for (index, level) in model.levels.enumerated() {
      let first = errors.freeOffsets[index]
      let count = errors.freeOffsets[index + 1] - first
      if count == 0 { continue }
      let basis = spaces[index].basis
      for block in level.parameters.blocks {
        let rows = Array(block.range)
        let prior = Tensor(
          rows: rows.map { p in rows.map { level.parameterPriorCovariance[p, $0] } })
        let space = try ParameterSpace(priorCovariance: prior)
        if space.dimension == 0 { continue }
        // From free directions of the level to free directions of the block.
        var map = Tensor<Double>(repeating: 0, shape: .matrix(space.dimension, count))
        for a in 0..<space.dimension {
          for (place, row) in rows.enumerated() where space.basis[place, a] != 0 {
            for j in 0..<count { map[a, j] += space.basis[place, a] * basis[row, j] }
          }
        }
        let mean = (0..<space.dimension).map { a in
          (0..<count).reduce(0) { $0 + map[a, $1] * result.free[first + $1] }
        }
        var covariance = Tensor<Double>(
          repeating: 0, shape: .matrix(space.dimension, space.dimension))
        for a in 0..<space.dimension {
          for b in 0..<space.dimension {
            for i in 0..<count {
              for j in 0..<count {
                covariance[a, b] +=
                  map[a, i] * result.freeCovariance[first + i, first + j] * map[b, j]
              }
            }
          }
        }
        let value = try divergence(mean, covariance, space.variances.map { 1 / $0 })
        joined += value
        parts.complexities.append(.init(block: "parameters.\(block.name)", value: value))
      }
    }
    for (slot, entry) in precision.slots.enumerated() {
      let value = try divergence(
        [result.lambda[slot] - entry.mean],
        Tensor(rows: [[result.slotCovariance[slot, slot]]]), [slotPrecision[slot]])
      joined += value
      parts.complexities.append(.init(block: "logPrecisions.\(entry.name)", value: value))
    }
    if errors.freeCount + precision.slots.count > 1 {
      let means = precision.slots.indices.map {
        result.lambda[$0] - precision.slots[$0].mean
      }
      let whole =
        try divergence(result.free, result.freeCovariance, parameterPrecision)
        + divergence(means, result.slotCovariance, slotPrecision)
      parts.complexities.append(.init(block: "coupling", value: whole - joined))
    }
    return parts
  }

  /// KL[N(μ, C) ‖ N(0, P⁻¹)]; the reference leaves out `½ tr(P C) − ½ k`.
  private func divergence(
    _ mean: [Double], _ covariance: Tensor<Double>, _ precision: [Double]
  ) throws(LinearAlgebraError) -> Double {
    let count = mean.count
    if count == 0 { return 0 }
    var total = 0.0
    if isReference {
      var product = covariance
      for i in 0..<count { for j in 0..<count { product[i, j] *= precision[i] } }
      total -= 0.5 * (try RegularizedStep.logDeterminant(product))
    } else {
      total -= 0.5 * (try logDeterminantOfCovariance(covariance))
      for i in 0..<count {
        total += 0.5 * (precision[i] * covariance[i, i] - 1 - log(precision[i]))
      }
    }
    for i in 0..<count { total += 0.5 * precision[i] * mean[i] * mean[i] }
    return total
  }
}
