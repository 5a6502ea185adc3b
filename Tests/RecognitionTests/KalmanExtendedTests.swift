import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("The Kalman scheme on nonlinear models, and what it refuses")
struct KalmanExtendedTests {
  /// `ẋ = −½ x + ½ sin x − ε x³ + w` seen as `y = x + ε x² + z`, or the linear model for ε = nil.
  private func scalar(_ bend: Double?, count: Int = 40) -> HierarchicalDynamicModel {
    var level = SampleModels.level(
      states: 1, causes: 0, outputs: 1, outputPrecision: SampleModels.isotropic(10, 1),
      statePrecision: SampleModels.isotropic(4, 1), initialStates: [0.5]
    ) { builder, x, _, _ in
      let decay = builder.binary(.multiply, builder.constant(-0.5), x)
      guard let bend else { return (decay, x) }
      let square = builder.binary(.multiply, x, x)
      let cube = builder.binary(.multiply, square, x)
      let weak = builder.constant(bend)
      return (
        builder.binary(.subtract, decay, builder.binary(.multiply, weak, cube)),
        builder.binary(.add, x, builder.binary(.multiply, weak, square))
      )
    }
    level.statePriorPrecision = .diagonal([2])
    return HierarchicalDynamicModel(
      levels: [level, SampleModels.prior("v", [], precision: 1)], stateOrder: 1, causeOrder: 1,
      smoothness: 0, time: SampleTimes(count: count, step: 0.5))
  }

  private func walk(_ count: Int, seed: UInt64, bend: Double) -> Tensor<Double> {
    var source = RandomSource(seed: seed)
    var x = 0.5
    var values: [Double] = []
    for _ in 0..<count {
      values.append(x + bend * x * x + source.normals(1)[0] * 0.1.squareRoot())
      for draw in source.normals(20) {
        x += 0.025 * (-0.5 * x - bend * x * x * x) + draw * (0.025 / 4).squareRoot()
      }
    }
    return Tensor(shape: .matrix(count, 1), values: values)
  }

  @Test("without its nonlinearity the extended filter is the linear one")
  func vanishing() throws {
    let data = walk(40, seed: 2, bend: 0)
    let linear = try KalmanScheme().run(
      scalar(nil), on: RecognitionInput(data: data, model: scalar(nil)))
    // ε is tiny but not zero, so that the extended path runs.
    let model = scalar(1e-14)
    let bent = try KalmanScheme().run(model, on: RecognitionInput(data: data, model: model))
    #expect(bent.freeEnergy[0].surprise == nil)
    expectClose(
      bent.levels[0].states.mean.values, linear.levels[0].states.mean.values,
      within: .reference(1e-11))
    expectClose(
      try #require(bent.totalFreeEnergy), try #require(linear.totalFreeEnergy),
      within: .reference(1e-11))
  }

  /// The exact filter and smoother on a grid: Euler's density over Δ/20, applied 20 times.
  private func grid(
    _ data: Tensor<Double>, bend: Double
  ) -> (means: [Double], spreads: [Double], logEvidence: Double) {
    let (points, low, high) = (301, -3.5, 3.5)
    let cell = (high - low) / Double(points - 1)
    let places = (0..<points).map { low + Double($0) * cell }
    func density(_ x: Double, _ mean: Double, _ variance: Double) -> Double {
      let distance = x - mean
      return exp(-0.5 * distance * distance / variance) / (2 * Double.pi * variance).squareRoot()
    }
    let part = 0.025
    var kernel = Tensor<Double>(repeating: 0, shape: .matrix(points, points))
    for (column, x) in places.enumerated() {
      let mean = x + part * (-0.5 * x - bend * x * x * x)
      for (row, to) in places.enumerated() {
        kernel.values[row * points + column] = density(to, mean, part / 4) * cell
      }
    }
    var whole = Tensor<Double>.identity(points)
    for _ in 0..<20 { whole = LinearAlgebra.product(kernel, whole) }
    var current = places.map { density($0, 0.5, 0.5) * cell }
    var forward: [[Double]] = []
    var logEvidence = 0.0
    func likelihood(_ sample: Int) -> [Double] {
      places.map { density(data.values[sample], $0 + bend * $0 * $0, 0.1) }
    }
    for sample in 0..<data.rows {
      if sample > 0 { current = LinearAlgebra.product(whole, Tensor(vector: current)).values }
      current = zip(current, likelihood(sample)).map { $0 * $1 }
      let total = current.reduce(0, +)
      logEvidence += log(total)
      current = current.map { $0 / total }
      forward.append(current)
    }
    var backward = [Double](repeating: 1, count: points)
    var (means, spreads) = (
      [Double](repeating: 0, count: data.rows), [Double](repeating: 0, count: data.rows)
    )
    for sample in stride(from: data.rows - 1, through: 0, by: -1) {
      let both = zip(forward[sample], backward).map { $0 * $1 }
      let total = both.reduce(0, +)
      let mean = zip(both, places).reduce(0.0) { $0 + $1.0 * $1.1 } / total
      let second = zip(both, places).reduce(0.0) { $0 + $1.0 * $1.1 * $1.1 } / total
      means[sample] = mean
      spreads[sample] = (second - mean * mean).squareRoot()
      let seen = zip(backward, likelihood(sample)).map { $0 * $1 }
      backward = LinearAlgebra.transposedProduct(whole, Tensor(vector: seen)).values
      let largest = backward.max() ?? 1
      backward = backward.map { $0 / largest }
    }
    return (means, spreads, logEvidence)
  }

