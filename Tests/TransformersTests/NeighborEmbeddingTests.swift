import Foundation
import TensorCore
import TestSupport
import Testing
import Transformers

@Suite("Maps of neighbors")
struct NeighborEmbeddingTests {
  /// Points around `clusters` far centers, in turn.
  private func clusters(
    _ clusters: Int, _ count: Int, _ width: Int, seed: UInt64
  ) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    let centers = (0..<clusters).map { _ in random.normals(width).map { 10 * $0 } }
    let rows = (0..<count).map { point in
      zip(centers[point % clusters], random.normals(width)).map { $0 + $1 }
    }
    return Tensor(rows: rows)
  }

  @Test("every row has the perplexity asked for, and the affinities sum to one, seed 6")
  func perplexities() {
    let points = clusters(3, 60, 7, seed: 6)
    let distances = NeighborAffinities.squaredDistances(points)
    for perplexity in [1.3, 5, 19, 40] {
      let conditional = NeighborAffinities.conditional(distances, perplexity: perplexity)
      expectClose(
        NeighborAffinities.perplexities(conditional),
        [Double](repeating: perplexity, count: 60), within: Tolerance("bisection", relative: 1e-9))
      for row in 0..<60 {
        #expect(conditional[row, row] == 0)
        expectClose((0..<60).reduce(0.0) { $0 + conditional[row, $1] }, 1)
      }
      let joint = NeighborAffinities.joint(conditional)
      expectClose(joint.values.reduce(0, +), 1)
      for row in 0..<60 {
        for column in 0..<row { #expect(joint[row, column] == joint[column, row]) }
      }
    }
    // A closer point is a stronger neighbor, as the Gaussian says.
    let conditional = NeighborAffinities.conditional(distances, perplexity: 5)
    let (a, b, c) = (conditional[0, 3], conditional[0, 6], conditional[0, 9])
    let (x, y, z) = (distances[0, 3], distances[0, 6], distances[0, 9])
    expectClose((log(a) - log(b)) * (x - z), (log(a) - log(c)) * (x - y))
  }

  @Test("points in the same place share the row evenly")
  func ties() {
    let points = Tensor<Double>(repeating: 3, shape: .matrix(5, 2))
    let distances = NeighborAffinities.squaredDistances(points)
    let conditional = NeighborAffinities.conditional(distances, perplexity: 1.3)
    expectClose(conditional.values.reduce(0, +), 5)
    expectClose(conditional[1, 0], 0.25)
  }

  @Test("the gradient agrees with central differences, seed 7")
  func gradient() {
    let points = clusters(2, 9, 4, seed: 7)
    let distances = NeighborAffinities.squaredDistances(points)
    let affinities = NeighborAffinities.joint(
      NeighborAffinities.conditional(distances, perplexity: 2.5))
    var descent = NeighborDescent(affinities: affinities.values, count: 9)
    var random = RandomSource(seed: 7)
    let map = random.normals(18)
    let gradient = descent.gradient(map)
    let differences = map.indices.map { index in
      var (up, down) = (map, map)
      up[index] += 1e-5
      down[index] -= 1e-5
      return (descent.divergence(up) - descent.divergence(down)) / 2e-5
    }
    expectClose(gradient, differences, within: Tolerance("difference", relative: 1e-8))
    // Exaggeration scales the attracting part only.
    let single = descent.gradient(map, exaggeration: 2)
    let triple = descent.gradient(map, exaggeration: 3)
    expectClose(
      zip(triple, single).map { $0 - $1 }, zip(single, gradient).map { $0 - $1 })
  }

  @Test(
    "clusters come apart and the divergence falls",
    arguments: [NeighborEmbedding.Start.random, .principalComponents])
  func separation(start: NeighborEmbedding.Start) throws {
    let points = clusters(3, 90, 10, seed: 12)
    let settings = NeighborEmbedding.Settings(perplexity: 10, start: start)
    let embedding = try NeighborEmbedding(points, settings: settings, seed: 5)
    let map = embedding.coordinates
    var nearest = 0
    for point in 0..<90 {
      let distances = (0..<90).map { other in
        other == point
          ? Double.infinity
          : hypot(map[point, 0] - map[other, 0], map[point, 1] - map[other, 1])
      }
      let closest = distances.indices.min { distances[$0] < distances[$1] } ?? 0
      if closest % 3 == point % 3 { nearest += 1 }
    }
    #expect(nearest == 90)
    let progress = embedding.progress
    #expect(progress.first?.iteration == 0 && progress.last?.iteration == 1000)
    let late = progress.filter { $0.iteration >= 300 }.map(\.divergence)
    for (before, after) in zip(late, late.dropFirst()) { #expect(after <= before + 1e-3) }
    let first = try #require(progress.first)
    let last = try #require(progress.last)
    #expect(last.divergence < 0.3 * first.divergence, "\(first) \(last)")
    for axis in 0..<2 {
      expectClose((0..<90).reduce(0.0) { $0 + map[$1, axis] }, 0, within: .reference(1e-9))
    }
    let same = try NeighborEmbedding(points, settings: settings, seed: 5)
    #expect(same == embedding)
    if start == .random {
      #expect(try NeighborEmbedding(points, settings: settings, seed: 6) != embedding)
    }
  }

  @Test("five points, as many as a photograph has captions, and fewer", arguments: [3, 4, 5, 6])
  func few(count: Int) throws {
    var random = RandomSource(seed: 17)
    let points = Tensor<Double>(shape: .matrix(count, 8), values: random.normals(8 * count))
    for start in [NeighborEmbedding.Start.random, .principalComponents] {
      let embedding = try NeighborEmbedding(points, settings: .init(start: start), seed: 3)
      expectClose(embedding.perplexity, NeighborEmbedding.customaryPerplexity(count))
      #expect(embedding.perplexity <= NeighborEmbedding.perplexityLimit(count))
      let last = try #require(embedding.progress.last)
      let first = try #require(embedding.progress.first)
      #expect(last.divergence < first.divergence)
      #expect(embedding.coordinates.values.allSatisfy { abs($0) < 1e4 })
    }
  }

  @Test("the plane of the principal components is that of the eigenvectors, seed 19")
  func principal() throws {
    var random = RandomSource(seed: 19)
    let scales = [5.0, 3, 1, 0.5]
    let rows = (0..<40).map { _ in zip(scales, random.normals(4)).map { $0 * $1 + 2 } }
    let points = Tensor(rows: rows)
    let plane = PrincipalComponents.plane(points, random: &random)
    var covariance = Tensor<Double>(repeating: 0, shape: .matrix(4, 4))
    let means = (0..<4).map { column in rows.reduce(0.0) { $0 + $1[column] } / 40 }
    for row in rows {
      for i in 0..<4 {
        for j in 0..<4 { covariance[i, j] += (row[i] - means[i]) * (row[j] - means[j]) / 40 }
      }
    }
    let eigen = try SymmetricEigendecomposition(covariance)
    for axis in 0..<2 {
      var scores = rows.map { row in
        (0..<4).reduce(0.0) { $0 + (row[$1] - means[$1]) * eigen.vectors[$1, axis] }
      }
      let largest = scores.max { abs($0) < abs($1) } ?? 0
      let scale = (largest < 0 ? -1e-4 : 1e-4) / eigen.values[0].squareRoot()
      scores = scores.map { $0 * scale }
      // The noise that lets equal points part is 10⁻⁸.
      expectClose(
        (0..<40).map { plane[2 * $0 + axis] }, scores,
        within: Tolerance("noise", relative: 0, floor: 6e-8))
    }
    let flat = PrincipalComponents.plane(
      Tensor(repeating: 1, shape: .matrix(4, 3)), random: &random)
    #expect(flat.allSatisfy { abs($0) < 1e-7 } && Set(flat).count == 8)
  }

  @Test("points and settings that make no map")
  func faults() throws {
    var random = RandomSource(seed: 1)
    let points = Tensor<Double>(shape: .matrix(10, 2), values: random.normals(20))
    func expect(
      _ error: NeighborEmbeddingError, _ points: Tensor<Double>, _ perplexity: Double? = nil
    ) {
      #expect(throws: error) {
        try NeighborEmbedding(points, settings: .init(perplexity: perplexity), seed: 1)
      }
      #expect(!error.english.isEmpty && error.english != error.japanese)
    }
    expect(
      .tooFewPoints(count: 2, minimum: 3), Tensor(repeating: 1, shape: .matrix(2, 2)))
    expect(.perplexityTooLarge(7, limit: 6.75, count: 10), points, 7)
    expect(.perplexityTooSmall(1), points, 1)
    var broken = points
    broken[4, 1] = .infinity
    expect(.notFinite(row: 4, column: 1), broken)
    _ = try NeighborEmbedding(points, settings: .init(perplexity: 3, iterations: 5), seed: 1)
    let huge = NeighborEmbedding.Settings(iterations: 400, learningRate: 1e300)
    #expect(throws: NeighborEmbeddingError.diverged) {
      try NeighborEmbedding(points, settings: huge, seed: 1)
    }
    // The size of the numbers does not matter.
    for scale in [1e-200, 1e300] {
      var scaled = points
      for index in scaled.values.indices { scaled.values[index] *= scale }
      let map = try NeighborEmbedding(scaled, settings: .init(iterations: 20), seed: 1)
      #expect(map.coordinates.values.allSatisfy { $0.isFinite })
    }
  }
}
