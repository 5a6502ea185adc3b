internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The precision of a group of errors that depends on states, causes or parameters (mathematics §4).
///
///     V_k    gains   ½ ε̃ᵀ(∂_kΠ̃)ε̃ − ½ tr(Π̃⁻¹∂_kΠ̃)
///     H_kl   gains   ½ tr(Π̃⁻¹∂_kΠ̃ Π̃⁻¹∂_lΠ̃)
///
/// the second being the expectation of the energy's second derivative. Π̃ uses Π at order zero, so
/// only unknowns of order zero gain anything.
///
/// Reference: Feldman & Friston 2010, Front Hum Neurosci 4:215.
final class DependentPrecision {
  /// The index of the group among the errors.
  let group: Int
  private let equations: PrecisionEquations
  private let rows: Int
  private let fixed: [Double]
  /// The unknowns and then the parameter directions that Π depends on.
  let unknowns: [Int]
  let directions: [Int]
  /// Π on the channels that are there, zero elsewhere, and its logarithm's determinant.
  private(set) var precision: [Double]
  private(set) var logDeterminant = 0.0
  /// ∂Π by unknowns and directions, and Π⁻¹∂Π, over the channels that are there.
  private var slopes: [Tensor<Double>] = []
  private var weighted: [Tensor<Double>] = []
  private var present: [Int] = []
  private let level: Int

  /// Prepares a group whose precision depends on something; nil where it does not.
  init?(
    _ model: HierarchicalDynamicModel, errors: HierarchyErrors, space: ParameterSpace,
    group index: Int
  ) {
    let source = errors.groups[index]
    let model = model.level(source.level)
    let isStates = source.kind == .states
    let own = isStates ? model.statePrecision : model.outputPrecision
    guard
      own.isStateDependent,
      let equations = PrecisionEquations(
        model, space: space,
        port: isStates ? Level.Port.statePrecision : Level.Port.outputPrecision)
    else { return nil }
    group = index
    self.equations = equations
    rows = source.rows
    level = source.level - 1
    // The equations replace the fixed part; known components add to them.
    var held = [Double](repeating: 0, count: rows * rows)
    for component in own.components where component.priorVariance == 0 {
      for place in held.indices {
        held[place] += exp(component.priorMean) * component.matrix.values[place]
      }
    }
    fixed = held
    let layout = errors.layout
    let counts = equations.inputCounts
    unknowns =
      (0..<counts[0]).map { layout.state(source.level - 1, 0, $0) }
      + (0..<counts[1]).map { layout.cause(source.level - 1, 0, $0) }
    directions = (0..<counts[2]).map { errors.freeOffsets[source.level - 1] + $0 }
    precision = [Double](repeating: 0, count: rows * rows)
  }

  /// Evaluates Π and its derivatives at the unknowns, on some channels.
  func update(
    _ u: [Double], free: [Double], present: [Int], errors: HierarchyErrors
  ) throws(LinearAlgebraError) {
    self.present = present
    let layout = errors.layout
    let counts = equations.inputCounts
    let (x, v) = (layout.state(level, 0, 0), layout.cause(level, 0, 0))
    let p = errors.freeOffsets[level]
    equations.run(
      states: u[x..<(x + counts[0])], causes: u[v..<(v + counts[1])],
      free: free[p..<(p + counts[2])])
    var whole = Tensor(shape: .matrix(rows, rows), values: fixed)
    for a in 0..<rows {
      for b in 0..<rows { whole[a, b] += equations.precision(a, b) }
    }
    var parts: [Tensor<Double>] = []
    for (kind, count) in counts.enumerated() {
      for entry in 0..<count {
        var slope = Tensor<Double>(repeating: 0, shape: whole.shape)
        for a in 0..<rows {
          for b in 0..<rows {
            slope[a, b] = equations.slope(a, b, kind: kind, index: entry)
          }
        }
        parts.append(slope)
      }
    }
    let reduced = try GroupPrecision.observed(whole, parts: parts, present: present)
    let factor = try CholeskyFactor(reduced.precision)
    logDeterminant = factor.logDeterminant
    slopes = reduced.parts
    weighted = slopes.map { factor.solve($0) }
    for index in precision.indices { precision[index] = 0 }
    for (i, a) in present.enumerated() {
      for (j, b) in present.enumerated() { precision[a * rows + b] = reduced.precision[i, j] }
    }
  }

  /// `½ ε̃ᵀ(∂Π̃)ε̃ − ½ tr(Π̃⁻¹∂Π̃)` by the k-th of unknowns and directions.
  func slope(_ k: Int, errors source: ErrorGroup) -> Double {
    let n = source.orders
    let s = source.temporal.precision.values
    var energy = 0.0
    for j in 0..<n {
      var other = j % 2
      while other < n {
        let gain = s[j * n + other]
        for (a, row) in present.enumerated() {
          for (b, column) in present.enumerated() {
            energy +=
              gain * slopes[k][a, b] * source.errors[j * rows + row]
              * source.errors[other * rows + column]
          }
        }
        other += 2
      }
    }
    var trace = 0.0
    for a in present.indices { trace += weighted[k][a, a] }
    return 0.5 * (energy - Double(n) * trace)
  }

  /// `½ tr(Π̃⁻¹∂_kΠ̃ Π̃⁻¹∂_lΠ̃)`.
  func information(_ k: Int, _ l: Int, orders: Int) -> Double {
    var sum = 0.0
    for a in present.indices {
      for b in present.indices { sum += weighted[k][a, b] * weighted[l][b, a] }
    }
    return 0.5 * Double(orders) * sum
  }

  /// How many channels are there.
  var channels: Int { present.count }
}
