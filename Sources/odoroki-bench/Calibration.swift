import DynamicModels
import Foundation
import Recognition
import TensorCore

/// Whether 90 % posterior intervals hold the truth, over data sets drawn from the model itself.
///
/// Causes, states, parameters and log-precisions are drawn from the priors that the model states, so
/// that a scheme with the exact posterior covers 90 %. Every data set has its own seed.
enum Calibration {
  /// What static and white-noise models are held to, in percent.
  static let target = 80.0...98.0

  private static func count(_ quick: Bool) -> Int { quick ? 10 : 200 }

  private static func stream(_ family: String, _ set: Int) -> RandomSource {
    RandomSource(seed: 1871).split(family).split(set)
  }

  /// All families, the dynamic ones without a target.
  static func all(quick: Bool) throws -> [Finding] {
    let sets = count(quick)
    var findings = try glm(sets).findings("coverage glm", target: target)
    findings += try peb(sets).findings("coverage peb", target: target)
    findings += try kalman(sets).findings("coverage kalman", target: target)
    for scheme in [InversionSettings.Scheme.dem, .filter] {
      findings += try smooth(DynamicCase(scheme: scheme), sets).findings(
        "coverage \(scheme.rawValue)")
    }
    return findings
  }

  // MARK: Static models

  private static func glm(_ sets: Int) throws -> CoverageTally {
    var designs = stream("glm design", 0)
    let design = Tensor(shape: .matrix(16, 2), values: designs.normals(32))
    let model = CalibrationModels.glm(design: design, samples: 16)
    return try hierarchical(model, [design], [CalibrationModels.noise], "glm", sets)
  }

  /// Sixteen subjects in two groups, four measurements of each; four regions share the precisions.
  private static func peb(_ sets: Int) throws -> CoverageTally {
    func indicator(_ rows: Int, _ columns: Int) -> Tensor<Double> {
      Tensor(
        rows: (0..<rows).map { row in
          (0..<columns).map { row / (rows / columns) == $0 ? 1.0 : 0 }
        })
    }
    let (within, across) = (indicator(64, 16), indicator(16, 2))
    let model = CalibrationModels.peb(within: within, across: across, samples: 4)
    return try hierarchical(
      model, [within, across], [CalibrationModels.noise, CalibrationModels.between], "peb", sets)
  }

  private static func hierarchical(
    _ model: HierarchicalDynamicModel, _ designs: [Tensor<Double>],
    _ priors: [(mean: Double, variance: Double)], _ family: String, _ sets: Int
  ) throws -> CoverageTally {
    var settings = InversionSettings(scheme: .dem)
    settings.iterations = 16
    let scheme = DynamicExpectationMaximization(settings: settings)
    let samples = model.time.count
    var tally = CoverageTally()
    for set in 0..<sets {
      var source = stream(family, set)
      let lambda = priors.map { $0.mean + $0.variance.squareRoot() * source.normal() }
      let top = designs[designs.count - 1].columns
      var causes = [Tensor(shape: .matrix(samples, top), values: source.normals(samples * top))]
      // From the top down; the last entry is the data.
      for (index, design) in designs.enumerated().reversed() {
        var next = LinearAlgebra.product(
          causes[causes.count - 1], LinearAlgebra.transpose(design))
        let deviation = exp(-0.5 * lambda[index])
        for place in next.values.indices { next.values[place] += deviation * source.normal() }
        causes.append(next)
      }
      let data = causes.removeLast()
      let record = try scheme.run(model, on: RecognitionInput(data: data, model: model))
      if record.failure != nil {
        tally.failures += 1
        continue
      }
      for (index, truth) in causes.reversed().enumerated() {
        let found = record.levels[index + 1].outputs
        tally.add(
          "causes \(index + 1)", truth: truth.values, mean: found.mean.values,
          deviation: found.standardDeviation.values)
      }
      for (index, found) in record.logPrecisions.enumerated() {
        tally.add(
          "log-precision \(index + 1)", truth: [lambda[index]], mean: found.mean,
          deviation: found.standardDeviation)
      }
    }
    return tally
  }

