import Foundation
import Testing

@testable import Reporting

@Suite("The default figure of a run")
struct RecognitionFigureTests {
  @Test("Five panels in three rows; F has the last one for itself")
  func panels() {
    let figure = SampleFigures.recognition().figure(language: .english)
    #expect(
      figure.rows.map { $0.map(\.title) } == [
        ["Data and predictions", "Causes v (90 % intervals)"],
        ["Hidden states x (90 % intervals)", "Error units: weighted prediction errors"],
        ["Variational free energy F and its terms"],
      ])
    let japanese = SampleFigures.recognition().figure(language: .japanese)
    #expect(
      japanese.rows.map { $0.map(\.title) } == [
        ["感覚データと予測", "原因 v（90 % 区間）"], ["隠れ状態 x（90 % 区間）", "誤差ユニットの活動（重み付き予測誤差）"],
        ["変分自由エネルギー F とその内訳"],
      ])
  }

  @Test("Panels without content are left out")
  func absent() {
    var traces = SampleFigures.recognition()
    traces.states = []
    #expect(traces.figure(language: .english).rows.map(\.count) == [2, 2])
    traces.channels = []
    traces.causes = []
    traces.errors = []
    traces.freeEnergy = .init(total: traces.freeEnergy.total)
    let figure = traces.figure(language: .english)
    #expect(figure.rows.map { $0.map(\.title) } == [["Variational free energy F"]])
  }

  @Test("Bands hold 90 % of a Gaussian")
  func bands() throws {
    let traces = RecognitionTraces(
      time: [0, 1], causes: [.init("v", mean: [1, 2], standardDeviation: [1, 0.5])],
      freeEnergy: .init(total: [0, 0]))
    let series = traces.figure(language: .english).rows[0][0].series.first {
      if case .band = $0.mark { true } else { false }
    }
    guard case .band(_, let lower, let upper) = series?.mark else {
      Issue.record("no band")
      return
    }
    // P(|z| < a) = erf(a / √2)
    #expect(abs(erf((upper[0] - 1) / 2.0.squareRoot()) - 0.9) < 1e-12)
    #expect(abs((upper[1] - lower[1]) - (upper[0] - lower[0]) / 2) < 1e-12)
  }

  @Test("Errors that span decades get a logarithmic axis, others not")
  func errorScale() {
    var traces = SampleFigures.recognition()
    #expect(traces.figure(language: .english).rows[1][1].yScale == .logarithmic)
    traces.errors = [.init("y", values: traces.time.map { 1 + $0 })]
    #expect(traces.figure(language: .english).rows[1][1].yScale == .linear)
  }

  @Test("With many channels the legend counts those it cannot name")
  func manyChannels() throws {
    let traces = SampleFigures.recognition(channels: 12)
    let figure = traces.figure(language: .english)
    let text = String(decoding: try GnuplotRenderer().render(figure, as: .svg), as: UTF8.self)
    let named = (1...12).filter { text.contains("<text>y_\($0)</text>") }
    #expect(named.count >= 3 && named == Array(1...named.count))
    #expect(text.contains("<text>… +\(12 - named.count)</text>"))
    for name in ["data", "prediction"] { #expect(text.contains("<text>\(name)</text>")) }
  }

  @Test("A static model, with a single sample, is drawn")
  func singleSample() throws {
    let traces = RecognitionTraces(
      time: [0], channels: [.init("y", values: [2], prediction: [1.9])],
      causes: [.init("φ", mean: [1.567_468], standardDeviation: [0.2], truth: [1.6])],
      errors: [.init("level 1", values: [0.4])],
      freeEnergy: .init(total: [2], energy: [3], entropy: [1]))
    let bytes = try GnuplotRenderer().render(traces.figure(language: .japanese), as: .svg)
    #expect(String(decoding: bytes, as: UTF8.self).contains("<text>φ</text>"))
  }

  /// Pictures to look at: set `ODOROKI_SAMPLE_FIGURES` to a folder.
  @Test(
    "Samples to look at",
    .enabled(if: ProcessInfo.processInfo.environment["ODOROKI_SAMPLE_FIGURES"] != nil))
  func samples() throws {
    let folder = ProcessInfo.processInfo.environment["ODOROKI_SAMPLE_FIGURES"] ?? "."
    let renderer = GnuplotRenderer()
    let run = SampleFigures.recognition()
    for format in FigureFormat.allCases {
      try renderer.write(
        run.figure(language: .english), to: "\(folder)/english.\(format.rawValue)")
      try renderer.write(
        run.figure(language: .japanese), to: "\(folder)/japanese.\(format.rawValue)")
      try renderer.write(
        SampleFigures.everything(), to: "\(folder)/everything.\(format.rawValue)")
    }
    let many = SampleFigures.recognition(channels: 12, samples: 1000, states: 9)
    for format in FigureFormat.allCases {
      try renderer.write(
        many.figure(language: .japanese), to: "\(folder)/many.\(format.rawValue)")
    }
    let single = SampleFigures.recognition(channels: 1)
    try renderer.write(
      single.figure(language: .english, width: 800, height: 500), to: "\(folder)/small.png")
  }
}
