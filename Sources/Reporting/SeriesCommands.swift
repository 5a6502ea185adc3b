internal import TensorCore

/// The data blocks and plot elements of one panel.
struct SeriesCommands {
  /// Inline data blocks, each with a name of its own.
  private(set) var data = ""
  /// The elements of the `plot` command.
  private(set) var elements: [String] = []

  /// The commands that set texts among the data, to run before the plot.
  private(set) var labels: [String] = []

  private let number: Int
  private let terminal: Terminal
  /// The size of the axes in fractions of the figure.
  private let plotWidth: Double
  private let plotHeight: Double
  private let xScale: Panel.Scale
  private let yScale: Panel.Scale
  private var blockCount = 0

  init(
    _ prepared: PreparedPanel, number: Int, terminal: Terminal, plotWidth: Double,
    plotHeight: Double, legendCapacity: Int
  ) {
    self.number = number
    self.terminal = terminal
    self.plotWidth = plotWidth
    self.plotHeight = plotHeight
    xScale = prepared.panel.xScale
    yScale = prepared.panel.yScale
    let stacks = Stacks(prepared.panel.series)
    var legend: [String] = []
    for (index, series) in prepared.panel.series.enumerated() {
      draw(series, index: index, stacks: stacks, prepared)
      if !series.name.isEmpty, prepared.panel.legend != .none {
        let name = DisplayWidth.truncate(series.name, to: FigureLayout.longestName)
        legend.append("keyentry \(keyStyle(series)) title \(GnuplotText.quote(name))")
      }
    }
    if legend.count > legendCapacity {
      let hidden = legend.count - max(1, legendCapacity - 1)
      legend.removeLast(hidden)
      legend.append(
        "keyentry with lines lc rgb '#FFFFFF' title \(GnuplotText.quote("… +\(hidden)"))")
    }
    // gnuplot refuses a plot of legend entries alone.
    if elements.isEmpty { elements.append("NaN notitle") }
    // The legend has entries of its own, since one series may take several elements or none.
    elements += legend
  }

  private mutating func draw(
    _ series: Series, index: Int, stacks: Stacks, _ prepared: PreparedPanel
  ) {
    switch series.mark {
    case .line(let x, let y): drawLine(series, x, y)
    case .points(let x, let y):
      let rows = zip(x, y).filter { isDrawable($0, $1) }
      add(rows.map { [$0, $1] }, "using 1:2 with points \(pointStyle(series, series.width))")
    case .stems(let x, let y):
      let rows = zip(x, y).filter { isDrawable($0, $1) }
      add(
        rows.map { [$0, $1] },
        "using 1:2 with impulses lc rgb '\(color(series))' lw \(terminal.lineWidth(series.width)) dt 1"
      )
    case .band(let x, let lower, let upper): drawBand(series, x, lower, upper)
    case .stackedArea(let x, _):
      drawBand(series, x, stacks.lower(index), stacks.upper(index))
    case .intervals(let x, let lower, let upper):
      let usable = x.indices.filter { isDrawable(x[$0], lower[$0]) && isDrawable(x[$0], upper[$0]) }
      drawIntervals(series, usable.map { [x[$0], lower[$0], upper[$0]] }, width: series.width)
    case .texts(let x, let y, let texts, let anchors):
      for index in x.indices where isDrawable(x[index], y[index]) {
        addLabel(
          texts[index], x[index], y[index], anchors[index], size: series.width,
          color: color(series))
      }
    case .heatMap(let map):
      draw(map)
      if map.showsValues { drawValues(map, prepared) }
    }
  }

  private mutating func drawLine(_ series: Series, _ x: [Double], _ y: [Double]) {
    var rows: [[Double]] = []
    var lonely: [[Double]] = []
    for run in runs(x.count, where: { isDrawable(x[$0], y[$0]) }) {
      // A line needs two points; a single one would be invisible.
      if run.count == 1 {
        lonely.append([x[run.lowerBound], y[run.lowerBound]])
        continue
      }
      if !rows.isEmpty { rows.append([]) }
      rows += run.map { [x[$0], y[$0]] }
    }
    add(
      rows,
      "using 1:2 with lines lc rgb '\(color(series))' lw \(terminal.lineWidth(series.width)) \(dash(series))"
    )
    add(lonely, "using 1:2 with points \(pointStyle(series, series.width * 3))")
  }

  private mutating func drawBand(
    _ series: Series, _ x: [Double], _ lower: [Double], _ upper: [Double]
  ) {
    let usable = runs(x.count) { isDrawable(x[$0], lower[$0]) && isDrawable(x[$0], upper[$0]) }
    for run in usable {
      let rows = run.map { [x[$0], lower[$0], upper[$0]] }
      if rows.count == 1 {
        drawIntervals(series, rows, width: 4)
      } else {
        add(
          rows,
          "using 1:2:3 with filledcurves fc rgb '\(color(series))' "
            + "fs transparent solid \(series.opacity) noborder")
      }
    }
  }

  private mutating func drawIntervals(_ series: Series, _ rows: [[Double]], width: Double) {
    // Error bars of gnuplot's own have a gap where their point is, even if none is drawn.
    add(
      rows,
      "using 1:2:(0):($3-$2) with vectors heads nofilled size screen "
        + "\(GnuplotText.fraction(0.3 * terminal.emX)),90 lc rgb '\(color(series))' "
        + "lw \(terminal.lineWidth(width)) dt 1")
  }

