internal import DynamicModels
internal import TensorCore

/// One step of local linearisation of the states and causes, data and prior causes moving along.
///
///     δ̇ = (D − κ H) δ + D ũ − κ (V_u + Σ_k ε̃_uᵀ Π̃ ε̃_y D^k ỹ τᵏ/k! + …)        (mathematics §5, §7)
///
/// `advanceJointly` takes the parameters and their velocity w along, so that the states follow a
/// moving parameter within the step:
///
///     φ̇ = w      ẇ = −C_b (∂F/∂φ + H_φu δ_u + H_φφ δ_φ + …) − N w
///
/// Held apart, as the reference holds them, a parameter that the states can follow closely
/// (S ≪ H_φφ) either creeps or overshoots.
final class FilterStateStep {
  private let errors: HierarchyErrors
  private let layout: UnknownLayout
  private let gain: Double
  private let step: Double
  private var constant: LinearPropagator
  private var changing: LocalLinearPropagator
  private var prepared: Int?
  private var jacobian: [Double]
  private var forcing: [Double]
  private var jointJacobian: [Double]
  private var jointForcing: [Double]
  private var jointChange: [Double]
  /// Moved data, their weighted form and the message over (u, φ).
  private var moved: [[Double]]
  private var weighted: [[Double]]
  private var scratch: [Double]
  private var message: [Double]
  /// Where the ones of D stand: rows, and how far their columns lie ahead.
  private let shifts: [(row: Int, ahead: Int)]
  private var change: [Double]
  private var joint: LocalLinearPropagator
  private let interval: Double

  /// Prepares steps of a gain κ over one `parts`-th of a sample of length `interval`.
  init(errors: HierarchyErrors, gain: Double, interval: Double, parts: Int) {
    self.errors = errors
    layout = errors.layout
    self.gain = gain
    self.interval = interval
    step = interval / Double(parts)
    let u = layout.count
    let r = errors.freeCount
    let all = u + 2 * r
    joint = LocalLinearPropagator(
      dimension: all, forcingCount: layout.stateOrder, isDoubling: false)
    constant = LinearPropagator(dimension: u, forcingCount: layout.stateOrder)
    changing = LocalLinearPropagator(
      dimension: u, forcingCount: layout.stateOrder, isDoubling: false)
    jacobian = [Double](repeating: 0, count: u * u)
    forcing = [Double](repeating: 0, count: u * layout.stateOrder)
    jointJacobian = [Double](repeating: 0, count: all * all)
    jointForcing = [Double](repeating: 0, count: all * layout.stateOrder)
    jointChange = [Double](repeating: 0, count: all)
    moved = errors.groups.map { [Double](repeating: 0, count: $0.orders * $0.rows) }
    weighted = moved
    scratch = [Double](repeating: 0, count: moved.map(\.count).max() ?? 0)
    message = [Double](repeating: 0, count: u + r)
    var shifts: [(row: Int, ahead: Int)] = []
    for level in 0..<layout.depth {
      let (nx, nv) = (layout.stateCounts[level], layout.causeCounts[level])
      for index in 0..<(max(layout.stateOrder - 1, 0) * nx) {
        shifts.append((layout.state(level, 0, 0) + index, nx))
      }
      for index in 0..<(max(layout.causeOrder - 1, 0) * nv) {
        shifts.append((layout.cause(level, 0, 0) + index, nv))
      }
    }
    self.shifts = shifts
    change = [Double](repeating: 0, count: u)
  }

