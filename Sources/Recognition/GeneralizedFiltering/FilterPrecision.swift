internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The precisions Π of all populations of errors at a point, with what they change with.
///
///     exact:  Π = fixed + Σ e^{λ_j} Q_j       reference:  Π = diag exp(ln diag V + Σ λ_j diag Q_j)
///
/// Data channels that are missing at a sample are marginalised: what is left has the precision
/// `Π_oo − Π_om Π_mm⁻¹ Π_mo`, and their own rows are zero.
final class FilterPrecision {
  /// What a derivative of Π is taken by.
  enum Variable {
    /// Order zero of an unknown.
    case unknown(Int)
    /// A free direction of the parameters.
    case free(Int)
  }

  /// The components of the populations; λ is numbered as they say.
  private let kernel: HierarchyPrecision
  private let errors: HierarchyErrors
  let isReference: Bool
  /// Π `[k × k]` of every population.
  private(set) var matrices: [[Double]]
  /// Π⁻¹ on the channels that are there, zero elsewhere.
  private(set) var variances: [[Double]]
  /// `ln |Π|` over the directions of positive precision, and how many there are.
  private(set) var logDeterminants: [Double]
  private(set) var ranks: [Int]
  /// `ln Π_aa` of every population, in the reference's form.
  private(set) var logarithms: [[Double]]
  /// ∂Π/∂λ, in the order of the population's components.
  private(set) var slopes: [[[Double]]]
  /// ∂Π by states, causes and parameters, where Π depends on them.
  private(set) var inputSlopes: [[(variable: Variable, matrix: [Double])]]
  /// Which data channels are missing at present.
  private(set) var missing: [Bool]
  /// Whether any Π depends on states, causes or parameters.
  let isStateDependent: Bool

  /// The constant part: Π itself, or its logarithms on the diagonal.
  private let constants: [[Double]]
  private let equations: [PrecisionEquations?]
  private let isChanging: [Bool]
  private var isCurrent: [Bool]
  private var inverters: [SymmetricInverter]

  init(
    model: HierarchicalDynamicModel, errors: HierarchyErrors, spaces: [ParameterSpace],
    reference: InversionSettings.Reference
  ) {
    self.errors = errors
    let layout = errors.layout
    isReference = reference == .spm
    // The scheme numbers its components without the reference's slip in `dem`.
    kernel = HierarchyPrecision(model, errors: errors, reference: .exact)
    let groups = errors.groups
    missing = [Bool](repeating: false, count: groups[errors.dataGroup].rows)
    var constants: [[Double]] = []
    var equations: [PrecisionEquations?] = []
    var inputSlopes: [[(variable: Variable, matrix: [Double])]] = []
    for group in groups {
      let level = model.level(group.level)
      let isOutput = group.kind != .states
      let source = isOutput ? level.outputPrecision : level.statePrecision
      let port = isOutput ? Level.Port.outputPrecision : Level.Port.statePrecision
      let own =
        group.kind != .prior
        ? PrecisionEquations(level, space: spaces[group.level - 1], port: port) : nil
      equations.append(own)
      let k = group.rows
      let held = source.components.filter { !($0.priorVariance > 0) }
      var constant = [Double](repeating: 0, count: k * k)
      if reference == .spm {
        // A fixed part with a zero on its diagonal counts as the identity.
        let known = (0..<k).map { source.fixed[$0, $0] }
        for a in 0..<k {
          if own == nil, known.allSatisfy({ $0 != 0 }) { constant[a * k + a] = log(known[a]) }
          for part in held { constant[a * k + a] += part.priorMean * part.matrix[a, a] }
        }
      } else {
        if own == nil { constant = source.fixed.values }
        for part in held {
          for index in constant.indices {
            constant[index] += exp(part.priorMean) * part.matrix.values[index]
          }
        }
      }
      constants.append(constant)
      let empty = [Double](repeating: 0, count: k * k)
      var variables: [Variable] = []
      if let own {
        let index = group.level - 1
        let starts = [
          layout.state(index, 0, 0), layout.cause(index, 0, 0), errors.freeOffsets[index],
        ]
        for (kind, count) in own.inputCounts.enumerated() {
          for entry in 0..<count {
            let place = starts[kind] + entry
            variables.append(kind == 2 ? .free(place) : .unknown(place))
          }
        }
      }
      inputSlopes.append(variables.map { ($0, empty) })
    }
    self.constants = constants
    self.equations = equations
    self.inputSlopes = inputSlopes
    isStateDependent = equations.contains { $0 != nil }
    let parts = kernel.groups
    isChanging = parts.indices.map { !parts[$0].components.isEmpty || equations[$0] != nil }
    isCurrent = [Bool](repeating: false, count: parts.count)
    matrices = parts.map { [Double](repeating: 0, count: $0.rows * $0.rows) }
    variances = matrices
    logDeterminants = [Double](repeating: 0, count: parts.count)
    ranks = parts.map(\.rows)
    logarithms = parts.map { [Double](repeating: 0, count: $0.rows) }
    slopes = parts.map { part in
      part.components.map { _ in [Double](repeating: 0, count: part.rows * part.rows) }
    }
    inverters = parts.map { SymmetricInverter(size: $0.rows) }
  }

