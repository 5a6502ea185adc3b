internal import ModelLanguage
internal import TensorCore

/// Reads symmetric matrices and checks their definiteness.
struct MatrixReader {
  let problems: ProblemCollector

  /// How definite a matrix has to be.
  enum Definiteness {
    case positiveDefinite, positiveSemidefinite
  }

  /// Widens a scalar or a diagonal to a `count` × `count` matrix.
  func square(
    _ tensor: Tensor<Double>, count: Int, _ role: FileTensor, at node: YamlNode
  ) -> Tensor<Double>? {
    if tensor.shape.isScalar {
      return .diagonal([Double](repeating: tensor.values[0], count: count))
    }
    if tensor.shape == .vector(count) { return .diagonal(tensor.values) }
    if tensor.shape == .matrix(count, count) { return tensor }
    var expected: [Shape] = [.scalar]
    if count > 1 { expected += [.vector(count), .matrix(count, count)] }
    problems.add(.wrongShape(role, expected: expected, found: tensor.shape), at: node)
    return nil
  }

  /// Whether a matrix is symmetric and as definite as it has to be; reports where it is not.
  func check(
    _ matrix: Tensor<Double>, _ definiteness: Definiteness, _ role: FileTensor, at node: YamlNode
  ) -> Bool {
    let count = matrix.rows
    for row in 0..<count {
      for column in 0..<row {
        let (a, b) = (matrix[row, column], matrix[column, row])
        if abs(a - b) > 1e-12 * max(abs(a), abs(b)) {
          problems.add(.notSymmetric(role, row: column + 1, column: row + 1), at: node)
          return false
        }
      }
    }
    switch definiteness {
    case .positiveDefinite:
      if !MatrixReader.isPositiveDefinite(matrix) {
        problems.add(.notPositiveDefinite(role), at: node)
        return false
      }
    case .positiveSemidefinite:
      if !MatrixReader.isPositiveSemidefinite(matrix) {
        problems.add(.notPositiveSemidefinite(role), at: node)
        return false
      }
    }
    return true
  }

  static func isPositiveDefinite(_ matrix: Tensor<Double>) -> Bool {
    guard matrix.rows > 0 else { return true }
    do {
      _ = try CholeskyFactor(matrix)
      return true
    } catch {
      return false
    }
  }

  /// Positive semi-definite up to rounding: a diagonal shift far below its size makes it definite.
  static func isPositiveSemidefinite(_ matrix: Tensor<Double>) -> Bool {
    let count = matrix.rows
    var scale = [Double](repeating: 0, count: count)
    for index in 0..<count {
      if matrix[index, index] < 0 { return false }
      scale[index] = matrix[index, index].squareRoot()
    }
    // Scaling to a unit diagonal makes the shift mean the same for entries of any size.
    var scaled = Tensor(repeating: 0, shape: matrix.shape)
    for row in 0..<count {
      for column in 0..<count {
        let size = scale[row] * scale[column]
        if size > 0 {
          scaled[row, column] = matrix[row, column] / size
        } else if matrix[row, column] != 0 {
          return false
        }
      }
      scaled[row, row] = (scale[row] > 0 ? 1 : 0) + 1e-12 * Double(count)
    }
    return isPositiveDefinite(scaled)
  }

  /// Puts square matrices along the diagonal.
  static func blockDiagonal(_ blocks: [Tensor<Double>]) -> Tensor<Double> {
    let count = blocks.reduce(0) { $0 + $1.rows }
    var result = Tensor<Double>(repeating: 0, shape: .matrix(count, count))
    var offset = 0
    for block in blocks {
      for row in 0..<block.rows {
        for column in 0..<block.columns {
          result[offset + row, offset + column] = block[row, column]
        }
      }
      offset += block.rows
    }
    return result
  }
}
