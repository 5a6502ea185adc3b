package import TensorCore

/// The mean and the spread of every column, learned on some rows and applied to others.
///
/// What is learned on the rows of training folds says nothing about held-out rows; that is the
/// point of keeping the two steps apart.
package struct Standardization: Sendable, Equatable {
  /// The mean of every column.
  package let means: [Double]
  /// The standard deviation of every column over the number of rows; 1 where it does not vary.
  package let spreads: [Double]

  /// Learns from rows `[n × p]`.
  package init(_ x: Tensor<Double>) {
    let (rows, columns) = (x.rows, x.columns)
    var means = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns { means[column] += x.values[row * columns + column] }
    }
    for column in 0..<columns { means[column] /= Double(max(1, rows)) }
    var spreads = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let difference = x.values[row * columns + column] - means[column]
        spreads[column] += difference * difference
      }
    }
    for column in 0..<columns {
      let spread = (spreads[column] / Double(max(1, rows))).squareRoot()
      // What is left of a constant column after rounding is no variation.
      spreads[column] = spread > abs(means[column]) * 0x1p-40 ? spread : 1
    }
    self.means = means
    self.spreads = spreads
  }

  /// Rows less the means, over the spreads.
  package func apply(_ x: Tensor<Double>) -> Tensor<Double> {
    let columns = means.count
    precondition(x.columns == columns, "\(x.columns) columns for \(columns) means")
    var result = x
    for row in 0..<x.rows {
      for column in 0..<columns {
        let index = row * columns + column
        result.values[index] = (x.values[index] - means[column]) / spreads[column]
      }
    }
    return result
  }
}

extension Tensor where Scalar == Double {
  /// Some rows of a matrix in an order.
  package func picking(_ rows: [Int]) -> Tensor<Double> {
    let width = columns
    var picked: [Double] = []
    picked.reserveCapacity(rows.count * width)
    for row in rows { picked += values[(row * width)..<((row + 1) * width)] }
    return Tensor(shape: .matrix(rows.count, width), values: picked)
  }

  /// The rows moved in a circle: row i of the result is row `i + shift` of the matrix.
  package func rotated(by shift: Int) -> Tensor<Double> {
    let width = columns
    guard rows > 0 else { return self }
    let start = ((shift % rows) + rows) % rows * width
    return Tensor(shape: shape, values: Array(values[start...] + values[..<start]))
  }

  /// One column of a matrix.
  package func column(_ column: Int) -> [Double] {
    (0..<rows).map { values[$0 * columns + column] }
  }

  /// Matrices of equal row counts side by side.
  package static func sideBySide(_ parts: [Tensor<Double>]) -> Tensor<Double> {
    let rows = parts.first?.rows ?? 0
    precondition(parts.allSatisfy { $0.rows == rows }, "\(parts.map(\.rows)) rows side by side")
    var values: [Double] = []
    for row in 0..<rows {
      for part in parts {
        values += part.values[(row * part.columns)..<((row + 1) * part.columns)]
      }
    }
    let columns = parts.reduce(0) { $0 + $1.columns }
    return Tensor(shape: .matrix(rows, columns), values: values)
  }
}
