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
  let layout: ErrorLayout
  /// Per population and entry.
  private let counted: [[Bool]]
  /// The unknowns in q(u): order zero of the hidden states always, others with their errors.
  private let unknowns: [Int]
  /// The eigenvalues of S⁻¹ of every population.
  private let spectra: [[Double]]

  /// Reads the masks off the precisions at the start.
  init(_ precision: FilterPrecision) throws(LinearAlgebraError) {
    layout = precision.kernel.layout
    var counted: [[Bool]] = []
    var spectra: [[Double]] = []
    var (outputs, states) = (
      [Bool](repeating: true, count: layout.outputCount),
      [Bool](repeating: true, count: layout.stateCount)
    )
    for (block, own) in zip(precision.kernel.blocks, precision.logarithms) {
      let mask = own.map { $0 < 8 }
      counted.append(mask)
      for (entry, isCounted) in mask.enumerated() {
        let place = block.index(0, entry)
        if block.isOutput {
          outputs[place] = isCounted
        } else {
          states[place - layout.stateErrors] = isCounted
        }
      }
      spectra.append(try SymmetricEigendecomposition(block.temporal.precision).values)
    }
    self.counted = counted
    self.spectra = spectra
    let own = precision.kernel.layout
    let (nx, nv) = (own.stateCount, own.causeCount)
    var unknowns = (0..<own.causes).filter { $0 < nx || states[$0 % nx] }
    for place in 0..<(own.causeOrder * nv) where outputs[own.dataCount + place % nv] {
      unknowns.append(own.causes + place)
    }
    self.unknowns = unknowns
  }

  /// Adds one sample's parts.
  func add(
    _ moments: FilterMoments, _ point: [Double], to parts: inout ReferenceEvidence
  ) throws(LinearAlgebraError) {
    let precision = moments.precision
    for (index, block) in precision.kernel.blocks.enumerated() {
      let isSensory = index == precision.sensory
      var value = 0.0
      for entry in 0..<block.count where counted[index][entry] {
        if isSensory && precision.missing[entry] { continue }
        for order in 0..<layout.stateOrder {
          let place = block.index(order, entry)
          value -= 0.5 * moments.errors.errors[place] * moments.weightedErrors[place]
        }
        value += 0.5 * logDeterminant(index, block, precision.logarithms[index][entry])
      }
      if isSensory { parts.sensory += value } else { parts.other += value }
    }
    let present = precision.missing.reduce(0) { $0 + ($1 ? 0 : 1) }
    parts.sensory -= 0.5 * Double(layout.stateOrder * present) * log(2 * Double.pi)
    guard moments.prior.isStated else { return }
    let u = layout.unknownCount
    let q = u + layout.freeCount
    let count = unknowns.count
    var own = Tensor<Double>(repeating: 0, shape: .matrix(count, count))
    var covariance = own
    for (row, a) in unknowns.enumerated() {
      for (column, b) in unknowns.enumerated() {
        own[row, column] = moments.prior.matrix[a * u + b]
        covariance[row, column] = moments.covariance[a * q + b]
        parts.other -= 0.5 * point[a] * moments.prior.matrix[a * u + b] * point[b]
      }
    }
    parts.other +=
      0.5 * (try RegularizedStep.logDeterminant(LinearAlgebra.product(own, covariance)))
  }

  /// `ln |S⁻¹ e^p|` of one channel over the eigenvalues that the reference keeps.
  private func logDeterminant(_ index: Int, _ block: PrecisionBlock, _ own: Double) -> Double {
    let values = spectra[index].map { $0 * exp(own) }
    if values.allSatisfy({ $0 > 1e-16 && $0 < 1e16 }) {
      return block.temporal.generalizedLogDeterminant(own, channels: 1)
    }
    return values.reduce(0) { $1 > 1e-16 && $1 < 1e16 ? $0 + log($1) : $0 }
  }
}
