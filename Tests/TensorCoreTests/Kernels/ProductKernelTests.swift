import Testing

@testable import TensorCore

/// Products of every shape and layout against the sum that defines them.
struct ProductKernelTests {
  /// How an operand lies in storage.
  enum Lay: CaseIterable {
    case plain, transposed, gaps, spread
  }

  /// Strides and the room of a rows × columns matrix.
  static func strides(_ lay: Lay, _ rows: Int, _ columns: Int) -> (row: Int, column: Int, room: Int)
  {
    switch lay {
    case .plain: (columns, 1, rows * columns)
    case .transposed: (1, rows, rows * columns)
    case .gaps: (columns + 3, 1, rows * (columns + 3))
    case .spread: (2 * columns + 1, 2, rows * (2 * columns + 1))
    }
  }

  static func check<Scalar: TestedScalar>(
    _ kernels: [Kernels<Scalar>], _ extents: (Int, Int, Int), _ lays: (Lay, Lay),
    accumulates: Bool, _ random: inout RandomSource
  ) -> String? {
    let (rows, columns, inner) = extents
    let a = strides(lays.0, rows, inner)
    let b = strides(lays.1, inner, columns)
    let layout = ProductLayout(
      rows: rows, columns: columns, inner: inner, aRow: a.row, aColumn: a.column, bRow: b.row,
      bColumn: b.column, cRow: columns + 2, accumulates: accumulates)
    let left: [Scalar] = random.numbers(a.room)
    let right: [Scalar] = random.numbers(b.room)
    let old: [Scalar] = random.numbers(rows * (columns + 2))
    var expected = old.map { Double($0) }
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = accumulates ? expected[row * (columns + 2) + column] : 0
        for middle in 0..<inner {
          sum +=
            Double(left[row * a.row + middle * a.column])
            * Double(right[middle * b.row + column * b.column])
        }
        expected[row * (columns + 2) + column] = sum
      }
    }
    let tolerance = Double(Scalar.ulpOfOne) * Double(4 + inner)
    for kernel in kernels {
      let error = distance(kernel.product(layout, left, right, old), expected)
      if !(error <= tolerance) {
        return "\(Scalar.self), level \(kernel.level), \(layout): error \(error)"
      }
    }
    return nil
  }

  static func sweep<Scalar: TestedScalar>(_ type: Scalar.Type, _ random: inout RandomSource)
    -> [String]
  {
    let kernels = Kernels<Scalar>.all
    var failures: [String] = []
    for rows in testedExtents {
      for columns in testedExtents {
        for inner in [0, 1, 3, 8, 17] {
          for lay in Lay.allCases {
            for other in Lay.allCases {
              if let failure = check(
                kernels, (rows, columns, inner), (lay, other), accumulates: random.uniform() < 0.5,
                &random)
              {
                failures.append(failure)
              }
            }
          }
        }
      }
    }
    return failures
  }

  @Test("Small products of every shape and layout, seed 401")
  func smallProducts() {
    var random = RandomSource(seed: 401)
    #expect(Self.sweep(Float.self, &random) == [])
    #expect(Self.sweep(Double.self, &random) == [])
  }

  @Test(
    "Products that take several blocks, seed 402",
    arguments: [
      (97, 17, 260), (13, 2051, 9), (150, 40, 530), (290, 33, 31), (1, 700, 300), (300, 1, 700),
      (25, 130, 300),
    ])
  func blockedProducts(extents: (Int, Int, Int)) {
    var random = RandomSource(seed: 402)
    for lays in [(Lay.plain, Lay.plain), (.transposed, .transposed), (.spread, .spread)] {
      for accumulates in [false, true] {
        #expect(
          Self.check(
            Kernels<Float>.all, extents, lays, accumulates: accumulates, &random) == nil)
        #expect(
          Self.check(
            Kernels<Double>.all, extents, lays, accumulates: accumulates, &random) == nil)
      }
    }
  }

  static func large<Scalar: TestedScalar>(_ type: Scalar.Type, _ random: inout RandomSource)
    -> Double
  {
    let (rows, columns, inner) = (200, 211, 223)
    precondition(rows * columns * inner >= ProductLayout.blasCrossover)
    var worst = 0.0
    for (aLay, bLay) in [
      (Lay.plain, Lay.plain), (.transposed, .gaps), (.plain, .transposed),
      (.transposed, .transposed), (.spread, .plain),
    ] {
      let a = strides(aLay, rows, inner)
      let b = strides(bLay, inner, columns)
      let layout = ProductLayout(
        rows: rows, columns: columns, inner: inner, aRow: a.row, aColumn: a.column, bRow: b.row,
        bColumn: b.column, cRow: columns + 1, accumulates: aLay == .plain)
      let left: [Scalar] = random.numbers(a.room)
      let right: [Scalar] = random.numbers(b.room)
      let old: [Scalar] = random.numbers(rows * (columns + 1))
      guard let own = Kernels<Scalar>(level: 0).product(layout, left, right, old) else {
        return .infinity
      }
      var result = old
      unsafe result.withUnsafeMutableBufferPointer { c in
        if let c = c.baseAddress { unsafe Scalar.matrixProduct(layout, left, right, into: c) }
      }
      worst = max(worst, distance(result, own.map { Double($0) }) / Double(Scalar.ulpOfOne))
    }
    return worst
  }

  @Test("Large products go to the library and come back the same, seed 403")
  func largeProducts() {
    var random = RandomSource(seed: 403)
    #expect(Self.large(Float.self, &random) < 250)
    #expect(Self.large(Double.self, &random) < 250)
  }
}
