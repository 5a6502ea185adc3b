import Testing

@testable import TensorCore

/// Functions entry by entry: exact ones exactly, the others in units in the last place.
struct ElementwiseKernelTests {
  static let special: [Double] = [
    0, -0.0, 1, -1, 0.5, -0.5, 2, -2, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
    -.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
    -.greatestFiniteMagnitude, 0x1p-1030, 709.78, 709.79, -708.4, -745.13, -745.2, 88.72, 88.73,
    -87.3,
    -103.9, -104.1, 20, -20, 6, -6, 1e-20, -1e-20, Double(Float.leastNonzeroMagnitude),
    Double(Float.leastNormalMagnitude), Double(Float.greatestFiniteMagnitude), 1e-40,
  ]

  /// Equal as numbers, with equal signs of zero, or both no numbers.
  static func isSame<Scalar: TestedScalar>(_ a: Scalar, _ b: Scalar) -> Bool {
    (a.isNaN && b.isNaN) || (a == b && (a != 0 || a.sign == b.sign))
  }

  static func exactFailures<Scalar: TestedScalar>(_ type: Scalar.Type) -> [String] {
    let exact: [UnaryOperation] = [
      .negate, .absolute, .sign, .heaviside, .sqrt, .reciprocal, .relu,
    ]
    var failures: [String] = []
    let numbers = special.map { Scalar($0) }
    for kernel in Kernels<Scalar>.all {
      for function in exact {
        for count in 0...numbers.count {
          let x = Array(numbers.suffix(count))
          let expected = x.map { Scalar(function(Double($0))) }
          guard let y = kernel.apply(function, x), y.count == count else {
            failures.append("\(function): count \(count)")
            continue
          }
          for (index, pair) in zip(y, expected).enumerated() where !isSame(pair.0, pair.1) {
            failures.append("\(Scalar.self) \(kernel.level) \(function)(\(x[index])) = \(pair.0)")
          }
        }
      }
    }
    return failures
  }

  @Test("Exact functions of one number, at every count and every special number")
  func exactFunctions() {
    #expect(Self.exactFailures(Float.self) == [])
    #expect(Self.exactFailures(Double.self) == [])
  }

  static func pairFailures<Scalar: TestedScalar>(_ type: Scalar.Type) -> [String] {
    let functions: [BinaryOperation] = [
      .add, .subtract, .multiply, .divide, .minimum, .maximum, .less, .lessOrEqual, .equal,
      .notEqual,
    ]
    var failures: [String] = []
    let numbers = special.map { Scalar($0) }
    let a = numbers.flatMap { number in numbers.map { _ in number } }
    let b = numbers.flatMap { _ in numbers }
    for kernel in Kernels<Scalar>.all {
      for function in functions {
        for (aStride, bStride) in [(1, 1), (0, 1), (1, 0), (0, 0)] {
          for count in [0, 1, 2, 3, 5, 7, 8, 9, 15, 17, 33, a.count] {
            guard let y = kernel.apply(function, count, a, aStride, b, bStride), y.count == count
            else {
              failures.append("\(function): count \(count)")
              continue
            }
            for index in 0..<count {
              let (u, v) = (a[index * aStride], b[index * bStride])
              let expected = Scalar(function(Double(u), Double(v)))
              if !isSame(y[index], expected) {
                failures.append(
                  "\(Scalar.self) \(kernel.level) \(function)(\(u), \(v)) = \(y[index])")
              }
            }
          }
        }
      }
    }
    return failures
  }

  @Test("Functions of two numbers, at every pair of special numbers and all strides")
  func pairs() {
    #expect(Self.pairFailures(Float.self) == [])
    #expect(Self.pairFailures(Double.self) == [])
  }

  /// Arguments dense where the function does something, and the special numbers.
  static func arguments<Scalar: TestedScalar>(
    _ function: UnaryOperation, _ random: inout RandomSource
  ) -> [Scalar] {
    let count = 40_000
    let isFloat = Scalar.self == Float.self
    var numbers: [Scalar] = (0..<count).map { index in
      let u = 2 * random.uniform() - 1
      switch function {
      case .exp: return Scalar(u * (isFloat ? 110 : 760))
      case .log:
        return index % 2 == 0
          ? Scalar(1 + u * 0.6) : Scalar(Libm.exp(u * (isFloat ? 85 : 705)))
      default: return Scalar(u * (index % 2 == 0 ? 1.5 : 30))
      }
    }
    for exponent in 1..<60 {
      numbers += [Scalar(Libm.exp(-Double(exponent))), Scalar(-Libm.exp(-Double(exponent)))]
    }
    return numbers + special.map { Scalar($0) }
  }

