/// Finds the name somebody probably meant.
public enum NameSuggestion {
  /// The longest name that is worth comparing; nobody mistypes longer ones by a letter.
  private static let longest = 64

  /// The candidate nearest to a name, if it is near.
  ///
  /// The distance is Damerau–Levenshtein's (optimal string alignment) without regard to case; up
  /// to a third of the name's length, but at least one edit, counts as near. Among equals the
  /// alphabetically first wins.
  public static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased())
    guard !wanted.isEmpty, wanted.count <= longest else { return nil }
    let limit = max(1, wanted.count / 3)
    var best: (distance: Int, name: String)?
    for candidate in candidates where candidate != name {
      let letters = Array(candidate.lowercased().prefix(longest + 1))
      guard abs(letters.count - wanted.count) <= limit else { continue }
      let found = distance(wanted, letters)
      // One replaced letter makes any two one-letter names alike.
      guard found <= limit, found < max(wanted.count, letters.count) else { continue }
      if let best, (best.distance, best.name) <= (found, candidate) { continue }
      best = (found, candidate)
    }
    return best?.name
  }

  /// The number of insertions, deletions, replacements and swaps of neighbors.
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var current = [i + 1] + [Int](repeating: 0, count: b.count)
      for j in 0..<b.count {
        let cost = a[i] == b[j] ? 0 : 1
        current[j + 1] = min(last[j + 1] + 1, current[j] + 1, last[j] + cost)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          current[j + 1] = min(current[j + 1], beforeLast[j - 1] + 1)
        }
      }
      (beforeLast, last) = (last, current)
    }
    return last[b.count]
  }
}
