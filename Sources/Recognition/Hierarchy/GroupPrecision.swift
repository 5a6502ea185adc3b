internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The precision of one group of errors, `Π(λ) = fixed + Σ e^λ Q`, on the channels that are there.
///
/// Where channels are missing their variance is integrated out: with o and m the observed and the
/// missing ones,
///
///     Π_o = Π_oo − Π_om Π_mm⁻¹ Π_mo = TᵀΠT,   T = [I; −Π_mm⁻¹Π_mo],   ∂Π_o = Tᵀ ∂Π T
struct GroupPrecision {
  let rows: Int
  let fixed: Tensor<Double>
  /// The unknown parts and the places of their log-precisions in λ.
  let components: [(matrix: Tensor<Double>, slot: Int)]

  /// Π(λ) of all channels.
  func precision(_ lambda: [Double]) -> Tensor<Double> {
    var result = fixed
    for component in components {
      let gain = exp(lambda[component.slot])
      for index in result.values.indices {
        result.values[index] += gain * component.matrix.values[index]
      }
    }
    return result
  }

  /// Π_o, and the `e^λ Q` of every component as they act on the observed channels.
  func observed(
    _ lambda: [Double], present: [Int]
  ) throws(LinearAlgebraError) -> (precision: Tensor<Double>, components: [Tensor<Double>]) {
    let whole = precision(lambda)
    let parts = components.map { component in
      let gain = exp(lambda[component.slot])
      return Tensor(shape: whole.shape, values: component.matrix.values.map { gain * $0 })
    }
    let reduced = try Self.observed(whole, parts: parts, present: present)
    return (reduced.precision, reduced.parts)
  }

  /// Any Π, and derivatives of it, on the channels that are there.
  static func observed(
    _ whole: Tensor<Double>, parts: [Tensor<Double>], present: [Int]
  ) throws(LinearAlgebraError) -> (precision: Tensor<Double>, parts: [Tensor<Double>]) {
    let rows = whole.rows
    if present.count == rows { return (whole, parts) }
    let missing = (0..<rows).filter { !present.contains($0) }
    var map = Tensor<Double>(repeating: 0, shape: .matrix(rows, present.count))
    for (column, row) in present.enumerated() { map[row, column] = 1 }
    let own = Tensor(rows: missing.map { row in missing.map { whole[row, $0] } })
    // A flat missing channel tells nothing about the others.
    let isFlat = missing.allSatisfy { row in (0..<rows).allSatisfy { whole[row, $0] == 0 } }
    if !isFlat && !present.isEmpty {
      let other = Tensor(rows: missing.map { row in present.map { whole[row, $0] } })
      let solved = try LinearAlgebra.solve(own, other)
      for (i, row) in missing.enumerated() {
        for column in present.indices { map[row, column] = -solved[i, column] }
      }
    }
    func reduce(_ a: Tensor<Double>) -> Tensor<Double> {
      LinearAlgebra.product(LinearAlgebra.transpose(map), LinearAlgebra.product(a, map))
    }
    return (reduce(whole), parts.map(reduce))
  }
}

/// The precisions of all errors of a model, with their unknown log-precisions.
struct HierarchyPrecision {
  /// An unknown log-precision.
  struct Slot {
    var level: Int
    var name: String
    var mean: Double
    var variance: Double
  }

  let groups: [GroupPrecision]
  /// λ: the outputs of all levels first, then the states of all levels.
  let slots: [Slot]
  private let errors: HierarchyErrors

