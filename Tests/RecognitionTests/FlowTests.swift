import DynamicModels
import Foundation
import ODEEngine
import TensorCore
import TestSupport
import Testing

@testable import Recognition

/// The flow of recognition dynamics at one state, as an array.
func flow(_ dynamics: RecognitionDynamics, _ q: [Double], at time: Double = 0) throws -> [Double] {
  var result = [Double](repeating: .nan, count: q.count)
  var span = result.mutableSpan
  try dynamics.derivative(time: time, state: q.span, into: &span)
  return result
}

/// Puts random data into the dynamics and gives a random state.
func randomState(_ dynamics: RecognitionDynamics, seed: UInt64) -> [Double] {
  var source = RandomSource(seed: seed)
  let model = dynamics.model
  dynamics.observe(
    data: randomVector(model.stateOrder, model.level(1).outputs.count, &source),
    prior: randomVector(model.stateOrder, model.levels.last?.outputs.count ?? 0, &source), at: 0)
  return source.normals(dynamics.dimension).map { 0.4 * $0 }
}

/// `D μ̃ − κ ε̃_uᵀ Π̃ ε̃` from dense blocks.
func denseFlow(_ dynamics: RecognitionDynamics, _ q: [Double]) throws -> [Double] {
  let layout = dynamics.layout
  let blocks = try dynamics.errorBlocks(
    q, data: dynamics.data, prior: dynamics.prior, withJacobian: true)
  var result = [Double](repeating: 0, count: layout.stateUnitCount)
  for own in layout.levels {
    for (range, width) in [(own.states, own.stateCount), (own.causes, own.causeCount)] {
      for index in range where index + width < range.upperBound {
        result[index] += q[index + width]
      }
    }
  }
  for block in blocks {
    guard let jacobian = block.whitenedJacobian else { continue }
    for (row, error) in block.whitened.enumerated() {
      for column in 0..<layout.stateUnitCount {
        result[column] -=
          dynamics.options.gradientGain * jacobian[row, column] * error
      }
    }
  }
  return result
}

@Suite("The flow of the units")
struct FlowTests {
  @Test("equals the dense assembly", .tags(.identity), arguments: SampleModels.all)
  func matchesDense(entry: ModelCase) throws {
    for (gain, seed) in [(1.0, UInt64(1)), (0.3, 2), (1.0, 3)] {
      let dynamics = try RecognitionDynamics(
        model: entry.model, options: RecognitionOptions(gradientGain: gain))
      let q = randomState(dynamics, seed: seed)
      expectClose(try flow(dynamics, q), try denseFlow(dynamics, q), within: .identity)
    }
  }

  @Test("descends the energy of linear models", .tags(.identity), arguments: [UInt64(1), 2, 3])
  func descendsEnergy(seed: UInt64) throws {
    for model in [SampleModels.hierarchy(), SampleModels.linearTwoLevel()] {
      let dynamics = try RecognitionDynamics(model: model)
      let freeEnergy = try FreeEnergy(dynamics)
      let q = randomState(dynamics, seed: seed)
      var expected = [Double](repeating: 0, count: q.count)
      for own in dynamics.layout.levels {
        for (range, width) in [(own.states, own.stateCount), (own.causes, own.causeCount)] {
          for index in range where index + width < range.upperBound {
            expected[index] += q[index + width]
          }
        }
      }
      let h = 1e-4
      for index in q.indices {
        var (up, down) = (q, q)
        up[index] += h
        down[index] -= h
        let slope =
          try
          (freeEnergy.energy(up, data: dynamics.data, prior: dynamics.prior)
          - freeEnergy.energy(down, data: dynamics.data, prior: dynamics.prior)) / (2 * h)
        expected[index] -= slope
      }
      // The energy is quadratic, so central differences err by rounding only.
      expectClose(
        try flow(dynamics, q), expected,
        within: Tolerance("quadratic difference", relative: 1e-8))
    }
  }

  static let jacobianCases = [
    ModelCase("convolution", SampleModels.convolution(outputPrecision: 3, statePrecision: 2)),
    ModelCase("nonlinear", SampleModels.nonlinear()),
    ModelCase("hierarchy", SampleModels.hierarchy()),
    ModelCase(
      "learning", SampleModels.nonlinear(parameterVariance: 0.5), .init(parameterFriction: 0.7)),
    ModelCase(
      "precisions", SampleModels.nonlinear(parameterVariance: 0.5, components: true),
      .init(parameterFriction: 0, precisionGain: 0.6, precisionFriction: 0.2)
    ),
    ModelCase(
      "attention", SampleModels.nonlinear(components: true, stateDependent: true),
      .init(gradientGain: 0.5, precisionFriction: 1)
    ),
    ModelCase(
      "dynamic errors", SampleModels.nonlinear(parameterVariance: 0.5),
      .init(errorUnits: .dynamic(timeConstant: 0.1), parameterFriction: 1)
    ),
    ModelCase(
      "dynamic errors, attention",
      SampleModels.nonlinear(components: true, stateDependent: true),
      .init(errorUnits: .dynamic(timeConstant: 0.5), precisionFriction: 1)
    ),
  ]

  @Test("has the exact Jacobian", .tags(.property), arguments: jacobianCases)
  func jacobian(entry: ModelCase) throws {
    let dynamics = try RecognitionDynamics(model: entry.model, options: entry.options)
    let q = randomState(dynamics, seed: 7)
    let count = q.count
    let time = 0.3
    var matrix = [Double](repeating: .nan, count: count * count)
    var motion = [Double](repeating: .nan, count: count)
    var matrixSpan = matrix.mutableSpan
    var motionSpan = motion.mutableSpan
    try dynamics.jacobian(time: time, state: q.span, into: &matrixSpan, timeDerivative: &motionSpan)
    let h = 1e-5
    var expected = [Double](repeating: 0, count: count * count)
    for column in 0..<count {
      var (up, down) = (q, q)
      up[column] += h
      down[column] -= h
      let (above, below) = (try flow(dynamics, up, at: time), try flow(dynamics, down, at: time))
      for row in 0..<count {
        expected[row * count + column] = (above[row] - below[row]) / (2 * h)
      }
    }
    let difference = Tolerance("central difference", relative: 1e-7)
    expectClose(matrix, expected, within: difference)
    let (later, earlier) = (
      try flow(dynamics, q, at: time + h), try flow(dynamics, q, at: time - h)
    )
    expectClose(motion, zip(later, earlier).map { ($0 - $1) / (2 * h) }, within: difference)
  }
}
