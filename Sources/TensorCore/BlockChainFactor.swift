internal import Foundation

/// The Cholesky factor of a symmetric positive definite matrix in the layout of a `BlockChain`.
///
/// Blocks are eliminated from the last to the first. With `W_i = D_i⁻¹ C_i` the Schur complement
/// moves to the coupled entries R of the block before, `D_{i−1}[R, R] −= C_iᵀ W_i`, and the blocks
/// of the inverse that lie on the chain follow from the first to the last (Takahashi's equations):
///
///     Σ_{i,R} = −W_i Σ_{RR}        Σ_ii = D_i⁻¹ + W_i Σ_{RR} W_iᵀ
///
/// Everything costs as much as there are blocks, and nothing is allocated after `init`.
/// Reference: Takahashi, Fagan & Chen 1973, 8th PICA Conference, p. 63.
public final class BlockChainFactor {
  /// The layout.
  public let chain: BlockChain
  /// `ln |A|` of the last factored matrix.
  public private(set) var logDeterminant = 0.0
  /// The inverse on the chain, in the storage of the layout, after `factor`.
  public private(set) var inverse: [Double]

  /// Lower factors of the diagonal blocks, and W_i in the places of the couplings.
  private var factors: [Double]
  private var corner: [Double]
  private var column: [Double]

  /// Creates the buffers.
  public init(_ chain: BlockChain) {
    self.chain = chain
    inverse = [Double](repeating: 0, count: chain.storageCount)
    factors = inverse
    let widest = chain.couplings.map(\.count).max() ?? 0
    let largest = chain.sizes.max() ?? 0
    corner = [Double](repeating: 0, count: max(widest * largest, 1))
    column = [Double](repeating: 0, count: max(largest, 1))
  }

  /// Factors a matrix and computes its inverse on the chain.
  ///
  /// - Parameter matrix: the storage of a symmetric matrix.
  /// - Returns: Whether it is positive definite; if not, nothing else is to be read.
  public func factor(_ matrix: Span<Double>) -> Bool {
    precondition(matrix.count == chain.storageCount, "storage of another layout")
    let blocks = chain.sizes.count
    var work = factors.mutableSpan
    for index in 0..<matrix.count { work[index] = matrix[index] }
    var total = 0.0
    for block in (0..<blocks).reversed() {
      let n = chain.sizes[block]
      let base = chain.diagonals[block]
      for j in 0..<n {
        let row = base + j * n
        for k in 0...j {
          var sum = work[row + k]
          let other = base + k * n
          for m in 0..<k { sum -= work[row + m] * work[other + m] }
          if k < j {
            work[row + k] = sum / work[other + k]
          } else {
            guard sum > 0, sum.isFinite else { return false }
            work[row + j] = sum.squareRoot()
            total += log(sum)
          }
        }
      }
      let r = chain.couplings[block].count
      guard block > 0, r > 0 else { continue }
      // W = D⁻¹ C in place, then the Schur complement CᵀW of the block before.
      let cross = chain.crossings[block]
      let (size, first) = (chain.sizes[block - 1], chain.couplings[block].lowerBound)
      let previous = chain.diagonals[block - 1]
      for c in 0..<r {
        for j in 0..<n {
          var sum = work[cross + j * r + c]
          for m in 0..<j { sum -= work[base + j * n + m] * work[cross + m * r + c] }
          work[cross + j * r + c] = sum / work[base + j * n + j]
        }
      }
      for a in 0..<r {
        for b in 0...a {
          var sum = 0.0
          for j in 0..<n { sum += work[cross + j * r + a] * work[cross + j * r + b] }
          work[previous + (first + a) * size + first + b] -= sum
          if a != b { work[previous + (first + b) * size + first + a] -= sum }
        }
      }
      for c in 0..<r {
        for j in (0..<n).reversed() {
          var sum = work[cross + j * r + c]
          for m in (j + 1)..<max(n, j + 1) {
            sum -= work[base + m * n + j] * work[cross + m * r + c]
          }
          work[cross + j * r + c] = sum / work[base + j * n + j]
        }
      }
    }
    logDeterminant = total
    invert()
    return true
  }

