import AttentionBridge
import TensorCore
import Testing

/// Measures of likeness against their properties and closed forms.
@Suite struct MeasureTests {
  static func random(_ rows: Int, _ columns: Int, _ source: inout RandomSource) -> Tensor<Double> {
    Tensor(shape: .matrix(rows, columns), values: source.normals(rows * columns))
  }

  @Test func correlationsOfSmallSamples() throws {
    let pearson = try #require(SampleCorrelation.pearson([1, 2, 3, 4], [1, 3, 2, 5]))
    // Sums of squares 5 and 8.75, of products 5.5.
    #expect(abs(pearson - 5.5 / (5 * 8.75).squareRoot()) < 1e-15)
    #expect(SampleCorrelation.pearson([1, 2], [3, 3]) == nil)
    #expect(SampleCorrelation.ranks([3, 1, 3, 2, 3]) == [4, 1, 4, 2, 4])
    let rising = try #require(SampleCorrelation.spearman([1, 2, 3], [1, 8, 27]))
    #expect(abs(rising - 1) < 1e-15)
    // Without ties, ρ = 1 − 6 Σd² / (n(n² − 1)).
    let spearman = try #require(SampleCorrelation.spearman([1, 2, 3, 4, 5], [2, 1, 4, 5, 3]))
    #expect(abs(spearman - (1 - 6.0 * 8 / 120)) < 1e-15)
  }

  @Test func alignmentHasItsInvariances() throws {
    var source = RandomSource(seed: 11)
    for _ in 0..<10 {
      let x = Self.random(20, 4, &source), y = Self.random(20, 6, &source)
      let value = try #require(CenteredKernelAlignment.linear(x, y))
      let own = try #require(CenteredKernelAlignment.linear(x, x))
      #expect(abs(own - 1) < 1e-12)
      let swapped = try #require(CenteredKernelAlignment.linear(y, x))
      #expect(abs(swapped - value) < 1e-12)
      let gram = try #require(
        CenteredKernelAlignment.linear(
          gram: LinearAlgebra.product(x, LinearAlgebra.transpose(x)),
          gram: LinearAlgebra.product(y, LinearAlgebra.transpose(y))))
      #expect(abs(gram - value) < 1e-12)
      // An orthogonal map from an eigenbasis, a scale and a shift of the origin.
      let basis = try SymmetricEigendecomposition(LinearAlgebra.transposedProduct(x, x)).vectors
      var turned = LinearAlgebra.product(x, basis)
      for index in turned.values.indices { turned.values[index] = 3 * turned.values[index] - 7 }
      let moved = try #require(CenteredKernelAlignment.linear(turned, y))
      #expect(abs(moved - value) < 1e-12)
      // A stretch of one feature is no isotropic scaling.
      var stretched = x
      for row in 0..<20 { stretched.values[row * 4] *= 10 }
      let other = try #require(CenteredKernelAlignment.linear(stretched, y))
      #expect(abs(other - value) > 1e-4)
    }
  }

  /// Neither a small unit nor a large constant column beside it is seen.
  @Test func alignmentIgnoresUnitsAndConstantColumns() throws {
    var source = RandomSource(seed: 16)
    let x = Self.random(30, 3, &source), y = Self.random(30, 5, &source)
    let value = try #require(CenteredKernelAlignment.linear(x, y))
    for unit in [0x1p-250, 0x1p250] {
      let scaled = Tensor(shape: x.shape, values: x.values.map { $0 * unit })
      #expect(CenteredKernelAlignment.linear(scaled, y) == value)
      let constant = Tensor(repeating: 0.1, shape: .matrix(30, 1))
      let beside = try #require(
        CenteredKernelAlignment.linear(Tensor.sideBySide([constant, scaled]), y))
      #expect(abs(beside - value) < 1e-12)
    }
    #expect(
      CenteredKernelAlignment.linear(Tensor(repeating: 0.1, shape: .matrix(30, 2)), y) == nil)
  }

  @Test func debiasedAlignmentOfIndependentFeaturesIsAboutZero() throws {
    var source = RandomSource(seed: 12)
    var (plain, debiased) = (0.0, 0.0)
    for _ in 0..<20 {
      let x = Self.random(24, 40, &source), y = Self.random(24, 40, &source)
      plain += try #require(CenteredKernelAlignment.linear(x, y)) / 20
      debiased += try #require(CenteredKernelAlignment.debiased(x, y)) / 20
      let own = try #require(CenteredKernelAlignment.debiased(x, x))
      #expect(abs(own - 1) < 1e-12)
    }
    #expect(plain > 0.5)
    #expect(abs(debiased) < 0.05)
  }

  @Test func similarityKnowsItsPairsAndShifts() throws {
    var source = RandomSource(seed: 13)
    let x = Self.random(15, 5, &source), y = Self.random(15, 8, &source)
    let (a, b) = (RepresentationalSimilarity(x), RepresentationalSimilarity(y))
    // Route without matrices: rows by Pearson, pairs by Spearman.
    func pairs(_ x: Tensor<Double>) throws -> [Double] {
      var result: [Double] = []
      for i in 0..<x.rows {
        for j in (i + 1)..<max(x.rows, i + 1) {
          let rows = [i, j].map { Array(x.values[($0 * x.columns)..<(($0 + 1) * x.columns)]) }
          result.append(1 - (try #require(SampleCorrelation.pearson(rows[0], rows[1]))))
        }
      }
      return result
    }
    let expected = try #require(SampleCorrelation.spearman(try pairs(x), try pairs(y)))
    let value = try #require(a.correlation(with: b))
    #expect(abs(value - expected) < 1e-12)
    let moved = try #require(a.correlation(with: b, shift: 4))
    let again = try #require(
      a.correlation(with: RepresentationalSimilarity(y.rotated(by: 4))))
    #expect(abs(moved - again) < 1e-12)
    #expect(abs(moved - value) > 1e-6)
    // One feature has no pattern within a row.
    #expect(
      RepresentationalSimilarity(Self.random(9, 1, &source)).correlation(with: a.first9) == nil)
  }

  @Test func shiftsAreDistinctAndFarEnough() {
    let shifts = CircularShifts(count: 40, samples: 100, minimum: 12, from: RandomSource(seed: 3))
    #expect(shifts.shifts.count == 40)
    #expect(Set(shifts.shifts).count == 40)
    #expect(shifts.shifts.allSatisfy { (12...88).contains($0) })
    #expect(
      CircularShifts(count: 500, samples: 100, minimum: 12, from: RandomSource(seed: 3))
        .shifts == Array(12...88))
    #expect(CircularShifts.rotated([1, 2, 3, 4], by: 1) == [2, 3, 4, 1])
  }
}

extension RepresentationalSimilarity {
  /// Something else of nine samples.
  fileprivate var first9: RepresentationalSimilarity {
    RepresentationalSimilarity(dissimilarities.picking(Array(0..<9)))
  }
}