  // MARK: White noise

  private static func kalman(_ sets: Int) throws -> CoverageTally {
    let world = try WhiteSystem(CalibrationModels.oscillator)
    let model = CalibrationModels.oscillator.model
    var tally = CoverageTally()
    for set in 0..<sets {
      var source = stream("kalman", set)
      let truth = world.simulate(&source)
      let record = try KalmanScheme().run(
        model, on: RecognitionInput(data: truth.data, model: model))
      if record.failure != nil {
        tally.failures += 1
        continue
      }
      count(record, truth.states, truth.causes, &tally)
    }
    return tally
  }

  private static func count(
    _ record: InversionRecord, _ states: Tensor<Double>, _ causes: Tensor<Double>,
    _ tally: inout CoverageTally
  ) {
    for (kind, truth, found) in [
      ("states", states, record.levels[0].states), ("causes", causes, record.levels[1].outputs),
    ] {
      tally.add(
        kind, truth: truth.values, mean: found.mean.values,
        deviation: found.standardDeviation.values)
    }
  }

  // MARK: Smooth noise

  /// One way to look at the convolution model.
  struct DynamicCase {
    var scheme = InversionSettings.Scheme.dem
    var stateOrder = 7
    var causeOrder = 3
    var smoothness = 0.5
    var isKnown = false
    var gain = 1.0
    var samples = 32
    var logPrecision = 8.0
  }

  private static func smooth(_ own: DynamicCase, _ sets: Int) throws -> CoverageTally {
    var system = CalibrationModels.convolution
    system.stateOrder = own.stateOrder
    system.causeOrder = own.causeOrder
    system.smoothness = own.smoothness
    system.time.count = own.samples
    system.outputPrecision = exp(own.logPrecision)
    system.statePrecision = exp(own.logPrecision)
    let spread = system.spread
    if own.isKnown { system.spread = 0 }
    var settings = InversionSettings(scheme: own.scheme)
    settings.gradientGain = own.gain
    var tally = CoverageTally()
    for set in 0..<sets {
      var source = stream("convolution", set)
      let parameter = system.drift[0, 0] + spread * source.normal()
      var world = system
      if own.isKnown { world.drift[0, 0] = parameter }
      let model = world.model
      let truth = try GenerativeProcess(
        system.process(parameter: parameter), seed: source.next()
      ).simulate()
      let input = RecognitionInput(data: truth.data, model: model)
      let record =
        own.scheme == .dem
        ? try DynamicExpectationMaximization(settings: settings).run(model, on: input)
        : try GeneralizedFilter(settings: settings).run(model, on: input)
      if record.failure != nil {
        tally.failures += 1
        continue
      }
      count(record, truth.levels[0].states, truth.levels[1].outputs, &tally)
      if let found = record.parameters.first {
        tally.add(
          "parameter", truth: [parameter], mean: found.mean, deviation: found.standardDeviation)
      }
    }
    return tally
  }

  /// What the coverage of the dynamic model hangs on: one change at a time.
  static func study(quick: Bool) throws -> [Finding] {
    let cases: [(String, DynamicCase)] = [
      ("", DynamicCase()),
      (", known", DynamicCase(isKnown: true)),
      (", n 3", DynamicCase(stateOrder: 3)),
      (", n 5", DynamicCase(stateOrder: 5)),
      (", gain 16", DynamicCase(gain: 16)),
      (", s 2", DynamicCase(smoothness: 2)),
      (", 128 samples", DynamicCase(samples: 128)),
      (", e^2", DynamicCase(logPrecision: 2)),
      (", e^2, 128 samples", DynamicCase(samples: 128, logPrecision: 2)),
      (", e^2, s 1", DynamicCase(smoothness: 1, logPrecision: 2)),
      (", e^2, s 2", DynamicCase(smoothness: 2, logPrecision: 2)),
    ]
    return try [InversionSettings.Scheme.dem, .filter].flatMap { scheme in
      try cases.flatMap { name, own in
        var own = own
        own.scheme = scheme
        return try smooth(own, count(quick)).findings(scheme.rawValue + name)
      }
    }
  }
}
