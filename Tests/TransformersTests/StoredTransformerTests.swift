import Learning
import TensorCore
import TestSupport
import Testing

@testable import Transformers

@Suite("Models from checkpoints")
struct StoredTransformerTests {
  static let poems = PoemCollection(
    poems: [("はるすぎて", "なつきに"), ("けらし", "しろたへの"), ("ころもほす", "てふあまの")].enumerated().map {
      PoemCollection.Poem(
        number: $0.offset + 1, author: "?", verses: [],
        readings: [$0.element.0, "", "", $0.element.1, ""])
    })

  static func session<Scalar: KernelScalar>(
    _ task: TrainingTask, as type: Scalar.Type
  ) throws -> TrainingSession<Scalar> {
    let tokenizer = try task.tokenizer(for: poems)
    let configuration = TransformerConfiguration(
      architecture: task.architecture, sourceVocabulary: tokenizer.vocabulary.count,
      targetVocabulary: task == .nextSentence ? 2 : tokenizer.vocabulary.count, width: 8,
      heads: 2, feedforward: 8, maximumLength: 20,
      segments: task == .masked || task == .nextSentence ? 2 : 0)
    let plan = TrainingPlan(
      configuration: configuration,
      learner: LearnerSettings(
        optimizer: .adam, schedule: LearningRateSchedule(peak: 1e-2), clip: nil),
      batchSize: 2, seed: 3)
    let specification = TrainingSpecification(
      task: task, plan: plan, heldOut: 0, tokens: tokenizer.vocabulary.tokens)
    return try TrainingSession(TaskData(specification, poems: poems))
  }

  static func check<Scalar: KernelScalar>(_ task: TrainingTask, as type: Scalar.Type) throws {
    let session = try session(task, as: type)
    try session.runEpoch()
    let file = try SafetensorsFile(bytes: session.checkpoint().bytes())
    let stored = try StoredTransformer<Scalar>(file: file)
    #expect(stored.specification == session.data.specification)
    #expect(stored.tokenizer == session.data.tokenizer)
    #expect(stored.model.parameters.values == session.model().parameters.values)
    let examples = try session.data.evaluation(heldOut: false)
    let extents = examples.extents(batch: 2)
    #expect(
      stored.model.predictions(examples, extents: extents)
        == session.model().predictions(examples, extents: extents))
    for map in stored.model.attention(examples[0]) {
      for head in map.heads {
        for query in 0..<head.rows {
          let row = (0..<head.columns).map { head[query, $0] }
          #expect(row.allSatisfy { $0 >= 0 } && abs(row.reduce(0, +) - 1) < 1e-5)
          if map.isCausal { #expect(row.dropFirst(query + 1).allSatisfy { $0 == 0 }) }
        }
      }
      #expect(map.entropies.allSatisfy { $0 >= 0 && $0 <= map.maximumEntropy + 1e-5 })
    }
  }

  @Test("the model of a checkpoint is the one that was stored", arguments: TrainingTask.allCases)
  func sameModel(task: TrainingTask) throws {
    try Self.check(task, as: Float.self)
    try Self.check(task, as: Double.self)
  }

  @Test("the layers of each task, and which of them see the past only")
  func layers() throws {
    func layers(_ task: TrainingTask) throws -> [String: Bool] {
      let session = try Self.session(task, as: Float.self)
      let example = try session.data.evaluation(heldOut: false)[0]
      let maps = session.model().attention(example)
      return Dictionary(uniqueKeysWithValues: maps.map { ($0.layer, $0.isCausal) })
    }
    #expect(
      try layers(.poems) == [
        "encoder.0.attention": false, "decoder.0.attention": true,
        "decoder.0.crossattention": false,
      ])
    #expect(try layers(.masked) == ["encoder.0.attention": false])
    #expect(try layers(.nextToken) == ["encoder.0.attention": true])
  }

  @Test("attention does not depend on whether scores are read out")
  func attentionAlone() throws {
    let session = try Self.session(.poems, as: Double.self)
    let example = try session.data.evaluation(heldOut: false)[0]
    let extents = [example].extents(batch: 1)
    let configuration = session.data.specification.plan.configuration
    let program = TransformerPrograms.inference(configuration, extents, keepsProbabilities: true)
    let workspace = TensorWorkspace(Double.executable(program))
    let model = session.model()
    workspace.writeInputs(model.parameters.values, startingAt: 0)
    let names = program.inputs.map(\.name).dropFirst(configuration.layout.names.count)
    let encoded = EncodedExamples<Double>(
      [example], extents, padding: model.padding, names: Array(names))
    for (name, values) in zip(names, encoded.shard([0])) {
      workspace.write(values, to: workspace.executable.input(name))
    }
    workspace.run()
    for map in model.attention(example) {
      let region = workspace.executable.output("attention.\(map.layer)")
      #expect(workspace.read(region) == map.heads.flatMap(\.values))
    }
  }

  @Test("files that are no such checkpoints are refused")
  func refusals() throws {
    let session = try Self.session(.masked, as: Float.self)
    let checkpoint = try session.checkpoint()
    func open(_ checkpoint: Checkpoint<Float>) throws -> StoredTransformer<Float> {
      try StoredTransformer(file: SafetensorsFile(bytes: checkpoint.bytes()))
    }
    var other = checkpoint
    other.kind = "spade"
    #expect(
      throws: TrainingError.checkpoint(.wrongKind(expected: "transformer", found: "spade"))
    ) { try open(other) }
    other = checkpoint
    other.configuration = "{}"
    #expect(throws: TrainingError.settings(detail: "{}")) { try open(other) }
    other = checkpoint
    other.parameters["readout.bias"] = nil
    #expect(throws: TrainingError.checkpoint(.missingTensor("readout.bias"))) { try open(other) }
    other = checkpoint
    // A token more than the embedding has rows.
    other.configuration = checkpoint.configuration.replacing("\"[PAD]\"", with: "\"Q\",\"[PAD]\"")
    let count = session.data.tokenizer.vocabulary.count + 1
    #expect(throws: TrainingError.settings(detail: "\(count) tokens")) { try open(other) }
    #expect(throws: TrainingError.self) {
      try StoredTransformer<Double>(file: SafetensorsFile(bytes: checkpoint.bytes()))
    }
    var writer = SafetensorsWriter()
    writer.add("a", Tensor<Float>(vector: [1]))
    #expect(throws: TrainingError.checkpoint(.notACheckpoint)) {
      try StoredTransformer<Float>(file: SafetensorsFile(bytes: writer.bytes()))
    }
  }

  @Test("unknown characters are an error, or the unknown token where that is allowed")
  func unknownCharacters() throws {
    let bytes = try Self.session(.masked, as: Float.self).checkpoint().bytes()
    let strict = try StoredTransformer<Float>(file: SafetensorsFile(bytes: bytes))
    #expect(throws: TokenizationError.unknownToken(token: "x", position: 2, text: "はx")) {
      try strict.tokenizer.encode("はx")
    }
    let lenient = try StoredTransformer<Float>(
      file: SafetensorsFile(bytes: bytes), allowsUnknown: true)
    let vocabulary = lenient.tokenizer.vocabulary
    #expect(try lenient.tokenizer.encode("はx").ids[2] == vocabulary.unknown)
  }
}
