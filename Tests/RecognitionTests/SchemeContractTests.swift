import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

/// What every scheme owes its callers (`InversionScheme`), one test for all of them.
@Suite("The contract of inversion schemes")
struct SchemeContractTests {
  /// A scheme with a model that it can invert.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let scheme: any InversionScheme
    var isLearning = false
    var testDescription: String { name }

    func problem() throws -> (HierarchicalDynamicModel, RecognitionInput) {
      let model = SampleModels.convolution()
      var source = RandomSource(seed: 11)
      let count = model.time.count * model.level(1).outputs.count
      let data = Tensor(
        shape: .matrix(model.time.count, model.level(1).outputs.count),
        values: source.normals(count).map { 0.3 * $0 })
      return (model, RecognitionInput(data: data, model: model))
    }
  }

  static let cases = [
    Case(name: "recognition", scheme: RecognitionScheme()),
    Case(name: "dem", scheme: DynamicExpectationMaximization()),
    Case(
      name: "dem as the reference does it",
      scheme: DynamicExpectationMaximization(
        settings: InversionSettings(scheme: .dem, reference: .spm))),
    Case(name: "kalman", scheme: KalmanScheme()),
    Case(name: "filter", scheme: GeneralizedFilter()),
    Case(
      name: "filter as the reference does it",
      scheme: GeneralizedFilter(settings: InversionSettings(scheme: .filter, reference: .spm))),
  ]

  @Test("the same model and data give the same record", arguments: cases)
  func determinism(_ entry: Case) throws {
    let (model, input) = try entry.problem()
    let first = try entry.scheme.run(model, on: input)
    let second = try entry.scheme.run(model, on: input)
    #expect(first.levels[0].states.mean.values == second.levels[0].states.mean.values)
    #expect(first.freeEnergy == second.freeEnergy)
    #expect(first.passes == second.passes)
  }

  @Test("steps count up, end once, and the last of them changes nothing more", arguments: cases)
  func steps(_ entry: Case) throws {
    try check(entry.scheme, entry)
  }

  private func check<Scheme: InversionScheme>(_ scheme: Scheme, _ entry: Case) throws {
    let (model, input) = try entry.problem()
    var state = try scheme.initialState(model, on: input)
    #expect(scheme.record(of: state).completed == 0)
    var infos: [InversionInfo] = []
    repeat {
      infos.append(try scheme.step(&state, shouldStop: nil))
      try #require(infos.count <= infos[0].limit)
    } while infos.last?.isFinished != true
    #expect(infos.map(\.completed) == Array(1...infos.count))
    let record = scheme.record(of: state)
    let again = try scheme.step(&state, shouldStop: nil)
    #expect(again.isFinished && again.completed == infos.last?.completed)
    let after = scheme.record(of: state)
    #expect(after.levels[0].states.mean.values == record.levels[0].states.mean.values)
    // What was reached is there, in full.
    #expect(record.completed == model.time.count)
    #expect(record.freeEnergy.count == record.completed)
    let whole = try scheme.run(model, on: input)
    #expect(whole.failure == nil)
    #expect(whole.levels[0].states.mean.values == record.levels[0].states.mean.values)
    for level in record.levels.dropLast() {
      for population in [level.states, level.outputs] {
        #expect(population.mean.values.allSatisfy { $0.isFinite })
        #expect(population.standardDeviation.values.allSatisfy { $0 >= 0 })
        for sample in 0..<population.mean.rows {
          for a in 0..<population.mean.columns {
            expectClose(
              population.covariance[sample, a, a],
              population.standardDeviation[sample, a] * population.standardDeviation[sample, a],
              within: .identity)
          }
        }
      }
    }
    for terms in record.freeEnergy {
      expectClose(terms.freeEnergy, terms.energy - terms.entropy, within: .identity)
      expectClose(terms.freeEnergy, terms.complexity - terms.accuracy, within: .identity)
    }
    // Whoever asks to stop gets what is there, and is told.
    let stopped = try scheme.run(model, on: input, shouldStop: { true })
    if infos.count > 1 || infos[0].unit == .sample { #expect(stopped.failure == .stopped) }
    #expect(stopped.freeEnergy.count == stopped.completed)
  }

  @Test("data of another width are refused", arguments: cases)
  func width(_ entry: Case) throws {
    let (model, input) = try entry.problem()
    var wrong = input
    wrong.data = Tensor(repeating: 0, shape: .matrix(model.time.count, 1))
    #expect(throws: RecognitionError.self) { try entry.scheme.run(model, on: wrong) }
  }
}
