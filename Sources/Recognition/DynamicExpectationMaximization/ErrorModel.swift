internal import DynamicModels
internal import TensorCore

/// The sizes of an inversion's vectors (mathematics §2, §6).
///
/// Errors are stacked `[order][outputs of all levels]`, then `[order][states of all levels]`;
/// unknowns `[order][states]`, then `[order][causes]`.
struct ErrorLayout {
  let stateOrder: Int
  let causeOrder: Int
  /// Per level: where its outputs, states, causes and free parameters start.
  let outputOffsets: [Int]
  let stateOffsets: [Int]
  let causeOffsets: [Int]
  let freeOffsets: [Int]
  let outputCount: Int
  let stateCount: Int
  let causeCount: Int
  let freeCount: Int
  let dataCount: Int
  let priorCount: Int

  /// n_ε.
  var errorCount: Int { stateOrder * (outputCount + stateCount) }
  /// n_u.
  var unknownCount: Int { stateOrder * stateCount + causeOrder * causeCount }
  /// Where the state errors start.
  var stateErrors: Int { stateOrder * outputCount }
  /// Where the generalized causes start among the unknowns.
  var causes: Int { stateOrder * stateCount }

  init(_ model: HierarchicalDynamicModel, freeCounts: [Int]) {
    func offsets(_ counts: [Int]) -> [Int] {
      var total = 0
      return counts.map { count in
        defer { total += count }
        return total
      } + [counts.reduce(0, +)]
    }
    stateOrder = model.stateOrder
    causeOrder = model.causeOrder
    outputOffsets = offsets(model.levels.map(\.outputs.count))
    stateOffsets = offsets(model.levels.map(\.states.count))
    causeOffsets = offsets(model.levels.map(\.causes.count))
    freeOffsets = offsets(freeCounts)
    outputCount = model.levels.reduce(0) { $0 + $1.outputs.count }
    stateCount = model.levels.reduce(0) { $0 + $1.states.count }
    causeCount = model.levels.reduce(0) { $0 + $1.causes.count }
    freeCount = freeCounts.reduce(0, +)
    dataCount = model.level(1).outputs.count
    priorCount = model.levels[model.levels.count - 1].outputs.count
  }
}

/// The generalized errors of a whole model and their derivatives, over buffers made once.
///
///     ε̃_v = [ỹ; ṽ] − [g̃; η̃]      ε̃_x = D x̃ − f̃      (the last order of ε̃_x is zero, mathematics §6)
final class ErrorModel {
  let layout: ErrorLayout
  let levels: [LevelDerivatives]
  /// Whether all equations are affine in (x, v): then the derivatives hold for the whole record.
  let isAffine: Bool

  /// ε̃ `[n_ε]`.
  private(set) var errors: [Double]
  /// ε̃_u `[n_ε × n_u]`.
  private(set) var byUnknown: [Double]
  /// ε̃_φ `[n_ε × r]`.
  private(set) var byParameter: [Double]
  /// ε̃_φu, per free direction `[n_ε × n_u]`.
  private(set) var byBoth: [[Double]]

  // Order-zero values over all levels: the zeroth output and motion, their Jacobians, and the same
  // per free direction.
  private var zeroth: Zeroth
  private var slopes: [Zeroth]
  /// Order-zero values at the origin of (x, v), where the equations are affine.
  private var offset: [Double] = []
  private var slopeOffsets: [[Double]] = []

  /// g, f and their Jacobians, or one derivative of them all.
  private struct Zeroth {
    /// g over all levels, then f.
    var value: [Double]
    /// `[outputs + states] × [states + causes]`.
    var jacobian: [Double]
  }

  private struct Regions {
    let value: Executable.Region
    let byState: Executable.Region
    let byCause: Executable.Region
    let width: Int
  }
  private let regions: [[(port: String, own: Regions, free: Regions?)]]

