internal import DynamicModels
internal import TensorCore

/// The generalized errors of a whole model with their derivatives, over buffers made once.
///
///     ε̃_v = [ỹ; ṽ] − [g̃; η̃]      ε̃_x = D x̃ − f̃      (mathematics §2)
///
/// g̃ and f̃ use the Jacobians of order zero. The last order of ε̃_x is zero, though its derivative
/// is kept (§6). Populations that are empty are left out.
final class HierarchyErrors {
  let layout: UnknownLayout
  let groups: [ErrorGroup]
  let levels: [LevelDerivatives]
  /// Whether all equations are affine in (x, v) and no precision depends on anything: then one
  /// linearisation holds for a whole record.
  let isAffine: Bool
  /// The number of parameter directions, and of confounds' weights.
  let freeCount: Int
  let nuisanceCount: Int
  /// Where every level's directions start.
  let freeOffsets: [Int]
  /// The index of the outputs of level 1 and of the prior on causes among the groups.
  let dataGroup: Int
  let priorGroup: Int?

  private struct Source {
    let group: Int
    let level: Int
    let value: Executable.Region
    let byState: Executable.Region
    let byCause: Executable.Region
    let slopes: (Executable.Region, Executable.Region, Executable.Region)?
  }
  private let sources: [Source]

  init(
    _ model: HierarchicalDynamicModel, spaces: [ParameterSpace], confoundCount: Int, isDense: Bool,
    isDependent: Bool = false
  ) {
    let layout = UnknownLayout(model, isDense: isDense)
    self.layout = layout
    levels = zip(model.levels, spaces).dropLast().map { LevelDerivatives($0, space: $1) }
    isAffine = !isDependent && levels.allSatisfy(\.isAffine)
    var offsets = [0]
    for level in levels { offsets.append(offsets[offsets.count - 1] + level.freeCount) }
    freeCount = offsets[levels.count]
    // The prior on causes has none.
    freeOffsets = offsets + [freeCount]
    nuisanceCount = confoundCount * model.level(1).outputs.count
    var groups: [ErrorGroup] = []
    var sources: [Source] = []
    for (index, level) in levels.enumerated() {
      let temporal = TemporalCovariance(
        orders: model.stateOrder, smoothness: model.smoothness(ofLevel: index + 1))
      let own = Array(offsets[index]..<offsets[index + 1])
      for (port, rows) in [
        (Level.Port.output, level.outputCount), (Level.Port.motion, level.stateCount),
      ] where rows > 0 || (port == Level.Port.output && index == 0) {
        let isData = index == 0 && port == Level.Port.output
        let nuisance = isData ? Array(freeCount..<(freeCount + nuisanceCount)) : []
        func region(_ name: String, _ suffix: String) -> Executable.Region {
          level.region(name + suffix)
        }
        let (x, v) = ("\(port)|\(Level.Port.states)", "\(port)|\(Level.Port.causes)")
        sources.append(
          Source(
            group: groups.count, level: index, value: level.region(port),
            byState: level.region(x), byCause: level.region(v),
            slopes: level.freeCount == 0
              ? nil
              : (level.region(port + "|phi"), level.region(x + "|phi"), level.region(v + "|phi"))))
        groups.append(
          ErrorGroup(
            kind: port == Level.Port.motion ? .states : isData ? .data : .causes,
            level: index + 1, rows: rows, layout: layout, temporal: temporal,
            directions: own + nuisance, parameterCount: own.count))
      }
    }
    dataGroup = 0
    let top = model.levels.count
    let priors = model.levels[top - 1].outputs.count
    priorGroup = priors > 0 ? groups.count : nil
    if priors > 0 {
      groups.append(
        ErrorGroup(
          kind: .prior, level: top, rows: priors, layout: layout,
          temporal: TemporalCovariance(
            orders: model.stateOrder, smoothness: model.smoothness(ofLevel: top)),
          directions: [], parameterCount: 0))
    }
    self.groups = groups
    self.sources = sources
  }

