internal import DynamicModels
internal import Foundation
internal import TensorCore

/// What a pass over the record says at every sample.
struct FilterSamples {
  let layout: UnknownLayout
  let count: Int
  let freeCount: Int
  let slotCount: Int
  /// Where every population's errors start among those of a sample, and how many there are.
  let errorOffsets: [Int]
  let errorCount: Int
  let channels: Int
  /// ũ `[N × n_u]`.
  var unknowns: [Double]
  /// ε and ξ of order zero, and the predictions of the data.
  var errors: [Double]
  var weighted: [Double]
  var predictions: [Double]
  /// Which cells of the data were there.
  var isMissing: [Bool]
  /// Covariances of order zero per level, given φ until `spread(freeCovariance:…)`.
  var states: [Covariances]
  var causes: [Covariances]
  var data: Covariances
  /// Expected energies of the sensory errors and of all others with the priors, and ½ ln |C_u|.
  var sensory: [Double]
  var other: [Double]
  var halfLogCovariance: [Double]
  /// What the data say about φ and λ: all errors, and the sensory ones alone.
  var information: [Double]
  var sensoryInformation: [Double]
  var slotInformation: [Double]
  var sensorySlotInformation: [Double]
  /// F and its decompositions.
  var terms: [FreeEnergyTerms] = []
  private var slopes: [Double]
  private var weightedSlopes: [Double]
  private var scratch: [Double]
  private var contracted: [[Double]]

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

