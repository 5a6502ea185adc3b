package import ODEEngine
package import TensorCore
internal import Foundation

/// The energy of a modern Hopfield network as a program of the tensor core.
///
/// `E(q) = −β⁻¹ lse(β K q + b) + ½‖q‖²` (Ramsauer et al. 2021, mathematics §11). The bias b is a log
/// prior over keys; it hides a key where it is minus infinity.
package struct HopfieldEnergy {
  private let runner: ProgramRunner

  /// The energy that belongs to the keys, the bias and β of a problem.
  package init(_ problem: AttentionProblem) {
    runner = ProgramRunner(
      Self.program(problem).gradient(of: "E", withRespectTo: ["q"]),
      Self.arguments(problem))
  }

  /// The program: input `q` [1 × d], `k` [T × d] and `b` [1 × T], output `E`.
  package static func program(_ problem: AttentionProblem) -> Program {
    var builder = ProgramBuilder()
    let width = problem.query.count
    let q = builder.input("q", shape: .matrix(1, width))
    let k = builder.input("k", shape: .matrix(problem.count, width))
    let b = builder.input("b", shape: .matrix(1, problem.count))
    let beta = builder.constant(problem.inverseTemperature)
    let products = builder.matrixProduct(q, builder.transpose(k))
    let scores = builder.binary(.add, builder.binary(.multiply, beta, products), b)
    let retrieval = builder.binary(.divide, builder.sum(builder.logSumExp(scores)), beta)
    let square = builder.sum(builder.binary(.multiply, q, q))
    let half = builder.binary(.multiply, builder.constant(0.5), square)
    builder.output("E", builder.binary(.subtract, half, retrieval))
    return builder.build()
  }

  /// What the program's inputs are.
  package static func arguments(_ problem: AttentionProblem) -> [String: [Double]] {
    ["q": problem.query, "k": problem.keys.flatMap { $0 }, "b": problem.bias]
  }

  /// E at a query.
  package func value(at query: [Double]) -> Double {
    runner.set("q", query)
    runner.run()
    return runner("E")[0]
  }

  /// ∂E/∂q [d] by reverse differentiation of the program.
  package func gradient(at query: [Double]) -> [Double] {
    runner.set("q", query)
    runner.run()
    return runner("gradient.q")
  }
}

/// The attention of the tensor core with the keys as values, from a query to the next.
package struct AttentionStep {
  private let runner: ProgramRunner

  /// Attention over the keys of a problem.
  package init(_ problem: AttentionProblem) {
    var builder = ProgramBuilder()
    let q = builder.input("q", shape: .matrix(1, problem.query.count))
    let k = builder.input("k", shape: .matrix(problem.count, problem.query.count))
    let b = builder.input("b", shape: .matrix(1, problem.count))
    let out = builder.attention(q, k, k, bias: b, scale: problem.inverseTemperature)
    builder.output("out", out)
    runner = ProgramRunner(builder.build(), HopfieldEnergy.arguments(problem))
  }

  /// `softmax(β K q + b) K` [d].
  package func callAsFunction(_ query: [Double]) -> [Double] {
    runner.set("q", query)
    runner.run()
    return runner("out")
  }
}

/// The query as a state unit that the keys pull: `q̇ = Σ_j α_j (k_j − q)`.
///
/// Every key has an error unit `k_j − q` whose precision is its weight α_j (mathematics §11, P6).
package struct HopfieldFlow: ODESystem {
  private let keys: [Double]
  private let bias: [Double]
  private let beta: Double
  package let dimension: Int

  /// The flow over the keys of a problem.
  package init(_ problem: AttentionProblem) {
    keys = problem.keys.flatMap { $0 }
    bias = problem.bias
    beta = problem.inverseTemperature
    dimension = problem.query.count
  }

  private func weights(_ state: Span<Double>) -> [Double] {
    var scores = bias
    for key in scores.indices {
      var product = 0.0
      for index in 0..<dimension { product += keys[key * dimension + index] * state[index] }
      scores[key] += beta * product
    }
    return Vectors.softmax(scores)
  }

  package func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    let weights = weights(state)
    for index in 0..<dimension {
      var sum = 0.0
      for key in weights.indices {
        sum += weights[key] * (keys[key * dimension + index] - state[index])
      }
      derivative[index] = sum
    }
  }

  /// The derivative at one query.
  package func derivative(at query: [Double]) -> [Double] {
    let weights = weights(query.span)
    var result = [Double](repeating: 0, count: dimension)
    for key in weights.indices {
      for index in 0..<dimension {
        result[index] += weights[key] * (keys[key * dimension + index] - query[index])
      }
    }
    return result
  }

  package var providesJacobian: Bool { true }

  /// `−(I − β Cov_α(k))` (mathematics §11, P7).
  package func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    let weights = weights(state)
    var mean = [Double](repeating: 0, count: dimension)
    for key in weights.indices {
      for index in 0..<dimension { mean[index] += weights[key] * keys[key * dimension + index] }
    }
    for row in 0..<dimension {
      timeDerivative[row] = 0
      for column in 0..<dimension {
        var covariance = 0.0
        for key in weights.indices {
          covariance +=
            weights[key] * (keys[key * dimension + row] - mean[row])
            * (keys[key * dimension + column] - mean[column])
        }
        jacobian[row * dimension + column] = beta * covariance - (row == column ? 1 : 0)
      }
    }
  }

  package func variableName(_ index: Int) -> String { "q[\(index + 1)]" }
}

extension AttentionProblem {
  /// The integrator's way with this problem's flow, with its errors as this module's.
  ///
  /// - Parameters:
  ///   - start: the query at time zero [d].
  ///   - times: when the state is read, ascending.
  ///   - options: method and tolerances.
  /// - Returns: the states at the times.
  /// - Throws: `BridgeError.integration`.
  package func flow(
    from start: [Double], times: [Double], options: ODEOptions
  ) throws(BridgeError) -> [[Double]] {
    try integrate(HopfieldFlow(self), from: start, times: times, options: options)
  }
}
