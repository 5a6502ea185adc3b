/// The sizes of letters, lines and points as one of gnuplot's terminals understands them.
struct Terminal {
  static let fontFamily = "Noto Sans CJK JP"

  let format: FigureFormat
  /// The size of the figure in pixels.
  let width: Int
  let height: Int
  /// The size of ordinary text in pixels.
  let font: Double
  /// Lines and points grow with the figure.
  let scale: Double

  init(_ figure: Figure, format: FigureFormat) {
    self.format = format
    width = figure.width
    height = figure.height
    font = max(12, min(Double(width) / 76, Double(height) / 46))
    scale = min(2, max(0.6, min(Double(width) / 1600, Double(height) / 1000)))
  }

  /// The size of a letter in fractions of the figure.
  var emX: Double { font / Double(width) }
  var emY: Double { font / Double(height) }

  /// The command that opens the terminal.
  var opening: String {
    let colors = "background rgb '#FFFFFF' \(fontOption(1))"
    switch format {
    case .svg:
      return "set terminal svg noenhanced standalone size \(width),\(height) \(colors)"
    case .png:
      return "set terminal pngcairo noenhanced size \(width),\(height) \(colors)"
    case .pdf:
      // One pixel of the figure is 1/100 inch on paper.
      return "set terminal pdfcairo noenhanced size "
        + "\(GnuplotText.fraction(Double(width) / 100))in,"
        + "\(GnuplotText.fraction(Double(height) / 100))in \(colors)"
    }
  }

  /// Font sizes are pixels in SVG and points elsewhere; the PDF terminal draws them at 0.67.
  private func points(_ pixels: Double) -> Double {
    switch format {
    case .svg: pixels
    case .png: pixels * 0.75
    case .pdf: pixels * 1.07
    }
  }

  /// The font of texts, whose size is in units of ordinary ones.
  func fontOption(_ size: Double, bold: Bool = false) -> String {
    let family = Self.fontFamily + (bold ? ":Bold" : "")
    return "font \(GnuplotText.quote("\(family),\(Self.short(points(font * size)))"))"
  }

  /// The width of a line of so many pixels in a figure 1600 wide.
  func lineWidth(_ pixels: Double) -> String {
    // The cairo terminals draw a width of 1 as 0.5 points on paper.
    Self.short(pixels * scale * (format == .pdf ? 1.44 : 1))
  }

  /// The size of a point of so many pixels in diameter.
  func pointSize(_ diameter: Double) -> String {
    let factor =
      switch format {
      case .svg: scale / (0.75 * font)
      case .png: scale / 8
      case .pdf: scale / 9
      }
    return Self.short(diameter * factor)
  }

  /// The cairo terminals draw shorter dashes than the SVG terminal does.
  var dashScale: Double { format == .svg ? 1 : 1.6 }

  /// Some readers of SVG smooth embedded images, however marked; small maps become rectangles.
  var drawsImagesAsRectangles: Bool { format == .svg }

  /// The size, in units of ordinary texts, at which one fits into a part of the figure's width.
  func shrink(_ text: String, size: Double, into width: Double) -> Double {
    let natural = DisplayWidth.ems(text) * size * emX
    return natural > width ? max(size * 0.55, size * width / natural) : size
  }

  /// A number with at most two digits after the point.
  static func short(_ value: Double) -> String {
    ((value * 100).rounded() / 100).description
  }
}
