internal import DynamicModels
internal import Foundation
internal import TensorCore

/// What one pass over the record gathers: the estimates of the states and the sums of the E-step.
struct PassResult {
  /// Unknowns at every sample, `n_u` each, and their covariances (shared where they are constant).
  var unknowns: [[Double]] = []
  var covariances: [Tensor<Double>] = []
  /// Errors and weighted errors of order zero at every sample.
  var outputErrors: [[Double]] = []
  var stateErrors: [[Double]] = []
  var weightedOutputs: [[Double]] = []
  var weightedStates: [[Double]] = []
  /// Predictions of the data, and their slopes where they change.
  var predictions: [[Double]] = []
  var predictionCovariances: [Tensor<Double>] = []
  /// Per sample: ½ ε̃ᵀΠ̃ε̃ and ½ tr(C ε̃_uᵀΠ̃ε̃_u) of the sensory errors and of the others, ½ ln |C|,
  /// and ½ (u − u₀)ᵀ P_u (u − u₀).
  var sensory: [Double] = []
  var other: [Double] = []
  var halfLogCovariance: [Double] = []
  var statePrior: [Double] = []
  /// L_φ, L_φφ and `Σ ε̃_φᵀ Π̃ ε̃_φ`, over parameters and confounds, without priors.
  var gradient: [Double]
  var curvature: [Double]
  var information: [Double]
  /// Per block: `Σ_jk S⁻¹_jk (EE + ECE)_jk`, and the same of the errors that F counts, EE alone.
  var spreads: [[Double]]
  var energies: [[Double]]
  /// `Σ ln |C| / (steps)`.
  var logCovariance = 0.0
}

