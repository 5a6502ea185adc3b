import Foundation
import ODEEngine
import TestSupport
import Testing

@Suite struct LocalLinearTests {
  /// q̇ = A q + Σₖ bₖ tᵏ as a system that declares itself linear.
  static func forced(_ a: [[Double]], _ b: [[Double]], isLinear: Bool = true) -> FunctionSystem {
    let n = a.count
    let order = b.count - 1
    return FunctionSystem(
      dimension: n,
      function: { t, q, f in
        for row in 0..<n {
          var sum = 0.0
          for column in 0..<n { sum += a[row][column] * q[column] }
          for k in stride(from: order, through: 0, by: -1) { sum += b[k][row] * pow(t, Double(k)) }
          f[row] = sum
        }
      },
      matrix: { t, _, j, partial in
        for row in 0..<n {
          for column in 0..<n { j[row * n + column] = a[row][column] }
          partial[row] = 0
          for k in 1..<max(order + 1, 1) {
            partial[row] += Double(k) * b[k][row] * pow(t, Double(k - 1))
          }
        }
      },
      explicitTimeOrder: order,
      partials: { t, _, d in
        for m in 1..<max(order + 1, 1) {
          for row in 0..<n {
            var sum = 0.0
            for k in m...order {
              var factor = 1.0
              for i in 0..<m { factor *= Double(k - i) }
              sum += factor * b[k][row] * pow(t, Double(k - m))
            }
            d[(m - 1) * n + row] = sum
          }
        }
      },
      isLinear: isLinear)
  }

  /// The oscillator forced by a cubic: ẍ = −x + t³ has the solution t³ − 6t + cos t + 6 sin t.
  @Test(arguments: [true, false])
  func cubicForcingIsExactInOneStep(isLinear: Bool) throws {
    let system = Self.forced(
      [[0, 1], [-1, 0]], [[0, 0], [0, 0], [0, 0], [0, 1]], isLinear: isLinear)
    let options = ODEOptions(stepper: .localLinear, fixedStep: 3)
    var solver = try ODESolver(system, state: [1, 0], options: options)
    for t in [3.0, 6.0, 9.0] {
      try solver.advance(to: t)
      let exact = [t * t * t - 6 * t + cos(t) + 6 * sin(t), 3 * t * t - 6 - sin(t) + 6 * cos(t)]
      let scale = t * t * t
      #expect(distance(solver.state, exact) < 1e-12 * scale, "\(solver.state) for \(exact)")
    }
    #expect(solver.statistics.accepted == 3)
    #expect(solver.statistics.jacobianEvaluations == (isLinear ? 1 : 3))
  }

  @Test func singularAndNilpotentJacobians() throws {
    // ẋ = y, ẏ = 0 + t: nilpotent. x = x₀ + y₀t + t³/6.
    let nilpotent = Self.forced([[0, 1], [0, 0]], [[0, 0], [0, 1]])
    var solver = try ODESolver(
      nilpotent, state: [1, 2], options: ODEOptions(stepper: .localLinear))
    try solver.advance(to: 2)
    #expect(distance(solver.state, [1 + 4 + 8 / 6.0, 4]) < 1e-12)
    // J = 0: q = q₀ + 3t + t².
    let constant = Self.forced([[0]], [[3], [2]])
    var straight = try ODESolver(
      constant, state: [1], options: ODEOptions(stepper: .localLinear))
    try straight.advance(to: 5)
    #expect(distance(straight.state, [1 + 15 + 25]) < 1e-12 * 41)
    // Rank one with a zero eigenvalue: ẋ = −x + y, ẏ = 0 + 1.
    let singular = Self.forced([[-1, 1], [0, 0]], [[0, 1], [0, 0]])
    var mixed = try ODESolver(singular, state: [0, 0], options: ODEOptions(stepper: .localLinear))
    try mixed.advance(to: 1)
    #expect(distance(mixed.state, [exp(-1.0), 1]) < 1e-12)
  }

