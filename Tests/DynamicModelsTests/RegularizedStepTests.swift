import Foundation
import TensorCore
import TestSupport
import Testing

@testable import DynamicModels

struct RegularizedStepTests {
  @Test(.tags(.reference)) func stepsOfTheReference() throws {
    let cases = try Reference.load("spm/units")["spm_dx"].list
    #expect(cases.count == 30)
    for entry in cases {
      let name = try entry["name"].text
      let times = try entry["t"].numbers
      let isRegularized = try entry["t_is_cell"].isTrue
      let length: RegularizedStep.Length =
        switch (isRegularized, times.count) {
        case (false, 1): .time(times[0])
        case (false, _): .times(times)
        case (true, 1): .regularized(times[0])
        case (true, _): .regularizedEach(times)
        }
      let step = try RegularizedStep.step(
        jacobian: try entry["J"].matrix, flow: try entry["f"].numbers, length: length)
      expectClose(
        step, try entry["dx"].numbers, within: .reference(1e-11),
        "\(name), t = \(times)")
    }
  }

  @Test(.tags(.reference)) func determinantsAndInversesOfTheReference() throws {
    let cases = try Reference.load("spm/units")["spm_logdet_inv_pinv"].list
    #expect(cases.count == 13)
    for entry in cases {
      let a = try entry["A"].matrix
      let name = try entry["name"].text
      // Condition numbers of 1.5e10 (8) and 1.8e16 (12) let rounding through; the smallest
      // singular value of the latter is rounding itself, and pinv squares the matrix first.
      let (determinant, inverse, pseudo): (Double, Double, Double) =
        switch (name.contains("hilbert"), a.rows) {
        case (true, 8): (1e-8, 1e-6, 1e-2)
        case (true, _): (.nan, 2e-3, 2e-2)
        default: (1e-13, name == "rank one" ? 2e-2 : 1e-11, 1e-11)
        }
      if name == "hilbert 12" {
        // Its smallest singular value is 1e-16 to a few percent: rounding decides whether the
        // threshold of 1e-16 drops it. Either answer is right.
        let value = try RegularizedStep.logDeterminant(a)
        let stored = try entry["logdet"].number
        #expect(min(abs(value - stored), abs(value - stored + log(1e-16))) < 0.3)
      } else {
        expectClose(
          try RegularizedStep.logDeterminant(a), try entry["logdet"].number,
          within: .reference(determinant), name)
      }
      expectClose(
        RegularizedStep.diagonalLoad(a), try entry["tol"].number,
        within: Tolerance("load", relative: 1e-15, floor: 0), name)
      expectClose(
        try RegularizedStep.inverse(a).values, try entry["inv"].numbers,
        within: .reference(inverse), name)
      expectClose(
        try RegularizedStep.pseudoInverse(a).values, try entry["pinv"].numbers,
        within: .reference(pseudo), name)
    }
  }

  @Test(.tags(.reference)) func exponentialsOfTheReference() throws {
    let cases = try Reference.load("spm/units")["spm_expm"].list
    #expect(cases.count == 4)
    for entry in cases {
      let value = try RegularizedStep.exponential(try entry["J"].matrix)
      expectClose(value.values, try entry["expm"].numbers, within: .reference(1e-12))
    }
  }

  @Test(.tags(.reference)) func basesOfTheReference() throws {
    let cases = try Reference.load("spm/units")["spm_svd"].list
    #expect(cases.count == 5)
    for entry in cases {
      let covariance = try entry["C"].matrix
      for (tolerance, key) in [(0, "U_tol0_DEM_LAP"), (1e-6, "U_default_ADEM")] {
        let basis = try RegularizedStep.reducedBasis(covariance, tolerance: tolerance)
        let expected = try entry[key].matrix
        #expect(basis.shape == expected.shape)
        // Vectors of one eigenvalue may be exchanged or flipped; the space they span may not.
        expectClose(
          LinearAlgebra.product(basis, LinearAlgebra.transpose(basis)).values,
          LinearAlgebra.product(expected, LinearAlgebra.transpose(expected)).values)
      }
      let basis = try RegularizedStep.reducedBasis(covariance)
      let reduced = LinearAlgebra.product(
        LinearAlgebra.transpose(basis), LinearAlgebra.product(covariance, basis))
      let stored = try entry["reduced"].matrix
      expectClose(
        (0..<reduced.rows).map { reduced[$0, $0] }, (0..<stored.rows).map { stored[$0, $0] },
        within: Tolerance("reference", relative: 1e-12, floor: 0).elementwise)
    }
  }

  @Test(.tags(.identity)) func halfStepsOfALinearFlowCompose() throws {
    var source = RandomSource(seed: 12)
    let jacobian = Tensor(shape: .matrix(4, 4), values: source.normals(16))
    let flow = source.normals(4)
    let whole = try RegularizedStep.step(jacobian: jacobian, flow: flow, length: .time(1))
    let half = try RegularizedStep.step(jacobian: jacobian, flow: flow, length: .time(0.5))
    let moved = zip(flow, LinearAlgebra.product(jacobian, Tensor(vector: half)).values).map(+)
    let rest = try RegularizedStep.step(jacobian: jacobian, flow: moved, length: .time(0.5))
    expectClose(zip(half, rest).map(+), whole)
  }

  @Test func emptyAndBrokenSystems() throws {
    let empty = Tensor<Double>(repeating: 0, shape: .matrix(0, 0))
    #expect(try RegularizedStep.step(jacobian: empty, flow: [], length: .time(1)).isEmpty)
    #expect(throws: LinearAlgebraError.notFinite(row: 0, column: 1)) {
      try RegularizedStep.step(
        jacobian: Tensor(rows: [[0, .nan], [0, 0]]), flow: [1, 1], length: .time(1))
    }
  }
}