  /// Evaluates the equations at order zero of `u`, with parameter directions φ.
  func linearize(_ u: [Double], free: [Double]) {
    for (index, level) in levels.enumerated() {
      let x = layout.state(index, 0, 0)
      let v = layout.cause(index, 0, 0)
      let p = freeOffsets[index]
      level.run(
        states: u[x..<(x + level.stateCount)], causes: u[v..<(v + level.causeCount)],
        free: free[p..<(p + level.freeCount)])
    }
    for source in sources {
      let level = levels[source.level]
      let group = groups[source.group]
      let (nx, nv, c) = (group.states, group.causes, group.columns)
      for row in 0..<group.rows {
        group.value[row] = level.value(source.value, row)
        let start = row * c + group.targets
        for column in 0..<nx {
          group.jacobian[start + column] = -level.value(source.byState, row * nx + column)
        }
        for column in 0..<nv {
          group.jacobian[start + nx + column] = -level.value(source.byCause, row * nv + column)
        }
      }
      if let slopes = source.slopes {
        let width = level.freeCount
        for direction in 0..<width {
          for row in 0..<group.rows {
            group.slopeValues[direction][row] = level.value(slopes.0, row * width + direction)
            let start = row * c + group.targets
            for column in 0..<nx {
              group.slopes[direction][start + column] = -level.value(
                slopes.1, (row * nx + column) * width + direction)
            }
            for column in 0..<nv {
              group.slopes[direction][start + nx + column] = -level.value(
                slopes.2, (row * nv + column) * width + direction)
            }
          }
        }
      }
      if isAffine { moveToOrigin(group, u) }
    }
  }

  /// Values at (x, v) = 0 of affine maps known at `u`.
  private func moveToOrigin(_ group: ErrorGroup, _ u: [Double]) {
    let c = group.columns
    for row in 0..<group.rows {
      for column in group.targets..<c {
        let place = group.positions[column]
        if place < 0 { continue }
        group.value[row] += group.jacobian[row * c + column] * u[place]
        for direction in 0..<group.parameterCount {
          group.slopeValues[direction][row] +=
            group.slopes[direction][row * c + column] * u[place]
        }
      }
    }
  }

  /// Evaluates ε̃ and ε̃_φ of all groups.
  func evaluate(_ u: [Double], data: [Double], prior: [Double]) {
    for (index, group) in groups.enumerated() {
      let target = index == dataGroup ? data : index == priorGroup ? prior : []
      group.evaluate(u, target: target, isAffine: isAffine)
    }
  }

  /// Writes the derivatives of the data's errors by the confounds' weights.
  ///
  /// `courses` holds the confounds' generalized time courses `[n × confounds]`.
  func setConfounds(_ courses: [Double]) {
    let group = groups[dataGroup]
    let r = group.directions.count
    let confounds = nuisanceCount / max(group.rows, 1)
    if confounds == 0 { return }
    for order in 0..<group.orders {
      for channel in 0..<group.rows {
        let row = (order * group.rows + channel) * r + group.parameterCount
        for confound in 0..<confounds {
          group.byParameter[row + confound * group.rows + channel] =
            -courses[order * confounds + confound]
        }
      }
    }
  }

  /// The unknowns where a level's equations predict the causes of the level below from the prior.
  ///
  /// States are at their initial values, all motion is zero (mathematics §6).
  func initialUnknowns(_ model: HierarchicalDynamicModel, prior: [Double]) -> [Double] {
    var u = [Double](repeating: 0, count: layout.count)
    var emitted = prior
    for (index, level) in levels.enumerated().reversed() {
      for (entry, value) in model.levels[index].initialStates.enumerated() {
        u[layout.state(index, 0, entry)] = value
      }
      for (entry, value) in emitted.enumerated() { u[layout.cause(index, 0, entry)] = value }
      let (x, v) = (layout.state(index, 0, 0), layout.cause(index, 0, 0))
      level.run(
        states: u[x..<(x + level.stateCount)], causes: u[v..<(v + level.causeCount)],
        free: [Double](repeating: 0, count: level.freeCount)[...])
      let region = level.region(Level.Port.output)
      emitted = (0..<level.outputCount).map { level.value(region, $0) }
    }
    return u
  }
}
