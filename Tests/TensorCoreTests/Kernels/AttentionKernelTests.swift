import Testing

@testable import TensorCore

/// Attention by blocks against the softmax of the whole matrix of scores.
struct AttentionKernelTests {
  static func expected<Scalar: TestedScalar>(
    _ layout: AttentionLayout, _ q: [Scalar], _ k: [Scalar], _ v: [Scalar], _ bias: [Scalar]?
  ) -> [Double] {
    let count = layout.queries == 0 ? 0 : (layout.queries - 1) * layout.oRow + layout.valueWidth
    var result = [Double](repeating: 7, count: count)
    for query in 0..<layout.queries {
      var scores: [Double] = []
      for key in 0..<layout.keys {
        var score = 0.0
        for entry in 0..<layout.width {
          score +=
            Double(q[query * layout.qRow + entry]) * Double(k[key * layout.kRow + entry])
        }
        score = score * layout.scale
        if let bias { score += Double(bias[query * layout.biasRow + key]) }
        if layout.isCausal && key > query + layout.keys - layout.queries { score = -.infinity }
        scores.append(score)
      }
      let peak = scores.max() ?? -.infinity
      let weights = scores.map { peak == -.infinity ? 0 : Libm.exp($0 - peak) }
      let total = weights.reduce(0, +)
      for entry in 0..<layout.valueWidth {
        var sum = 0.0
        for key in 0..<layout.keys where weights[key] != 0 {
          sum += weights[key] * Double(v[key * layout.vRow + entry])
        }
        result[query * layout.oRow + entry] = total == 0 ? 0 : sum / total
      }
    }
    return result
  }

  enum Bias: CaseIterable {
    case none, shared, each, blocked
  }

  static func failures<Scalar: TestedScalar>(
    _ type: Scalar.Type, queries: Int, keys: Int, width: Int, valueWidth: Int,
    _ random: inout RandomSource
  ) -> [String] {
    var failures: [String] = []
    for isCausal in [false, true] {
      for kind in Bias.allCases {
        let layout = AttentionLayout(
          queries: queries, keys: keys, width: width, valueWidth: valueWidth, qRow: width + 1,
          kRow: width + 2, vRow: valueWidth + 3, oRow: valueWidth,
          biasRow: kind == .shared ? 0 : keys, scale: 1 / (1 + Double(width)).squareRoot() * 5,
          isCausal: isCausal)
        let q: [Scalar] = random.numbers(queries * layout.qRow)
        let k: [Scalar] = random.numbers(keys * layout.kRow)
        let v: [Scalar] = random.numbers(keys * layout.vRow)
        var bias: [Scalar]?
        if kind != .none {
          bias = random.numbers(kind == .shared ? keys : queries * keys)
          // Keys that nobody sees, and where all are meant, queries that see none.
          for index in (bias ?? []).indices
          where random.uniform() < (kind == .blocked ? 0.8 : 0.3) {
            bias?[index] = -.infinity
          }
          if kind == .blocked {
            for key in 0..<(queries > 0 ? keys : 0) { bias?[key] = -.infinity }
          }
        }
        let expected = expected(layout, q, k, v, bias)
        for kernel in Kernels<Scalar>.all {
          let error = distance(kernel.attention(layout, q, k, v, bias), expected)
          if !(error <= 40 * Double(Scalar.ulpOfOne)) {
            failures.append("\(Scalar.self) \(kernel.level) \(kind) \(layout): \(error)")
          }
        }
      }
    }
    return failures
  }

  @Test("Attention of small extents, seed 411")
  func smallExtents() {
    var random = RandomSource(seed: 411)
    for (queries, keys) in [
      (0, 0), (0, 3), (1, 0), (1, 1), (1, 9), (5, 2), (7, 7), (8, 17), (17, 8), (33, 31),
    ] {
      for (width, valueWidth) in [(0, 1), (1, 1), (3, 5), (8, 8), (9, 16), (16, 17), (17, 0)] {
        #expect(
          Self.failures(
            Float.self, queries: queries, keys: keys, width: width, valueWidth: valueWidth,
            &random) == [])
        #expect(
          Self.failures(
            Double.self, queries: queries, keys: keys, width: width, valueWidth: valueWidth,
            &random) == [])
      }
    }
  }

  @Test(
    "Attention over several blocks, seed 412",
    arguments: [(97, 129), (200, 200), (96, 300), (300, 128), (193, 257)])
  func blocks(extents: (Int, Int)) {
    var random = RandomSource(seed: 412)
    #expect(
      Self.failures(
        Float.self, queries: extents.0, keys: extents.1, width: 24, valueWidth: 20, &random) == [])
    #expect(
      Self.failures(
        Double.self, queries: extents.0, keys: extents.1, width: 24, valueWidth: 20, &random)
        == [])
  }

  @Test("A key that is not a number reaches every query that sees it")
  func notANumber() {
    let layout = AttentionLayout(
      queries: 3, keys: 3, width: 2, valueWidth: 2, qRow: 2, kRow: 2, vRow: 2, oRow: 2, scale: 1,
      isCausal: true)
    let q: [Float] = [1, 0, 0, 1, 1, 1]
    let k: [Float] = [1, 2, 3, .nan, 4, 5]
    let v: [Float] = [1, 2, 3, 4, 5, 6]
    for kernel in Kernels<Float>.all {
      let result = kernel.attention(layout, q, k, v, nil) ?? []
      #expect(result.prefix(2) == [1, 2])
      #expect(result.dropFirst(2).count(where: \.isNaN) == 4)
    }
  }

  static func headBytes(threads: Int) -> [Float] {
    var random = RandomSource(seed: 413)
    let (batch, heads, length, width) = (2, 3, 1100, 8)
    let count = batch * heads * length * width
    let q: [Float] = random.numbers(count)
    let k: [Float] = random.numbers(count)
    let v: [Float] = random.numbers(count)
    var result = [Float](repeating: 7, count: count)
    let layout = HeadsLayout(
      batch: batch, heads: heads, queries: length, keys: length, width: width, valueWidth: width,
      scale: 0.3, isCausal: true)
    unsafe result.withUnsafeMutableBufferPointer { o in
      if let o = o.baseAddress {
        unsafe Float.attention(layout, q, k, v, bias: nil, into: o, threads: threads)
      }
    }
    return result
  }

  @Test("All heads give the same bytes on any number of threads, seed 413")
  func threads() {
    let one = Self.headBytes(threads: 1)
    #expect(one == Self.headBytes(threads: 2))
    #expect(one == Self.headBytes(threads: 5))
    var random = RandomSource(seed: 413)
    let (length, width) = (1100, 8)
    let q: [Float] = random.numbers(6 * length * width)
    let k: [Float] = random.numbers(6 * length * width)
    let v: [Float] = random.numbers(6 * length * width)
    let layout = AttentionLayout(
      queries: length, keys: length, width: width, valueWidth: width, qRow: width, kRow: width,
      vRow: width, oRow: width, scale: 0.3, isCausal: true)
    let head = 4 * length * width..<5 * length * width
    let expected = Self.expected(layout, Array(q[head]), Array(k[head]), Array(v[head]), nil)
    #expect(distance(Array(one[head]), expected) < 40 * Double(Float.ulpOfOne))
  }
}
