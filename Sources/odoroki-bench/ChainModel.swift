import DynamicModels
import Foundation
import TensorCore

/// A chain of levels of fixed width: two hidden states and one cause each, mildly nonlinear.
enum ChainModel {
  static func make(levels count: Int, samples: Int = 16) -> HierarchicalDynamicModel {
    let levels = (1...count).map { level($0) } + [prior(count)]
    return HierarchicalDynamicModel(
      levels: levels, stateOrder: 6, causeOrder: 3, smoothness: 0.5,
      time: SampleTimes(count: samples, step: 1))
  }

  private static func name(_ level: Int) -> String { level == 0 ? "y" : "v\(level)" }

  private static func isotropic(_ count: Int, _ precision: Double) -> PrecisionModel {
    PrecisionModel(fixed: .diagonal([Double](repeating: precision, count: count)))
  }

  private static func level(_ number: Int) -> Level {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: .vector(2))
    let v = builder.input("v", shape: .vector(1))
    _ = builder.input("theta", shape: .vector(0))
    let x1 = builder.element(x, axis: 0, index: 0)
    let x2 = builder.element(x, axis: 0, index: 1)
    let v1 = builder.element(v, axis: 0, index: 0)
    let f1 = builder.binary(.subtract, builder.unary(.tanh, x2), x1)
    let f2 = builder.binary(.subtract, v1, builder.binary(.add, x1, x2))
    builder.output("f", builder.stack([f1, f2]))
    builder.output("g", builder.stack([builder.binary(.add, x1, x2)]))
    return Level(
      states: VariableLayout([("x\(number)", .vector(2))]), initialStates: [0, 0],
      causes: VariableLayout([(name(number), .vector(1))]),
      outputs: VariableLayout([(name(number - 1), .vector(1))]), equations: builder.build(),
      outputPrecision: isotropic(1, exp(2)), statePrecision: isotropic(2, exp(3)))
  }

  private static func prior(_ count: Int) -> Level {
    var builder = ProgramBuilder()
    for port in ["x", "v", "theta"] { _ = builder.input(port, shape: .vector(0)) }
    builder.output("f", builder.zeros(.vector(0)))
    builder.output("g", builder.zeros(.vector(1)))
    return Level(
      states: .empty, initialStates: [], causes: .empty,
      outputs: VariableLayout([(name(count), .vector(1))]), equations: builder.build(),
      outputPrecision: isotropic(1, 1))
  }
}