  init(model: HierarchicalDynamicModel, spaces: [ParameterSpace]) {
    layout = ErrorLayout(model, freeCounts: spaces.map(\.dimension))
    levels = zip(model.levels, spaces).dropLast().map { LevelDerivatives($0, space: $1) }
    isAffine = levels.allSatisfy(\.isAffine)
    let (rows, columns) = (
      layout.outputCount + layout.stateCount, layout.stateCount + layout.causeCount
    )
    let empty = Zeroth(
      value: [Double](repeating: 0, count: rows),
      jacobian: [Double](repeating: 0, count: rows * columns))
    zeroth = empty
    slopes = [Zeroth](repeating: empty, count: layout.freeCount)
    let (e, u, r) = (layout.errorCount, layout.unknownCount, layout.freeCount)
    errors = [Double](repeating: 0, count: e)
    byUnknown = [Double](repeating: 0, count: e * u)
    byParameter = [Double](repeating: 0, count: e * r)
    byBoth = [[Double]](repeating: [Double](repeating: 0, count: e * u), count: r)
    regions = levels.map { level in
      [Level.Port.output, Level.Port.motion].map { port in
        func make(_ suffix: String) -> Regions {
          Regions(
            value: level.region(port + suffix),
            byState: level.region("\(port)|\(Level.Port.states)" + suffix),
            byCause: level.region("\(port)|\(Level.Port.causes)" + suffix),
            width: suffix.isEmpty ? 1 : level.freeCount)
        }
        return (port, make(""), level.freeCount > 0 ? make("|phi") : nil)
      }
    }
  }

  /// Evaluates the equations at order zero of `unknowns`, with free parameters φ.
  func linearize(unknowns: [Double], free: [Double]) {
    let (nx, nr) = (layout.stateCount, layout.outputCount)
    let columns = nx + layout.causeCount
    for (index, level) in levels.enumerated() {
      let x = layout.stateOffsets[index]
      let v = layout.causes + layout.causeOffsets[index]
      let p = layout.freeOffsets[index]
      level.run(
        states: unknowns[x..<(x + level.stateCount)],
        causes: unknowns[v..<(v + level.causeCount)], free: free[p..<(p + level.freeCount)])
      for (port, own, derived) in regions[index] {
        let isOutput = port == Level.Port.output
        let first = isOutput ? layout.outputOffsets[index] : nr + layout.stateOffsets[index]
        let count = isOutput ? level.outputCount : level.stateCount
        func copy(_ source: Regions, _ direction: Int, into target: inout Zeroth) {
          for row in 0..<count {
            let at = first + row
            target.value[at] = level.value(source.value, row * source.width + direction)
            for column in 0..<level.stateCount {
              target.jacobian[at * columns + x + column] = level.value(
                source.byState, (row * level.stateCount + column) * source.width + direction)
            }
            for column in 0..<level.causeCount {
              target.jacobian[at * columns + nx + layout.causeOffsets[index] + column] =
                level.value(
                  source.byCause, (row * level.causeCount + column) * source.width + direction)
            }
          }
        }
        copy(own, 0, into: &zeroth)
        if let derived {
          for direction in 0..<level.freeCount {
            copy(derived, direction, into: &slopes[p + direction])
          }
        }
      }
    }
    if isAffine {
      offset = origin(zeroth, unknowns)
      slopeOffsets = slopes.map { origin($0, unknowns) }
    }
    assembleUnknownDerivative(zeroth, into: &byUnknown, withIdentity: true)
    for direction in slopes.indices {
      assembleUnknownDerivative(slopes[direction], into: &byBoth[direction], withIdentity: false)
    }
  }

  /// The value at (x, v) = 0 of an affine map known at `unknowns`.
  private func origin(_ map: Zeroth, _ unknowns: [Double]) -> [Double] {
    map.value.indices.map { row in
      map.value[row] - linearPart(map, row, unknowns, order: 0)
    }
  }

