import TensorCore
import TestSupport
import Testing
import Transformers

@Suite("Vectors of sentences")
struct SentenceVectorTests {
  @Test("the mean leaves padding out, whatever stands there")
  func mean() {
    let states = Tensor<Float>(rows: [[1, 2], [3, 6], [.nan, 1e30]])
    #expect(SentenceVectors.mean(of: states, counting: [true, true, false]) == [2, 4])
    #expect(SentenceVectors.mean(of: states, counting: [false, true, false]) == [3, 6])
    #expect(SentenceVectors.mean(of: states, counting: [false, false, false]) == [0, 0])
    let batch = Tensor<Double>(shape: Shape([2, 2, 1]), values: [1, 3, 5, 9])
    let means = SentenceVectors.means(of: batch, counting: [[true, true], [true, false]])
    #expect(means == Tensor(rows: [[2], [5]]))
  }

  @Test("cosines of known angles, of any length", .tags(.identity))
  func cosine() {
    expectClose(SentenceVectors.cosine([1.0, 0], [1, 1]), 0.5.squareRoot())
    expectClose(SentenceVectors.cosine([2.0, 0], [-3, 0]), -1)
    expectClose(SentenceVectors.similarity([2.0, 0], [0, 7]), 0.5)
    expectClose(SentenceVectors.similarity([2.0, 0], [-1, 0]), 0)
    // Squares of these overflow or vanish.
    expectClose(SentenceVectors.cosine([1e200, 1e200], [1e-200, 0]), 0.5.squareRoot())
    let tiny = Double.leastNonzeroMagnitude
    expectClose(SentenceVectors.cosine([tiny, 0], [tiny, tiny]), 0.5.squareRoot())
    #expect(SentenceVectors.cosine([0.0, 0], [1, 1]) == 0)
    #expect(SentenceVectors.cosine([Float](), []) == 0)
  }

  @Test("all cosines at once are those of the pairs, and neighbors are in their order, seed 2")
  func neighbors() {
    var random = RandomSource(seed: 2)
    let vectors = Tensor<Double>(shape: .matrix(12, 5), values: random.normals(60))
    let rows = (0..<12).map { Array(vectors.values[(5 * $0)..<(5 * $0 + 5)]) }
    let cosines = SentenceVectors.cosines(vectors)
    for row in 0..<12 {
      for column in 0..<12 {
        expectClose(cosines[row, column], SentenceVectors.cosine(rows[row], rows[column]))
      }
      let nearest = SentenceVectors.nearest(to: rows[row], in: vectors, count: 4, excluding: row)
      let expected = (0..<12).filter { $0 != row }
        .sorted { cosines[row, $0] > cosines[row, $1] }
      #expect(nearest.map(\.index) == Array(expected.prefix(4)))
      expectClose(nearest[0].similarity, (1 + cosines[row, expected[0]]) / 2)
      let itself = SentenceVectors.nearest(to: rows[row], in: vectors, count: 1)
      #expect(itself[0].index == row)
      expectClose(itself[0].cosine, 1)
    }
    let same = Tensor<Float>(rows: [[1, 0], [2, 0], [3, 0]])
    #expect(
      SentenceVectors.nearest(to: [1, 0], in: same, count: 9).map(\.index) == [0, 1, 2])
  }
}
