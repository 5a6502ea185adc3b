import Foundation
import TensorCore
import Testing

@testable import Reporting

@Suite("Figures of learning and of Transformers")
struct LearningFigureTests {
  private func script(_ figure: Figure) -> String { GnuplotScript(figure, format: .svg).text }

  private func count(_ part: String, in text: String) -> Int {
    text.components(separatedBy: part).count - 1
  }

  /// The positions of the `set label` of a text.
  private func label(_ text: String, in script: String) -> String? {
    script.split(separator: "\n").first { $0.contains("'\(text)'") && $0.hasPrefix("set label") }
      .map(String.init)
  }

  @Test("Every figure is drawn in both languages", arguments: ReportLanguage.allCases)
  func drawn(language: ReportLanguage) throws {
    for (name, figure) in SampleLearningFigures.all(language) {
      let bytes = try GnuplotRenderer().render(figure, as: .svg)
      #expect(XMLValidity.isWellFormed(String(decoding: bytes, as: UTF8.self)), "\(name)")
      #expect(try GnuplotRenderer().render(figure, as: .png).count > 10_000, "\(name)")
    }
  }

  // MARK: - Attention

  @Test("A map's first query is the uppermost row, and its cells keep their weights")
  func attentionCells() throws {
    let figure = AttentionFigure(
      sentence: "s", queries: ["q1", "q2"], keys: ["いぬ", "k2", "k3"],
      weights: [[Tensor(rows: [[0.5, 0.25, 0.25], [0, 1, 0]])]])
    let text = script(figure.figure(language: .english))
    #expect(text.contains("set yrange [2.5:0.5]"))
    #expect(text.contains("set ytics nomirror out scale 0.5 ('q1' 1.0, 'q2' 2.0)"))
    #expect(text.contains("('いぬ' 1.0, 'k2' 2.0, 'k3' 3.0)"))
    #expect(
      text.contains("1.0 1.0 0.5\n2.0 1.0 0.25\n3.0 1.0 0.25\n1.0 2.0 0.0\n2.0 2.0 1.0\n"))
    #expect(text.contains("set cbrange [0.0:1.0]"))
    #expect(text.contains("'\(SeriesRole.attention.color())'"))
    #expect(label("block 1, head 1", in: text) != nil)
    #expect(label("Attention: s", in: text) != nil)
  }

  @Test("Blocks are rows and heads columns; axes are named once and share one color scale")
  func attentionGrid() {
    let figure = SampleLearningFigures.attention(blocks: 2, heads: 3).figure(language: .japanese)
    #expect(
      figure.rows.map { $0.map(\.title) } == [
        ["ブロック 1・ヘッド 1", "ブロック 1・ヘッド 2", "ブロック 1・ヘッド 3"],
        ["ブロック 2・ヘッド 1", "ブロック 2・ヘッド 2", "ブロック 2・ヘッド 3"],
      ])
    let text = script(figure)
    #expect(count("set colorbox user", in: text) == 1)
    #expect(count("unset colorbox", in: text) == 5)
    #expect(count("'注意を向ける語（クエリ）'", in: text) == 1)
    #expect(count("'注意を向けられる語（キー）'", in: text) == 1)
    // Labels of queries at the left edge, of keys at the lower one.
    #expect(count("'としょかん' 4.0", in: text) == 2 + 3)
  }

  @Test(
    "More heads than a row holds wrap, and more than 16 maps give way to means",
    arguments: [
      (1, 8, [4, 4]), (2, 8, [4, 4, 4, 4]), (4, 1, [4]), (2, 6, [3, 3, 3, 3]),
      (6, 12, [3, 3]), (5, 4, [3, 2]),
    ])
  func attentionRows(blocks: Int, heads: Int, rows: [Int]) {
    let maps = SampleLearningFigures.attention(blocks: blocks, heads: heads)
    #expect(maps.figure(language: .english).rows.map(\.count) == rows)
    #expect(maps.showsMeans == (blocks * heads > 16))
  }

  @Test("A few maps of a long sentence take two rows; blocks keep their numbers")
  func attentionOfLongSentences() {
    func figure(keys: Int, heads: Int) -> Figure {
      let map = Tensor<Double>(repeating: 1 / Double(keys), shape: .matrix(1, keys))
      return AttentionFigure(
        sentence: "s", queries: ["q"], keys: (0..<keys).map { "k\($0)" },
        weights: [Array(repeating: map, count: heads)], firstBlock: 3
      ).figure(language: .english)
    }
    #expect(figure(keys: 12, heads: 4).rows.map(\.count) == [4])
    #expect(figure(keys: 13, heads: 4).rows.map(\.count) == [2, 2])
    #expect(figure(keys: 13, heads: 8).rows.map(\.count) == [4, 4])
    #expect(figure(keys: 13, heads: 1).rows[0][0].title == "block 3, head 1")
  }

  @Test("A mean over heads is one cell by cell")
  func attentionMeans() throws {
    let maps = (0..<17).map { Tensor(rows: [[Double($0), 1]]) }
    let figure = AttentionFigure(sentence: "", queries: ["q"], keys: ["a", "b"], weights: [maps])
    guard
      case .heatMap(let map) = figure.figure(language: .english).rows[0][0].series[0].mark
    else {
      Issue.record("no map")
      return
    }
    #expect(map.values.values == [8, 1])
  }

  @Test("Long names on the x axis stand upright where they do not fit side by side")
  func turning() {
    let short = SampleLearningFigures.attention(blocks: 1, heads: 1).figure(language: .english)
    let narrow = SampleLearningFigures.attention(blocks: 1, heads: 4).figure(language: .english)
    #expect(!script(short).contains("set xtics nomirror out scale 0.5 rotate by 90"))
    #expect(count("set xtics nomirror out scale 0.5 rotate by 90 right", in: script(narrow)) == 4)
  }

  @Test("Where names would be too small to read, some are left out")
  func crowdedNames() {
    let names = (1...200).map { "token\($0)" }
    let map = HeatMap(categories: Tensor(repeating: 0, shape: .matrix(200, 200)))
    let panel = Panel(
      series: [.heatMap(map)], categories: names, yCategories: names, turnsLongCategories: true)
    let ticks = PreparedPanel(panel, xTarget: 5, yTarget: 5).fittingNames(width: 60)
      .fittingNames(height: 30)
    #expect(ticks.yTicks.ticks.count == 50)
    #expect(ticks.yTicks.ticks[1].label == "token5")
    #expect(ticks.xTicks.ticks.count == 100)
    #expect(ticks.turnsX && ticks.xTickScale < 0.6 && ticks.yTickScale < 0.6)
  }

  // MARK: - Heat maps

  @Test("Values stand in cells that have room for them, light on dark colors")
  func values() throws {
    func text(_ count: Int) -> String {
      var values = [Double](repeating: 0, count: count * count)
      values[0] = -1
      let map = HeatMap(
        categories: Tensor(shape: .matrix(count, count), values: values), range: -1...1,
        palette: .signed, showsValues: true)
      return script(Figure(rows: [[Panel(series: [.heatMap(map)])]]))
    }
    let dark = try #require(label("−1.00", in: text(3)))
    #expect(dark.contains("at first 1.0, first 1.0 center") && dark.hasSuffix("rgb '#FFFFFF'"))
    #expect(label("0.00", in: text(3))?.hasSuffix("rgb '#222222'") == true)
    #expect(count("set label", in: text(3)) == 9)
    #expect(count("set label", in: text(60)) == 0)
  }

  @Test("A palette is dark where letters need to be light")
  func palettes() {
    #expect(Palette.general.isDark(at: 0) && !Palette.general.isDark(at: 1))
    #expect(!Palette.amount(.attention).isDark(at: 0) && Palette.amount(.attention).isDark(at: 1))
    #expect(Palette.signed.isDark(at: -1) && !Palette.signed.isDark(at: 0.5))
  }

  // MARK: - Loss

  @Test("One run shows four accuracies in one panel; dashes mean held-out data")
  func lossOfOne() {
    let figure = SampleLearningFigures.losses(runs: 1).figure(language: .english)
    #expect(figure.rows.map { $0.map(\.title) } == [["Loss: mean cross-entropy"], ["Accuracy"]])
    let series = figure.rows[1][0].series
    #expect(
      series.map(\.name) == [
        "teacher-forced, training", "teacher-forced, held out", "free-running, training",
        "free-running, held out",
      ])
    #expect(series.map(\.dash) == [.solid, .dashed, .solid, .dashed])
  }

  @Test("Several runs have a color each, and a panel for each kind of accuracy")
  func lossOfSeveral() {
    var runs = SampleLearningFigures.losses(runs: 3)
    let figure = runs.figure(language: .japanese)
    #expect(
      figure.rows.map { $0.map(\.title) } == [["損失：交差エントロピーの平均"], ["正答率・教師強制", "正答率・自走"]])
    let names = figure.rows[0][0].series.map(\.name).filter { !$0.isEmpty }
    #expect(names == ["学習用", "評価用", "80:10:10", "100:0:0", "0:0:100"])
    for index in runs.runs.indices {
      runs.runs[index].teacherForced = .init()
      runs.runs[index].freeRunning = .init()
    }
    #expect(runs.figure(language: .japanese).rows.count == 1)
  }

  @Test("Losses over more than two decades get a logarithmic axis")
  func lossScale() {
    func scale(_ last: Double) -> Panel.Scale {
      let curve = LossFigure.Curve(x: [0, 1], y: [3, last])
      let run = LossFigure.Run(loss: .init(training: curve))
      return LossFigure(runs: [run], unit: .epochs).figure(language: .english).rows[0][0].yScale
    }
    #expect(scale(0.1) == .linear)
    #expect(scale(0.01) == .logarithmic)
  }

  // MARK: - Vectors

  @Test("Long names are numbered and all listed; short ones stand at their points")
  func vectorNames() {
    let long = script(SampleLearningFigures.vectors(12).figure(language: .english))
    for (index, name) in SampleLearningFigures.captions.enumerated() {
      #expect(label("\(index + 1)  \(name)", in: long) != nil)
    }
    let names = ["いぬ", "cat", "a"]
    let short = SampleLearningFigures.vectors(3, names: names)
    #expect(!short.isNumbered && short.figure(language: .english).rows.count == 1)
    for name in names {
      #expect(label(name, in: script(short.figure(language: .english))) != nil)
    }
  }

  @Test("Points lie at their places in the colors of their groups")
  func vectorPlaces() throws {
    let figure = VectorMapFigure(
      names: ["a", "b"], places: Tensor(rows: [[3, -2], [5, 7]]),
      similarities: Tensor(rows: [[1, 0.5], [0.5, 1]]), groups: [1, 0], groupNames: ["g0", "g1"])
    let panels = figure.figure(language: .english).rows[0]
    #expect(
      panels[0].series.prefix(2).map(\.mark) == [
        .points(x: [5], y: [7]), .points(x: [3], y: [-2]),
      ])
    #expect(panels[0].series.prefix(2).map(\.name) == ["g0", "g1"])
    guard case .heatMap(let map) = panels[1].series[0].mark else {
      Issue.record("no map")
      return
    }
    #expect(map.values.values == [1, 0.5, 0.5, 1] && map.range == -1...1)
  }

  @Test("Both axes of a map have one scale, and a footnote stands below everything")
  func vectorScale() throws {
    let names = ["a", "b", "c"]
    let figure = VectorMapFigure(
      names: names, places: Tensor(rows: [[0, 1e-18], [10, 0], [20, 0]]),
      similarities: Tensor(rows: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]), footnote: "by someone")
    let rows = figure.figure(language: .english).rows
    let x = try #require(rows[0][0].xRange)
    let y = try #require(rows[0][0].yRange)
    #expect(abs((x.upperBound - x.lowerBound) - (y.upperBound - y.lowerBound)) < 1e-9)
    #expect(x.contains(0) && x.contains(20) && y.contains(0))
    guard case .texts(_, _, let texts, _) = rows[1][0].series[0].mark else {
      Issue.record("no footnote")
      return
    }
    #expect(texts == ["by someone"])
    var numbered = figure
    numbered.names = ["a caption of many words", "b", "c"]
    guard
      case .texts(_, let places, let lines, _) =
        numbered.figure(language: .english).rows[1][0].series[0].mark
    else {
      Issue.record("no names")
      return
    }
    #expect(lines.count == 4 && lines.last == "by someone" && places == [0, -1, -2, -3])
  }

  @Test("Labels of neighbors go to different sides and stay inside the axes")
  func placement() {
    let close = LabelPlacement(x: [0.5, 0.52], y: [0.5, 0.5], labels: ["1", "2"]).anchors
    #expect(close[0].horizontal == -1 && close[1].horizontal == 1)
    let edge = LabelPlacement(x: [0.99], y: [0.5], labels: ["station"]).anchors
    #expect(edge == [TextAnchor(horizontal: -1, vertical: 0)])
    let free = LabelPlacement(x: [0.3, 0.7], y: [0.2, 0.8], labels: ["1", "2"]).anchors
    #expect(free.allSatisfy { $0 == TextAnchor(horizontal: 1, vertical: 0) })
  }

  // MARK: - Sweeps and position codes

  @Test("A sweep says that it is a toy version, and shows mean, deviation and every seed")
  func sweep() throws {
    let figure = SweepFigure(
      title: "Mask split", settings: ["a", "b", "c"],
      methods: [.init("m", values: [[1, 2, 3, .nan], [4], []])], measure: "accuracy")
    #expect(figure.figure(language: .english).title == "Toy version: Mask split")
    #expect(figure.figure(language: .japanese).title == "簡易版：Mask split")
    let series = figure.figure(language: .english).rows[0][0].series
    guard case .intervals(let x, let lower, let upper) = series[0].mark,
      case .points(_, let means) = series[1].mark, case .points(_, let seeds) = series[2].mark
    else {
      Issue.record("unexpected marks")
      return
    }
    // The sample variance of 1, 2, 3 is 1.
    #expect(x == [1, 2, 3] && lower[0] == 1 && upper[0] == 3 && lower[1].isNaN)
    #expect(means[0] == 2 && means[1] == 4 && means[2].isNaN)
    #expect(Array(seeds.prefix(3)) == [1, 2, 3])
    let text = script(figure.figure(language: .english))
    #expect(text.contains("1.0 1.0 3.0\nEOD"))
    #expect(text.contains("using 1:2:(0):($3-$2) with vectors heads"))
  }

  @Test("Methods stand side by side around their setting")
  func sweepPlaces() {
    let figure = SampleLearningFigures.sweep(ordered: false).figure(language: .english)
    let centers = figure.rows[0][0].series.compactMap { series -> Double? in
      if case .intervals(let x, _, _) = series.mark { x[0] } else { nil }
    }
    #expect(centers.count == 2)
    #expect(abs(centers[0] - 0.85) < 1e-12 && abs(centers[1] - 1.15) < 1e-12)
  }

  @Test("Position codes: dimensions run upward, positions to the right, curves share their axis")
  func positionCodes() throws {
    let codes = Tensor(rows: [[0, 1, 0], [0.8, 0.5, 0.1]])
    let figure = PositionCodeFigure(codes: codes, dimensions: [2]).figure(language: .english)
    guard case .heatMap(let map) = figure.rows[0][0].series[0].mark else {
      Issue.record("no map")
      return
    }
    #expect(map.values == Tensor(rows: [[0, 0.8], [1, 0.5], [0, 0.1]]))
    #expect(figure.rows[1][0].series.map(\.mark) == [.line(x: [0, 1], y: [0, 0.1])])
    #expect(figure.rows[0][0].xRange == -0.5...1.5 && figure.rows[1][0].xRange == -0.5...1.5)
    #expect(PositionCodeFigure.spread(8) == [0, 2, 4, 6])
    #expect(PositionCodeFigure.spread(64) == [0, 10, 20, 32])
    #expect(PositionCodeFigure.spread(1) == [0])
  }

  @Test("Arrays that do not fit each other are a caller's bug")
  func mismatches() async {
    await #expect(processExitsWith: .failure) {
      _ = AttentionFigure(
        sentence: "", queries: ["a"], keys: ["b"], weights: [[Tensor(rows: [[1.0, 0]])]])
    }
    await #expect(processExitsWith: .failure) {
      _ = SweepFigure(title: "", settings: ["a"], methods: [.init(values: [])], measure: "m")
    }
    await #expect(processExitsWith: .failure) {
      _ = PositionCodeFigure(codes: Tensor(rows: [[0.0, 1]]), dimensions: [2])
    }
    await #expect(processExitsWith: .failure) {
      _ = LossFigure.Curve(x: [1], y: [])
    }
    await #expect(processExitsWith: .failure) {
      _ = VectorMapFigure(
        names: ["a"], places: Tensor(rows: [[0.0]]), similarities: Tensor(rows: [[1.0]]))
    }
  }

  /// Pictures to look at: set `ODOROKI_SAMPLE_FIGURES` to a folder.
  @Test(
    "Samples to look at",
    .enabled(if: ProcessInfo.processInfo.environment["ODOROKI_SAMPLE_FIGURES"] != nil))
  func samples() throws {
    let folder = ProcessInfo.processInfo.environment["ODOROKI_SAMPLE_FIGURES"] ?? "."
    for language in ReportLanguage.allCases {
      for (name, figure) in SampleLearningFigures.all(language) {
        try GnuplotRenderer().write(figure, to: "\(folder)/\(name)-\(language.rawValue).png")
      }
    }
    for (name, figure) in SampleLearningFigures.all(.japanese) {
      for format in ["svg", "pdf"] {
        try GnuplotRenderer().write(figure, to: "\(folder)/\(name).\(format)")
      }
    }
  }
}
