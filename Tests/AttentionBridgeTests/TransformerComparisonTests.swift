import AttentionBridge
import Foundation
import Learning
import ModelFiles
import TensorCore
import TestSupport
import Testing
import Transformers

@Suite("Comparisons on Transformers")
struct TransformerComparisonTests {
  @Test("frozen error units are the gradients", .tags(.identity), arguments: [UInt64(1), 2, 3])
  func frozenErrors(seed: UInt64) throws {
    let finding = try FrozenErrorsComparison().examine(
      BridgeSettings(seed: seed, draws: false))
    #expect(finding.holds, "\(finding.deviations)")
    #expect(finding.deviations.count == 5)
    #expect(finding.deviations.allSatisfy { $0.instances >= 100 })
  }

  @Test("the flow of error units rests where sweeps do; one sweep less is not enough")
  func flowAndSweeps() throws {
    var source = RandomSource(seed: 4)
    for instance in FrozenErrorsComparison.instances(6, from: &source).prefix(6) {
      let (rest, sweeps) = instance.errors.rest()
      // With one key the softmax passes nothing on, so that errors stop at weights and values.
      #expect(sweeps == (instance.errors.extents.keys > 1 ? 6 : 4))
      let flow = try FrozenErrorsComparison.flow(instance.errors, times: [60])
      var meter = DeviationMeter()
      meter.compare(flow[0], rest)
      #expect(meter.value < 1e-9)
      var early = [Double](repeating: 0, count: instance.errors.dimension)
      for _ in 0..<5 { early = instance.errors.messages(early) }
      var missing = DeviationMeter()
      missing.compare(
        instance.errors.part(.queryWeight, of: early),
        (instance.pass.gradients[.queryWeight] ?? []).map { -$0 })
      // With one key nothing reaches the query, whatever the number of sweeps.
      if instance.errors.extents.keys > 1 { #expect(missing.value > 1e-12) }
    }
  }

  @Test("an unscaled β breaks the identity")
  func unscaled() {
    let extents = AttentionExtents(queries: 3, keys: 4, keyWidth: 3, valueWidth: 2)
    var source = RandomSource(seed: 6)
    let graph = AttentionGraph(extents)
    let pass = graph.run(
      AttentionGraph.Inputs(
        given: [
          .queries: source.normals(9), .keys: source.normals(12), .values: source.normals(8),
        ], bias: [Double](repeating: 0, count: 12), target: source.normals(6)))
    func distance(_ beta: Double) -> Double {
      let errors = FrozenErrors(pass, extents: extents, inverseTemperature: beta)
      var meter = DeviationMeter()
      meter.compare(
        errors.part(.queries, of: errors.rest().errors),
        (pass.gradients[.queries] ?? []).map { -$0 })
      return meter.value
    }
    #expect(distance(graph.inverseTemperature) < 1e-12)
    #expect(distance(1) > 1e-3)
  }

  @Test("every head of a model of any kind is a cell; another output is not", .tags(.identity))
  func heads() throws {
    let kinds: [TransformerConfiguration.Architecture] = [.encoder, .decoder, .encoderDecoder]
    for architecture in kinds {
      let configuration = TransformerConfiguration(
        architecture: architecture, sourceVocabulary: 9, width: 8, heads: 2, feedforward: 6,
        maximumLength: 6)
      let model = TransformerModel<Float>(
        configuration,
        parameters: ParameterSet(configuration.layout, from: RandomSource(seed: 5)), padding: 0)
      let target = architecture == .encoderDecoder ? [1, 7, 3] : []
      let example = SequenceExample(
        source: [1, 4, 5, 2], target: target, labels: [7, 3, 2], weights: [1, 1, 1])
      let finding = try HeadsComparison(
        model: model, example: example, tokens: ["a", "b", "c", "d"],
        targetTokens: target.map { "\($0)" }, untrainedSeed: 5
      ).examine(BridgeSettings())
      #expect(finding.holds, "\(finding.deviations)")
      #expect(finding.figure != nil)
      #expect(finding.effects.count == (architecture == .encoderDecoder ? 18 : 6))
    }
  }

  @Test("a model that has diverged is refused by name", arguments: [Double.nan, .infinity])
  func diverged(value: Double) throws {
    let configuration = TransformerConfiguration(
      architecture: .encoder, sourceVocabulary: 9, width: 8, heads: 2, feedforward: 6,
      maximumLength: 6)
    var parameters = ParameterSet<Double>(configuration.layout, from: RandomSource(seed: 5))
    parameters.values = parameters.values.map { _ in value }
    let comparison = HeadsComparison(
      model: TransformerModel(configuration, parameters: parameters, padding: 0),
      example: SequenceExample(
        source: [1, 4, 5], target: [], labels: [1, 4, 5], weights: [1, 1, 1]),
      tokens: ["a", "b", "c"])
    #expect(throws: BridgeError.notFinite(what: "the attention of encoder.0.attention")) {
      _ = try comparison.examine(BridgeSettings(draws: false))
    }
  }

