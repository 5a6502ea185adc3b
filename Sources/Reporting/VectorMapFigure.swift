public import TensorCore

/// A map of vectors in two dimensions beside their cosine similarities.
///
/// Short names stand at their points; longer ones are numbered and listed below. The similarities
/// stand in their cells where these are large enough.
public struct VectorMapFigure: Sendable, Equatable {
  /// The heading; may be empty.
  public var title: String
  /// The names of the vectors, such as sentences or captions.
  public var names: [String]
  /// The places on the map [vectors × 2], such as those of t-SNE.
  public var places: Tensor<Double>
  /// The cosine similarities [vectors × vectors].
  public var similarities: Tensor<Double>
  /// The number of each vector's group, which colors its point; empty where there are none.
  public var groups: [Int]
  /// The names of the groups for the legend; may be empty.
  public var groupNames: [String]
  /// A line below everything, such as who made the texts; may be empty.
  public var footnote: String

  /// The longest names, in terminal cells, that stand at their points.
  static let shortName = 8

  /// Creates a figure; shapes that do not fit the number of names are a caller's bug.
  public init(
    title: String = "", names: [String], places: Tensor<Double>, similarities: Tensor<Double>,
    groups: [Int] = [], groupNames: [String] = [], footnote: String = ""
  ) {
    let count = names.count
    precondition(
      places.shape == .matrix(count, 2), "map of \(count) vectors with shape \(places.shape)")
    precondition(
      similarities.shape == .matrix(count, count),
      "similarities of \(count) vectors with shape \(similarities.shape)")
    precondition(
      groups.isEmpty || groups.count == count, "\(groups.count) groups of \(count) vectors")
    precondition(
      groupNames.isEmpty || groups.allSatisfy { groupNames.indices.contains($0) },
      "groups \(groups) with \(groupNames.count) names")
    self.title = title
    self.names = names
    self.places = places
    self.similarities = similarities
    self.groups = groups
    self.groupNames = groupNames
    self.footnote = footnote
  }

  /// Whether the points carry numbers, and the names stand below.
  public var isNumbered: Bool {
    names.contains { DisplayWidth.cells($0) > Self.shortName } || names.count > 30
  }

  /// The figure.
  public func figure(language: ReportLanguage, width: Int = 1600, height: Int = 1000) -> Figure {
    let words = Words(language: language)
    let labels = isNumbered ? names.indices.map { String($0 + 1) } : names
    var rows = [[mapPanel(labels, words), similarityPanel(labels, words)]]
    var weights = [1.0]
    if isNumbered || !footnote.isEmpty {
      let lines = (isNumbered ? captionLines : 0) + (footnote.isEmpty ? 0 : 1)
      rows.append([captionPanel(lines)])
      // Of the 43 lines of text of a figure, each line of names takes a little more than one.
      let part = min(0.6, (Double(lines) * 1.3 + 0.8) / 43)
      weights = [1 - part, part]
    }
    return Figure(
      title: title, rows: rows, width: width, height: height, language: language,
      rowWeights: weights)
  }

  // MARK: - The map

  private func mapPanel(_ labels: [String], _ words: Words) -> Panel {
    let x = names.indices.map { places.values[2 * $0] }
    let y = names.indices.map { places.values[2 * $0 + 1] }
    // Both axes have one scale, so that distances can be compared.
    let span = max(Self.span(x), Self.span(y))
    let xRange = Self.roomy(x, span)
    let yRange = Self.roomy(y, span)
    let anchors = LabelPlacement(
      x: x.map { ($0 - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound) },
      y: y.map { ($0 - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound) },
      labels: labels
    ).anchors
    let numbers = groups.isEmpty ? names.map { _ in 0 } : groups
    var series: [Series] = []
    for group in Set(numbers).sorted() {
      let members = names.indices.filter { numbers[$0] == group }
      series.append(
        .points(
          groupNames.isEmpty ? "" : groupNames[group], role: .neutral(group),
          x: members.map { x[$0] }, y: members.map { y[$0] }, size: 14))
    }
    series.append(.texts(role: .data, x: x, y: y, texts: labels, anchors: anchors))
    return Panel(
      title: words.map, xLabel: words.first, yLabel: words.second, series: series, xRange: xRange,
      yRange: yRange, legend: groupNames.isEmpty ? .none : .right)
  }

  private static func span(_ values: [Double]) -> Double {
    let finite = values.filter { abs($0) < 1e300 }
    return (finite.max() ?? 0) - (finite.min() ?? 0)
  }

  /// A range of this span around the values, with room for labels at the edges.
  private static func roomy(_ values: [Double], _ span: Double) -> ClosedRange<Double> {
    let own = PreparedPanel.fit(values, nil, .linear, room: 0.16)
    let missing = 1.32 * span - (own.upperBound - own.lowerBound)
    guard missing > 0 else { return own }
    return (own.lowerBound - missing / 2)...(own.upperBound + missing / 2)
  }

