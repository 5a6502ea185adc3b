internal import Foundation

/// Turns a figure into the commands that draw it.
struct GnuplotScript {
  let figure: Figure
  let terminal: Terminal
  private(set) var text = ""

  init(_ figure: Figure, format: FigureFormat) {
    self.figure = figure
    terminal = Terminal(figure, format: format)
    write("set encoding utf8")
    write(terminal.opening)
    write("set multiplot")
    writePanels()
    write("unset multiplot")
  }

  private var emX: Double { terminal.emX }
  private var emY: Double { terminal.emY }

  private mutating func writePanels() {
    let rows = figure.rows.filter { !$0.isEmpty }
    guard !rows.isEmpty else {
      write("set label 1 \(quote(noData)) at screen 0.5,0.5 center")
      writeBlankPlot()
      return
    }
    let weights = zip(figure.rows, figure.rowWeights).filter { !$0.0.isEmpty }.map(\.1)
    let layout = FigureLayout(
      figure, rows: rows, weights: weights.isEmpty ? rows.map { _ in 1 } : weights, emX: emX,
      emY: emY)
    if !figure.title.isEmpty {
      let left = layout.titleLeft
      let size = terminal.shrink(figure.title, size: 1.32, into: 1 - left - emX)
      write(
        "set label 99 \(quote(figure.title)) at screen "
          + "\(fraction(left)),\(fraction(1 - 1.5 * emY)) left \(terminal.fontOption(size, bold: true))"
      )
    }
    var bar = layout.colorBar
    for place in layout.places {
      let isMap = place.prepared.colors != nil
      write(place, colorBar: isMap ? bar : nil, ticks: layout.colorBarTicks)
      // One bar is enough for all.
      if isMap { bar = nil }
    }
  }

  /// The height of a line of the legend in ems; gnuplot would start a second column, over the next
  /// panel, if there were more lines than fit beside the axes.
  private static let legendPitch = 1.16

  // MARK: - Commands

  private mutating func write(
    _ place: FigureLayout.Place, colorBar: Frame?, ticks: AxisTicks?
  ) {
    let prepared = place.prepared
    let panel = prepared.panel
    let frame = place.frame
    write("set lmargin at screen \(fraction(frame.left))")
    write("set rmargin at screen \(fraction(frame.right))")
    write("set bmargin at screen \(fraction(frame.bottom))")
    write("set tmargin at screen \(fraction(frame.top))")
    write("set xrange [\(range(prepared.x))]")
    // Names on the y axis are read from top to bottom.
    let isDownward = !panel.yCategories.isEmpty
    write(
      "set yrange [\(isDownward ? "\(prepared.y.upperBound):\(prepared.y.lowerBound)" : range(prepared.y))]"
    )
    if panel.xScale == .logarithmic { write("set logscale x") }
    if panel.yScale == .logarithmic { write("set logscale y") }
    if panel.showsAxes {
      writeAxes(place)
    } else {
      write("unset border; unset tics")
    }
    writeTexts(place)
    for rule in panel.rules { write(rule) }
    writeColors(prepared, in: frame, colorBar: colorBar, ticks: ticks)
    writeLegend(prepared, in: frame)
    let height = (frame.top - frame.bottom) / emY
    let drawn = SeriesCommands(
      prepared, number: place.number, terminal: terminal, plotWidth: frame.right - frame.left,
      plotHeight: frame.top - frame.bottom, legendCapacity: max(1, Int(height / Self.legendPitch)))
    text += drawn.data
    for label in drawn.labels { write(label) }
    if prepared.isEmpty {
      write(
        "set label 3 \(quote(noData)) at screen \(fraction((frame.left + frame.right) / 2)),"
          + "\(fraction((frame.bottom + frame.top) / 2)) center textcolor rgb '#777777'")
    }
    write("plot " + drawn.elements.joined(separator: ", "))
    // Nothing of one panel may leak into the next.
    write("reset")
  }

