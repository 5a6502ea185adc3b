import Foundation
import TensorCore

@testable import Reporting

/// Figures of learning and of Transformers with synthetic numbers of the size of real ones.
enum SampleLearningFigures {
  static let kana = ["わたし", "は", "きのう", "としょかん", "で", "ほん", "を", "よんだ", "。"]
  static let english = ["i", "read", "a", "book", "in", "the", "library", "yesterday", "."]

  /// Weights that sum to 1 over the keys, on the diagonal for early heads and spread for late ones.
  static func weights(_ queries: Int, _ keys: Int, sharpness: Double, shift: Int = 0)
    -> Tensor<Double>
  {
    var noise = SampleFigures.Noise(state: UInt64(queries * 31 + keys + shift * 7 + 1))
    let values = (0..<queries).flatMap { query -> [Double] in
      let scores = (0..<keys).map { key in
        -sharpness * abs(Double(key - (query + shift) % keys)) + noise.next()
      }
      let sum = scores.reduce(0) { $0 + exp($1) }
      return scores.map { exp($0) / sum }
    }
    return Tensor(shape: .matrix(queries, keys), values: values)
  }

  static func attention(blocks: Int, heads: Int, cross: Bool = false) -> AttentionFigure {
    let queries = cross ? english : kana
    return AttentionFigure(
      sentence: kana.joined(), queries: queries, keys: kana,
      weights: (0..<blocks).map { block in
        (0..<heads).map { head in
          weights(
            queries.count, kana.count, sharpness: 2 / Double(block + head + 1),
            shift: head + block)
        }
      }, kind: cross ? .cross : .own)
  }

  static func losses(runs: Int) -> LossFigure {
    let x = stride(from: 0.0, through: 4000, by: 50).map { $0 }
    let held = stride(from: 0.0, through: 4000, by: 500).map { $0 }
    let names = ["80:10:10", "100:0:0", "0:0:100", "60:20:20"]
    return LossFigure(
      title: "Translation of arithmetic phrases",
      runs: (0..<runs).map { run in
        var noise = SampleFigures.Noise(state: UInt64(run + 5))
        let rate = 900 + 400 * Double(run)
        func curve(_ x: [Double], _ low: Double, _ high: Double, _ amount: Double)
          -> LossFigure.Curve
        {
          LossFigure.Curve(
            x: x, y: x.map { low + (high - low) * exp(-$0 / rate) + amount * noise.next() })
        }
        return LossFigure.Run(
          names[run % 4],
          loss: .init(training: curve(x, 0.2, 3.2, 0.05), heldOut: curve(held, 0.45, 3.2, 0.02)),
          teacherForced: .init(
            training: curve(x, 0.97, 0.05, 0.01), heldOut: curve(held, 0.9, 0.05, 0.01)),
          freeRunning: .init(
            training: curve(held, 0.93, 0, 0.01), heldOut: curve(held, 0.78, 0, 0.01)))
      })
  }

  static let captions = [
    "a dog runs across the green field", "a puppy is running over the grass",
    "two children play with a red ball", "the kids are playing ball in the park",
    "a train arrives at the station", "ねずみが とけいの うえに いる", "いぬが みどりの はらっぱを はしっている",
    "こどもたちが こうえんで あかい ボールで あそんでいる", "でんしゃが えきに ついた ところを おおくの ひとが みている",
    "an old man reads a newspaper on a bench", "おじいさんが ベンチで しんぶんを よんでいる", "rain falls",
  ]

  static func vectors(_ count: Int, names: [String]? = nil, grouped: Bool = true) -> VectorMapFigure
  {
    var noise = SampleFigures.Noise(state: 3)
    let angles: [Double] = (0..<count).map { Double($0 / 2) * 1.1 + 0.2 * noise.next() }
    var places: [Double] = []
    for angle in angles {
      places.append(30 * cos(angle) + 4 * noise.next())
      places.append(18 * sin(2 * angle) + 4 * noise.next())
    }
    let similarities: [Double] = angles.flatMap { (a: Double) in angles.map { cos(a - $0) } }
    return VectorMapFigure(
      title: "Sentence vectors of a two-block encoder",
      names: names ?? (0..<count).map { captions[$0 % captions.count] },
      places: Tensor(shape: .matrix(count, 2), values: places),
      similarities: Tensor(shape: .matrix(count, count), values: similarities),
      groups: grouped ? (0..<count).map { $0 % 3 } : [],
      groupNames: grouped ? ["animals", "children", "things"] : [])
  }

  static func sweep(ordered: Bool) -> SweepFigure {
    var noise = SampleFigures.Noise(state: 9)
    func seeds(_ mean: Double) -> [Double] { (0..<5).map { _ in mean + 0.03 * noise.next() } }
    if ordered {
      return SweepFigure(
        title: "Model size (Devlin et al. 2019, Table 6)", settings: ["16", "32", "64", "128"],
        methods: [.init(values: [0.52, 0.66, 0.74, 0.77].map(seeds))], settingLabel: "width d",
        measure: "accuracy on held-out masked tokens", isOrdered: true)
    }
    return SweepFigure(
      title: "Mask split (Devlin et al. 2019, Table 8)",
      settings: ["80:10:10", "100:0:0", "80:0:20", "80:20:0", "0:20:80", "0:0:100"],
      methods: [
        .init("bidirectional", values: [0.72, 0.70, 0.69, 0.71, 0.62, 0.58].map(seeds)),
        .init("left to right", values: [0.55, 0.56, 0.54, 0.55, 0.5, 0.51].map(seeds)),
      ], settingLabel: "[MASK] : same : random [%]", measure: "accuracy", chance: 0.1)
  }

  static func positions(_ count: Int, _ width: Int) -> PositionCodeFigure {
    let values = (0..<count).flatMap { position in
      (0..<width).map { (dimension: Int) -> Double in
        let angle = Double(position) / pow(10_000, Double(dimension / 2 * 2) / Double(width))
        return dimension % 2 == 0 ? sin(angle) : cos(angle)
      }
    }
    return PositionCodeFigure(codes: Tensor(shape: .matrix(count, width), values: values))
  }

  /// Every figure under a name.
  static func all(_ language: ReportLanguage) -> [(name: String, figure: Figure)] {
    [
      ("attention-1x1", attention(blocks: 1, heads: 1).figure(language: language)),
      ("attention-2x4", attention(blocks: 2, heads: 4).figure(language: language)),
      ("attention-4x4", attention(blocks: 4, heads: 4).figure(language: language)),
      ("attention-2x8", attention(blocks: 2, heads: 8).figure(language: language)),
      ("attention-6x12", attention(blocks: 6, heads: 12).figure(language: language)),
      ("attention-cross", attention(blocks: 1, heads: 2, cross: true).figure(language: language)),
      ("loss-1", losses(runs: 1).figure(language: language)),
      ("loss-4", losses(runs: 4).figure(language: language)),
      ("vectors-12", vectors(12).figure(language: language)),
      ("vectors-24", vectors(24, grouped: false).figure(language: language)),
      (
        "vectors-short",
        vectors(
          10, names: ["いぬ", "ねこ", "cat", "dog", "train", "えき", "rain", "あめ", "king", "queen"]
        )
        .figure(language: language)
      ),
      ("sweep", sweep(ordered: false).figure(language: language)),
      ("sweep-ordered", sweep(ordered: true).figure(language: language)),
      ("positions", positions(50, 64).figure(language: language)),
      ("positions-small", positions(7, 8).figure(language: language)),
    ]
  }
}
