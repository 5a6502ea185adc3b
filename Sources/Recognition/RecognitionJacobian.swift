public import ODEEngine
internal import DynamicModels
internal import TensorCore

/// The exact Jacobian of the flow, for implicit integration and local linearisation.
///
/// It is put together from the transformed programs of the levels, so it includes what the flow
/// itself leaves out of ε̃_u: curvature of f and g, states in precisions, couplings to parameters.
extension RecognitionDynamics {
  /// Always true: the Jacobian is a transformation of the flow's own programs.
  public var providesJacobian: Bool { true }

  /// Whether the flow is affine in the units: one piece, every Jacobian entry a constant.
  public var isLinear: Bool {
    units.allSatisfy { $0.jacobian.isConstant && !$0.jacobian.isPiecewise }
  }

  /// The highest partial time derivative that can differ from zero: data are polynomials of degree
  /// n − 1 between samples.
  public var explicitTimeOrder: Int { layout.stateOrder - 1 }

  /// Fills the row-major Jacobian and ∂F/∂t.
  public func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    unsafe state.withUnsafeBufferPointer { source in
      unsafe jacobian.withUnsafeMutableBufferPointer { matrix in
        unsafe timeDerivative.withUnsafeMutableBufferPointer { motion in
          guard let q = source.baseAddress, let matrix = matrix.baseAddress,
            let motion = motion.baseAddress
          else { return }
          unsafe matrix.update(repeating: 0, count: dimension * dimension)
          unsafe motion.update(repeating: 0, count: dimension)
          unsafe assemble(time: time, q, matrix: matrix, timeDerivatives: motion, orders: 1)
        }
      }
    }
  }

  /// Fills the partial time derivatives ∂ᵏF/∂tᵏ, row k − 1 for k = 1…`explicitTimeOrder`.
  ///
  /// They are exact where the flow is affine in the data, which it is unless a precision depends on
  /// states; there the second and higher ones leave out products of data.
  public func timeDerivatives(
    time: Double, state: Span<Double>, into derivatives: inout MutableSpan<Double>
  ) throws(ODEError) {
    unsafe state.withUnsafeBufferPointer { source in
      unsafe derivatives.withUnsafeMutableBufferPointer { rows in
        guard let q = source.baseAddress, let rows = rows.baseAddress else { return }
        unsafe rows.update(repeating: 0, count: explicitTimeOrder * dimension)
        unsafe assemble(
          time: time, q, matrix: nil, timeDerivatives: rows, orders: explicitTimeOrder)
      }
    }
  }

  private func assemble(
    time: Double, _ q: UnsafePointer<Double>, matrix: UnsafeMutablePointer<Double>?,
    timeDerivatives: UnsafeMutablePointer<Double>, orders: Int
  ) {
    for (unit, own) in zip(units, layout.levels) {
      let jacobian = unit.jacobian
      let arena = unsafe jacobian.workspace.base
      unsafe load(time: time, q, own, into: arena, regions: jacobian.inputRegions)
      jacobian.workspace.run()
      for block in jacobian.blocks {
        let (rows, factor) = receiver(of: block.output, own)
        let source = unsafe UnsafePointer(arena + block.region.offset)
        let columnCount = block.columnCount
        if let columns = sender(of: block.input, own) {
          guard let matrix = unsafe matrix else { continue }
          for row in 0..<rows.count {
            for column in 0..<columnCount {
              unsafe matrix[
                (rows.lowerBound + row) * dimension + columns.lowerBound + column] +=
                factor * source[row * columnCount + column]
            }
          }
        } else {
          // The input is data or the prior cause, which move by themselves: ∂ᵏ of it is Dᵏ of it.
          let moving = block.input == UnitPort.below ? data : prior
          for order in 1...max(orders, 1) where order <= orders {
            unsafe addMotion(
              of: moving, order: order, at: time - origin, jacobian: source,
              columnCount: columnCount, rows: rows, factor: factor,
              into: timeDerivatives + (order - 1) * dimension)
          }
        }
      }
      if let matrix = unsafe matrix {
        unsafe addSecondOrder(own.parameters, own.parameterMotion, parameterFriction, matrix)
        unsafe addSecondOrder(
          own.logPrecisions, own.logPrecisionMotion, precisionFriction, matrix)
      }
    }
  }

  /// `rows += factor · J Dᵏ exp(D t) ỹ`.
  private func addMotion(
    of vector: GeneralizedVector, order: Int, at time: Double, jacobian: UnsafePointer<Double>,
    columnCount: Int, rows: Range<Int>, factor: Double, into target: UnsafeMutablePointer<Double>
  ) {
    let channels = vector.channels
    for column in 0..<min(columnCount, vector.orders * channels) {
      let (own, channel) = column.quotientAndRemainder(dividingBy: channels)
      var motion = 0.0
      var weight = 1.0
      var step = 0
      for higher in (own + order)..<max(vector.orders, own + order) {
        motion += weight * vector.values[higher * channels + channel]
        step += 1
        weight *= time / Double(step)
      }
      guard motion != 0 else { continue }
      for row in 0..<rows.count {
        unsafe target[rows.lowerBound + row] +=
          factor * jacobian[row * columnCount + column] * motion
      }
    }
  }

  private func addSecondOrder(
    _ position: Range<Int>, _ motion: Range<Int>, _ friction: Double,
    _ matrix: UnsafeMutablePointer<Double>
  ) {
    for entry in 0..<position.count {
      let (row, column) = (motion.lowerBound + entry, position.lowerBound + entry)
      unsafe matrix[column * dimension + row] += 1
      unsafe matrix[row * dimension + row] -= friction
    }
  }

  /// The rows of `q` that an output drives, and its sign and gain there.
  private func receiver(of output: String, _ own: LevelUnits) -> (Range<Int>, Double) {
    switch output {
    case UnitPort.stateFlow: (own.states, 1)
    case UnitPort.causeFlow: (own.causes, 1)
    case UnitPort.outputErrors:
      (own.level == 1 ? 0..<0 : layout.levels[own.level - 2].causes, -options.gradientGain)
    case UnitPort.parameterForce: (own.parameterMotion, options.parameterGain)
    case UnitPort.precisionForce: (own.logPrecisionMotion, options.precisionGain)
    case UnitPort.outputErrorFlow: (own.outputErrors, 1)
    case UnitPort.stateErrorFlow: (own.stateErrors, 1)
    default: preconditionFailure("no unit receives '\(output)'")
    }
  }

  /// The entries of `q` that an input reads, or nil for data and prior causes.
  private func sender(of input: String, _ own: LevelUnits) -> Range<Int>? {
    switch input {
    case UnitPort.below: own.level == 1 ? nil : layout.levels[own.level - 2].causes
    case UnitPort.states: own.states
    case UnitPort.causes: own.causes
    case UnitPort.parameters: own.parameters
    case UnitPort.logPrecisions: own.logPrecisions
    case UnitPort.outputErrorUnits: own.outputErrors
    case UnitPort.stateErrorUnits: own.stateErrors
    default: nil
    }
  }
}
