import Foundation
import TensorCore
import Testing

@Suite struct MatrixExponentialTests {
  private func exponential(_ a: [Double], _ n: Int, scale: Double = 1) -> [Double] {
    var workspace = MatrixExponential(dimension: n)
    var result = [Double](repeating: 0, count: n * n)
    var span = result.mutableSpan
    let isFinite = workspace.exponential(of: a.span, scale: scale, into: &span)
    #expect(isFinite)
    return result
  }

  private func close(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
    let scale = max(1, b.map(abs).max() ?? 0)
    return zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * scale }
  }

  @Test func closedForms() {
    #expect(close(exponential([1.5], 1), [exp(1.5)], 1e-14))
    for angle in [1e-3, 0.1, 1, 10, 100] {
      let rotation = exponential([0, angle, -angle, 0], 2)
      #expect(
        close(rotation, [cos(angle), sin(angle), -sin(angle), cos(angle)], 1e-13 * (1 + angle)))
    }
    // Nilpotent shift: Taylor coefficients.
    let n = 6
    var shift = [Double](repeating: 0, count: n * n)
    for row in 0..<n - 1 { shift[row * n + row + 1] = 1 }
    let taylor = exponential(shift, n, scale: 2)
    for row in 0..<n {
      for column in 0..<n {
        var exact = row == column ? 1.0 : 0
        if column > row { exact = (1...column - row).reduce(1.0) { $0 * 2 / Double($1) } }
        #expect(abs(taylor[row * n + column] - exact) < 1e-14)
      }
    }
    // Far from normal: e^[[1, 10⁶], [0, −1]].
    let far = exponential([1, 1e6, 0, -1], 2)
    #expect(close(far, [exp(1), 1e6 * sinh(1), 0, exp(-1)], 1e-14))
  }

  @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 16, 33])
  func inverseAndPower(n: Int) {
    // A fixed linear congruential sequence (seed 12345).
    var seed: UInt64 = 12345
    func next() -> Double {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(seed >> 11) * 0x1p-53 - 0.5
    }
    for scale in [1e-3, 0.05, 0.3, 1, 4] {
      let a = (0..<n * n).map { _ in next() * scale }
      let forward = exponential(a, n)
      let backward = exponential(a.map { -$0 }, n)
      let half = exponential(a, n, scale: 0.5)
      func product(_ x: [Double], _ y: [Double]) -> [Double] {
        var z = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
          for k in 0..<n { for j in 0..<n { z[i * n + j] += x[i * n + k] * y[k * n + j] } }
        }
        return z
      }
      var identity = [Double](repeating: 0, count: n * n)
      for index in 0..<n { identity[index * n + index] = 1 }
      let growth = (forward.map(abs).max() ?? 1) * (backward.map(abs).max() ?? 1)
      #expect(close(product(forward, backward), identity, 1e-13 * max(1, growth)))
      #expect(close(product(half, half), forward, 1e-13))
    }
  }

  @Test func notFiniteIsRefused() {
    var workspace = MatrixExponential(dimension: 2)
    var result = [1.0, 2, 3, 4]
    var span = result.mutableSpan
    let isFinite = workspace.exponential(of: [Double.nan, 0, 0, 0].span, into: &span)
    #expect(!isFinite)
    #expect(result == [1, 2, 3, 4])
    var again = result.mutableSpan
    let overflows = workspace.exponential(of: [1000.0, 0, 0, 0].span, into: &again)
    #expect(!overflows)
  }

  @Test(arguments: [(1, 1), (3, 2), (6, 4), (13, 7)])
  func propagatorsAgree(n: Int, p: Int) {
    // Seed 99.
    var seed: UInt64 = 99
    func next() -> Double {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(seed >> 11) * 0x1p-53 - 0.5
    }
    var general = LocalLinearPropagator(dimension: n, forcingCount: p)
    var single = LocalLinearPropagator(dimension: n, forcingCount: p, isDoubling: false)
    var constant = LinearPropagator(dimension: n, forcingCount: p)
    for (size, step) in [(1.0, 0.1), (1, 2), (10, 1), (1e3, 0.5), (1e-3, 100)] {
      let j = (0..<n * n).map { index in
        size * next() - (index / n == index % n ? size : 0)
      }
      let c = (0..<n * p).map { _ in 10 * next() }
      var one = [Double](repeating: 0, count: n)
      var two = one
      var whole = one
      var span = one.mutableSpan
      let isGood = general.propagate(jacobian: j.span, forcing: c.span, step: step, into: &span)
      #expect(isGood)
      let isReady = constant.prepare(jacobian: j.span, step: step)
      #expect(isReady)
      var other = two.mutableSpan
      constant.propagate(forcing: c.span, into: &other)
      #expect(close(one, two, 1e-12), "\(one) \(two)")
      // One column squares as well by products with a vector.
      span = whole.mutableSpan
      let isAlone = single.propagate(jacobian: j.span, forcing: c.span, step: step, into: &span)
      #expect(isAlone)
      #expect(close(whole, two, 1e-12), "\(whole) \(two)")
      // A half step doubled is a whole step.
      span = one.mutableSpan
      _ = general.propagate(jacobian: j.span, forcing: c.span, step: step / 2, into: &span)
      var double = whole.mutableSpan
      general.doubledIncrement(into: &double)
      #expect(close(whole, two, 1e-12), "\(whole) \(two)")
    }
  }
}