extension ExpectationMaximizationSession {
  /// The D-step over the whole record with the E-step's sums (mathematics §6).
  func expectationPass(iteration: Int) throws(RecognitionError) -> PassResult {
    let r = layout.freeCount
    let nuisance = confoundStep.count
    let all = r + nuisance
    let u = layout.unknownCount
    let e = layout.errorCount
    let isStatic = model.isStatic
    let factor = isReference ? 0.5 : 1
    var result = PassResult(
      gradient: [Double](repeating: 0, count: all),
      curvature: [Double](repeating: 0, count: all * all),
      information: [Double](repeating: 0, count: all * all),
      spreads: precision.blocks.map { [Double](repeating: 0, count: $0.count * $0.count) },
      energies: precision.blocks.map { [Double](repeating: 0, count: $0.count * $0.count) })
    let precisions = precision.blocks.map { $0.precision(lambda) }
    let countedErrors = isReference ? precision.countedErrors : nil
    let countedUnknowns = isReference ? precision.countedUnknowns : nil
    let isLearning = !precision.slots.isEmpty

    var unknowns = initialUnknowns
    var kept: StateCurvature?
    let integrator = StateIntegrator(
      layout: layout, gain: settings.gradientGain,
      step: model.time.step / Double(settings.stepsPerSample))
    var weightedErrors = [Double](repeating: 0, count: e)
    var gradient = [Double](repeating: 0, count: u)
    var message = gradient
    var weightedParameters = [Double](repeating: 0, count: e * all)
    var observed = [Double](repeating: 0, count: layout.stateOrder * layout.dataCount)
    var expected = [Double](repeating: 0, count: layout.causeOrder * layout.priorCount)
    var courses = [Double](repeating: 0, count: layout.stateOrder * confoundCount)
    var derivative = [Double](repeating: 0, count: e * all)

    func failure(_ sample: Int, _ error: LinearAlgebraError) -> RecognitionError {
      .passAlgebra(iteration: iteration, sample: sample, error)
    }

    for sample in 1...max(samples, 1) where sample <= samples {
      if isStatic, let last = resting[sample - 1] { unknowns = last }
      let limit = isStatic && !isReference ? 16 * settings.stepsPerSample : settings.stepsPerSample
      var rate = 3.0
      var best: (value: Double, unknowns: [Double], gradient: [Double], curvature: [Double])?
      var taken = 0
      var logCovariance = 0.0
      var current: StateCurvature?
      for step in 0..<limit {
        let part = isStatic ? 0 : step
        fill(&observed, dataEmbedding, data, sample, part)
        fill(&expected, priorEmbedding, prior, sample, part)
        if kept == nil || !errors.isAffine {
          errors.linearize(unknowns: unknowns, free: free)
        }
        errors.evaluate(unknowns: unknowns, data: observed, prior: expected)
        if let confoundEmbedding { fill(&courses, confoundEmbedding, confounds, sample, part) }
        parameterDerivative(courses, into: &derivative)

        let state: StateCurvature
        if let kept {
          state = kept
        } else {
          do {
            state = try stateCurvature(precisions, factor, countedUnknowns)
          } catch { throw failure(sample, error) }
          if errors.isAffine {
            kept = state
            if !isStatic {
              guard integrator.prepare(state.curvature) else {
                throw .divergence(iteration: iteration, sample: sample, unit: unitName(0))
              }
            }
          }
        }
        current = state

        // V_u = ε̃_uᵀ Π̃ ε̃ + w W_u + P_u (u − u₀)
        precision.apply(precisions, to: errors.errors, columns: 1, into: &weightedErrors)
        Dense.transposedVector(
          state.weighted, errors.errors, rows: u, inner: e, into: &gradient)
        var priorEnergy = 0.0
        for row in 0..<u {
          var pull = 0.0
          for column in 0..<u {
            let weight = unknownPrior.values[row * u + column]
            if weight != 0 { pull += weight * (unknowns[column] - priorCentre[column]) }
          }
          gradient[row] += pull
          priorEnergy += 0.5 * pull * (unknowns[row] - priorCentre[row])
        }
        if all > 0 {
          precision.apply(precisions, to: derivative, columns: all, into: &weightedParameters)
        }
        var uncertainty = 0.0
        if r > 0 {
          uncertainty = addUncertainty(
            derivative, weightedParameters, factor, all, into: &gradient, scratch: &message)
        }
        if step == 0 && !isStatic {
          record(unknowns, state, weightedErrors, priorEnergy, into: &result)
        }
        taken += 1
        logCovariance += state.logDeterminant

        if isStatic {
          let value =
            -0.5 * Dense.dot(errors.errors, weightedErrors) - priorEnergy
            - factor * 0.5 * uncertainty
          if let known = best, !(value > known.value) {
            unknowns = known.unknowns
            rate = min(rate - 2, -4)
          } else {
            guard value.isFinite else {
              throw .divergence(iteration: iteration, sample: sample, unit: unitName(0))
            }
            best = (value, unknowns, gradient, state.curvature)
            rate = min(rate + 1, 4)
          }
          guard u > 0, let known = best else { break }
          let flow = known.gradient.map { -$0 }
          let move: [Double]
          do {
            move = try RegularizedStep.step(
              jacobian: Tensor(shape: .matrix(u, u), values: known.curvature.map { -$0 }),
              flow: flow, length: .regularized(rate))
          } catch { throw failure(sample, error) }
          for index in 0..<u { unknowns[index] = known.unknowns[index] + move[index] }
          let gain = Dense.dot(flow, move)
          let size = move.reduce(0) { $0 + abs($1) }
          if isReference {
            if gain < exp(-4) || size < exp(-4) { break }
          } else if size <= 1e-13 * unknowns.reduce(1, { $0 + abs($1) }) {
            break
          }
        } else {
          guard
            integrator.advance(
              &unknowns, gradient: gradient, weighted: state.weighted, data: observed,
              prior: expected, curvature: errors.isAffine ? nil : state.curvature)
          else {
            let place = unknowns.firstIndex { !$0.isFinite } ?? 0
            throw .divergence(iteration: iteration, sample: sample, unit: unitName(place))
          }
        }
      }
      guard let state = current else { continue }
      if isStatic {
        resting[sample - 1] = unknowns
        record(unknowns, state, weightedErrors, 0, into: &result)
      }
      result.logCovariance +=
        logCovariance / Double(isReference ? settings.stepsPerSample : taken)

      // The E-step's sums, at the last D-step of the sample.
      for row in 0..<all {
        var slope = 0.0
        for index in 0..<e { slope += weightedParameters[index * all + row] * errors.errors[index] }
        result.gradient[row] -= slope
      }
      if all > 0 {
        let square = Dense.transposedProduct(
          derivative, weightedParameters, rows: all, inner: e, columns: all)
        for index in square.indices {
          result.curvature[index] -= square[index]
          result.information[index] += square[index]
        }
        for row in 0..<r {
          result.gradient[row] -= factor * state.parameterPull[row]
          for column in 0..<r {
            result.curvature[row * all + column] -=
              factor * state.parameterCurvature[row * r + column]
          }
        }
      }
      var counted = errors.errors
      if let countedErrors {
        for index in counted.indices where !countedErrors[index] { counted[index] = 0 }
      }
      for (index, block) in precision.blocks.enumerated() {
        precision.contract(block, counted, counted, columns: 1, into: &result.energies[index])
        guard isLearning, !block.components.isEmpty else { continue }
        precision.contract(
          block, errors.errors, errors.errors, columns: 1, into: &result.spreads[index])
        if !errors.isAffine {
          contractStates(state.covariance, block, scale: 1, into: &result.spreads[index])
        }
        if all > 0 {
          let moved = Dense.product(
            derivative, freeCovariance.values, rows: e, inner: all, columns: all)
          precision.contract(block, moved, derivative, columns: all, into: &result.spreads[index])
        }
      }
    }
    // The covariance of the states is the same at every sample of an affine model.
    if isLearning, let kept {
      for (index, block) in precision.blocks.enumerated() where !block.components.isEmpty {
        contractStates(
          kept.covariance, block, scale: Double(samples), into: &result.spreads[index])
      }
    }
    return result
  }