  private mutating func addLabel(
    _ text: String, _ x: Double, _ y: Double, _ anchor: TextAnchor, size: Double, color: String
  ) {
    let side = ["right", "center", "left"][anchor.horizontal + 1]
    // Beside a point a text keeps clear of it; at a corner, less of each distance is needed.
    let isCorner = anchor.horizontal != 0 && anchor.vertical != 0
    let dx = Double(anchor.horizontal) * (isCorner ? 0.35 : 0.5) * terminal.emX
    let dy = Double(anchor.vertical) * (isCorner ? 0.6 : 0.85) * terminal.emY
    labels.append(
      "set label \(100 + labels.count) \(GnuplotText.quote(text)) at first "
        + "\(GnuplotText.number(x)), first \(GnuplotText.number(y)) \(side) offset screen "
        + "\(GnuplotText.fraction(dx)), screen \(GnuplotText.fraction(dy)) front "
        + "\(terminal.fontOption(size)) textcolor rgb '\(color)'")
  }

  /// The values in the cells, left out where cells are too small for them.
  private mutating func drawValues(_ map: HeatMap, _ prepared: PreparedPanel) {
    guard let colors = prepared.colors else { return }
    func part(_ centers: [Double], of range: ClosedRange<Double>) -> Double {
      PreparedPanel.spacing(centers) / (range.upperBound - range.lowerBound)
    }
    let cellWidth = part(map.x, of: prepared.x) * plotWidth / terminal.emX
    let cellHeight = part(map.y, of: prepared.y) * plotHeight / terminal.emY
    let size = min(0.85, cellWidth / 3, cellHeight / 1.3)
    guard size >= 0.5 else { return }
    for (row, y) in map.y.enumerated() {
      for (column, x) in map.x.enumerated() {
        let value = map.values.values[row * map.x.count + column]
        guard value.isFinite else { continue }
        let place = (value - colors.lowerBound) / (colors.upperBound - colors.lowerBound)
        let text = NumberFormat.fixed(decimals: 2).text(value).replacing("-", with: "−")
        addLabel(
          text, x, y, .center, size: size,
          color: map.palette.isDark(at: place) ? "#FFFFFF" : "#222222")
      }
    }
  }

  private mutating func draw(_ map: HeatMap) {
    guard !map.x.isEmpty, !map.y.isEmpty else { return }
    var rows: [[Double]] = []
    for (row, y) in map.y.enumerated() {
      for (column, x) in map.x.enumerated() {
        rows.append([x, y, map.values.values[row * map.x.count + column]])
      }
    }
    if map.x.count > 1 && map.y.count > 1 {
      let asRectangles = terminal.drawsImagesAsRectangles && rows.count <= 4096
      add(rows, "using 1:2:3 with image" + (asRectangles ? " pixels" : ""))
    } else {
      // An image needs two rows and two columns; boxes serve for less.
      let halfWidth = PreparedPanel.spacing(map.x) / 2
      let halfHeight = PreparedPanel.spacing(map.y) / 2
      add(
        rows.filter { $0[2].isFinite },
        "using 1:2:(\(halfWidth)):(\(halfHeight)):3 with boxxyerror lc palette fs solid 1 noborder")
    }
  }

  /// Adds a data block and the element that draws it; an empty row leaves a gap.
  private mutating func add(_ rows: [[Double]], _ command: String) {
    guard !rows.isEmpty else { return }
    let name = "$d\(number)_\(blockCount)"
    blockCount += 1
    data += "\(name) << EOD\n"
    for row in rows {
      data += row.map(GnuplotText.number).joined(separator: " ") + "\n"
    }
    data += "EOD\n"
    elements.append("\(name) \(command) notitle")
  }

  // MARK: - Styles

  private func color(_ series: Series) -> String { series.role.color(variant: series.variant) }

  private func dash(_ series: Series) -> String {
    switch series.dash {
    case .solid: "dt 1"
    case .dashed: "dt (\(9 * terminal.dashScale),\(6 * terminal.dashScale))"
    case .dotted: "dt (\(2.5 * terminal.dashScale),\(4 * terminal.dashScale))"
    }
  }

  private func pointStyle(_ series: Series, _ diameter: Double) -> String {
    "pt 7 ps \(terminal.pointSize(diameter)) lc rgb '\(color(series))'"
  }

  private func keyStyle(_ series: Series) -> String {
    switch series.mark {
    case .line, .stems, .intervals, .texts:
      "with lines lc rgb '\(color(series))' lw \(terminal.lineWidth(series.width)) \(dash(series))"
    case .points: "with points \(pointStyle(series, series.width))"
    case .band, .stackedArea, .heatMap:
      "with filledcurves fc rgb '\(color(series))' "
        + "fs transparent solid \(series.opacity) noborder"
    }
  }

  private func isDrawable(_ x: Double, _ y: Double) -> Bool {
    guard abs(x) < 1e300, abs(y) < 1e300 else { return false }
    return (xScale == .linear || x > 0) && (yScale == .linear || y > 0)
  }

  /// The maximal stretches of indices that satisfy a condition.
  private func runs(_ count: Int, where condition: (Int) -> Bool) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var start: Int?
    for index in 0...count {
      let holds = index < count && condition(index)
      if holds, start == nil { start = index }
      if !holds, let first = start {
        result.append(first..<index)
        start = nil
      }
    }
    return result
  }
}