    /// Keeps a block of H_uu⁻¹ and, where there is one, of the response to φ.
    mutating func keep(
      _ sample: Int, first: Int, _ conditional: [Double], _ u: Int, _ response: [Double], _ r: Int
    ) {
      for a in 0..<size {
        for b in 0..<size {
          values[(sample * size + a) * size + b] = conditional[(first + a) * u + first + b]
        }
        for j in 0..<r { gains[(sample * size + a) * r + j] = response[(first + a) * r + j] }
      }
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

  init(_ model: HierarchyErrors, count: Int, slotCount: Int) {
    layout = model.layout
    self.count = count
    freeCount = model.freeCount
    self.slotCount = slotCount
    func zeros(_ width: Int) -> [Double] { [Double](repeating: 0, count: width) }
    var offsets: [Int] = []
    var total = 0
    for group in model.groups {
      offsets.append(total)
      total += group.rows
    }
    errorOffsets = offsets
    errorCount = total
    let sensors = model.groups[model.dataGroup]
    channels = sensors.rows
    unknowns = zeros(count * layout.count)
    errors = zeros(count * total)
    weighted = zeros(count * total)
    predictions = zeros(count * channels)
    isMissing = [Bool](repeating: false, count: count * channels)
    let (r, h) = (freeCount, slotCount)
    states = layout.stateCounts.map { Covariances(samples: count, size: $0, free: r) }
    causes = layout.causeCounts.map { Covariances(samples: count, size: $0, free: r) }
    data = Covariances(samples: count, size: channels, free: r)
    sensory = zeros(count)
    other = zeros(count)
    halfLogCovariance = zeros(count)
    information = zeros(count * r * r)
    sensoryInformation = information
    slotInformation = zeros(count * h * h)
    sensorySlotInformation = slotInformation
    slopes = zeros(sensors.orders * sensors.rows * r)
    weightedSlopes = slopes
    scratch = slopes
    contracted = model.groups.map { zeros($0.columns * $0.columns) }
  }

  /// Keeps what the moments say about sample `sample`, counted from zero.
  mutating func keep(_ sample: Int, _ point: [Double], _ moments: FilterMoments, _ data: [Double]) {
    let u = layout.count
    for index in 0..<u { unknowns[sample * u + index] = point[index] }
    for (number, group) in moments.errors.groups.enumerated() {
      let first = sample * errorCount + errorOffsets[number]
      let gain = group.temporal.precision[0, 0]
      for entry in 0..<group.rows {
        errors[first + entry] = group.errors[entry]
        // The reference weights every error by the diagonal of Π̃ alone.
        weighted[first + entry] =
          moments.isReference
          ? gain * moments.precision.matrices[number][entry * group.rows + entry]
            * group.errors[entry] : group.weighted[entry]
      }
    }
    let sensors = moments.errors.groups[moments.errors.dataGroup]
    for channel in 0..<channels {
      predictions[sample * channels + channel] = data[channel] - sensors.errors[channel]
      isMissing[sample * channels + channel] = moments.precision.missing[channel]
    }
    let r = moments.isReference ? 0 : freeCount
    for level in 0..<layout.depth {
      states[level].keep(
        sample, first: layout.state(level, 0, 0), moments.conditional, u, moments.response, r)
      causes[level].keep(
        sample, first: layout.cause(level, 0, 0), moments.conditional, u, moments.response, r)
    }
    keepPrediction(sample, sensors, moments)
    keepEnergies(sample, moments)
  }

  /// The covariance of the data's prediction, whose derivatives are those of the errors with their
  /// signs turned.
  private mutating func keepPrediction(
    _ sample: Int, _ sensors: ErrorGroup, _ moments: FilterMoments
  ) {
    let (u, r, ny) = (layout.count, freeCount, channels)
    let (c, width) = (sensors.columns, sensors.directions.count)
    let (jacobian, conditional) = (sensors.jacobian, moments.conditional)
    for a in 0..<ny {
      for b in 0...a {
        var total = 0.0
        for p in 0..<c where jacobian[a * c + p] != 0 {
          var sum = 0.0
          for q in 0..<c {
            sum +=
              conditional[sensors.positions[p] * u + sensors.positions[q]]
              * jacobian[b * c + q]
          }
          total += jacobian[a * c + p] * sum
        }
        if moments.isReference {
          // (u, φ) and (φ, φ).
          for i in 0..<width {
            let (left, right) = (
              sensors.byParameter[a * width + i], sensors.byParameter[b * width + i]
            )
            let direction = sensors.directions[i]
            for p in 0..<c {
              total +=
                (jacobian[a * c + p] * right + jacobian[b * c + p] * left)
                * moments.crossCovariance[sensors.positions[p] * r + direction]
            }
            for j in 0..<width {
              total +=
                left * sensors.byParameter[b * width + j]
                * moments.freeCovariance[direction * r + sensors.directions[j]]
            }
          }
        }
        data.values[(sample * ny + a) * ny + b] = total
        data.values[(sample * ny + b) * ny + a] = total
      }
      if moments.isReference { continue }
      for j in 0..<r {
        var gain = 0.0
        for p in 0..<c {
          gain -= jacobian[a * c + p] * moments.response[sensors.positions[p] * r + j]
        }
        data.gains[(sample * ny + a) * r + j] = gain
      }
      for i in 0..<width {
        data.gains[(sample * ny + a) * r + sensors.directions[i]] +=
          sensors.byParameter[a * width + i]
      }
    }
  }

  private mutating func keepEnergies(_ sample: Int, _ moments: FilterMoments) {
    let (r, h) = (freeCount, slotCount)
    var (sensory, other) = (0.0, moments.priorEnergy + moments.prior.normalizer)
    let constant = log(2 * Double.pi)
    for (index, group) in moments.errors.groups.enumerated() {
      group.contract(moments.conditional, into: &contracted[index])
      let energy =
        group.squaredError + InPlace.trace(moments.kernels[index], contracted[index])
        + Double(group.orders * moments.precision.ranks[index]) * constant
        - moments.precision.generalizedLogDeterminant(index)
      if index == moments.errors.dataGroup {
        sensory += 0.5 * energy
      } else {
        other += 0.5 * energy
      }
    }
    if moments.prior.isStated {
      other += 0.5 * InPlace.trace(moments.prior.matrix, moments.conditional)
    }
    self.sensory[sample] = sensory
    self.other[sample] = other
    halfLogCovariance[sample] = 0.5 * moments.logConditional
    if r > 0 && !moments.isReference {
      let sensors = moments.errors.groups[moments.errors.dataGroup]
      sensors.writeConditionalSlopes(moments.response, free: r, into: &slopes)
      ErrorGroup.weigh(
        moments.precision.matrices[moments.errors.dataGroup], sensors.temporal.precision.values,
        orders: sensors.orders, rows: sensors.rows, width: r, slopes, into: &weightedSlopes,
        scratch: &scratch)
      for i in 0..<r {
        for j in 0..<r {
          var sum = 0.0
          for row in 0..<(sensors.orders * sensors.rows) {
            sum += slopes[row * r + i] * weightedSlopes[row * r + j]
          }
          sensoryInformation[(sample * r + i) * r + j] = sum
          information[(sample * r + i) * r + j] = moments.schur[i * r + j]
        }
      }
    }
    let b = r + h
    for i in 0..<h {
      for j in 0..<h {
        slotInformation[(sample * h + i) * h + j] = moments.slowCurvature[(r + i) * b + r + j]
        sensorySlotInformation[(sample * h + i) * h + j] = moments.sensoryInformation[i * h + j]
      }
    }
  }

  /// Spreads the posterior over φ and λ into covariances and energies, and sums up F.
  ///
  /// - Parameters:
  ///   - freeCovariance: C_φ `[r × r]` of the whole record; nil where it is not to be spread.
  ///   - slotCovariance: C_λ `[h × h]`.
  mutating func finish(freeCovariance: [Double]?, slotCovariance: [Double]?) {
    func half(_ values: [Double], _ sample: Int, _ covariance: [Double]) -> Double {
      var total = 0.0
      let first = sample * covariance.count
      for index in covariance.indices { total += values[first + index] * covariance[index] }
      return 0.5 * total
    }
    let r = freeCount
    if let freeCovariance, r > 0 {
      for level in 0..<layout.depth {
        states[level].add(freeCovariance, samples: count, free: r)
        causes[level].add(freeCovariance, samples: count, free: r)
      }
      data.add(freeCovariance, samples: count, free: r)
      for sample in 0..<count {
        let own = half(sensoryInformation, sample, freeCovariance)
        sensory[sample] += own
        other[sample] += half(information, sample, freeCovariance) - own
      }
    }
    if let slotCovariance, slotCount > 0 {
      for sample in 0..<count {
        let own = half(sensorySlotInformation, sample, slotCovariance)
        sensory[sample] += own
        other[sample] += half(slotInformation, sample, slotCovariance) - own
      }
    }
    let constant = 0.5 * Double(layout.count) * (1 + log(2 * Double.pi))
    terms = (0..<count).map { sample in
      let entropy = halfLogCovariance[sample] + constant
      let energy = sensory[sample] + other[sample]
      return FreeEnergyTerms(
        freeEnergy: energy - entropy, energy: energy, entropy: entropy,
        accuracy: -sensory[sample], complexity: other[sample] - entropy)
    }
  }
}
