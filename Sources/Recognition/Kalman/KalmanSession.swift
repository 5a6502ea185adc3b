internal import DynamicModels
internal import Foundation
internal import TensorCore

/// One inversion by Kalman filter and smoother: before its pass, or with the estimates of it.
public final class KalmanSession {
  private let model: HierarchicalDynamicModel
  private let input: RecognitionInput
  private let stacked: StackedModel
  private var forward: ForwardPass
  private var backward: BackwardPass?
  private var info: InversionInfo?

  init(
    _ model: HierarchicalDynamicModel, _ input: RecognitionInput, _ options: KalmanScheme.Options,
    reuses: Bool = true
  ) throws(RecognitionError) {
    try input.check(model)
    if input.confounds.columns > 0 { throw .unsupported(scheme: .kalman, .confounds) }
    if input.delays.contains(where: { $0 != 0 }) { throw .unsupported(scheme: .kalman, .delays) }
    self.model = model
    self.input = input
    stacked = try StackedModel(model, reuses: reuses)
    do throws(LinearAlgebraError) {
      forward = try ForwardPass(stacked, input, options)
    } catch {
      throw .linearAlgebra(level: 1, error)
    }
  }

  func step(shouldStop: (() -> Bool)?) throws(RecognitionError) -> InversionInfo {
    if let info { return info }
    let samples = input.data.rows
    var failure: RecognitionError?
    for sample in forward.trace.completed..<samples {
      if sample % 64 == 0, shouldStop?() ?? false {
        failure = .stopped
        break
      }
      do throws(LinearAlgebraError) {
        try forward.step(sample)
      } catch {
        failure = failed(error, sample)
        break
      }
    }
    if !forward.information.isComplete, failure == nil {
      throw .improperPosterior(sample: samples, unit: undeterminedUnit())
    }
    if forward.information.isComplete {
      do throws(LinearAlgebraError) {
        backward = try BackwardPass(
          forward.trace, forward.information, input.data, forward.present)
      } catch {
        throw .passAlgebra(iteration: 1, sample: samples, error)
      }
    }
    if let failure { throw failure }
    let total = forward.terms.reduce(0) { $0 + $1.freeEnergy }
    guard total.isFinite else { throw .nonFinitePass(iteration: 1) }
    let result = InversionInfo(
      unit: .pass, completed: 1, limit: 1, freeEnergy: total, isFinished: true)
    info = result
    return result
  }

  private func failed(_ error: LinearAlgebraError, _ sample: Int) -> RecognitionError {
    switch error {
    case .notFinite(let row, _):
      return .divergence(iteration: 1, sample: sample + 1, unit: unit(row))
    case .notPositiveDefinite(_, let pivot) where !pivot.isFinite:
      return .divergence(iteration: 1, sample: sample + 1, unit: unit(0))
    default: return .passAlgebra(iteration: 1, sample: sample + 1, error)
    }
  }

  /// The name of an entry of (x, ζ).
  private func unit(_ index: Int) -> String {
    let levels = model.levels.dropLast()
    let names = levels.flatMap(\.states.elementNames) + levels.flatMap(\.causes.elementNames)
    return index < names.count ? names[index] : "y"
  }

  private func undeterminedUnit() -> String {
    let direction = forward.information.weakestDirection()
    let d = stacked.diffuseCount
    var best = (unit: 0, size: -1.0)
    for a in 0..<stacked.stateCount {
      var sum = 0.0
      for k in 0..<d { sum += stacked.diffuseDirections[a * d + k] * direction[k] }
      if abs(sum) > best.size { best = (a, abs(sum)) }
    }
    return unit(best.unit)
  }

  func record() -> InversionRecord {
    var record = InversionRecord(model: model)
    // The whole of a pass that diverged has no estimates, only the samples that were smoothed.
    guard let backward else { return record }
    let count = forward.trace.completed
    record.completed = count
    record.freeEnergy = forward.terms
    if let info {
      record.totalFreeEnergy = info.freeEnergy
      record.evidence = backward.evidence
    }
    let writer = KalmanRecordWriter(model, stacked, input)
    for sample in 0..<count { writer.write(sample, backward, into: &record) }
    return record
  }
}
