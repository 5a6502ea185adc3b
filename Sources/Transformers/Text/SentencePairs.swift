internal import TensorCore

/// Two sentences, of which the second may be the one that follows the first.
public struct SentencePair: Sendable, Hashable {
  /// The first sentence.
  public let first: String
  /// The second sentence.
  public let second: String
  /// Whether the second follows the first.
  public let isNext: Bool

  /// Creates a pair.
  public init(first: String, second: String, isNext: Bool) {
    self.first = first
    self.second = second
    self.isNext = isNext
  }
}

/// Makes pairs of sentences for learning whether one follows the other.
///
/// Every sentence with a successor begins one pair. Its second sentence is the successor, or with
/// the rest of the probability a sentence of another document; where there is but one document, a
/// sentence of it that is neither the first nor its successor.
///
/// Reference: Devlin et al. 2019, section 3.1.
public enum SentencePairs {
  /// Makes the pairs of documents, each a list of sentences in order.
  ///
  /// - Parameters:
  ///   - documents: the sentences of every document.
  ///   - nextFraction: the probability of a true successor, from 0 to 1.
  ///   - seed: the same seed gives the same pairs.
  /// - Returns: the pairs in the order of their first sentences.
  /// - Throws: `SentencePairError`.
  public static func make(
    _ documents: [[String]], nextFraction: Double = 0.5, seed: UInt64
  ) throws(SentencePairError) -> [SentencePair] {
    guard (0...1).contains(nextFraction) else { throw .invalidFraction(nextFraction) }
    let all = documents.enumerated().flatMap { document, sentences in
      sentences.indices.map { (document: document, place: $0) }
    }
    let followed = all.filter { $0.place + 1 < documents[$0.document].count }
    let isSingle = documents.filter { !$0.isEmpty }.count == 1
    guard !followed.isEmpty, !isSingle || all.count >= 3 else {
      throw .tooFewSentences(count: all.count)
    }
    var random = RandomSource(seed: seed).split("sentence pairs")
    return followed.map { start in
      let first = documents[start.document][start.place]
      if random.uniform() < nextFraction {
        let next = documents[start.document][start.place + 1]
        return SentencePair(first: first, second: next, isNext: true)
      }
      while true {
        let other = all[random.index(below: all.count)]
        let isFree =
          isSingle
          ? other.place != start.place && other.place != start.place + 1
          : other.document != start.document
        if isFree {
          let text = documents[other.document][other.place]
          return SentencePair(first: first, second: text, isNext: false)
        }
      }
    }
  }
}

extension Tokenizer {
  /// Encodes a pair: start, first, end, second, end, with segments 0 and 1.
  ///
  /// - Throws: `TokenizationError`.
  public func encode(
    _ pair: SentencePair, limit: Int? = nil, overflow: OverflowRule = .refuse
  ) throws(TokenizationError) -> TokenSequence {
    try encode(pair.first, and: pair.second, limit: limit, overflow: overflow)
  }
}

/// Why no pairs of sentences can be made.
public enum SentencePairError: Error, Sendable, Equatable {
  /// A probability outside 0 to 1.
  case invalidFraction(Double)
  /// No sentence has a successor, or none is left to stand for a wrong one.
  case tooFewSentences(count: Int)

  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .invalidFraction(let value):
      "the share of true next sentences is \(value); it has to lie between 0 and 1"
    case .tooFewSentences(let count):
      "\(count) sentences are too few for pairs: some sentence has to follow another, and one more "
        + "has to stand for a wrong successor"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .invalidFraction(let value):
      "正しい次文の割合 \(value) は 0 から 1 の間でなければなりません"
    case .tooFewSentences(let count):
      "\(count) 文では組を作れません。続きのある文と、誤った続きになる文がもう 1 つ必要です"
    }
  }
}