  /// The names, levels and priors of λ.
  var slots: [HierarchyPrecision.Slot] { kernel.slots }

  /// The unknown parts of a population's precision and their places in λ.
  func components(_ index: Int) -> [(matrix: Tensor<Double>, slot: Int)] {
    kernel.groups[index].components
  }

  /// Whether a population's Π can change at all, but for missing channels.
  func canChange(_ index: Int) -> Bool { isChanging[index] }

  /// Brings every Π up to date and says whether any has changed.
  func update(
    lambda: [Double], unknowns: [Double], free: [Double], missing now: [Bool]
  ) throws(LinearAlgebraError) -> Bool {
    let hasMissing = now.contains(true)
    let isOther = now != missing
    missing = now
    var changed = false
    for index in matrices.indices {
      let isSensory = index == errors.dataGroup
      if isCurrent[index] && !isChanging[index] && !(isSensory && isOther) { continue }
      changed = true
      isCurrent[index] = true
      compute(index, lambda, unknowns, free)
      if isSensory && hasMissing { try marginalize(index) }
      try invert(index)
    }
    return changed
  }

  private func compute(_ index: Int, _ lambda: [Double], _ unknowns: [Double], _ free: [Double]) {
    let components = kernel.groups[index].components
    let k = kernel.groups[index].rows
    let own = equations[index]
    if let own {
      let layout = errors.layout
      let level = errors.groups[index].level - 1
      let (x, v) = (layout.state(level, 0, 0), layout.cause(level, 0, 0))
      own.run(
        states: unknowns[x..<(x + layout.stateCounts[level])],
        causes: unknowns[v..<(v + layout.causeCounts[level])],
        free: free[errors.freeOffsets[level]..<errors.freeOffsets[level + 1]])
    }
    for entry in 0..<(k * k) { matrices[index][entry] = constants[index][entry] }
    if isReference {
      for a in 0..<k {
        let place = a * k + a
        var sum = constants[index][place]
        if let own { sum += log(own.precision(a, a)) }
        for component in components {
          sum += lambda[component.slot] * component.matrix.values[place]
        }
        logarithms[index][a] = sum
        matrices[index][place] = exp(sum)
        for (part, component) in components.enumerated() {
          slopes[index][part][place] = component.matrix.values[place] * exp(sum)
        }
      }
    } else {
      if let own {
        for a in 0..<k {
          for b in 0..<k { matrices[index][a * k + b] += own.precision(a, b) }
        }
      }
      for (part, component) in components.enumerated() {
        let gain = exp(lambda[component.slot])
        for entry in 0..<(k * k) {
          let weighted = gain * component.matrix.values[entry]
          slopes[index][part][entry] = weighted
          matrices[index][entry] += weighted
        }
      }
    }
    guard let own else { return }
    var place = 0
    for (kind, count) in own.inputCounts.enumerated() {
      for entry in 0..<count {
        for a in 0..<k {
          for b in 0..<k {
            if isReference {
              inputSlopes[index][place].matrix[a * k + b] =
                a == b
                ? own.slope(a, a, kind: kind, index: entry) / own.precision(a, a)
                  * matrices[index][a * k + a] : 0
            } else {
              inputSlopes[index][place].matrix[a * k + b] =
                own.slope(a, b, kind: kind, index: entry)
            }
          }
        }
        place += 1
      }
    }
  }

