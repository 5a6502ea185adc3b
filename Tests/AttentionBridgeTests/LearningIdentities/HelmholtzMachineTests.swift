import Foundation
import TensorCore
import Testing

@testable import AttentionBridge

/// The Helmholtz machine of P15, and what of the identity has to be as it is.
@Suite struct HelmholtzMachineTests {
  private func machine(seed: UInt64, sizes: [Int] = [3, 3, 2], scale: Double = 1.5)
    -> HelmholtzMachine
  {
    var source = RandomSource(seed: seed)
    return HelmholtzMachine(sizes: sizes, scale: scale, from: &source)
  }

  private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  @Test func probabilitiesSumToOne() {
    let machine = machine(seed: 1)
    let patterns = (0..<machine.patternCount).map { machine.pattern($0) }
    let evidence = patterns.reduce(0) { $0 + exp(machine.logEvidence($1)) }
    #expect(abs(evidence - 1) <= 1e-12)
    for pattern in patterns {
      let recognition = machine.logRecognition(pattern).reduce(0) { $0 + exp($1) }
      let posterior = machine.logPosterior(pattern).reduce(0) { $0 + exp($1) }
      #expect(abs(recognition - 1) <= 1e-12)
      #expect(abs(posterior - 1) <= 1e-12)
    }
  }

  @Test func evidenceIsTheSumOverAllStates() {
    let machine = machine(seed: 2, sizes: [2, 4, 2])
    for number in 0..<machine.patternCount {
      let visible = machine.pattern(number)
      let summed = Vectors.logSumExp(machine.logJoint(visible))
      #expect(DeviationMeter.distance(machine.logEvidence(visible), summed) <= 1e-12)
    }
  }

  @Test func twoUnitsAreDoneByHand() {
    var machine = HelmholtzMachine(sizes: [1, 1])
    machine.generativeBiases = [[-0.4], [0.3]]
    machine.generativeWeights[0] = Tensor(rows: [[1.2]])
    machine.recognitionBiases[0] = [0.1]
    machine.recognitionWeights[0] = Tensor(rows: [[0.7]])
    let cause = sigmoid(0.3)
    let p = [(1 - cause) * sigmoid(-0.4), cause * sigmoid(0.8)]
    #expect(abs(machine.logEvidence([1]) - log(p[0] + p[1])) <= 1e-12)
    let guess = sigmoid(0.8)
    let energy = -(1 - guess) * log(p[0]) - guess * log(p[1])
    let entropy = -(1 - guess) * log(1 - guess) - guess * log(guess)
    #expect(abs(machine.freeEnergy([1]) - (energy - entropy)) <= 1e-12)
  }

  @Test func exactRecognitionClosesTheBound() {
    // With one layer of causes that the input does not depend on, recognition can be exact.
    var machine = HelmholtzMachine(sizes: [2, 3])
    machine.generativeBiases = [[0.4, -1.1], [0.2, -0.7, 1.6]]
    machine.recognitionBiases[0] = machine.generativeBiases[1]
    for number in 0..<machine.patternCount {
      let visible = machine.pattern(number)
      #expect(abs(machine.freeEnergy(visible) + machine.logEvidence(visible)) <= 1e-12)
    }
    machine.recognitionBiases[0][1] += 0.5
    #expect(machine.freeEnergy([1, 0]) + machine.logEvidence([1, 0]) > 1e-3)
  }

  @Test(arguments: [0.1, 1, 30])
  func freeEnergyNeverFallsBelowSurprise(_ scale: Double) {
    for seed in 1...5 {
      let machine = machine(seed: UInt64(seed), scale: scale)
      for number in 0..<machine.patternCount {
        let visible = machine.pattern(number)
        let gap = machine.freeEnergy(visible) + machine.logEvidence(visible)
        #expect(gap >= -1e-12 * max(1, abs(machine.logEvidence(visible))))
      }
    }
  }

  @Test func entropyIsThatOfTheWholeRecognition() {
    let machine = machine(seed: 3)
    let visible = machine.pattern(5)
    let direct = machine.logRecognition(visible).reduce(0) { $0 - exp($1) * $1 }
    #expect(abs(machine.entropy(visible) - direct) <= 1e-12)
  }

  @Test func identityFailsWithoutEntropyOrWithTheDivergenceTurnedRound() {
    let machine = machine(seed: 4)
    let visible = machine.pattern(6)
    let q = machine.logRecognition(visible), p = machine.logPosterior(visible)
    let evidence = machine.logEvidence(visible)
    let divergence = HelmholtzMachine.divergence(q, p)
    var meter = DeviationMeter()
    meter.compare(machine.freeEnergy(visible) + evidence, divergence)
    #expect(meter.value <= 1e-12)
    var turned = DeviationMeter()
    turned.compare(machine.freeEnergy(visible) + evidence, HelmholtzMachine.divergence(p, q))
    #expect(turned.value > 1e-2)
    var plain = DeviationMeter()
    plain.compare(machine.energy(visible, recognition: q) + evidence, divergence)
    #expect(plain.value > 1e-2)
  }

  @Test func divergenceOfExcludedStatesIsNothing() {
    let infinity = Double.infinity
    #expect(HelmholtzMachine.divergence([0, -infinity], [0, -infinity]) == 0)
    #expect(HelmholtzMachine.divergence([0, -infinity], [log(0.25), log(0.75)]) == log(4))
  }
}
