import Foundation
import TensorCore
import Testing

@testable import Reporting

@Suite("Figures")
struct FigureTests {
  let renderer = GnuplotRenderer()

  private func svg(_ figure: Figure) throws -> String {
    String(decoding: try renderer.render(figure, as: .svg), as: UTF8.self)
  }

  private func count(_ part: String, in text: String) -> Int {
    text.components(separatedBy: part).count - 1
  }

  @Test("Texts survive whatever their characters mean to gnuplot or to XML")
  func texts() throws {
    let text = try svg(SampleFigures.everything())
    let escaped = SampleFigures.awkward.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    #expect(text.contains("<text>\(escaped)</text>"))
    #expect(text.contains("<text>μ̃_x 'quoted'</text>"))
    #expect(text.contains("<text>x_i^2</text>"))
    #expect(text.contains("<text>y {a}</text>"))
    #expect(text.contains("font-weight=\"bold\""))
    #expect(!text.contains("Noto Sans CJK JP:Bold"))
    #expect(XMLValidity.isWellFormed(text))
  }

  @Test("A text cannot leave its quotes")
  func injection() throws {
    let panel = Panel(title: "x'\nset output '/nowhere'\n!exit 3\n", series: [])
    let text = try svg(Figure(rows: [[panel]]))
    #expect(text.contains("<text>x' set output '/nowhere' !exit 3 </text>"))
  }

  @Test("The same figure gives the same bytes", arguments: FigureFormat.allCases)
  func repeatable(format: FigureFormat) throws {
    let figure = SampleFigures.recognition().figure(language: .japanese)
    let first = try renderer.render(figure, as: format)
    // The date in a PDF counts seconds.
    if format == .pdf { Thread.sleep(forTimeInterval: 1.1) }
    #expect(try renderer.render(figure, as: format) == first)
  }

