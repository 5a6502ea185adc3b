import Testing

@testable import TensorCore

/// Reductions and the kernels over rows against plain sums in double precision.
struct RowKernelTests {
  static func reductionFailures<Scalar: TestedScalar>(
    _ type: Scalar.Type, _ random: inout RandomSource
  ) -> [String] {
    var failures: [String] = []
    for outer in [0, 1, 2, 3] {
      for extent in testedExtents + [130] {
        for inner in testedExtents {
          let x: [Scalar] = random.numbers(outer * extent * inner)
          var sums = [Double](repeating: 0, count: outer * inner)
          var maxima = [Double](repeating: -.infinity, count: outer * inner)
          for block in 0..<outer {
            for index in 0..<extent {
              for entry in 0..<inner {
                let term = Double(x[(block * extent + index) * inner + entry])
                sums[block * inner + entry] += term
                maxima[block * inner + entry] = max(maxima[block * inner + entry], term)
              }
            }
          }
          for kernel in Kernels<Scalar>.all {
            let error = distance(kernel.reduce(.sum, outer, extent, inner, x), sums)
            let tolerance = Double(Scalar.ulpOfOne) * Double(extent + 1)
            if !(error <= tolerance) {
              failures.append("sum \(Scalar.self) \(outer) \(extent) \(inner): \(error)")
            }
            if distance(kernel.reduce(.maximum, outer, extent, inner, x), maxima) != 0 {
              failures.append("maximum \(Scalar.self) \(outer) \(extent) \(inner)")
            }
          }
        }
      }
    }
    return failures
  }

  @Test("Sums and maxima of every shape, seed 431")
  func reductions() {
    var random = RandomSource(seed: 431)
    #expect(Self.reductionFailures(Float.self, &random) == [])
    #expect(Self.reductionFailures(Double.self, &random) == [])
  }

  @Test("A NaN wins at every place of a maximum", arguments: [1, 5, 8, 33, 70])
  func notANumber(count: Int) {
    for kernel in Kernels<Float>.all {
      for place in 0..<count {
        var x = [Float](repeating: 1, count: count)
        x[place] = .nan
        #expect(kernel.reduce(.maximum, 1, count, 1, x)?.first?.isNaN == true)
        #expect(kernel.reduce(.maximum, 1, 1, count, x)?[place].isNaN == true)
        let weights = kernel.softmax(1, count, x) ?? []
        #expect(weights.count(where: \.isNaN) == count)
        #expect(kernel.logSumExp(1, count, x)?.first?.isNaN == true)
      }
    }
  }

  static func rowFailures<Scalar: TestedScalar>(
    _ type: Scalar.Type, _ random: inout RandomSource
  ) -> [String] {
    var failures: [String] = []
    let unit = Double(Scalar.ulpOfOne)
    for rows in [0, 1, 3] {
      for columns in testedExtents + [64, 130] {
        let count = rows * columns
        // A wide range, some entries far below the peak, some minus infinity.
        let x = (random.numbers(count) as [Scalar]).map { number in
          random.uniform() < 0.1 ? -Scalar.infinity : 30 * number
        }
        let dy: [Scalar] = random.numbers(count)
        let finite = (random.numbers(count) as [Scalar]).map { 3 * $0 + 5 }
        var softmax: [Double] = []
        var logs: [Double] = []
        var slopes: [Double] = []
        var standardized: [Double] = []
        for row in 0..<rows {
          let range = row * columns..<(row + 1) * columns
          let entries = x[range].map { Double($0) }
          let peak = entries.max() ?? -.infinity
          let terms = entries.map { peak == -.infinity ? 0 : Libm.exp($0 - peak) }
          let total = terms.reduce(0, +)
          softmax += terms.map { total == 0 ? 0 : $0 / total }
          logs.append(total == 0 ? -.infinity : peak + Libm.log(total))
          let values = finite[range].map { Double($0) }
          let mean = values.reduce(0, +) / Double(columns)
          let variance =
            values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(columns)
          standardized += values.map { ($0 - mean) / (variance + 1e-5).squareRoot() }
        }
        let roundedSoftmax = softmax.map { Scalar($0) }
        let roundedStandard = standardized.map { Scalar($0) }
        var standardSlopes: [Double] = []
        for row in 0..<rows {
          let range = row * columns..<(row + 1) * columns
          let y = roundedSoftmax[range].map { Double($0) }
          let slope = dy[range].map { Double($0) }
          let dot = zip(y, slope).map { $0 * $1 }.reduce(0, +)
          slopes += zip(y, slope).map { $0 * ($1 - dot) }
          let z = roundedStandard[range].map { Double($0) }
          let values = finite[range].map { Double($0) }
          let mean = values.reduce(0, +) / Double(columns)
          let variance =
            values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(columns)
          let first = slope.reduce(0, +) / Double(columns)
          let second = zip(z, slope).map { $0 * $1 }.reduce(0, +) / Double(columns)
          standardSlopes += zip(z, slope).map {
            ($1 - first - $0 * second) / (variance + 1e-5).squareRoot()
          }
        }
        for kernel in Kernels<Scalar>.all {
          // One column has no variance: its rounding error is divided by √ε.
          let wide = columns == 1 ? 1e4 : 100
          let errors = [
            "softmax": distance(kernel.softmax(rows, columns, x), softmax) / 8,
            "softmax gradient": distance(
              kernel.softmaxGradient(rows, columns, roundedSoftmax, dy), slopes) / 40,
            "log sum": distance(kernel.logSumExp(rows, columns, x), logs) / 8,
            "standardize": distance(
              kernel.standardize(rows, columns, 1e-5, finite), standardized) / wide,
            "standardize gradient": distance(
              kernel.standardizeGradient(rows, columns, 1e-5, finite, roundedStandard, dy),
              standardSlopes) / wide,
          ]
          for (name, error) in errors where !(error <= unit) {
            failures.append(
              "\(name) \(Scalar.self) \(kernel.level) \(rows) × \(columns): \(error / unit)")
          }
        }
      }
    }
    return failures
  }

