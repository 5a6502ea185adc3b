package import TensorCore

/// The plane in which points vary most, found by repeated multiplication (orthogonal iteration).
package enum PrincipalComponents {
  /// The points on their first two principal components, the first with standard deviation 10⁻⁴.
  ///
  /// Every component points where its largest coordinate is positive. Points that do not vary along
  /// a component have zeros there but for noise of 10⁻⁸ from `random`, so that they can part.
  package static func plane(_ points: Tensor<Double>, random: inout RandomSource) -> [Double] {
    let (count, width) = (points.rows, points.columns)
    let centered = center(points)
    // Two combinations of the points, kept orthonormal: the left singular vectors.
    var basis = [random.normals(count), random.normals(count)]
    orthonormalize(&basis)
    var last = [0.0, 0.0]
    var lengths = last
    for _ in 0..<500 {
      basis = basis.map { multiply(centered, count, width, $0) }
      lengths = orthonormalize(&basis)
      let change = zip(lengths, last).reduce(0.0) { max($0, abs($1.0 - $1.1)) }
      last = lengths
      if change <= 1e-13 * (lengths.max() ?? 0) { break }
    }
    if lengths[1] > lengths[0] {
      basis.swapAt(0, 1)
      lengths.swapAt(0, 1)
    }
    let sizes = lengths.map { max(0, $0).squareRoot() }
    let scale = sizes[0] > 0 ? 1e-4 * Double(count).squareRoot() / sizes[0] : 0
    var result = [Double](repeating: 0, count: 2 * count)
    for (axis, vector) in basis.enumerated() {
      let largest = vector.max { abs($0) < abs($1) } ?? 1
      let factor = (largest < 0 ? -scale : scale) * sizes[axis]
      for point in 0..<count {
        result[2 * point + axis] = factor * vector[point] + 1e-8 * random.normal()
      }
    }
    return result
  }

  /// The points without their mean, over their largest coordinate.
  private static func center(_ points: Tensor<Double>) -> [Double] {
    let (count, width) = (points.rows, points.columns)
    let largest = points.values.reduce(0.0) { max($0, abs($1)) }
    guard largest > 0 else { return points.values }
    var values = points.values.map { $0 / largest }
    for column in 0..<width {
      var sum = 0.0
      for row in 0..<count { sum += values[row * width + column] }
      for row in 0..<count { values[row * width + column] -= sum / Double(count) }
    }
    return values
  }

  /// `X Xᵀ v` for the points in rows.
  private static func multiply(
    _ values: [Double], _ count: Int, _ width: Int, _ vector: [Double]
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<count {
      for column in 0..<width { sums[column] += vector[row] * values[row * width + column] }
    }
    return (0..<count).map { row in
      var sum = 0.0
      for column in 0..<width { sum += values[row * width + column] * sums[column] }
      return sum
    }
  }

  /// Makes vectors orthonormal in order and returns the lengths they had left.
  @discardableResult
  private static func orthonormalize(_ vectors: inout [[Double]]) -> [Double] {
    var lengths: [Double] = []
    for index in vectors.indices {
      for other in 0..<index {
        let product = zip(vectors[index], vectors[other]).reduce(0.0) { $0 + $1.0 * $1.1 }
        for place in vectors[index].indices {
          vectors[index][place] -= product * vectors[other][place]
        }
      }
      let length = vectors[index].reduce(0.0) { $0 + $1 * $1 }.squareRoot()
      lengths.append(length)
      if length > 0 { vectors[index] = vectors[index].map { $0 / length } }
    }
    return lengths
  }
}
