internal import DynamicModels
internal import TensorCore

/// Writes smoothed estimates of states, causes and errors into an inversion's record.
///
/// The causes and the predictions of the data are those at the smoothed mean, with the spread that
/// its Jacobian gives them. The error of states at a sample is the mean fluctuation until the next
/// one, per time unit; its weighted error is `Q⁻¹` times the fluctuation's sum.
final class KalmanRecordWriter {
  private let model: HierarchicalDynamicModel
  private let stacked: StackedModel
  private let input: RecognitionInput
  private var mean: [Double]
  private var covariance: [Double]
  private var wide: [Double]
  private var causeSpread: [Double]
  private var outputWide: [Double]
  private var outputSpread: [Double]

  init(_ model: HierarchicalDynamicModel, _ stacked: StackedModel, _ input: RecognitionInput) {
    self.model = model
    self.stacked = stacked
    self.input = input
    let (n, m, l) = (stacked.size, stacked.causeCount, stacked.channels)
    mean = [Double](repeating: 0, count: n)
    covariance = [Double](repeating: 0, count: n * n)
    wide = [Double](repeating: 0, count: m * n)
    causeSpread = [Double](repeating: 0, count: m * m)
    outputWide = [Double](repeating: 0, count: l * n)
    outputSpread = [Double](repeating: 0, count: l * l)
  }

  func write(_ sample: Int, _ smoothed: BackwardPass, into record: inout InversionRecord) {
    let (n, nx, m, l) = (stacked.size, stacked.stateCount, stacked.causeCount, stacked.channels)
    KalmanKernels.load(smoothed.means, sample * n, into: &mean)
    KalmanKernels.load(smoothed.covariances, sample * n * n, into: &covariance)
    stacked.evaluate(mean, prior: input.prior, sample: sample, jacobians: true)
    KalmanKernels.product(stacked.causeJacobian, covariance, into: &wide, m, n, n)
    KalmanKernels.productTransposed(wide, stacked.causeJacobian, into: &causeSpread, m, n, m)
    KalmanKernels.symmetrize(&causeSpread, m)
    KalmanKernels.product(stacked.outputJacobian, covariance, into: &outputWide, l, n, n)
    KalmanKernels.productTransposed(
      outputWide, stacked.outputJacobian, into: &outputSpread, l, n, l)
    KalmanKernels.symmetrize(&outputSpread, l)
    for (index, level) in model.levels.enumerated() {
      var norm = 0.0
      if index < model.depth {
        let x = stacked.stateOffsets[index]
        put(&record.levels[index].states, sample, mean, covariance, x, level.states.count, n)
        for a in 0..<level.states.count {
          let place = sample * nx + x + a
          let weighted = smoothed.weightedFluctuations[place]
          let entry = sample * level.states.count + a
          record.levels[index].states.error.values[entry] =
            smoothed.fluctuations[place] / model.time.step
          record.levels[index].states.weightedError.values[entry] = weighted
          norm += weighted * weighted
        }
      }
      if index == 0 {
        put(&record.levels[0].outputs, sample, stacked.outputs, outputSpread, 0, l, l)
        norm += writeDataErrors(sample, into: &record.levels[0].outputs)
      } else {
        let v = stacked.causeOffsets[index - 1]
        let count = level.outputs.count
        put(&record.levels[index].outputs, sample, stacked.causes, causeSpread, v, count, m)
        for a in 0..<count {
          var weighted = 0.0
          for b in 0..<count {
            weighted += stacked.causePrecision[(v + a) * m + v + b] * mean[nx + v + b]
          }
          record.levels[index].outputs.error.values[sample * count + a] = mean[nx + v + a]
          record.levels[index].outputs.weightedError.values[sample * count + a] = weighted
          norm += weighted * weighted
        }
      }
      record.levels[index].errorNorm[sample] = norm.squareRoot()
    }
  }

  private func put(
    _ population: inout PopulationRecord, _ sample: Int, _ means: [Double], _ spread: [Double],
    _ first: Int, _ count: Int, _ width: Int
  ) {
    for a in 0..<count {
      population.mean.values[sample * count + a] = means[first + a]
      for b in 0..<count {
        let entry = spread[(first + a) * width + first + b]
        population.covariance.values[(sample * count + a) * count + b] = entry
        if a == b {
          population.standardDeviation.values[sample * count + a] = max(0, entry).squareRoot()
        }
      }
    }
  }

  /// The errors of the data that are there; returns the sum of squares of the weighted ones.
  private func writeDataErrors(_ sample: Int, into population: inout PopulationRecord) -> Double {
    let l = stacked.channels
    guard var present = try? PresentData(stacked.dataCovariance, channels: l),
      (try? present.read(input.data.values, sample * l)) != nil
    else { return 0 }
    var norm = 0.0
    for a in 0..<l where present.isPresent[a] {
      var weighted = 0.0
      for b in 0..<l where present.isPresent[b] {
        weighted +=
          present.precision[a * l + b]
          * (input.data.values[sample * l + b] - stacked.outputs[b])
      }
      population.error.values[sample * l + a] =
        input.data.values[sample * l + a] - stacked.outputs[a]
      population.weightedError.values[sample * l + a] = weighted
      norm += weighted * weighted
    }
    return norm
  }
}
