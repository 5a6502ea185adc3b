public import TensorCore

/// Position codes as a map over all dimensions, and as curves of a few of them (mathematics §12).
public struct PositionCodeFigure: Sendable, Equatable {
  /// The codes [positions × dimensions].
  public var codes: Tensor<Double>
  /// The dimensions, counted from 0, whose curves are drawn.
  public var dimensions: [Int]
  /// The heading; empty for the usual one.
  public var title: String

  /// Creates a figure; without dimensions, four even ones that are spread by ratio are drawn.
  ///
  /// Codes that are no matrix, or dimensions outside of it, are a caller's bug.
  public init(codes: Tensor<Double>, dimensions: [Int]? = nil, title: String = "") {
    precondition(codes.shape.rank == 2, "position codes of shape \(codes.shape)")
    let chosen = dimensions ?? Self.spread(codes.shape[1])
    precondition(
      chosen.allSatisfy { (0..<codes.shape[1]).contains($0) },
      "dimensions \(chosen) of codes of shape \(codes.shape)")
    self.codes = codes
    self.dimensions = chosen
    self.title = title
  }

  /// Up to four even dimensions of so many, in equal steps.
  static func spread(_ count: Int) -> [Int] {
    let even = Array(stride(from: 0, to: count, by: 2))
    guard even.count > 4 else { return even }
    // The slow dimensions of a wide code hardly change; the first half tells them apart.
    return (0..<4).map { even[$0 * (even.count / 2) / 3] }
  }

  /// The figure.
  public func figure(language: ReportLanguage, width: Int = 1600, height: Int = 1000) -> Figure {
    let words = Words(language: language)
    let positions = (0..<codes.shape[0]).map(Double.init)
    let count = codes.shape[1]
    // Dimensions run upward, positions to the right.
    let turned = (0..<count).flatMap { dimension in
      positions.indices.map { codes.values[$0 * count + dimension] }
    }
    let map = HeatMap(
      x: positions, y: (0..<count).map(Double.init),
      values: Tensor(shape: .matrix(count, positions.count), values: turned), range: -1...1,
      palette: .signed)
    let edges = PreparedPanel.edges(positions)
    let range = edges.count == 2 ? edges[0]...edges[1] : nil
    let curves = dimensions.enumerated().map { index, dimension in
      Series.line(
        words.dimension(dimension), role: .neutral(index), x: positions,
        y: positions.indices.map { codes.values[$0 * count + dimension] })
    }
    return Figure(
      title: title.isEmpty ? words.title : title,
      rows: [
        [
          Panel(
            title: words.all, yLabel: words.axis, series: [.heatMap(map)], xRange: range,
            legend: .none)
        ],
        [
          Panel(
            title: words.few, xLabel: words.position, yLabel: words.value, series: curves,
            xRange: range, rules: [.horizontal(0)])
        ],
      ], width: width, height: height, language: language)
  }

  private struct Words {
    let language: ReportLanguage

    var title: String { language.pick("Position codes", "位置符号") }
    var all: String { language.pick("All dimensions", "全次元") }
    var few: String { language.pick("Single dimensions", "いくつかの次元") }
    var axis: String { language.pick("dimension", "次元") }
    var position: String { language.pick("position", "位置") }
    var value: String { language.pick("value", "値") }
    func dimension(_ index: Int) -> String {
      language.pick("dimension \(index)", "次元 \(index)")
    }
  }
}