  /// Adds `scale · ε̃_u C ε̃_uᵀ`, contracted over one block.
  private func contractStates(
    _ covariance: Tensor<Double>, _ block: PrecisionBlock, scale: Double,
    into result: inout [Double]
  ) {
    let u = layout.unknownCount
    let spread = Dense.product(
      errors.byUnknown, covariance.values, rows: layout.errorCount, inner: u, columns: u)
    precision.contract(
      block, spread, errors.byUnknown, columns: u, into: &result, scale: scale)
  }

  private func fill(
    _ buffer: inout [Double], _ embedding: TaylorEmbedding, _ source: Tensor<Double>,
    _ sample: Int, _ part: Int
  ) {
    var output = buffer.mutableSpan
    embedding.embed(source, atSample: sample, subStep: part, into: &output)
  }

  /// A name for an unknown, for messages.
  private func unitName(_ index: Int) -> String {
    let isState = index < layout.causes
    let count = isState ? layout.stateCount : layout.causeCount
    let place = isState ? index : index - layout.causes
    let names = model.levels.flatMap {
      isState ? $0.states.elementNames : $0.causes.elementNames
    }
    let order = count > 0 ? place / count : 0
    let name = count > 0 ? names[place % count] : ""
    return name + String(repeating: "′", count: order)
  }

  /// ε̃ by parameters and by the confounds' weights, side by side `[n_ε × all]`.
  private func parameterDerivative(_ courses: [Double], into result: inout [Double]) {
    let r = layout.freeCount
    let all = r + confoundStep.count
    if all == 0 { return }
    for row in 0..<layout.errorCount {
      for column in 0..<r { result[row * all + column] = errors.byParameter[row * r + column] }
    }
    for order in 0..<(confoundCount > 0 ? layout.stateOrder : 0) {
      for channel in 0..<layout.dataCount {
        let row = (order * layout.outputCount + channel) * all + r
        for confound in 0..<confoundCount {
          result[row + confound * layout.dataCount + channel] =
            -courses[order * confoundCount + confound]
        }
      }
    }
  }

  /// Adds `w W_u` and returns `tr(C_φ ε̃_φᵀ Π̃ ε̃_φ)`.
  private func addUncertainty(
    _ derivative: [Double], _ weighted: [Double], _ factor: Double, _ all: Int,
    into gradient: inout [Double], scratch: inout [Double]
  ) -> Double {
    let r = layout.freeCount
    let e = layout.errorCount
    let u = layout.unknownCount
    var total = 0.0
    var column = [Double](repeating: 0, count: e)
    for direction in 0..<r {
      for row in 0..<e {
        var sum = 0.0
        for other in 0..<r {
          sum += weighted[row * all + other] * freeCovariance.values[other * all + direction]
        }
        column[row] = sum
        total += sum * derivative[row * all + direction]
      }
      Dense.transposedVector(
        errors.byBoth[direction], column, rows: u, inner: e, into: &scratch)
      for index in 0..<u { gradient[index] += factor * scratch[index] }
    }
    return total
  }