  /// ẋ = A x + b, A = [[−8·10⁷, 1], [10³, −½]], with the slow mode known in closed form.
  @Test(arguments: [true, false])
  func stiffNonNormalKeepsSlowMode(isLinear: Bool) throws {
    let a = [[-8e7, 1], [1e3, -0.5]]
    let b = [2.0, 3.0]
    let system = Self.forced(a, [b, [0, 0]], isLinear: isLinear)
    let options = ODEOptions(stepper: .localLinear, fixedStep: 1)
    var solver = try ODESolver(system, state: [1, 1], options: options)
    try solver.advance(to: 1)
    // Eigenvalues by the stable quadratic formula; x = x* + modes.
    let trace = a[0][0] + a[1][1]
    let determinant = a[0][0] * a[1][1] - a[0][1] * a[1][0]
    let fast = 0.5 * (trace - (trace * trace - 4 * determinant).squareRoot())
    let slow = determinant / fast
    let rest = [
      -(a[1][1] * b[0] - a[0][1] * b[1]) / determinant,
      -(a[0][0] * b[1] - a[1][0] * b[0]) / determinant,
    ]
    // Slow eigenvector (1, slow − a00); left eigenvector (a10, slow − a00).
    let v = [1, slow - a[0][0]]
    let w = [a[1][0], slow - a[0][0]]
    let d = [1 - rest[0], 1 - rest[1]]
    let amount = (w[0] * d[0] + w[1] * d[1]) / (w[0] * v[0] + w[1] * v[1])
    let exact = [rest[0] + amount * v[0] * exp(slow), rest[1] + amount * v[1] * exp(slow)]
    // The fast variable has decayed from one by eight orders: rounding of its start remains.
    #expect(abs(solver[0] - exact[0]) < 1e-14, "\(solver.state) for \(exact)")
    #expect(abs(solver[1] - exact[1]) < 1e-12 * abs(exact[1]), "\(solver.state) for \(exact)")
  }

  /// The same rates, but mixed by a rotation: a full matrix whose slow rate is known to ε‖J‖ only.
  @Test(arguments: [true, false])
  func stiffRotatedKeepsSlowMode(isLinear: Bool) throws {
    let (fast, slow) = (-8e7, -0.5)
    let (c, s) = (cos(0.7), sin(0.7))
    let a = [
      [c * c * fast + s * s * slow, c * s * (fast - slow)],
      [c * s * (fast - slow), s * s * fast + c * c * slow],
    ]
    let system = Self.forced(a, [[0, 0], [0, 0]], isLinear: isLinear)
    let options = ODEOptions(stepper: .localLinear, fixedStep: 1)
    var solver = try ODESolver(system, state: [-s, c], options: options)
    try solver.advance(to: 1)
    let exact = [-s * exp(slow), c * exp(slow)]
    let error = distance(solver.state, exact) / exp(slow)
    #expect(error < 10 * 8e7 * 0x1p-52, "\(solver.state) for \(exact)")
  }

  @Test func restartWithNewForcingKeepsTheExponential() throws {
    // Forcing in pieces: the system changes, its Jacobian does not.
    final class Source {
      var value = 1.0
    }
    let source = Source()
    var system = Self.forced([[-2]], [[0], [0]])
    system.function = { _, q, f in f[0] = -2 * q[0] + source.value }
    var solver = try ODESolver(
      system, state: [0], options: ODEOptions(stepper: .localLinear))
    var exact = 0.0
    for sample in 1...100 {
      source.value = sin(Double(sample))
      solver.restart()
      try solver.advance(to: 0.1 * Double(sample))
      let rest = source.value / 2
      exact = rest + (exact - rest) * exp(-0.2)
    }
    #expect(abs(solver[0] - exact) < 1e-12)
    #expect(solver.statistics.jacobianEvaluations == 1)
    #expect(solver.statistics.accepted == 100)
  }

  /// A chain of generalised coordinates under precisions from 1 to 8.4·10⁷, in one step, against
  /// an extrapolation method in many.
  @Test(arguments: [true, false])
  func gradedChainAgreesWithBulirschStoer(isLinear: Bool) throws {
    let gains = [8.4e7, 3e5, 2e3, 40, 1, 0.2]
    let n = gains.count
    var a = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for i in 0..<n {
      a[i][i] = -gains[i]
      if i + 1 < n {
        a[i][i + 1] = 1
        a[i + 1][i] = 0.01 * gains[i + 1]
      }
    }
    let b = [
      gains.map { 0.5 * $0 }, [0, 3, 0, 1, 0, 1], [1, 0, 0, 0, 2, 0],
    ]
    let start = [Double](repeating: 1, count: n)
    let system = Self.forced(a, b, isLinear: isLinear)
    var one = try ODESolver(
      system, state: start, options: ODEOptions(stepper: .localLinear, fixedStep: 1))
    try one.advance(to: 1)
    var many = try ODESolver(
      system, state: start,
      options: ODEOptions(
        stepper: .bsimp, relativeTolerance: 1e-11, absoluteTolerance: 1e-13))
    try many.advance(to: 1)
    #expect(one.statistics.accepted == 1)
    for index in 0..<n {
      let difference = abs(one[index] - many[index])
      #expect(difference < 1e-8 * abs(many[index]), "\(index): \(one[index]) \(many[index])")
    }
  }
}
