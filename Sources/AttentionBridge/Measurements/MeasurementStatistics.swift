internal import Foundation

/// Simple statistics that measurements share, and numbers as sentences show them.
enum MeasurementStatistics {
  /// The arithmetic mean; NaN of nothing.
  static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : SampleCorrelation.mean(values)
  }

  /// The largest; NaN of nothing and of anything that is not a number.
  static func largest(_ values: [Double]) -> Double {
    guard let first = values.first else { return .nan }
    return values.reduce(first) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
  }

  /// A quantile by the nearest rank, 0.5 for the median; NaN of nothing.
  static func quantile(_ values: [Double], _ fraction: Double) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    return sorted[Int((fraction * Double(sorted.count - 1)).rounded())]
  }

  /// The least-squares slope of y on x; NaN where x does not vary.
  static func slope(_ x: [Double], _ y: [Double]) -> Double {
    precondition(x.count == y.count, "\(x.count) abscissas and \(y.count) ordinates")
    let (meanX, meanY) = (mean(x), mean(y))
    var (products, squares) = (0.0, 0.0)
    for (a, b) in zip(x, y) {
      products += (a - meanX) * (b - meanY)
      squares += (a - meanX) * (a - meanX)
    }
    return products / squares
  }

  /// A number to three significant digits.
  static func text(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
    let size = abs(value)
    if size != 0 && (size < 1e-3 || size >= 1e5) { return String(format: "%.1e", value) }
    let decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
    return String(format: "%.\(decimals)f", value)
  }
}
