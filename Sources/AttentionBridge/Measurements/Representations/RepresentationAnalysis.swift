package import TensorCore
internal import Transformers

/// Everything that is measured on the material, each number beside its controls.
package struct RepresentationAnalysis: Sendable {
  /// A number with what it is after each shift.
  package struct Measured: Sendable {
    /// The number; NaN where there is none because a side does not vary.
    package var value: Double
    /// The same after each circular shift.
    package var controls: [Double]
    /// Where an effect would lie among the controls.
    package var tail = Null.Tail.upper

    /// Whether there is a number, and one after every shift.
    package var isDefined: Bool { value.isFinite && controls.allSatisfy(\.isFinite) }

    /// The share of controls, the number itself counted in, that lie as far out.
    package var p: Double { Null.probability(controls, value: value, tail: tail) }

    /// The value below which 97.5 % of the controls lie, as `Null.shuffled` has it.
    package var upper: Double { MeasurementStatistics.quantile(controls, 0.975) }

    /// The value above which 97.5 % of the controls lie.
    package var lower: Double { MeasurementStatistics.quantile(controls, 0.025) }
  }

  /// One measure of likeness, layers by levels.
  package struct Likeness: Sendable {
    /// `[layers][levels]`, the untrained block last where there is one.
    package var values: [[Double]]
    /// Per level, the largest over the trained layers, beside the largest after each shift.
    package var best: [Measured]
  }

  /// The shifts.
  package let shifts: CircularShifts
  /// Surprisal against F, then against ‖ξ‖ of every level.
  package var surprisal: [Measured] = []
  /// The entropy of attention against ‖ξ‖ of level 1.
  package var entropy: Measured?
  /// Linear CKA.
  package var alignment: Likeness
  /// Correlation of dissimilarities.
  package var similarity: Likeness
  /// 2-vs-2 accuracy from every layer, the untrained block last where there is one.
  package var accuracy: [Measured] = []
  /// The same from the units that the responses were made of.
  package var ceiling: Measured?
  /// The same from the last layer with its samples in random order, one value only.
  package var shuffled: Double
  /// The penalties that were chosen for the last layer, as shares of the power of a feature.
  package var penalties: [Double] = []

  /// Measures everything.
  ///
  /// - Parameters:
  ///   - material: both sides.
  ///   - count: the number of shifts.
  ///   - source: the random numbers of shifts and of the shuffled control.
  ///   - proceed: told the share that is done; may end the analysis.
  /// - Throws: `BridgeError.linearAlgebra`, or what `proceed` throws.
  package init(
    _ material: RepresentationMaterial, shifts count: Int, from source: RandomSource,
    proceed: (Double) throws(BridgeError) -> Void = { _ in }
  ) throws(BridgeError) {
    let samples = material.count
    // Three turns of the fast center take about as long.
    let shifts = CircularShifts(
      count: count, samples: samples, minimum: min(32, samples / 4), from: source.split("shifts"))
    self.shifts = shifts
    if let traces = material.traces {
      surprisal = ([traces.freeEnergy] + traces.errorNorms).map {
        Self.correlation($0, traces.surprisals, shifts)
      }
      entropy = traces.errorNorms.first.map {
        Self.correlation(traces.attentionEntropy, $0, shifts)
      }
    }
    let rows = material.layers + (material.untrained.map { [$0] } ?? [])
    alignment = Self.alignment(rows, material, shifts)
    similarity = Self.similarity(rows, material, shifts)
    try proceed(0.1)

    let gram = CrossValidatedEncoder.gram(material.responses)
    var sets = rows.map(\.values)
    if let units = material.sourceUnits { sets.append(units) }
    for (index, features) in sets.enumerated() {
      let encoder = try Self.encoder(features)
      let outcome = encoder.encode(gram: gram)
      if index == material.layers.count - 1 { penalties = outcome.shares }
      var measured = Measured(value: outcome.accuracy.share, controls: [])
      for (number, shift) in shifts.shifts.enumerated() {
        measured.controls.append(encoder.encode(gram: gram, shift: shift).accuracy.share)
        if number % 8 == 7 {
          let done = Double(index) + Double(number) / Double(shifts.shifts.count)
          try proceed(0.1 + 0.85 * done / Double(sets.count))
        }
      }
      if index < rows.count { accuracy.append(measured) } else { ceiling = measured }
    }
    let last = material.layers[material.layers.count - 1].values
    var orderSource = source.split("order")
    shuffled = try Self.encoder(last.picking(orderSource.permutation(samples)))
      .encode(gram: gram).accuracy.share
    try proceed(1)
  }

  private static func encoder(
    _ features: Tensor<Double>
  ) throws(BridgeError) -> CrossValidatedEncoder {
    do { return try CrossValidatedEncoder(features) } catch { throw .linearAlgebra(error) }
  }

  private static func correlation(
    _ a: [Double], _ b: [Double], _ shifts: CircularShifts
  ) -> Measured {
    Measured(
      value: SampleCorrelation.pearson(a, b) ?? .nan,
      controls: shifts.shifts.map {
        SampleCorrelation.pearson(a, CircularShifts.rotated(b, by: $0)) ?? .nan
      }, tail: .both)
  }

  private static func alignment(
    _ rows: [NamedFeatures], _ material: RepresentationMaterial, _ shifts: CircularShifts
  ) -> Likeness {
    let layers = rows.map { CenteredKernelAlignment.Side($0.values) }
    let levels = material.levels.map { CenteredKernelAlignment.Side($0.values) }
    return likeness(rows.count, levels.count, trained: material.layers.count, shifts) {
      CenteredKernelAlignment.linear(layers[$0], $2 == 0 ? levels[$1] : levels[$1].rotated(by: $2))
    }
  }

  private static func similarity(
    _ rows: [NamedFeatures], _ material: RepresentationMaterial, _ shifts: CircularShifts
  ) -> Likeness {
    let layers = rows.map { RepresentationalSimilarity($0.values) }
    let levels = material.levels.map { RepresentationalSimilarity($0.values) }
    return likeness(rows.count, levels.count, trained: material.layers.count, shifts) {
      layers[$0].correlation(with: levels[$1], shift: $2)
    }
  }

  private static func likeness(
    _ layers: Int, _ levels: Int, trained: Int, _ shifts: CircularShifts,
    _ measure: (_ layer: Int, _ level: Int, _ shift: Int) -> Double?
  ) -> Likeness {
    let values = (0..<layers).map { layer in
      (0..<levels).map { measure(layer, $0, 0) ?? .nan }
    }
    let best = (0..<levels).map { level in
      Measured(
        value: MeasurementStatistics.largest((0..<trained).map { values[$0][level] }),
        controls: shifts.shifts.map { shift in
          MeasurementStatistics.largest(
            (0..<trained).map { measure($0, level, shift) ?? .nan })
        })
    }
    return Likeness(values: values, best: best)
  }
}
