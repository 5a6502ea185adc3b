internal import DynamicModels
internal import Foundation
internal import TensorCore

/// One population of errors, `S⁻¹ ⊗ Π(λ)`: a level's outputs or its states.
struct PrecisionBlock {
  /// The 1-based level and whether these are its outputs.
  let level: Int
  let isOutput: Bool
  /// Entry a of order k stands at `base + k · stride + a` among all errors.
  let base: Int
  let stride: Int
  let count: Int
  let temporal: TemporalCovariance
  /// The known part `[count × count]`.
  let fixed: Tensor<Double>
  /// The unknown parts and the places of their log-precisions in λ.
  var components: [(matrix: Tensor<Double>, slot: Int)] = []

  /// Π(λ).
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

  func index(_ order: Int, _ entry: Int) -> Int { base + order * stride + entry }
}

/// The precisions of all errors of a model, with their unknown log-precisions.
struct ErrorPrecision {
  var blocks: [PrecisionBlock] = []
  let layout: ErrorLayout
  /// The names, levels and priors of λ: outputs of all levels first, then states of all levels.
  let slots: [(level: Int, name: String, mean: Double, variance: Double)]

  init(
    model: HierarchicalDynamicModel, layout: ErrorLayout, reference: InversionSettings.Reference
  ) {
    self.layout = layout
    var slots: [(level: Int, name: String, mean: Double, variance: Double)] = []
    for isOutput in [true, false] {
      for (index, level) in model.levels.enumerated() {
        for component in (isOutput ? level.outputPrecision : level.statePrecision).components
        where component.priorVariance > 0 {
          slots.append(
            (index + 1, component.name, component.priorMean, component.priorVariance))
        }
      }
    }
    self.slots = slots
    var sequence = 0
    for (index, level) in model.levels.enumerated() {
      for isOutput in [true, false] {
        let source = isOutput ? level.outputPrecision : level.statePrecision
        let count = isOutput ? level.outputs.count : level.states.count
        if count == 0 { continue }
        var fixed = source.fixed
        var components: [(matrix: Tensor<Double>, slot: Int)] = []
        for component in source.components {
          guard component.priorVariance > 0 else {
            for entry in fixed.values.indices {
              fixed.values[entry] += exp(component.priorMean) * component.matrix.values[entry]
            }
            continue
          }
          // The reference counts components level by level and their priors kind by kind.
          let own = slots.firstIndex { $0.level == index + 1 && $0.name == component.name }
          components.append(
            (component.matrix, reference == .spm ? sequence : own ?? sequence))
          sequence += 1
        }
        blocks.append(
          PrecisionBlock(
            level: index + 1, isOutput: isOutput,
            base: isOutput
              ? layout.outputOffsets[index] : layout.stateErrors + layout.stateOffsets[index],
            stride: isOutput ? layout.outputCount : layout.stateCount, count: count,
            temporal: TemporalCovariance(
              orders: layout.stateOrder, smoothness: model.smoothness(ofLevel: index + 1)),
            fixed: fixed, components: components))
      }
    }
  }

  /// What the reference adds to the diagonal of the whole Π̃ before it inverts it.
  func diagonalLoad(_ lambda: [Double]) -> Double {
    func norm(_ a: Tensor<Double>) -> Double {
      (0..<a.rows).reduce(0) { largest, row in
        max(largest, (0..<a.columns).reduce(0) { $0 + abs(a[row, $1]) })
      }
    }
    let size = blocks.reduce(0) {
      max($0, norm($1.temporal.precision) * norm($1.precision(lambda)))
    }
    return max(size.ulp * Double(layout.errorCount), RegularizedStep.leastLoad)
  }

  /// Which errors the reference counts in F: known precision below e¹⁶ at their order.
  var countedErrors: [Bool] {
    var counted = [Bool](repeating: true, count: layout.errorCount)
    for block in blocks {
      for order in 0..<layout.stateOrder {
        for entry in 0..<block.count {
          counted[block.index(order, entry)] =
            block.temporal.precision[order, order] * block.fixed[entry, entry] < exp(16)
        }
      }
    }
    return counted
  }

  /// Which unknowns the reference counts in the entropy: read off the errors as though they were
  /// ordered by level first.
  var countedUnknowns: [Bool] {
    let counted = countedErrors
    let states = (0..<layout.causes).map { counted[layout.stateErrors + $0] }
    let causes = (0..<(layout.causeOrder * layout.causeCount)).map {
      counted[layout.stateOrder * layout.dataCount + $0]
    }
    return states + causes
  }

  /// Writes `Π̃ X` for X `[n_ε × columns]`; `precisions` holds Π of every block.
  func apply(
    _ precisions: [Tensor<Double>], to x: [Double], columns: Int, into result: inout [Double]
  ) {
    let n = layout.stateOrder
    for index in result.indices { result[index] = 0 }
    for (block, precision) in zip(blocks, precisions) {
      let count = block.count
      let temporal = block.temporal.precision.values
      for row in 0..<count {
        for column in 0..<count {
          let weight = precision.values[row * count + column]
          if weight == 0 { continue }
          for order in 0..<n {
            let out = block.index(order, row) * columns
            var other = order % 2
            while other < n {
              let gain = weight * temporal[order * n + other]
              let source = block.index(other, column) * columns
              for place in 0..<columns { result[out + place] += gain * x[source + place] }
              other += 2
            }
          }
        }
      }
    }
  }

  /// Adds `Σ_jk S⁻¹_jk X_j Y_kᵀ` of one block to its `[count × count]` accumulator.
  func contract(
    _ block: PrecisionBlock, _ x: [Double], _ y: [Double], columns: Int,
    into result: inout [Double], scale: Double = 1
  ) {
    let n = layout.stateOrder
    let temporal = block.temporal.precision.values
    for order in 0..<n {
      var other = order % 2
      while other < n {
        let gain = scale * temporal[order * n + other]
        for row in 0..<block.count {
          let left = block.index(order, row) * columns
          for column in 0..<block.count {
            let right = block.index(other, column) * columns
            var total = 0.0
            for place in 0..<columns { total += x[left + place] * y[right + place] }
            result[row * block.count + column] += gain * total
          }
        }
        other += 2
      }
    }
  }

  /// `ln |Π̃|` of the errors that count; all of them where `counted` is nil.
  func logDeterminant(
    _ precisions: [Tensor<Double>], counted: [Bool]?
  ) throws(LinearAlgebraError) -> Double {
    var total = 0.0
    let n = layout.stateOrder
    for (block, precision) in zip(blocks, precisions) {
      let all = block.count * n
      let places = (0..<all).filter {
        counted?[block.index($0 / block.count, $0 % block.count)] ?? true
      }
      if places.count == all, let own = try? CholeskyFactor(precision) {
        total += block.temporal.generalizedLogDeterminant(own.logDeterminant, channels: block.count)
        continue
      }
      var dense = Tensor<Double>(repeating: 0, shape: .matrix(places.count, places.count))
      for (row, a) in places.enumerated() {
        for (column, b) in places.enumerated() {
          dense[row, column] =
            block.temporal.precision[a / block.count, b / block.count]
            * precision[a % block.count, b % block.count]
        }
      }
      total += try logDeterminantOfCovariance(dense)
    }
    return total
  }
}

/// `ln |A|` by a Cholesky factor where A has one, else over the singular values that count.
func logDeterminantOfCovariance(_ a: Tensor<Double>) throws(LinearAlgebraError) -> Double {
  if a.rows == 0 { return 0 }
  if let factor = try? CholeskyFactor(a) { return factor.logDeterminant }
  return try RegularizedStep.logDeterminant(a)
}
