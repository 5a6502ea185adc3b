import Foundation
import TensorCore
import Testing

@testable import AttentionBridge

/// The two tasks of P17, and what of the identity has to be as it is.
@Suite struct UncertaintyWeightingTests {
  private struct Sample {
    let model: TwoTaskModel
    let theta: [Double]
    let s: [Double]
    let data: [Double]
  }

  private func sample(seed: UInt64) -> Sample {
    var source = RandomSource(seed: seed)
    let model = TwoTaskModel(counts: [3, 2], width: 2, from: &source)
    return Sample(
      model: model, theta: source.normals(2), s: source.normals(2),
      data: source.normals(model.outputs))
  }

  @Test func freeEnergyIsDoneByHand() throws {
    var source = RandomSource(seed: 1)
    let model = TwoTaskModel(counts: [2, 1], width: 1, from: &source)
    // Both tasks predict zero from θ = 0.
    let energy = try TwoTaskFreeEnergy(model).evaluate(
      [0], logPrecisions: [0.5, -1], data: [1, 2, 3]
    ).energy
    let whole = log(2 * Double.pi)
    // Squares 5 and 9 under Π, and ln|Π| = 2 · 0.5 − 1 = 0.
    let squares: Double = 5 * exp(0.5) + 9 * exp(-1)
    let tasks = 0.5 * squares + 1.5 * whole
    let cause = 0.5 * (whole - log(model.causePrecision))
    let (mean, variance) = (model.logPrecisionMean, model.logPrecisionVariance)
    let errors = [0.5 - mean, -1 - mean]
    let precisions = 0.5 * Vectors.dot(errors, errors) / variance + whole + log(variance)
    #expect(abs(energy - (tasks + cause + precisions)) <= 1e-12)
  }

  @Test func slopesAreThoseOfTheFreeEnergy() throws {
    let sample = sample(seed: 2)
    let evaluator = try TwoTaskFreeEnergy(sample.model)
    let lambda = sample.s.map { -$0 }
    let found = try evaluator.evaluate(sample.theta, logPrecisions: lambda, data: sample.data)
    func energy(_ theta: [Double], _ lambda: [Double]) throws -> Double {
      try evaluator.evaluate(theta, logPrecisions: lambda, data: sample.data).energy
    }
    let step = 1e-5
    for index in 0..<2 {
      let unit = (0..<2).map { $0 == index ? step : 0 }
      let shared =
        try energy(Vectors.sum(sample.theta, 1, unit), lambda)
        - energy(Vectors.sum(sample.theta, -1, unit), lambda)
      #expect(DeviationMeter.distance(found.sharedSlope[index], shared / (2 * step)) <= 1e-4)
      let precision =
        try energy(sample.theta, Vectors.sum(lambda, 1, unit))
        - energy(sample.theta, Vectors.sum(lambda, -1, unit))
      #expect(
        DeviationMeter.distance(found.precisionSlope[index], precision / (2 * step)) <= 1e-4)
    }
  }

  @Test func failsWithLogPrecisionsOfTheWrongSign() throws {
    let sample = sample(seed: 3)
    let evaluator = try TwoTaskFreeEnergy(sample.model)
    let loss = TwoTaskLoss(sample.model).evaluate(sample.theta, s: sample.s, data: sample.data)
    let expected = loss.loss + sample.model.priorEnergy(sample.theta, s: sample.s)
    for sign in [-1.0, 1] {
      let ours = try evaluator.evaluate(
        sample.theta, logPrecisions: sample.s.map { sign * $0 }, data: sample.data)
      var value = DeviationMeter()
      value.compare(ours.energy, expected)
      var slope = DeviationMeter()
      slope.compare(
        ours.precisionSlope,
        loss.slope.enumerated().map { -$1 + sample.model.priorSlope(sample.s[$0]) })
      #expect(sign < 0 ? value.value <= 1e-12 : value.value > 1e-2)
      #expect(sign < 0 ? slope.value <= 1e-12 : slope.value > 1e-2)
    }
  }

  @Test func failsWithoutThePriceOfUncertaintyOrThePriors() throws {
    let sample = sample(seed: 4)
    let ours = try TwoTaskFreeEnergy(sample.model).evaluate(
      sample.theta, logPrecisions: sample.s.map { -$0 }, data: sample.data)
    let loss = TwoTaskLoss(sample.model).evaluate(sample.theta, s: sample.s, data: sample.data)
    let priors = sample.model.priorEnergy(sample.theta, s: sample.s)
    let price = zip(sample.model.counts, sample.s).reduce(0) { $0 + 0.5 * Double($1.0) * $1.1 }
    var free = DeviationMeter()
    free.compare(ours.energy, loss.loss - price + priors)
    #expect(free.value > 1e-2)
    var published = DeviationMeter()
    published.compare(ours.energy, loss.loss)
    #expect(published.value > 1e-2)
    // Without the prior on θ the slopes differ as well.
    var shared = DeviationMeter()
    shared.compare(ours.sharedSlope, loss.sharedSlope)
    #expect(shared.value > 1e-2)
  }

  @Test func failsAtAnotherMinimum() throws {
    let sample = sample(seed: 5)
    let evaluator = try TwoTaskFreeEnergy(sample.model)
    let losses = TwoTaskLoss(sample.model).evaluate(
      sample.theta, s: sample.s, data: sample.data
    ).losses
    // Without the factor two, as if L were the whole square.
    for (factor, holds) in [(2.0, true), (1, false)] {
      let best = zip(losses, sample.model.counts).map { log(factor * $0 / Double($1)) }
      let rest = try evaluator.evaluate(
        sample.theta, logPrecisions: best.map { -$0 }, data: sample.data)
      var meter = DeviationMeter()
      meter.compare(rest.precisionSlope, best.map { sample.model.priorSlope($0) })
      #expect(holds ? meter.value <= 1e-12 : meter.value > 1e-2)
    }
  }

  @Test func scanFindsTheClosedMinimum() throws {
    let scan = try TwoTaskScan()
    for loss in [0.3, 2.0, 11] {
      let rest = try scan.rest(loss: loss, hasFlatPrior: true)
      #expect(abs(rest - log(2 * loss / TwoTaskScan.count)) <= 1e-12)
      // The prior draws the log-precision toward its mean.
      let drawn = try scan.rest(loss: loss, hasFlatPrior: false)
      #expect(abs(-drawn - 0.2) < abs(-rest - 0.2))
      let energy = try scan.freeEnergy(loss: loss, s: 0.7)
      #expect(DeviationMeter.distance(energy, exp(-0.7) * loss + 0.5 * 4 * 0.7) <= 1e-12)
    }
  }
}
