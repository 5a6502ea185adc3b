/// One pair of axes with what is drawn on them.
public struct Panel: Sendable, Equatable {
  /// How values become distances.
  public enum Scale: Sendable, Equatable {
    /// Proportional.
    case linear
    /// By the logarithm; values that are not positive are left out.
    case logarithmic
  }

  /// Where the names of the series stand.
  public enum Legend: Sendable, Equatable {
    /// Right of the axes.
    case right
    /// Inside, in the upper left corner.
    case insideLeft
    /// Inside, in the upper right corner.
    case insideRight
    /// Nowhere.
    case none
  }

  /// A straight line across the panel, such as a zero or the time of an event.
  public enum Rule: Sendable, Equatable {
    /// At a height.
    case horizontal(Double)
    /// At a place on the x axis.
    case vertical(Double)
  }

  /// The title, bold, at the upper left.
  public var title: String
  /// The name of the x axis with its unit.
  public var xLabel: String
  /// The name of the y axis with its unit.
  public var yLabel: String
  /// What is drawn; later series lie above earlier ones.
  public var series: [Series]
  /// The range of the x axis; without one, that of the data.
  public var xRange: ClosedRange<Double>?
  /// The range of the y axis; without one, that of the data with a little room.
  public var yRange: ClosedRange<Double>?
  /// The scale of the x axis.
  public var xScale: Scale
  /// The scale of the y axis.
  public var yScale: Scale
  /// The place of the legend.
  public var legend: Legend
  /// Straight lines behind the series.
  public var rules: [Rule]
  /// The labels of 1, 2, … on the x axis, in place of numbers; empty for numbers.
  public var categories: [String]
  /// The labels of 1, 2, … on the y axis, in place of numbers; empty for numbers.
  ///
  /// With them the axis runs downward, as one reads.
  public var yCategories: [String]
  /// Whether categories too long to stand side by side are turned upright instead of shortened.
  public var turnsLongCategories: Bool
  /// Whether there are axes at all; without them a panel is a place for texts.
  public var showsAxes: Bool

  /// Creates a panel.
  public init(
    title: String = "", xLabel: String = "", yLabel: String = "", series: [Series] = [],
    xRange: ClosedRange<Double>? = nil, yRange: ClosedRange<Double>? = nil,
    xScale: Scale = .linear, yScale: Scale = .linear, legend: Legend = .right, rules: [Rule] = [],
    categories: [String] = [], yCategories: [String] = [], turnsLongCategories: Bool = false,
    showsAxes: Bool = true
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.xRange = xRange
    self.yRange = yRange
    self.xScale = xScale
    self.yScale = yScale
    self.legend = legend
    self.rules = rules
    self.categories = categories
    self.yCategories = yCategories
    self.turnsLongCategories = turnsLongCategories
    self.showsAxes = showsAxes
  }
}
