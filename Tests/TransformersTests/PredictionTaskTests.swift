import TensorCore
import TestSupport
import Testing
import Transformers

@Suite("Tokens to predict")
struct MaskedPredictionTests {
  private let vocabulary: Vocabulary

  init() throws {
    vocabulary = try Vocabulary(ordinary: (0..<50).map { "t\($0)" }, special: .masked)
  }

  @Test("the shares of chosen, masked, random and kept tokens, seed 21", .tags(.property))
  func frequencies() throws {
    var random = RandomSource(seed: 21)
    for split in [MaskedPrediction.Split.standard, try .init(mask: 0.5, random: 0.3, keep: 0.2)] {
      let task = try MaskedPrediction(vocabulary: vocabulary, split: split)
      var (chosen, masked, kept, tokens) = (0, 0, 0, 0)
      var placeCounts = [Int](repeating: 0, count: 40)
      var replacements = [Int](repeating: 0, count: 55)
      for _ in 0..<5000 {
        let ids = [1] + (0..<40).map { _ in 5 + Int(random.next() % 50) } + [2, 0, 0]
        let example = task.example(ids, random: &random)
        #expect(example.targets == ids)
        // Exactly 15 % of 40 tokens, never a special one.
        #expect(example.weights.reduce(0, +) == 6)
        tokens += 40
        for place in ids.indices {
          guard example.weights[place] == 1 else {
            #expect(example.weights[place] == 0 && example.inputs[place] == ids[place])
            continue
          }
          #expect(!vocabulary.isSpecial(ids[place]))
          chosen += 1
          placeCounts[place - 1] += 1
          if example.inputs[place] == vocabulary.mask {
            masked += 1
          } else if example.inputs[place] == ids[place] {
            kept += 1
          } else {
            #expect(!vocabulary.isSpecial(example.inputs[place]))
            replacements[example.inputs[place]] += 1
          }
        }
      }
      #expect(Double(chosen) == 0.15 * Double(tokens))
      let count = Double(chosen)
      // A random token is the token itself once in fifty.
      let keep = split.keep + split.random / 50
      func expectShare(_ found: Int, _ share: Double) {
        let error = (share * (1 - share) / count).squareRoot()
        expectClose(Double(found) / count, share, within: .statistical(4, of: error))
      }
      expectShare(masked, split.mask)
      expectShare(kept, keep)
      // Every place and every replacement is as likely as the others.
      for found in placeCounts { expectShare(found, 1.0 / 40) }
      for found in replacements.dropFirst(5) { expectShare(found, split.random * 0.98 / 50) }
    }
  }

  @Test("the same seed hides the same tokens")
  func deterministic() throws {
    let task = try MaskedPrediction(vocabulary: vocabulary)
    let ids = [1] + Array(5..<45) + [2]
    var (first, second, other) = (
      RandomSource(seed: 3), RandomSource(seed: 3), RandomSource(seed: 4)
    )
    let example = task.example(ids, random: &first)
    #expect(task.example(ids, random: &second) == example)
    #expect(task.example(ids, random: &other) != example)
  }

  @Test("short and empty sequences")
  func short() throws {
    let task = try MaskedPrediction(vocabulary: vocabulary)
    var random = RandomSource(seed: 1)
    #expect(task.example([1, 9, 2], random: &random).weights == [0, 1, 0])
    #expect(task.example([1, 2, 0, 3, 4], random: &random).weights == [0, 0, 0, 0, 0])
    #expect(task.example([], random: &random).inputs.isEmpty)
    let all = try MaskedPrediction(
      vocabulary: vocabulary, fraction: 1, split: .init(mask: 1, random: 0, keep: 0))
    #expect(all.example([1, 9, 10, 2], random: &random).inputs == [1, 4, 4, 2])
  }

