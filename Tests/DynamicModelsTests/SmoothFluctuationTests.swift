import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DynamicModels

struct SmoothFluctuationTests {
  static func unit(seed: UInt64, smoothness: Double = 0.5) throws -> SmoothFluctuation {
    try SmoothFluctuation(
      precision: .identity(1), smoothness: smoothness, source: RandomSource(seed: seed))
  }

  @Test(.tags(.identity)) func vectorSineAgreesWithTheSystem() {
    var source = RandomSource(seed: 1)
    for _ in 0..<5_000 {
      let angle = SIMD4<Double>(
        source.uniform() * 8 - 4, source.normal() * 1e3, Double(Int(source.normal() * 9)), 0.5)
      let (cosine, sine) = QuarterTurns.cosineAndSine(angle)
      for lane in 0..<4 {
        // Exact reduction first: the angle in quarter turns is what is given.
        let reduced = (angle[lane] - 4 * (angle[lane] / 4).rounded()) * Double.pi / 2
        #expect(abs(cosine[lane] - cos(reduced)) < 1e-15)
        #expect(abs(sine[lane] - sin(reduced)) < 1e-15)
      }
    }
  }

  @Test(.tags(.property)) func derivativesAreThoseOfTheValue() throws {
    let precision = Tensor<Double>(rows: [[4, 1], [1, 3]])
    let process = try SmoothFluctuation(
      precision: precision, smoothness: 0.5, source: RandomSource(seed: 2))
    let step = 1e-4
    for time in [0.0, 0.7, 13.2, 250.1] {
      let center = process.generalized(at: time, orders: 6)
      let before = process.generalized(at: time - step, orders: 6)
      let after = process.generalized(at: time + step, orders: 6)
      for order in 0..<5 {
        for channel in 0..<2 {
          expectClose(
            (after[order, channel] - before[order, channel]) / (2 * step),
            center[order + 1, channel],
            within: Tolerance("derivative", relative: 1e-4, floor: 1e-4 * pow(3, Double(order))))
        }
      }
      var value = [Double](repeating: .nan, count: 2)
      var output = value.mutableSpan
      process.value(at: time, into: &output)
      expectClose(value, Array(center.order(0)), within: Tolerance("identity", relative: 1e-13))
    }
  }

  @Test(.tags(.property)) func autocorrelationOverSeeds() throws {
    let smoothness = 0.5
    let lags = stride(from: 0.0, through: 2.5, by: 0.5).map { $0 }
    let seeds = 1000
    var products = [[Double]](repeating: [], count: lags.count)
    for seed in 0..<seeds {
      let process = try Self.unit(seed: UInt64(seed), smoothness: smoothness)
      let base = process.generalized(at: 3, orders: 1)[0, 0]
      for (index, lag) in lags.enumerated() {
        products[index].append(base * process.generalized(at: 3 + lag, orders: 1)[0, 0])
      }
    }
    let reference = TemporalCovariance(orders: 1, smoothness: smoothness)
    for (index, lag) in lags.enumerated() {
      let (mean, error) = Self.meanAndError(products[index])
      expectClose(
        mean, reference.autocorrelation(at: lag), within: .statistical(4, of: error), "lag \(lag)")
      #expect(error < 0.05)
    }
  }

  @Test(.tags(.property)) func generalizedCovarianceOverSeeds() throws {
    let orders = 4
    let covariance = TemporalCovariance(orders: orders, smoothness: 0.5).covariance
    var products = [[Double]](repeating: [], count: orders * orders)
    for seed in 0..<2000 {
      let process = try Self.unit(seed: UInt64(seed))
      let value = process.generalized(at: 7.3, orders: orders)
      for row in 0..<orders {
        for column in 0..<orders {
          products[row * orders + column].append(value[row, 0] * value[column, 0])
        }
      }
    }
    for (index, entries) in products.enumerated() {
      let (mean, error) = Self.meanAndError(entries)
      expectClose(
        mean, covariance.values[index], within: .statistical(4, of: error), "entry \(index)")
      let (row, column) = (index / orders, index % orders)
      let scale = (covariance[row, row] * covariance[column, column]).squareRoot()
      #expect(error < 0.08 * scale)
    }
  }