  // MARK: - Similarities and names

  private func similarityPanel(_ labels: [String], _ words: Words) -> Panel {
    Panel(
      title: words.similarity,
      series: [
        .heatMap(
          HeatMap(categories: similarities, range: -1...1, palette: .signed, showsValues: true))
      ], legend: .none, categories: labels, yCategories: labels, turnsLongCategories: true)
  }

  /// The size of the letters of names in units of ordinary ones.
  private static let captionSize = 0.9

  /// How many columns of names stand below.
  private var captionColumns: Int { names.count > 16 ? 3 : names.count > 4 ? 2 : 1 }

  private var captionLines: Int { (names.count + captionColumns - 1) / captionColumns }

  private func captionPanel(_ lines: Int) -> Panel {
    let columns = captionColumns
    // About 72 letters of full width fit across; a narrow one takes 0.56 of that, and the number
    // as much as five.
    let room = Int(72 / Double(columns) / (0.56 * Self.captionSize)) - 5
    var texts: [String] = []
    var places: [(x: Double, y: Double)] = []
    if isNumbered {
      texts = names.enumerated().map { index, name in
        "\(index + 1)  \(DisplayWidth.truncate(name, to: room))"
      }
      places = names.indices.map { (Double($0 / captionLines), -Double($0 % captionLines)) }
    }
    if !footnote.isEmpty {
      texts.append(DisplayWidth.truncate(footnote, to: (room + 5) * columns))
      places.append((0, -Double(lines - 1)))
    }
    return Panel(
      series: [
        .texts(
          role: .data, x: places.map(\.x), y: places.map(\.y), texts: texts,
          anchors: [TextAnchor(horizontal: 1, vertical: 0)], size: Self.captionSize)
      ], xRange: 0...Double(columns), yRange: (-Double(lines) + 0.5)...0.5, legend: .none,
      showsAxes: false)
  }

  private struct Words {
    let language: ReportLanguage

    var map: String { language.pick("Map (t-SNE)", "地図（t-SNE）") }
    var first: String { language.pick("first dimension", "第 1 次元") }
    var second: String { language.pick("second dimension", "第 2 次元") }
    var similarity: String { language.pick("Cosine similarity", "コサイン類似度") }
  }
}

/// Sides for the labels of points, chosen one after the other so that they overlap least.
struct LabelPlacement {
  private(set) var anchors: [TextAnchor] = []

  /// A rectangle in parts of the axes.
  private struct Box {
    var left: Double
    var right: Double
    var bottom: Double
    var top: Double

    func overlap(_ other: Box) -> Double {
      let width = min(right, other.right) - max(left, other.left)
      let height = min(top, other.top) - max(bottom, other.bottom)
      return width > 0 && height > 0 ? width * height : 0
    }
  }

  /// Sides in the order of preference.
  private static let sides = [
    TextAnchor(horizontal: 1, vertical: 0), TextAnchor(horizontal: -1, vertical: 0),
    TextAnchor(horizontal: 0, vertical: 1), TextAnchor(horizontal: 0, vertical: -1),
    TextAnchor(horizontal: 1, vertical: 1), TextAnchor(horizontal: -1, vertical: 1),
    TextAnchor(horizontal: 1, vertical: -1), TextAnchor(horizontal: -1, vertical: -1),
  ]

  /// Chooses sides for labels at places in parts of the axes, which are taken to be about 30
  /// letters wide and high.
  init(x: [Double], y: [Double], labels: [String]) {
    let em = 1.0 / 30
    let points = zip(x, y).map { x, y in
      Box(left: x - 0.4 * em, right: x + 0.4 * em, bottom: y - 0.4 * em, top: y + 0.4 * em)
    }
    var placed: [Box] = []
    for (index, label) in labels.enumerated() {
      let width = DisplayWidth.ems(label) * em
      func box(_ side: TextAnchor) -> Box {
        let centerX = x[index] + Double(side.horizontal) * (width / 2 + 0.4 * em)
        let centerY = y[index] + Double(side.vertical) * 0.85 * em
        return Box(
          left: centerX - width / 2, right: centerX + width / 2, bottom: centerY - 0.5 * em,
          top: centerY + 0.5 * em)
      }
      func cost(_ side: TextAnchor) -> Double {
        let own = box(side)
        let outside = max(0, -own.left, own.right - 1, -own.bottom, own.top - 1)
        var sum = outside
        for (other, point) in points.enumerated() where other != index {
          sum += own.overlap(point)
        }
        return placed.reduce(sum) { $0 + own.overlap($1) }
      }
      // Strictly smaller keeps the preferred side where several are free.
      var best = Self.sides[0]
      var least = cost(best)
      for side in Self.sides.dropFirst() where cost(side) < least - 1e-12 {
        best = side
        least = cost(side)
      }
      anchors.append(best)
      placed.append(box(best))
    }
  }
}
