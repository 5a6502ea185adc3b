internal import Foundation
internal import ODEEngine
internal import TensorCore

/// The attention cell whose errors also move the query, as full prediction-error dynamics have it.
///
///     F(μ, q) = ½ Σⱼ exp(sⱼ) ‖vⱼ − μ‖² − ½ dᵥ Σⱼ sⱼ + ½ P ‖q − q₀‖²,   s_j = β q·k_j + b_j
///
/// The middle part is −½ ln|Π|; its gradient −½ tr(Π⁻¹ ∂Π/∂q) is what attention leaves out
/// (mathematics §4 and §11). The variables are (μ, q), and the flow descends F in a fixed metric
/// that brings both to a rate near one.
struct FeedbackCell: ODESystem {
  /// The problem: its query is where q starts and is held, and none of its keys is masked.
  let problem: AttentionProblem
  /// P: how firmly the query is held.
  let queryPrecision: Double
  /// What the two gradients are divided by.
  private let contentScale: Double
  private let queryScale: Double

  init(_ problem: AttentionProblem, queryPrecision: Double) {
    precondition(
      problem.bias.allSatisfy { $0.isFinite } && queryPrecision > 0,
      "a masked key, or a query of precision \(queryPrecision)")
    self.problem = problem
    self.queryPrecision = queryPrecision
    contentScale = exp(problem.logPartition)
    queryScale = max(1, queryPrecision)
  }

  private var width: Int { problem.valueWidth }

  /// Attention and the query as given: where the errors have not yet been heard.
  var start: [Double] { problem.attended + problem.query }

  /// Precisions e^{s_j}, errors ε_j and their squares at a state.
  private func errors(_ y: [Double]) -> (gains: [Double], errors: [[Double]], squares: [Double]) {
    let (content, query) = (Array(y.prefix(width)), Array(y.dropFirst(width)))
    let gains = zip(problem.keys, problem.bias).map {
      exp(problem.inverseTemperature * Vectors.dot(query, $0) + $1)
    }
    let errors = problem.values.map { Vectors.sum($0, -1, content) }
    return (gains, errors, errors.map { Vectors.dot($0, $0) })
  }

  /// F at a state, in nats, up to a constant.
  func freeEnergy(_ y: [Double]) -> Double {
    let at = errors(y)
    var total = 0.0
    for key in at.gains.indices {
      total += 0.5 * at.gains[key] * at.squares[key] - 0.5 * Double(width) * log(at.gains[key])
    }
    let moved = Vectors.sum(Array(y.dropFirst(width)), -1, problem.query)
    return total + 0.5 * queryPrecision * Vectors.dot(moved, moved)
  }

  /// ∂F/∂(μ, q).
  func gradient(_ y: [Double]) -> [Double] {
    let at = errors(y)
    var content = [Double](repeating: 0, count: width)
    var query = Vectors.sum(Array(y.dropFirst(width)), -1, problem.query).map {
      queryPrecision * $0
    }
    for key in at.gains.indices {
      content = Vectors.sum(content, -at.gains[key], at.errors[key])
      let force = 0.5 * (at.gains[key] * at.squares[key] - Double(width))
      query = Vectors.sum(query, force * problem.inverseTemperature, problem.keys[key])
    }
    return content + query
  }

  /// ∂²F/∂(μ, q)².
  func curvature(_ y: [Double]) -> Tensor<Double> {
    let at = errors(y)
    let size = dimension
    var result = Tensor<Double>(repeating: 0, shape: .matrix(size, size))
    let beta = problem.inverseTemperature
    for key in at.gains.indices {
      let k = problem.keys[key]
      for row in 0..<width {
        result[row, row] += at.gains[key]
        for column in k.indices {
          let coupling = -at.gains[key] * at.errors[key][row] * beta * k[column]
          result[row, width + column] += coupling
          result[width + column, row] += coupling
        }
      }
      let bend = 0.5 * at.gains[key] * at.squares[key] * beta * beta
      for row in k.indices {
        for column in k.indices { result[width + row, width + column] += bend * k[row] * k[column] }
      }
    }
    for index in width..<size { result[index, index] += queryPrecision }
    return result
  }

  /// The equilibrium that the flow from attention comes to.
  ///
  /// GSL's backward differentiation follows the flow until the gradient is small; Newton's method
  /// with the exact curvature then removes what is left.
  ///
  /// - Throws: `BridgeError.integration`, `.linearAlgebra` where the rest is no minimum, or
  ///   `.notFinite` where no rest was found.
  func equilibrium() throws(BridgeError) -> [Double] {
    var solver: ODESolver<FeedbackCell>
    do throws(ODEError) {
      solver = try ODESolver(
        self, state: start,
        options: ODEOptions(stepper: .msbdf, relativeTolerance: 1e-7, absoluteTolerance: 1e-10))
    } catch { throw .integration(error) }
    var time = 1.0
    for _ in 0..<24 {
      do throws(ODEError) { try solver.advance(to: time) } catch { throw .integration(error) }
      if let rest = try polished(solver.state) { return rest }
      time *= 2
    }
    throw .notFinite(what: "equilibrium of the cell with feedback")
  }

  /// Newton's method from near a minimum; nil where the state is not yet near one.
  private func polished(_ state: [Double]) throws(BridgeError) -> [Double]? {
    var y = state
    for iteration in 0..<12 {
      let force = Tensor(shape: .matrix(dimension, 1), values: gradient(y))
      let step: [Double]
      do throws(LinearAlgebraError) {
        step = try LinearAlgebra.solvePositiveDefinite(curvature(y), force).values
      } catch { return nil }
      let length = Vectors.norm(step)
      if iteration == 0 && !(length <= 1e-3) { return nil }
      y = Vectors.sum(y, -1, step)
      if length <= 1e-14 * max(1, Vectors.norm(y)) { return y }
    }
    // Rounding of large gradients: the last steps neither grow nor shrink.
    return Vectors.norm(Vectors.sum(y, -1, state)) <= 2e-3 ? y : nil
  }

  // MARK: ODESystem

  var dimension: Int { problem.valueWidth + problem.query.count }

  func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    let force = gradient(state.indices.map { state[$0] })
    for index in 0..<dimension { derivative[index] = -force[index] / scale(index) }
  }

  var providesJacobian: Bool { true }

  func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    let bend = curvature(state.indices.map { state[$0] })
    for row in 0..<dimension {
      timeDerivative[row] = 0
      for column in 0..<dimension {
        jacobian[row * dimension + column] = -bend[row, column] / scale(row)
      }
    }
  }

  private func scale(_ index: Int) -> Double { index < width ? contentScale : queryScale }

  func variableName(_ index: Int) -> String {
    index < width ? "μ[\(index + 1)]" : "q[\(index - width + 1)]"
  }
}
