/// Correlations between paired numbers.
package enum SampleCorrelation {
  /// Pearson's correlation, `Σ (a − ā)(b − b̄) / √(Σ (a − ā)² Σ (b − b̄)²)`.
  ///
  /// - Parameters:
  ///   - a: one series.
  ///   - b: the other, of the same length.
  /// - Returns: a number from −1 to 1; nil where one side does not vary, so that there is none.
  package static func pearson(_ a: [Double], _ b: [Double]) -> Double? {
    precondition(a.count == b.count, "\(a.count) numbers beside \(b.count)")
    guard !a.isEmpty else { return nil }
    let (meanA, meanB) = (mean(a), mean(b))
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for index in a.indices {
      let (x, y) = (a[index] - meanA, b[index] - meanB)
      ab += x * y
      aa += x * x
      bb += y * y
    }
    guard aa > 0, bb > 0 else { return nil }
    return min(1, max(-1, ab / (aa.squareRoot() * bb.squareRoot())))
  }

  /// Spearman's correlation: Pearson's between the ranks, equal numbers sharing their mean rank.
  ///
  /// - Parameters:
  ///   - a: one series.
  ///   - b: the other, of the same length.
  /// - Returns: a number from −1 to 1; nil where one side does not vary.
  package static func spearman(_ a: [Double], _ b: [Double]) -> Double? {
    pearson(ranks(a), ranks(b))
  }

  /// The rank of every number, from 1; equal numbers share the mean of their ranks.
  package static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      let shared = Double(start + 1 + end) / 2
      for place in start..<end { ranks[order[place]] = shared }
      start = end
    }
    return ranks
  }

  /// The mean; 0 of nothing.
  package static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// Numbers with mean 0 and variance 1; zeros where they do not vary.
  package static func standardized(_ values: [Double]) -> [Double] {
    let center = mean(values)
    let spread = mean(values.map { ($0 - center) * ($0 - center) }).squareRoot()
    return values.map { spread > 0 ? ($0 - center) / spread : 0 }
  }
}
