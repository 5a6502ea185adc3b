internal import DynamicModels
internal import TensorCore

/// What the D-step needs at one linearisation: curvature, covariance and the products with Π̃.
///
///     H = ε̃_uᵀ Π̃ ε̃_u + w W_uu + P_u        C = (ε̃_uᵀ Π̃ ε̃_u + P_u)⁻¹        (mathematics §6)
struct StateCurvature {
  /// Π̃ ε̃_u `[n_ε × n_u]`.
  var weighted: [Double]
  /// H `[n_u × n_u]`.
  var curvature: [Double]
  /// C `[n_u × n_u]`.
  var covariance: Tensor<Double>
  /// `ln |C|` over the unknowns that count.
  var logDeterminant: Double
  /// `Π̃ ε̃_u C` `[n_ε × n_u]`.
  var spread: [Double]
  /// Π̃ ε̃_φu per free direction, `[n_ε × n_u]`.
  var weightedBoth: [[Double]]
  /// W_φφ `[r × r]`.
  var parameterCurvature: [Double]
  /// W_φ `[r]`.
  var parameterPull: [Double]
  /// ½ tr(C A_bᵀ Π A_b) of the sensory errors and of all others.
  var sensoryTrace: Double
  var otherTrace: Double
}

/// Dense products on arrays.
enum Dense {
  /// `A B` with A `[rows × inner]`, B `[inner × columns]`.
  static func product(
    _ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int
  ) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    var output = result.mutableSpan
    LinearAlgebraKernels.product(
      a.span, b.span, into: &output, rows: rows, inner: inner, columns: columns)
    return result
  }

  /// `Aᵀ B` with A `[inner × rows]`, B `[inner × columns]`.
  static func transposedProduct(
    _ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int
  ) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    var output = result.mutableSpan
    LinearAlgebraKernels.transposedProduct(
      a.span, b.span, into: &output, rows: rows, inner: inner, columns: columns)
    return result
  }

  /// Writes `Aᵀ x` with A `[inner × rows]`.
  static func transposedVector(
    _ a: [Double], _ x: [Double], rows: Int, inner: Int, into result: inout [Double]
  ) {
    var output = result.mutableSpan
    LinearAlgebraKernels.transposedMatrixVector(
      a.span, x.span, into: &output, rows: inner, columns: rows)
  }

  static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var total = 0.0
    for index in a.indices { total += a[index] * b[index] }
    return total
  }
}

/// One step of local linearisation of the D-step, for a curvature that is kept or one that changes.
final class StateIntegrator {
  let layout: ErrorLayout
  let gain: Double
  let step: Double
  private var constant: LinearPropagator
  private var changing: LocalLinearPropagator
  private var jacobian: [Double]
  private var forcing: [Double]
  private var increment: [Double]
  private var moved: [Double]

  init(layout: ErrorLayout, gain: Double, step: Double) {
    self.layout = layout
    self.gain = gain
    self.step = step
    let u = layout.unknownCount
    constant = LinearPropagator(dimension: u, forcingCount: layout.stateOrder)
    changing = LocalLinearPropagator(dimension: u, forcingCount: layout.stateOrder)
    jacobian = [Double](repeating: 0, count: u * u)
    forcing = [Double](repeating: 0, count: u * layout.stateOrder)
    increment = [Double](repeating: 0, count: u)
    moved = [Double](repeating: 0, count: layout.errorCount)
  }

  /// Prepares steps for a curvature that stays as it is; false where it is not finite.
  func prepare(_ curvature: [Double]) -> Bool {
    setJacobian(curvature)
    let matrix = jacobian
    return constant.prepare(jacobian: matrix.span, step: step)
  }

  private func setJacobian(_ curvature: [Double]) {
    let u = layout.unknownCount
    for index in jacobian.indices { jacobian[index] = -gain * curvature[index] }
    for row in 0..<(layout.causes - layout.stateCount).clamped(0) {
      jacobian[row * u + row + layout.stateCount] += 1
    }
    for row in layout.causes..<max(layout.causes, u - layout.causeCount) {
      jacobian[row * u + row + layout.causeCount] += 1
    }
  }

  /// Moves `unknowns` by one step; false where the step is not finite.
  func advance(
    _ unknowns: inout [Double], gradient: [Double], weighted: [Double], data: [Double],
    prior: [Double], curvature: [Double]?
  ) -> Bool {
    let u = layout.unknownCount
    let (n, d) = (layout.stateOrder, layout.causeOrder)
    for index in 0..<u { forcing[index] = -gain * gradient[index] }
    for row in 0..<(layout.causes - layout.stateCount).clamped(0) {
      forcing[row] += unknowns[row + layout.stateCount]
    }
    for row in layout.causes..<max(layout.causes, u - layout.causeCount) {
      forcing[row] += unknowns[row + layout.causeCount]
    }
    // ε̃_y D^k ỹ + ε̃_η D^k η̃, whose weighted message is the k-th derivative of the forcing.
    for k in 1..<max(n, 1) {
      for index in 0..<layout.stateErrors { moved[index] = 0 }
      for order in 0..<(n - k) {
        let row = order * layout.outputCount
        for channel in 0..<layout.dataCount {
          moved[row + channel] = data[(order + k) * layout.dataCount + channel]
        }
        if order + k < d {
          let first = row + layout.outputCount - layout.priorCount
          for channel in 0..<layout.priorCount {
            moved[first + channel] -= prior[(order + k) * layout.priorCount + channel]
          }
        }
      }
      Dense.transposedVector(
        weighted, moved, rows: u, inner: layout.errorCount, into: &increment)
      for index in 0..<u { forcing[k * u + index] = -gain * increment[index] }
    }
    if let curvature { setJacobian(curvature) }
    let (matrix, terms) = (jacobian, forcing)
    var change = [Double](repeating: 0, count: u)
    var output = change.mutableSpan
    if curvature == nil {
      constant.propagate(forcing: terms.span, into: &output)
    } else if !changing.propagate(
      jacobian: matrix.span, forcing: terms.span, step: step, into: &output)
    {
      return false
    }
    var isFinite = true
    for index in 0..<u {
      unknowns[index] += change[index]
      if !unknowns[index].isFinite { isFinite = false }
    }
    return isFinite
  }
}

extension Int {
  fileprivate func clamped(_ least: Int) -> Int { Swift.max(self, least) }
}
