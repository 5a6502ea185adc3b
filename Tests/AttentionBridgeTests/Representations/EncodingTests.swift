import AttentionBridge
import TensorCore
import Testing

/// Ridge regression, folds and 2-vs-2 against independent routes.
@Suite struct EncodingTests {
  private func random(_ rows: Int, _ columns: Int, _ source: inout RandomSource) -> Tensor<Double> {
    MeasureTests.random(rows, columns, &source)
  }

  @Test(arguments: [(30, 5), (8, 20)])
  func ridgeSolvesItsNormalEquations(_ rows: Int, _ columns: Int) throws {
    var source = RandomSource(seed: UInt64(rows))
    let x = random(rows, columns, &source), y = random(rows, 7, &source)
    let encoder = try RidgeEncoder(x)
    for penalty in [1e-2, 1, 100] {
      let fit = encoder.fit(y, penalty: penalty)
      let standard = Standardization(x).apply(x)
      var gram = LinearAlgebra.transposedProduct(standard, standard)
      for index in 0..<columns { gram.values[index * columns + index] += penalty }
      let means = Standardization(y).means
      var centered = y
      for index in centered.values.indices { centered.values[index] -= means[index % 7] }
      let expected = try LinearAlgebra.solvePositiveDefinite(
        gram, LinearAlgebra.transposedProduct(standard, centered))
      var meter = DeviationMeter()
      meter.compare(fit.coefficients.values, expected.values)
      #expect(meter.value < 1e-10)
    }
  }

  @Test func foldsAreBlocksThatCoverAllSamplesOnce() {
    let folds = CrossValidation(samples: 23, folds: 5).folds
    #expect(folds.flatMap(\.test) == Array(0..<23))
    for fold in folds {
      #expect(fold.test == Array(fold.test[0]...fold.test[fold.test.count - 1]))
      #expect(Set(fold.test).isDisjoint(with: fold.training))
      // Whatever is neither held out nor next to it is learned from.
      let (first, last) = (fold.test[0], fold.test[fold.test.count - 1])
      #expect(fold.training == (0..<23).filter { $0 < first - 1 || $0 > last + 1 })
    }
  }

  @Test func pairsAreCountedByHand() {
    var accuracy = PairwiseAccuracy()
    // Pairs (0, 1) right, (0, 2) tied, (1, 2) wrong.
    accuracy.add(similarities: Tensor(rows: [[2, 0, 1], [1, 1, 3], [1, 0, 0]]))
    #expect(accuracy.pairs == 3)
    #expect(accuracy.matched == 1.5)
    #expect(PairwiseAccuracy().share == 0.5)
    var perfect = PairwiseAccuracy()
    var source = RandomSource(seed: 4)
    let truth = random(6, 9, &source)
    perfect.add(predictions: truth, truths: truth)
    #expect(perfect.share == 1)
  }

  /// The form that sees responses through inner products only, against plain regression.
  @Test func innerProductsGiveWhatResponsesGive() throws {
    var source = RandomSource(seed: 5)
    let x = random(60, 4, &source)
    var y = LinearAlgebra.product(x, random(4, 30, &source))
    let noise = source.normals(y.values.count)
    for index in y.values.indices { y.values[index] += 4 * noise[index] + 3 }
    for shift in [0, 17] {
      let shifted = y.rotated(by: shift)
      let outcome = try CrossValidatedEncoder(x).encode(
        gram: CrossValidatedEncoder.gram(y), shift: shift)
      var accuracy = PairwiseAccuracy()
      for (number, fold) in CrossValidation(samples: 60, folds: 5).folds.enumerated() {
        // The penalty, chosen again by predicting blocks of the training samples.
        var best = (share: 0.0, error: Double.infinity)
        for share in CrossValidatedEncoder.shares {
          var error = 0.0
          for part in CrossValidation(blocksOf: fold.training, count: 4).folds {
            let encoder = try RidgeEncoder(x.picking(part.training))
            let fit = encoder.fit(
              shifted.picking(part.training), penalty: encoder.penalty(share))
            let predicted = fit.predict(x.picking(part.test))
            for (a, b) in zip(predicted.values, shifted.picking(part.test).values) {
              error += (a - b) * (a - b)
            }
          }
          if error < best.error { best = (share, error) }
        }
        #expect(outcome.shares[number] == best.share)
        let encoder = try RidgeEncoder(x.picking(fold.training))
        let fit = encoder.fit(
          shifted.picking(fold.training), penalty: encoder.penalty(best.share))
        func centered(_ rows: Tensor<Double>) -> Tensor<Double> {
          var rows = rows
          for index in rows.values.indices {
            rows.values[index] -= fit.means[index % fit.means.count]
          }
          return rows
        }
        accuracy.add(
          predictions: centered(fit.predict(x.picking(fold.test))),
          truths: centered(shifted.picking(fold.test)))
      }
      #expect(outcome.accuracy == accuracy)
    }
  }

  @Test func encodingFindsWhatIsThereAndNothingElse() throws {
    var source = RandomSource(seed: 6)
    let x = random(100, 3, &source)
    let y = LinearAlgebra.product(x, random(3, 40, &source))
    let found = try CrossValidatedEncoder(x).encode(gram: CrossValidatedEncoder.gram(y))
    #expect(found.accuracy.share > 0.99)
    let nothing = try CrossValidatedEncoder(random(100, 3, &source))
      .encode(gram: CrossValidatedEncoder.gram(y))
    #expect(abs(nothing.accuracy.share - 0.5) < 0.15)
  }
}
