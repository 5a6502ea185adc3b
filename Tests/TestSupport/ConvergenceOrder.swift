internal import Foundation

/// The order of convergence of a method, measured by its errors at several step lengths.
public struct ConvergenceOrder: Sendable, CustomStringConvertible {
  /// The step lengths that count.
  public let steps: [Double]
  /// The errors at these.
  public let errors: [Double]
  /// The slope of log error against log step by least squares.
  public let order: Double

  /// Measures the order.
  ///
  /// - Parameters:
  ///   - steps: The step lengths to try.
  ///   - scale: The size of the exact solution. Errors below 2⁻²⁸ of it do not count, lest the
  ///     slope be that of rounding.
  ///   - error: The error at a step length.
  public init(
    steps: [Double], scale: Double = 1, error: (Double) throws -> Double
  ) rethrows {
    var used: [(step: Double, error: Double)] = []
    for step in steps {
      let value = try error(step)
      if value > scale * 0x1p-28 { used.append((step, value)) }
    }
    self.steps = used.map(\.step)
    errors = used.map(\.error)
    let x = used.map { log2($0.step) }
    let y = used.map { log2($0.error) }
    let count = Double(used.count)
    let meanX = x.reduce(0, +) / count
    let meanY = y.reduce(0, +) / count
    let covariance = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    let variance = x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
    order = covariance / variance
  }

  /// Whether at least four points counted and the slope is `expected` within `tolerance`.
  public func agrees(with expected: Int, tolerance: Double = 0.2) -> Bool {
    steps.count >= 4 && abs(order - Double(expected)) <= tolerance
  }

  /// The order with the points behind it.
  public var description: String {
    "order \(order) from " + zip(steps, errors).map { "(\($0), \($1))" }.joined(separator: " ")
  }
}
