/// The triangular factor of a tall matrix, `W = Q R`, by Householder reflections.
///
/// `WᵀW = RᵀR` without ever forming the product, so posterior precisions keep their full accuracy
/// even where entries of W span many decades.
public struct OrthogonalFactor: Sendable, Hashable {
  /// R, upper triangular `[n × n]`; the signs of its diagonal are those of the reflections.
  public let upper: Tensor<Double>
  /// The Euclidean norm of every column of W, to judge whether a diagonal entry is negligible.
  public let columnNorms: [Double]

  /// Factors a matrix `[m × n]`; where m < n the missing rows count as zeros.
  public init(_ matrix: Tensor<Double>) {
    let columns = matrix.columns
    let rows = max(matrix.rows, columns)
    // Column by column in memory, since reflections work on columns.
    var work = [Double](repeating: 0, count: rows * columns)
    for row in 0..<matrix.rows {
      for column in 0..<columns {
        work[column * rows + row] = matrix.values[row * columns + column]
      }
    }
    columnNorms = (0..<columns).map { column in
      work[(column * rows)..<((column + 1) * rows)].reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    for pivot in 0..<columns {
      let start = pivot * rows
      // Scaled against overflow: precisions of e³² are squared here.
      var scale = 0.0
      for row in pivot..<rows { scale = max(scale, abs(work[start + row])) }
      guard scale > 0 else { continue }
      var norm = 0.0
      for row in pivot..<rows {
        let entry = work[start + row] / scale
        norm += entry * entry
      }
      let length = scale * norm.squareRoot()
      let head = work[start + pivot]
      let target = head > 0 ? -length : length
      let first = head - target
      guard first != 0 else { continue }
      // v = (1, tail / first); β = −first / target.
      let beta = -first / target
      for row in (pivot + 1)..<max(rows, pivot + 1) { work[start + row] /= first }
      work[start + pivot] = target
      for column in (pivot + 1)..<max(columns, pivot + 1) {
        let other = column * rows
        var projection = work[other + pivot]
        for row in (pivot + 1)..<max(rows, pivot + 1) {
          projection += work[start + row] * work[other + row]
        }
        projection *= beta
        work[other + pivot] -= projection
        for row in (pivot + 1)..<max(rows, pivot + 1) {
          work[other + row] -= projection * work[start + row]
        }
      }
    }
    var upper = Tensor<Double>(repeating: 0, shape: .matrix(columns, columns))
    for column in 0..<columns {
      for row in 0...column { upper.values[row * columns + column] = work[column * rows + row] }
    }
    self.upper = upper
  }

  /// n.
  public var size: Int { upper.rows }

  /// The first column that is numerically a combination of the ones before it, if any.
  public var dependentColumn: Int? {
    (0..<size).first { column in
      let pivot = abs(upper.values[column * size + column])
      return !(pivot > columnNorms[column] * 8 * Double.ulpOfOne)
    }
  }

  /// `ln |det R|`, half of `ln |WᵀW|`.
  public var logDeterminant: Double {
    (0..<size).reduce(0) { $0 + Self.log(abs(upper.values[$1 * size + $1])) }
  }

  /// Solves `Rᵀ x = b`.
  public func solveTransposed(_ b: [Double]) -> [Double] {
    var x = b
    for row in 0..<size {
      var total = x[row]
      for inner in 0..<row { total -= upper.values[inner * size + row] * x[inner] }
      x[row] = total / upper.values[row * size + row]
    }
    return x
  }

  /// Solves `R x = b`.
  public func solve(_ b: [Double]) -> [Double] {
    var x = b
    for row in stride(from: size - 1, through: 0, by: -1) {
      var total = x[row]
      for inner in (row + 1)..<max(size, row + 1) {
        total -= upper.values[row * size + inner] * x[inner]
      }
      x[row] = total / upper.values[row * size + row]
    }
    return x
  }

  /// `R⁻¹`, upper triangular.
  public var inverse: Tensor<Double> {
    var result = Tensor<Double>(repeating: 0, shape: .matrix(size, size))
    for column in 0..<size {
      var unit = [Double](repeating: 0, count: size)
      unit[column] = 1
      let solution = solve(unit)
      for row in 0...column { result.values[row * size + column] = solution[row] }
    }
    return result
  }

  private static func log(_ x: Double) -> Double { Libm.log(x) }
}
