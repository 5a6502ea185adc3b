/// Where the panels of a figure stand, in fractions of the figure.
struct FigureLayout {
  /// One panel with its axes' frame.
  struct Place {
    let prepared: PreparedPanel
    let frame: Frame
    /// The room for the panel's title.
    let titleWidth: Double
    /// Distinguishes the panel in names of data blocks.
    let number: Int
    /// Whether the marks of the axes carry their labels.
    var showsXLabels = true
    var showsYLabels = true
    /// What the names of the axes are centered on; nil where they are left out.
    var xNameCenter: Double?
    var yNameCenter: Double?
  }

  private(set) var places: [Place] = []
  /// Where the title of the figure begins.
  private(set) var titleLeft = 0.0
  /// The frame of the figure's own color scale.
  private(set) var colorBar: Frame?
  /// The marks of the figure's own color scale.
  let colorBarTicks: AxisTicks?

  private let emX: Double
  private let emY: Double
  private let top: Double
  /// What the panels may take of the width.
  private let width: Double

  static let longestName = 28

  /// Lays out rows of which none is empty.
  init(_ figure: Figure, rows: [[Panel]], weights: [Double], emX: Double, emY: Double) {
    self.emX = emX
    self.emY = emY
    top = 1 - (figure.title.isEmpty ? 0.4 : 2.6) * emY
    let ticks = figure.colorBar.map { AxisTicks($0.range, scale: .linear, target: 5) }
    colorBarTicks = ticks
    let label = figure.colorBar?.label.isEmpty == false ? 1.7 : 0
    width = 1 - (ticks.map { $0.labelEms + 2.6 + label } ?? 0) * emX
    let sum = weights.reduce(0, +)
    let heights = weights.map { $0 / sum * (top - 0.3 * emY) }
    let prepared = zip(rows, heights).map { row, height in
      row.map { panel in
        PreparedPanel(
          panel, xTarget: max(3, Int(1 / (Double(row.count) * emX * 9))),
          yTarget: min(8, max(2, Int(height / (emY * 2.4)) - 2)),
          sharedColors: figure.colorBar?.range)
      }
    }
    switch figure.layout {
    case .separate: layOut(prepared, heights: heights)
    case .grid: layOutGrid(prepared)
    }
    titleLeft =
      places.filter { $0.prepared.panel.showsAxes }.map(\.frame.left).min() ?? emX
    if ticks != nil, let last = places.last {
      colorBar = Frame(
        left: width + 0.5 * emX, right: width + 1.5 * emX,
        bottom: places.map(\.frame.bottom).min() ?? last.frame.bottom,
        top: places.map(\.frame.top).max() ?? last.frame.top)
    }
  }

  private mutating func layOut(_ prepared: [[PreparedPanel]], heights: [Double]) {
    var prepared = prepared
    // Names of categories are fitted to what the other texts leave; then the margins are settled.
    for (index, row) in prepared.enumerated() {
      let (left, right) = margins(row, among: prepared)
      let plotWidth = (width / Double(row.count) - left - right) / emX
      prepared[index] = row.map { panel in
        let turned = panel.fittingNames(width: plotWidth)
        let plotHeight = heights[index] / emY - above(turned) - below(turned)
        return turned.fittingNames(height: plotHeight)
      }
    }
    var cellTop = top
    for (rowIndex, row) in prepared.enumerated() {
      let (left, right) = margins(row, among: prepared)
      for (column, panel) in row.enumerated() {
        let cellLeft = width * Double(column) / Double(row.count)
        let cellRight = width * Double(column + 1) / Double(row.count)
        let frame = Frame(
          left: cellLeft + left, right: cellRight - right,
          bottom: cellTop - heights[rowIndex] + below(panel) * emY,
          top: cellTop - above(panel) * emY)
        let axes = usable(frame)
        places.append(
          Place(
            prepared: panel, frame: axes, titleWidth: cellRight - frame.left - emX,
            number: rowIndex * 100 + column, xNameCenter: (axes.left + axes.right) / 2,
            yNameCenter: (axes.bottom + axes.top) / 2))
      }
      cellTop -= heights[rowIndex]
    }
  }

