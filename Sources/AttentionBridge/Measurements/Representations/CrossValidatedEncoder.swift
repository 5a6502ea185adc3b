package import TensorCore

/// Ridge encoding in cross-validation, with the penalty chosen inside the training folds.
///
/// Features are standardized and responses centered by what the training samples alone say. The
/// penalty of a fold is the one that predicts best in a second cross-validation, again in blocks of
/// time, of its training samples. (Leaving out single samples instead would leave their neighbors
/// in, and favor penalties that are too small.) Responses are not rescaled: they share a unit.
///
/// Everything that depends on features alone is computed once; then responses enter through their
/// inner products only, so that many shifted controls of 1530 responses cost little. Design:
/// Mitchell et al. 2008; Jat et al. 2019.
package struct CrossValidatedEncoder: Sendable {
  /// The penalties to choose from, as shares of the power of a standardized feature.
  package static let shares: [Double] = [1e4, 1e3, 1e2, 1e1, 1, 1e-1, 1e-2, 1e-3, 1e-4]

  /// One split of samples, ready for any responses.
  private struct Split: Sendable {
    let training: [Int], test: [Int]
    let encoder: RidgeEncoder
    /// The test samples along the directions T `[m × k]`, and TᵀT.
    let projected: Tensor<Double>, power: Tensor<Double>

    init(_ features: Tensor<Double>, _ fold: CrossValidation.Fold) throws(LinearAlgebraError) {
      training = fold.training
      test = fold.test
      encoder = try RidgeEncoder(features.picking(training))
      projected = encoder.project(features.picking(test))
      power = LinearAlgebra.transposedProduct(projected, projected)
    }
  }

  private let splits: [(outer: Split, inner: [Split])]
  /// The number of samples.
  package let sampleCount: Int

  /// Prepares features.
  ///
  /// - Parameters:
  ///   - features: one row per sample, in order of time.
  ///   - folds: how many blocks are held out in turn.
  ///   - innerFolds: how many blocks of the training samples are held out to choose the penalty.
  /// - Throws: `LinearAlgebraError` for features that are not finite.
  package init(
    _ features: Tensor<Double>, folds: Int = 5, innerFolds: Int = 4
  ) throws(LinearAlgebraError) {
    sampleCount = features.rows
    var splits: [(outer: Split, inner: [Split])] = []
    for fold in CrossValidation(samples: features.rows, folds: folds).folds {
      var inner: [Split] = []
      for part in CrossValidation(blocksOf: fold.training, count: innerFolds).folds {
        inner.append(try Split(features, part))
      }
      splits.append((outer: try Split(features, fold), inner: inner))
    }
    self.splits = splits
  }

  /// What an encoding came to.
  package struct Outcome: Sendable, Equatable {
    /// How often two held-out samples are told apart.
    package var accuracy: PairwiseAccuracy
    /// The chosen penalty of every fold, as a share of the power of a feature.
    package var shares: [Double]
  }

  /// Predicts every fold from the others and tells pairs of held-out samples apart by cosines.
  ///
  /// - Parameters:
  ///   - responses: inner products of the responses of all samples, `YYᵀ` `[n × n]`.
  ///   - shift: sample i gets the responses of sample `i + shift`, in a circle.
  /// - Returns: the accuracy over all pairs within folds, and the chosen penalties.
  package func encode(gram responses: Tensor<Double>, shift: Int = 0) -> Outcome {
    precondition(
      responses.shape == .matrix(sampleCount, sampleCount),
      "inner products \(responses.shape) of \(sampleCount) samples")
    let gram = ResponseGram(responses, shift: shift)
    var outcome = Outcome(accuracy: PairwiseAccuracy(), shares: [])
    for split in splits {
      let inner = split.inner.map { ($0, Moments($0, gram)) }
      var best = (share: Self.shares[0], error: Double.infinity)
      for share in Self.shares {
        let error = inner.reduce(0) { $0 + $1.1.error($1.0, share: share) }
        if error < best.error { best = (share, error) }
      }
      outcome.shares.append(best.share)
      outcome.accuracy.add(
        similarities: Moments(split.outer, gram).similarities(split.outer, share: best.share))
    }
    return outcome
  }

  /// Inner products of responses, some of them shifted.
  private struct ResponseGram {
    let values: [Double]
    let count: Int

    init(_ gram: Tensor<Double>, shift: Int) {
      count = gram.rows
      guard shift % max(1, count) != 0 else {
        values = gram.values
        return
      }
      let start = ((shift % count) + count) % count
      var moved: [Double] = []
      moved.reserveCapacity(count * count)
      for row in 0..<count {
        let base = (row + start) % count * count
        moved += gram.values[(base + start)..<(base + count)]
        moved += gram.values[base..<(base + start)]
      }
      values = moved
    }

    func picking(_ rows: [Int], _ columns: [Int]) -> Tensor<Double> {
      var picked = [Double](repeating: 0, count: rows.count * columns.count)
      let source = values.span
      var target = picked.mutableSpan
      var next = 0
      for row in rows {
        let base = row * count
        for column in columns {
          target[next] = source[base + column]
          next += 1
        }
      }
      return Tensor(shape: .matrix(rows.count, columns.count), values: picked)
    }
  }

  /// What a split needs to know of responses: with Y centered by the training mean,
  /// `G = PᵀYYᵀP`, `H = PᵀYY_testᵀ` and the squared norms of the test responses.
  private struct Moments {
    let training: Tensor<Double>
    let test: Tensor<Double>
    let norms: [Double]

    init(_ split: Split, _ gram: ResponseGram) {
      let (n, m) = (split.training.count, split.test.count)
      let within = gram.picking(split.training, split.training)
      let across = gram.picking(split.training, split.test)
      // The columns of P sum to zero, so that only the right factor has to be centered.
      var left = Self.transposedProduct(split.encoder.projected, within)
      var right = Self.transposedProduct(split.encoder.projected, across)
      for row in 0..<left.rows {
        let mean = left.values[(row * n)..<((row + 1) * n)].reduce(0, +) / Double(n)
        for column in 0..<n { left.values[row * n + column] -= mean }
        for column in 0..<m { right.values[row * m + column] -= mean }
      }
      training = LinearAlgebra.product(left, split.encoder.projected)
      test = right
      let total = within.values.reduce(0, +) / Double(n * n)
      norms = (0..<m).map { column in
        var sum = 0.0
        for row in 0..<n { sum += across.values[row * m + column] }
        let place = split.test[column]
        return gram.values[place * gram.count + place] - 2 * sum / Double(n) + total
      }
    }

    /// `AᵀB` by the kernels that Transformers train with: shifted controls make thousands of these.
    private static func transposedProduct(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<
      Double
    > {
      precondition(a.rows == b.rows, "transposed product of \(a.shape) and \(b.shape)")
      let (rows, columns) = (a.columns, b.columns)
      var result = Tensor<Double>(repeating: 0, shape: .matrix(rows, columns))
      let layout = ProductLayout(
        rows: rows, columns: columns, inner: a.rows, aRow: 1, aColumn: rows, bRow: columns,
        bColumn: 1, cRow: columns)
      unsafe a.values.withUnsafeBufferPointer { a in
        unsafe b.values.withUnsafeBufferPointer { b in
          unsafe result.values.withUnsafeMutableBufferPointer { c in
            guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else {
              return
            }
            unsafe Double.matrixProduct(layout, a, b, into: c)
          }
        }
      }
      return result
    }

    /// `‖Y_test − TDPᵀY‖²_F` with `D = diag(1/(e + λ))`.
    func error(_ split: Split, share: Double) -> Double {
      let gains = split.encoder.gains(penalty: split.encoder.penalty(share))
      let (k, m) = (gains.count, norms.count)
      var sum = norms.reduce(0, +)
      for row in 0..<k {
        var along = 0.0
        for sample in 0..<m {
          along += split.projected.values[sample * k + row] * test.values[row * m + sample]
        }
        sum -= 2 * gains[row] * along
        for column in 0..<k {
          sum +=
            gains[row] * gains[column] * training.values[row * k + column]
            * split.power.values[row * k + column]
        }
      }
      return sum
    }

    /// Cosines of predictions (rows) with test responses (columns).
    func similarities(_ split: Split, share: Double) -> Tensor<Double> {
      let gains = split.encoder.gains(penalty: split.encoder.penalty(share))
      let k = gains.count
      var weights = split.projected
      for index in weights.values.indices { weights.values[index] *= gains[index % k] }
      let inner = LinearAlgebra.product(weights, test)
      let half = LinearAlgebra.product(weights, training)
      let own = (0..<weights.rows).map { row -> Double in
        var sum = 0.0
        for column in 0..<k {
          sum += half.values[row * k + column] * weights.values[row * k + column]
        }
        return sum
      }
      return PairwiseAccuracy.cosines(inner: inner, own, norms)
    }
  }
}

extension CrossValidatedEncoder {
  /// The inner products of responses `[n × q]`, `YYᵀ` `[n × n]`.
  package static func gram(_ responses: Tensor<Double>) -> Tensor<Double> {
    // Taking the mean of all samples out first changes nothing below but saves digits.
    let centered = CenteredKernelAlignment.centered(responses)
    return LinearAlgebra.product(centered, LinearAlgebra.transpose(centered))
  }
}
