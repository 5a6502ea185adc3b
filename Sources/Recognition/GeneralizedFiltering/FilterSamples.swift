internal import DynamicModels
internal import Foundation
internal import TensorCore

/// What a pass over the record says at every sample.
struct FilterSamples {
  let layout: ErrorLayout
  let count: Int
  let freeCount: Int
  let slotCount: Int
  /// ũ `[N × n_u]`.
  var unknowns: [Double]
  /// ε and ξ of order zero, and the predictions of the data.
  var outputErrors: [Double]
  var stateErrors: [Double]
  var weightedOutputs: [Double]
  var weightedStates: [Double]
  var predictions: [Double]
  /// Which cells of the data were there.
  var isMissing: [Bool]
  /// Covariances of order zero, given φ until `spread(freeCovariance:…)`.
  var states: Covariances
  var causes: Covariances
  var data: Covariances
  /// Expected energies of the sensory errors and of all others with the priors, and ½ ln |C_u|.
  var sensory: [Double]
  var other: [Double]
  var halfLogCovariance: [Double]
  /// What the data say about φ and λ: all errors, and the sensory ones alone.
  var information: [[Double]]
  var sensoryInformation: [[Double]]
  var slotInformation: [[Double]]
  var sensorySlotInformation: [[Double]]
  /// F and its decompositions.
  var terms: [FreeEnergyTerms] = []

  /// Covariances of one population over samples, and how its estimate moves with φ.
  struct Covariances {
    let size: Int
    var values: [Double]
    var gains: [Double]

    init(samples: Int, size: Int, free: Int) {
      self.size = size
      values = [Double](repeating: 0, count: samples * size * size)
      gains = [Double](repeating: 0, count: samples * size * free)
    }

    /// Adds `K C_φ Kᵀ` at every sample.
    mutating func add(_ covariance: [Double], samples: Int, free: Int) {
      if free == 0 || size == 0 { return }
      for sample in 0..<samples {
        for a in 0..<size {
          for b in 0..<size {
            var total = 0.0
            for i in 0..<free {
              let left = gains[(sample * size + a) * free + i]
              if left == 0 { continue }
              for j in 0..<free {
                total +=
                  left * covariance[i * free + j] * gains[(sample * size + b) * free + j]
              }
            }
            values[(sample * size + a) * size + b] += total
          }
        }
      }
    }
  }

  init(layout: ErrorLayout, count: Int, slotCount: Int) {
    self.layout = layout
    self.count = count
    freeCount = layout.freeCount
    self.slotCount = slotCount
    func zeros(_ width: Int) -> [Double] { [Double](repeating: 0, count: count * width) }
    unknowns = zeros(layout.unknownCount)
    outputErrors = zeros(layout.outputCount)
    stateErrors = zeros(layout.stateCount)
    weightedOutputs = zeros(layout.outputCount)
    weightedStates = zeros(layout.stateCount)
    predictions = zeros(layout.dataCount)
    isMissing = [Bool](repeating: false, count: count * layout.dataCount)
    let r = layout.freeCount
    states = Covariances(samples: count, size: layout.stateCount, free: r)
    causes = Covariances(samples: count, size: layout.causeCount, free: r)
    data = Covariances(samples: count, size: layout.dataCount, free: r)
    sensory = zeros(1)
    other = zeros(1)
    halfLogCovariance = zeros(1)
    information = [[Double]](repeating: [], count: r > 0 ? count : 0)
    sensoryInformation = information
    slotInformation = [[Double]](repeating: [], count: slotCount > 0 ? count : 0)
    sensorySlotInformation = slotInformation
  }

  /// Keeps what the moments say about sample `sample`, counted from zero.
  mutating func keep(_ sample: Int, _ point: [Double], _ moments: FilterMoments) {
    let u = layout.unknownCount
    let (nr, nx) = (layout.outputCount, layout.stateCount)
    for index in 0..<u { unknowns[sample * u + index] = point[index] }
    for index in 0..<nr {
      outputErrors[sample * nr + index] = moments.errors.errors[index]
      weightedOutputs[sample * nr + index] = moments.weightedErrors[index]
    }
    for index in 0..<nx {
      let row = layout.stateErrors + index
      stateErrors[sample * nx + index] = moments.errors.errors[row]
      weightedStates[sample * nx + index] = moments.weightedErrors[row]
    }
    if moments.isReference {
      // The reference weights every error by the diagonal of Π̃ alone.
      for (block, precision) in zip(
        moments.precision.kernel.blocks, moments.precision.matrices)
      {
        for entry in 0..<block.count {
          let place = block.index(0, entry)
          let value =
            block.temporal.precision[0, 0] * precision[entry, entry]
            * moments.errors.errors[place]
          if block.isOutput {
            weightedOutputs[sample * nr + place] = value
          } else {
            weightedStates[sample * nx + place - layout.stateErrors] = value
          }
        }
      }
    }
    for (channel, value) in moments.errors.predictedData(point).enumerated() {
      predictions[sample * layout.dataCount + channel] = value
      isMissing[sample * layout.dataCount + channel] = moments.precision.missing[channel]
    }
    keepCovariances(sample, moments)
    keepEnergies(sample, moments)
  }