  @Test("settings that make no sense")
  func faults() throws {
    for (mask, random, keep) in [(0.8, 0.1, 0.2), (-0.1, 1.0, 0.1), (.nan, 0.5, 0.5)] {
      #expect(throws: MaskedPredictionError.self) {
        try MaskedPrediction.Split(mask: mask, random: random, keep: keep)
      }
    }
    #expect(throws: MaskedPredictionError.invalidSplit(mask: 1, random: 1, keep: 0)) {
      try MaskedPrediction.Split(mask: 1, random: 1, keep: 0)
    }
    for fraction in [0, -1, 1.5, .nan] {
      #expect(throws: MaskedPredictionError.self) {
        try MaskedPrediction(vocabulary: vocabulary, fraction: fraction)
      }
    }
    let plain = try Vocabulary(ordinary: ["a"], special: .sequence)
    #expect(throws: MaskedPredictionError.noMask) { try MaskedPrediction(vocabulary: plain) }
    let bare = try Vocabulary(ordinary: [], special: .masked)
    #expect(throws: MaskedPredictionError.noOrdinaryTokens) {
      try MaskedPrediction(vocabulary: bare)
    }
    for error in [
      MaskedPredictionError.invalidSplit(mask: 1, random: 1, keep: 0), .invalidFraction(2), .noMask,
      .noOrdinaryTokens,
    ] {
      #expect(!error.english.isEmpty && error.english != error.japanese)
    }
  }
}

@Suite("Pairs of sentences")
struct SentencePairTests {
  private let documents = (0..<40).map { document in
    (0..<25).map { "\(document)-\($0)" }
  }

  @Test("half of the pairs are true ones, and wrong ones come from other documents, seed 8")
  func pairs() throws {
    let pairs = try SentencePairs.make(documents, seed: 8)
    #expect(pairs.count == 40 * 24)
    for pair in pairs {
      let first = pair.first.split(separator: "-")
      let second = pair.second.split(separator: "-")
      let follows =
        first[0] == second[0] && Int(first[1]).map { $0 + 1 } == Int(second[1])
      #expect(pair.isNext == follows)
      #expect(pair.isNext || first[0] != second[0])
    }
    let share = Double(pairs.filter(\.isNext).count) / Double(pairs.count)
    expectClose(share, 0.5, within: .statistical(4, of: 0.5 / 960.0.squareRoot()))
    #expect(try SentencePairs.make(documents, seed: 8) == pairs)
    #expect(try SentencePairs.make(documents, seed: 9) != pairs)
    #expect(try SentencePairs.make(documents, nextFraction: 1, seed: 8).allSatisfy(\.isNext))
    #expect(try !SentencePairs.make(documents, nextFraction: 0, seed: 8).contains(where: \.isNext))
  }

  @Test("one document, and too few sentences")
  func few() throws {
    let pairs = try SentencePairs.make([["a", "b", "c"]], nextFraction: 0, seed: 1)
    #expect(pairs.map(\.second) == ["c", "a"])
    for documents in [[], [[]], [["a", "b"]], [["a"], ["b"], ["c"]]] as [[[String]]] {
      let count = documents.reduce(0) { $0 + $1.count }
      let error = SentencePairError.tooFewSentences(count: count)
      #expect(throws: error) { try SentencePairs.make(documents, seed: 1) }
      #expect(!error.english.isEmpty && error.english != error.japanese)
    }
    #expect(throws: SentencePairError.invalidFraction(1.5)) {
      try SentencePairs.make([["a", "b", "c"]], nextFraction: 1.5, seed: 1)
    }
  }

  @Test("the shipped pairs are encoded with both segments")
  func shipped() throws {
    let words = Captions.nextSentences.flatMap {
      ($0.first + " " + $0.second).split(separator: " ")
    }
    let vocabulary = try Vocabulary(
      ordinary: Set(words).map(String.init).sorted(), special: .sentence)
    let tokenizer = WordPieceTokenizer(vocabulary: vocabulary)
    let pair = Captions.nextSentences[0]
    let encoded = try tokenizer.encode(pair)
    #expect(encoded.ids.count == 15 && !encoded.ids.contains(vocabulary.unknown))
    #expect(encoded.segments == [0, 0, 0, 0, 0, 0, 0, 0] + [1, 1, 1, 1, 1, 1, 1])
    #expect(Captions.nextSentences.map(\.isNext) == [true, false])
    #expect(Captions.harbor.texts.count == 5 && Captions.harbor.attribution.contains("CC BY 4.0"))
    #expect(throws: TokenizationError.tooLong(count: 15, limit: 10)) {
      try tokenizer.encode(pair, limit: 10)
    }
  }
}
