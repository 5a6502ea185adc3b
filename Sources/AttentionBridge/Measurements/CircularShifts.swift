package import ModelFiles
package import TensorCore
internal import Transformers

/// Circular shifts of one of two time series: the null distribution of their likeness.
///
/// Neighboring samples of a time series resemble each other, and so do those of a shifted one: a
/// shift breaks the correspondence of two series but not the autocorrelation within either. A
/// random order would break both, and its null would be too narrow.
package struct CircularShifts: Sendable, Equatable {
  /// By how many samples, each at most once, from small to large.
  package let shifts: [Int]

  /// Draws shifts without replacement.
  ///
  /// - Parameters:
  ///   - count: how many; all there are where they are fewer.
  ///   - samples: the length of the series.
  ///   - minimum: the smallest shift either way, longer than neighbors resemble each other.
  ///   - source: the random numbers.
  package init(count: Int, samples: Int, minimum: Int, from source: RandomSource) {
    let allowed = minimum >= 1 && samples >= 2 * minimum ? samples - 2 * minimum + 1 : 0
    precondition(allowed > 0, "no shift of at least \(minimum) in \(samples) samples")
    var source = source
    shifts = source.permutation(allowed).prefix(max(1, count)).map { $0 + minimum }.sorted()
  }

  /// How the null was made, for people.
  package var method: LocalizedText {
    LocalizedText(
      english: "circular shifts in time", japanese: "時間方向の巡回シフト")
  }

  /// A series moved in a circle: entry i of the result is entry `i + shift`.
  package static func rotated(_ values: [Double], by shift: Int) -> [Double] {
    guard !values.isEmpty else { return values }
    let start = ((shift % values.count) + values.count) % values.count
    return Array(values[start...] + values[..<start])
  }
}