  @Test(.tags(.property), arguments: [UInt64(1), 2])
  func oneRealizationLooksLikeItsProcess(seed: UInt64) throws {
    let process = try Self.unit(seed: seed)
    let step = 0.25
    let values = (0..<4096).map {
      process.generalized(at: Double($0) * step, orders: 1)[0, 0]
    }
    func correlation(_ lag: Int) -> Double {
      let count = values.count - lag
      return (0..<count).reduce(0) { $0 + values[$1] * values[$1 + lag] } / Double(count)
    }
    // 1024 time units are some 800 independent stretches.
    expectClose(correlation(0), 1, within: Tolerance("variance", relative: 0.1))
    let reference = TemporalCovariance(orders: 1, smoothness: 0.5)
    for lag in 1...12 {
      let rho = reference.autocorrelation(at: Double(lag) * step)
      #expect(abs(correlation(lag) - rho) < 0.1)
    }
    // Not periodic within the record: no late lag repeats the series.
    for lag in stride(from: 64, to: 3000, by: 11) { #expect(abs(correlation(lag)) < 0.4) }
    let mean = values.reduce(0, +) / Double(values.count)
    let fourth = values.reduce(0) { $0 + pow($1, 4) } / Double(values.count)
    #expect(abs(mean) < 0.1)
    #expect(abs(fourth - 3) < 0.4)
  }

  @Test(.tags(.property)) func channelsHaveTheInverseOfThePrecision() throws {
    let precision = Tensor<Double>(rows: [[4, 1, 0], [1, 3, -1], [0, -1, 2]])
    let expected = try LinearAlgebra.inversePositiveDefinite(precision)
    var products = [[Double]](repeating: [], count: 9)
    for seed in 0..<1000 {
      let process = try SmoothFluctuation(
        precision: precision, smoothness: 1, source: RandomSource(seed: UInt64(seed)),
        termCount: 64)
      let value = process.generalized(at: 2, orders: 1).values
      for index in 0..<9 { products[index].append(value[index / 3] * value[index % 3]) }
      if seed == 0 {
        let covariance = LinearAlgebra.product(
          process.factor, LinearAlgebra.transpose(process.factor))
        expectClose(covariance.values, expected.values)
      }
    }
    for (index, entries) in products.enumerated() {
      let (mean, error) = Self.meanAndError(entries)
      expectClose(mean, expected.values[index], within: .statistical(4, of: error))
    }
  }

  @Test func quietChannelsAreExactlyZero() throws {
    let precision = Tensor<Double>(
      rows: [[4, 0, 0, 1], [0, .infinity, 0, 0], [0, 0, exp(32), 0], [1, 0, 0, 3]])
    let process = try SmoothFluctuation(
      precision: precision, smoothness: 0.5, source: RandomSource(seed: 5))
    for time in [0.0, 1.5, 9] {
      let value = process.generalized(at: time, orders: 3)
      for order in 0..<3 {
        #expect(value[order, 1] == 0)
        #expect(value[order, 2] == 0)
        #expect(value[order, 0] != 0)
        #expect(value[order, 3] != 0)
      }
    }
    #expect(SmoothFluctuation.none(channels: 2).isZero)
    #expect(
      SmoothFluctuation.none(channels: 2).generalized(at: 1, orders: 2).values == [0, 0, 0, 0])
    #expect(throws: LinearAlgebraError.notPositiveDefinite(row: 0, pivot: 0)) {
      try SmoothFluctuation(
        precision: Tensor(rows: [[0]]), smoothness: 1, source: RandomSource(seed: 1))
    }
  }

  @Test func equalSeedsGiveEqualProcesses() throws {
    let first = try Self.unit(seed: 4).generalized(at: 1.25, orders: 5)
    #expect(first == (try Self.unit(seed: 4).generalized(at: 1.25, orders: 5)))
    #expect(first != (try Self.unit(seed: 5).generalized(at: 1.25, orders: 5)))
  }

  static func meanAndError(_ values: [Double]) -> (mean: Double, error: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    return (mean, (variance / count).squareRoot())
  }
}
