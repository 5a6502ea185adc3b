import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Kalman filter and smoother")
struct KalmanTests {
  private func system() throws -> LinearSystem {
    try LinearSystem(
      drift: Tensor(rows: [[-0.3, 1], [-0.7, -0.2]]),
      diffusion: Tensor(rows: [[0.4, 0.1], [0.1, 0.3]]), step: 0.5,
      output: Tensor(rows: [[1, 0.5], [0, 1], [0.3, -0.4]]),
      outputNoise: Tensor(rows: [[0.5, 0.1, 0], [0.1, 0.4, 0], [0, 0, 0.8]]),
      initialMean: Tensor(vector: [0.4, -0.1]),
      initialCovariance: Tensor(rows: [[0.6, 0.2], [0.2, 0.9]]))
  }

  @Test("an Ornstein–Uhlenbeck process is discretised exactly")
  func discretization() throws {
    let one = Tensor<Double>(rows: [[1]])
    let system = try LinearSystem(
      drift: Tensor(rows: [[-0.7]]), diffusion: Tensor(rows: [[0.3]]), step: 1.3, output: one,
      outputNoise: one, initialMean: Tensor(vector: [0]), initialCovariance: one)
    expectClose(system.transition.values, [exp(-0.7 * 1.3)])
    expectClose(system.processNoise.values, [0.3 * (1 - exp(-2 * 0.7 * 1.3)) / 1.4])
  }

  @Test("smoothed states and evidence equal the joint Gaussian", arguments: [0, 1, 2])
  func joint(missing: Int) throws {
    let system = try system()
    let (samples, n, channels) = (9, 2, 3)
    var source = RandomSource(seed: UInt64(missing) + 7)
    var data = Tensor(shape: .matrix(samples, channels), values: source.normals(samples * channels))
    if missing > 0 { data[2, 1] = .nan }
    if missing > 1 { for channel in 0..<channels { data[5, channel] = .nan } }
    let drive = Tensor(shape: .matrix(samples, n), values: source.normals(samples * n))
    let result = try KalmanFilter(system).run(data: data, drive: drive)

    // The joint density of all states, then of the data given by them.
    var mean = [Double](repeating: 0, count: samples * n)
    var joint = Tensor<Double>(repeating: 0, shape: .matrix(samples * n, samples * n))
    var (m, p) = (system.initialMean, system.initialCovariance)
    for j in 0..<samples {
      if j > 0 {
        m = LinearAlgebra.product(system.transition, m)
        for a in 0..<n { m.values[a] += drive[j - 1, a] }
        p = LinearAlgebra.product(
          LinearAlgebra.product(system.transition, p), LinearAlgebra.transpose(system.transition))
        for index in p.values.indices { p.values[index] += system.processNoise.values[index] }
      }
      for a in 0..<n { mean[j * n + a] = m.values[a] }
      var ahead = p
      for k in j..<samples {
        if k > j { ahead = LinearAlgebra.product(system.transition, ahead) }
        for a in 0..<n {
          for b in 0..<n {
            joint[k * n + a, j * n + b] = ahead[a, b]
            joint[j * n + b, k * n + a] = ahead[a, b]
          }
        }
      }
    }
    let cells = (0..<(samples * channels)).filter { !data.values[$0].isNaN }
    var design = Tensor<Double>(repeating: 0, shape: .matrix(cells.count, samples * n))
    var noise = Tensor<Double>(repeating: 0, shape: .matrix(cells.count, cells.count))
    for (row, cell) in cells.enumerated() {
      let (sample, channel) = (cell / channels, cell % channels)
      for a in 0..<n { design[row, sample * n + a] = system.output[channel, a] }
      for (column, other) in cells.enumerated() where other / channels == sample {
        noise[row, column] = system.outputNoise[channel, other % channels]
      }
    }
    let cross = LinearAlgebra.product(design, joint)
    var spread = LinearAlgebra.product(cross, LinearAlgebra.transpose(design))
    for index in spread.values.indices { spread.values[index] += noise.values[index] }
    let factor = try CholeskyFactor(spread)
    let expected = LinearAlgebra.product(design, Tensor(vector: mean)).values
    let residual = Tensor(
      vector: cells.indices.map { data.values[cells[$0]] - expected[$0] })
    let solved = factor.solve(residual)
    let square = zip(solved.values, residual.values).reduce(0) { $0 + $1.0 * $1.1 }
    let evidence =
      -0.5 * (square + factor.logDeterminant + Double(cells.count) * log(2 * Double.pi))
    expectClose(result.logEvidence, evidence, within: .reference(1e-10))
    let shift = LinearAlgebra.transposedProduct(cross, solved).values
    expectClose(
      result.means.flatMap(\.values), zip(mean, shift).map { $0 + $1 }, within: .reference(1e-10))
    let shrink = LinearAlgebra.transposedProduct(cross, factor.solve(cross))
    for j in 0..<samples {
      let own = (0..<(n * n)).map { index in
        let (a, b) = (j * n + index / n, j * n + index % n)
        return joint[a, b] - shrink[a, b]
      }
      expectClose(result.covariances[j].values, own, within: .reference(1e-10))
    }
  }
}
