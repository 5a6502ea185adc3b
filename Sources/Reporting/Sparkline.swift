/// A trace drawn in one line of text.
public enum Sparkline {
  /// Draws `values` in at most `width` characters, the lowest as the lowest block.
  ///
  /// Longer traces are averaged in bins. Values that are not finite leave a gap; a constant trace is
  /// drawn at half height.
  public static func text(_ values: [Double], width: Int = 32, usesUnicode: Bool = true) -> String {
    let marks: [Character] = usesUnicode ? Array("▁▂▃▄▅▆▇█") : Array("_.,-=+*#")
    let bins = average(values, count: min(width, values.count))
    let finite = bins.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max() else {
      return String(repeating: " ", count: bins.count)
    }
    return String(
      bins.map { value -> Character in
        guard value.isFinite else { return " " }
        guard high > low else { return marks[marks.count / 2 - 1] }
        // Halving first keeps the span of the largest doubles finite.
        let level = (value / 2 - low / 2) / (high / 2 - low / 2)
        return marks[min(marks.count - 1, Int(level * Double(marks.count)))]
      })
  }

  private static func average(_ values: [Double], count: Int) -> [Double] {
    guard count > 0 else { return [] }
    return (0..<count).map { bin in
      let start = bin * values.count / count
      let end = (bin + 1) * values.count / count
      let finite = values[start..<end].filter(\.isFinite)
      guard !finite.isEmpty else { return .nan }
      return finite.reduce(0) { $0 + $1 / Double(finite.count) }
    }
  }
}
