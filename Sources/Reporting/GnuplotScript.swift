internal import Foundation

/// Turns a figure into the commands that draw it.
struct GnuplotScript {
  static let fontFamily = "Noto Sans CJK JP"

  let figure: Figure
  let format: FigureFormat
  /// The size of ordinary text in pixels.
  let font: Double
  /// Lines and points grow with the figure.
  let scale: Double
  private(set) var text = ""

  init(_ figure: Figure, format: FigureFormat) {
    self.figure = figure
    self.format = format
    let width = Double(figure.width)
    let height = Double(figure.height)
    font = max(12, min(width / 76, height / 46))
    scale = min(2, max(0.6, min(width / 1600, height / 1000)))
    writePreamble()
    writePanels()
    text += "unset multiplot\n"
  }

  // MARK: - Layout

  private var emX: Double { font / Double(figure.width) }
  private var emY: Double { font / Double(figure.height) }

  private mutating func writePanels() {
    let rows = figure.rows.filter { !$0.isEmpty }
    guard !rows.isEmpty else {
      write("set label 1 \(quote(noData)) at screen 0.5,0.5 center")
      writeBlankPlot()
      return
    }
    let top = 1 - (figure.title.isEmpty ? 0.4 : 2.6) * emY
    let rowHeight = (top - 0.3 * emY) / Double(rows.count)
    let prepared = rows.map { row in
      let columns = Double(row.count)
      return row.map { panel in
        PreparedPanel(
          panel, xTarget: max(3, Int(1 / (columns * emX * 9))),
          yTarget: max(2, Int(rowHeight / (emY * 2.4)) - 2))
      }
    }
    if !figure.title.isEmpty {
      let left = prepared.map { leftMargin($0) }.min() ?? 0
      let size = shrink(figure.title, size: font * 1.32, into: 1 - left - emX)
      write(
        "set label 99 \(quote(figure.title)) at screen "
          + "\(fraction(left)),\(fraction(1 - 1.5 * emY)) left \(boldFont(size))")
    }
    for (rowIndex, row) in prepared.enumerated() {
      // Rows of equally many panels share their margins, so that their axes stand in line.
      let alike = prepared.filter { $0.count == row.count }
      let left = alike.map { leftMargin($0) }.max() ?? 0
      let right = alike.joined().map { rightMargin($0) }.max() ?? 0
      let cellTop = top - Double(rowIndex) * rowHeight
      for (column, panel) in row.enumerated() {
        let cellLeft = Double(column) / Double(row.count)
        let cellRight = Double(column + 1) / Double(row.count)
        let below = panel.panel.xLabel.isEmpty ? 2.2 : 3.5
        let above = panel.panel.title.isEmpty ? 0.8 : 2.1
        let frame = Frame(
          left: cellLeft + left, right: cellRight - right,
          bottom: cellTop - rowHeight + below * emY, top: cellTop - above * emY)
        write(
          panel, number: rowIndex * 100 + column, in: usable(frame),
          titleWidth: cellRight - frame.left - emX)
      }
    }
  }

  /// The room for the labels of the y axis, the widest in a row.
  private func leftMargin(_ row: [PreparedPanel]) -> Double {
    row.map { panel in
      let label = panel.panel.yLabel.isEmpty ? 1.4 : 3.1
      return (panel.yTicks.labelEms + label) * emX
    }.max() ?? 0
  }

