internal import DynamicModels
internal import Foundation
internal import TensorCore

/// Reads one sample's estimates out of the state vector and the posterior.
struct SampleReader {
  let dynamics: RecognitionDynamics
  let state: [Double]
  let posterior: LaplacePosterior
  /// The error units of every level.
  private let errors: [(outputs: [Double], states: [Double])]

  init(dynamics: RecognitionDynamics, state: [Double], posterior: LaplacePosterior) {
    self.dynamics = dynamics
    self.state = state
    self.posterior = posterior
    errors = dynamics.errorUnits(state)
  }

  /// Writes a level's expectations, spreads and errors into row `row` of its record.
  func read(level number: Int, row: Int, into record: inout LevelRecord) {
    let own = dynamics.layout.levels[number - 1]
    let unit = dynamics.units[number - 1]
    let weighted = errors[number - 1]
    let at = unit.program.isPrior ? nil : dynamics.predictions(of: unit, own, state)

    if own.stateCount > 0 {
      let zeroth = own.states.lowerBound..<(own.states.lowerBound + own.stateCount)
      write(Array(state[zeroth]), to: &record.states.mean, row)
      writeCovariance(of: Array(zeroth), to: &record.states, row)
      let motion = at?[Level.Port.motion]?.values ?? []
      let hasMotion = dynamics.layout.stateOrder > 1
      let error = motion.indices.map { index in
        (hasMotion ? state[zeroth.upperBound + index] : 0) - motion[index]
      }
      write(error, to: &record.states.error, row)
      write(Array(weighted.states.prefix(own.stateCount)), to: &record.states.weightedError, row)
    }
    if own.outputCount > 0 {
      let predicted = at?[Level.Port.output]?.values ?? Array(dynamics.prior.order(0))
      let target: [Double]
      if number == 1 {
        target = Array(dynamics.data.order(0))
        write(predicted, to: &record.outputs.mean, row)
        writePredictionCovariance(own, at, to: &record.outputs, row)
      } else {
        let below = dynamics.layout.levels[number - 2].causes
        let zeroth = below.lowerBound..<(below.lowerBound + own.outputCount)
        target = Array(state[zeroth])
        write(target, to: &record.outputs.mean, row)
        writeCovariance(of: Array(zeroth), to: &record.outputs, row)
      }
      write(zip(target, predicted).map { $0 - $1 }, to: &record.outputs.error, row)
      write(
        Array(weighted.outputs.prefix(own.outputCount)), to: &record.outputs.weightedError, row)
    }
    let activity =
      weighted.outputs.prefix(own.outputCount) + weighted.states.prefix(own.stateCount)
    record.errorNorm[row] = activity.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  private func write(_ values: [Double], to tensor: inout Tensor<Double>, _ row: Int) {
    let width = tensor.columns
    for (index, value) in values.enumerated() { tensor.values[row * width + index] = value }
  }

  private func writeCovariance(of indices: [Int], to record: inout PopulationRecord, _ row: Int) {
    let count = indices.count
    for (i, first) in indices.enumerated() {
      for (j, second) in indices.enumerated() {
        let entry = posterior.covariance(first, second)
        record.covariance.values[(row * count + i) * count + j] = entry
        if i == j { record.standardDeviation.values[row * count + i] = entry.squareRoot() }
      }
    }
  }

  /// The covariance of the predicted data, `G C Gᵀ` with G = (g_x, g_v) at order zero.
  private func writePredictionCovariance(
    _ own: LevelUnits, _ at: [String: Tensor<Double>]?, to record: inout PopulationRecord,
    _ row: Int
  ) {
    guard let byState = at?["g|x"], let byCause = at?["g|v"] else { return }
    let indices =
      (0..<own.stateCount).map { own.states.lowerBound + $0 }
      + (0..<own.causeCount).map { own.causes.lowerBound + $0 }
    let count = own.outputCount
    func gain(_ output: Int, _ input: Int) -> Double {
      input < own.stateCount
        ? byState[output, input] : byCause[output, input - own.stateCount]
    }
    for i in 0..<count {
      for j in 0...i {
        var total = 0.0
        for (a, first) in indices.enumerated() where gain(i, a) != 0 {
          for (b, second) in indices.enumerated() where gain(j, b) != 0 {
            total += gain(i, a) * gain(j, b) * posterior.covariance(first, second)
          }
        }
        record.covariance.values[(row * count + i) * count + j] = total
        record.covariance.values[(row * count + j) * count + i] = total
        if i == j { record.standardDeviation.values[row * count + i] = max(0, total).squareRoot() }
      }
    }
  }
}

extension RecognitionDynamics {
  /// The activity of all error units, ξ = Π ε̃, per level and in generalised coordinates.
  ///
  /// Dynamic error units are read from the state vector, algebraic ones are computed.
  func errorUnits(_ q: [Double]) -> [(outputs: [Double], states: [Double])] {
    if case .dynamic = options.errorUnits {
      return layout.levels.map { (Array(q[$0.outputErrors]), Array(q[$0.stateErrors])) }
    }
    return algebraicErrors(q)
  }

  /// ξ = Π ε̃ at a state, whatever form the error units have.
  func algebraicErrors(_ q: [Double]) -> [(outputs: [Double], states: [Double])] {
    zip(units, layout.levels).map { unit, own in
      let arena = unsafe unit.workspace.base
      unsafe q.withUnsafeBufferPointer { buffer in
        if let pointer = buffer.baseAddress {
          unsafe load(time: origin, pointer, own, into: arena, regions: unit.inputRegions)
        }
      }
      unit.workspace.run()
      return (
        unit.workspace.read(unit.restingOutputErrors ?? unit.outputErrors),
        unit.workspace.read(unit.restingStateErrors ?? unit.stateErrors)
      )
    }
  }
}
