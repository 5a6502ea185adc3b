public import TensorCore

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
  /// The colors between the two ends.
  public var palette: Palette
  /// Whether every cell that has room for it carries its value, to two digits after the point.
  public var showsValues: Bool

  /// Creates a map; a shape that does not fit the centers is a caller's bug.
  public init(
    x: [Double], y: [Double], values: Tensor<Double>, range: ClosedRange<Double>? = nil,
    palette: Palette = .general, showsValues: Bool = false
  ) {
    precondition(
      values.shape == .matrix(y.count, x.count),
      "heat map of \(y.count) × \(x.count) centers with values of shape \(values.shape)")
    self.x = x
    self.y = y
    self.values = values
    self.range = range
    self.palette = palette
    self.showsValues = showsValues
  }

  /// Creates a map of a matrix whose rows and columns are the categories 1, 2, ….
  public init(
    categories values: Tensor<Double>, range: ClosedRange<Double>? = nil,
    palette: Palette = .general, showsValues: Bool = false
  ) {
    precondition(values.shape.rank == 2, "heat map of values of shape \(values.shape)")
    self.init(
      x: (0..<values.shape[1]).map { Double($0 + 1) },
      y: (0..<values.shape[0]).map { Double($0 + 1) }, values: values, range: range,
      palette: palette, showsValues: showsValues)
  }
}

/// The colors of a heat map.
public enum Palette: Sendable, Equatable {
  /// From dark violet over green to yellow (viridis); for quantities without a role.
  case general
  /// From white to the color of a role; for amounts that start at nothing.
  case amount(SeriesRole)
  /// From the color of states over white to that of errors; for ranges around zero.
  case signed

  /// The colors at equal distances.
  var stops: [String] {
    switch self {
    case .general:
      [
        "#440154", "#472c7a", "#3b518b", "#2c718e", "#21908d", "#27ad81", "#5cc863", "#aadc32",
        "#fde725",
      ]
    case .amount(let role): ["#FFFFFF", role.color()]
    case .signed: [SeriesRole.state.color(), "#FFFFFF", SeriesRole.error.color()]
    }
  }

  /// Whether dark texts would be hard to read on the color at a place from 0 to 1.
  func isDark(at place: Double) -> Bool {
    let colors = stops.map(Self.components)
    let position = min(max(place, 0), 1) * Double(colors.count - 1)
    let index = min(Int(position), colors.count - 2)
    let part = position - Double(index)
    let mixed = zip(colors[index], colors[index + 1]).map { $0 + ($1 - $0) * part }
    // The weights of the three primaries in brightness (ITU-R BT.601).
    return 0.299 * mixed[0] + 0.587 * mixed[1] + 0.114 * mixed[2] < 140
  }

  private static func components(_ color: String) -> [Double] {
    let number = Int(color.dropFirst(), radix: 16) ?? 0
    return [16, 8, 0].map { Double((number >> $0) & 0xff) }
  }
}
