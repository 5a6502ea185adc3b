import DynamicModels
import Foundation
import TensorCore
import TestSupport
import Testing

@testable import Recognition

@Suite("Levels of errors as a chain of blocks")
struct HierarchyTests {
  /// A chain of mildly nonlinear levels with unknown parameters: two states and a cause each.
  static func chain(_ depth: Int, samples: Int = 8, isLinear: Bool = false)
    -> HierarchicalDynamicModel
  {
    var levels = (1...depth).map { number in
      SampleModels.level(
        states: 2, causes: 1, outputs: 1,
        names: ("x\(number)", "v\(number)", number == 1 ? "y" : "v\(number - 1)"),
        parameters: [-0.4], parameterVariance: 0.1,
        outputPrecision: PrecisionModel(
          fixed: .diagonal([exp(1)]),
          components: [
            PrecisionComponent(
              name: "h\(number)", matrix: .diagonal([1]), priorMean: 1, priorVariance: 0.5)
          ]),
        statePrecision: SampleModels.isotropic(exp(2), 2)
      ) { builder, x, v, theta in
        let x1 = builder.element(x, axis: 0, index: 0)
        let x2 = builder.element(x, axis: 0, index: 1)
        let v1 = builder.element(v, axis: 0, index: 0)
        let decay = builder.binary(
          .multiply, builder.element(theta, axis: 0, index: 0), x1)
        let bent = isLinear ? x2 : builder.unary(.tanh, x2)
        let f1 = builder.binary(.add, decay, bent)
        let f2 = builder.binary(.subtract, v1, builder.binary(.add, x1, x2))
        return (builder.stack([f1, f2]), builder.stack([builder.binary(.add, x1, x2)]))
      }
    }
    levels.append(SampleModels.prior("v\(depth)", [0.2], precision: 1))
    return HierarchicalDynamicModel(
      levels: levels, stateOrder: 4, causeOrder: 2, smoothness: 0.5,
      time: SampleTimes(count: samples, step: 1))
  }

  private func errors(_ model: HierarchicalDynamicModel, isDense: Bool) throws -> HierarchyErrors {
    let spaces = try model.levels.map {
      try ParameterSpace(priorCovariance: $0.parameterPriorCovariance)
    }
    return HierarchyErrors(model, spaces: spaces, confoundCount: 0, isDense: isDense)
  }

  @Test("a chain of blocks says what the dense matrix says", arguments: [true, false])
  func chainEqualsDense(isLinear: Bool) throws {
    let model = Self.chain(5, isLinear: isLinear)
    let (blocks, dense) = (try errors(model, isDense: false), try errors(model, isDense: true))
    #expect(blocks.layout.chain.sizes.count == 5 && dense.layout.chain.sizes.count == 1)
    var source = RandomSource(seed: 21)
    let u = source.normals(blocks.layout.count)
    let free = source.normals(blocks.freeCount)
    let data = source.normals(model.stateOrder)
    let prior = source.normals(model.causeOrder)
    let r = blocks.freeCount
    var covariance = [Double](repeating: 0, count: r * r)
    for index in 0..<r { covariance[index * r + index] = 0.02 * Double(index + 1) }
    var posteriors: [StatePosterior] = []
    var steps: [[Double]] = []
    for own in [blocks, dense] {
      own.linearize(u, free: free)
      own.evaluate(u, data: data, prior: prior)
      let precision = HierarchyPrecision(model, errors: own, reference: .exact)
      let precisions = precision.groups.map {
        $0.precision([Double](repeating: 0.7, count: precision.slots.count)).values
      }
      let posterior = StatePosterior(own)
      try posterior.compute(
        precisions: precisions, prior: [], parameterCovariance: covariance, all: r, weight: 1,
        counted: nil)
      posteriors.append(posterior)
      var gradient = [Double](repeating: 0, count: u.count)
      for (index, group) in own.groups.enumerated() {
        group.weigh(precisions[index])
        group.addMessage(group.weighted, through: group.jacobian, to: &gradient)
      }
      let integrator = StateIntegrator(own, gain: 1, step: 0.5, isReference: false)
      #expect(integrator.prepare(posterior.curvature))
      var moved = u
      #expect(
        integrator.advance(
          &moved, gradient: gradient, precisions: precisions, data: data, prior: prior))
      steps.append(moved)
    }
    let (a, b) = (posteriors[0], posteriors[1])
    expectClose(a.logDeterminant, b.logDeterminant, within: .reference)
    expectClose(a.sensoryTrace, b.sensoryTrace, within: .reference)
    expectClose(a.otherTrace, b.otherTrace, within: .reference)
    expectClose(a.parameterPull, b.parameterPull, within: .reference)
    expectClose(a.parameterCurvature, b.parameterCurvature, within: .reference)
    for (first, second) in zip(a.spreads, b.spreads) {
      expectClose(first, second, within: .reference)
    }
    let size = steps[1].reduce(0) { max($0, abs($1)) }
    for (first, second) in zip(steps[0], steps[1]) { #expect(abs(first - second) <= 1e-9 * size) }
    for row in 0..<u.count {
      for column in 0..<u.count {
        guard let place = blocks.layout.chain.place(row: row, column: column),
          let other = dense.layout.chain.place(row: row, column: column)
        else { continue }
        expectClose(a.covariance[place], b.covariance[other], within: .reference)
        expectClose(a.curvature[place], b.curvature[other], within: .reference)
      }
    }
  }