  private func linearPart(_ map: Zeroth, _ row: Int, _ u: [Double], order: Int) -> Double {
    let (nx, nv) = (layout.stateCount, layout.causeCount)
    let start = row * (nx + nv)
    var total = 0.0
    for column in 0..<nx { total += map.jacobian[start + column] * u[order * nx + column] }
    if order < layout.causeOrder {
      let v = layout.causes + order * nv
      for column in 0..<nv { total += map.jacobian[start + nx + column] * u[v + column] }
    }
    return total
  }

  /// Evaluates ε̃ and ε̃_φ; for affine equations `linearize` may have happened elsewhere.
  func evaluate(unknowns u: [Double], data: [Double], prior: [Double]) {
    let (n, d) = (layout.stateOrder, layout.causeOrder)
    let (nx, nv, nr, ny) = (
      layout.stateCount, layout.causeCount, layout.outputCount, layout.dataCount
    )
    let etas = nr - layout.priorCount
    for order in 0..<n {
      for row in 0..<nr {
        var target = 0.0
        if row < ny {
          target = data[order * ny + row]
        } else if order < d {
          target = u[layout.causes + order * nv + row - ny]
        }
        var prediction: Double
        if row >= etas {
          prediction = order < d ? prior[order * layout.priorCount + row - etas] : 0
          // With a single level of data only, the last level's outputs are the data.
        } else {
          prediction = predicted(zeroth, offset, row, u, order: order)
        }
        errors[order * nr + row] = target - prediction
      }
      for row in 0..<nx {
        let index = layout.stateErrors + order * nx + row
        errors[index] =
          order + 1 < n
          ? u[(order + 1) * nx + row] - predicted(zeroth, offset, nr + row, u, order: order) : 0
      }
    }
    let r = layout.freeCount
    for direction in 0..<r {
      let own = slopes[direction]
      let base = isAffine ? slopeOffsets[direction] : []
      for order in 0..<n {
        for row in 0..<nr {
          byParameter[(order * nr + row) * r + direction] =
            -predicted(own, base, row, u, order: order)
        }
        for row in 0..<nx {
          byParameter[(layout.stateErrors + order * nx + row) * r + direction] =
            -predicted(own, base, nr + row, u, order: order)
        }
      }
    }
  }

  private func predicted(
    _ map: Zeroth, _ offset: [Double], _ row: Int, _ u: [Double], order: Int
  ) -> Double {
    if order > 0 { return linearPart(map, row, u, order: order) }
    return isAffine ? offset[row] + linearPart(map, row, u, order: 0) : map.value[row]
  }

  private func assembleUnknownDerivative(
    _ map: Zeroth, into target: inout [Double], withIdentity: Bool
  ) {
    let (n, d) = (layout.stateOrder, layout.causeOrder)
    let (nx, nv, nr, ny) = (
      layout.stateCount, layout.causeCount, layout.outputCount, layout.dataCount
    )
    let width = layout.unknownCount
    for order in 0..<n {
      for row in 0..<(nr + nx) {
        let error = row < nr ? order * nr + row : layout.stateErrors + order * nx + row - nr
        for column in 0..<nx {
          target[error * width + order * nx + column] = -map.jacobian[row * (nx + nv) + column]
        }
        if order < d {
          for column in 0..<nv {
            target[error * width + layout.causes + order * nv + column] =
              -map.jacobian[row * (nx + nv) + nx + column]
          }
        }
        guard withIdentity else { continue }
        if row < nr {
          if row >= ny && order < d {
            target[error * width + layout.causes + order * nv + row - ny] += 1
          }
        } else if order + 1 < n {
          target[error * width + (order + 1) * nx + row - nr] = 1
        }
      }
    }
  }

  /// g of level 1 at order zero for a state of the unknowns: the prediction of the data.
  func predictedData(_ u: [Double]) -> [Double] {
    (0..<layout.dataCount).map { predicted(zeroth, offset, $0, u, order: 0) }
  }

  /// ∂(g of level 1)/∂(order-zero unknown), for the covariance of the prediction.
  func outputSlope(_ row: Int, state: Int) -> Double {
    zeroth.jacobian[row * (layout.stateCount + layout.causeCount) + state]
  }
}
