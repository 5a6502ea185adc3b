import CRival
import DynamicModels
import Foundation
import ModelFiles
import ODEEngine
import Recognition
import TensorCore

/// One right-hand side of recognition dynamics, against the same equations by hand in C and against
/// the number of levels.
enum RightHandSide {
  static func lorenz(models: String, quick: Bool) throws -> Finding {
    let file = try ModelLoader.load(path: models + "/lorenz.yaml")
    let dynamics = try RecognitionDynamics(model: file.model)
    let n = file.model.stateOrder
    var source = RandomSource(seed: 1)
    let data = GeneralizedVector(orders: n, channels: 1, values: source.normals(n))
    let prior = GeneralizedVector(orders: n, channels: 1, values: source.normals(n))
    dynamics.observe(data: data, prior: prior, at: 0)
    let q = source.normals(dynamics.dimension)
    var ours = [Double](repeating: 0, count: q.count)
    var theirs = ours

    var rival = rival_lorenz()
    rival.prandtl = 18
    rival.damping = 4
    rival.rayleigh = 46.92
    rival.scale = 32
    rival.output_precision = 1
    rival.state_precision = exp(16)
    rival.cause_precision = exp(16)
    rival.kappa = 1
    let temporal = TemporalCovariance(orders: n, smoothness: file.model.smoothness)
    unsafe withUnsafeMutableBytes(of: &rival.s_inverse) { bytes in
      unsafe bytes.copyBytes(from: temporal.precision.values.withUnsafeBytes { unsafe Data($0) })
    }
    unsafe withUnsafeMutableBytes(of: &rival.data) { bytes in
      unsafe bytes.copyBytes(from: data.values.withUnsafeBytes { unsafe Data($0) })
    }
    unsafe withUnsafeMutableBytes(of: &rival.prior) { bytes in
      unsafe bytes.copyBytes(from: prior.values.withUnsafeBytes { unsafe Data($0) })
    }

    let calls = quick ? 2_000 : 20_000
    let result = Measurement.pair(samples: quick ? 5 : 31, calls: calls) {
      var span = ours.mutableSpan
      try? dynamics.derivative(time: 0.4, state: q.span, into: &span)
    } _: {
      unsafe rival_lorenz_flow(&rival, 0.4, q, &theirs)
    }
    let scale = theirs.reduce(0) { max($0, abs($1)) }
    let deviation = zip(ours, theirs).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
    precondition(deviation < 1e-12, "the two right-hand sides differ by \(deviation)")
    return Finding(
      name: "lorenz right-hand side / C", value: result.ratio, unit: "×", target: "≤ 3",
      isMet: result.ratio <= 3,
      note: String(
        format: "%.0f ns against %.0f ns (medians); outputs differ by %.1e relative",
        result.a.median, result.b.median, deviation))
  }

  /// The cost of a chain of 64 levels over that of 8.
  static func chain(quick: Bool) throws -> Finding {
    func flow(levels: Int) throws -> (RecognitionDynamics, [Double]) {
      let model = ChainModel.make(levels: levels)
      let dynamics = try RecognitionDynamics(model: model)
      var source = RandomSource(seed: 2)
      func vector(_ channels: Int) -> GeneralizedVector {
        GeneralizedVector(
          orders: model.stateOrder, channels: channels,
          values: source.normals(model.stateOrder * channels))
      }
      dynamics.observe(data: vector(1), prior: vector(1), at: 0)
      return (dynamics, source.normals(dynamics.dimension))
    }
    let (long, q64) = try flow(levels: 64)
    let (short, q8) = try flow(levels: 8)
    var out64 = q64
    var out8 = q8
    let result = Measurement.pair(samples: quick ? 5 : 31, calls: quick ? 200 : 2_000) {
      var span = out64.mutableSpan
      try? long.derivative(time: 0.1, state: q64.span, into: &span)
    } _: {
      var span = out8.mutableSpan
      try? short.derivative(time: 0.1, state: q8.span, into: &span)
    }
    return Finding(
      name: "chain, 64 levels / 8 levels", value: result.ratio, unit: "×", target: "≤ 9",
      isMet: result.ratio <= 9,
      note: String(
        format: "%.2f µs against %.2f µs", result.a.median / 1000, result.b.median / 1000))
  }
}