  /// Keeps a sliver of axes in figures too small for their texts.
  private func usable(_ frame: Frame) -> Frame {
    var frame = frame
    if frame.right - frame.left < 0.02 { frame.right = min(1, frame.left + 0.02) }
    if frame.top - frame.bottom < 0.02 { frame.bottom = max(0, frame.top - 0.02) }
    return frame
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

  private static let longestName = 28

  /// The height of a line of the legend in ems; gnuplot would start a second column, over the next
  /// panel, if there were more lines than fit beside the axes.
  private static let legendPitch = 1.16

  // MARK: - Commands

  private mutating func writePreamble() {
    let font = "font \(quote("\(Self.fontFamily),\(Self.short(fontPoints))"))"
    write("set encoding utf8")
    switch format {
    case .svg:
      write(
        "set terminal svg noenhanced standalone size \(figure.width),\(figure.height) "
          + "background rgb '#FFFFFF' \(font)")
    case .png:
      write(
        "set terminal pngcairo noenhanced size \(figure.width),\(figure.height) "
          + "background rgb '#FFFFFF' \(font)")
    case .pdf:
      // One pixel of the figure is 1/100 inch on paper.
      write(
        "set terminal pdfcairo noenhanced size \(fraction(Double(figure.width) / 100))in,"
          + "\(fraction(Double(figure.height) / 100))in background rgb '#FFFFFF' \(font)")
    }
    write("set multiplot")
  }

  /// Font sizes are pixels in SVG and points elsewhere; the PDF terminal draws them at 0.67.
  private var fontPoints: Double { points(font) }

  private func points(_ pixels: Double) -> Double {
    switch format {
    case .svg: pixels
    case .png: pixels * 0.75
    case .pdf: pixels * 1.07
    }
  }

  private func lineWidth(_ pixels: Double) -> String {
    // The cairo terminals draw a width of 1 as 0.5 points on paper.
    Self.short(pixels * scale * (format == .pdf ? 1.44 : 1))
  }

  private mutating func write(
    _ prepared: PreparedPanel, number: Int, in frame: Frame, titleWidth: Double
  ) {
    let panel = prepared.panel
    write("set lmargin at screen \(fraction(frame.left))")
    write("set rmargin at screen \(fraction(frame.right))")
    write("set bmargin at screen \(fraction(frame.bottom))")
    write("set tmargin at screen \(fraction(frame.top))")
    write("set border 3 lc rgb '#555555' lw \(lineWidth(1.2))")
    write("set xrange [\(range(prepared.x))]")
    write("set yrange [\(range(prepared.y))]")
    if panel.xScale == .logarithmic { write("set logscale x") }
    if panel.yScale == .logarithmic { write("set logscale y") }
    // Left to itself, gnuplot leaves a gap that depends on the terminal.
    write(
      "set xtics nomirror out scale 0.5 offset 0,0.45 \(list(prepared.xTicks)) textcolor rgb '#333333'"
    )
    write("set ytics nomirror out scale 0.5 \(list(prepared.yTicks)) textcolor rgb '#333333'")
    if prepared.colors == nil {
      write("set grid xtics ytics back lt 1 dt 1 lc rgb '#E4E4E4' lw \(lineWidth(1))")
    }
    writeTexts(prepared, in: frame, titleWidth: titleWidth)
    for rule in panel.rules { write(rule) }
    writeLegendOrColors(prepared, in: frame)
    let height = (frame.top - frame.bottom) / emY
    let drawn = SeriesCommands(
      prepared, number: number, legendCapacity: max(1, Int(height / Self.legendPitch)),
      longestName: Self.longestName, width: lineWidth, pointScale: pointScale,
      dashScale: format == .svg ? 1 : 1.6, drawsImagesAsRectangles: format == .svg)
    text += drawn.data
    if prepared.isEmpty {
      write(
        "set label 3 \(quote(noData)) at screen \(fraction((frame.left + frame.right) / 2)),"
          + "\(fraction((frame.bottom + frame.top) / 2)) center textcolor rgb '#777777'")
    }
    write("plot " + drawn.elements.joined(separator: ", "))
    // Nothing of one panel may leak into the next.
    write("reset")
  }

  private mutating func writeTexts(
    _ prepared: PreparedPanel, in frame: Frame, titleWidth: Double
  ) {
    let panel = prepared.panel
    if !panel.title.isEmpty {
      let size = shrink(panel.title, size: font * 1.08, into: titleWidth)
      write(
        "set label 1 \(quote(panel.title)) at screen \(fraction(frame.left)),"
          + "\(fraction(frame.top + 0.95 * emY)) left \(boldFont(size))")
    }
    if !panel.xLabel.isEmpty {
      write(
        "set label 2 \(quote(panel.xLabel)) at screen "
          + "\(fraction((frame.left + frame.right) / 2)),\(fraction(frame.bottom - 2.55 * emY)) center"
      )
    }
    if !panel.yLabel.isEmpty {
      write(
        "set label 4 \(quote(panel.yLabel)) at screen "
          + "\(fraction(frame.left - (prepared.yTicks.labelEms + 2) * emX)),"
          + "\(fraction((frame.bottom + frame.top) / 2)) center rotate by 90")
    }
  }

  private mutating func write(_ rule: Panel.Rule) {
    let style = "nohead back lc rgb '#999999' lw \(lineWidth(1.5)) dt (6,5)"
    switch rule {
    case .horizontal(let value) where value.isFinite:
      write(
        "set arrow from graph 0, first \(number(value)) to graph 1, first \(number(value)) \(style)"
      )
    case .vertical(let value) where value.isFinite:
      write(
        "set arrow from first \(number(value)), graph 0 to first \(number(value)), graph 1 \(style)"
      )
    default: break
    }
  }

  private mutating func writeLegendOrColors(_ prepared: PreparedPanel, in frame: Frame) {
    if let colors = prepared.colors, let ticks = prepared.colorTicks {
      write(
        "set palette defined (0 '#440154', 1 '#472c7a', 2 '#3b518b', 3 '#2c718e', 4 '#21908d', "
          + "5 '#27ad81', 6 '#5cc863', 7 '#aadc32', 8 '#fde725')")
      write("set cbrange [\(range(colors))]")
      write("set cbtics scale 0.5 \(list(ticks)) textcolor rgb '#333333'")
      write(
        "set colorbox user origin screen \(fraction(frame.right + 0.7 * emX)),"
          + "\(fraction(frame.bottom)) size screen \(fraction(0.8 * emX)),"
          + "\(fraction(frame.top - frame.bottom))")
    } else {
      write("unset colorbox")
    }
    let style =
      "Left reverse samplen 1.5 spacing 0.86 noenhanced "
      + "font \(quote("\(Self.fontFamily),\(Self.short(points(font * 0.9)))"))"
    let high = fraction(frame.top - 0.15 * emY)
    switch panelLegend(prepared) {
    case .right:
      write(
        "set key at screen \(fraction(frame.right + 0.5 * emX)), screen \(high) left top \(style)")
    case .insideLeft:
      write(
        "set key at screen \(fraction(frame.left + 0.5 * emX)), screen \(high) left top \(style)")
    case .insideRight:
      write(
        "set key at screen \(fraction(frame.right - 0.5 * emX)), screen \(high) right top \(style)")
    case .none: write("unset key")
    }
  }

  private func panelLegend(_ prepared: PreparedPanel) -> Panel.Legend {
    prepared.legendNames.isEmpty ? .none : prepared.panel.legend
  }

  private mutating func writeBlankPlot() {
    write("unset border; unset tics; unset key; set xrange [0:1]; set yrange [0:1]")
    write("plot NaN notitle")
  }

  // MARK: - Words

  private var noData: String { figure.language.pick("no data", "データなし") }
  private mutating func write(_ line: String) { text += line + "\n" }
  private func quote(_ text: String) -> String { GnuplotText.quote(text) }
  private func number(_ value: Double) -> String { GnuplotText.number(value) }
  private func fraction(_ value: Double) -> String { GnuplotText.fraction(value) }

  private func range(_ range: ClosedRange<Double>) -> String {
    "\(range.lowerBound):\(range.upperBound)"
  }

  private func list(_ ticks: AxisTicks) -> String {
    "(" + ticks.ticks.map { "\(quote($0.label)) \($0.value)" }.joined(separator: ", ") + ")"
  }

  private func boldFont(_ pixels: Double) -> String {
    "font \(quote("\(Self.fontFamily):Bold,\(Self.short(points(pixels)))"))"
  }

  /// The size at which a text fits into a part of the figure's width.
  private func shrink(_ text: String, size: Double, into width: Double) -> Double {
    let natural = DisplayWidth.ems(text) * size / Double(figure.width)
    return natural > width ? max(size * 0.55, size * width / natural) : size
  }

  /// The point size per pixel of diameter, as each terminal understands it.
  private var pointScale: Double {
    switch format {
    case .svg: scale / (0.75 * font)
    case .png: scale / 8
    case .pdf: scale / 9
    }
  }

  /// A number with at most two digits after the point.
  static func short(_ value: Double) -> String {
    ((value * 100).rounded() / 100).description
  }
}