  @Test("Softmax, its gradient, log-sum-exp and standardised rows, seed 432")
  func rows() {
    var random = RandomSource(seed: 432)
    #expect(Self.rowFailures(Float.self, &random) == [])
    #expect(Self.rowFailures(Double.self, &random) == [])
  }

  @Test("A row of minus infinities has weights of zero, and minus infinity as its logarithm")
  func blockedRow() {
    for kernel in Kernels<Double>.all {
      let x = [Double](repeating: -.infinity, count: 7)
      #expect(kernel.softmax(1, 7, x) == [Double](repeating: 0, count: 7))
      #expect(kernel.logSumExp(1, 7, x) == [-.infinity])
      #expect(kernel.logSumExp(2, 0, []) == [-.infinity, -.infinity])
    }
  }

  @Test("The statics of the number types call the kernels of the widest vectors, seed 433")
  func wiring() {
    var random = RandomSource(seed: 433)
    let (rows, columns) = (3, 17)
    let x: [Float] = random.numbers(rows * columns)
    let y: [Float] = random.numbers(rows * columns)
    let dy: [Float] = random.numbers(rows * columns)
    let kernel = Kernels<Float>(level: KernelTable.widest)
    @safe
    func run(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
      var result = [Float](repeating: 7, count: count)
      unsafe result.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress { unsafe body(base) }
      }
      return result
    }
    let count = rows * columns
    let pairs: [([Float], [Float]?)] = [
      (
        run(count) { unsafe Float.softmax(rows: rows, columns: columns, x, into: $0) },
        kernel.softmax(rows, columns, x)
      ),
      (
        run(count) { unsafe Float.softmaxGradient(rows: rows, columns: columns, y, dy, into: $0) },
        kernel.softmaxGradient(rows, columns, y, dy)
      ),
      (
        run(rows) { unsafe Float.logSumExp(rows: rows, columns: columns, x, into: $0) },
        kernel.logSumExp(rows, columns, x)
      ),
      (
        run(count) {
          unsafe Float.standardize(rows: rows, columns: columns, epsilon: 0.1, x, into: $0)
        }, kernel.standardize(rows, columns, 0.1, x)
      ),
      (
        run(count) {
          unsafe Float.standardizeGradient(
            rows: rows, columns: columns, epsilon: 0.1, x, y, dy, into: $0)
        }, kernel.standardizeGradient(rows, columns, 0.1, x, y, dy)
      ),
      (
        run(rows) {
          unsafe Float.reduce(.sum, outer: rows, extent: columns, inner: 1, x, into: $0)
        }, kernel.reduce(.sum, rows, columns, 1, x)
      ),
      (
        run(columns) {
          unsafe Float.reduce(.maximum, outer: 1, extent: rows, inner: columns, x, into: $0)
        }, kernel.reduce(.maximum, 1, rows, columns, x)
      ),
      (
        run(count) { unsafe Float.apply(.tanh, count: count, x, into: $0) },
        kernel.apply(.tanh, x)
      ),
      (
        run(count) {
          unsafe Float.apply(.divide, count: count, x, stride: 1, y, stride: 0, into: $0)
        }, kernel.apply(.divide, count, x, 1, y, 0)
      ),
    ]
    for (index, pair) in pairs.enumerated() {
      #expect(pair.0 == pair.1, "kernel \(index)")
    }
  }
}
