import Foundation
import TestSupport
import Testing

@testable import TensorCore

struct RandomSourceTests {
  /// SplitMix64 from seed 0 fills the state; the first outputs of xoshiro256** then follow from
  /// the published algorithms.
  ///
  /// Provenance: an independent Python transcription of both published C listings, seed 0.
  @Test(.tags(.reference)) func firstOutputsFollowThePublishedAlgorithm() {
    var source = RandomSource(seed: 0)
    #expect((0..<4).map { _ in source.next() } == Self.published)
  }

  static let published: [UInt64] = [
    11091344671253066420,
    13793997310169335082,
    1900383378846508768,
    7684712102626143532,
  ]

  @Test func equalSeedsGiveEqualStreams() {
    var first = RandomSource(seed: 7)
    var second = RandomSource(seed: 7)
    var other = RandomSource(seed: 8)
    let numbers = first.normals(10)
    #expect(numbers == second.normals(10))
    #expect(numbers != other.normals(10))
  }

  @Test func splitDoesNotDependOnUse() {
    let fresh = RandomSource(seed: 3)
    var used = fresh
    for _ in 0..<17 { _ = used.normal() }
    #expect(fresh.split("states") == used.split("states"))
    #expect(fresh.split(4) == used.split(4))
    #expect(fresh.split("states") != fresh.split("causes"))
    #expect(fresh.split(1) != fresh.split(2))
    #expect(fresh.split("1") != fresh.split(1))
    #expect(fresh.split("a").split("b") != fresh.split("b").split("a"))
  }

  @Test(.tags(.property)) func splitStreamsAreUncorrelated() {
    let parent = RandomSource(seed: 5)
    var streams = (0..<4).map { parent.split($0) }
    let count = 20_000
    let draws = streams.indices.map { streams[$0].normals(count) }
    for first in 0..<4 {
      for second in 0..<first {
        let sum = zip(draws[first], draws[second]).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(sum / Double(count)) < 4 / Double(count).squareRoot())
      }
    }
  }

  @Test(.tags(.property)) func normalsHaveTheMomentsOfTheirLaw() {
    var source = RandomSource(seed: 1)
    let count = 200_000
    let values = source.normals(count)
    // Moments 1…6 of the standard normal law and the variances of their sample means.
    let expected: [(moment: Double, variance: Double)] = [
      (0, 1), (1, 2), (0, 15), (3, 96), (0, 945), (15, 10170),
    ]
    for (index, target) in expected.enumerated() {
      let mean = values.reduce(0) { $0 + pow($1, Double(index + 1)) } / Double(count)
      let error = (target.variance / Double(count)).squareRoot()
      expectClose(mean, target.moment, within: .statistical(4, of: error))
    }
  }

  @Test(.tags(.property)) func uniformsFillTheUnitInterval() {
    var source = RandomSource(seed: 2)
    var bins = [Int](repeating: 0, count: 16)
    let count = 64_000
    for _ in 0..<count {
      let value = source.uniform()
      #expect(value >= 0 && value < 1)
      bins[Int(value * 16)] += 1
    }
    let expected = Double(count) / 16
    let chiSquared = bins.reduce(0) { $0 + pow(Double($1) - expected, 2) / expected }
    // The 99.99 % point with 15 degrees of freedom is 44.3.
    #expect(chiSquared < 44.3)
  }

  @Test(.tags(.identity)) func portableLogarithmAgreesWithTheSystem() {
    var source = RandomSource(seed: 9)
    for _ in 0..<10_000 {
      let x = Double.leastNormalMagnitude.squareRoot() + source.uniform()
      let exact = log(x)
      #expect(abs(RandomSource.portableLog(x) - exact) <= 2 * exact.ulp)
    }
    for exponent in -900...900 {
      let x = Double(sign: .plus, exponent: exponent, significand: 1.1)
      #expect(abs(RandomSource.portableLog(x) - log(x)) <= 2 * log(x).ulp)
    }
  }
}
