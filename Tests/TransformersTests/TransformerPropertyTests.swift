import Foundation
import TestSupport
import Testing

@testable import Learning
@testable import TensorCore
@testable import Transformers

/// What must hold for any parameters.
struct TransformerPropertyTests {
  static func configuration(
    _ architecture: TransformerConfiguration.Architecture, heads: Int = 2,
    positions: TransformerConfiguration.Positions = .sinusoidal
  ) -> TransformerConfiguration {
    TransformerConfiguration(
      architecture: architecture, sourceVocabulary: 12, width: 8, heads: heads, feedforward: 10,
      encoderBlocks: 2, decoderBlocks: 2, maximumLength: 16, positions: positions)
  }

  static func model(
    _ configuration: TransformerConfiguration, seed: UInt64 = 1
  ) -> TransformerModel<Double> {
    TransformerModel(
      configuration,
      parameters: ParameterSet(configuration.layout, from: RandomSource(seed: seed)), padding: 0)
  }

  static let close = Tolerance("identity", relative: 1e-12, floor: 1e-13)

  @Test(.tags(.identity)) func theFutureIsNotSeen() {
    let model = Self.model(Self.configuration(.decoder))
    let extents = SequenceExtents(batch: 1, source: 6)
    func surprises(_ tokens: [Int]) -> [Double] {
      let example = SequenceExample(
        source: tokens, labels: [3, 3, 3, 3, 3, 3], weights: [1, 1, 1, 1, 1, 1])
      return model.predictions([example], extents: extents)[0].surprises
    }
    let (a, b) = (surprises([4, 5, 6, 7, 8, 9]), surprises([4, 5, 6, 7, 10, 11]))
    expectClose(Array(a.prefix(4)), Array(b.prefix(4)), within: Self.close)
    #expect(abs(a[4] - b[4]) > 1e-6)
  }

  @Test(.tags(.identity)) func paddingChangesNothing() {
    let model = Self.model(Self.configuration(.encoderDecoder))
    let example = SequenceExample(
      source: [1, 4, 5, 2], target: [1, 6, 7], labels: [6, 7, 2], weights: [1, 1, 1])
    let tight = model.predictions(
      [example], extents: SequenceExtents(batch: 1, source: 4, target: 3))
    let longer = SequenceExample(
      source: [1, 8, 9, 10, 11, 4, 2], target: [1, 6, 7, 8, 9], labels: [6, 7, 8, 9, 2],
      weights: [1, 1, 1, 1, 1])
    let loose = model.predictions(
      [longer, example], extents: SequenceExtents(batch: 3, source: 9, target: 7))
    expectClose(loose[1].surprises, tight[0].surprises, within: Self.close)
    #expect(loose[1].tokens == tight[0].tokens)
  }

  @Test(.tags(.identity)) func withoutPositionsOrderDoesNotMatter() {
    let model = Self.model(Self.configuration(.encoder, positions: .none))
    func vectors(_ ids: [Int]) -> Tensor<Double> {
      model.vectors(
        [TokenSequence(ids: ids, segments: ids.map { _ in 0 })],
        extents: SequenceExtents(batch: 1, source: ids.count))[0]
    }
    let (a, b) = (vectors([3, 4, 5, 6]), vectors([6, 3, 5, 4]))
    for (row, other) in [(0, 1), (1, 3), (2, 2), (3, 0)] {
      expectClose(
        Array(a.values[(row * 8)..<(row * 8 + 8)]),
        Array(b.values[(other * 8)..<(other * 8 + 8)]), within: Self.close)
    }
    let ordered = Self.model(Self.configuration(.encoder))
    let first = ordered.vectors(
      [TokenSequence(ids: [3, 3], segments: [0, 0])],
      extents: SequenceExtents(batch: 1, source: 2))[0]
    #expect(abs(first.values[0] - first.values[8]) > 1e-3)
  }

  @Test(.tags(.identity)) func attentionIsADistribution() {
    let model = Self.model(Self.configuration(.encoderDecoder))
    let example = SequenceExample(
      source: [1, 4, 5, 6, 2], target: [1, 7, 8], labels: [], weights: [])
    let maps = model.attention(example)
    #expect(maps.count == 2 + 2 + 2)
    for map in maps {
      for head in map.heads {
        for query in 0..<head.rows {
          let row = (0..<head.columns).map { head[query, $0] }
          expectClose(row.reduce(0, +), 1, within: .identity)
          #expect(row.allSatisfy { $0 >= 0 })
          if map.layer.hasPrefix("decoder") && map.layer.hasSuffix(".attention") {
            #expect(row[(query + 1)...].allSatisfy { $0 == 0 }, "\(map.layer) sees the future")
          }
        }
      }
    }
  }

  @Test(.tags(.identity)) func sharpScoresLookOneValueUp() {
    // β → ∞: the softmax picks the value of the key that fits best.
    let program = WholeProgram.attention(scale: 1e4)
    let keys = Tensor(rows: [[1.0, 0], [0, 1], [-1, 0]])
    let values = Tensor(rows: [[10.0, 1], [20, 2], [30, 3]])
    let queries = Tensor(rows: [[0.1, 0.9], [-1, 0.2]])
    let found = Double.evaluate(program, ["q": queries, "k": keys, "v": values])
    expectClose(found["o"]?.values ?? [], [20, 2, 30, 3], within: .identity)
  }

