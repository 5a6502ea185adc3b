import DynamicModels
import Foundation
import TensorCore

/// A linear system under white noise, sampled exactly: the world that the Kalman scheme assumes.
///
///     x_{j+1} = A x_j + Φ C v_j + q_j,   A = e^{Jh},   Φ = ∫₀ʰ e^{Js} ds,   q ~ N(0, ∫ e^{Js} W e^{Jᵀs} ds)
///
/// By block exponentials (Van Loan 1978, IEEE Trans Autom Control 23:395), apart from the scheme's own
/// series.
struct WhiteSystem {
  let system: CalibrationModels.Dynamic
  private let transition: Tensor<Double>
  private let response: Tensor<Double>
  private let noise: CholeskyFactor

  init(_ system: CalibrationModels.Dynamic) throws {
    self.system = system
    let n = system.stateCount
    let h = system.time.step
    var first = Tensor<Double>(repeating: 0, shape: .matrix(2 * n, 2 * n))
    var second = first
    for row in 0..<n {
      for column in 0..<n {
        first[row, column] = system.drift[row, column]
        second[row, column] = -system.drift[row, column]
        second[n + row, n + column] = system.drift[column, row]
      }
      first[row, n + row] = 1
      second[row, n + row] = 1 / system.statePrecision
    }
    let (a, b) = (Self.exponential(first, h), Self.exponential(second, h))
    func part(_ matrix: Tensor<Double>, _ row: Int, _ column: Int) -> Tensor<Double> {
      Tensor(rows: (0..<n).map { i in (0..<n).map { matrix[row + i, column + $0] } })
    }
    transition = part(a, 0, 0)
    response = LinearAlgebra.product(part(a, 0, n), system.input)
    // The lower right block is e^{Jᵀh}, the upper right one e^{−Jh} Q.
    let spread = LinearAlgebra.product(LinearAlgebra.transpose(part(b, n, n)), part(b, 0, n))
    noise = try CholeskyFactor(
      Tensor(
        rows: (0..<n).map { i in (0..<n).map { 0.5 * (spread[i, $0] + spread[$0, i]) } }))
  }

  private static func exponential(_ matrix: Tensor<Double>, _ scale: Double) -> Tensor<Double> {
    var engine = MatrixExponential(dimension: matrix.rows)
    var result = matrix
    var span = result.values.mutableSpan
    let isFinite = engine.exponential(of: matrix.values.span, scale: scale, into: &span)
    precondition(isFinite, "the exponential of the system's matrix is not finite")
    return result
  }

  /// States, causes and data of one record, one row per sample.
  func simulate(
    _ source: inout RandomSource
  ) -> (states: Tensor<Double>, causes: Tensor<Double>, data: Tensor<Double>) {
    let (n, m, l) = (system.stateCount, system.input.columns, system.channels)
    let samples = system.time.count
    let start = (system.startPrecision ?? 1).squareRoot()
    var x = source.normals(n).map { $0 / start }
    var states = Tensor<Double>(repeating: 0, shape: .matrix(samples, n))
    var causes = Tensor<Double>(repeating: 0, shape: .matrix(samples, m))
    var data = Tensor<Double>(repeating: 0, shape: .matrix(samples, l))
    for sample in 0..<samples {
      let v = source.normals(m).map { $0 / system.causePrecision.squareRoot() }
      let z = source.normals(l).map { $0 / system.outputPrecision.squareRoot() }
      for entry in 0..<n { states[sample, entry] = x[entry] }
      for entry in 0..<m { causes[sample, entry] = v[entry] }
      for row in 0..<l {
        data[sample, row] = (0..<n).reduce(z[row]) { $0 + system.output[row, $1] * x[$1] }
      }
      let q = source.normals(n)
      x = (0..<n).map { row in
        var next = 0.0
        for column in 0..<n { next += transition[row, column] * x[column] }
        for column in 0..<m { next += response[row, column] * v[column] }
        for column in 0...row { next += noise.lower[row, column] * q[column] }
        return next
      }
    }
    return (states, causes, data)
  }
}
