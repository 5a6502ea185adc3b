internal import ODEEngine
internal import TensorCore

/// The hidden states of a generative process as an ODE driven by smooth fluctuations.
///
///     v⁽ⁱ⁻¹⁾ = g⁽ⁱ⁾(x, v, t, a) + z⁽ⁱ⁾(t)      ẋ⁽ⁱ⁾ = f⁽ⁱ⁾(x, v, t, a) + w⁽ⁱ⁾(t)       (mathematics §1)
///
/// The fluctuations are smooth functions of time, so an adaptive solver may ask for them anywhere.
final class World: ODESystem {
  let levels: [WorldLevel]
  /// Where the states of every level stand.
  let offsets: [Int]
  let dimension: Int
  /// Action a, held while the world moves.
  var action: [Double]

  init(_ description: ProcessDescription, source: RandomSource) throws(ProcessError) {
    var levels: [WorldLevel] = []
    var offsets: [Int] = []
    var count = 0
    for (index, level) in description.levels.enumerated() {
      levels.append(try WorldLevel(level, number: index + 1, source: source.split(index)))
      offsets.append(count)
      count += level.states.count
    }
    self.levels = levels
    self.offsets = offsets
    dimension = count
    action = description.initialAction
  }

  func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    descend(time: time, state: state)
    for (level, offset) in zip(levels, offsets) {
      for index in 0..<level.stateCount { derivative[offset + index] = level.motion[index] }
    }
  }

  /// Evaluates all levels from the top, so that every level finds its causes.
  func descend(time: Double, state: Span<Double>) {
    var causes: [Double] = []
    for index in stride(from: levels.count - 1, through: 0, by: -1) {
      let level = levels[index]
      level.evaluate(
        time: time, states: state, from: offsets[index], causes: causes, action: action)
      causes = level.output
    }
  }

  var providesJacobian: Bool { true }

  func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    for index in jacobian.indices { jacobian[index] = 0 }
    descend(time: time, state: state)
    // dv/dX and dv/dt of the causes that reach the level at hand.
    var byState: [[Double]] = []
    var byTime: [Double] = []
    for index in stride(from: levels.count - 1, through: 0, by: -1) {
      let level = levels[index]
      let slopes = level.slopes(time: time)
      func total(_ rows: Int, _ x: [Double], _ v: [Double], _ t: [Double])
        -> (state: [[Double]], time: [Double])
      {
        var result = [[Double]](
          repeating: [Double](repeating: 0, count: dimension), count: rows)
        var rate = t
        for row in 0..<rows {
          for column in 0..<level.stateCount {
            result[row][offsets[index] + column] += x[row * level.stateCount + column]
          }
          for (cause, slope) in byState.enumerated() {
            let gain = v[row * byState.count + cause]
            for column in 0..<dimension { result[row][column] += gain * slope[column] }
            rate[row] += gain * byTime[cause]
          }
        }
        return (result, rate)
      }
      let motion = total(
        level.stateCount, slopes.motionByState, slopes.motionByCause, slopes.motionByTime)
      for row in 0..<level.stateCount {
        for column in 0..<dimension {
          jacobian[(offsets[index] + row) * dimension + column] = motion.state[row][column]
        }
        timeDerivative[offsets[index] + row] = motion.time[row]
      }
      (byState, byTime) = total(
        level.outputCount, slopes.outputByState, slopes.outputByCause, slopes.outputByTime)
    }
  }

  func variableName(_ index: Int) -> String {
    for (position, level) in levels.enumerated() {
      let own = index - offsets[position]
      if own >= 0 && own < level.stateCount {
        return "\(level.description.states.elementNames[own]) (level \(position + 1))"
      }
    }
    return "state \(index)"
  }
}