  /// The worst error in units in the last place; infinite where just one of two is no number.
  static func worst<Scalar: TestedScalar>(
    _ function: UnaryOperation, _ kernel: Kernels<Scalar>, _ random: inout RandomSource
  ) -> Double {
    let x: [Scalar] = arguments(function, &random)
    guard let y = kernel.apply(function, x) else { return .infinity }
    var worst = 0.0
    for (x, y) in zip(x, y) {
      let exact = function(Double(x))
      let rounded = Scalar(exact)
      if isSame(y, rounded) { continue }
      if rounded.isNaN || y.isNaN || rounded.isInfinite || y.isInfinite { return .infinity }
      worst = max(worst, abs(Double(y) - exact) / Double(rounded.ulp))
    }
    return worst
  }

  @Test(
    "Elementary functions against the C library, seed 421",
    arguments: [
      (UnaryOperation.exp, 1.5, 1.5), (.log, 1.5, 1.5), (.tanh, 3, 3), (.sigmoid, 3, 3),
      (.softplus, 3, 3), (.erf, 3, 3),
    ])
  func elementary(function: UnaryOperation, single: Double, double: Double) {
    var random = RandomSource(seed: 421)
    for kernel in Kernels<Float>.all {
      let error = Self.worst(function, kernel, &random)
      #expect(error <= single, "Float, level \(kernel.level)")
    }
    for kernel in Kernels<Double>.all {
      let error = Self.worst(function, kernel, &random)
      #expect(error <= double, "Double, level \(kernel.level)")
    }
  }

  @Test("Functions without a loop of their own go to the C library")
  func others() {
    let x: [Double] = [0.3, 0.7, 0.2]
    for function in [UnaryOperation.sin, .log1p, .expm1, .atan, .lgamma, .polygamma(1)] {
      #expect(function.compiled == nil)
      var y = [0.0, 0, 0]
      unsafe y.withUnsafeMutableBufferPointer { y in
        if let y = y.baseAddress { unsafe Double.apply(function, count: 3, x, into: y) }
      }
      #expect(y == x.map { function($0) })
    }
    var y = [Float](repeating: 0, count: 3)
    unsafe y.withUnsafeMutableBufferPointer { y in
      if let y = y.baseAddress {
        unsafe Float.apply(.power, count: 3, [1.5, 2, 3], stride: 1, [2], stride: 0, into: y)
      }
    }
    #expect(y == [2.25, 4, 9])
  }

  static func adamDistance<Scalar: TestedScalar>(
    _ type: Scalar.Type, _ count: Int, _ random: inout RandomSource
  ) -> Double {
    let constants = AdamConstants(
      rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, step: 3)
    let gradient: [Scalar] = random.numbers(count)
    let start: [Scalar] = random.numbers(count)
    let startMean: [Scalar] = random.numbers(count)
    let startSquare = (random.numbers(count) as [Scalar]).map { $0 * $0 }
    var (parameters, mean, square) = (start, startMean, startSquare)
    unsafe parameters.withUnsafeMutableBufferPointer { p in
      unsafe mean.withUnsafeMutableBufferPointer { m in
        unsafe square.withUnsafeMutableBufferPointer { v in
          if let p = p.baseAddress, let m = m.baseAddress, let v = v.baseAddress {
            unsafe Scalar.adam(
              count: count, constants, gradient: gradient, parameters: p, mean: m, square: v)
          }
        }
      }
    }
    var worst = 0.0
    for index in 0..<count {
      let slope = Double(gradient[index])
      let first = 0.9 * Double(startMean[index]) + 0.1 * slope
      let second = 0.99 * Double(startSquare[index]) + 0.01 * slope * slope
      let ratio =
        first / constants.correction1
        / ((second / constants.correction2).squareRoot() + 1e-6)
      worst = max(
        worst, abs(Double(mean[index]) - first), abs(Double(square[index]) - second),
        abs(Double(parameters[index]) - (Double(start[index]) - 0.01 * ratio)))
    }
    return worst / Double(Scalar.ulpOfOne)
  }

  @Test("A step of Adam, seed 422", arguments: testedExtents)
  func adam(count: Int) {
    var random = RandomSource(seed: 422)
    #expect(Self.adamDistance(Float.self, count, &random) < 4)
    #expect(Self.adamDistance(Double.self, count, &random) < 4)
  }
}
