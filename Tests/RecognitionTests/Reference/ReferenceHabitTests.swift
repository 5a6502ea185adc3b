import DynamicModels
import Foundation
import ReferenceCases
import TensorCore
import TestSupport
import Testing

@testable import Recognition

/// That `reference: spm` differs from `exact` by what the reference does wrong, and by nothing else.
@Suite("What the reference does differently")
struct ReferenceHabitTests {
  private func session(
    _ model: HierarchicalDynamicModel, _ input: RecognitionInput,
    _ reference: InversionSettings.Reference, iterations: Int = 8
  ) throws -> ExpectationMaximizationSession {
    let scheme = DynamicExpectationMaximization(
      settings: InversionSettings(scheme: .dem, iterations: iterations, reference: reference))
    var state = try scheme.initialState(model, on: input)
    while try !scheme.step(&state, shouldStop: nil).isFinished {}
    return state
  }

  @Test("log-precisions get one another's priors where two levels mix outputs and states")
  func componentOrder() throws {
    func model(_ means: [Double]) -> HierarchicalDynamicModel {
      var chain = HierarchyTests.chain(2, samples: 16, isLinear: true)
      for level in 0..<2 {
        chain.levels[level].parameterPriorCovariance.values[0] = 0
        chain.levels[level].outputPrecision = PrecisionModel(
          fixed: .diagonal([0]),
          components: [
            PrecisionComponent(
              name: "h", matrix: .diagonal([1]), priorMean: means[2 * level], priorVariance: 0.2)
          ])
        chain.levels[level].statePrecision = PrecisionModel(
          fixed: .diagonal([0, 0]),
          components: [
            PrecisionComponent(
              name: "g", matrix: .diagonal([1, 1]), priorMean: means[2 * level + 1],
              priorVariance: 0.2)
          ])
      }
      return chain
    }
    // Components: outputs and states of level 1, then of level 2. The reference reads the second
    // prior for the third component and the third for the second.
    let (own, swapped) = (model([1, 2, 0.5, 1.5]), model([1, 0.5, 2, 1.5]))
    var source = RandomSource(seed: 2)
    let data = Tensor(shape: .matrix(16, 1), values: source.normals(16).map { 0.4 * $0 })
    let spm = try session(own, RecognitionInput(data: data, model: own), .spm, iterations: 1)
    let exact = try session(
      swapped, RecognitionInput(data: data, model: swapped), .exact, iterations: 1)
    // Names of ours: all outputs first. Its second slot is the second component.
    let found = spm.lambda
    let expected = [exact.lambda[0], exact.lambda[2], exact.lambda[1], exact.lambda[3]]
    expectClose(found, expected, within: .reference(1e-8))
    let honest = try session(own, RecognitionInput(data: data, model: own), .exact, iterations: 1)
    #expect(abs(honest.lambda[1] - found[1]) > 0.1)
  }

  @Test("precise data mask causes that are not precise at all")
  func maskOrder() throws {
    var model = SampleModels.convolution()
    model.levels[0].outputPrecision = SampleModels.isotropic(exp(28), 4)
    let input = RecognitionInput(
      data: Tensor(repeating: 0.1, shape: .matrix(model.time.count, 4)), model: model)
    let spm = try session(model, input, .spm)
    // By the errors of the causes' own level none would be left out.
    let layout = spm.errors.layout
    let counted = spm.precision.countedUnknowns
    let prior = try #require(spm.errors.priorGroup)
    #expect(spm.precision.countedErrors[prior].allSatisfy { $0 })
    #expect((0..<layout.causeOrder).contains { !counted[layout.cause(0, $0, 0)] })
    // Their covariance is then reported as zero; the exact one is not.
    let exact = try session(model, input, .exact)
    var (a, b) = (InversionRecord(model: model), InversionRecord(model: model))
    spm.write(into: &a)
    exact.write(into: &b)
    let masked = !counted[layout.cause(0, 0, 0)]
    #expect((a.levels[1].outputs.standardDeviation[5, 0] == 0) == masked)
    #expect(b.levels[1].outputs.standardDeviation[5, 0] > 0)
  }

  @Test("the states of a rejected pass are reported, ours are those of the accepted one")
  func rejectedPass() throws {
    let reference = try ReferenceCase("GLM")
    for habit in [InversionSettings.Reference.spm, .exact] {
      let scheme = DynamicExpectationMaximization(
        settings: InversionSettings(
          scheme: .dem, stepsPerSample: reference.settings.stepsPerSample, iterations: 16,
          reference: habit))
      var state = try scheme.initialState(reference.model, on: reference.input)
      while try !scheme.step(&state, shouldStop: nil).isFinished {}
      guard state.history.last?.isAccepted == false else { continue }
      let reported = try #require(state.reported)
      let accepted = try #require(state.accepted?.pass)
      #expect((reported === accepted) == (habit == .exact))
    }
  }

  @Test("without masks and parameters the two free energies differ by their constants alone")
  func freeEnergyAtTheBorder() throws {
    var model = SampleModels.convolution()
    model.levels[0].outputPrecision = SampleModels.isotropic(exp(3), 4)
    model.levels[0].statePrecision = SampleModels.isotropic(exp(4), 2)
    var source = RandomSource(seed: 6)
    let count = model.time.count
    let data = Tensor(shape: .matrix(count, 4), values: source.normals(4 * count))
    let input = RecognitionInput(data: data, model: model)
    let spm = try session(model, input, .spm)
    let exact = try session(model, input, .exact)
    #expect(spm.precision.countedErrors.allSatisfy { $0.allSatisfy { $0 } })
    let n = model.stateOrder
    let errors = spm.errors.groups.reduce(0) { $0 + n * $1.rows }
    let constant =
      0.5 * Double(count) * Double(errors - spm.errors.layout.count - n * 4) * log(2 * Double.pi)
    let found = try #require(spm.history.last?.freeEnergy)
    let own = try #require(exact.history.last?.freeEnergy)
    expectClose(own, found + constant, within: .reference(1e-9))
  }
}
