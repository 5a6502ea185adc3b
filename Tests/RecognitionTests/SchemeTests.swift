import DynamicModels
import Foundation
import ODEEngine
import TensorCore
import TestSupport
import Testing

@testable import Recognition

/// The process that belongs to the linear convolution model.
func convolutionProcess(
  outputPrecision: Double = exp(8), statePrecision: Double = exp(16), constantCause: Double? = nil,
  samples: Int = 32
) -> ProcessDescription {
  var builder = ProgramBuilder()
  let x = builder.input("x", shape: .vector(2))
  let v = builder.input("v", shape: .vector(1))
  _ = builder.input("t", shape: .scalar)
  let drift = SampleModels.apply(Tensor(rows: [[-0.25, 1], [-0.5, -0.25]]), x, &builder)
  let drive = SampleModels.apply(Tensor(rows: [[1], [0]]), v, &builder)
  builder.output("f", builder.binary(.add, drift, drive))
  builder.output("g", SampleModels.apply(SampleModels.mixing, x, &builder))
  var top = ProgramBuilder()
  for (port, shape) in [("x", Shape.vector(0)), ("v", .vector(0))] {
    _ = top.input(port, shape: shape)
  }
  let t = top.input("t", shape: .scalar)
  top.output("f", top.zeros(.vector(0)))
  if let constantCause {
    top.output("g", top.constant(Tensor(vector: [constantCause])))
  } else {
    let offset = top.binary(.subtract, t, top.constant(12))
    let square = top.binary(.multiply, top.constant(-0.25), top.binary(.multiply, offset, offset))
    top.output("g", top.reshape(top.unary(.exp, square), to: .vector(1)))
  }
  let first = VariableLayout([("x", .vector(2))])
  let cause = VariableLayout([("v", .vector(1))])
  return ProcessDescription(
    levels: [
      ProcessLevel(
        states: first, initialStates: [0, 0], causes: cause,
        outputs: VariableLayout([("y", .vector(4))]), equations: builder.build(),
        outputPrecision: .diagonal([Double](repeating: outputPrecision, count: 4)),
        statePrecision: .diagonal([Double](repeating: statePrecision, count: 2)), smoothness: 0.5),
      ProcessLevel(
        states: .empty, initialStates: [], causes: .empty, outputs: cause,
        equations: top.build(), outputPrecision: nil, statePrecision: nil, smoothness: 0.5),
    ], time: SampleTimes(count: samples, step: 1))
}

func correlation(_ a: [Double], _ b: [Double]) -> Double {
  let count = Double(a.count)
  let (meanA, meanB) = (a.reduce(0, +) / count, b.reduce(0, +) / count)
  var (ab, aa, bb) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a, b) {
    ab += (x - meanA) * (y - meanB)
    aa += (x - meanA) * (x - meanA)
    bb += (y - meanB) * (y - meanB)
  }
  return ab / (aa * bb).squareRoot()
}

@Suite("Recognition over a record")
struct SchemeTests {
  private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  @Test(
    "recovers the cause of the convolution model", arguments: [(exp(8.0), 0.95), (exp(32.0), 0.99)])
  func recoversCause(outputPrecision: Double, least: Double) throws {
    let model = SampleModels.convolution()
    var correlations: [Double] = []
    for seed in 1...20 {
      let truth = try GenerativeProcess(
        convolutionProcess(outputPrecision: outputPrecision), seed: UInt64(seed)
      ).simulate()
      let record = try RecognitionScheme().run(
        model, on: RecognitionInput(data: truth.data, model: model))
      #expect(record.failure == nil && record.completed == 32)
      correlations.append(
        correlation(record.levels[1].outputs.mean.values, truth.levels[1].outputs.values))
    }
    #expect(median(correlations) >= least)
  }
}
