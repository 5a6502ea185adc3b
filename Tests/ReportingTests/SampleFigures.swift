import Foundation
import TensorCore

@testable import Reporting

/// Figures with synthetic traces of the size and shape of real runs.
enum SampleFigures {
  /// A small generator of repeatable noise, uniform in −1…1.
  struct Noise {
    var state: UInt64

    mutating func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(UInt64(1) << 52) - 1
    }
  }

  /// A run like the linear convolution: 32 samples, two states, one cause.
  static func recognition(channels: Int = 4, samples: Int = 32, states: Int = 2)
    -> RecognitionTraces
  {
    var noise = Noise(state: 7)
    let time = (0..<samples).map { Double($0) * 32 / Double(samples) }
    let cause = time.map { exp(-($0 - 12) * ($0 - 12) / 16) }
    let channelTraces = (0..<channels).map { (index: Int) -> RecognitionTraces.Channel in
      let channel = Double(index)
      let clean = time.map { (t: Double) -> Double in
        let envelope = exp(-(t - 14) * (t - 14) / (20 + 4 * channel))
        return (0.6 + 0.3 * sin(channel * 1.7)) * envelope * cos(channel + t / 9)
      }
      return RecognitionTraces.Channel(
        "y_\(index + 1)", values: clean.map { $0 + 0.05 * noise.next() }, prediction: clean)
    }
    let stateTraces = (0..<states).map { (index: Int) -> RecognitionTraces.Estimate in
      let state = Double(index)
      let truth = time.map { (t: Double) -> Double in
        let envelope = exp(-(t - 15) * (t - 15) / 60)
        return sin(t / (4 + state)) * envelope * (1 - 0.3 * state)
      }
      return RecognitionTraces.Estimate(
        "x_\(index + 1)", mean: truth.map { $0 + 0.05 * noise.next() },
        standardDeviation: time.map { 0.06 + 0.02 * sin($0 / 3) }, truth: truth)
    }
    let causes = [
      RecognitionTraces.Estimate(
        "v_1", mean: cause.map { $0 * 0.96 + 0.04 * noise.next() },
        standardDeviation: time.map { _ in 0.08 }, truth: cause)
    ]
    let errors = [
      RecognitionTraces.Trace("level 1, y", values: time.map { _ in 40 + 30 * noise.next() }),
      RecognitionTraces.Trace("level 1, x", values: time.map { 8000 * exp(-$0 / 5) + 20 }),
      RecognitionTraces.Trace("level 2, v", values: time.map { 0.4 + 0.3 * cos($0) }),
    ]
    let energy = time.map { -460 + 90 * exp(-$0 / 3) + 6 * noise.next() }
    let entropy = time.map { 45 + sin($0 / 5) }
    let accuracy = time.map { 380 - 40 * exp(-$0 / 3) + 3 * sin($0) }
    let total = zip(energy, entropy).map { $0 - $1 }
    return RecognitionTraces(
      title: "Linear convolution", time: time, channels: channelTraces, states: stateTraces,
      causes: causes, errors: errors,
      freeEnergy: .init(
        total: total, energy: energy, entropy: entropy, accuracy: accuracy,
        complexity: zip(total, accuracy).map { $0 + $1 }, surprise: total.map { $0 - 20 }))
  }

  /// One figure with every kind of series and awkward texts.
  static func everything(language: ReportLanguage = .english) -> Figure {
    let x = (0..<60).map { Double($0) / 10 }
    let gap = x.map { $0 > 2 && $0 < 3 ? Double.nan : sin($0) }
    var weights = (0..<96).map { (cell: Int) -> Double in
      exp(-Double(cell % 12) / 4) * Double(cell / 12)
    }
    weights[17] = .nan
    let map = HeatMap(
      x: (0..<12).map(Double.init), y: (0..<8).map(Double.init),
      values: Tensor(shape: .matrix(8, 12), values: weights))
    return Figure(
      title: awkward,
      rows: [
        [
          Panel(
            title: "lines, gaps & rules", xLabel: "x_i^2", yLabel: "y {a}",
            series: [
              .band(role: .state, x: x, lower: gap.map { $0 - 0.3 }, upper: gap.map { $0 + 0.3 }),
              .line("μ̃_x 'quoted'", role: .state, x: x, y: gap),
              .line("truth", role: .truth, x: x, y: x.map { sin($0) }),
              .points(
                "data", role: .data, x: x, y: x.map { sin($0) + 0.1 * cos(31 * $0) }, size: 6),
            ], rules: [.horizontal(0), .vertical(4)]),
          Panel(
            title: "Stems", xLabel: "lag",
            series: [.stems("ξ", role: .error, x: x, y: x.map { cos(2 * $0) })]),
        ],
        [
          Panel(
            title: "Stacked", xLabel: "t",
            series: [
              .stackedArea("energy", role: .energy, x: x, y: x.map { 2 + sin($0) }),
              .stackedArea("complexity", role: .complexity, x: x, y: x.map { 1 + cos($0) }),
            ]),
          Panel(title: "Attention", xLabel: "key", yLabel: "query", series: [.heatMap(map)]),
          Panel(
            title: "Logarithmic", xLabel: "t",
            series: [.line("decay", role: .error, x: x, y: x.map { exp(-3 * $0) })],
            yScale: .logarithmic, legend: .insideRight),
        ],
        [
          Panel(title: "Nothing", series: [.line("absent", role: .cause, x: [], y: [])]),
          Panel(title: "One point", series: [.line("μ", role: .cause, x: [2], y: [3])]),
          Panel(
            title: "Constant",
            series: [.line("c", role: .state, x: [0, 1, 2], y: [1e-9, 1e-9, 1e-9])]),
        ],
      ], language: language)
  }

  static let awkward = #"a_b^c {d} 'e' "f" \n `ls` $x @y & <z> 感覚データ μ̃ ‖ξ‖ ~%d"#
}
