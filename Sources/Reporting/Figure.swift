/// A figure as data: what is drawn, not how.
///
/// Texts are shown as they are: no character has a special meaning.
public struct Figure: Sendable, Equatable {
  /// How panels share the figure.
  public enum Layout: Sendable, Equatable {
    /// Every panel has room for labels of its own.
    case separate
    /// Panels of equal size stand close and are taken to share their axes: only those at the left
    /// and lower edges carry labels, and the names of the axes stand once.
    case grid
  }

  /// One color scale for all heat maps of a figure, drawn at its right edge.
  public struct ColorBar: Sendable, Equatable {
    /// The values at the two ends.
    public var range: ClosedRange<Double>
    /// What the colors mean, with its unit; may be empty.
    public var label: String

    /// Creates a scale.
    public init(range: ClosedRange<Double>, label: String = "") {
      self.range = range
      self.label = label
    }
  }

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
  /// How panels share the figure.
  public var layout: Layout
  /// The parts of the height that the rows get, in any unit; without them, equal ones.
  ///
  /// A ``Layout`` of the kind `grid` has rows of equal height.
  public var rowWeights: [Double]
  /// The color scale of all heat maps; without one, every heat map has its own beside it.
  public var colorBar: ColorBar?

  /// Creates a figure, by default of the proportions of a slide.
  public init(
    title: String = "", rows: [[Panel]], width: Int = 1600, height: Int = 1000,
    language: ReportLanguage = .english, layout: Layout = .separate, rowWeights: [Double] = [],
    colorBar: ColorBar? = nil
  ) {
    precondition(width > 0 && height > 0, "a figure of \(width) × \(height) pixels")
    precondition(
      rowWeights.isEmpty || rowWeights.count == rows.count,
      "\(rows.count) rows of panels with \(rowWeights.count) weights")
    precondition(
      rowWeights.allSatisfy { $0 > 0 && $0.isFinite }, "weights of rows \(rowWeights)")
    self.title = title
    self.rows = rows
    self.width = width
    self.height = height
    self.language = language
    self.layout = layout
    self.rowWeights = rowWeights
    self.colorBar = colorBar
  }
}
