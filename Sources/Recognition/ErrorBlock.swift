internal import DynamicModels
internal import Foundation
internal import TensorCore

/// The errors of one kind at one level, whitened by the square root of their precision.
struct ErrorBlock {
  /// Whether these are errors of the data themselves.
  let isSensory: Bool
  /// `Π̃^{½} ε̃`.
  let whitened: [Double]
  /// `Π̃^{½} ε̃_u` over all generalised states and causes, where asked for.
  let whitenedJacobian: Tensor<Double>?
  /// `½ ε̃ᵀ Π̃ ε̃ − ½ ln |Π̃| + ½ n_ε ln 2π`.
  let energy: Double
  /// `−½ ln |Π̃| + ½ n_ε ln 2π`, the part of the energy that no error changes.
  let normalizer: Double

  init(
    isSensory: Bool, error: [Double], jacobian: Tensor<Double>?, whitening: WhiteningFactor
  ) {
    self.isSensory = isSensory
    whitened = whitening(error)
    whitenedJacobian = jacobian.map { matrix in
      LinearAlgebra.product(
        LinearAlgebra.kronecker(
          whitening.temporal.inverseFactor, LinearAlgebra.transpose(whitening.half)), matrix)
    }
    normalizer = whitening.normalizer
    energy = 0.5 * whitened.reduce(0) { $0 + $1 * $1 } + whitening.normalizer
  }
}

extension RecognitionDynamics {
  /// The errors of every level at a state vector, the way mathematics §3 defines them.
  ///
  /// This goes its own way — dense blocks, square roots of precisions — so that the flow's units can
  /// be tested against it.
  func errorBlocks(
    _ q: [Double], data: GeneralizedVector, prior: GeneralizedVector, withJacobian: Bool
  ) throws(RecognitionError) -> [ErrorBlock] {
    var blocks: [ErrorBlock] = []
    for (unit, own) in zip(units, layout.levels) {
      let level = model.level(own.level)
      let at = unit.program.isPrior ? nil : predictions(of: unit, own, q)
      do {
        if own.outputCount > 0 {
          var error = target(of: own, q, data)
          let predicted = at?["\(Level.Port.output)~"]?.values ?? prior.values
          for index in error.indices { error[index] -= predicted[index] }
          let precision = precision(
            level.outputPrecision, at?[Level.Port.outputPrecision], unit.program.outputComponents,
            Array(q[own.logPrecisions].prefix(unit.program.outputComponents.count)))
          blocks.append(
            ErrorBlock(
              isSensory: own.level == 1, error: error,
              jacobian: withJacobian ? outputJacobian(own, at) : nil,
              whitening: try WhiteningFactor(
                precision: precision,
                temporal: temporal(own.level))))
        }
        if own.stateCount > 0, let motion = at?["\(Level.Port.motion)~"] {
          var error = motion.values.map { -$0 }
          for entry in 0..<(own.states.count - own.stateCount) {
            error[entry] += q[own.states.lowerBound + own.stateCount + entry]
          }
          let precision = precision(
            level.statePrecision, at?[Level.Port.statePrecision], unit.program.stateComponents,
            Array(q[own.logPrecisions].dropFirst(unit.program.outputComponents.count)))
          blocks.append(
            ErrorBlock(
              isSensory: false, error: error,
              jacobian: withJacobian ? motionJacobian(own, at) : nil,
              whitening: try WhiteningFactor(
                precision: precision, temporal: temporal(own.level))))
          if let statePrior = level.statePriorPrecision {
            blocks.append(try priorBlock(own, q, statePrior, withJacobian))
          }
        }
      } catch {
        throw .linearAlgebra(level: own.level, error)
      }
    }
    return blocks
  }

  /// The predictions g̃, f̃ and order-zero Jacobians of one level.
  func predictions(
    of unit: LevelUnit, _ own: LevelUnits, _ q: [Double]
  ) -> [String: Tensor<Double>] {
    let executable = unit.predictions
    let memory = unit.predictionWorkspace
    memory.workspace.write(Array(q[own.states]), to: executable.input(UnitPort.states))
    memory.workspace.write(Array(q[own.causes]), to: executable.input(UnitPort.causes))
    memory.workspace.write(Array(q[own.parameters]), to: executable.input(UnitPort.parameters))
    memory.workspace.run()
    return Dictionary(
      uniqueKeysWithValues: executable.outputs.map {
        ($0.name, Tensor(shape: $0.shape, values: memory.workspace.read($0)))
      })
  }