  @Test("Each format is what its name says", arguments: FigureFormat.allCases)
  func formats(format: FigureFormat) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("figure.\(format.rawValue)")
    try renderer.write(SampleFigures.everything(), to: path)
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    let start: [FigureFormat: [UInt8]] = [
      .svg: Array("<?xml".utf8), .png: [0x89, 0x50, 0x4e, 0x47], .pdf: Array("%PDF-1.5".utf8),
    ]
    #expect(bytes.starts(with: try #require(start[format])))
    #expect(bytes.count > 20_000)
    #expect(folder.names() == ["figure.\(format.rawValue)"])
    if format == .png {
      // Width and height stand at bytes 16 and 20 of every PNG.
      #expect(bytes[16..<24].elementsEqual([0, 0, 0x06, 0x40, 0, 0, 0x03, 0xe8]))
    }
  }

  @Test("A gap splits a line and its band")
  func gaps() throws {
    let x = [0.0, 1, 2, 3, 4]
    func panel(_ y: [Double]) -> Figure {
      Figure(rows: [
        [
          Panel(
            series: [
              .band(role: .state, x: x, lower: y, upper: y.map { $0 + 1 }),
              .line(role: .state, x: x, y: y),
            ], yRange: 0...9)
        ]
      ])
    }
    let whole = GnuplotScript(panel([1, 2, 3, 4, 5]), format: .svg).text
    let split = GnuplotScript(panel([1, 2, .nan, 4, 5]), format: .svg).text
    #expect(count("with filledcurves", in: whole) == 1)
    #expect(count("with filledcurves", in: split) == 2)
    #expect(split.contains("0.0 1.0\n1.0 2.0\n\n3.0 4.0\n4.0 5.0\nEOD"))
    #expect(!split.contains("NaN"))
    _ = try svg(panel([1, 2, .nan, 4, 5]))
  }

  @Test("A point alone is drawn as a point, with its interval as a bar")
  func singlePoint() throws {
    let series: [Series] = [
      .band(role: .cause, x: [1], lower: [0], upper: [2]),
      .line("v", role: .cause, x: [1], y: [1]),
    ]
    let script = GnuplotScript(Figure(rows: [[Panel(series: series)]]), format: .svg).text
    #expect(script.contains("with vectors heads"))
    #expect(script.contains("with points"))
    #expect(!script.contains("using 1:2 with lines"))
    _ = try svg(Figure(rows: [[Panel(series: series)]]))
  }

  @Test(
    "Degenerate data are drawn without complaint",
    arguments: [
      [], [0], [0, 0, 0], [1e300, 1e300], [-1e-307, 1e-307], [.nan, .nan], [.infinity, 1],
      [-1e299, 1e299], [1e15, 1e15 + 1], [1e-300, 2e-300],
    ] as [[Double]])
  func degenerate(values: [Double]) throws {
    let x = values.indices.map(Double.init)
    for scale in [Panel.Scale.linear, .logarithmic] {
      let panel = Panel(
        title: "p",
        series: [
          .line("a", role: .state, x: x, y: values), .stems("b", role: .error, x: x, y: values),
          .points("c", role: .data, x: x, y: values),
          .stackedArea("e", role: .energy, x: x, y: values),
        ], yScale: scale)
      let text = try svg(Figure(rows: [[panel]]))
      #expect(XMLValidity.isWellFormed(text))
    }
  }

  @Test("An empty figure and an empty panel say so in the reader's language")
  func empty() throws {
    #expect(try svg(Figure(rows: [])).contains("<text>no data</text>"))
    #expect(
      try svg(Figure(rows: [[Panel(title: "p")]], language: .japanese))
        .contains("<text>データなし</text>"))
  }

  @Test("Ten thousand points keep every digit and stay a moderate file")
  func large() throws {
    let x = (0..<10_000).map { Double($0) / 100 }
    let figure = Figure(rows: [[Panel(series: [.line("y", role: .data, x: x, y: x.map(sin))])]])
    #expect(GnuplotScript(figure, format: .svg).text.contains("0.07 0.06994284733753277\n"))
    let bytes = try renderer.render(figure, as: .svg)
    #expect(bytes.count < 600_000)
  }

  @Test(
    "Heat maps of one row, one column or one cell are drawn", arguments: [(1, 1), (1, 5), (5, 1)])
  func thinHeatMap(rows: Int, columns: Int) throws {
    let map = HeatMap(
      x: (0..<columns).map(Double.init), y: (0..<rows).map(Double.init),
      values: Tensor(
        shape: .matrix(rows, columns), values: (0..<rows * columns).map(Double.init)))
    let text = try svg(Figure(rows: [[Panel(series: [.heatMap(map)])]]))
    #expect(text.contains("gnuplot_plot_1"))
  }

  @Test("Too many names give way to a count of the rest")
  func legend() {
    let series = (0..<40).map { Series.line("s\($0)", role: .neutral($0), x: [0, 1], y: [0, 1]) }
    let script = GnuplotScript(Figure(rows: [[Panel(series: series)]]), format: .svg).text
    let shown = count("keyentry", in: script) - 1
    #expect(shown < 40 && shown > 5)
    #expect(script.contains("title '… +\(40 - shown)'"))
  }

  @Test("Without gnuplot the error says how to install it, and nothing is written")
  func missing() throws {
    let folder = try TemporaryFolder()
    let absent = GnuplotRenderer(executable: folder.path("gnuplot"))
    let error = #expect(throws: ReportingError.self) {
      try absent.write(SampleFigures.everything(), to: folder.path("f.svg"))
    }
    #expect(error == .gnuplotMissing(executable: folder.path("gnuplot")))
    #expect(error?.text(in: .english).contains("apt-get install gnuplot-nox") == true)
    #expect(folder.names().isEmpty)
  }

  @Test("When gnuplot fails, an older file keeps its content")
  func failure() throws {
    let folder = try TemporaryFolder()
    let program = folder.path("broken")
    try AtomicFile.write("#!/bin/sh\necho half\necho 'bad palette' >&2\nexit 3\n", to: program)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    try AtomicFile.write("old", to: folder.path("f.svg"))
    let error = #expect(throws: ReportingError.self) {
      try GnuplotRenderer(executable: program)
        .write(SampleFigures.everything(), to: folder.path("f.svg"))
    }
    #expect(error == .gnuplotFailed(status: 3, message: "bad palette"))
    #expect(try folder.text("f.svg") == "old")
    #expect(folder.names() == ["broken", "f.svg"])
  }

  @Test("An error in a script is reported with gnuplot's own words")
  func scriptError() throws {
    let error = #expect(throws: ReportingError.self) { try renderer.run("plot nosuch\n") }
    guard case .gnuplotFailed(let status, let message) = error else {
      Issue.record("unexpected \(String(describing: error))")
      return
    }
    #expect(status == 1)
    #expect(message.contains("undefined variable: nosuch"))
  }

  @Test("An ending that is no figure format is refused before anything is drawn")
  func unknownExtension() throws {
    let absent = GnuplotRenderer(executable: "/nonexistent/gnuplot")
    let error = #expect(throws: ReportingError.self) {
      try absent.write(SampleFigures.everything(), to: "figure.jpeg")
    }
    #expect(error == .unknownExtension(path: "figure.jpeg", allowed: ["svg", "png", "pdf"]))
    #expect(
      error?.text(in: .english)
        == "cannot tell the format of 'figure.jpeg': the name must end in .svg, .png or .pdf")
  }

  @Test(
    "Figures too small or too crowded for their texts are still drawn",
    arguments: [(60, 40), (1600, 60), (60, 1000)])
  func crowded(width: Int, height: Int) throws {
    var figure = SampleFigures.everything()
    figure.rows.append(Array(repeating: figure.rows[0][0], count: 30))
    figure.width = width
    figure.height = height
    #expect(XMLValidity.isWellFormed(try svg(figure)))
  }

  @Test("Ticks are round numbers inside the range, with as many digits as they need")
  func ticks() {
    func labels(_ range: ClosedRange<Double>, _ scale: Panel.Scale = .linear) -> [String] {
      AxisTicks(range, scale: scale, target: 5).ticks.map(\.label)
    }
    #expect(labels(0...10) == ["0", "2", "4", "6", "8", "10"])
    #expect(labels(-1.1...0.4) == ["−1.0", "−0.8", "−0.6", "−0.4", "−0.2", "0.0", "0.2", "0.4"])
    #expect(labels(-512...(-380)) == ["−500", "−480", "−460", "−440", "−420", "−400", "−380"])
    #expect(labels(0...4e-7) == ["0", "1×10⁻⁷", "2×10⁻⁷", "3×10⁻⁷", "4×10⁻⁷"])
    #expect(labels(0...2e7) == ["0", "0.5×10⁷", "1.0×10⁷", "1.5×10⁷", "2.0×10⁷"])
    #expect(labels(0.01...1e4, .logarithmic) == ["10⁻²", "1", "100", "10⁴"])
    #expect(labels(1...50, .logarithmic) == ["1", "2", "5", "10", "20", "50"])
  }

  @Test("The renderer names the version it found")
  func version() throws {
    #expect(try renderer.version().hasPrefix("gnuplot "))
  }
}
