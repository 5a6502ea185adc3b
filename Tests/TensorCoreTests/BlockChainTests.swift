import TensorCore
import TestSupport
import Testing

@Suite("Matrices whose blocks form a chain")
struct BlockChainTests {
  /// A chain with an empty block in it, and one that couples with a part of its neighbour.
  static let chains = [
    BlockChain(dense: 5), BlockChain(sizes: [4, 3, 2], couplings: [0..<0, 1..<3, 0..<3]),
    BlockChain(sizes: [3, 5, 4, 6], couplings: [0..<0, 2..<3, 0..<5, 1..<1]),
    BlockChain(sizes: [0, 2, 3], couplings: [0..<0, 0..<0, 0..<2]),
  ]

  /// A random matrix on the chain, `scale` on the diagonal, with a shift inside the blocks.
  private func random(
    _ chain: BlockChain, seed: UInt64, isSymmetric: Bool
  ) -> (storage: [Double], dense: Tensor<Double>) {
    var source = RandomSource(seed: seed)
    let u = chain.dimension
    var storage = source.normals(chain.storageCount)
    var dense = Tensor<Double>(repeating: 0, shape: .matrix(u, u))
    for row in 0..<u {
      for column in 0...row {
        guard let place = chain.place(row: row, column: column) else { continue }
        if row == column { storage[place] = -12 - abs(storage[place]) }
        dense[row, column] = storage[place]
        let mirror = chain.isMirrored(row: column, column: row)
        if mirror || isSymmetric {
          dense[column, row] = storage[place]
          if let other = chain.place(row: column, column: row) { storage[other] = storage[place] }
        } else if let other = chain.place(row: column, column: row) {
          dense[column, row] = storage[other]
        }
      }
    }
    return (storage, dense)
  }

  @Test(
    "the factor gives the determinant, the solution and the inverse of the dense matrix",
    arguments: chains.indices)
  func factor(index: Int) throws {
    let chain = Self.chains[index]
    var (storage, dense) = random(chain, seed: 3, isSymmetric: true)
    for place in storage.indices { storage[place] *= -1 }
    for place in dense.values.indices { dense.values[place] *= -1 }
    let factor = BlockChainFactor(chain)
    let isFactored = factor.factor(storage.span)
    #expect(isFactored)
    let reference = try CholeskyFactor(dense)
    expectClose(factor.logDeterminant, reference.logDeterminant, within: .identity)
    let inverse = reference.inverse
    for row in 0..<chain.dimension {
      for column in 0..<chain.dimension {
        guard let place = chain.place(row: row, column: column) else { continue }
        expectClose(factor.inverse[place], inverse[row, column], within: .identity)
      }
    }
    var source = RandomSource(seed: 5)
    var x = source.normals(chain.dimension)
    let expected = reference.solve(Tensor(vector: x))
    var span = x.mutableSpan
    factor.solve(&span)
    expectClose(x, expected.values, within: .identity)
  }

  @Test("a matrix that is not positive definite is refused", arguments: chains.indices)
  func indefinite(index: Int) {
    let chain = Self.chains[index]
    var storage = random(chain, seed: 3, isSymmetric: true).storage
    for place in storage.indices { storage[place] *= -1 }
    if let place = chain.place(row: chain.dimension - 1, column: chain.dimension - 1) {
      storage[place] = -1
    }
    let factor = BlockChainFactor(chain)
    let isNegativeRefused = !factor.factor(storage.span)
    storage[0] = .nan
    let isNotANumberRefused = !factor.factor(storage.span)
    #expect(isNegativeRefused && isNotANumberRefused)
  }

  @Test("steps along the contour agree with the exponential", arguments: chains.indices)
  func contour(index: Int) throws {
    let chain = Self.chains[index]
    let u = chain.dimension
    let orders = 6
    for (seed, scale) in [(UInt64(1), 0.05), (2, 1.0), (3, 40)] {
      var (storage, dense) = random(chain, seed: seed, isSymmetric: true)
      for place in storage.indices { storage[place] *= scale }
      for place in dense.values.indices { dense.values[place] *= scale }
      // The shift of generalized coordinates lies inside the blocks.
      for block in chain.sizes.indices {
        for row in 0..<(max(chain.sizes[block], 1) - 1) {
          let n = chain.sizes[block]
          storage[chain.diagonals[block] + row * n + row + 1] += 1
          dense[chain.starts[block] + row, chain.starts[block] + row + 1] += 1
        }
      }
      var source = RandomSource(seed: seed + 10)
      let forcing = source.normals(orders * u)
      var propagator = ContourPropagator(chain, forcingCount: orders)
      let isPrepared = propagator.prepare(jacobian: storage.span, step: 0.7)
      #expect(isPrepared)
      var found = [Double](repeating: 0, count: u)
      var output = found.mutableSpan
      propagator.propagate(forcing: forcing.span, into: &output)
      var reference = LinearPropagator(dimension: u, forcingCount: orders)
      let isReady = reference.prepare(jacobian: dense.values.span, step: 0.7)
      #expect(isReady)
      var expected = [Double](repeating: 0, count: u)
      var target = expected.mutableSpan
      reference.propagate(forcing: forcing.span, into: &target)
      let size = expected.reduce(0) { max($0, abs($1)) }
      // A matrix that changes is factored point by point, with the same result to the last bit.
      var changing = ContourPropagator(chain, forcingCount: orders, keepsFactors: false)
      var again = found
      var other = again.mutableSpan
      let isFinite = changing.propagate(
        jacobian: storage.span, forcing: forcing.span, step: 0.7, into: &other)
      #expect(isFinite && again == found)
      for (a, b) in zip(found, expected) {
        #expect(abs(a - b) <= 1e-10 * max(size, 1e-30))
      }
    }
  }
}
