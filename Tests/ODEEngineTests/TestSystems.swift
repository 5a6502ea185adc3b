import Foundation
import ODEEngine

/// A system given by closures.
struct FunctionSystem: ODESystem {
  typealias Derivative = (Double, Span<Double>, inout MutableSpan<Double>) throws(ODEError) -> Void
  typealias Jacobian =
    (Double, Span<Double>, inout MutableSpan<Double>, inout MutableSpan<Double>) -> Void

  var dimension: Int
  var function: Derivative
  var matrix: Jacobian?
  var explicitTimeOrder = 0
  var partials: ((Double, Span<Double>, inout MutableSpan<Double>) -> Void)?
  var isLinear = false

  var providesJacobian: Bool { matrix != nil }

  func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    try function(time, state, &derivative)
  }

  func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    matrix?(time, state, &jacobian, &timeDerivative)
  }

  func timeDerivatives(
    time: Double, state: Span<Double>, into derivatives: inout MutableSpan<Double>
  ) throws(ODEError) {
    partials?(time, state, &derivatives)
  }

  func variableName(_ index: Int) -> String { "x[\(index + 1)]" }
}

extension FunctionSystem {
  /// u̇ = −2tu², v̇ = ωv cos ωt + u − 1/(1+t²) + γ(v − e^{sin ωt}) from (1, 1), with the solution
  /// u = 1/(1+t²), v = e^{sin ωt}; γ > 0 makes errors grow but not the solution.
  static func driven(frequency w: Double = 1, growth: Double = 0) -> FunctionSystem {
    FunctionSystem(
      dimension: 2,
      function: { t, q, f in
        f[0] = -2 * t * q[0] * q[0]
        f[1] =
          w * q[1] * cos(w * t) + q[0] - 1 / (1 + t * t)
          + growth * (q[1] - exp(sin(w * t)))
      },
      matrix: { t, q, j, partial in
        j[0] = -4 * t * q[0]
        j[1] = 0
        j[2] = 1
        j[3] = w * cos(w * t) + growth
        partial[0] = -2 * q[0] * q[0]
        partial[1] =
          -w * w * q[1] * sin(w * t) + 2 * t / ((1 + t * t) * (1 + t * t))
          - growth * w * cos(w * t) * exp(sin(w * t))
      })
  }

  static func drivenSolution(_ t: Double, frequency w: Double = 1) -> [Double] {
    [1 / (1 + t * t), exp(sin(w * t))]
  }

  /// ẍ = −x as a system that is not declared linear.
  static var oscillator: FunctionSystem {
    FunctionSystem(
      dimension: 2,
      function: { _, q, f in
        f[0] = q[1]
        f[1] = -q[0]
      },
      matrix: { _, _, j, partial in
        j[0] = 0
        j[1] = 1
        j[2] = -1
        j[3] = 0
        partial[0] = 0
        partial[1] = 0
      })
  }

  /// The Lorenz attractor with σ = 10, ρ = 28, β = 8/3.
  static var lorenz: FunctionSystem {
    FunctionSystem(
      dimension: 3,
      function: { _, q, f in
        f[0] = 10 * (q[1] - q[0])
        f[1] = q[0] * (28 - q[2]) - q[1]
        f[2] = q[0] * q[1] - 8 / 3 * q[2]
      },
      matrix: { _, q, j, partial in
        j[0] = -10
        j[1] = 10
        j[2] = 0
        j[3] = 28 - q[2]
        j[4] = -1
        j[5] = -q[0]
        j[6] = q[1]
        j[7] = q[0]
        j[8] = -8.0 / 3
        for index in 0..<3 { partial[index] = 0 }
      })
  }

  /// Robertson's chemical kinetics.
  static var robertson: FunctionSystem {
    FunctionSystem(
      dimension: 3,
      function: { _, q, f in
        let r1 = 0.04 * q[0]
        let r2 = 1e4 * q[1] * q[2]
        let r3 = 3e7 * q[1] * q[1]
        f[0] = -r1 + r2
        f[1] = r1 - r2 - r3
        f[2] = r3
      },
      matrix: { _, q, j, partial in
        j[0] = -0.04
        j[1] = 1e4 * q[2]
        j[2] = 1e4 * q[1]
        j[3] = 0.04
        j[4] = -1e4 * q[2] - 6e7 * q[1]
        j[5] = -1e4 * q[1]
        j[6] = 0
        j[7] = 6e7 * q[1]
        j[8] = 0
        for index in 0..<3 { partial[index] = 0 }
      })
  }

  /// Prothero–Robinson: q̇ = λ(q − cos t) − sin t with λ = −10⁸; the slow solution is cos t.
  static var stiff: FunctionSystem {
    FunctionSystem(
      dimension: 1,
      function: { t, q, f in f[0] = -1e8 * (q[0] - cos(t)) - sin(t) },
      matrix: { t, _, j, partial in
        j[0] = -1e8
        partial[0] = -1e8 * sin(t) - cos(t)
      })
  }
}

/// The largest absolute difference.
func distance(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