  /// Replaces Π and its derivatives by `W Π Wᵀ`, `W = [I, −Π_om Π_mm⁻¹]`.
  private func marginalize(_ index: Int) throws(LinearAlgebraError) {
    let k = kernel.groups[index].rows
    let absent = (0..<k).filter { missing[$0] }
    let present = (0..<k).filter { !missing[$0] }
    let full = Tensor(shape: .matrix(k, k), values: matrices[index])
    var keep = Tensor<Double>(repeating: 0, shape: .matrix(k, k))
    for a in present { keep[a, a] = 1 }
    if absent.contains(where: { m in present.contains { full[$0, m] != 0 } }) {
      let own = Tensor(rows: absent.map { m in absent.map { full[m, $0] } })
      let inverse = try LinearAlgebra.pseudoInverse(own)
      for a in present {
        for (column, m) in absent.enumerated() {
          keep[a, m] = -absent.indices.reduce(0) { $0 + full[a, absent[$1]] * inverse[$1, column] }
        }
      }
    }
    func reduced(_ matrix: [Double]) -> [Double] {
      let left = LinearAlgebra.product(keep, Tensor(shape: .matrix(k, k), values: matrix))
      var result = LinearAlgebra.product(left, LinearAlgebra.transpose(keep)).values
      for m in absent {
        for a in 0..<k {
          result[m * k + a] = 0
          result[a * k + m] = 0
        }
      }
      return result
    }
    matrices[index] = reduced(full.values)
    for part in slopes[index].indices { slopes[index][part] = reduced(slopes[index][part]) }
    for part in inputSlopes[index].indices {
      inputSlopes[index][part].matrix = reduced(inputSlopes[index][part].matrix)
    }
  }

  private func invert(_ index: Int) throws(LinearAlgebraError) {
    let k = kernel.groups[index].rows
    let isWhole = !(index == errors.dataGroup && missing.contains(true))
    if isReference {
      logDeterminants[index] = 0
      ranks[index] = 0
      for a in 0..<k where isWhole || !missing[a] {
        variances[index][a * k + a] = 1 / matrices[index][a * k + a]
        logDeterminants[index] += logarithms[index][a]
        ranks[index] += 1
      }
      if !isWhole { for a in 0..<k where missing[a] { variances[index][a * k + a] = 0 } }
      return
    }
    if isWhole,
      let value = inverters[index].invert(matrices[index], into: &variances[index])
    {
      logDeterminants[index] = value
      ranks[index] = k
      return
    }
    // Directions without precision carry no density.
    let spectrum = try SymmetricEigendecomposition(
      Tensor(shape: .matrix(k, k), values: matrices[index]))
    let largest = spectrum.values.reduce(0) { max($0, abs($1)) }
    for entry in variances[index].indices { variances[index][entry] = 0 }
    logDeterminants[index] = 0
    ranks[index] = 0
    for (place, value) in spectrum.values.enumerated()
    where value > largest * Double(k) * Double.ulpOfOne {
      logDeterminants[index] += log(value)
      ranks[index] += 1
      for a in 0..<k {
        for b in 0..<k {
          variances[index][a * k + b] +=
            spectrum.vectors[a, place] * spectrum.vectors[b, place] / value
        }
      }
    }
  }

  /// `ln |S⁻¹ ⊗ Π|` of a population.
  func generalizedLogDeterminant(_ index: Int) -> Double {
    errors.groups[index].temporal.generalizedLogDeterminant(
      logDeterminants[index], channels: ranks[index])
  }
}