  private func temporal(_ level: Int) -> TemporalCovariance {
    TemporalCovariance(
      orders: layout.stateOrder, smoothness: model.smoothness(ofLevel: level))
  }

  /// What a level explains, with n orders: the data, or the causes below with zeros beyond order d.
  private func target(of own: LevelUnits, _ q: [Double], _ data: GeneralizedVector) -> [Double] {
    if own.level == 1 { return data.values }
    let causes = Array(q[layout.levels[own.level - 2].causes])
    return causes
      + [Double](repeating: 0, count: layout.stateOrder * own.outputCount - causes.count)
  }

  private func precision(
    _ model: PrecisionModel, _ stateDependent: Tensor<Double>?, _ free: [PrecisionComponent],
    _ logPrecisions: [Double]
  ) -> Tensor<Double> {
    var total = stateDependent ?? model.fixed
    for component in model.components {
      let index = free.firstIndex { $0.name == component.name }
      let gain = exp(index.map { logPrecisions[$0] } ?? component.priorMean)
      for entry in total.values.indices {
        total.values[entry] += gain * component.matrix.values[entry]
      }
    }
    return total
  }

  // MARK: ε̃_u, dense

  private func outputJacobian(
    _ own: LevelUnits, _ at: [String: Tensor<Double>]?
  ) -> Tensor<Double> {
    var matrix = Tensor<Double>(
      repeating: 0,
      shape: .matrix(layout.stateOrder * own.outputCount, layout.stateUnitCount))
    if own.level > 1 {
      let below = layout.levels[own.level - 2].causes
      for entry in 0..<below.count {
        matrix.values[entry * layout.stateUnitCount + below.lowerBound + entry] = 1
      }
    }
    subtract(at?["\(Level.Port.output)|\(Level.Port.states)"], own.outputCount, own.states, &matrix)
    subtract(at?["\(Level.Port.output)|\(Level.Port.causes)"], own.outputCount, own.causes, &matrix)
    return matrix
  }

  private func motionJacobian(
    _ own: LevelUnits, _ at: [String: Tensor<Double>]?
  ) -> Tensor<Double> {
    var matrix = Tensor<Double>(
      repeating: 0, shape: .matrix(own.states.count, layout.stateUnitCount))
    for entry in 0..<(own.states.count - own.stateCount) {
      matrix.values[
        entry * layout.stateUnitCount + own.states.lowerBound + own.stateCount + entry] = 1
    }
    subtract(at?["\(Level.Port.motion)|\(Level.Port.states)"], own.stateCount, own.states, &matrix)
    subtract(at?["\(Level.Port.motion)|\(Level.Port.causes)"], own.stateCount, own.causes, &matrix)
    return matrix
  }

  /// `matrix −= I ⊗ J` over the orders that `columns` has.
  private func subtract(
    _ jacobian: Tensor<Double>?, _ rows: Int, _ columns: Range<Int>,
    _ matrix: inout Tensor<Double>
  ) {
    guard let jacobian, jacobian.shape.count > 0 else { return }
    let width = jacobian.columns
    for order in 0..<(columns.count / width) {
      for row in 0..<rows {
        for column in 0..<width {
          matrix.values[
            (order * rows + row) * layout.stateUnitCount + columns.lowerBound + order * width
              + column] -= jacobian.values[row * width + column]
        }
      }
    }
  }

  private func priorBlock(
    _ own: LevelUnits, _ q: [Double], _ precision: Tensor<Double>, _ withJacobian: Bool
  ) throws(LinearAlgebraError) -> ErrorBlock {
    var error = Array(q[own.states])
    for (index, value) in model.level(own.level).initialStates.enumerated() {
      error[index] -= value
    }
    var jacobian: Tensor<Double>?
    if withJacobian {
      var matrix = Tensor<Double>(
        repeating: 0, shape: .matrix(own.states.count, layout.stateUnitCount))
      for entry in 0..<own.states.count {
        matrix.values[entry * layout.stateUnitCount + own.states.lowerBound + entry] = 1
      }
      jacobian = matrix
    }
    return ErrorBlock(
      isSensory: false, error: error, jacobian: jacobian,
      whitening: try WhiteningFactor(
        precision: precision,
        temporal: TemporalCovariance(orders: layout.stateOrder, smoothness: 0)))
  }
}