  /// Moves `unknowns` by one step.
  ///
  /// - Parameters:
  ///   - unknowns: ũ.
  ///   - moments: gradient, curvature and Π̃ε̃_u at ũ.
  ///   - data: ỹ, zero where a channel is missing.
  ///   - prior: η̃.
  /// - Returns: Whether the step is finite.
  func advance(
    _ unknowns: inout [Double], _ moments: FilterMoments, data: [Double], prior: [Double]
  ) -> Bool {
    let u = layout.count
    setForcing(unknowns, moments)
    for k in 1..<max(layout.stateOrder, 1) {
      setMessage(k, moments, data, prior)
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

  /// Moves unknowns, parameters and their velocity by one step; false where it is not finite.
  func advanceJointly(
    _ unknowns: inout [Double], _ slow: inout SlowVariables, _ slowStep: SlowStep,
    _ moments: FilterMoments, data: [Double], prior: [Double]
  ) -> Bool {
    let (u, r) = (layout.count, errors.freeCount)
    let b = r + moments.slotCount
    let q = u + r
    let all = u + 2 * r
    // Time counts in samples here, the unit of the velocities.
    setForcing(unknowns, moments)
    setJacobian(moments)
    for index in 0..<u { jointForcing[index] = interval * forcing[index] }
    for i in 0..<r {
      jointForcing[u + i] = slow.velocity[i]
      jointForcing[q + i] = -slowStep.samples * slow.velocity[i] - slowStep.pull[i]
    }
    var scale = 1.0
    for k in 1..<max(layout.stateOrder, 1) {
      scale *= interval
      setMessage(k, moments, data, prior)
      for index in 0..<u {
        jointForcing[k * all + index] = -gain * interval * scale * message[index]
      }
      for i in 0..<r {
        var sum = 0.0
        for j in 0..<r { sum += slowStep.whitener[i * b + j] * message[u + j] }
        jointForcing[k * all + u + i] = 0
        jointForcing[k * all + q + i] = -scale * sum
      }
    }
    let (coupling, information) = (moments.coupling, moments.freeCurvature)
    let (own, whitener) = (jacobian, slowStep.whitener)
    var matrix = jointJacobian.mutableSpan
    for row in 0..<u {
      for column in 0..<u { matrix[row * all + column] = interval * own[row * u + column] }
      for j in 0..<r { matrix[row * all + u + j] = -interval * gain * coupling[row * r + j] }
    }
    for i in 0..<r {
      matrix[(u + i) * all + q + i] = 1
      matrix[(q + i) * all + q + i] = -slowStep.samples
      for column in 0..<q {
        var sum = 0.0
        for j in 0..<r {
          var entry =
            column < u ? coupling[column * r + j] : information[j * r + column - u]
          if column == u + j { entry += slowStep.parameterPrecision[j] / slowStep.samples }
          sum += whitener[i * b + j] * entry
        }
        matrix[(q + i) * all + column] = -sum
      }
    }
    var output = jointChange.mutableSpan
    guard
      joint.propagate(
        jacobian: jointJacobian.span, forcing: jointForcing.span, step: step / interval,
        into: &output)
    else { return false }
    for index in 0..<u { unknowns[index] += jointChange[index] }
    for i in 0..<r {
      slow.free[i] += jointChange[u + i]
      slow.velocity[i] += jointChange[q + i]
    }
    return unknowns.allSatisfy { $0.isFinite }
  }

  /// `D ũ − κ V_u`.
  private func setForcing(_ unknowns: [Double], _ moments: FilterMoments) {
    let gradient = moments.stateGradient
    for index in gradient.indices { forcing[index] = -gain * gradient[index] }
    for (row, ahead) in shifts { forcing[row] += unknowns[row + ahead] }
  }

  /// The message `[ε̃_u ε̃_φ]ᵀ Π̃ (ε̃_y D^k ỹ + ε̃_η D^k η̃)`.
  private func setMessage(
    _ k: Int, _ moments: FilterMoments, _ data: [Double], _ prior: [Double]
  ) {
    for index in message.indices { message[index] = 0 }
    add(errors.dataGroup, k, moments, data, sign: 1)
    if let index = errors.priorGroup { add(index, k, moments, prior, sign: -1) }
  }

  private func add(
    _ index: Int, _ k: Int, _ moments: FilterMoments, _ source: [Double], sign: Double
  ) {
    let group = errors.groups[index]
    let shift = k * group.rows
    for place in moved[index].indices {
      moved[index][place] = place + shift < source.count ? sign * source[place + shift] : 0
    }
    ErrorGroup.weigh(
      moments.precision.matrices[index], group.temporal.precision.values, orders: group.orders,
      rows: group.rows, width: 1, moved[index], into: &weighted[index], scratch: &scratch)
    group.addMessage(weighted[index], through: group.jacobian, to: &message)
    group.addParameterMessage(weighted[index], to: &message, at: layout.count)
  }

  private func setJacobian(_ moments: FilterMoments) {
    let curvature = moments.stateCurvature
    for index in curvature.indices { jacobian[index] = -gain * curvature[index] }
    for index in moments.precisionCurvature.indices {
      jacobian[index] -= gain * moments.precisionCurvature[index]
    }
    let u = layout.count
    for (row, ahead) in shifts { jacobian[row * u + row + ahead] += 1 }
  }
}
