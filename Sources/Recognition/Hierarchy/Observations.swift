internal import DynamicModels
internal import TensorCore

/// The data of an inversion: embedded, with what is missing and the confounds found so far.
final class Observations {
  /// Data with the confounds found so far taken off, `[channels × N]`.
  private(set) var data: Tensor<Double>
  private let prior: Tensor<Double>
  private let confounds: Tensor<Double>
  private let dataEmbedding: TaylorEmbedding
  private let priorEmbedding: TaylorEmbedding
  private let confoundEmbedding: TaylorEmbedding?
  /// The sets of channels that are there together, and which of them every sample has.
  let patterns: [[Int]]
  let patternOfSample: [Int]
  /// How many samples have every pattern.
  let patternCounts: [Int]

  /// ỹ `[n × channels]`, η̃ `[d × causes]` and the confounds' courses `[n × confounds]`.
  private(set) var observed: [Double]
  private(set) var expected: [Double]
  private(set) var courses: [Double]

  init(_ input: RecognitionInput, model: HierarchicalDynamicModel, subSteps: Int) {
    let samples = model.time.count
    data = LinearAlgebra.transpose(input.data)
    prior = LinearAlgebra.transpose(input.prior)
    confounds = LinearAlgebra.transpose(input.confounds)
    let embedding = TaylorEmbedding(
      orders: model.stateOrder, step: model.time.step, sampleCount: max(samples, 1),
      delays: input.delays, subSteps: subSteps, missingIn: samples > 0 ? data : nil)
    dataEmbedding = embedding
    priorEmbedding = TaylorEmbedding(
      orders: model.causeOrder, step: model.time.step, sampleCount: max(samples, 1),
      subSteps: subSteps)
    confoundEmbedding =
      input.confounds.columns == 0
      ? nil
      : TaylorEmbedding(
        orders: model.stateOrder, step: model.time.step, sampleCount: max(samples, 1),
        subSteps: subSteps)
    let channels = input.data.columns
    var patterns: [[Int]] = []
    var counts: [Int] = []
    var places: [Int] = []
    var known: [[Int]: Int] = [:]
    for sample in 0..<samples {
      let present = (0..<channels).filter {
        !embedding.isAbsent(channel: $0, sample: sample + 1)
      }
      let place = known[present] ?? patterns.count
      if place == patterns.count {
        known[present] = place
        patterns.append(present)
        counts.append(0)
      }
      counts[place] += 1
      places.append(place)
    }
    self.patterns = patterns
    patternOfSample = places
    patternCounts = counts
    observed = [Double](repeating: 0, count: model.stateOrder * channels)
    expected = [Double](repeating: 0, count: model.causeOrder * input.prior.columns)
    courses = [Double](repeating: 0, count: model.stateOrder * input.confounds.columns)
  }

  /// η at the first sample.
  var firstPrior: [Double] {
    (0..<prior.rows).map { prior.columns > 0 ? prior[$0, 0] : 0 }
  }

  /// Embeds everything at a sample (from 1) and a part of it.
  func embed(sample: Int, part: Int) {
    Self.fill(&observed, dataEmbedding, data, sample, part)
    Self.fill(&expected, priorEmbedding, prior, sample, part)
    if let confoundEmbedding { Self.fill(&courses, confoundEmbedding, confounds, sample, part) }
  }

  private static func fill(
    _ buffer: inout [Double], _ embedding: TaylorEmbedding, _ source: Tensor<Double>,
    _ sample: Int, _ part: Int
  ) {
    var output = buffer.mutableSpan
    embedding.embed(source, atSample: sample, subStep: part, into: &output)
  }

  /// Takes an increment of the confounds' weights `[confound][channel]` off the data.
  func remove(_ step: [Double], total: inout [Double]) {
    let (channels, samples) = (data.rows, data.columns)
    for confound in 0..<confounds.rows {
      for channel in 0..<channels {
        let weight = step[confound * channels + channel]
        total[confound * channels + channel] += weight
        if weight == 0 { continue }
        for sample in 0..<samples {
          data.values[channel * samples + sample] -=
            weight * confounds.values[confound * samples + sample]
        }
      }
    }
  }
}
