import DynamicModels
import TensorCore
import Testing

@testable import AttentionBridge

/// What of P9 and P9b has to be as it is.
@Suite struct PositionIdentityTests {
  private func turned(
    _ generator: Tensor<Double>, time: Double, _ values: [Double]
  ) throws -> [Double] {
    let matrix = try #require(LearningSamples.exponential(generator, time: time))
    return LinearAlgebra.product(
      matrix, Tensor(shape: .matrix(values.count, 1), values: values)
    ).values
  }

  @Test func failsWhenTurnedTheOtherWay() throws {
    let here = PositionRotation.code(7, width: 8)
    let generator = PositionRotation(width: 8).generator
    var meter = DeviationMeter()
    meter.compare(try turned(generator, time: 5, here), PositionRotation.code(12, width: 8))
    #expect(meter.value <= 1e-12)
    meter.compare(try turned(generator, time: -5, here), PositionRotation.code(12, width: 8))
    #expect(meter.value > 1e-2)
  }

  @Test func failsWithTheFrequenciesOfAnotherWidth() throws {
    let here = PositionRotation.code(3, width: 8)
    let other = PositionRotation(width: 16)
    let wrong = PositionDerivative(frequencies: Array(other.frequencies.prefix(4)))
    let right = PositionDerivative(frequencies: PositionRotation(width: 8).frequencies)
    let expected = LinearAlgebra.product(
      PositionRotation(width: 8).generator, Tensor(shape: .matrix(8, 1), values: here)
    ).values
    var meter = DeviationMeter()
    meter.compare(right.evaluate(at: 3), expected)
    #expect(meter.value <= 1e-12)
    meter.compare(wrong.evaluate(at: 3), expected)
    #expect(meter.value > 1e-2)
  }

  @Test func shiftIsExactForPolynomialsOfLowDegreeOnly() throws {
    let path = PolynomialPath(coefficients: [0.5, -1, 0.25, 2])
    let start = path.derivatives(at: 0.3), end = path.derivatives(at: 1.1)
    var meter = DeviationMeter()
    meter.compare(try turned(TaylorOperator.shift(orders: 4), time: 0.8, start), end)
    #expect(meter.value <= 1e-12)
    let fewer = try turned(TaylorOperator.shift(orders: 3), time: 0.8, Array(start.prefix(3)))
    meter.compare(fewer, Array(end.prefix(3)))
    #expect(meter.value > 1e-2)
  }

  @Test func polynomialHasItsDerivatives() {
    // 1 + 2t + 3t² at t = 2, its slope 2 + 6t, its curvature 6.
    #expect(PolynomialPath(coefficients: [1, 2, 3]).derivatives(at: 2) == [17, 14, 6])
  }

  @Test func shiftEndsAndRotationDoesNot() {
    var shift = TaylorOperator.shift(orders: 4)
    var rotation = PositionRotation(width: 4).generator
    for _ in 1..<4 {
      shift = LinearAlgebra.product(shift, TaylorOperator.shift(orders: 4))
      rotation = LinearAlgebra.product(rotation, PositionRotation(width: 4).generator)
    }
    #expect(shift.values.allSatisfy { $0 == 0 })
    #expect(abs(rotation[0, 0] - 1) <= 1e-12)
  }

  @Test func failsWithoutAlternatingSigns() {
    let gram = PositionMoments(width: 6, place: 11, orders: 4).covariance
    let kernel = KernelDerivatives(width: 6, orders: 4)
    var meter = DeviationMeter()
    meter.compare(gram.values, kernel.covariance(orders: 4).values)
    #expect(meter.value <= 1e-12)
    let unsigned = (0..<4).flatMap { row in (0..<4).map { kernel.values[row + $0] } }
    meter.compare(gram.values, unsigned)
    #expect(meter.value > 1e-2)
  }

  @Test func kernelIsEvenAndOneAtZero() {
    let values = KernelDerivatives(width: 8, orders: 4).values
    #expect(abs(values[0] - 1) <= 1e-15)
    for order in [1, 3, 5] { #expect(values[order] == 0) }
    #expect(values[2] < 0 && values[4] > 0)
  }

  @Test func determinantIsClosedAtEveryPlace() throws {
    for width in [2, 4] {
      for place in 0...40 {
        let moments = PositionMoments(width: width, place: place, orders: width)
        let found = try LinearAlgebra.logDeterminantPositiveDefinite(moments.covariance)
        #expect(DeviationMeter.distance(found, moments.logDeterminant) <= 1e-11)
      }
    }
  }

  @Test func failsWithADependenceOfOtherFrequencies() {
    let moments = PositionMoments(width: 4, place: 2, orders: 5)
    var meter = DeviationMeter()
    let zero = [Double](repeating: 0, count: 5)
    meter.compare(
      LinearAlgebra.product(moments.covariance, moments.dependence).values, zero)
    #expect(meter.value <= 1e-12)
    var other = moments.dependence
    other.values[2] += 0.1
    meter.compare(LinearAlgebra.product(moments.covariance, other).values, zero)
    #expect(meter.value > 1e-2)
  }

  @Test func gaussianMatchesTwoOrdersOnly() {
    for (orders, agrees) in [(2, true), (3, false)] {
      let moments = PositionMoments(width: 8, place: 0, orders: orders)
      let smooth = TemporalCovariance(orders: orders, smoothness: moments.smoothness)
      var meter = DeviationMeter()
      meter.compare(smooth.covariance.values, moments.covariance.values)
      #expect(agrees ? meter.value <= 1e-12 : meter.value > 1e-2)
    }
  }
}
