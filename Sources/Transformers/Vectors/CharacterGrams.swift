internal import Foundation

/// Vectors of texts from the characters that stand beside each other: a baseline without training.
///
/// Every run of one, two or three characters (an n-gram) of a text adds `±√count` to one entry of
/// its vector, which then gets the length 1. A hash of the n-gram chooses entry and sign, so that
/// n-grams which fall together cancel as often as they add, and products of vectors stay right on
/// average (Weinberger et al. 2009, ICML). Texts are alike here if they share spellings; what words
/// mean plays no part.
///
/// The text is brought to its composed form (NFC) and to small letters; blanks in a row count as one,
/// those at the ends not at all. The hash is FNV-1a with 64 bits over the n-gram in UTF-8, whose bits
/// the last steps of SplitMix64 then mix: the highest bit gives the sign, the remainder by the number
/// of entries the place.
public enum CharacterGrams {
  /// The number of entries of a vector.
  public static let dimensions = 512
  /// The longest n-gram, in characters.
  public static let longest = 3

  /// The vector of a text; zero for a text without characters.
  public static func vector(_ text: String, dimensions: Int = dimensions) -> [Double] {
    precondition(dimensions > 0, "a vector of \(dimensions) entries")
    var counts: [[UInt8]: Int] = [:]
    let characters = characters(text)
    for length in 1...longest where length <= characters.count {
      for start in 0...(characters.count - length) {
        counts[Array(characters[start..<(start + length)].joined()), default: 0] += 1
      }
    }
    var vector = [Double](repeating: 0, count: dimensions)
    // A fixed order keeps the rounding of sums.
    for (gram, count) in counts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let hash = mixed(fnv1a(gram))
      let weight = Double(count).squareRoot()
      vector[Int(hash % UInt64(dimensions))] += hash >> 63 == 0 ? weight : -weight
    }
    return SentenceVectors.unit(vector)
  }

  /// The bytes of every character.
  private static func characters(_ text: String) -> [[UInt8]] {
    let words = text.lowercased().precomposedStringWithCanonicalMapping
      .split(whereSeparator: \.isWhitespace)
    return words.joined(separator: " ").map { Array($0.utf8) }
  }

  /// The hash of Fowler, Noll and Vo, variant 1a with 64 bits.
  static func fnv1a(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  /// The last steps of SplitMix64 (Steele, Lea & Flood 2014): short texts reach few high bits of
  /// FNV-1a.
  private static func mixed(_ hash: UInt64) -> UInt64 {
    var bits = hash
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }
}
