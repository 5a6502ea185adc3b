import Foundation
import TestSupport
import Testing

@testable import Learning
@testable import TensorCore

/// Optimisers against their formulas, written out number by number.
struct OptimizerTests {
  static let close = Tolerance("identity", relative: 1e-12, floor: 1e-14)

  static func gradients(_ count: Int, steps: Int, seed: UInt64) -> [[Double]] {
    var source = RandomSource(seed: seed)
    return (0..<steps).map { _ in source.normals(count) }
  }

  @Test(.tags(.identity), arguments: [0, 1, 3, 17, 100])
  func gradientDescent(count: Int) {
    var state = OptimizerState<Double>(.gradientDescent, count: count)
    var parameters = [Double](repeating: 1, count: count)
    var expected = parameters
    for gradient in Self.gradients(count, steps: 3, seed: 1) {
      state.update(&parameters, gradient: gradient, rate: 0.1)
      expected = zip(expected, gradient).map { $0 - 0.1 * $1 }
    }
    expectClose(parameters, expected, within: Self.close)
  }

  @Test(.tags(.identity)) func momentum() {
    var state = OptimizerState<Double>(.momentum(memory: 0.9), count: 20)
    var parameters = [Double](repeating: 0, count: 20)
    var expected = parameters
    var velocity = parameters
    for gradient in Self.gradients(20, steps: 5, seed: 2) {
      state.update(&parameters, gradient: gradient, rate: 0.05)
      velocity = zip(velocity, gradient).map { 0.9 * $0 + $1 }
      expected = zip(expected, velocity).map { $0 - 0.05 * $1 }
    }
    expectClose(parameters, expected, within: Self.close)
  }

  @Test(.tags(.identity), arguments: [1, 2, 7, 8, 9, 33])
  func adam(count: Int) {
    let (beta1, beta2, epsilon, rate) = (0.9, 0.98, 1e-9, 0.01)
    var state = OptimizerState<Double>(
      .adam(beta1: beta1, beta2: beta2, epsilon: epsilon), count: count)
    var parameters = [Double](repeating: 0.5, count: count)
    var expected = parameters
    var (mean, square) = (
      [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
    )
    for (step, gradient) in Self.gradients(count, steps: 6, seed: 3).enumerated() {
      state.update(&parameters, gradient: gradient, rate: rate)
      for index in 0..<count {
        mean[index] = beta1 * mean[index] + (1 - beta1) * gradient[index]
        square[index] = beta2 * square[index] + (1 - beta2) * gradient[index] * gradient[index]
        let m = mean[index] / (1 - pow(beta1, Double(step + 1)))
        let v = square[index] / (1 - pow(beta2, Double(step + 1)))
        expected[index] -= rate * m / (v.squareRoot() + epsilon)
      }
    }
    expectClose(parameters, expected, within: Self.close)
    #expect(state.step == 6)
  }

  @Test func adamsFirstStepHasTheLengthOfTheRate() {
    var state = OptimizerState<Float>(.adam, count: 3)
    var parameters: [Float] = [0, 0, 0]
    state.update(&parameters, gradient: [1e-3, -5, 20], rate: 0.25)
    expectClose(
      parameters.map { Double($0) }, [-0.25, 0.25, -0.25],
      within: Tolerance("single precision", relative: 1e-5))
  }

  @Test func learningRates() {
    let plain = LearningRateSchedule(peak: 0.5)
    #expect(plain.rate(at: 1) == 0.5 && plain.rate(at: 10000) == 0.5)
    let vaswani = LearningRateSchedule(peak: 0.1, warmup: 100, decay: .inverseSquareRoot)
    #expect(vaswani.rate(at: 1) == 0.001)
    #expect(vaswani.rate(at: 50) == 0.05 && vaswani.rate(at: 100) == 0.1)
    expectClose(vaswani.rate(at: 400), 0.05, within: Self.close)
    let cosine = LearningRateSchedule(peak: 1, warmup: 10, decay: .cosine(steps: 110))
    #expect(cosine.rate(at: 10) == 1)
    expectClose(cosine.rate(at: 60), 0.5, within: Self.close)
    #expect(cosine.rate(at: 110) == 0 && cosine.rate(at: 500) == 0)
  }
}

/// Parameters in one array.
struct ParameterSetTests {
  static let layout = ParameterLayout([
    .init("a", [2, 3], .normal(standardDeviation: 1)), .init("b", [], .constant(4)),
    .init("c", [0, 2], .constant(0)), .init("d", [5], .uniform(fanIn: 4)),
    .init("e", [8, 8], .glorot),
  ])

