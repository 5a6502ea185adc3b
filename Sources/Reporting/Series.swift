/// One thing drawn in a panel.
///
/// A value that is not finite leaves a gap. A series with a name but without values appears in the
/// legend only.
public struct Series: Sendable, Equatable {
  /// The geometry.
  public enum Mark: Sendable, Equatable {
    /// A line through points.
    case line(x: [Double], y: [Double])
    /// Single points.
    case points(x: [Double], y: [Double])
    /// The translucent area between two curves.
    case band(x: [Double], lower: [Double], upper: [Double])
    /// Vertical strokes from zero.
    case stems(x: [Double], y: [Double])
    /// An area on top of the areas drawn before it in the same panel; all share their x values.
    case stackedArea(x: [Double], y: [Double])
    /// Colors on a grid; at most one per panel.
    case heatMap(HeatMap)
    /// Vertical strokes from one value to another, with short crossbars.
    case intervals(x: [Double], lower: [Double], upper: [Double])
    /// Words beside points of the panel.
    case texts(x: [Double], y: [Double], texts: [String], anchors: [TextAnchor])
  }

  /// The name in the legend; without one, the series does not appear there.
  public var name: String
  /// What the series is; chooses its color.
  public var role: SeriesRole
  /// Numbers several series of one role.
  public var variant: Int
  /// The geometry.
  public var mark: Mark
  /// The width of lines or the diameter of points, in pixels of a figure 1600 wide; of texts, the
  /// size of their letters in units of the figure's text.
  public var width: Double
  /// How lines are broken.
  public var dash: Dash
  /// The opacity of areas, 0 to 1.
  public var opacity: Double

  private init(
    _ name: String, _ role: SeriesRole, _ variant: Int, _ mark: Mark, width: Double = 3,
    dash: Dash? = nil, opacity: Double = 1
  ) {
    self.name = name
    self.role = role
    self.variant = variant
    self.mark = mark
    self.width = width
    self.dash = dash ?? role.dash
    self.opacity = opacity
  }

  /// A line; its dash is that of the role unless given.
  public static func line(
    _ name: String = "", role: SeriesRole, variant: Int = 0, x: [Double], y: [Double],
    width: Double = 3, dash: Dash? = nil
  ) -> Series {
    check(name, x, y)
    return Series(name, role, variant, .line(x: x, y: y), width: width, dash: dash)
  }

  /// Points; `size` is their diameter in pixels of a figure 1600 wide.
  public static func points(
    _ name: String = "", role: SeriesRole, variant: Int = 0, x: [Double], y: [Double],
    size: Double = 9
  ) -> Series {
    check(name, x, y)
    return Series(name, role, variant, .points(x: x, y: y), width: size)
  }

  /// A translucent band between two curves.
  public static func band(
    _ name: String = "", role: SeriesRole, variant: Int = 0, x: [Double], lower: [Double],
    upper: [Double], opacity: Double = 0.22
  ) -> Series {
    check(name, x, lower)
    check(name, x, upper)
    return Series(
      name, role, variant, .band(x: x, lower: lower, upper: upper), opacity: opacity)
  }

  /// Vertical strokes from zero.
  public static func stems(
    _ name: String = "", role: SeriesRole, variant: Int = 0, x: [Double], y: [Double],
    width: Double = 3
  ) -> Series {
    check(name, x, y)
    return Series(name, role, variant, .stems(x: x, y: y), width: width)
  }

  /// An area on top of the areas before it.
  public static func stackedArea(
    _ name: String = "", role: SeriesRole, variant: Int = 0, x: [Double], y: [Double],
    opacity: Double = 0.85
  ) -> Series {
    check(name, x, y)
    return Series(name, role, variant, .stackedArea(x: x, y: y), opacity: opacity)
  }

  /// Colors on a grid.
  public static func heatMap(_ map: HeatMap) -> Series {
    Series("", .neutral(0), 0, .heatMap(map))
  }

  /// Intervals such as those of a standard deviation, with short crossbars.
  public static func intervals(
    _ name: String = "", role: SeriesRole, variant: Int = 0, x: [Double], lower: [Double],
    upper: [Double], width: Double = 3
  ) -> Series {
    check(name, x, lower)
    check(name, x, upper)
    return Series(
      name, role, variant, .intervals(x: x, lower: lower, upper: upper), width: width)
  }

  /// Words in the color of a role; `size` is that of the letters in units of the figure's text.
  ///
  /// One anchor counts for all texts.
  public static func texts(
    role: SeriesRole, variant: Int = 0, x: [Double], y: [Double], texts: [String],
    anchors: [TextAnchor] = [.center], size: Double = 1
  ) -> Series {
    check("", x, y)
    precondition(texts.count == x.count, "\(texts.count) texts at \(x.count) places")
    precondition(
      anchors.count == x.count || anchors.count == 1,
      "\(anchors.count) anchors of \(x.count) texts")
    let all = anchors.count == 1 ? x.map { _ in anchors[0] } : anchors
    return Series("", role, variant, .texts(x: x, y: y, texts: texts, anchors: all), width: size)
  }

  private static func check(_ name: String, _ x: [Double], _ y: [Double]) {
    precondition(
      x.count == y.count, "series '\(name)' has \(x.count) x values and \(y.count) y values")
  }
}

/// Where a text stands with respect to its place.
public struct TextAnchor: Sendable, Hashable {
  /// −1 left of the place, 0 above or below it, 1 right of it.
  public var horizontal: Int
  /// −1 below the place, 0 at its height, 1 above it.
  public var vertical: Int

  /// On the place itself.
  public static let center = TextAnchor(horizontal: 0, vertical: 0)

  /// Creates an anchor; only signs count.
  public init(horizontal: Int, vertical: Int) {
    self.horizontal = horizontal.signum()
    self.vertical = vertical.signum()
  }
}
