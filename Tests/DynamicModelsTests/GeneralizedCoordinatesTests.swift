import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DynamicModels

struct GeneralizedVectorTests {
  @Test func shiftMovesOrdersDown() {
    let vector = GeneralizedVector(orders: 3, channels: 2, values: [1, 2, 3, 4, 5, 6])
    #expect(vector.shifted.values == [3, 4, 5, 6, 0, 0])
    #expect(vector[1, 1] == 4)
    #expect(Array(vector.order(2)) == [5, 6])
    #expect(GeneralizedVector(orders: 1, channels: 2, values: [1, 2]).shifted.values == [0, 0])
    #expect(GeneralizedVector(orders: 0, channels: 2).shifted.values.isEmpty)
  }

  @Test(.tags(.identity), arguments: [-0.5, 0.25, 1.0])
  func advanceIsTheTaylorOperator(time: Double) {
    var source = RandomSource(seed: 1)
    let vector = GeneralizedVector(orders: 6, channels: 3, values: source.normals(18))
    let matrix = LinearAlgebra.kronecker(
      TaylorOperator.matrix(orders: 6, time: time), .identity(3))
    expectClose(
      vector.advanced(by: time).values,
      LinearAlgebra.product(matrix, Tensor(vector: vector.values)).values)
    expectClose(vector.advanced(by: time).advanced(by: -time).values, vector.values)
    let shift = LinearAlgebra.kronecker(TaylorOperator.shift(orders: 6), .identity(3))
    #expect(
      LinearAlgebra.product(shift, Tensor(vector: vector.values)).values == vector.shifted.values)
  }

  @Test func advanceCarriesAPolynomial() {
    // x(t) = t³ at t = 2 has the coordinates 8, 12, 12, 6.
    let vector = GeneralizedVector(orders: 4, channels: 1, values: [8, 12, 12, 6])
    #expect(vector.advanced(by: 1).values == [27, 27, 18, 6])
  }

  @Test(.tags(.reference)) func taylorOperatorReproducesTheReference() throws {
    let cases = try Reference.load("spm/units")["spm_DEM_T"].list
    #expect(cases.count == 6)
    for entry in cases {
      let matrix = TaylorOperator.matrix(
        orders: try entry["n"].integer, time: try entry["dt"].number)
      expectClose(matrix.values, try entry["T"].matrix.values, within: .identity)
    }
  }
}

struct TemporalCovarianceTests {
  @Test func statedExample() {
    let covariance = TemporalCovariance(orders: 3, smoothness: 0.5)
    expectClose(covariance.covariance.values, [1, 0, -2, 0, 2, 0, -2, 0, 12])
  }

  @Test(.tags(.reference)) func referenceMatricesAreReproduced() throws {
    let cases = try Reference.load("spm/units")["spm_DEM_R"].list
    // The reference also knows another form, '1/f', which has no place in mathematics §2.
    let gaussian = try cases.filter { try $0["form"].text == "Gaussian" }
    #expect(gaussian.count == 48)
    for entry in gaussian {
      let n = try entry["n"].integer
      let s = try entry["s"].number
      let covariance = TemporalCovariance(orders: n, smoothness: s)
      // The reference inverts V numerically; entries of one order are compared on their scale.
      let comment = "n = \(n), s = \(s)"
      let deviations = (0..<n).map { covariance.covariance[$0, $0].squareRoot() }
      func scaled(_ matrix: Tensor<Double>, by exponent: Double) -> [Double] {
        matrix.values.enumerated().map {
          $1 * pow(deviations[$0 / n] * deviations[$0 % n], exponent)
        }
      }
      expectClose(
        scaled(covariance.covariance, by: -1), scaled(try entry["V"].matrix, by: -1),
        within: .identity, comment)
      expectClose(
        scaled(covariance.precision, by: 1), scaled(try entry["R"].matrix, by: 1),
        within: .reference(1e-10), comment)
    }
  }

  @Test(.tags(.identity), arguments: 0...8, [0, 0.125, 0.5, 1, 2.0])
  func closedFormsAgreeWithEachOther(orders: Int, smoothness: Double) throws {
    let c = TemporalCovariance(orders: orders, smoothness: smoothness)
    let identity = Tensor<Double>.identity(orders).values
    let factored = LinearAlgebra.product(c.factor, LinearAlgebra.transpose(c.factor))
    let relative = zip(factored.values, c.covariance.values).map { $1 == 0 ? 1 + $0 : $0 / $1 }
    expectClose(relative, [Double](repeating: 1, count: relative.count))
    // Scaled by the deviations so that the identities are tested on unit variances.
    let deviations = (0..<orders).map { c.covariance[$0, $0].squareRoot() }
    var unit = c.covariance
    var inverse = c.precision
    for row in 0..<orders {
      for column in 0..<orders {
        unit[row, column] /= deviations[row] * deviations[column]
        inverse[row, column] *= deviations[row] * deviations[column]
      }
    }
    expectClose(
      LinearAlgebra.product(unit, inverse).values, identity,
      within: Tolerance("identity", relative: 1e-11))
    if orders > 0 {
      let numeric =
        try CholeskyFactor(unit).logDeterminant
        + 2 * deviations.reduce(0) { $0 + log($1) }
      expectClose(c.logDeterminant, numeric)
    }
  }

