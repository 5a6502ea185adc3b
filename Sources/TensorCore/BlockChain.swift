/// The layout of a matrix whose diagonal blocks form a chain, each coupled to its neighbours only.
///
/// Block i is square of `sizes[i]`; its coupling to block i − 1 touches the entries
/// `couplings[i]` of that block alone. Diagonal blocks are stored in full, one after the other,
/// then the couplings of blocks 1, 2, … as `[sizes[i] × couplings[i].count]`; the couplings above
/// the diagonal are their transposes and are not stored. A single block is a dense matrix.
///
/// A hierarchy's levels couple in this way (mathematics §4), so that everything done in this
/// layout costs as much as there are levels.
public struct BlockChain: Hashable, Sendable {
  /// The size of every block.
  public let sizes: [Int]
  /// Per block: which entries of the block before it are coupled with it; empty for block 0.
  public let couplings: [Range<Int>]
  /// Where every block starts in a vector, and their total.
  public let starts: [Int]
  /// Where every diagonal block starts in the storage.
  public let diagonals: [Int]
  /// Where every coupling starts in the storage.
  public let crossings: [Int]
  /// How many numbers the storage holds.
  public let storageCount: Int

  /// The number of rows of the whole matrix.
  public var dimension: Int { starts[sizes.count] }

  /// Creates a layout.
  ///
  /// - Parameters:
  ///   - sizes: the size of every block, at least one.
  ///   - couplings: for every block the coupled entries of the block before; the first is unused.
  public init(sizes: [Int], couplings: [Range<Int>]) {
    precondition(
      !sizes.isEmpty && couplings.count == sizes.count,
      "\(sizes.count) blocks with \(couplings.count) couplings")
    self.sizes = sizes
    self.couplings = couplings
    var starts = [0]
    var diagonals: [Int] = []
    var crossings: [Int] = []
    var storage = 0
    for size in sizes {
      diagonals.append(storage)
      storage += size * size
      starts.append(starts[starts.count - 1] + size)
    }
    for (index, size) in sizes.enumerated() {
      crossings.append(storage)
      guard index > 0 else { continue }
      precondition(
        couplings[index].lowerBound >= 0 && couplings[index].upperBound <= sizes[index - 1],
        "coupling \(couplings[index]) lies outside a block of \(sizes[index - 1])")
      storage += size * couplings[index].count
    }
    self.starts = starts
    self.diagonals = diagonals
    self.crossings = crossings
    storageCount = storage
  }

  /// A dense matrix as a chain of one block.
  public init(dense size: Int) { self.init(sizes: [size], couplings: [0..<0]) }

  /// The block of a row.
  private func block(of row: Int) -> Int {
    var low = 0
    var high = sizes.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= row { low = middle } else { high = middle - 1 }
    }
    // Empty blocks share their start with the next one.
    while sizes[low] == 0 || row >= starts[low + 1] { low += 1 }
    return low
  }

  /// Where an entry is stored, or nil where the matrix has none.
  ///
  /// An entry above the diagonal blocks is found at its mirror image.
  public func place(row: Int, column: Int) -> Int? {
    let (i, j) = (block(of: row), block(of: column))
    if i == j {
      return diagonals[i] + (row - starts[i]) * sizes[i] + column - starts[i]
    }
    if j > i { return place(row: column, column: row) }
    guard j == i - 1 else { return nil }
    let inside = column - starts[j]
    guard couplings[i].contains(inside) else { return nil }
    return crossings[i] + (row - starts[i]) * couplings[i].count + inside - couplings[i].lowerBound
  }

  /// Whether an entry lies above the diagonal blocks, where its mirror image is stored.
  public func isMirrored(row: Int, column: Int) -> Bool { block(of: row) < block(of: column) }
}
