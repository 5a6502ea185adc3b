import Foundation
import TestSupport
import Testing

@testable import TensorCore

/// Every operation against the loop that defines it, over all small shapes.
struct ProgramOperationTests {
  static let unaries: [(UnaryOperation, @Sendable (Double) -> Double)] = [
    (.negate, { 0 - $0 }), (.absolute, { $0 < 0 ? -$0 : $0 }),
    (.sign, { $0 < 0 ? -1 : ($0 > 0 ? 1 : 0) }),
    (.heaviside, { $0 < 0 ? 0 : ($0 > 0 ? 1 : 0.5) }),
    (.exp, { pow(M_E, $0) }), (.log, { log10($0) * log(10) }), (.log1p, { log(1 + $0) }),
    (.expm1, { exp($0) - 1 }), (.sqrt, { pow($0, 0.5) }), (.reciprocal, { pow($0, -1) }),
    (.sin, { cos($0 - .pi / 2) }), (.cos, { sin($0 + .pi / 2) }), (.tan, { sin($0) / cos($0) }),
    (.asin, { atan2($0, (1 - $0 * $0).squareRoot()) }),
    (.acos, { atan2((1 - $0 * $0).squareRoot(), $0) }), (.atan, { atan2($0, 1) }),
    (.sinh, { (exp($0) - exp(-$0)) / 2 }), (.cosh, { (exp($0) + exp(-$0)) / 2 }),
    (.tanh, { 1 - 2 / (exp(2 * $0) + 1) }), (.sigmoid, { 1 / (1 + exp(-$0)) }),
    (.softplus, { log(1 + exp($0)) }), (.relu, { max($0, 0) }), (.erf, { 1 - erfc($0) }),
    (.gamma, { exp(lgamma($0)) * ($0 < 0 && Int(floor($0)) % 2 != 0 ? -1 : 1) }),
    (.lgamma, { log(abs(tgamma($0))) }),
    (.polygamma(0), { ScalarFunctions.digamma($0 + 1) - 1 / $0 }),
    (.polygamma(1), { ScalarFunctions.trigamma($0 + 1) + 1 / ($0 * $0) }),
  ]
  static let binaries: [(BinaryOperation, @Sendable (Double, Double) -> Double)] = [
    (.add, { $0 + $1 }), (.subtract, { $0 - $1 }), (.multiply, { $0 * $1 }),
    (.divide, { $0 / $1 }), (.power, { pow($0, $1) }), (.atan2, { atan2($0, $1) }),
    (.minimum, { $0 < $1 ? $0 : $1 }), (.maximum, { $0 < $1 ? $1 : $0 }),
    (.less, { $0 < $1 ? 1 : 0 }), (.lessOrEqual, { $0 <= $1 ? 1 : 0 }),
    (.equal, { $0 == $1 ? 1 : 0 }), (.notEqual, { $0 == $1 ? 0 : 1 }),
  ]

  /// Functions of log-gamma and its kin lose more than the last bits near their zeros.
  static let close = Tolerance("identity", relative: 1e-12, floor: 1e-12, scale: .element)

  @Test(.tags(.identity), arguments: Programs.shapes())
  func functionsOfOneNumber(shape: Shape) {
    var x = Programs.uniform(shape, 0.05...0.95, seed: 7)
    for (function, definition) in Self.unaries {
      let program = Programs.make([shape]) { $0.unary(function, $1[0]) }
      expectClose(
        Programs.value(program, [x]).values, x.values.map(definition), within: Self.close,
        "\(function)")
    }
    x.values = x.values.map { -2 * $0 }
    for (function, definition) in Self.unaries {
      if [.log, .log1p, .sqrt, .asin, .acos, .gamma, .lgamma].contains(function) { continue }
      let program = Programs.make([shape]) { $0.unary(function, $1[0]) }
      expectClose(
        Programs.value(program, [x]).values, x.values.map(definition), within: Self.close,
        "\(function) of negative numbers")
    }
  }

