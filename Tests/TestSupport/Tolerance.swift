public import Testing

/// How close a number has to be: relative to its size, with an absolute floor.
public struct Tolerance: Sendable, Hashable, CustomStringConvertible {
  /// What a number is compared with when its own size is asked for.
  public enum Scale: Sendable, Hashable {
    /// The largest absolute value of the whole array; right for results of sums that cancel.
    case array
    /// The number itself.
    case element
  }

  /// The kind, as failures print it.
  public let name: String
  /// The allowed difference over the size.
  public let relative: Double
  /// The allowed difference where the size is nearly zero.
  public let floor: Double
  /// The size a difference is divided by.
  public let scale: Scale

  /// Creates a tolerance of a kind that the named ones do not cover.
  public init(_ name: String, relative: Double, floor: Double? = nil, scale: Scale = .array) {
    self.name = name
    self.relative = relative
    self.floor = floor ?? relative
    self.scale = scale
  }

  /// Two exact formulas for the same number.
  public static let identity = Tolerance("identity", relative: 1e-12)
  /// A first derivative against differences.
  public static let derivative = Tolerance("derivative", relative: 1e-4)
  /// A second derivative against differences.
  public static let secondDerivative = Tolerance("secondDerivative", relative: 1e-3)
  /// An observed order of convergence, in absolute terms.
  public static let order = Tolerance("order", relative: 0, floor: 0.2)
  /// An observed order of convergence of a stochastic quantity, in absolute terms.
  public static let stochasticOrder = Tolerance("stochasticOrder", relative: 0, floor: 0.3)
  /// A value from a table of another implementation that is exact to rounding.
  public static let reference = Tolerance("reference", relative: 1e-10, floor: 1e-14)

  /// A stored reference with the repeatability of its own fixture.
  public static func reference(_ relative: Double) -> Tolerance {
    Tolerance("reference", relative: relative, floor: relative * 1e-3)
  }

  /// A difference of at most `standardErrors` standard errors.
  public static func statistical(_ standardErrors: Double, of standardError: Double) -> Tolerance {
    Tolerance("statistical", relative: 0, floor: standardErrors * standardError)
  }

  /// The same tolerance applied to every entry on its own scale.
  public var elementwise: Tolerance {
    Tolerance(name, relative: relative, floor: floor, scale: .element)
  }

  /// The difference allowed at a size.
  public func allowed(at size: Double) -> Double { max(floor, relative * abs(size)) }

  /// The kind with its numbers.
  public var description: String { "\(name) (relative \(relative), floor \(floor))" }
}

/// Checks two numbers; equal infinities agree and so do two NaNs.
public func expectClose(
  _ actual: Double, _ expected: Double, within tolerance: Tolerance = .identity,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(
    [actual], [expected], within: tolerance, comment(), sourceLocation: sourceLocation)
}

/// Checks two lists of numbers and reports the entry that is furthest out.
public func expectClose(
  _ actual: [Double], _ expected: [Double], within tolerance: Tolerance = .identity,
  _ comment: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record(
      "\(actual.count) numbers, expected \(expected.count) \(comment())",
      sourceLocation: sourceLocation)
    return
  }
  let largest = expected.reduce(0.0) { $1.isFinite ? max($0, abs($1)) : $0 }
  var worst: (index: Int, excess: Double)?
  for index in actual.indices {
    let (value, target) = (actual[index], expected[index])
    if value == target || (value.isNaN && target.isNaN) { continue }
    let allowed = tolerance.allowed(at: tolerance.scale == .array ? largest : target)
    let difference = abs(value - target)
    let excess = difference.isNaN ? .infinity : difference / max(allowed, .leastNonzeroMagnitude)
    if excess > 1, excess > worst?.excess ?? 1 { worst = (index, excess) }
  }
  guard let worst else { return }
  let (value, target) = (actual[worst.index], expected[worst.index])
  Issue.record(
    """
    entry \(worst.index) of \(actual.count): \(value), expected \(target), difference \
    \(abs(value - target)), \(worst.excess) times the tolerance \(tolerance) \(comment())
    """,
    sourceLocation: sourceLocation)
}

/// The largest difference of two lists over the largest entry of the second.
public func largestDeviation(_ actual: [Double], _ expected: [Double]) -> Double {
  precondition(actual.count == expected.count, "\(actual.count) and \(expected.count) numbers")
  let largest = expected.reduce(0.0) { max($0, abs($1)) }
  let difference = zip(actual, expected).reduce(0.0) { max($0, abs($1.0 - $1.1)) }
  return largest > 0 ? difference / largest : difference
}

extension Tag {
  /// Two formulas for one number.
  @Tag public static var identity: Self
  /// A comparison with stored numbers of another implementation.
  @Tag public static var reference: Self
  /// An observed order of convergence.
  @Tag public static var convergence: Self
  /// A property over many random or enumerated inputs.
  @Tag public static var property: Self
  /// Needs more than a second.
  @Tag public static var slow: Self
}
