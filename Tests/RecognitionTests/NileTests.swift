import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import TensorCore
import TestSupport
import Testing

@testable import Recognition

/// The worked example's models against closed forms that share no code with the schemes.
@Suite("The Nile")
struct NileTests {
  /// A linear Gaussian regression: design, prior mean and prior variances.
  struct Regression {
    let design: [[Double]]
    let mean: [Double]
    let variances: [Double]
    let data: [Double]

    init(_ name: String, _ data: [Double]) {
      self.data = data
      let years = (1871...1970).map { Double($0) }
      switch name {
      case "nile-constant": design = years.map { _ in [1] }
      case "nile-step": design = years.map { [1, $0 < 1899 ? 0 : 1] }
      default: design = years.map { [1, ($0 - 1871) / 100] }
      }
      mean = design[0].count == 1 ? [1000] : [1000, 0]
      variances = design[0].count == 1 ? [90000] : [90000, 40000]
    }

    /// The posterior at a known noise precision, and `ln p(y)` from the marginal covariance of y.
    func solve(_ precision: Double) throws -> (
      mean: [Double], covariance: Tensor<Double>, logEvidence: Double
    ) {
      let (n, k) = (data.count, mean.count)
      var marginal = Tensor<Double>(repeating: 0, shape: .matrix(n, n))
      var curvature = Tensor<Double>(repeating: 0, shape: .matrix(k, k))
      var pull = (0..<k).map { mean[$0] / variances[$0] }
      let expected = design.map { row in zip(row, mean).reduce(0.0) { $0 + $1.0 * $1.1 } }
      for i in 0..<n {
        for j in 0..<n {
          for a in 0..<k { marginal[i, j] += design[i][a] * variances[a] * design[j][a] }
        }
        marginal[i, i] += 1 / precision
        for a in 0..<k {
          pull[a] += precision * design[i][a] * data[i]
          for b in 0..<k { curvature[a, b] += precision * design[i][a] * design[i][b] }
        }
      }
      for a in 0..<k { curvature[a, a] += 1 / variances[a] }
      let covariance = try CholeskyFactor(curvature).inverse
      let posterior = LinearAlgebra.product(covariance, Tensor(vector: pull)).values
      let factor = try CholeskyFactor(marginal)
      let error = zip(data, expected).map { $0 - $1 }
      let weighted = factor.solve(Tensor(vector: error)).values
      let square = zip(error, weighted).reduce(0.0) { $0 + $1.0 * $1.1 }
      let constant = Double(n) * log(2 * Double.pi)
      return (posterior, covariance, -0.5 * (square + factor.logDeterminant + constant))
    }

    /// `ln ∫ p(y | λ) N(λ; −9.5, 2.25) dλ` by the trapezium rule, which is exact to rounding for a
    /// smooth integrand that vanishes at both ends.
    func integrated() throws -> Double {
      let (low, high, count) = (-12.0, -7.5, 180)
      let step = (high - low) / Double(count)
      let logs = try (0...count).map { index in
        let lambda = low + step * Double(index)
        let prior = -0.5 * (log(2 * Double.pi * 2.25) + pow(lambda + 9.5, 2) / 2.25)
        return try solve(exp(lambda)).logEvidence + prior
      }
      let top = logs.max() ?? 0
      return top + log(step * logs.reduce(0) { $0 + exp($1 - top) })
    }
  }

  static let regressions = ["nile-constant", "nile-step", "nile-trend"]

  /// The model file, its data, and its inversion by the scheme that it asks for.
  static func run(
    _ name: String, _ overrides: [String] = []
  ) throws -> (data: [Double], record: InversionRecord) {
    let file = try Shipped.load(name, overrides)
    let data = try #require(file.data).samples
    let input = RecognitionInput(
      data: data, prior: file.dataSettings.priorCauses ?? file.model.priorCauses(), delays: [0],
      confounds: nil)
    let record =
      switch file.inversion.scheme {
      case .kalman: try KalmanScheme().run(file.model, on: input)
      case .filter: try GeneralizedFilter(settings: file.inversion).run(file.model, on: input)
      default:
        try DynamicExpectationMaximization(settings: file.inversion).run(file.model, on: input)
      }
    #expect(record.failure == nil)
    return (data.values, record)
  }

