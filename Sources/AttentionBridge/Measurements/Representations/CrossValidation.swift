/// Which samples are held out together.
///
/// Folds are contiguous blocks of time. Neighboring samples of a time series resemble each other,
/// so that folds at random would put near copies of held-out samples into the training folds.
package struct CrossValidation: Sendable, Equatable {
  /// One fold: what is held out and what is learned from, in rising order.
  package struct Fold: Sendable, Equatable {
    /// The held-out samples.
    package let test: [Int]
    /// All others but those next to the block: a recording of a moment reaches into its neighbors.
    package let training: [Int]
  }

  /// How many samples on either side of a block are neither learned from nor predicted.
  package static let gap = 1

  /// The folds in order of time; every sample is held out once.
  package let folds: [Fold]

  /// Cuts samples into contiguous blocks whose sizes differ by one at most.
  ///
  /// - Parameters:
  ///   - samples: the samples in order of time.
  ///   - count: the number of blocks, from 2 to the number of samples.
  package init(blocksOf samples: [Int], count: Int) {
    precondition(
      count >= 2 && samples.count >= count, "\(count) folds of \(samples.count) samples")
    folds = (0..<count).map { fold in
      let start = fold * samples.count / count, end = (fold + 1) * samples.count / count
      return Fold(
        test: Array(samples[start..<end]),
        training: Array(
          samples[..<max(0, start - Self.gap)] + samples[min(samples.count, end + Self.gap)...]))
    }
  }

  /// Cuts the samples 0 ..< `samples` into contiguous blocks.
  package init(samples: Int, folds: Int) {
    self.init(blocksOf: Array(0..<samples), count: folds)
  }
}
