#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif
public import TensorCore

/// The regularized step of mathematics §6, with the conventions of the reference implementation.
///
///     Δx = (e^{Jt} − I) J⁻¹ f,      −J⁺ f for t > e¹⁶
///
/// The helpers below it (log-determinant, loaded inverse, pseudo-inverse, reduced basis) follow
/// the reference's thresholds, which differ from those of `LinearAlgebra` and are needed to
/// reproduce its numbers; nothing else should use them.
///
/// References: Ozaki 1992, Stat Sinica 2:113; Friston et al. 2008, NeuroImage 41:849.
public enum RegularizedStep {
  /// How far a step goes.
  public enum Length: Hashable, Sendable {
    /// A time, in the units of the flow.
    case time(Double)
    /// A time per coordinate.
    case times([Double])
    /// `t = e^{τ − ln|J|/n}`: a time in units of the mean time constant of J.
    case regularized(Double)
    /// `t_i = e^{τ_i − ln(−J_ii)}`, per coordinate.
    case regularizedEach([Double])
  }

  /// The time above which a step goes all the way, e¹⁶.
  public static let longestTime = exp(16.0)
  /// The least number added to a diagonal before it is inverted, e⁻³².
  public static let leastLoad = exp(-32.0)

  /// The change Δx of the flow `ẋ = f + J Δx`.
  ///
  /// A singular J is no special case: the step is the first column of the exponential of
  /// `[[0, 0], [t f, t J]]`.
  /// - Parameters:
  ///   - jacobian: J `[n × n]`.
  ///   - flow: f, n numbers.
  ///   - length: how far to go.
  /// - Returns: Δx, n numbers.
  /// - Throws: `LinearAlgebraError` when J is not finite or its loaded square is singular.
  public static func step(
    jacobian: Tensor<Double>, flow: [Double], length: Length
  ) throws(LinearAlgebraError) -> [Double] {
    let n = flow.count
    precondition(
      jacobian.shape == .matrix(n, n), "a Jacobian of shape \(jacobian.shape) for \(n) flows")
    if n == 0 { return [] }
    for (index, entry) in jacobian.values.enumerated() where !entry.isFinite {
      throw .notFinite(row: index / n, column: index % n)
    }
    let times = try self.times(jacobian, length)
    if times.allSatisfy({ $0 > longestTime }) {
      let inverse = try pseudoInverse(jacobian)
      return LinearAlgebra.product(inverse, Tensor(vector: flow)).values.map { -$0 }
    }
    let width = n + 1
    var augmented = Tensor<Double>(repeating: 0, shape: .matrix(width, width))
    for row in 0..<n {
      augmented.values[(row + 1) * width] = times[row] * flow[row]
      for column in 0..<n {
        augmented.values[(row + 1) * width + column + 1] =
          times[row] * jacobian.values[row * n + column]
      }
    }
    let result = try exponential(augmented)
    return (0..<n).map { result.values[($0 + 1) * width] }
  }

  private static func times(
    _ jacobian: Tensor<Double>, _ length: Length
  ) throws(LinearAlgebraError) -> [Double] {
    let n = jacobian.rows
    switch length {
    case .time(let time):
      return [Double](repeating: time, count: n)
    case .times(let times):
      precondition(times.count == n, "\(times.count) times for \(n) coordinates")
      return times
    case .regularized(let exponent):
      let time = exp(exponent - (try logDeterminant(jacobian)) / Double(n))
      return [Double](repeating: time, count: n)
    case .regularizedEach(let exponents):
      precondition(exponents.count == n, "\(exponents.count) times for \(n) coordinates")
      return (0..<n).map { exp(exponents[$0] - log(-jacobian.values[$0 * n + $0])) }
    }
  }