  @Test(
    "with known noise has the evidence and the posterior of the closed form", .tags(.identity),
    arguments: regressions)
  func knownNoise(_ name: String) throws {
    let (data, record) = try Self.run(name, ["levels.1.precision.flow=1 / 16300"])
    let exact = try Regression(name, data).solve(1 / 16300.0)
    let tolerance = Tolerance("closed form", relative: 1e-9)
    expectClose([-(try #require(record.totalFreeEnergy))], [exact.logEvidence], within: tolerance)
    // The regularised step stops short of the mode by e^(−λ t) along each direction.
    expectClose(
      record.parameters.filter(isFree).flatMap(\.mean), exact.mean,
      within: Tolerance("regularised step", relative: 1e-5))
    let covariance = record.parameterCovariance
    let places = free(record)
    for (a, row) in places.enumerated() {
      for (b, column) in places.enumerated() {
        expectClose([covariance[row, column]], [exact.covariance[a, b]], within: tolerance)
      }
    }
  }

  private func isFree(_ estimate: EstimateRecord) -> Bool {
    estimate.standardDeviation.contains { $0 > 0 }
  }

  private func free(_ record: InversionRecord) -> [Int] {
    record.parameters.indices.filter { isFree(record.parameters[$0]) }
  }

  @Test(
    "with unknown noise has an F just above the surprise, which never rises",
    arguments: regressions)
  func unknownNoise(_ name: String) throws {
    let (data, record) = try Self.run(name)
    let regression = Regression(name, data)
    let surprise = -(try regression.integrated())
    let total = try #require(record.totalFreeEnergy)
    #expect(total > surprise && total < surprise + 0.03, "\(total) \(surprise)")
    // No pass is taken for better than what can be had: all go down, and none is refused.
    #expect(record.passes.allSatisfy { $0.isAccepted })
    for (next, last) in zip(record.passes.dropFirst(), record.passes) {
      #expect(next.freeEnergy < last.freeEnergy && next.freeEnergy > surprise)
    }
    let precision = exp(try #require(record.logPrecisions.first).mean[0])
    let exact = try regression.solve(precision)
    for (place, estimate) in record.parameters.filter(isFree).enumerated() {
      let deviation = exact.covariance[place, place].squareRoot()
      #expect(abs(estimate.mean[0] - exact.mean[place]) < 0.02 * deviation)
      #expect(abs(estimate.standardDeviation[0] / deviation - 1) < 0.02)
    }
  }

  @Test("finds the step of the literature, beyond doubt against one mean or a trend")
  func step() throws {
    let (data, record) = try Self.run("nile-step")
    let change = try #require(record.parameters.first { $0.name == "change" })
    let before = try #require(record.parameters.first { $0.name == "mean" })
    let means = [data[..<28], data[28...]].map { $0.reduce(0, +) / Double($0.count) }
    #expect(abs(means[0] - 1097.75) < 1e-9 && abs(means[1] - 849.972) < 1e-3)
    #expect(abs(before.mean[0] - means[0]) < before.standardDeviation[0])
    #expect(abs(change.mean[0] - (means[1] - means[0])) < change.standardDeviation[0])
    let total = try #require(record.totalFreeEnergy)
    for (rival, least) in [("nile-constant", 25.0), ("nile-trend", 15.0)] {
      let other = try Self.run(rival).record
      #expect(try #require(other.totalFreeEnergy) - total > least)
    }
    for year in [1897, 1898, 1900, 1901] {
      let other = try Self.run("nile-step", ["levels.1.parameters.first=\(year)"]).record
      #expect(try #require(other.totalFreeEnergy) > total + 1)
    }
  }

  @Test("generalised filtering agrees with expectation maximisation", arguments: regressions)
  func filter(_ name: String) throws {
    let own = try #require(try Self.run(name).record.totalFreeEnergy)
    let other = try Self.run(name, ["inversion.scheme=filter", "inversion.passes=16"]).record
    expectClose(
      [try #require(other.totalFreeEnergy)], [own], within: Tolerance("schemes", relative: 2.5e-4))
  }

  @Test("the level has its published likelihood")
  func level() throws {
    let record = try Self.run("nile-level").record
    // Durbin & Koopman 2012, §2.2 and §7.3, without the first observation's term.
    expectClose(
      [try #require(record.totalFreeEnergy)], [632.5456],
      within: Tolerance("published", relative: 0, floor: 6e-5))
  }
}

/// Equations that are put together from pieces have no curvature and are not affine all the same.
@Suite("Jumps and bends")
struct PiecewiseTests {
  private func level(_ output: String) throws -> Level {
    try ModelLoader.load(
      source: SourceFile(
        name: "pieces.yaml",
        text: """
          title: Pieces
          time: {samples: 4, step: 1}
          levels:
            - parameters: {a: 2, b: {value: 1, priorVariance: 1}}
              output: {y: "\(output)"}
            - output: {v: 3}

          """)
    ).model.level(1)
  }

  @Test(
    "are not affine in what they depend on",
    arguments: [
      ("a * v + b", true, true), ("if(v < 1, 0, b)", true, false), ("abs(v)", true, false),
      ("relu(v - 1)", true, false), ("max(v, b)", true, false), ("sign(v)", true, false),
      ("v * if(a < 1, 0, 1)", true, true), ("v * abs(b)", true, true), ("v^2", false, false),
    ])
  func affine(_ output: String, _ inPieces: Bool, _ isAffine: Bool) throws {
    let level = try level(output)
    let derivatives = LevelDerivatives(
      level, space: try ParameterSpace(priorCovariance: level.parameterPriorCovariance))
    #expect(derivatives.isAffineInPieces == inPieces)
    #expect(derivatives.isAffine == isAffine)
  }
}
