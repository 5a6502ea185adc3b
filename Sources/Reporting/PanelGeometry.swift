internal import Foundation
internal import TensorCore

/// A rectangle in fractions of the figure, counted from its lower left corner.
struct Frame: Equatable {
  var left: Double
  var right: Double
  var bottom: Double
  var top: Double
}

/// A panel with its ranges and ticks settled.
struct PreparedPanel {
  let panel: Panel
  let x: ClosedRange<Double>
  let y: ClosedRange<Double>
  let xTicks: AxisTicks
  let yTicks: AxisTicks
  let colors: ClosedRange<Double>?
  let colorTicks: AxisTicks?
  let isEmpty: Bool

  init(_ panel: Panel, xTarget: Int, yTarget: Int) {
    self.panel = panel
    var xs: [Double] = []
    var ys: [Double] = []
    var colors: ClosedRange<Double>?
    let stacks = Stacks(panel.series)
    var tight = false
    for (index, series) in panel.series.enumerated() {
      switch series.mark {
      case .line(let x, let y), .points(let x, let y):
        xs += x
        ys += y
      case .stems(let x, let y):
        xs += x
        ys += y + (y.isEmpty ? [] : [0])
      case .band(let x, let lower, let upper):
        xs += x
        ys += lower + upper
      case .stackedArea(let x, _):
        xs += x
        ys += stacks.lower(index) + stacks.upper(index)
      case .heatMap(let map):
        tight = true
        xs += Self.edges(map.x)
        ys += Self.edges(map.y)
        colors = map.range ?? Self.fit(map.values.values, nil, .linear, room: 0)
      }
    }
    for rule in panel.rules {
      if case .horizontal(let value) = rule { ys.append(value) }
    }
    isEmpty = !xs.contains(where: \.isFinite) || !ys.contains(where: \.isFinite)
    let isNamed = !panel.categories.isEmpty
    let whole = isNamed ? 0.5...(Double(panel.categories.count) + 0.5) : nil
    x = Self.fit(xs, panel.xRange ?? whole, panel.xScale, room: 0)
    y = Self.fit(ys, panel.yRange, panel.yScale, room: tight ? 0 : 0.06)
    xTicks =
      isNamed
      ? AxisTicks(categories: panel.categories, longest: xTarget * 11 / panel.categories.count)
      : AxisTicks(x, scale: panel.xScale, target: xTarget)
    yTicks = AxisTicks(y, scale: panel.yScale, target: yTarget)
    self.colors = colors
    colorTicks = colors.map { AxisTicks($0, scale: .linear, target: 4) }
  }

  /// The series that have a line in the legend.
  var legendNames: [String] {
    panel.legend == .none ? [] : panel.series.map(\.name).filter { !$0.isEmpty }
  }

  /// The outer edges of cells with these centers.
  static func edges(_ centers: [Double]) -> [Double] {
    guard let first = centers.first, let last = centers.last else { return [] }
    let half = spacing(centers) / 2
    return [min(first, last) - half, max(first, last) + half]
  }

  /// The distance between neighboring centers; 1 for a single one.
  static func spacing(_ centers: [Double]) -> Double {
    guard let first = centers.first, let last = centers.last, centers.count > 1 else { return 1 }
    return max(abs(last - first) / Double(centers.count - 1), .leastNormalMagnitude)
  }

  /// The range of the values that can be drawn, never empty.
  static func fit(
    _ values: [Double], _ explicit: ClosedRange<Double>?, _ scale: Panel.Scale, room: Double
  ) -> ClosedRange<Double> {
    switch scale {
    case .linear:
      if let explicit, explicit.lowerBound < explicit.upperBound { return explicit }
      // Beyond this a span would not be finite any more.
      let finite = values.filter { abs($0) < 1e300 }
      let low = explicit?.lowerBound ?? finite.min() ?? 0
      let high = explicit?.upperBound ?? finite.max() ?? 1
      let size = max(abs(low), abs(high))
      guard high - low > 1e-9 * size else {
        let half = size > 0 ? size * 0.1 : 0.5
        return (low - half)...(high + half)
      }
      let margin = (high - low) * room
      return (low - margin)...(high + margin)
    case .logarithmic:
      if let explicit, explicit.lowerBound > 0, explicit.lowerBound < explicit.upperBound {
        return explicit
      }
      let positive = values.filter { $0 > 0 && $0 < 1e300 }
      guard let high = positive.max() else { return 0.1...10 }
      // Rounding noise must not squeeze what matters.
      let low = max(positive.min() ?? high, high * 1e-12)
      guard high > low * (1 + 1e-9) else { return (low / 3)...(high * 3) }
      let factor = pow(high / low, room)
      return (low / factor)...(high * factor)
    }
  }
}

/// The lower and upper curves of stacked areas.
struct Stacks {
  private var curves: [Int: (lower: [Double], upper: [Double])] = [:]

  init(_ series: [Series]) {
    var base: [Double] = []
    for (index, series) in series.enumerated() {
      guard case .stackedArea(_, let y) = series.mark else { continue }
      if base.count < y.count { base += Array(repeating: 0, count: y.count - base.count) }
      let lower = Array(base.prefix(y.count))
      let upper = zip(lower, y).map { $0 + ($1.isFinite ? $1 : 0) }
      curves[index] = (lower, upper)
      base.replaceSubrange(0..<y.count, with: upper)
    }
  }

  func lower(_ index: Int) -> [Double] { curves[index]?.lower ?? [] }
  func upper(_ index: Int) -> [Double] { curves[index]?.upper ?? [] }
}