  private mutating func keepCovariances(_ sample: Int, _ moments: FilterMoments) {
    let (u, r) = (layout.unknownCount, freeCount)
    let q = u + r
    let (nx, nv, ny) = (layout.stateCount, layout.causeCount, layout.dataCount)
    let (jacobian, conditional, response) = (
      moments.jacobian, moments.conditional, moments.response
    )
    let covariance = moments.covariance
    func keep(_ target: inout Covariances, _ first: Int) {
      let size = target.size
      for a in 0..<size {
        for b in 0..<size {
          target.values[(sample * size + a) * size + b] =
            conditional[(first + a) * u + first + b]
        }
        if moments.isReference { continue }
        for j in 0..<r {
          target.gains[(sample * size + a) * r + j] = response[(first + a) * r + j]
        }
      }
    }
    keep(&states, 0)
    keep(&causes, layout.causes)
    // The prediction's derivative is the data error's with its sign turned, at order zero.
    let places = Array(0..<nx) + (0..<nv).map { layout.causes + $0 }
    let wide = moments.isReference ? places + (0..<r).map { u + $0 } : places
    for a in 0..<ny {
      for b in 0...a {
        var total = 0.0
        for i in wide {
          let left = jacobian[a * q + i]
          if left == 0 { continue }
          for j in wide {
            let entry =
              moments.isReference
              ? covariance[i * q + j] : conditional[i * u + j]
            total += left * entry * jacobian[b * q + j]
          }
        }
        data.values[(sample * ny + a) * ny + b] = total
        data.values[(sample * ny + b) * ny + a] = total
      }
      if moments.isReference { continue }
      for j in 0..<r {
        var gain = jacobian[a * q + u + j]
        for i in places { gain -= jacobian[a * q + i] * response[i * r + j] }
        data.gains[(sample * ny + a) * r + j] = gain
      }
    }
  }

  private mutating func keepEnergies(_ sample: Int, _ moments: FilterMoments) {
    let (u, r) = (layout.unknownCount, freeCount)
    let q = u + r
    var (sensory, other) = (0.0, moments.priorEnergy + moments.prior.normalizer)
    let (jacobian, conditional, response) = (
      moments.jacobian, moments.conditional, moments.response
    )
    let (weighted, errors) = (moments.weighted, moments.errors.errors)
    let weightedErrors = moments.weightedErrors
    var own = [Double](repeating: 0, count: r * r)
    var lefts = [Double](repeating: 0, count: r)
    var rights = lefts
    for row in 0..<layout.errorCount {
      let isSensory = row < layout.stateErrors && row % layout.outputCount < layout.dataCount
      var total = errors[row] * weightedErrors[row]
      for column in 0..<u {
        let slope = jacobian[row * q + column]
        if slope == 0 { continue }
        var sum = 0.0
        for index in 0..<u {
          sum += weighted[row * q + index] * conditional[index * u + column]
        }
        total += slope * sum
      }
      if isSensory { sensory += 0.5 * total } else { other += 0.5 * total }
      if !isSensory || moments.isReference { continue }
      for i in 0..<r {
        var (left, right) = (
          jacobian[row * q + u + i], weighted[row * q + u + i]
        )
        for index in 0..<u {
          left -= jacobian[row * q + index] * response[index * r + i]
          right -= weighted[row * q + index] * response[index * r + i]
        }
        lefts[i] = left
        rights[i] = right
      }
      for i in 0..<r { for j in 0..<r { own[i * r + j] += lefts[i] * rights[j] } }
    }
    if moments.prior.isStated {
      other += 0.5 * InPlace.trace(moments.prior.matrix, moments.conditional)
    }
    let constant = log(2 * Double.pi)
    for index in moments.precision.kernel.blocks.indices {
      let normalizer =
        0.5
        * (Double(layout.stateOrder * moments.precision.ranks[index]) * constant
          - moments.precision.generalizedLogDeterminant(index))
      if index == moments.precision.sensory { sensory += normalizer } else { other += normalizer }
    }
    self.sensory[sample] = sensory
    self.other[sample] = other
    halfLogCovariance[sample] = 0.5 * moments.logConditional
    if r > 0 && !moments.isReference {
      information[sample] = moments.schur
      sensoryInformation[sample] = own
    }
    if slotCount > 0 {
      let b = r + slotCount
      slotInformation[sample] = (0..<(slotCount * slotCount)).map {
        moments.slowCurvature[(r + $0 / slotCount) * b + r + $0 % slotCount]
      }
      sensorySlotInformation[sample] = moments.sensoryInformation
    }
  }

  /// Spreads the posterior over φ and λ into covariances and energies, and sums up F.
  ///
  /// - Parameters:
  ///   - freeCovariance: C_φ `[r × r]` of the whole record; nil where it is not to be spread.
  ///   - slotCovariance: C_λ `[h × h]`.
  mutating func finish(freeCovariance: [Double]?, slotCovariance: [Double]?) {
    let r = freeCount
    if let freeCovariance, r > 0 {
      states.add(freeCovariance, samples: count, free: r)
      causes.add(freeCovariance, samples: count, free: r)
      data.add(freeCovariance, samples: count, free: r)
      for sample in 0..<count {
        let own = 0.5 * InPlace.trace(sensoryInformation[sample], freeCovariance)
        sensory[sample] += own
        other[sample] += 0.5 * InPlace.trace(information[sample], freeCovariance) - own
      }
    }
    if let slotCovariance, slotCount > 0 {
      for sample in 0..<count {
        let own = 0.5 * InPlace.trace(sensorySlotInformation[sample], slotCovariance)
        sensory[sample] += own
        other[sample] += 0.5 * InPlace.trace(slotInformation[sample], slotCovariance) - own
      }
    }
    let constant = 0.5 * Double(layout.unknownCount) * (1 + log(2 * Double.pi))
    terms = (0..<count).map { sample in
      let entropy = halfLogCovariance[sample] + constant
      let energy = sensory[sample] + other[sample]
      return FreeEnergyTerms(
        freeEnergy: energy - entropy, energy: energy, entropy: entropy,
        accuracy: -sensory[sample], complexity: other[sample] - entropy)
    }
  }
}
