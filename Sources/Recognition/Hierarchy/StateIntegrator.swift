internal import DynamicModels
internal import TensorCore

/// One step of local linearisation of the states and causes (mathematics §6).
///
///     u̇ = D ũ − κ V_u,   Jacobian D − κ H,   data and prior causes moving by their own derivatives
///
/// A single block is exponentiated, once where the curvature is constant. Chains of blocks, and
/// matrices so stiff that squaring an exponential would lose their slow directions, step along a
/// contour.
final class StateIntegrator {
  private let errors: HierarchyErrors
  private let gain: Double
  private let step: Double
  private let isReference: Bool
  private var constant: LinearPropagator?
  private var changing: LocalLinearPropagator?
  private var contour: ContourPropagator?
  /// Whether the contour is used for the present curvature.
  private var isContour = false
  private var isExtreme = false
  private var curvature: [Double] = []
  private var jacobian: [Double]
  private var forcing: [Double]
  private var change: [Double]
  /// Per group `MᵀΠ` of its data at every order `[n × columns]`.
  private var messages: [[Double]]
  /// Where the ones of D stand in the storage of the Jacobian.
  private let shiftPlaces: [Int]

  /// Above this size of `hJ` scaling and squaring loses more than the contour does.
  private static let stiffness = 1e5
  /// Above this size the reference's own rounding shows in its results.
  private static let extremeStiffness = 1e8

  init(_ errors: HierarchyErrors, gain: Double, step: Double, isReference: Bool) {
    self.errors = errors
    self.gain = gain
    self.step = step
    self.isReference = isReference
    let layout = errors.layout
    let u = layout.count
    let n = layout.stateOrder
    jacobian = [Double](repeating: 0, count: layout.chain.storageCount)
    forcing = [Double](repeating: 0, count: u * n)
    change = [Double](repeating: 0, count: u)
    messages = errors.groups.map { [Double](repeating: 0, count: n * $0.columns) }
    var places: [Int] = []
    for level in 0..<layout.depth {
      let (nx, nv) = (layout.stateCounts[level], layout.causeCounts[level])
      let first = layout.state(level, 0, 0)
      let causes = layout.cause(level, 0, 0)
      let rows =
        (0..<max(layout.stateOrder - 1, 0) * nx).map { (first + $0, nx) }
        + (0..<max(layout.causeOrder - 1, 0) * nv).map { (causes + $0, nv) }
      places += rows.compactMap { layout.chain.place(row: $0.0, column: $0.0 + $0.1) }
    }
    shiftPlaces = places
    if layout.chain.sizes.count == 1 {
      if errors.isAffine {
        constant = LinearPropagator(dimension: u, forcingCount: n)
      } else {
        changing = LocalLinearPropagator(dimension: u, forcingCount: n, isDoubling: false)
      }
    } else {
      contour = ContourPropagator(layout.chain, forcingCount: n, keepsFactors: errors.isAffine)
    }
  }

  /// D − κ H.
  private func setJacobian(_ curvature: [Double]) {
    for index in jacobian.indices { jacobian[index] = -gain * curvature[index] }
    for place in shiftPlaces { jacobian[place] += 1 }
  }

  /// Prepares steps with a curvature; false where it is not finite.
  func prepare(_ curvature: [Double]) -> Bool {
    let layout = errors.layout
    let chain = layout.chain
    setJacobian(curvature)
    var size = 0.0
    for entry in jacobian { size = max(size, abs(entry)) }
    guard size.isFinite else { return false }
    isExtreme = isReference && size * step > Self.extremeStiffness
    isContour = chain.sizes.count > 1 || (!isReference && size * step > Self.stiffness)
    if isExtreme {
      self.curvature = curvature
      return true
    }
    if isContour {
      if contour == nil {
        contour = ContourPropagator(
          chain, forcingCount: layout.stateOrder, keepsFactors: errors.isAffine)
      }
      if !errors.isAffine { return true }
      let matrix = jacobian
      return contour?.prepare(jacobian: matrix.span, step: step) ?? false
    }
    let matrix = jacobian
    return constant?.prepare(jacobian: matrix.span, step: step) ?? true
  }

  /// Moves `unknowns` by one step; false where the step is not finite.
  func advance(
    _ unknowns: inout [Double], gradient: [Double], precisions: [[Double]], data: [Double],
    prior: [Double]
  ) -> Bool {
    let layout = errors.layout
    let u = layout.count
    for index in forcing.indices { forcing[index] = 0 }
    for index in 0..<u { forcing[index] = -gain * gradient[index] }
    addMotion(unknowns)
    addDataMotion(1..<max(layout.stateOrder, 1), precisions, data, prior)
    if isExtreme {
      guard let increment = referenceStep(precisions, data, prior) else { return false }
      change = increment
    } else {
      let (matrix, terms) = (jacobian, forcing)
      var output = change.mutableSpan
      if isContour && errors.isAffine {
        contour?.propagate(forcing: terms.span, into: &output)
      } else if isContour {
        let isFinite =
          contour?.propagate(
            jacobian: matrix.span, forcing: terms.span, step: step, into: &output) ?? false
        if !isFinite { return false }
      } else if constant != nil {
        constant?.propagate(forcing: terms.span, into: &output)
      } else {
        let isFinite =
          changing?.propagate(
            jacobian: matrix.span, forcing: terms.span, step: step, into: &output) ?? false
        if !isFinite { return false }
      }
    }
    var isFinite = true
    for index in 0..<u {
      unknowns[index] += change[index]
      if !unknowns[index].isFinite { isFinite = false }
    }
    return isFinite
  }

