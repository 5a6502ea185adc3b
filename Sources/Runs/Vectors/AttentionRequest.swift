internal import Foundation
internal import Reporting
internal import TensorCore
internal import Transformers

/// What a user asks of `odoroki attend`.
package struct AttentionRequest: Sendable, Equatable {
  /// Where training puts a model of poems.
  package static let defaultModel = "poems.safetensors"

  /// The model; nil for the one that training on poems leaves in the current folder.
  package var encoder: EncoderChoice?
  /// The text that is read.
  package var text: String
  /// The text that is written, or the second sentence of a pair.
  package var second: String?
  /// The number of a poem that is read in place of a text.
  package var poem: Int?
  /// The only layer to show.
  package var layer: String?

  /// Creates a request.
  package init(
    text: String = "", second: String? = nil, poem: Int? = nil, encoder: EncoderChoice? = nil,
    layer: String? = nil
  ) {
    self.text = text
    self.second = second
    self.poem = poem
    self.encoder = encoder
    self.layer = layer
  }

  /// Reads the texts and gives the attention of every layer.
  ///
  /// - Parameter library: where the poems that ship are looked up.
  /// - Returns: the attention of every layer, with the tokens.
  /// - Throws: `RunError`.
  package func run(library: ModelLibrary = .installed) throws(RunError) -> AttentionResult {
    let (model, reading, poem) = try open(library: library)
    let layers = model.attention(reading.example)
    for layer in layers where !layer.heads.allSatisfy({ $0.values.allSatisfy(\.isFinite) }) {
      throw .vectors(.attentionNotFinite(layer: layer.layer))
    }
    return AttentionResult(
      choice: model.choice, task: model.specification?.task, text: reading.text,
      second: reading.second, isWritten: reading.isWritten, poem: poem,
      sourceTokens: model.names(reading.example.source),
      targetTokens: model.names(reading.example.target),
      writtenTokens: model.names(reading.example.target.isEmpty ? [] : reading.example.labels),
      unknownShare: reading.unknownShare,
      isForeign: UnknownTokens.areForeign([reading.text], to: model.tokenizer.vocabulary),
      specialTokens: model.tokenizer.vocabulary.special, layers: layers, shown: try shown(layers))
  }

  /// Opens the model and reads the texts with it.
  ///
  /// - Parameter library: where the poems that ship are looked up.
  /// - Returns: the model, what it read, and the poem that was asked for by number.
  /// - Throws: `RunError`.
  func open(
    library: ModelLibrary
  ) throws(RunError) -> (model: TextModel, reading: Reading, poem: PoemCollection.Poem?) {
    let poem = try findPoem(in: library)
    if poem == nil && text.allSatisfy(\.isWhitespace) { throw .vectors(.emptyText(number: 1)) }
    if let second, second.allSatisfy(\.isWhitespace) { throw .vectors(.emptyText(number: 2)) }
    let model = try TextModel(try choice, allowsUnknown: false)
    let reading: Reading
    do throws(TokenizationError) {
      reading = try read(poem, with: model)
    } catch { throw .training(.text(error)) }
    if second != nil && !reading.usesSecond { throw .vectors(.noSecondText) }
    return (model, reading, poem)
  }

  private var choice: EncoderChoice {
    get throws(RunError) {
      if let encoder { return encoder }
      guard FileManager.default.fileExists(atPath: Self.defaultModel) else {
        throw .vectors(.noModel(path: Self.defaultModel))
      }
      return .checkpoint(path: Self.defaultModel)
    }
  }

  private func findPoem(in library: ModelLibrary) throws(RunError) -> PoemCollection.Poem? {
    guard let number = poem else { return nil }
    let poems = try TrainingRun.poems(in: library).poems
    if let found = poems.first(where: { $0.number == number }) { return found }
    let numbers = poems.map(\.number)
    throw .vectors(.unknownPoem(number, known: (numbers.min() ?? 0)...(numbers.max() ?? 0)))
  }

  /// The layers to show: the one asked for, else where writing attends to what was read, else the
  /// encoder's own.
  private func shown(_ layers: [AttentionMap]) throws(RunError) -> [AttentionMap] {
    if let layer {
      guard let found = layers.first(where: { $0.layer == layer }) else {
        throw .vectors(.unknownLayer(name: layer, known: layers.map(\.layer)))
      }
      return [found]
    }
    let cross = layers.filter { $0.layer.hasSuffix(".crossattention") }
    return cross.isEmpty ? layers : cross
  }

  /// The texts as a model reads them.
  struct Reading {
    var text: String
    var second: String?
    var isWritten = false
    var usesSecond = true
    var unknownShare = 0.0
    var example: SequenceExample
  }

  private func read(
    _ poem: PoemCollection.Poem?, with model: TextModel
  ) throws(TokenizationError) -> Reading {
    let tokenizer = model.tokenizer
    let limit = model.configuration.maximumLength
    func example(_ sequence: TokenSequence) -> SequenceExample {
      SequenceExample(
        source: sequence.ids, segments: model.configuration.segments > 0 ? sequence.segments : [],
        labels: [], weights: [])
    }
    switch model.specification?.task {
    case .poems:
      let text = poem?.upper ?? text
      let source = try tokenizer.encode(text, limit: limit).ids
      let written: [Int]
      if let second {
        written = try tokenizer.encode(second, limit: limit).ids
      } else {
        let vocabulary = tokenizer.vocabulary
        written = [vocabulary.start] + model.write(source) + [vocabulary.end]
      }
      return Reading(
        text: text, second: second ?? tokenizer.decode(Array(written.dropFirst())),
        isWritten: second == nil,
        example: SequenceExample.translation(
          from: source, to: written, isShifted: model.specification?.isShifted ?? true))
    case .nextToken:
      // As in training, the end is predicted, not read.
      let text = poem.map { $0.upper + $0.lower } ?? text
      let ids = try tokenizer.encode(text, limit: limit + 1).ids.dropLast()
      return Reading(
        text: text, usesSecond: false,
        example: SequenceExample(source: Array(ids), labels: [], weights: []))
    case .masked, .nextSentence, nil:
      let isPair = model.configuration.segments > 1
      let text = poem?.upper ?? text
      let second = isPair ? self.second ?? poem?.lower : nil
      let sequence = try tokenizer.encode(text, and: second, limit: limit)
      return Reading(
        text: text, second: second, usesSecond: isPair,
        unknownShare: model.unknownShare([sequence]), example: example(sequence))
    }
  }
}