  @Test(.tags(.identity)) func generalizedPrecisionHasItsDeterminant() throws {
    let c = TemporalCovariance(orders: 4, smoothness: 0.5)
    let precision = Tensor<Double>(rows: [[4, 1], [1, 3]])
    let generalized = c.generalizedPrecision(precision)
    let expected = try CholeskyFactor(generalized).logDeterminant
    let part = try CholeskyFactor(precision).logDeterminant
    expectClose(c.generalizedLogDeterminant(part, channels: 2), expected)
  }
}

struct TaylorEmbeddingTests {
  @Test(.tags(.reference)) func referenceCasesAreReproduced() throws {
    let stored = try Reference.load("spm/units")["spm_DEM_embed"]
    let data = try stored["Y"].matrix
    let cases = try stored["cases"].list
    #expect(cases.count == 145)
    for entry in cases {
      let embedding = TaylorEmbedding(
        orders: try entry["n"].integer, step: try entry["dt"].number, sampleCount: data.columns,
        delays: try entry["d"].numbers)
      let time = try entry["t"].number
      let expected = LinearAlgebra.transpose(
        try entry["y_rows_are_channels_columns_are_orders"].matrix)
      expectClose(
        embedding.embed(data, atTime: time).values, expected.values, within: .reference,
        "n = \(embedding.orders), t = \(time)")
      let sample = time / embedding.step
      if sample == sample.rounded(), sample >= 1, sample <= Double(data.columns) {
        expectClose(
          embedding.embed(data, atSample: Int(sample)).values, expected.values,
          within: .reference, "prepared, n = \(embedding.orders), t = \(time)")
      }
    }
  }

  @Test(.tags(.identity), arguments: 1...8)
  func polynomialsAreEmbeddedExactly(orders: Int) {
    let step = 0.5
    let count = 40
    // (t − 10)^(n−1) over its factorial, with all derivatives.
    func derivative(_ order: Int, _ t: Double) -> Double {
      let power = orders - 1 - order
      return pow(t - 10, Double(power)) / tgamma(Double(power) + 1)
    }
    let data = Tensor(
      rows: [(1...count).map { derivative(0, Double($0) * step) }])
    let embedding = TaylorEmbedding(orders: orders, step: step, sampleCount: count, subSteps: 4)
    for (sample, part) in [(18, 0), (20, 1), (22, 3)] {
      let t = (Double(sample) + Double(part) / 4) * step
      let expected = (0..<orders).map { derivative($0, t) }
      let value = embedding.embed(data, atSample: sample, subStep: part)
      expectClose(value.values, expected, within: Tolerance("embedding", relative: 1e-10))
      #expect(value == embedding.embed(data, atTime: t))
    }
  }

  @Test(.tags(.identity), arguments: 1...9, [1.0, 2.75, 3.0, 4.5, -1.0])
  func operatorInvertsTheTaylorMatrix(orders: Int, place: Double) {
    let step = 0.25
    var taylor = Tensor<Double>(repeating: 0, shape: .matrix(orders, orders))
    for row in 0..<orders {
      var entry = 1.0
      for column in 0..<orders {
        if column > 0 { entry *= (Double(row + 1) - place) * step / Double(column) }
        taylor[row, column] = entry
      }
    }
    let inverse = Tensor(
      shape: .matrix(orders, orders),
      values: TaylorEmbedding.inverse(orders: orders, step: step, place: place))
    // T E = I; entries of T stay moderate, those of E grow with the order.
    expectClose(
      LinearAlgebra.product(taylor, inverse).values, Tensor<Double>.identity(orders).values,
      within: Tolerance("identity", relative: 1e-9))
  }

  @Test func missingValuesStayInTheirChannel() {
    var source = RandomSource(seed: 4)
    var data = Tensor(shape: .matrix(3, 20), values: source.normals(60))
    let embedding = TaylorEmbedding(orders: 5, step: 1, sampleCount: 20)
    let clean = embedding.embed(data, atSample: 10)
    data[1, 9] = .nan
    let spoiled = embedding.embed(data, atSample: 10)
    for order in 0..<5 {
      #expect(spoiled[order, 0] == clean[order, 0])
      #expect(spoiled[order, 1].isNaN)
      #expect(spoiled[order, 2] == clean[order, 2])
    }
    // Outside the window the missing value is not seen.
    #expect(embedding.embed(data, atSample: 16).values.allSatisfy { $0.isFinite })
  }
}
