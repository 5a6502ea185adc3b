public import TensorCore

/// A figure as data: what is drawn, not how.
///
/// Texts are shown as they are: no character has a special meaning.
public struct Figure: Sendable, Equatable {
  /// The title above all panels; may be empty.
  public var title: String
  /// The rows of panels from top to bottom; the panels of one row share its width equally.
  public var rows: [[Panel]]
  /// The width in pixels.
  public var width: Int
  /// The height in pixels.
  public var height: Int
  /// The language of remarks such as "no data".
  public var language: ReportLanguage

  /// Creates a figure, by default of the proportions of a slide.
  public init(
    title: String = "", rows: [[Panel]], width: Int = 1600, height: Int = 1000,
    language: ReportLanguage = .english
  ) {
    precondition(width > 0 && height > 0, "a figure of \(width) × \(height) pixels")
    self.title = title
    self.rows = rows
    self.width = width
    self.height = height
    self.language = language
  }
}

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

  /// Creates a panel.
  public init(
    title: String = "", xLabel: String = "", yLabel: String = "", series: [Series] = [],
    xRange: ClosedRange<Double>? = nil, yRange: ClosedRange<Double>? = nil,
    xScale: Scale = .linear, yScale: Scale = .linear, legend: Legend = .right, rules: [Rule] = [],
    categories: [String] = []
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
  }
}

/// Numbers on a regular grid, shown as colors.
public struct HeatMap: Sendable, Equatable {
  /// The centers of the columns, equally spaced.
  public var x: [Double]
  /// The centers of the rows, equally spaced; the first row lies at the first entry.
  public var y: [Double]
  /// The values [rows × columns]; entries that are not finite stay blank.
  public var values: Tensor<Double>
  /// The values at the two ends of the color scale; without them, the extremes.
  public var range: ClosedRange<Double>?

  /// Creates a map; a shape that does not fit the centers is a caller's bug.
  public init(
    x: [Double], y: [Double], values: Tensor<Double>, range: ClosedRange<Double>? = nil
  ) {
    precondition(
      values.shape == .matrix(y.count, x.count),
      "heat map of \(y.count) × \(x.count) centers with values of shape \(values.shape)")
    self.x = x
    self.y = y
    self.values = values
    self.range = range
  }
}
