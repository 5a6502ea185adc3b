public import TensorCore

/// Chooses tokens of a sequence for a model to predict, and hides most of them.
///
/// Of the tokens that are not special, a share is chosen, at least one. A chosen token is replaced by
/// the mask, by a random ordinary token, or kept, with the probabilities of the split.
///
/// Reference: Devlin et al. 2019, section 3.1 and appendix C.2 (other splits).
public struct MaskedPrediction: Sendable, Equatable {
  /// What happens to chosen tokens: three probabilities that sum to one.
  public struct Split: Sendable, Hashable {
    /// The probability of the mask.
    public let mask: Double
    /// The probability of a random token.
    public let random: Double
    /// The probability of the token itself.
    public let keep: Double

    /// 80 : 10 : 10.
    public static let standard = Split(uncheckedMask: 0.8, random: 0.1, keep: 0.1)

    /// Creates a split.
    ///
    /// - Throws: `MaskedPredictionError.invalidSplit` unless all are at least zero and sum to one.
    public init(mask: Double, random: Double, keep: Double) throws(MaskedPredictionError) {
      let isValid =
        mask >= 0 && random >= 0 && keep >= 0 && abs(mask + random + keep - 1) <= 1e-9
      guard isValid else { throw .invalidSplit(mask: mask, random: random, keep: keep) }
      self.init(uncheckedMask: mask, random: random, keep: keep)
    }

    private init(uncheckedMask mask: Double, random: Double, keep: Double) {
      self.mask = mask
      self.random = random
      self.keep = keep
    }
  }

  /// A sequence made ready for prediction; all lists have its length.
  public struct Example: Sendable, Hashable {
    /// What the model sees.
    public let inputs: [Int]
    /// What it has to say: the sequence itself.
    public let targets: [Int]
    /// 1 for chosen tokens, 0 for the others.
    public let weights: [Double]
  }

  /// The tokens.
  public let vocabulary: Vocabulary
  /// The share of tokens that are chosen.
  public let fraction: Double
  /// What happens to chosen tokens.
  public let split: Split
  private let mask: Int

  /// Creates a way to hide tokens.
  ///
  /// - Throws: `MaskedPredictionError`: a vocabulary without a mask or without ordinary tokens, or a
  ///   share that is not above 0 and at most 1.
  public init(
    vocabulary: Vocabulary, fraction: Double = 0.15, split: Split = .standard
  ) throws(MaskedPredictionError) {
    guard let mask = vocabulary.mask else { throw .noMask }
    guard !vocabulary.ordinary.isEmpty else { throw .noOrdinaryTokens }
    guard fraction > 0, fraction <= 1 else { throw .invalidFraction(fraction) }
    self.vocabulary = vocabulary
    self.fraction = fraction
    self.split = split
    self.mask = mask
  }

  /// Makes an example of a sequence; the same state of the source gives the same one.
  public func example(_ ids: [Int], random: inout RandomSource) -> Example {
    let candidates = ids.indices.filter { !vocabulary.isSpecial(ids[$0]) }
    var inputs = ids
    var weights = [Double](repeating: 0, count: ids.count)
    if !candidates.isEmpty {
      let count = max(1, Int((fraction * Double(candidates.count)).rounded()))
      for choice in random.permutation(candidates.count).prefix(count) {
        let place = candidates[choice]
        weights[place] = 1
        let draw = random.uniform()
        if draw < split.mask {
          inputs[place] = mask
        } else if draw < split.mask + split.random {
          inputs[place] = vocabulary.ordinary[random.index(below: vocabulary.ordinary.count)]
        }
      }
    }
    return Example(inputs: inputs, targets: ids, weights: weights)
  }
}

/// Why tokens cannot be hidden as asked for.
public enum MaskedPredictionError: Error, Sendable, Equatable {
  /// Probabilities below zero or that do not sum to one.
  case invalidSplit(mask: Double, random: Double, keep: Double)
  /// A share of chosen tokens that is not above 0 and at most 1.
  case invalidFraction(Double)
  /// The vocabulary has no token that hides others.
  case noMask
  /// The vocabulary has special tokens only.
  case noOrdinaryTokens

  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .invalidSplit(let mask, let random, let keep):
      "the shares of masked, random and kept tokens are \(mask), \(random) and \(keep); "
        + "they have to be at least 0 and sum to 1"
    case .invalidFraction(let value):
      "the share of tokens to predict is \(value); it has to be above 0 and at most 1"
    case .noMask: "the vocabulary has no mask token"
    case .noOrdinaryTokens: "the vocabulary has special tokens only"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .invalidSplit(let mask, let random, let keep):
      "マスク・ランダム置換・原形のままの割合 \(mask)、\(random)、\(keep) は"
        + "いずれも 0 以上で、合計が 1 でなければなりません"
    case .invalidFraction(let value):
      "予測するトークンの割合 \(value) は 0 より大きく 1 以下でなければなりません"
    case .noMask: "語彙にマスクのトークンがありません"
    case .noOrdinaryTokens: "語彙に特殊トークンしかありません"
    }
  }
}