  /// Adds D ũ.
  private func addMotion(_ unknowns: [Double]) {
    let layout = errors.layout
    for level in 0..<layout.depth {
      let states = layout.state(level, 0, 0)
      let nx = layout.stateCounts[level]
      for index in states..<(states + max(layout.stateOrder - 1, 0) * nx) {
        forcing[index] += unknowns[index + nx]
      }
      let causes = layout.cause(level, 0, 0)
      let nv = layout.causeCounts[level]
      for index in causes..<(causes + max(layout.causeOrder - 1, 0) * nv) {
        forcing[index] += unknowns[index + nv]
      }
    }
  }

  /// Adds derivatives of the forcing: the k-th is −κ ε̃_uᵀ Π̃ (ε̃_y D^k ỹ + ε̃_η D^k η̃).
  private func addDataMotion(
    _ derivatives: Range<Int>, _ precisions: [[Double]], _ data: [Double], _ prior: [Double]
  ) {
    addMotion(of: errors.dataGroup, derivatives, precisions, data, sign: 1)
    if let group = errors.priorGroup {
      addMotion(of: group, derivatives, precisions, prior, sign: -1)
    }
  }

  /// With `T_o = MᵀΠ s_o` per order of the source s, the k-th derivative at order j is
  /// `−κ Σ_o S⁻¹_jo T_{o+k}`.
  private func addMotion(
    of index: Int, _ derivatives: Range<Int>, _ precisions: [[Double]], _ source: [Double],
    sign: Double
  ) {
    let group = errors.groups[index]
    let (n, c, rows) = (group.orders, group.columns, group.rows)
    let (precision, map) = (precisions[index], group.jacobian)
    let (times, places) = (group.temporal.precision.values, group.positions)
    // Taken out of its table while it is written, which would be checked entry by entry.
    var held: [Double] = []
    swap(&held, &messages[index])
    var message = held.mutableSpan
    for order in 0..<n {
      for column in 0..<c { message[order * c + column] = 0 }
      let first = order * rows
      if first >= source.count { continue }
      for row in 0..<rows {
        var sum = 0.0
        for other in 0..<rows { sum += precision[row * rows + other] * source[first + other] }
        if sum == 0 { continue }
        for column in 0..<c { message[order * c + column] += sum * map[row * c + column] }
      }
    }
    let u = errors.layout.count
    var output = forcing.mutableSpan
    for k in derivatives {
      for order in 0..<n {
        for column in 0..<c {
          let place = places[order * c + column]
          if place < 0 { continue }
          var sum = 0.0
          var other = order % 2
          while other + k < n {
            sum += times[order * n + other] * message[(other + k) * c + column]
            other += 2
          }
          output[k * u + place] -= sign * gain * sum
        }
      }
    }
    swap(&held, &messages[index])
  }

  /// The Jacobian of all variables as the reference has it, `[x v | y | η]`, at a curvature.
  ///
  /// - Parameters:
  ///   - curvature: H in the storage of a single block.
  ///   - precisions: Π per group.
  /// - Returns: the dense Jacobian of all variables.
  private func referenceJacobian(_ curvature: [Double], _ precisions: [[Double]]) -> Tensor<Double>
  {
    setJacobian(curvature)
    let layout = errors.layout
    let u = layout.count
    let channels = errors.groups[errors.dataGroup].rows
    let priors = errors.priorGroup.map { errors.groups[$0].rows } ?? 0
    let (ys, cs) = (layout.stateOrder * channels, layout.causeOrder * priors)
    let width = u + ys + cs
    var matrix = Tensor<Double>(repeating: 0, shape: .matrix(width, width))
    for row in 0..<u {
      for column in 0..<u { matrix[row, column] = jacobian[row * u + column] }
    }
    // A column of −κ ε̃_uᵀΠ̃ε̃_y is the message of one unit of data.
    let held = forcing
    for column in 0..<(ys + cs) {
      var unit = [Double](repeating: 0, count: ys)
      var other = [Double](repeating: 0, count: cs)
      if column < ys { unit[column] = 1 } else { other[column - ys] = 1 }
      for index in 0..<u { forcing[index] = 0 }
      addDataMotion(0..<1, precisions, unit, other)
      for row in 0..<u { matrix[row, u + column] = forcing[row] }
    }
    forcing = held
    for row in 0..<max(ys - channels, 0) { matrix[u + row, u + row + channels] = 1 }
    for row in 0..<max(cs - priors, 0) { matrix[u + ys + row, u + ys + row + priors] = 1 }
    return matrix
  }

  /// The step as the reference takes it: the exponential of all variables, data included.
  ///
  /// With precisions of e³² its rounding is part of its results; elsewhere the two agree.
  private func referenceStep(
    _ precisions: [[Double]], _ data: [Double], _ prior: [Double]
  ) -> [Double]? {
    let u = errors.layout.count
    let matrix = referenceJacobian(curvature, precisions)
    let channels = errors.groups[errors.dataGroup].rows
    let priors = errors.priorGroup.map { errors.groups[$0].rows } ?? 0
    var flow = Array(forcing.prefix(u))
    flow += data.indices.map { $0 + channels < data.count ? data[$0 + channels] : 0 }
    flow += prior.indices.map { $0 + priors < prior.count ? prior[$0 + priors] : 0 }
    guard let move = try? RegularizedStep.step(jacobian: matrix, flow: flow, length: .time(step))
    else { return nil }
    return Array(move.prefix(u))
  }
}