  @Test(.tags(.identity), arguments: Programs.shapes())
  func functionsOfTwoNumbers(shape: Shape) {
    let x = Programs.uniform(shape, 0.1...2, seed: 8)
    var y = Programs.uniform(shape, -2...2, seed: 9)
    // Some equal entries, for the comparisons.
    for index in stride(from: 0, to: shape.count, by: 3) { y.values[index] = x.values[index] }
    for (function, definition) in Self.binaries {
      let program = Programs.make([shape, shape]) { $0.binary(function, $1[0], $1[1]) }
      expectClose(
        Programs.value(program, [x, y]).values, zip(x.values, y.values).map(definition),
        within: .identity, "\(function)")
      let repeated = Programs.make([shape, .scalar]) { $0.binary(function, $1[0], $1[1]) }
      #expect(
        Programs.value(repeated, [x, Tensor(0.7)]).values == x.values.map { definition($0, 0.7) })
      let swapped = Programs.make([shape, .scalar]) { $0.binary(function, $1[1], $1[0]) }
      #expect(
        Programs.value(swapped, [x, Tensor(0.7)]).values == x.values.map { definition(0.7, $0) })
    }
  }

  @Test(.tags(.identity), arguments: Programs.shapes())
  func selection(shape: Shape) {
    let condition = Tensor(
      shape: shape, values: (0..<shape.count).map { Double($0 % 3) - 1 })
    let (a, b) = (Programs.normals(shape, seed: 1), Programs.normals(shape, seed: 2))
    let program = Programs.make([shape, shape, shape]) { $0.select($1[0], $1[1], $1[2]) }
    let expected = (0..<shape.count).map { $0 % 3 == 1 ? b.values[$0] : a.values[$0] }
    #expect(Programs.value(program, [condition, a, b]).values == expected)
    let scalars = Programs.make([shape, .scalar, .scalar]) { $0.select($1[0], $1[1], $1[2]) }
    #expect(
      Programs.value(scalars, [condition, Tensor(5), Tensor(6)]).values
        == (0..<shape.count).map { $0 % 3 == 1 ? 6 : 5 })
  }

  @Test(.tags(.identity), arguments: Programs.shapes())
  func permutationsAndReshapes(shape: Shape) {
    let x = Programs.normals(shape, seed: 3)
    for order in Self.permutations(shape.rank) {
      let program = Programs.make([shape]) { $0.permute($1[0], order) }
      let actual = Programs.value(program, [x])
      #expect(actual.shape == Shape(order.map { shape[$0] }))
      for index in Programs.indices(actual.shape) {
        var source = index
        for (axis, own) in order.enumerated() { source[own] = index[axis] }
        #expect(
          actual.values[Programs.flat(index, actual.shape)]
            == x.values[Programs.flat(source, shape)])
      }
    }
    for other in Programs.shapes() where other.count == shape.count {
      let program = Programs.make([shape]) { $0.reshape($1[0], to: other) }
      #expect(Programs.value(program, [x]) == Tensor(shape: other, values: x.values))
    }
  }

  @Test(.tags(.identity), arguments: Programs.shapes().filter { $0.rank > 0 })
  func slicesElementsAndReductions(shape: Shape) {
    let x = Programs.normals(shape, seed: 4)
    for axis in 0..<shape.rank {
      for start in 0...shape[axis] {
        for count in 0...(shape[axis] - start) {
          let program = Programs.make([shape]) {
            $0.slice($1[0], axis: axis, start: start, count: count)
          }
          let actual = Programs.value(program, [x])
          for index in Programs.indices(actual.shape) {
            var source = index
            source[axis] += start
            #expect(
              actual.values[Programs.flat(index, actual.shape)]
                == x.values[Programs.flat(source, shape)])
          }
          #expect(actual.shape[axis] == count)
        }
      }
      var short = shape.dimensions
      short.remove(at: axis)
      for reduction in [ReduceOperation.sum, .maximum] where reduction == .sum || shape[axis] > 0 {
        let program = Programs.make([shape]) { $0.reduce(reduction, $1[0], axis: axis) }
        let actual = Programs.value(program, [x])
        #expect(actual.shape == Shape(short))
        let expected = Programs.indices(Shape(short)).map { index in
          let line = (0..<shape[axis]).map { entry in
            var source = index
            source.insert(entry, at: axis)
            return x.values[Programs.flat(source, shape)]
          }
          return reduction == .sum ? line.reduce(0, +) : (line.max() ?? .nan)
        }
        #expect(actual.values == expected)
      }
      for index in 0..<shape[axis] {
        let program = Programs.make([shape]) { $0.element($1[0], axis: axis, index: index) }
        let expected = Programs.indices(Shape(short)).map { rest in
          var source = rest
          source.insert(index, at: axis)
          return x.values[Programs.flat(source, shape)]
        }
        #expect(Programs.value(program, [x]) == Tensor(shape: Shape(short), values: expected))
      }
    }
  }

  @Test(.tags(.identity), arguments: Programs.shapes().filter { $0.rank > 0 })
  func concatenations(shape: Shape) {
    for axis in 0..<shape.rank {
      var wide = shape.dimensions
      wide[axis] = 2
      let shapes = [shape, Shape(wide), shape]
      let parts = shapes.enumerated().map { Programs.normals($1, seed: UInt64($0)) }
      let program = Programs.make(shapes) { $0.concatenate($1, axis: axis) }
      let actual = Programs.value(program, parts)
      wide[axis] = 2 * shape[axis] + 2
      #expect(actual.shape == Shape(wide))
      for index in Programs.indices(actual.shape) {
        var source = index
        var part = 0
        while source[axis] >= shapes[part][axis] {
          source[axis] -= shapes[part][axis]
          part += 1
        }
        #expect(
          actual.values[Programs.flat(index, actual.shape)]
            == parts[part].values[Programs.flat(source, shapes[part])])
      }
    }
    let stacked = Programs.make([shape, shape]) { $0.stack($1) }
    let parts = [Programs.normals(shape, seed: 1), Programs.normals(shape, seed: 2)]
    #expect(
      Programs.value(stacked, parts)
        == Tensor(
          shape: Shape([2] + shape.dimensions), values: parts[0].values + parts[1].values))
  }

  @Test(.tags(.identity), arguments: Programs.shapes())
  func broadcasts(shape: Shape) {
    let x = Programs.normals(shape, seed: 5)
    for wide in Programs.shapes() where wide.rank >= shape.rank {
      let missing = wide.rank - shape.rank
      let fits = (0..<shape.rank).allSatisfy {
        shape[$0] == wide[$0 + missing] || shape[$0] == 1
      }
      guard fits else { continue }
      let program = Programs.make([shape]) { $0.broadcast($1[0], to: wide) }
      let expected = Programs.indices(wide).map { index in
        x.values[
          Programs.flat((0..<shape.rank).map { min(index[$0 + missing], shape[$0] - 1) }, shape)]
      }
      #expect(Programs.value(program, [x]) == Tensor(shape: wide, values: expected))
    }
  }

  @Test(.tags(.identity), arguments: [[], [0], [1], [2], [2, 2]])
  func matrixProducts(batch: [Int]) {
    for m in 0...3 {
      for k in 0...3 {
        for n in 0...3 {
          let (left, right) = (Shape(batch + [m, k]), Shape(batch + [k, n]))
          let (a, b) = (Programs.normals(left, seed: 6), Programs.normals(right, seed: 7))
          let program = Programs.make([left, right]) { $0.matrixProduct($1[0], $1[1]) }
          let actual = Programs.value(program, [a, b])
          #expect(actual.shape == Shape(batch + [m, n]))
          let expected = Programs.indices(actual.shape).map { index in
            (0..<k).reduce(0.0) { total, inner in
              let head = Array(index.dropLast(2))
              let (row, column) = (index[index.count - 2], index[index.count - 1])
              return total + a.values[Programs.flat(head + [row, inner], left)]
                * b.values[Programs.flat(head + [inner, column], right)]
            }
          }
          #expect(actual.values == expected)
        }
      }
    }
  }

  static func permutations(_ count: Int) -> [[Int]] {
    guard count > 0 else { return [[]] }
    return permutations(count - 1).flatMap { shorter in
      (0..<count).map { place in
        var longer = shorter
        longer.insert(count - 1, at: place)
        return longer
      }
    }
  }
}