  private func invert() {
    let held = factors
    let work = held.span
    var result = inverse.mutableSpan
    var scratch = corner.mutableSpan
    var unit = column.mutableSpan
    for block in 0..<chain.sizes.count {
      let n = chain.sizes[block]
      let base = chain.diagonals[block]
      for c in 0..<n {
        for j in 0..<n { unit[j] = j == c ? 1 : 0 }
        for j in c..<n {
          var sum = unit[j]
          for m in c..<max(j, c) { sum -= work[base + j * n + m] * unit[m] }
          unit[j] = sum / work[base + j * n + j]
        }
        for j in (c..<n).reversed() {
          var sum = unit[j]
          for m in (j + 1)..<max(n, j + 1) { sum -= work[base + m * n + j] * unit[m] }
          unit[j] = sum / work[base + j * n + j]
          result[base + j * n + c] = unit[j]
          result[base + c * n + j] = unit[j]
        }
      }
      let r = chain.couplings[block].count
      guard block > 0, r > 0 else { continue }
      let cross = chain.crossings[block]
      let (size, first) = (chain.sizes[block - 1], chain.couplings[block].lowerBound)
      let previous = chain.diagonals[block - 1]
      for j in 0..<n {
        for b in 0..<r {
          var sum = 0.0
          for a in 0..<r {
            sum += work[cross + j * r + a] * result[previous + (first + a) * size + first + b]
          }
          scratch[j * r + b] = sum
          result[cross + j * r + b] = -sum
        }
      }
      for j in 0..<n {
        for k in 0...j {
          var sum = 0.0
          for a in 0..<r { sum += scratch[j * r + a] * work[cross + k * r + a] }
          result[base + j * n + k] += sum
          if j != k { result[base + k * n + j] += sum }
        }
      }
    }
  }

  /// Solves `A x = b` in place.
  public func solve(_ vector: inout [Double]) {
    var span = vector.mutableSpan
    solve(&span)
  }

  /// Solves `A x = b` in place.
  public func solve(_ vector: inout MutableSpan<Double>) {
    precondition(vector.count == chain.dimension, "a vector of \(vector.count) entries")
    let held = factors
    let work = held.span
    for block in (0..<chain.sizes.count).reversed() {
      let (n, base, start) = (chain.sizes[block], chain.diagonals[block], chain.starts[block])
      let r = chain.couplings[block].count
      if block > 0 && r > 0 {
        let before = chain.starts[block - 1] + chain.couplings[block].lowerBound
        let cross = chain.crossings[block]
        for a in 0..<r {
          var sum = 0.0
          for j in 0..<n { sum += work[cross + j * r + a] * vector[start + j] }
          vector[before + a] -= sum
        }
      }
      for j in 0..<n {
        var sum = vector[start + j]
        for m in 0..<j { sum -= work[base + j * n + m] * vector[start + m] }
        vector[start + j] = sum / work[base + j * n + j]
      }
      for j in (0..<n).reversed() {
        var sum = vector[start + j]
        for m in (j + 1)..<max(n, j + 1) { sum -= work[base + m * n + j] * vector[start + m] }
        vector[start + j] = sum / work[base + j * n + j]
      }
    }
    for block in 0..<chain.sizes.count {
      let (n, start, r) = (chain.sizes[block], chain.starts[block], chain.couplings[block].count)
      guard block > 0, r > 0 else { continue }
      let before = chain.starts[block - 1] + chain.couplings[block].lowerBound
      let cross = chain.crossings[block]
      for j in 0..<n {
        var sum = 0.0
        for a in 0..<r { sum += work[cross + j * r + a] * vector[before + a] }
        vector[start + j] -= sum
      }
    }
  }
}
