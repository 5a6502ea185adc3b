internal import DynamicModels
internal import Foundation
internal import TensorCore

/// A hierarchical dynamic model as a filter sees it: all levels' states and the draws of all causes.
///
///     s_j = (x⁽¹⁾ … x⁽ᴸ⁾, ζ⁽¹⁾ … ζ⁽ᴸ⁾)         v⁽ᴸ⁾ = η_j + ζ⁽ᴸ⁾,  v⁽ⁱ⁻¹⁾ = g⁽ⁱ⁾(x, v) + ζ⁽ⁱ⁻¹⁾
///
/// Every ζ is drawn once per sample and the causes are held until the next. (mathematics §1.)
final class StackedModel {
  private let levels: [LevelDerivatives]
  private let regions: [Regions]
  private var steps: [DiffusionStep]
  /// Whether the whole model is affine in states and causes.
  let isAffine: Bool
  /// Whether the Jacobians and the step of affine levels are computed once.
  private let reuses: Bool
  let stateOffsets: [Int]
  /// Where v⁽ⁱ⁾ (and ζ⁽ⁱ⁾) lies among all causes.
  let causeOffsets: [Int]
  let stateCount: Int
  let causeCount: Int
  let size: Int
  let channels: Int
  let step: Double

  /// Π_w⁻¹ per level, variance per time unit.
  let diffusions: [[Double]]
  /// Covariance of all ζ `[m × m]` and its inverse.
  let causeCovariance: [Double]
  let causePrecision: [Double]
  let logCauseCovariance: Double
  /// Covariance R of the data `[l × l]`.
  let dataCovariance: [Double]
  /// Where the states start, their covariance, and the directions without a prior `[n_x × d]`.
  let initialStates: [Double]
  let initialCovariance: [Double]
  let diffuseDirections: [Double]
  let diffuseCount: Int

  /// v, g⁽¹⁾ and the Jacobians `∂v/∂s`, `∂g⁽¹⁾/∂s` at the last point.
  private(set) var causes: [Double]
  private(set) var outputs: [Double]
  private(set) var causeJacobian: [Double]
  private(set) var outputJacobian: [Double]
  /// x one sample on, `∂x/∂s` `[n_x × n]` and the noise Q that was added `[n_x × n_x]`.
  private(set) var nextStates: [Double]
  private(set) var transition: [Double]
  private(set) var noise: [Double]

  private var hasJacobians = false
  private var motions: [LevelMotion]
  private let none: [Double] = []

  private struct Regions {
    let g: Executable.Region
    let gByState: Executable.Region
    let gByCause: Executable.Region
    let f: Executable.Region
    let fByState: Executable.Region
    let fByCause: Executable.Region
  }

