import TensorCore
import Testing

@testable import AttentionBridge

/// What of P16 has to be as it is.
@Suite struct ScaleIdentityTests {
  @Test func momentsOfTwoSignsAreDoneByHand() {
    // A product of two fair signs is ±1, whatever the width its sum has that variance per entry.
    var source = RandomSource(seed: 1)
    for width in 1...3 {
      let moments = TwoPointScore(width: width, from: &source).moments
      #expect(abs(moments[0]) <= 1e-12)
      #expect(abs(moments[1] - Double(width)) <= 1e-12)
    }
  }

  @Test func exactIdentityFailsForTheStandardDeviation() {
    var source = RandomSource(seed: 2)
    var meter = DeviationMeter()
    meter.compare(TwoPointScore(width: 3, from: &source).moments, [0, 3.0.squareRoot()])
    #expect(meter.value > 1e-2)
  }

  @Test(arguments: EntryLaw.allCases)
  func entriesHaveTheirMoments(_ law: EntryLaw) {
    var source = RandomSource(seed: 3)
    let entries = law.entries(20000, from: &source)
    func moment(_ power: Int) -> Double {
      entries.reduce(0) { total, entry in
        total + (0..<power).reduce(1) { product, _ in product * entry }
      } / Double(entries.count)
    }
    #expect(abs(moment(1)) < 0.05)
    #expect(abs(moment(2) - 1) < 0.05)
    #expect(abs(moment(4) - law.fourthMoment) < 0.2)
  }

  /// Six standard errors are few enough to notice a missing root, or none at all.
  @Test(arguments: [4, 8, 16, 32])
  func sampleFailsForAnotherScale(_ width: Int) {
    var source = RandomSource(seed: 4)
    let sample = ScoreSample(width: width, law: .normal, count: 400, from: &source)
    #expect(abs(sample.standardScore) < 6)
    // One standard error of a mean square, relative to its expectation.
    let error = (sample.meanSquare / Double(width) - 1) / sample.standardScore
    #expect(abs(sample.meanSquare - 1) / error > 6)
    #expect(abs(sample.scaledMeanSquare / Double(width) - 1) / error > 6)
  }

  @Test func sampleFailsForEntriesOfAnotherVariance() {
    var source = RandomSource(seed: 5)
    // Entries uniform between ±1 have the variance 1/3, so scores have d/9.
    var square = 0.0
    for _ in 0..<400 {
      let query = EntryLaw.uniform.entries(16, from: &source).map { $0 / 3.0.squareRoot() }
      let key = EntryLaw.uniform.entries(16, from: &source).map { $0 / 3.0.squareRoot() }
      let score = Vectors.dot(query, key)
      square += score * score / 400
    }
    let sample = ScoreSample(width: 16, law: .uniform, count: 400, from: &source)
    let error = (sample.meanSquare - 16) / sample.standardScore
    #expect(abs(square - 16) / error > 6)
    #expect(abs(square - 16.0 / 9) < 6 * error / 9)
  }
}
