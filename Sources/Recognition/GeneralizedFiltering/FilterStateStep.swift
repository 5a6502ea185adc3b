internal import TensorCore

/// One step of local linearisation of the states and causes, data and prior causes moving along.
///
///     δ̇ = (D − κ H) δ + D ũ − κ (V_u + Σ_k ε̃_uᵀ Π̃ ε̃_y D^k ỹ τᵏ/k! + …)        (mathematics §5, §7)
final class FilterStateStep {
  private let layout: ErrorLayout
  private let gain: Double
  private let step: Double
  private var constant: LinearPropagator
  private var changing: LocalLinearPropagator
  private var prepared: Int?
  private var jacobian: [Double]
  private var forcing: [Double]
  private var moved: [Double]
  private var message: [Double]
  private var change: [Double]

  init(layout: ErrorLayout, gain: Double, step: Double) {
    self.layout = layout
    self.gain = gain
    self.step = step
    let u = layout.unknownCount
    let width = u + layout.freeCount
    constant = LinearPropagator(dimension: u, forcingCount: layout.stateOrder)
    changing = LocalLinearPropagator(dimension: u, forcingCount: layout.stateOrder)
    jacobian = [Double](repeating: 0, count: u * u)
    forcing = [Double](repeating: 0, count: u * layout.stateOrder)
    moved = [Double](repeating: 0, count: layout.errorCount)
    message = [Double](repeating: 0, count: width)
    change = [Double](repeating: 0, count: u)
  }

  /// Moves `unknowns` by one step; false where the step is not finite.
  ///
  /// - Parameters:
  ///   - unknowns: ũ.
  ///   - moments: gradient, curvature and Π̃ε̃_u at ũ.
  ///   - data: ỹ, zero where a channel is missing.
  ///   - prior: η̃.
  func advance(
    _ unknowns: inout [Double], _ moments: FilterMoments, data: [Double], prior: [Double]
  ) -> Bool {
    let u = layout.unknownCount
    let (n, d) = (layout.stateOrder, layout.causeOrder)
    let (nx, nv) = (layout.stateCount, layout.causeCount)
    for index in 0..<u { forcing[index] = -gain * moments.stateGradient[index] }
    for row in 0..<max(layout.causes - nx, 0) { forcing[row] += unknowns[row + nx] }
    for row in layout.causes..<max(layout.causes, u - nv) { forcing[row] += unknowns[row + nv] }
    let width = u + layout.freeCount
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
        moments.weighted, moved, rows: width, inner: layout.errorCount, into: &message)
      for index in 0..<u { forcing[k * u + index] = -gain * message[index] }
    }
    let isConstant = moments.isConstant
    if !isConstant || prepared != moments.version {
      setJacobian(moments)
      if isConstant {
        guard constant.prepare(jacobian: jacobian.span, step: step) else { return false }
        prepared = moments.version
      }
    }
    var output = change.mutableSpan
    if isConstant {
      constant.propagate(forcing: forcing.span, into: &output)
    } else if !changing.propagate(
      jacobian: jacobian.span, forcing: forcing.span, step: step, into: &output)
    {
      return false
    }
    for index in 0..<u { unknowns[index] += change[index] }
    return unknowns.allSatisfy(\.isFinite)
  }

  private func setJacobian(_ moments: FilterMoments) {
    let u = layout.unknownCount
    for row in 0..<u {
      for column in 0..<u {
        jacobian[row * u + column] = -gain * moments.stateCurvature(row, column)
      }
    }
    for row in 0..<max(layout.causes - layout.stateCount, 0) {
      jacobian[row * u + row + layout.stateCount] += 1
    }
    for row in layout.causes..<max(layout.causes, u - layout.causeCount) {
      jacobian[row * u + row + layout.causeCount] += 1
    }
  }
}