  @Test(.tags(.identity)) func equalProjectionsMakeSymmetricScores() {
    let configuration = Self.configuration(.encoder, heads: 1)
    var parameters = ParameterSet<Double>(configuration.layout, from: RandomSource(seed: 3))
    for part in ["weight", "bias"] {
      let source = parameters.layout.range(of: "encoder.0.attention.query.\(part)")
      let target = parameters.layout.range(of: "encoder.0.attention.key.\(part)")
      if let source, let target {
        parameters.values.replaceSubrange(target, with: parameters.values[source])
      }
    }
    let model = TransformerModel(configuration, parameters: parameters, padding: 0)
    let map = model.attention(SequenceExample(source: [3, 4, 5, 6], labels: [], weights: []))[0]
    let head = map.heads[0]
    // ln p_ij − ln p_ji = ln Z_j − ln Z_i: differences of rows only.
    func log(_ i: Int, _ j: Int) -> Double { Foundation.log(head[i, j]) }
    for i in 0..<4 {
      for j in 0..<4 {
        let around = (log(i, j) - log(j, i)) + (log(j, 0) - log(0, j)) + (log(0, i) - log(i, 0))
        #expect(abs(around) < 1e-10, "\(i), \(j)")
      }
    }
  }

  @Test func positionCodesRotate() {
    // PE(p + k) is a rotation of PE(p) by angles that do not depend on p.
    let codes = PositionCodes.sinusoidal(count: 20, width: 6)
    for pair in 0..<3 {
      for place in 0..<10 {
        let (s0, c0) = (codes[place, 2 * pair], codes[place, 2 * pair + 1])
        let (s1, c1) = (codes[place + 7, 2 * pair], codes[place + 7, 2 * pair + 1])
        let (sk, ck) = (codes[7, 2 * pair], codes[7, 2 * pair + 1])
        expectClose([s1, c1], [s0 * ck + c0 * sk, c0 * ck - s0 * sk], within: .identity)
      }
    }
    #expect((0..<6).map { codes[0, $0] } == [0, 1, 0, 1, 0, 1])
  }
}

/// Programs of single operations.
enum WholeProgram {
  static func attention(scale: Double) -> Program {
    var builder = ProgramBuilder()
    let q = builder.input("q", shape: .matrix(2, 2))
    let k = builder.input("k", shape: .matrix(3, 2))
    let v = builder.input("v", shape: .matrix(3, 2))
    builder.output("o", builder.attention(q, k, v, scale: scale))
    return builder.build()
  }
}

/// Writing sequences.
struct DecodingTests {
  static let configuration = TransformerConfiguration(
    architecture: .encoderDecoder, sourceVocabulary: 6, width: 8, heads: 2, feedforward: 8,
    maximumLength: 8)

  static func model(_ seed: UInt64) -> TransformerModel<Double> {
    TransformerModel(
      configuration,
      parameters: ParameterSet(configuration.layout, from: RandomSource(seed: seed)), padding: 0)
  }

  static let extents = SequenceExtents(batch: 2, source: 5, target: 4)

  /// `ln p` of writing tokens and then the end, from teacher-forced surprises.
  static func logProbability(
    _ model: TransformerModel<Double>, _ source: [Int], _ tokens: [Int]
  ) -> Double {
    let closed = tokens.count < extents.target
    let labels = tokens + (closed ? [2] : [])
    let example = SequenceExample(
      source: source, target: Array(([1] + tokens).prefix(labels.count)), labels: labels,
      weights: labels.map { _ in 1 })
    return -model.predictions([example], extents: extents)[0].surprises.reduce(0, +)
  }

  @Test(arguments: 1...8) func aBeamOfOneIsGreedy(seed: UInt64) {
    let model = Self.model(seed)
    let sources = [[1, 4, 5, 2], [1, 3, 2], [1, 5, 5, 3, 2]]
    let greedy = model.write(sources, start: 1, end: 2, extents: Self.extents)
    let beam = model.write(
      sources, start: 1, end: 2, rule: .beam(width: 1, penalty: 0), extents: Self.extents)
    #expect(greedy == beam)
  }

  @Test(arguments: 1...8) func aWideBeamFindsTheMostProbableSequence(seed: UInt64) {
    let model = Self.model(seed)
    let source = [1, 4, 3, 2]
    let found = model.write(
      [source], start: 1, end: 2, rule: .beam(width: 1000, penalty: 0), extents: Self.extents)[0]
    // Every sequence of up to four tokens that are not the end.
    var all: [[Int]] = [[]]
    var layer: [[Int]] = [[]]
    for _ in 0..<Self.extents.target {
      layer = layer.flatMap { head in [0, 1, 3, 4, 5].map { head + [$0] } }
      all += layer
    }
    let best = all.map { Self.logProbability(model, source, $0) }.max() ?? 0
    expectClose(Self.logProbability(model, source, found), best, within: .identity)
    let greedy = model.write([source], start: 1, end: 2, extents: Self.extents)[0]
    #expect(Self.logProbability(model, source, greedy) <= best + 1e-12)
  }

  @Test func aVerseThatGoesOnIsWrongAtItsEnd() {
    var accuracy = Accuracy()
    accuracy.count([5, 6, 7, 2], labels: [5, 6, 2], weights: [1, 1, 1])
    #expect(accuracy.rightLabels == 2 && accuracy.rightSequences == 0)
    accuracy.count([5, 6, 2], labels: [5, 6, 2], weights: [1, 1, 1])
    #expect(accuracy.ofSequences == 0.5)
  }
}
