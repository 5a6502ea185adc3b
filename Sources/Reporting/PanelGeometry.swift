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
  private(set) var xTicks: AxisTicks
  private(set) var yTicks: AxisTicks
  /// The size of labels in units of ordinary ones.
  private(set) var xTickScale = 1.0
  private(set) var yTickScale = 1.0
  /// Whether the labels of the x axis stand upright.
  private(set) var turnsX = false
  let colors: ClosedRange<Double>?
  let palette: Palette
  /// The marks of a color scale beside the panel.
  let colorTicks: AxisTicks?
  let isEmpty: Bool

  init(
    _ panel: Panel, xTarget: Int, yTarget: Int, sharedColors: ClosedRange<Double>? = nil
  ) {
    self.panel = panel
    var xs: [Double] = []
    var ys: [Double] = []
    var colors: ClosedRange<Double>?
    var palette = Palette.general
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
      case .texts(let x, let y, _, _):
        xs += x
        ys += y
      case .band(let x, let lower, let upper), .intervals(let x, let lower, let upper):
        xs += x
        ys += lower + upper
      case .stackedArea(let x, _):
        xs += x
        ys += stacks.lower(index) + stacks.upper(index)
      case .heatMap(let map):
        tight = true
        xs += Self.edges(map.x)
        ys += Self.edges(map.y)
        palette = map.palette
        colors =
          sharedColors ?? map.range ?? Self.fit(map.values.values, nil, .linear, room: 0)
      }
    }
    for rule in panel.rules {
      if case .horizontal(let value) = rule { ys.append(value) }
    }
    isEmpty = !xs.contains(where: \.isFinite) || !ys.contains(where: \.isFinite)
    let isNamed = !panel.categories.isEmpty
    x = Self.fit(xs, panel.xRange ?? Self.whole(panel.categories), panel.xScale, room: 0)
    y = Self.fit(
      ys, panel.yRange ?? Self.whole(panel.yCategories), panel.yScale, room: tight ? 0 : 0.06)
    xTicks =
      isNamed
      ? AxisTicks(categories: panel.categories, longest: xTarget * 11 / panel.categories.count)
      : AxisTicks(x, scale: panel.xScale, target: xTarget)
    yTicks =
      panel.yCategories.isEmpty
      ? AxisTicks(y, scale: panel.yScale, target: yTarget)
      : AxisTicks(names: panel.yCategories, longest: Self.longestCategory)
    self.colors = colors
    self.palette = palette
    colorTicks =
      sharedColors == nil ? colors.map { AxisTicks($0, scale: .linear, target: 4) } : nil
  }

  private static let longestCategory = 24

  /// The smallest letters of names, in units of ordinary ones.
  private static let smallest = 0.58

  private static func whole(_ categories: [String]) -> ClosedRange<Double>? {
    categories.isEmpty ? nil : 0.5...(Double(categories.count) + 0.5)
  }

  /// The same panel with its x categories turned and shrunk as an axis of this width, in units of
  /// the font size, demands.
  func fittingNames(width: Double) -> PreparedPanel {
    guard panel.turnsLongCategories, !panel.categories.isEmpty else { return self }
    var result = self
    let cell = max(width, 0) / Double(panel.categories.count)
    let widest = panel.categories.map { DisplayWidth.ems($0) }.max() ?? 0
    let fitting = (cell - 0.4) / max(widest, 0.1)
    result.turnsX = fitting < 0.8
    if result.turnsX {
      (result.xTicks, result.xTickScale) = Self.crowded(panel.categories, cell: cell)
    } else {
      result.xTicks = AxisTicks(names: panel.categories, longest: .max)
      result.xTickScale = min(1, fitting)
    }
    return result
  }

  /// The same panel with its y categories shrunk as an axis of this height, in units of the font
  /// size, demands.
  func fittingNames(height: Double) -> PreparedPanel {
    guard !panel.yCategories.isEmpty else { return self }
    var result = self
    let cell = max(height, 0) / Double(panel.yCategories.count)
    (result.yTicks, result.yTickScale) = Self.crowded(panel.yCategories, cell: cell)
    return result
  }

  /// Names one above the other, each with so much room; where letters would get too small, some
  /// are left out.
  private static func crowded(_ names: [String], cell: Double) -> (AxisTicks, Double) {
    let every = max(1, Int((smallest / max(cell, 1e-3)).rounded(.up)))
    return (
      AxisTicks(names: names, longest: longestCategory, every: every),
      min(1, max(smallest, cell * Double(every) / 1.05))
    )
  }

  /// The room for the labels of the y axis in units of the font size.
  var yLabelEms: Double { yTicks.labelEms * yTickScale }

  /// The height of the labels of the x axis in units of the font size.
  var xLabelEms: Double { turnsX ? xTicks.labelEms * xTickScale + 0.35 : 1.15 }

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
