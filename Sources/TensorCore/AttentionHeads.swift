internal import Dispatch

/// All heads of attention: Q [batch × heads × queries × width], K [batch × heads × keys × width],
/// V [batch × heads × keys × valueWidth], each without gaps.
package struct HeadsLayout: Hashable, Sendable {
  /// The extents.
  package var batch: Int, heads: Int, queries: Int, keys: Int, width: Int, valueWidth: Int
  /// The distance between the biases of two members of the batch and of two heads; 0 where they
  /// share them.
  package var biasBatch: Int, biasHead: Int
  /// The distance between the biases of two queries; 0 where they share them.
  package var biasRow: Int
  /// What scores are multiplied by.
  package var scale: Double
  /// Whether query i sees only keys 0 … i + keys − queries.
  package var isCausal: Bool

  /// Creates a layout.
  package init(
    batch: Int, heads: Int, queries: Int, keys: Int, width: Int, valueWidth: Int,
    biasBatch: Int = 0, biasHead: Int = 0, biasRow: Int = 0, scale: Double, isCausal: Bool = false
  ) {
    self.batch = batch
    self.heads = heads
    self.queries = queries
    self.keys = keys
    self.width = width
    self.valueWidth = valueWidth
    self.biasBatch = biasBatch
    self.biasHead = biasHead
    self.biasRow = biasRow
    self.scale = scale
    self.isCausal = isCausal
  }

  /// The queries that one task takes; a multiple of the blocks of the kernel, so that the cuts
  /// change no byte.
  static let queriesPerTask = 960
}

extension KernelScalar {
  /// Attention of every head on `threads` threads; the bytes do not depend on their number.
  package static func attention(
    _ layout: HeadsLayout, _ q: UnsafePointer<Self>, _ k: UnsafePointer<Self>,
    _ v: UnsafePointer<Self>, bias: UnsafePointer<Self>?, into o: UnsafeMutablePointer<Self>,
    threads: Int
  ) {
    let cuts = (layout.queries + HeadsLayout.queriesPerTask - 1) / HeadsLayout.queriesPerTask
    let tasks = layout.batch * layout.heads * cuts
    // Each task writes rows of its own, so the pointers may be shared.
    nonisolated(unsafe) let (q, k, v, bias, o) = unsafe (q, k, v, bias, o)
    @Sendable func run(_ task: Int) {
      let (head, cut) = task.quotientAndRemainder(dividingBy: cuts)
      let first = cut * HeadsLayout.queriesPerTask
      let count = min(HeadsLayout.queriesPerTask, layout.queries - first)
      // The last query of the task sees this many keys; the kernel counts back from there.
      let seen = first + count + layout.keys - layout.queries
      let keys = layout.isCausal ? max(0, min(layout.keys, seen)) : layout.keys
      let part = AttentionLayout(
        queries: count, keys: keys, width: layout.width, valueWidth: layout.valueWidth,
        qRow: layout.width, kRow: layout.width, vRow: layout.valueWidth, oRow: layout.valueWidth,
        biasRow: layout.biasRow, scale: layout.scale, isCausal: layout.isCausal)
      let row = head * layout.queries + first
      let (member, index) = head.quotientAndRemainder(dividingBy: layout.heads)
      let offset =
        member * layout.biasBatch + index * layout.biasHead + first * layout.biasRow
      unsafe attention(
        part, q + row * layout.width, k + head * layout.keys * layout.width,
        v + head * layout.keys * layout.valueWidth, bias: bias.map { unsafe $0 + offset },
        into: o + row * layout.valueWidth)
    }
    let workers = min(max(1, threads), tasks)
    if workers <= 1 {
      for task in 0..<tasks { run(task) }
      return
    }
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      for task in stride(from: worker, to: tasks, by: workers) { run(task) }
    }
  }
}
