import Foundation

/// How often 90 % intervals `mean ± 1.645 sd` hold the truth, and how far errors go beyond their sd.
struct Coverage {
  /// The normal quantile that leaves 5 % on either side.
  static let halfWidth = 1.6448536269514722

  private(set) var held = 0
  private(set) var total = 0
  private var squares = 0.0
  private var deviations = 0.0

  /// Counts one interval.
  mutating func add(truth: Double, mean: Double, deviation: Double) {
    let error = (truth - mean) / deviation
    total += 1
    squares += error * error
    deviations += deviation
    if abs(error) <= Self.halfWidth { held += 1 }
  }

  /// The share of intervals that hold the truth, in percent.
  var percent: Double { 100 * Double(held) / Double(total) }
  /// The root mean square of the errors in units of the stated standard deviation; 1 is honest.
  var excess: Double { (squares / Double(total)).squareRoot() }
  /// The mean of the stated standard deviations.
  var deviation: Double { deviations / Double(total) }
}

/// Coverages of one family of models, by kind of unknown.
struct CoverageTally {
  private(set) var kinds: [(name: String, coverage: Coverage)] = []
  /// Data sets whose inversion broke off; they are not counted.
  var failures = 0

  /// Counts intervals of one kind.
  mutating func add(_ kind: String, truth: [Double], mean: [Double], deviation: [Double]) {
    precondition(
      truth.count == mean.count && mean.count == deviation.count,
      "\(truth.count) truths for \(mean.count) means and \(deviation.count) deviations")
    let place = kinds.firstIndex { $0.name == kind } ?? kinds.count
    if place == kinds.count { kinds.append((kind, Coverage())) }
    for index in truth.indices {
      kinds[place].coverage.add(
        truth: truth[index], mean: mean[index], deviation: deviation[index])
    }
  }

  /// One line per kind; `target` in percent where there is one.
  func findings(_ family: String, target: ClosedRange<Double>? = nil) -> [Finding] {
    let failed = failures > 0 ? ", \(failures) inversions broke off" : ""
    return kinds.map { kind in
      Finding(
        name: "\(family): \(kind.name)", value: kind.coverage.percent, unit: "%",
        target: target.map { "\(Int($0.lowerBound)) to \(Int($0.upperBound)) %" },
        isMet: target.map { $0.contains(kind.coverage.percent) },
        note: String(
          format: "%d intervals, errors of %.2f sd of %.3g", kind.coverage.total,
          kind.coverage.excess, kind.coverage.deviation)
          + failed)
    }
  }
}
