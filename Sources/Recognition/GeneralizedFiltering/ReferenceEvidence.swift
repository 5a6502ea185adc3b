internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The reference's −F of the states, summed over samples, in the parts it is made of.
struct ReferenceEvidence {
  /// −½ ε̃ᵀΠ̃ε̃ and ½ ln |Π̃| of the counted errors of the data, with their constant.
  var sensory = 0.0
  /// The same of the other counted errors, the states' prior and ½ ln |P_u C|.
  var other = 0.0

  var total: Double { sensory + other }
}

/// Which errors and unknowns the reference counts: those whose log-precision is below eight at first.
struct ReferenceMasks {
  /// Per population and entry.
  private let counted: [[Bool]]
  /// The unknowns in q(u): order zero of the hidden states always, others with their errors.
  private let unknowns: [Int]
  /// The eigenvalues of S⁻¹ of every population.
  private let spectra: [[Double]]

  /// Reads the masks off the precisions at the start.
  init(
    _ precision: FilterPrecision, _ errors: HierarchyErrors
  ) throws(LinearAlgebraError) {
    let counted = precision.logarithms.map { $0.map { $0 < 8 } }
    self.counted = counted
    var spectra: [[Double]] = []
    for group in errors.groups {
      spectra.append(try SymmetricEigendecomposition(group.temporal.precision).values)
    }
    self.spectra = spectra
    unknowns = (0..<errors.layout.count).filter { index in
      let (level, isState, order, entry) = errors.layout.description(of: index)
      if isState && order == 0 { return true }
      // The causes of a level are the outputs of the one above.
      let place = errors.groups.firstIndex {
        isState
          ? $0.kind == .states && $0.level == level + 1
          : $0.kind != .states && $0.level == level + 2
      }
      return place.map { counted[$0][entry] } ?? true
    }
  }

  /// Adds one sample's parts.
  func add(
    _ moments: FilterMoments, _ point: [Double], to parts: inout ReferenceEvidence
  ) throws(LinearAlgebraError) {
    let (precision, errors) = (moments.precision, moments.errors)
    let n = errors.layout.stateOrder
    for (index, group) in errors.groups.enumerated() {
      let isSensory = index == errors.dataGroup
      var value = 0.0
      for entry in 0..<group.rows where counted[index][entry] {
        if isSensory && precision.missing[entry] { continue }
        for order in 0..<n {
          let place = order * group.rows + entry
          value -= 0.5 * group.errors[place] * group.weighted[place]
        }
        value +=
          0.5 * logDeterminant(index, group.temporal, precision.logarithms[index][entry])
      }
      if isSensory { parts.sensory += value } else { parts.other += value }
    }
    let present = precision.missing.reduce(0) { $0 + ($1 ? 0 : 1) }
    parts.sensory -= 0.5 * Double(n * present) * log(2 * Double.pi)
    guard moments.prior.isStated else { return }
    let u = errors.layout.count
    let count = unknowns.count
    var own = Tensor<Double>(repeating: 0, shape: .matrix(count, count))
    var covariance = own
    for (row, a) in unknowns.enumerated() {
      for (column, b) in unknowns.enumerated() {
        own[row, column] = moments.prior.matrix[a * u + b]
        covariance[row, column] = moments.conditional[a * u + b]
        parts.other -= 0.5 * point[a] * moments.prior.matrix[a * u + b] * point[b]
      }
    }
    parts.other +=
      0.5 * (try RegularizedStep.logDeterminant(LinearAlgebra.product(own, covariance)))
  }

  /// `ln |S⁻¹ e^p|` of one channel over the eigenvalues that the reference keeps.
  private func logDeterminant(
    _ index: Int, _ temporal: TemporalCovariance, _ own: Double
  ) -> Double {
    let gain = exp(own)
    var sum = 0.0
    var isWhole = true
    for value in spectra[index] {
      if value * gain > 1e-16 && value * gain < 1e16 {
        sum += log(value * gain)
      } else {
        isWhole = false
      }
    }
    return isWhole ? temporal.generalizedLogDeterminant(own, channels: 1) : sum
  }
}