  init(
    _ model: HierarchicalDynamicModel, errors: HierarchyErrors,
    reference: InversionSettings.Reference
  ) {
    self.errors = errors
    var slots: [Slot] = []
    for isOutput in [true, false] {
      for (index, level) in model.levels.enumerated() {
        for component in (isOutput ? level.outputPrecision : level.statePrecision).components
        where component.priorVariance > 0 {
          slots.append(
            Slot(
              level: index + 1, name: component.name, mean: component.priorMean,
              variance: component.priorVariance))
        }
      }
    }
    self.slots = slots
    // The reference counts components level by level and their priors kind by kind.
    var sequence = 0
    groups = errors.groups.map { group in
      let level = model.level(group.level)
      let source = group.kind == .states ? level.statePrecision : level.outputPrecision
      var fixed = source.fixed
      var components: [(matrix: Tensor<Double>, slot: Int)] = []
      for component in source.components {
        guard component.priorVariance > 0 else {
          for entry in fixed.values.indices {
            fixed.values[entry] += exp(component.priorMean) * component.matrix.values[entry]
          }
          continue
        }
        let own = slots.firstIndex { $0.level == group.level && $0.name == component.name }
        components.append((component.matrix, reference == .spm ? sequence : own ?? sequence))
        sequence += 1
      }
      return GroupPrecision(rows: group.rows, fixed: fixed, components: components)
    }
  }

  /// `ln |Π̃|` of a group with the precision Π `[k × k]` of the channels that are there.
  ///
  /// With `counted` only those errors count, as the reference does it.
  func logDeterminant(
    _ index: Int, _ precision: Tensor<Double>, counted: [Bool]? = nil
  ) throws(LinearAlgebraError) -> Double {
    let temporal = errors.groups[index].temporal
    let rows = precision.rows
    if rows == 0 { return 0 }
    let places = (0..<(rows * temporal.orders)).filter { counted?[$0] ?? true }
    if places.count == rows * temporal.orders, let own = try? CholeskyFactor(precision) {
      return temporal.generalizedLogDeterminant(own.logDeterminant, channels: rows)
    }
    var dense = Tensor<Double>(repeating: 0, shape: .matrix(places.count, places.count))
    for (row, a) in places.enumerated() {
      for (column, b) in places.enumerated() {
        dense[row, column] =
          temporal.precision[a / rows, b / rows] * precision[a % rows, b % rows]
      }
    }
    return try logDeterminantOfCovariance(dense)
  }

  // MARK: Habits of the reference

  /// What the reference adds to the diagonal of the whole Π̃ before it inverts it.
  func diagonalLoad(_ lambda: [Double]) -> Double {
    func norm(_ a: Tensor<Double>) -> Double {
      (0..<a.rows).reduce(0) { largest, row in
        max(largest, (0..<a.columns).reduce(0) { $0 + abs(a[row, $1]) })
      }
    }
    var size = 0.0
    var count = 0
    for (group, own) in zip(errors.groups, groups) {
      size = max(size, norm(group.temporal.precision) * norm(own.precision(lambda)))
      count += group.orders * group.rows
    }
    return max(size.ulp * Double(count), RegularizedStep.leastLoad)
  }

  /// Per group, which errors `[n × rows]` the reference counts in F: known precision below e¹⁶.
  var countedErrors: [[Bool]] {
    zip(errors.groups, groups).map { group, own in
      (0..<(group.orders * group.rows)).map {
        let (order, row) = $0.quotientAndRemainder(dividingBy: group.rows)
        return group.temporal.precision[order, order] * own.fixed[row, row] < exp(16)
      }
    }
  }

  /// Which unknowns the reference counts in q(u): it reads them off the errors as though these were
  /// ordered by level first.
  var countedUnknowns: [Bool] {
    let counted = countedErrors
    let layout = errors.layout
    let n = layout.stateOrder
    // The reference's stack of errors: [order][y, v2, v3 …].
    var stack: [Bool] = []
    var stateStack: [Bool] = []
    for order in 0..<n {
      for (index, group) in errors.groups.enumerated() {
        let own = counted[index][(order * group.rows)..<((order + 1) * group.rows)]
        if group.kind == .states { stateStack += own } else { stack += own }
      }
    }
    let first = n * errors.groups[errors.dataGroup].rows
    let states = layout.stateCounts.reduce(0, +)
    let causes = layout.causeCounts.reduce(0, +)
    var result = [Bool](repeating: true, count: layout.count)
    for index in result.indices {
      let (level, isState, order, entry) = layout.description(of: index)
      if isState {
        let before = layout.stateCounts[..<level].reduce(0, +)
        result[index] = stateStack[order * states + before + entry]
      } else {
        let before = layout.causeCounts[..<level].reduce(0, +)
        result[index] = stack[first + order * causes + before + entry]
      }
    }
    return result
  }
}
