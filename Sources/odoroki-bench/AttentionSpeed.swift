import Foundation
import TensorCore

/// Attention on one thread: its speed at a usual size, and its memory at a length whose scores
/// would take a gigabyte.
enum AttentionSpeed {
  static func all(quick: Bool) -> [Finding] {
    [speed(isCausal: false, quick), speed(isCausal: true, quick), memory(quick)]
  }

  private static func speed(isCausal: Bool, _ quick: Bool) -> Finding {
    let (heads, length, width) = (8, quick ? 128 : 512, 64)
    let layout = HeadsLayout(
      batch: 1, heads: heads, queries: length, keys: length, width: width, valueWidth: width,
      scale: 1 / Double(width).squareRoot(), isCausal: isCausal)
    let result = run(layout, samples: quick ? 5 : 41)
    let work = 4 * Double(heads * length * length * width)
    return Finding(
      name: "attention \(heads) × \(length) × \(width)\(isCausal ? ", causal" : "")",
      value: result.median / 1e6, unit: "ms", target: nil, isMet: nil,
      note: String(
        format: "median, least %.3f ms; %.1f GFLOP/s counting every score", result.minimum / 1e6,
        work / result.median))
  }

  private static func memory(_ quick: Bool) -> Finding {
    let (length, width) = (quick ? 2048 : 16384, 64)
    let layout = HeadsLayout(
      batch: 1, heads: 1, queries: length, keys: length, width: width, valueWidth: width,
      scale: 1 / Double(width).squareRoot())
    let before = peakMemory()
    let result = run(layout, samples: 1)
    let after = peakMemory()
    return Finding(
      name: "memory of attention over \(length)", value: after - before, unit: "MB",
      target: "< 1000", isMet: after - before < 1000,
      note: String(
        format: "growth of the peak, operands with it; peak of the whole run %.0f MB; %.0f ms",
        after, result.median / 1e6))
  }

  private static func run(_ layout: HeadsLayout, samples: Int) -> Measurement {
    var random = RandomSource(seed: 2)
    let count = layout.batch * layout.heads * layout.queries * layout.width
    func numbers() -> [Float] { (0..<count).map { _ in Float(2 * random.uniform() - 1) } }
    let (q, k, v) = (numbers(), numbers(), numbers())
    var o = [Float](repeating: 0, count: count)
    return unsafe o.withUnsafeMutableBufferPointer { o in
      guard let o = o.baseAddress else { preconditionFailure("attention without queries") }
      return Measurement.single(samples: samples, calls: 1) {
        unsafe Float.attention(layout, q, k, v, bias: nil, into: o, threads: 1)
      }
    }
  }

  /// The largest memory that the process has held, in megabytes.
  private static func peakMemory() -> Double {
    var usage = rusage()
    #if canImport(Darwin)
      guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return .nan }
      return Double(usage.ru_maxrss) / 1e6
    #else
      guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return .nan }
      return Double(usage.ru_maxrss) / 1e3
    #endif
  }
}
