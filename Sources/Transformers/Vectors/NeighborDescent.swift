internal import Foundation

/// Gradient descent of a map of points on its divergence from affinities.
package struct NeighborDescent {
  private let affinities: [Double]
  private let count: Int
  /// `1 / (1 + |yᵢ − yⱼ|²)` below the diagonal.
  private var kernel: [Double]

  /// Creates the descent for affinities that sum to one `[n × n]`.
  package init(affinities: [Double], count: Int) {
    precondition(
      affinities.count == count * count, "\(affinities.count) affinities of \(count) points")
    self.affinities = affinities
    self.count = count
    kernel = [Double](repeating: 0, count: count * count)
  }

  /// The divergence of a map in nats.
  package mutating func divergence(_ map: [Double]) -> Double {
    let total = fillKernel(map)
    var sum = 0.0
    for row in 0..<count {
      for column in 0..<row {
        let p = affinities[row * count + column]
        if p > 0 { sum += 2 * p * log(p * total / kernel[row * count + column]) }
      }
    }
    return sum
  }

  /// The derivatives of the divergence, `4 Σⱼ (a p(i,j) − q(i,j)) (yᵢ − yⱼ) / (1 + |yᵢ − yⱼ|²)`.
  package mutating func gradient(_ map: [Double], exaggeration: Double = 1) -> [Double] {
    let total = fillKernel(map)
    var result = [Double](repeating: 0, count: 2 * count)
    for row in 0..<count {
      var (sumX, sumY) = (0.0, 0.0)
      for column in 0..<row {
        let weight = kernel[row * count + column]
        let factor =
          4 * (exaggeration * affinities[row * count + column] - weight / total) * weight
        let x = factor * (map[2 * row] - map[2 * column])
        let y = factor * (map[2 * row + 1] - map[2 * column + 1])
        sumX += x
        sumY += y
        result[2 * column] -= x
        result[2 * column + 1] -= y
      }
      result[2 * row] += sumX
      result[2 * row + 1] += sumY
    }
    return result
  }

  /// Takes all steps of the settings and reports the divergence on the way.
  package mutating func run(
    _ map: inout [Double], _ settings: NeighborEmbedding.Settings
  ) -> [NeighborEmbedding.Progress] {
    let rate = settings.learningRate ?? Double(count) / settings.exaggeration
    var gains = [Double](repeating: 1, count: 2 * count)
    var steps = [Double](repeating: 0, count: 2 * count)
    var progress = [
      NeighborEmbedding.Progress(iteration: 0, divergence: divergence(map))
    ]
    for iteration in 0..<settings.iterations {
      let isEarly = iteration < settings.exaggeratedIterations
      let slope = gradient(map, exaggeration: isEarly ? settings.exaggeration : 1)
      let momentum = iteration < 250 ? settings.momentum.early : settings.momentum.late
      for index in map.indices {
        // Steps grow while their direction lasts (Jacobs 1988).
        let hasTurned = (slope[index] > 0) == (steps[index] > 0)
        gains[index] = max(0.01, hasTurned ? gains[index] * 0.8 : gains[index] + 0.2)
        steps[index] = momentum * steps[index] - rate * gains[index] * slope[index]
        map[index] += steps[index]
      }
      center(&map)
      if (iteration + 1) % 10 == 0 || iteration + 1 == settings.iterations {
        progress.append(
          NeighborEmbedding.Progress(iteration: iteration + 1, divergence: divergence(map)))
      }
    }
    return progress
  }

  private func center(_ map: inout [Double]) {
    for axis in 0..<2 {
      var sum = 0.0
      for point in 0..<count { sum += map[2 * point + axis] }
      let mean = sum / Double(count)
      for point in 0..<count { map[2 * point + axis] -= mean }
    }
  }

  /// Fills the kernel and returns its sum over all ordered pairs.
  private mutating func fillKernel(_ map: [Double]) -> Double {
    precondition(map.count == 2 * count, "\(map.count) coordinates of \(count) points")
    var total = 0.0
    for row in 0..<count {
      let (x, y) = (map[2 * row], map[2 * row + 1])
      for column in 0..<row {
        let (dx, dy) = (x - map[2 * column], y - map[2 * column + 1])
        let weight = 1 / (1 + dx * dx + dy * dy)
        kernel[row * count + column] = weight
        total += 2 * weight
      }
    }
    return total
  }
}