  @Test("a mildly nonlinear model comes near the exact smoother on a grid", arguments: [0.0, 0.05])
  func nearExact(bend: Double) throws {
    let model = scalar(bend == 0 ? nil : bend)
    let data = walk(40, seed: 4, bend: bend)
    let record = try KalmanScheme().run(model, on: RecognitionInput(data: data, model: model))
    let exact = grid(data, bend: bend)
    // Euler's density over Δ/20 is off by about 1 %; the extended filter adds its own part.
    let slack = bend == 0 ? 0.02 : 0.06
    for sample in 0..<40 {
      let difference = record.levels[0].states.mean[sample, 0] - exact.means[sample]
      #expect(abs(difference) < slack * exact.spreads[sample] + 0.003, "sample \(sample + 1)")
      let ratio = record.levels[0].states.standardDeviation[sample, 0] / exact.spreads[sample]
      #expect(abs(ratio - 1) < slack, "sample \(sample + 1)")
    }
    let total = try #require(record.totalFreeEnergy)
    #expect(abs(total + exact.logEvidence) < (bend == 0 ? 0.1 : 0.3))
  }

  @Test("a sample that is far off is fitted by several linearisations")
  func iterated() throws {
    let model = scalar(0.4, count: 1)
    let data = Tensor<Double>(shape: .matrix(1, 1), values: [4])
    func mean(_ updates: Int) throws -> Double {
      let record = try KalmanScheme(options: KalmanScheme.Options(updates: updates)).run(
        model, on: RecognitionInput(data: data, model: model))
      return record.levels[0].states.mean[0, 0]
    }
    func slope(_ x: Double) -> Double {
      2 * (x - 0.5) - 10 * (4 - x - 0.4 * x * x) * (1 + 0.8 * x)
    }
    // The mode of the posterior density has no slope.
    #expect(abs(slope(try mean(20))) < 1e-4)
    #expect(abs(slope(try mean(1))) > 1)
  }