  @Test func everyParameterHasItsPlace() {
    #expect(Self.layout.count == 6 + 1 + 0 + 5 + 64)
    #expect(Self.layout.range(of: "b") == 6..<7)
    #expect(Self.layout.range(of: "c") == 7..<7)
    #expect(Self.layout.range(of: "x") == nil)
  }

  @Test func aStreamPerName() {
    let source = RandomSource(seed: 4)
    let all = ParameterSet<Double>(Self.layout, from: source)
    let part = ParameterSet<Double>(Self.layout.filtered { $0 != "a" }, from: source)
    #expect(all["e"] == part["e"] && all["d"] == part["d"])
    #expect(all["b"]?.values == [4])
    #expect(all["d"]?.values.allSatisfy { abs($0) <= 0.5 } ?? false)
    let bound = (6.0 / 16).squareRoot()
    #expect(all["e"]?.values.allSatisfy { abs($0) <= bound } ?? false)
    #expect(Set(all["e"]?.values ?? []).count == 64)
  }

  @Test func tensorsMakeTheRoundTrip() throws {
    let set = ParameterSet<Float>(Self.layout, from: RandomSource(seed: 5))
    let again = try ParameterSet(Self.layout, tensors: set.tensors)
    #expect(again.values == set.values)
    var tensors = set.tensors
    tensors["d"] = Tensor(vector: [1, 2])
    #expect(throws: LearningError.parameterShape(name: "d", expected: [5], found: [2])) {
      _ = try ParameterSet(Self.layout, tensors: tensors)
    }
    tensors["d"] = nil
    #expect(throws: LearningError.missingParameter(name: "d")) {
      _ = try ParameterSet(Self.layout, tensors: tensors)
    }
  }
}

/// Mini-batches cut into shards.
struct ShardedGradientTests {
  static let layout = ParameterLayout([
    .init("w", [3, 2], .glorot), .init("b", [2], .constant(0.1)),
  ])

  /// Squares of `x w + b − y`, and how many rows there are.
  static func objective(rows: Int) -> Program {
    var builder = ProgramBuilder()
    let w = builder.input("w", shape: .matrix(3, 2))
    let b = builder.input("b", shape: .vector(2))
    let x = builder.input("x", shape: .matrix(rows, 3))
    let y = builder.input("y", shape: .matrix(rows, 2))
    let product = builder.matrixProduct(x, w)
    let predicted = builder.binary(.add, product, builder.broadcast(b, to: product.shape))
    let error = builder.binary(.subtract, builder.unary(.tanh, predicted), y)
    builder.output("loss", builder.sum(builder.binary(.multiply, error, error)))
    builder.output("weight", builder.constant(Double(rows)))
    return builder.build()
  }

  static func shards(_ count: Int, rows: Int) -> [[[Double]]] {
    var source = RandomSource(seed: 6)
    return (0..<count).map { _ in [source.normals(rows * 3), source.normals(rows * 2)] }
  }