  init(_ model: HierarchicalDynamicModel, reuses: Bool = true) throws(RecognitionError) {
    self.reuses = reuses
    step = model.time.step
    var derivatives: [LevelDerivatives] = []
    var stateOffsets = [0]
    var causeOffsets = [0]
    var diffusions: [[Double]] = []
    for (index, level) in model.levels.dropLast().enumerated() {
      let space: ParameterSpace
      do throws(LinearAlgebraError) {
        space = try ParameterSpace(priorCovariance: level.parameterPriorCovariance)
      } catch {
        throw .linearAlgebra(level: index + 1, error)
      }
      if space.dimension > 0 { throw .unsupported(scheme: .kalman, .parameters) }
      derivatives.append(LevelDerivatives(level, space: space))
      stateOffsets.append(stateOffsets[index] + level.states.count)
      causeOffsets.append(causeOffsets[index] + level.causes.count)
      diffusions.append(try Self.covariance(level.statePrecision, level.states.count).values)
    }
    levels = derivatives
    regions = derivatives.map { level in
      let (x, v) = (Level.Port.states, Level.Port.causes)
      let (g, f) = (Level.Port.output, Level.Port.motion)
      return Regions(
        g: level.region(g), gByState: level.region("\(g)|\(x)"),
        gByCause: level.region("\(g)|\(v)"), f: level.region(f),
        fByState: level.region("\(f)|\(x)"), fByCause: level.region("\(f)|\(v)"))
    }
    isAffine = derivatives.allSatisfy(\.isAffine)
    steps = derivatives.map { DiffusionStep(size: $0.stateCount) }
    motions = derivatives.map { LevelMotion($0.stateCount, $0.causeCount) }
    self.stateOffsets = stateOffsets
    self.causeOffsets = causeOffsets
    self.diffusions = diffusions
    let (nx, nv) = (stateOffsets[model.depth], causeOffsets[model.depth])
    stateCount = nx
    causeCount = nv
    size = nx + nv
    channels = model.level(1).outputs.count
    dataCovariance = try Self.covariance(model.level(1).outputPrecision, channels).values
    var covariance = [Double](repeating: 0, count: nv * nv)
    var precision = covariance
    for index in 1..<model.levels.count {
      let level = model.levels[index]
      let (own, inverse) = try Self.pair(level.outputPrecision, level.outputs.count)
      let first = causeOffsets[index - 1]
      for a in 0..<own.rows {
        for b in 0..<own.rows {
          covariance[(first + a) * nv + first + b] = own[a, b]
          precision[(first + a) * nv + first + b] = inverse[a, b]
        }
      }
    }
    causeCovariance = covariance
    causePrecision = precision
    logCauseCovariance = KalmanKernels.logDeterminant(overwriting: &covariance, nv)
    let start = try InitialStates(model, stateOffsets)
    initialStates = start.mean
    initialCovariance = start.covariance
    diffuseDirections = start.directions
    diffuseCount = start.count
    causes = [Double](repeating: 0, count: nv)
    outputs = [Double](repeating: 0, count: channels)
    causeJacobian = [Double](repeating: 0, count: nv * size)
    outputJacobian = [Double](repeating: 0, count: channels * size)
    nextStates = [Double](repeating: 0, count: nx)
    transition = [Double](repeating: 0, count: nx * size)
    noise = [Double](repeating: 0, count: nx * nx)
  }

  private static func covariance(
    _ model: PrecisionModel, _ count: Int
  ) throws(RecognitionError) -> Tensor<Double> {
    try pair(model, count).covariance
  }

  /// A covariance and its inverse, the precision at the prior log-precisions.
  private static func pair(
    _ model: PrecisionModel, _ count: Int
  ) throws(RecognitionError) -> (covariance: Tensor<Double>, precision: Tensor<Double>) {
    if model.isStateDependent { throw .unsupported(scheme: .kalman, .stateDependentPrecision) }
    if model.components.contains(where: { $0.priorVariance > 0 }) {
      throw .unsupported(scheme: .kalman, .logPrecisions)
    }
    precondition(
      model.dimension == count, "a precision of \(model.dimension) entries for \(count) errors")
    var precision = model.fixed
    for part in model.components {
      for index in precision.values.indices {
        precision.values[index] += exp(part.priorMean) * part.matrix.values[index]
      }
    }
    guard let factor = try? CholeskyFactor(precision) else {
      throw .unsupported(scheme: .kalman, .flatPrecision)
    }
    return (factor.inverse, precision)
  }

