internal import Foundation
internal import Reporting
internal import TensorCore
internal import Transformers

/// What a user asks of `odoroki similar`.
package struct SimilarityRequest: Sendable, Equatable {
  /// The texts; the captions that ship where there are none and no file.
  package var texts: [String]
  /// A file with one text per line.
  package var file: String?
  /// The encoder; nil for vectors of character n-grams, which need none.
  package var encoder: EncoderChoice?
  /// The perplexity of the map; nil for as much as suits the number of texts.
  package var perplexity: Double?
  /// The seed of the map.
  package var seed: UInt64
  /// The smallest number of texts: two, or three where a figure must be drawn.
  package var needed = 2

  /// Creates a request.
  package init(
    texts: [String] = [], file: String? = nil, encoder: EncoderChoice? = nil,
    perplexity: Double? = nil, seed: UInt64 = 1
  ) {
    self.texts = texts
    self.file = file
    self.encoder = encoder
    self.perplexity = perplexity
    self.seed = seed
  }

  /// The fewest texts that can be drawn on a map.
  package static let fewestForMap = 3

  /// Makes the vectors of the texts and compares them.
  ///
  /// - Returns: the vectors, their similarities and the map.
  /// - Throws: `RunError`.
  package func run() throws(RunError) -> SimilarityResult {
    let group = texts.isEmpty && file == nil ? Captions.harbor : nil
    let texts = if let group { group.texts } else { try readTexts() }
    guard texts.count >= needed else {
      throw .vectors(.tooFewTexts(count: texts.count, needed: needed, file: file))
    }
    if let index = texts.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw .vectors(.emptyText(number: index + 1))
    }
    var result = SimilarityResult(texts: texts, attribution: group?.attribution, seed: seed)
    if let encoder {
      try encode(texts, by: encoder, into: &result)
    } else {
      result.vectors = Tensor(rows: texts.map { CharacterGrams.vector($0) })
    }
    let width = result.vectors.columns
    if let index = result.vectors.values.firstIndex(where: { !$0.isFinite }) {
      throw .vectors(.vectorNotFinite(text: index / width + 1))
    }
    result.cosines = SentenceVectors.cosines(result.vectors)
    if texts.count >= Self.fewestForMap { result.map = try map(result.vectors) }
    return result
  }

  private func readTexts() throws(RunError) -> [String] {
    guard let file else { return texts }
    do {
      let lines = TextFile.lines(try TextFile.read(file))
      return lines.filter { !$0.allSatisfy(\.isWhitespace) }
    } catch { throw .vectors(.file(error)) }
  }

  private func encode(
    _ texts: [String], by choice: EncoderChoice, into result: inout SimilarityResult
  ) throws(RunError) {
    let model = try TextModel(choice, allowsUnknown: true)
    var sequences: [TokenSequence] = []
    for (index, text) in texts.enumerated() {
      do {
        let sequence = try model.tokenizer.encode(
          text, limit: model.sentenceLength, overflow: .truncate)
        if sequence.ids.count == model.sentenceLength,
          try model.tokenizer.encode(text).ids.count > model.sentenceLength
        {
          result.cutTexts.append(index + 1)
        }
        sequences.append(sequence)
      } catch { throw .training(.text(error)) }
    }
    result.choice = choice
    result.task = model.specification?.task
    result.sentenceLength = model.sentenceLength
    result.unknownShare = model.unknownShare(sequences)
    result.isForeign = UnknownTokens.areForeign(texts, to: model.tokenizer.vocabulary)
    result.vectors = model.sentenceVectors(sequences)
  }

  /// A map on which the distances of vectors of length 1 decide, as cosines do.
  private func map(_ vectors: Tensor<Double>) throws(RunError) -> NeighborEmbedding {
    let width = vectors.columns
    let units = (0..<vectors.rows).flatMap {
      SentenceVectors.unit(Array(vectors.values[($0 * width)..<(($0 + 1) * width)]))
    }
    do {
      return try NeighborEmbedding(
        Tensor(shape: vectors.shape, values: units),
        settings: NeighborEmbedding.Settings(perplexity: perplexity), seed: seed)
    } catch { throw .vectors(.map(error)) }
  }
}