  @Test(.tags(.identity)) func shardsAddUpToTheBatch() {
    let parameters = ParameterSet<Double>(Self.layout, from: RandomSource(seed: 7)).values
    let shards = Self.shards(4, rows: 2)
    let cut = ShardedGradient<Double>(
      Self.objective(rows: 2), trainable: Self.layout, data: ["x", "y"])
    let whole = ShardedGradient<Double>(
      Self.objective(rows: 8), trainable: Self.layout, data: ["x", "y"])
    var (first, second): ([Double], [Double]) = ([], [])
    let a = cut.run(parameters, shards: shards, gradient: &first)
    let b = whole.run(
      parameters, shards: [[shards.flatMap { $0[0] }, shards.flatMap { $0[1] }]],
      gradient: &second)
    expectClose(a.loss, b.loss, within: .identity)
    #expect(a.weight == 8 && b.weight == 8)
    expectClose(first, second, within: .identity)
  }

  @Test(arguments: [2, 3, 8]) func threadsChangeNothing(threads: Int) {
    let parameters = ParameterSet<Double>(Self.layout, from: RandomSource(seed: 7)).values
    let shards = Self.shards(7, rows: 3)
    func run(_ threads: Int) -> ([Double], ShardedGradient<Double>.Sums) {
      let machine = ShardedGradient<Double>(
        Self.objective(rows: 3), trainable: Self.layout, data: ["x", "y"], threads: threads)
      var gradient: [Double] = []
      let sums = machine.run(parameters, shards: shards, gradient: &gradient)
      return (gradient, sums)
    }
    let (alone, together) = (run(1), run(threads))
    #expect(alone.0 == together.0 && alone.1 == together.1)
  }

  @Test(.tags(.identity)) func frozenParametersAreReadButNotDifferentiated() {
    let all = ParameterSet<Double>(Self.layout, from: RandomSource(seed: 8))
    let (body, head) = (Self.layout.filtered { $0 == "w" }, Self.layout.filtered { $0 == "b" })
    let shards = Self.shards(2, rows: 2)
    let full = ShardedGradient<Double>(
      Self.objective(rows: 2), trainable: Self.layout, data: ["x", "y"])
    let part = ShardedGradient<Double>(
      Self.objective(rows: 2), trainable: head, frozen: body, data: ["x", "y"])
    var (first, second): ([Double], [Double]) = ([], [])
    _ = full.run(all.values, shards: shards, gradient: &first)
    _ = part.run(
      all.keeping(head).values, fixed: all.keeping(body).values, shards: shards,
      gradient: &second)
    #expect(second.count == 2)
    expectClose(second, Array(first.suffix(2)), within: .identity)
  }

  @Test func aLongGradientIsShortened() throws {
    let parameters = ParameterSet<Double>(
      Self.layout, values: [Double](repeating: 0, count: Self.layout.count))
    var learner = Learner(
      LearnerSettings(
        optimizer: .gradientDescent, schedule: LearningRateSchedule(peak: 1), clip: 0.5),
      parameters: parameters)
    let sum = [3.0, 4, 0, 0, 0, 0, 0, 0]
    let info = try learner.step(along: sum, loss: 2, weight: 1)
    #expect(info.gradientLength == 5 && info.loss == 2)
    expectClose(
      learner.parameters.values, [-0.3, -0.4, 0, 0, 0, 0, 0, 0],
      within: Tolerance("identity", relative: 1e-12))
  }

  @Test func whatIsNotFiniteChangesNothing() throws {
    let start = ParameterSet<Double>(Self.layout, from: RandomSource(seed: 9))
    var learner = Learner(
      LearnerSettings(schedule: LearningRateSchedule(peak: 1)), parameters: start)
    let zero = [Double](repeating: 0, count: Self.layout.count)
    #expect(throws: LearningError.nonFiniteLoss(step: 1, loss: .infinity)) {
      _ = try learner.step(along: zero, loss: .infinity, weight: 1)
    }
    var bad = zero
    bad[6] = .nan
    #expect(throws: LearningError.nonFiniteGradient(step: 1, parameter: "b")) {
      _ = try learner.step(along: bad, loss: 1, weight: 1)
    }
    #expect(learner.parameters.values == start.values && learner.step == 0)
    #expect(learner.optimizer.memories.allSatisfy { $0.allSatisfy { $0 == 0 } })
  }
}