  /// Runs all levels at s, from the prior down: causes, outputs and, if asked, their Jacobians.
  func evaluate(_ s: [Double], prior: Tensor<Double>, sample: Int, jacobians: Bool) {
    let isNew = jacobians && !(hasJacobians && isAffine && reuses)
    let n = size
    for index in levels.indices.reversed() {
      let level = levels[index]
      let (x, v) = (stateOffsets[index], causeOffsets[index])
      if index == levels.count - 1 {
        for a in 0..<level.causeCount {
          causes[v + a] =
            prior.values[sample * level.causeCount + a] + s[stateCount + v + a]
          if isNew { causeJacobian[(v + a) * n + stateCount + v + a] = 1 }
        }
      }
      level.run(
        states: s[x..<(x + level.stateCount)], causes: causes[v..<(v + level.causeCount)],
        free: none[...])
      let below = index > 0 ? causeOffsets[index - 1] : 0
      for a in 0..<level.outputCount {
        let value = level.value(regions[index].g, a)
        if index > 0 {
          causes[below + a] = value + s[stateCount + below + a]
        } else {
          outputs[a] = value
        }
        if !isNew { continue }
        let row = (below + a) * n
        for column in 0..<n {
          var sum = 0.0
          if column >= x && column < x + level.stateCount {
            sum = level.value(regions[index].gByState, a * level.stateCount + column - x)
          }
          for b in 0..<level.causeCount {
            sum +=
              level.value(regions[index].gByCause, a * level.causeCount + b)
              * causeJacobian[(v + b) * n + column]
          }
          if index == 0 {
            outputJacobian[row + column] = sum
          } else {
            causeJacobian[row + column] = column == stateCount + below + a ? sum + 1 : sum
          }
        }
      }
    }
    if isNew { hasJacobians = true }
  }

  /// Moves the states from a sample to the next with the causes held at their value at s.
  ///
  /// Halving the steps may still move the mean by `tolerance`, relative to its size.
  func advance(_ s: [Double], prior: Tensor<Double>, sample: Int, tolerance: Double) {
    evaluate(s, prior: prior, sample: sample, jacobians: true)
    for index in levels.indices where levels[index].stateCount > 0 {
      let level = levels[index]
      let (x, v) = (stateOffsets[index], causeOffsets[index])
      for a in 0..<level.stateCount { motions[index].start[a] = s[x + a] }
      if level.isAffine {
        integrate(index, 1)
      } else {
        integrateAdaptively(index, tolerance)
      }
      for a in 0..<level.stateCount {
        nextStates[x + a] = motions[index].end[a]
        for b in 0..<level.stateCount {
          noise[(x + a) * stateCount + x + b] = motions[index].noise[a * level.stateCount + b]
        }
        for column in 0..<size {
          var sum = 0.0
          if column >= x && column < x + level.stateCount {
            sum = motions[index].transition[a * level.stateCount + column - x]
          }
          for b in 0..<level.causeCount {
            sum +=
              motions[index].response[a * level.causeCount + b]
              * causeJacobian[(v + b) * size + column]
          }
          transition[(x + a) * size + column] = sum
        }
      }
    }
  }

  private func integrateAdaptively(_ index: Int, _ tolerance: Double) {
    var count = max(1, motions[index].substeps / 2)
    integrate(index, count)
    while count < 512 {
      motions[index].before = motions[index].end
      count *= 2
      integrate(index, count)
      var (change, extent) = (0.0, 1.0)
      for (old, new) in zip(motions[index].before, motions[index].end) {
        change = max(change, abs(new - old))
        extent = max(extent, abs(new))
      }
      if !(change > tolerance * extent) { break }
    }
    motions[index].substeps = count
  }

  /// `count` steps of local linearisation of one level (mathematics §5), with their Jacobians and Q.
  private func integrate(_ index: Int, _ count: Int) {
    let level = levels[index]
    let (n, m) = (level.stateCount, level.causeCount)
    let v = causeOffsets[index]
    motions[index].end = motions[index].start
    let isKept = motions[index].isKept
    for part in 0..<count {
      level.run(
        states: motions[index].end[...], causes: causes[v..<(v + m)], free: none[...])
      for a in 0..<n { motions[index].rate[a] = level.value(regions[index].f, a) }
      if !isKept {
        for a in 0..<(n * n) {
          motions[index].drift[a] = level.value(regions[index].fByState, a)
        }
        for a in 0..<(n * m) {
          motions[index].input[a] = level.value(regions[index].fByCause, a)
        }
        steps[index].advance(
          drift: motions[index].drift, diffusion: diffusions[index], over: step / Double(count))
      }
      KalmanKernels.product(
        steps[index].integral, motions[index].rate, into: &motions[index].end, n, n, 1,
        adding: true)
      if isKept { continue }
      motions[index].append(steps[index], isFirst: part == 0)
    }
    if level.isAffine && reuses { motions[index].isKept = true }
  }
}