  private mutating func layOutGrid(_ prepared: [[PreparedPanel]]) {
    var prepared = prepared
    let columns = prepared.map(\.count).max() ?? 1
    let between = 0.9 * emX
    let right = 0.6 * emX
    func left() -> Double { prepared.map { leftMargin($0[0]) }.max() ?? 0 }
    func plotWidth() -> Double {
      let free = width - left() - right - Double(columns - 1) * between
      return free / Double(columns)
    }
    let guess = plotWidth() / emX
    prepared = prepared.map { row in row.map { $0.fittingNames(width: guess) } }
    let count = Double(prepared.count)
    let above = (prepared.joined().map { self.above($0) }.max() ?? 0) - 0.3
    let gap = 0.35
    let below = prepared.last.map { row in row.map { self.below($0) }.max() ?? 0 } ?? 0
    let free = (top - 0.3 * emY) / emY - count * above - (count - 1) * gap - below
    let plotHeight = max(free / count, 0.1)
    prepared = prepared.map { row in row.map { $0.fittingNames(height: plotHeight) } }
    let start = left()
    let pitch = plotWidth() + between
    let lowest = top - (count * (above + plotHeight) + (count - 1) * gap) * emY
    // All panels share the names of their axes, which stand once beside the whole.
    let across = start + (Double(columns) * pitch - between) / 2
    let along = (lowest + top - above * emY) / 2
    for (rowIndex, row) in prepared.enumerated() {
      let frameTop = top - (Double(rowIndex) * (above + plotHeight + gap) + above) * emY
      for (column, panel) in row.enumerated() {
        let frameLeft = start + Double(column) * pitch
        let frame = usable(
          Frame(
            left: frameLeft, right: frameLeft + pitch - between,
            bottom: frameTop - plotHeight * emY, top: frameTop))
        // In a last row of fewer panels, those above the empty places end their columns.
        let isLowest =
          rowIndex == prepared.count - 1 || column >= prepared[rowIndex + 1].count
        places.append(
          Place(
            prepared: panel, frame: frame, titleWidth: pitch - between,
            number: rowIndex * 100 + column, showsXLabels: isLowest, showsYLabels: column == 0,
            xNameCenter: rowIndex == prepared.count - 1 && column == 0 ? across : nil,
            yNameCenter: rowIndex == 0 && column == 0 ? along : nil))
      }
    }
  }

  // MARK: - Margins

  /// Rows of equally many panels share their margins, so that their axes stand in line.
  private func margins(
    _ row: [PreparedPanel], among rows: [[PreparedPanel]]
  ) -> (left: Double, right: Double) {
    let alike = rows.filter { $0.count == row.count }.joined()
    return (
      alike.map { leftMargin($0) }.max() ?? 0, alike.map { rightMargin($0) }.max() ?? 0
    )
  }

  /// The room for the labels of the y axis.
  private func leftMargin(_ panel: PreparedPanel) -> Double {
    guard panel.panel.showsAxes else { return emX }
    return (panel.yLabelEms + (panel.panel.yLabel.isEmpty ? 1.4 : 3.1)) * emX
  }

  private func rightMargin(_ panel: PreparedPanel) -> Double {
    if let ticks = panel.colorTicks {
      return (ticks.labelEms + 3) * emX
    }
    guard panel.panel.legend == .right, !panel.legendNames.isEmpty else { return 1.2 * emX }
    let names = panel.legendNames.map { DisplayWidth.truncate($0, to: Self.longestName) }
    let widest = names.map { DisplayWidth.ems($0) }.max() ?? 0
    return (widest * 0.9 + 3.6) * emX
  }

  /// The room above the axes in units of the font size.
  private func above(_ panel: PreparedPanel) -> Double {
    panel.panel.title.isEmpty ? 0.8 : 2.1
  }

  /// The room below the axes in units of the font size.
  private func below(_ panel: PreparedPanel) -> Double {
    guard panel.panel.showsAxes else { return 0.4 }
    return (panel.panel.xLabel.isEmpty ? 1.05 : 2.35) + panel.xLabelEms
  }

  /// Keeps a sliver of axes in figures too small for their texts.
  private func usable(_ frame: Frame) -> Frame {
    var frame = frame
    if frame.right - frame.left < 0.02 { frame.right = min(1, frame.left + 0.02) }
    if frame.top - frame.bottom < 0.02 { frame.bottom = max(0, frame.top - 0.02) }
    return frame
  }
}