  @Test("errors and their derivative agree with differences of the errors, order by order")
  func derivative() throws {
    let model = Self.chain(3, isLinear: true)
    let own = try errors(model, isDense: false)
    var source = RandomSource(seed: 4)
    var u = source.normals(own.layout.count)
    let free = source.normals(own.freeCount)
    let data = source.normals(model.stateOrder)
    own.linearize(u, free: free)
    func values() -> [[Double]] {
      own.evaluate(u, data: data, prior: [0.3, 0.1])
      return own.groups.map(\.errors)
    }
    let base = values()
    for place in u.indices {
      let held = u[place]
      u[place] = held + 1
      let moved = values()
      u[place] = held
      for (index, group) in own.groups.enumerated() {
        let c = group.columns
        for order in 0..<group.orders where group.kind != .states || order + 1 < group.orders {
          for row in 0..<group.rows {
            var slope = 0.0
            for column in 0..<c where group.positions[order * c + column] == place {
              slope += group.jacobian[row * c + column]
            }
            let at = order * group.rows + row
            expectClose(moved[index][at] - base[index][at], slope, within: .identity)
          }
        }
      }
    }
  }

  @Test("a deep chain is inverted, and its passes never raise F")
  func deepChain() throws {
    let model = Self.chain(6, samples: 12)
    var source = RandomSource(seed: 9)
    let data = Tensor(shape: .matrix(12, 1), values: source.normals(12).map { 0.4 * $0 })
    let record = try DynamicExpectationMaximization(
      settings: InversionSettings(scheme: .dem, iterations: 4)
    ).run(model, on: RecognitionInput(data: data, model: model))
    #expect(record.failure == nil && record.completed == 12)
    let kept = record.passes.filter(\.isAccepted).map(\.freeEnergy)
    for (before, after) in zip(kept, kept.dropFirst()) { #expect(after <= before) }
    let evidence = try #require(record.evidence)
    expectClose(evidence.freeEnergy, record.totalFreeEnergy ?? .nan, within: .reference(1e-9))
    #expect(evidence.complexities.contains { $0.block == "parameters.theta" })
    for part in evidence.complexities where part.block.hasPrefix("parameters") {
      #expect(part.value >= 0)
    }
  }
}

@Suite("Memory of expectation maximisation")
struct ExpectationMemoryTests {
  @Test("a pass allocates nothing per sample")
  func allocation() async {
    // In a process of its own, where no other test allocates meanwhile.
    await #expect(processExitsWith: .success) {
      for model in [
        SampleModels.convolution(), HierarchyTests.chain(2, samples: 24),
        HierarchyTests.chain(5, samples: 24), SampleModels.hierarchy(),
      ] {
        let count = model.time.count
        let channels = model.level(1).outputs.count
        var source = RandomSource(seed: 1)
        let data = Tensor(
          shape: .matrix(count, channels),
          values: source.normals(count * channels).map { 0.2 * $0 })
        let scheme = DynamicExpectationMaximization()
        var state = try scheme.initialState(
          model, on: RecognitionInput(data: data, model: model))
        // One pass first, so that parameters and log-precisions have covariances.
        _ = try scheme.step(&state, shouldStop: nil)
        let precisions = try state.preparePass(iteration: 2)
        for sample in 1...count {
          try state.visit(sample, iteration: 2, precisions: precisions)
        }
        let last = state
        let allocates = AllocationProbe.allocates {
          try? last.visit(count, iteration: 2, precisions: precisions)
        }
        if allocates { exit(3) }
      }
    }
  }
}