  private mutating func writeAxes(_ place: FigureLayout.Place) {
    let prepared = place.prepared
    // Light colors at the edge of a map need a line to end at.
    let border = prepared.colors != nil && prepared.palette != .general ? 15 : 3
    write("set border \(border) lc rgb '#555555' lw \(terminal.lineWidth(1.2))")
    // Left to itself, gnuplot leaves a gap that depends on the terminal.
    let turn = prepared.turnsX ? "rotate by 90 right" : "offset 0,0.45"
    write(
      "set xtics nomirror out scale 0.5 \(turn) "
        + "\(list(prepared.xTicks, labeled: place.showsXLabels)) textcolor rgb '#333333'"
        + tickFont(prepared.xTickScale))
    write(
      "set ytics nomirror out scale 0.5 "
        + "\(list(prepared.yTicks, labeled: place.showsYLabels)) textcolor rgb '#333333'"
        + tickFont(prepared.yTickScale))
    if prepared.colors == nil {
      write("set grid xtics ytics back lt 1 dt 1 lc rgb '#E4E4E4' lw \(terminal.lineWidth(1))")
    }
  }

  private func tickFont(_ size: Double) -> String {
    size == 1 ? "" : " " + terminal.fontOption(size)
  }

  private mutating func writeTexts(_ place: FigureLayout.Place) {
    let prepared = place.prepared
    let panel = prepared.panel
    let frame = place.frame
    if !panel.title.isEmpty {
      let size = terminal.shrink(panel.title, size: 1.08, into: place.titleWidth)
      write(
        "set label 1 \(quote(panel.title)) at screen \(fraction(frame.left)),"
          + "\(fraction(frame.top + 0.95 * emY)) left \(terminal.fontOption(size, bold: true))")
    }
    if !panel.xLabel.isEmpty, let center = place.xNameCenter {
      let drop = prepared.xLabelEms + 1.4
      write(
        "set label 2 \(quote(panel.xLabel)) at screen \(fraction(center)),"
          + "\(fraction(frame.bottom - drop * emY)) center")
    }
    if !panel.yLabel.isEmpty, let center = place.yNameCenter {
      write(
        "set label 4 \(quote(panel.yLabel)) at screen "
          + "\(fraction(frame.left - (prepared.yLabelEms + 2) * emX)),"
          + "\(fraction(center)) center rotate by 90")
    }
  }

  private mutating func write(_ rule: Panel.Rule) {
    let style = "nohead back lc rgb '#999999' lw \(terminal.lineWidth(1.5)) dt (6,5)"
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

  private mutating func writeColors(
    _ prepared: PreparedPanel, in frame: Frame, colorBar: Frame?, ticks: AxisTicks?
  ) {
    guard let colors = prepared.colors else { return }
    let stops = prepared.palette.stops.enumerated().map { "\($0) '\($1)'" }
    write("set palette defined (\(stops.joined(separator: ", ")))")
    write("set cbrange [\(range(colors))]")
    let beside = Frame(
      left: frame.right + 0.7 * emX, right: frame.right + 1.5 * emX, bottom: frame.bottom,
      top: frame.top)
    guard let ticks = prepared.colorTicks ?? ticks,
      let box = prepared.colorTicks != nil ? beside : colorBar
    else {
      write("unset colorbox")
      return
    }
    write("set cbtics scale 0.5 \(list(ticks)) textcolor rgb '#333333'")
    write(
      "set colorbox user origin screen \(fraction(box.left)),"
        + "\(fraction(box.bottom)) size screen \(fraction(box.right - box.left)),"
        + "\(fraction(box.top - box.bottom))")
    if let label = figure.colorBar?.label, !label.isEmpty {
      write(
        "set label 5 \(quote(label)) at screen "
          + "\(fraction(box.right + (ticks.labelEms + 1.7) * emX)),"
          + "\(fraction((box.bottom + box.top) / 2)) center rotate by 90")
    }
  }

  private mutating func writeLegend(_ prepared: PreparedPanel, in frame: Frame) {
    if prepared.colors == nil { write("unset colorbox") }
    let style =
      "Left reverse samplen 1.5 spacing 0.86 noenhanced "
      + terminal.fontOption(0.9)
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

  private func list(_ ticks: AxisTicks, labeled: Bool = true) -> String {
    // The labels of ticks are formats, in which a percent sign has a meaning.
    let entries = ticks.ticks.map {
      "\(quote(labeled ? $0.label.replacing("%", with: "%%") : "")) \($0.value)"
    }
    return "(" + entries.joined(separator: ", ") + ")"
  }
}