  @Test("what the scheme has no answer for is refused")
  func refusals() throws {
    func expect(
      _ what: UnsupportedModel, delays: [Double] = [0], confounds: Int = 0,
      _ change: (inout HierarchicalDynamicModel) -> Void = { _ in }
    ) {
      var model = SampleModels.linearTwoLevel()
      change(&model)
      let data = Tensor<Double>(repeating: 0, shape: .matrix(8, 2))
      let input = RecognitionInput(
        data: data, model: model, delays: delays,
        confounds: Tensor(repeating: 1, shape: .matrix(8, confounds)))
      #expect(throws: RecognitionError.unsupported(scheme: .kalman, what)) {
        try KalmanScheme().run(model, on: input)
      }
    }
    expect(.delays, delays: [0, 0.5])
    expect(.confounds, confounds: 1)
    expect(.flatPrecision) { $0.levels[1].outputPrecision = SampleModels.isotropic(0, 1) }
    expect(.flatPrecision) { $0.levels[2].outputPrecision = SampleModels.isotropic(-1, 1) }
    expect(.stateDependentPrecision) { $0.levels[0].statePrecision.isStateDependent = true }
    expect(.logPrecisions) {
      $0.levels[0].outputPrecision.components = [
        PrecisionComponent(name: "y", matrix: .identity(2), priorMean: 0, priorVariance: 1)
      ]
    }
    let unknown = SampleModels.nonlinear(parameterVariance: 1)
    #expect(throws: RecognitionError.unsupported(scheme: .kalman, .parameters)) {
      try KalmanScheme().run(
        unknown,
        on: RecognitionInput(data: Tensor(repeating: 0, shape: .matrix(12, 2)), model: unknown))
    }
  }

  @Test("a fixed log-precision counts as part of the precision")
  func fixedComponent() throws {
    var split = SampleModels.linearTwoLevel()
    split.levels[0].outputPrecision = PrecisionModel(
      fixed: .diagonal([1, 1]),
      components: [
        PrecisionComponent(name: "y", matrix: .identity(2), priorMean: log(3), priorVariance: 0)
      ])
    var source = RandomSource(seed: 3)
    let data = Tensor(shape: .matrix(8, 2), values: source.normals(16))
    let whole = SampleModels.linearTwoLevel()
    let one = try KalmanScheme().run(split, on: RecognitionInput(data: data, model: split))
    let other = try KalmanScheme().run(whole, on: RecognitionInput(data: data, model: whole))
    expectClose(
      try #require(one.totalFreeEnergy), try #require(other.totalFreeEnergy),
      within: .reference(1e-12))
  }

  @Test("a state that nothing determines is named")
  func undetermined() throws {
    let level = SampleModels.level(
      states: 2, causes: 0, outputs: 1, names: ("x", "v", "y"),
      outputPrecision: SampleModels.isotropic(1, 1), statePrecision: SampleModels.isotropic(1, 2)
    ) { builder, x, _, _ in
      (builder.zeros(.vector(2)), SampleModels.apply(Tensor(rows: [[1, 0]]), x, &builder))
    }
    let model = HierarchicalDynamicModel(
      levels: [level, SampleModels.prior("v", [], precision: 1)], stateOrder: 1, causeOrder: 1,
      smoothness: 0, time: SampleTimes(count: 5, step: 1))
    let data = Tensor<Double>(repeating: 0.3, shape: .matrix(5, 1))
    let record = try KalmanScheme().run(model, on: RecognitionInput(data: data, model: model))
    #expect(record.failure == .improperPosterior(sample: 5, unit: "x[2]"))
    #expect(record.completed == 0 && record.freeEnergy.isEmpty)
  }

  @Test("a filter that diverges says where, and keeps the samples before")
  func divergence() throws {
    // ẋ = x³ leaves the finite numbers within a few samples without data to hold it.
    var level = SampleModels.level(
      states: 1, causes: 0, outputs: 1, outputPrecision: SampleModels.isotropic(1, 1),
      statePrecision: SampleModels.isotropic(1, 1), initialStates: [0.4]
    ) { builder, x, _, _ in
      let square = builder.binary(.multiply, x, x)
      return (builder.binary(.multiply, square, x), x)
    }
    level.statePriorPrecision = .diagonal([1])
    let model = HierarchicalDynamicModel(
      levels: [level, SampleModels.prior("v", [], precision: 1)], stateOrder: 1, causeOrder: 1,
      smoothness: 0, time: SampleTimes(count: 12, step: 1))
    var data = Tensor<Double>(repeating: .nan, shape: .matrix(12, 1))
    data[0, 0] = 0.5
    let record = try KalmanScheme().run(model, on: RecognitionInput(data: data, model: model))
    guard case .divergence(1, let sample, "x[1]") = record.failure else {
      Issue.record("\(String(describing: record.failure))")
      return
    }
    #expect(record.completed == sample - 1 && record.completed >= 2)
    #expect(record.freeEnergy.count == record.completed)
    #expect(record.levels[0].states.mean[sample - 2, 0].isFinite)
    #expect(record.levels[0].states.mean[sample - 1, 0].isNaN)
  }

  /// Eight states: a chain of damped oscillators that one noisy cause drives.
  private func chain(
    count: Int, step: Double, pairs: Int = 4
  ) -> (HierarchicalDynamicModel, Tensor<Double>, Tensor<Double>) {
    let n = 2 * pairs
    var drift = Tensor<Double>(repeating: 0, shape: .matrix(n, n))
    for pair in 0..<pairs {
      let a = 2 * pair
      drift[a, a] = -0.2
      drift[a, a + 1] = 1 + 0.3 * Double(pair)
      drift[a + 1, a] = -drift[a, a + 1]
      drift[a + 1, a + 1] = -0.2
      if pair > 0 { drift[a, a - 1] = 0.4 }
    }
    var output = Tensor<Double>(repeating: 0, shape: .matrix(pairs, n))
    for pair in 0..<pairs { output[pair, 2 * pair] = 1 }
    let level = SampleModels.level(
      states: n, causes: 1, outputs: pairs, outputPrecision: SampleModels.isotropic(25, pairs),
      statePrecision: SampleModels.isotropic(50, n)
    ) { builder, x, v, _ in
      let input = Tensor<Double>(rows: (0..<n).map { [$0 == 0 ? 1 : 0] })
      return (
        builder.binary(
          .add, SampleModels.apply(drift, x, &builder), SampleModels.apply(input, v, &builder)),
        SampleModels.apply(output, x, &builder)
      )
    }
    let model = HierarchicalDynamicModel(
      levels: [level, SampleModels.prior("v", [0], precision: 4)], stateOrder: 1, causeOrder: 1,
      smoothness: 0, time: SampleTimes(count: count, step: step))
    return (model, drift, output)
  }

  /// Draws states, causes and data of the chain from the densities that the scheme assumes.
  private func simulate(
    _ drift: Tensor<Double>, _ output: Tensor<Double>, count: Int, step: Double, seed: UInt64
  ) throws -> (states: [[Double]], causes: [Double], data: Tensor<Double>) {
    let n = drift.rows
    let joint = JointGaussian(
      drift: drift, input: Tensor(repeating: 0, shape: .matrix(n, 1)), constant: [],
      diffusion: .diagonal([Double](repeating: 1.0 / 50, count: n)),
      causesByState: Tensor(repeating: 0, shape: .matrix(1, n)), causeOffset: [],
      causeCovariance: [], output: output, direct: output, outputVariance: [], start: [],
      startPrecision: [], step: step)
    let (a, phi, q) = try joint.discretization()
    let root = try CholeskyFactor(q).lower
    var source = RandomSource(seed: seed)
    var x = source.normals(n)
    var (states, causes, values): ([[Double]], [Double], [Double]) = ([], [], [])
    for _ in 0..<count {
      let cause = source.normals(1)[0] * 0.5
      states.append(x)
      causes.append(cause)
      let clean = LinearAlgebra.product(output, Tensor(vector: x)).values
      values += zip(clean, source.normals(output.rows)).map { $0 + 0.2 * $1 }
      let moved = LinearAlgebra.product(a, Tensor(vector: x)).values
      let noise = LinearAlgebra.product(root, Tensor(vector: source.normals(n))).values
      x = (0..<n).map { moved[$0] + phi[$0, 0] * cause + noise[$0] }
    }
    return (states, causes, Tensor(shape: .matrix(count, output.rows), values: values))
  }

  @Test("eight states: 90 % intervals hold states and causes in 90 % of 200 data sets, seed 100 …")
  func coverage() throws {
    let (model, drift, output) = chain(count: 20, step: 0.5)
    var (inside, total) = (0, 0)
    var (causesInside, causesTotal) = (0, 0)
    for seed in 0..<200 {
      let truth = try simulate(drift, output, count: 20, step: 0.5, seed: UInt64(100 + seed))
      let record = try KalmanScheme().run(
        model, on: RecognitionInput(data: truth.data, model: model))
      try #require(record.failure == nil)
      for sample in 0..<20 {
        for a in 0..<8 {
          let error = record.levels[0].states.mean[sample, a] - truth.states[sample][a]
          total += 1
          if abs(error) < 1.6449 * record.levels[0].states.standardDeviation[sample, a] {
            inside += 1
          }
        }
        causesTotal += 1
        let error = record.levels[1].outputs.mean[sample, 0] - truth.causes[sample]
        if abs(error) < 1.6449 * record.levels[1].outputs.standardDeviation[sample, 0] {
          causesInside += 1
        }
      }
    }
    #expect(abs(Double(inside) / Double(total) - 0.9) < 0.02)
    #expect(abs(Double(causesInside) / Double(causesTotal) - 0.9) < 0.02)
  }

  /// Seconds that this thread has worked, whatever else the machine does.
  private func threadTime() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  @Test("the time grows with the number of samples, not faster")
  func linearTime() throws {
    func seconds(_ count: Int) throws -> Double {
      let (model, drift, output) = chain(count: count, step: 0.1, pairs: 2)
      let data = try simulate(drift, output, count: count, step: 0.1, seed: 1).data
      let input = RecognitionInput(data: data, model: model)
      var best = Double.infinity
      for _ in 0..<5 {
        let session = try KalmanSession(model, input, KalmanScheme.Options())
        let start = threadTime()
        _ = try session.step(shouldStop: nil)
        best = min(best, threadTime() - start)
      }
      return best
    }
    let (short, long) = (try seconds(1000), try seconds(8000))
    print("Kalman scheme, 4 states, 1000 samples: \(short * 1e3) ms; 8000: \(long * 1e3) ms")
    #expect(long < 16 * short)
  }
}
