internal import Foundation
package import TensorCore

/// A Helmholtz machine of binary units, small enough that every hidden state can be visited.
///
/// A generative network draws its top layer from biases and every layer below from the one above,
/// `p(unit = 1) = σ(W h + b)`; a recognition network runs the other way, from the visible layer up.
/// Source: Dayan, Hinton, Neal and Zemel 1995, Neural Comput 7:889.
package struct HelmholtzMachine: Sendable, Equatable {
  /// How many units every layer has, the visible one first.
  package let sizes: [Int]
  /// Generative weights onto layer k from layer k + 1, `[sizes k × sizes k+1]`.
  package var generativeWeights: [Tensor<Double>]
  /// Generative biases of every layer, those of the top one being its prior.
  package var generativeBiases: [[Double]]
  /// Recognition weights onto layer k + 1 from layer k, `[sizes k+1 × sizes k]`.
  package var recognitionWeights: [Tensor<Double>]
  /// Recognition biases of the hidden layers, from the lowest up.
  package var recognitionBiases: [[Double]]

  /// A machine whose weights and biases are zero; it needs a visible and a hidden layer.
  package init(sizes: [Int]) {
    precondition(
      sizes.count >= 2 && sizes.allSatisfy { $0 > 0 } && sizes.reduce(0, +) <= 40,
      "a machine with layers of \(sizes) units")
    self.sizes = sizes
    let pairs = Array(zip(sizes, sizes.dropFirst()))
    generativeWeights = pairs.map { Tensor(repeating: 0, shape: .matrix($0, $1)) }
    recognitionWeights = pairs.map { Tensor(repeating: 0, shape: .matrix($1, $0)) }
    generativeBiases = sizes.map { [Double](repeating: 0, count: $0) }
    recognitionBiases = sizes.dropFirst().map { [Double](repeating: 0, count: $0) }
  }

  /// A machine whose weights and biases are normal numbers times `scale`.
  package init(sizes: [Int], scale: Double, from source: inout RandomSource) {
    self.init(sizes: sizes)
    func fill(_ values: inout [Double]) {
      values = source.normals(values.count).map { scale * $0 }
    }
    for layer in generativeWeights.indices {
      fill(&generativeWeights[layer].values)
      fill(&recognitionWeights[layer].values)
      fill(&recognitionBiases[layer])
    }
    for layer in generativeBiases.indices { fill(&generativeBiases[layer]) }
  }

  /// The number of hidden units.
  package var hiddenCount: Int { sizes.dropFirst().reduce(0, +) }

  /// The number of states of the hidden units, `2^hiddenCount`.
  package var stateCount: Int { 1 << hiddenCount }

  /// The number of visible patterns.
  package var patternCount: Int { 1 << sizes[0] }

  /// The activities of a layer's units: the bits of a number, the lowest one first.
  package static func bits(_ number: Int, count: Int) -> [Double] {
    (0..<count).map { Double((number >> $0) & 1) }
  }

  /// A visible pattern, counted from zero.
  package func pattern(_ number: Int) -> [Double] { Self.bits(number, count: sizes[0]) }

  /// A hidden state, counted from zero: the activities of every hidden layer, from the lowest up.
  package func hiddenState(_ number: Int) -> [[Double]] {
    var rest = number
    return sizes.dropFirst().map { count in
      defer { rest >>= count }
      return Self.bits(rest, count: count)
    }
  }

  /// ln p of a layer's activities given those of the layer above.
  package func logGenerative(_ units: [Double], layer: Int, above: [Double]?) -> Double {
    var drive = generativeBiases[layer]
    if let above { drive = Self.drive(generativeWeights[layer], above, drive) }
    return Self.logProbability(units, drive: drive)
  }

  /// ln q of a hidden layer's activities, 1 being the lowest, given those of the layer below.
  package func logRecognition(_ units: [Double], layer: Int, below: [Double]) -> Double {
    Self.logProbability(
      units,
      drive: Self.drive(recognitionWeights[layer - 1], below, recognitionBiases[layer - 1]))
  }

  /// `ln p(v, h)` for every hidden state h, in nats.
  package func logJoint(_ visible: [Double]) -> [Double] {
    (0..<stateCount).map { number in
      let layers = [visible] + hiddenState(number)
      return layers.indices.reduce(0) { total, layer in
        total
          + logGenerative(
            layers[layer], layer: layer, above: layer + 1 < layers.count ? layers[layer + 1] : nil)
      }
    }
  }

  /// `ln q(h | v)` for every hidden state h, in nats.
  package func logRecognition(_ visible: [Double]) -> [Double] {
    (0..<stateCount).map { number in
      let layers = [visible] + hiddenState(number)
      return (1..<layers.count).reduce(0) { total, layer in
        total + logRecognition(layers[layer], layer: layer, below: layers[layer - 1])
      }
    }
  }

  /// The exact `ln p(h | v)` for every hidden state h.
  package func logPosterior(_ visible: [Double]) -> [Double] {
    let joint = logJoint(visible)
    let evidence = Vectors.logSumExp(joint)
    return joint.map { $0 - evidence }
  }

  /// `ln p(v)`, by summing one layer after the other from the top down; it visits no joint state.
  package func logEvidence(_ visible: [Double]) -> Double {
    // ln p of every state of the layer above, given nothing.
    var above: [Double] = []
    for layer in stride(from: sizes.count - 1, through: 1, by: -1) {
      above = (0..<(1 << sizes[layer])).map { number in
        marginal(Self.bits(number, count: sizes[layer]), layer: layer, above)
      }
    }
    return marginal(visible, layer: 0, above)
  }

  private func marginal(_ units: [Double], layer: Int, _ above: [Double]) -> Double {
    guard layer + 1 < sizes.count else { return logGenerative(units, layer: layer, above: nil) }
    return Vectors.logSumExp(
      above.indices.map { number in
        above[number]
          + logGenerative(
            units, layer: layer, above: Self.bits(number, count: sizes[layer + 1]))
      })
  }

  /// The variational free energy of the machine's own recognition, in nats (mathematics §3).
  package func freeEnergy(_ visible: [Double]) -> Double {
    energy(visible, recognition: logRecognition(visible)) - entropy(visible)
  }

  /// `⟨−ln p(v, h)⟩` under a recognition density over all hidden states, given as `ln q`.
  package func energy(_ visible: [Double], recognition: [Double]) -> Double {
    precondition(
      recognition.count == stateCount, "\(recognition.count) of \(stateCount) hidden states")
    return zip(recognition, logJoint(visible)).reduce(0) { $0 - exp($1.0) * $1.1 }
  }

  /// The entropy of the machine's recognition, in nats, unit by unit: the entropy of every layer
  /// averaged over the layers below it.
  package func entropy(_ visible: [Double]) -> Double {
    var total = 0.0
    // The probability of every state of the layer below.
    var below: [(units: [Double], probability: Double)] = [(visible, 1)]
    for layer in 1..<sizes.count {
      var next = [Double](repeating: 0, count: 1 << sizes[layer])
      for (units, probability) in below where probability > 0 {
        let drive = Self.drive(
          recognitionWeights[layer - 1], units, recognitionBiases[layer - 1])
        total += probability * drive.reduce(0) { $0 + Self.entropy(drive: $1) }
        for number in next.indices {
          let above = Self.bits(number, count: sizes[layer])
          next[number] += probability * exp(Self.logProbability(above, drive: drive))
        }
      }
      below = next.indices.map { (Self.bits($0, count: sizes[layer]), next[$0]) }
    }
    return total
  }

  /// `KL[q ‖ p]` of two densities over the hidden states, given as logarithms.
  package static func divergence(_ q: [Double], _ p: [Double]) -> Double {
    precondition(q.count == p.count, "densities over \(q.count) and \(p.count) states")
    return zip(q, p).reduce(0) { total, pair in
      // A state that q excludes adds nothing, however unlikely it is under p.
      let probability = exp(pair.0)
      return probability == 0 ? total : total + probability * (pair.0 - pair.1)
    }
  }

  // MARK: Units

  private static func drive(
    _ weights: Tensor<Double>, _ units: [Double], _ biases: [Double]
  ) -> [Double] {
    var result = biases
    let columns = weights.columns
    for row in result.indices {
      for column in 0..<columns where units[column] != 0 {
        result[row] += weights.values[row * columns + column] * units[column]
      }
    }
    return result
  }

  /// `Σ ln σ(±drive)`, the sign being that of the unit's activity.
  private static func logProbability(_ units: [Double], drive: [Double]) -> Double {
    var total = 0.0
    for index in units.indices {
      total -= softplus(units[index] > 0.5 ? -drive[index] : drive[index])
    }
    return total
  }

  /// The entropy of a unit, `softplus(a) − a σ(a)`.
  private static func entropy(drive a: Double) -> Double {
    // Written for |a|, so that nothing cancels.
    let size = abs(a)
    return log1p(exp(-size)) + size * exp(-size) / (1 + exp(-size))
  }

  private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
}
