/// The last steps of a descent, from which L-BFGS estimates the inverse of the second derivative.
///
/// Nocedal & Wright 2006, Numerical Optimization, algorithm 7.4.
package struct QuasiNewtonMemory: Sendable {
  private var history: [(step: [Double], change: [Double], product: Double)] = []
  private let scale: Double
  private let length: Int

  /// Without steps, the estimate is `scale` times the identity.
  package init(scale: Double, length: Int = 6) {
    self.scale = scale
    self.length = length
  }

  /// Whether there are no steps.
  package var isEmpty: Bool { history.isEmpty }

  /// Keeps a step and the change of the gradient over it, where curvature along it is positive.
  package mutating func record(step: [Double], change: [Double]) {
    let product = Self.dot(step, change)
    guard product > 1e-10 * Self.dot(change, change) else { return }
    history.append((step, change, product))
    if history.count > length { history.removeFirst() }
  }

  /// The estimate applied to a gradient.
  package func direction(_ gradient: [Double]) -> [Double] {
    var direction = gradient
    var factors: [Double] = []
    for (step, change, product) in history.reversed() {
      let factor = Self.dot(step, direction) / product
      factors.append(factor)
      Self.add(-factor, change, to: &direction)
    }
    let size = history.last.map { $0.product / Self.dot($0.change, $0.change) } ?? scale
    for index in direction.indices { direction[index] *= size }
    for ((step, change, product), factor) in zip(history, factors.reversed()) {
      Self.add(factor - Self.dot(change, direction) / product, step, to: &direction)
    }
    return direction
  }

  /// Four sums side by side, as one alone waits for every addition.
  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    let (a, b) = (a.span, b.span)
    var sum = SIMD4<Double>.zero
    let whole = a.count / 4 * 4
    for index in stride(from: 0, to: whole, by: 4) {
      let x = SIMD4<Double>(a[index], a[index + 1], a[index + 2], a[index + 3])
      let y = SIMD4<Double>(b[index], b[index + 1], b[index + 2], b[index + 3])
      sum += x * y
    }
    var rest = sum.sum()
    for index in whole..<a.count { rest += a[index] * b[index] }
    return rest
  }

  private static func add(_ factor: Double, _ values: [Double], to sum: inout [Double]) {
    for index in sum.indices { sum[index] += factor * values[index] }
  }
}