  @Test("the sign test has its closed forms and tells too few heads from chance")
  func signs() {
    expectClose(HeadsComparison.binomialTail(4, of: 4), 1.0 / 16)
    expectClose(HeadsComparison.binomialTail(3, of: 4), 5.0 / 16)
    expectClose(HeadsComparison.binomialTail(0, of: 4), 1)
    typealias Sharpening = HeadsComparison.Sharpening
    // Two-sided, five heads alike have p = 1/16 and six 1/32.
    #expect(Sharpening(sharper: 5, broader: 0, of: 5) == .tooFew)
    #expect(Sharpening(sharper: 6, broader: 0, of: 6) == .sharper)
    #expect(Sharpening(sharper: 0, broader: 6, of: 6) == .broader)
    #expect(Sharpening(sharper: 9, broader: 3, of: 12) == .chance)
    #expect(Sharpening(sharper: 10, broader: 2, of: 12) == .sharper)
  }

  @Test("a start that is not the model's own is not called 'before training'")
  func starts() throws {
    let configuration = TransformerConfiguration(
      architecture: .encoder, sourceVocabulary: 9, width: 8, heads: 2, feedforward: 6,
      maximumLength: 6)
    let model = TransformerModel<Double>(
      configuration,
      parameters: ParameterSet(configuration.layout, from: RandomSource(seed: 5)), padding: 0)
    let example = SequenceExample(source: [1, 4], target: [], labels: [1, 4], weights: [1, 1])
    for (seed, name) in [(UInt64?.none, "同じ形の乱数の初期値"), (5, "学習前")] {
      let finding = try HeadsComparison(
        model: model, example: example, tokens: ["a", "b"], untrainedSeed: seed
      ).examine(BridgeSettings(draws: false))
      let verdict = finding.verdict?.japanese ?? ""
      #expect(verdict.contains(name) && verdict.contains("判断できません"))
      #expect(verdict.contains("学習前") == (seed != nil))
    }
  }

  @Test("with one key that is seen, activity is its precision times its distance")
  func activity() {
    let first = AttentionProblem(query: [0], keys: [[1]], values: [[1, 2]])
    var second = AttentionProblem(query: [1], keys: [[1], [2]], values: [[1, 2], [4, 6]])
    second.bias = [-.infinity, 0]
    expectClose(ErrorSurprisalComparison.activity([first, second]), [exp(2) * 5])
  }

  @Test("correlations find what is there and nothing where there is nothing")
  func correlation() {
    var source = RandomSource(seed: 8)
    func verses(_ effect: Double) -> [ErrorSurprisalComparison.Verse] {
      (0..<20).map { _ in
        let surprisal = source.normals(12)
        return ErrorSurprisalComparison.Verse(
          tokens: Array(0..<12),
          activity: zip(surprisal, source.normals(12)).map { effect * $0 + $1 },
          surprisal: surprisal)
      }
    }
    let (with, without) = (verses(1), verses(0))
    let found = ErrorSurprisalComparison.Correlation(with, shuffles: 99, &source)
    #expect(found.value > (found.shifted.max() ?? 1) && found.value > (found.exchanged.max() ?? 1))
    let nothing = ErrorSurprisalComparison.Correlation(without, shuffles: 99, &source)
    #expect(abs(nothing.value) < 0.2)
    #expect(ErrorSurprisalComparison.Correlation.pearson([1, 2, 3], [2, 4, 6]) > 1 - 1e-12)
  }

  @Test("angles and distances of maps have their closed forms")
  func angles() {
    expectClose(RuleTraining.angle([1, 0], [0, 2]), 90)
    expectClose(RuleTraining.angle([1, 1], [1, 0]), 45)
    expectClose(RuleTraining.angle([1, 2, 3], [-1, -2, -3]), 180)
    #expect(abs(RuleTraining.angle([1, 1e-9], [1, 0]) - 1e-9 * 180 / .pi) < 1e-18)
    let left = Tensor<Double>(rows: [[1, 0], [1, 0]]),
      right = Tensor<Double>(rows: [[0, 1], [1, 0]])
    expectClose(RuleTraining.distance([[left, right]], [[right, left]], rows: 0..<2), 0)
    expectClose(RuleTraining.distance([[left]], [[right]], rows: 0..<2), 0.5)
  }
}