  /// Curvature, covariance and their products at the present linearisation.
  private func stateCurvature(
    _ precisions: [Tensor<Double>], _ factor: Double, _ counted: [Bool]?
  ) throws(LinearAlgebraError) -> StateCurvature {
    let (e, u, r) = (layout.errorCount, layout.unknownCount, layout.freeCount)
    let all = r + confoundStep.count
    var weighted = [Double](repeating: 0, count: e * u)
    precision.apply(precisions, to: errors.byUnknown, columns: u, into: &weighted)
    var information = Dense.transposedProduct(
      errors.byUnknown, weighted, rows: u, inner: e, columns: u)
    for index in information.indices { information[index] += unknownPrior.values[index] }
    let square = Tensor(shape: .matrix(u, u), values: information)
    var covariance = square
    if isReference {
      covariance = try RegularizedStep.inverse(square)
    } else if u > 0 {
      if let factor = try? CholeskyFactor(square) {
        covariance = factor.inverse
      } else {
        covariance = try LinearAlgebra.inverse(square)
      }
    }
    var curvature = information
    var weightedBoth: [[Double]] = []
    for direction in 0..<r {
      var product = [Double](repeating: 0, count: e * u)
      precision.apply(precisions, to: errors.byBoth[direction], columns: u, into: &product)
      weightedBoth.append(product)
    }
    for i in 0..<r {
      for j in 0..<r {
        let weight = factor * freeCovariance.values[i * all + j]
        if weight == 0 { continue }
        let block = Dense.transposedProduct(
          errors.byBoth[j], weightedBoth[i], rows: u, inner: e, columns: u)
        for index in block.indices { curvature[index] += weight * block[index] }
      }
    }
    let spread = Dense.product(weighted, covariance.values, rows: e, inner: u, columns: u)
    var pull = [Double](repeating: 0, count: r)
    var parameterCurvature = [Double](repeating: 0, count: r * r)
    for i in 0..<r {
      pull[i] = Dense.dot(errors.byBoth[i], spread)
      let moved = Dense.product(weightedBoth[i], covariance.values, rows: e, inner: u, columns: u)
      for j in 0..<r { parameterCurvature[i * r + j] = Dense.dot(errors.byBoth[j], moved) }
    }
    var traces = (sensory: 0.0, other: 0.0)
    for row in 0..<e {
      var total = 0.0
      for column in 0..<u { total += spread[row * u + column] * errors.byUnknown[row * u + column] }
      if row < layout.stateErrors && row % layout.outputCount < layout.dataCount {
        traces.sensory += 0.5 * total
      } else {
        traces.other += 0.5 * total
      }
    }
    let chosen = (0..<u).filter { counted?[$0] ?? true }
    var part = covariance
    if chosen.count < u {
      part = Tensor(repeating: 0, shape: .matrix(chosen.count, chosen.count))
      for (row, a) in chosen.enumerated() {
        for (column, b) in chosen.enumerated() { part[row, column] = covariance[a, b] }
      }
    }
    return StateCurvature(
      weighted: weighted, curvature: curvature, covariance: covariance,
      logDeterminant: try logDeterminantOfCovariance(part), spread: spread,
      weightedBoth: weightedBoth, parameterCurvature: parameterCurvature, parameterPull: pull,
      sensoryTrace: traces.sensory, otherTrace: traces.other)
  }

  /// Keeps one sample's estimates.
  private func record(
    _ unknowns: [Double], _ state: StateCurvature, _ weighted: [Double], _ priorEnergy: Double,
    into result: inout PassResult
  ) {
    result.unknowns.append(unknowns)
    result.covariances.append(state.covariance)
    result.outputErrors.append(Array(errors.errors.prefix(layout.outputCount)))
    result.weightedOutputs.append(Array(weighted.prefix(layout.outputCount)))
    let states = layout.stateErrors..<(layout.stateErrors + layout.stateCount)
    result.stateErrors.append(Array(errors.errors[states]))
    result.weightedStates.append(Array(weighted[states]))
    result.predictions.append(errors.predictedData(unknowns))
    result.predictionCovariances.append(
      result.predictionCovariances.last.flatMap { errors.isAffine ? $0 : nil }
        ?? predictionCovariance(state.covariance))
    var (sensory, other) = (state.sensoryTrace, state.otherTrace)
    for row in 0..<layout.errorCount {
      let energy = 0.5 * errors.errors[row] * weighted[row]
      if row < layout.stateErrors && row % layout.outputCount < layout.dataCount {
        sensory += energy
      } else {
        other += energy
      }
    }
    result.sensory.append(sensory)
    result.other.append(other)
    result.halfLogCovariance.append(0.5 * state.logDeterminant)
    result.statePrior.append(priorEnergy)
  }

  /// `G C Gᵀ` with G the order-zero slope of the data's prediction.
  private func predictionCovariance(_ covariance: Tensor<Double>) -> Tensor<Double> {
    let count = layout.dataCount
    let places =
      (0..<layout.stateCount).map { $0 }
      + (0..<layout.causeCount).map { layout.causes + $0 }
    var result = Tensor<Double>(repeating: 0, shape: .matrix(count, count))
    for i in 0..<count {
      for j in 0..<count {
        var total = 0.0
        for (a, first) in places.enumerated() {
          let left = errors.outputSlope(i, state: a)
          if left == 0 { continue }
          for (b, second) in places.enumerated() {
            let right = errors.outputSlope(j, state: b)
            if right != 0 { total += left * right * covariance[first, second] }
          }
        }
        result[i, j] = total
      }
    }
    return result
  }
}
