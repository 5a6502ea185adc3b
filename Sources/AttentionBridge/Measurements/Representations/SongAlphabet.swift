internal import Foundation
package import TensorCore

/// An alphabet for songs: every channel cut at its quantiles, and one token per combination.
///
/// With amplitude and frequency cut in four there are 16 tokens. Quantiles of training songs make
/// every quarter equally frequent there, so that no letter of a channel is wasted; held-out songs
/// are written in the same alphabet.
package struct SongAlphabet: Sendable, Equatable {
  /// The rising cuts of every channel.
  package let cuts: [[Double]]

  /// Learns the cuts from samples `[N × channels]`.
  ///
  /// - Parameters:
  ///   - songs: the training songs.
  ///   - letters: the number of parts of every channel, at least 2.
  package init(_ songs: [Tensor<Double>], letters: Int = 4) {
    precondition(letters >= 2 && !songs.isEmpty, "\(letters) letters for \(songs.count) songs")
    cuts = (0..<songs[0].columns).map { channel in
      let sorted = songs.flatMap { $0.column(channel) }.sorted()
      return (1..<letters).map { sorted[$0 * sorted.count / letters] }
    }
  }

  /// The number of tokens.
  package var count: Int { cuts.reduce(1) { $0 * ($1.count + 1) } }

  /// The token of every sample.
  package func tokens(_ song: Tensor<Double>) -> [Int] {
    precondition(song.columns == cuts.count, "\(song.columns) channels of \(cuts.count)")
    return (0..<song.rows).map { row in
      cuts.indices.reduce(0) { token, channel in
        let value = song.values[row * song.columns + channel]
        return token * (cuts[channel].count + 1) + cuts[channel].count { $0 <= value }
      }
    }
  }

  /// The mean surprisal of each token given the one before it, in nats, with transitions counted in
  /// training songs and one added to every count.
  ///
  /// - Parameters:
  ///   - song: the tokens of a held-out song.
  ///   - start: the first token to be predicted.
  ///   - training: the tokens of the training songs.
  /// - Returns: what a chain of first order gets.
  package func chainSurprisal(
    of song: [Int], from start: Int, training: [[Int]]
  ) -> Double {
    var counts = [Double](repeating: 1, count: count * count)
    for tokens in training {
      for (before, after) in zip(tokens, tokens.dropFirst()) { counts[before * count + after] += 1 }
    }
    let surprisals = (max(1, start)..<song.count).map { place -> Double in
      let row = counts[(song[place - 1] * count)..<((song[place - 1] + 1) * count)]
      return log(row.reduce(0, +) / counts[song[place - 1] * count + song[place]])
    }
    return SampleCorrelation.mean(surprisals)
  }
}
