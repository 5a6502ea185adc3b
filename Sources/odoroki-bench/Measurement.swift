import Foundation

/// Time per call in nanoseconds, over repeated samples.
struct Measurement {
  let minimum: Double
  let median: Double

  /// Measures two bodies in turn, A B A B …, so that a machine's drift meets both alike.
  static func pair(
    samples: Int, calls: Int, _ a: () -> Void, _ b: () -> Void
  ) -> (a: Measurement, b: Measurement, ratio: Double) {
    var (timesA, timesB, ratios): ([Double], [Double], [Double]) = ([], [], [])
    a()
    b()
    for _ in 0..<samples {
      let first = time(calls, a)
      let second = time(calls, b)
      timesA.append(first)
      timesB.append(second)
      ratios.append(first / second)
    }
    return (Measurement(timesA), Measurement(timesB), Self.middle(ratios))
  }

  /// Measures one body.
  static func single(samples: Int, calls: Int, _ body: () -> Void) -> Measurement {
    body()
    return Measurement((0..<samples).map { _ in time(calls, body) })
  }

  private init(_ times: [Double]) {
    minimum = times.min() ?? .nan
    median = Self.middle(times)
  }

  private static func time(_ calls: Int, _ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    let elapsed = clock.measure { for _ in 0..<calls { body() } }
    return
      (Double(elapsed.components.seconds) * 1e9 + Double(elapsed.components.attoseconds) * 1e-9)
      / Double(calls)
  }

  static func middle(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let half = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  }
}

/// One line of the benchmark: a figure, its target, and whether it was met in this run.
struct Finding {
  let name: String
  let value: Double
  let unit: String
  let target: String?
  let isMet: Bool?
  let note: String

  var line: String {
    let verdict = isMet.map { $0 ? "met" : "missed" } ?? ""
    let goal = target.map { "target \($0)" } ?? ""
    return [
      name.padding(toLength: 34, withPad: " ", startingAt: 0),
      String(format: "%10.3f", value), unit.padding(toLength: 4, withPad: " ", startingAt: 0),
      goal.padding(toLength: 16, withPad: " ", startingAt: 0),
      verdict.padding(toLength: 7, withPad: " ", startingAt: 0), note,
    ].joined(separator: " ")
  }
}