  /// The sum of the logarithms of the singular values between 1e−16 and 1e16.
  ///
  /// A diagonal matrix counts its diagonal instead, whose negative entries are thereby left out.
  public static func logDeterminant(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Double {
    let n = a.rows
    var isDiagonal = a.columns == n
    for (index, entry) in a.values.enumerated() where index / a.columns != index % a.columns {
      if entry != 0 { isDiagonal = false }
    }
    let values =
      isDiagonal
      ? (0..<n).map { a.values[$0 * n + $0] } : try SingularValueDecomposition(a).values
    var sum = 0.0
    for value in values where value > 1e-16 && value < 1e16 { sum += log(value) }
    return sum
  }

  /// What is added to the diagonal before inverting: `max(ulp(‖A‖∞) n, e⁻³²)`.
  public static func diagonalLoad(_ a: Tensor<Double>) -> Double {
    max(normInfinity(a).ulp * Double(max(a.rows, a.columns)), leastLoad)
  }

  /// The inverse of `A + load I`, which bounds every variance.
  public static func inverse(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Tensor<Double> {
    var loaded = a
    let load = diagonalLoad(a)
    for index in 0..<a.rows { loaded.values[index * a.columns + index] += load }
    return try LinearAlgebra.inverse(loaded)
  }

  /// `(AᵀA + load I)⁻¹ Aᵀ` on the rows and columns that are not all zero.
  public static func pseudoInverse(
    _ a: Tensor<Double>
  ) throws(LinearAlgebraError) -> Tensor<Double> {
    let rows = (0..<a.rows).filter { row in (0..<a.columns).contains { a[row, $0] != 0 } }
    let columns = (0..<a.columns).filter { column in (0..<a.rows).contains { a[$0, column] != 0 } }
    var result = Tensor<Double>(repeating: 0, shape: .matrix(a.columns, a.rows))
    if rows.isEmpty { return result }
    let block = Tensor(rows: rows.map { row in columns.map { a[row, $0] } })
    let square = LinearAlgebra.transposedProduct(block, block)
    let small = LinearAlgebra.product(try inverse(square), LinearAlgebra.transpose(block))
    for (i, column) in columns.enumerated() {
      for (j, row) in rows.enumerated() { result[column, row] = small[i, j] }
    }
    return result
  }

  /// The exponential of a square matrix by the diagonal Padé form of order 6 with scaling.
  public static func exponential(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Tensor<Double> {
    let n = a.rows
    let norm = normInfinity(a)
    guard norm.isFinite else { throw .notFinite(row: 0, column: 0) }
    // ‖A‖ / 2^squarings < ½.
    let squarings = norm > 0 ? max(0, Int(norm.exponent) + 2) : 0
    let scale = Double(sign: .plus, exponent: -squarings, significand: 1)
    let scaled = Tensor(shape: a.shape, values: a.values.map { $0 * scale })
    var power = Tensor<Double>.identity(n)
    var numerator = power
    var denominator = power
    var coefficient = 1.0
    let degree = 6
    for k in 1...degree {
      coefficient *= Double(degree - k + 1) / Double(k * (2 * degree - k + 1))
      power = LinearAlgebra.product(scaled, power)
      for index in power.values.indices {
        let term = coefficient * power.values[index]
        numerator.values[index] += term
        denominator.values[index] += k % 2 == 0 ? term : -term
      }
    }
    var result = try LinearAlgebra.solve(denominator, numerator)
    for _ in 0..<squarings { result = LinearAlgebra.product(result, result) }
    return result
  }

  /// An orthonormal basis `[n × k]` of the directions with variance, by falling variance.
  ///
  /// Kept are the eigenvectors with `λ² count / Σλ² > tolerance`, where count is the number of
  /// coordinates that vary. The tolerance 0 stands for 64 rounding units; 1e−6 is the reference's
  /// default in active inference.
  public static func reducedBasis(
    _ covariance: Tensor<Double>, tolerance: Double = 0
  ) throws(LinearAlgebraError) -> Tensor<Double> {
    let n = covariance.rows
    let kept = (0..<n).filter { row in (0..<n).contains { covariance[row, $0] != 0 } }
    if kept.isEmpty { return Tensor(repeating: 0, shape: .matrix(n, 0)) }
    let block = Tensor(rows: kept.map { row in kept.map { covariance[row, $0] } })
    let eigen = try SymmetricEigendecomposition(block)
    let squares = eigen.values.map { $0 * $0 }
    let total = squares.reduce(0, +)
    let limit = tolerance > 0 ? tolerance : 64 * Double.ulpOfOne
    let chosen = squares.indices.filter { squares[$0] * Double(kept.count) / total > limit }
    var basis = Tensor<Double>(repeating: 0, shape: .matrix(n, chosen.count))
    for (column, source) in chosen.enumerated() {
      for (index, row) in kept.enumerated() {
        basis.values[row * chosen.count + column] = eigen.vectors[index, source]
      }
    }
    return basis
  }

  private static func normInfinity(_ a: Tensor<Double>) -> Double {
    var largest = 0.0
    for row in 0..<a.rows {
      var sum = 0.0
      for column in 0..<a.columns { sum += abs(a.values[row * a.columns + column]) }
      // A comparison would drop a NaN.
      largest = sum.isNaN ? sum : max(largest, sum)
      if largest.isNaN { return largest }
    }
    return largest
  }
}
