internal import DynamicModels
internal import TensorCore

/// One population of generalized errors, a level's outputs or its states, at a linearisation.
///
///     ε[k] = t[k] − (J_x x[k] + J_v v[k])      t = v⁽ⁱ⁻¹⁾[k] or data (outputs), x[k+1] (states)
///
/// Every order has the same derivative `M = [I −J_x −J_v]` over its columns (target, states,
/// causes), so that with `Π̃ = S⁻¹ ⊗ Π` all that inversion needs comes from M and small products:
///
///     ε̃_uᵀ Π̃ ε̃_u   at orders (j, k):  S⁻¹_jk MᵀΠM
///     tr(C ε̃_uᵀ Π̃ ε̃_u) = ⟨MᵀΠM, C̄⟩,   C̄ = Σ_jk S⁻¹_jk C_jk
///
/// Structural zeros (S⁻¹ where j + k is odd, orders beyond d) are never visited.
final class ErrorGroup {
  /// What the errors are about.
  enum Kind { case data, causes, states, prior }

  let kind: Kind
  /// The 1-based level.
  let level: Int
  /// The number of errors at every order, of orders n, and of columns by kind.
  let rows: Int
  let orders: Int
  let targets: Int
  let states: Int
  let causes: Int
  let temporal: TemporalCovariance
  /// The unknown behind every order and column, or −1.
  let positions: [Int]
  /// The global numbers of the parameter directions, then of the confounds' weights.
  let directions: [Int]
  let parameterCount: Int

  /// M `[rows × columns]`.
  var jacobian: [Double]
  /// g or f at order zero; at the origin of (x, v) where the equations are affine.
  var value: [Double]
  /// The derivatives of both by every parameter direction.
  var slopes: [[Double]]
  var slopeValues: [[Double]]

  /// ε̃ `[n × rows]` and ξ̃ = Π̃ ε̃.
  private(set) var errors: [Double]
  private(set) var weighted: [Double]
  /// ε̃_φ `[n × rows × directions]` and Π̃ ε̃_φ.
  var byParameter: [Double]
  private(set) var weightedParameter: [Double]

  /// Room for `[n × rows × directions]` and for `[rows × columns]`.
  var scratch: [Double]
  var mapped: [Double]
  /// Where S⁻¹_jk MᵀΠM goes in the storage of the curvature, −1 where nowhere, per pair of orders
  /// with an even sum; and where C_jk is read.
  private let scatterPlaces: [Int]
  private let readPlaces: [Int]

  /// target + states + causes.
  var columns: Int { targets + states + causes }
  /// Whether F counts these errors as the likelihood of the data.
  var isSensory: Bool { level == 1 && kind != .states }

  init(
    kind: Kind, level: Int, rows: Int, layout: UnknownLayout, temporal: TemporalCovariance,
    directions: [Int], parameterCount: Int
  ) {
    self.kind = kind
    self.level = level
    self.rows = rows
    self.temporal = temporal
    self.directions = directions
    self.parameterCount = parameterCount
    let n = layout.stateOrder
    orders = n
    let own = level - 1
    let isTop = kind == .prior
    states = isTop ? 0 : layout.stateCounts[own]
    causes = isTop ? 0 : layout.causeCounts[own]
    targets = kind == .data ? 0 : rows
    let c = targets + states + causes
    var positions = [Int](repeating: -1, count: n * c)
    for order in 0..<n {
      for entry in 0..<targets {
        if kind == .states {
          if order + 1 < n {
            positions[order * c + entry] = layout.state(own, order + 1, entry)
          }
        } else if order < layout.causeOrder {
          positions[order * c + entry] = layout.cause(own - 1, order, entry)
        }
      }
      for entry in 0..<states {
        positions[order * c + targets + entry] = layout.state(own, order, entry)
      }
      for entry in 0..<causes where order < layout.causeOrder {
        positions[order * c + targets + states + entry] = layout.cause(own, order, entry)
      }
    }
    self.positions = positions
    jacobian = [Double](repeating: 0, count: rows * c)
    for entry in 0..<targets { jacobian[entry * c + entry] = 1 }
    value = [Double](repeating: 0, count: rows)
    slopes = Array(repeating: [Double](repeating: 0, count: rows * c), count: parameterCount)
    slopeValues = Array(repeating: value, count: parameterCount)
    errors = [Double](repeating: 0, count: n * rows)
    weighted = errors
    byParameter = [Double](repeating: 0, count: n * rows * directions.count)
    weightedParameter = byParameter
    scratch = [Double](repeating: 0, count: n * rows * max(directions.count, 1))
    mapped = [Double](repeating: 0, count: rows * c)
    var scatter: [Int] = []
    var reads: [Int] = []
    for j in 0..<n {
      for k in stride(from: j % 2, to: n, by: 2) {
        for p in 0..<c {
          for q in 0..<c {
            let (row, column) = (positions[j * c + p], positions[k * c + q])
            let place =
              row < 0 || column < 0 ? -1 : layout.chain.place(row: row, column: column) ?? -1
            reads.append(place)
            scatter.append(
              place >= 0 && layout.chain.isMirrored(row: row, column: column) ? -1 : place)
          }
        }
      }
    }
    scatterPlaces = scatter
    readPlaces = reads
  }

  // MARK: Errors

  /// Evaluates ε̃ and ε̃_φ; `target` is ỹ or η̃ `[orders × rows]` for errors about data or priors.
  ///
  /// Of a prior η̃ there may be fewer orders than n; the others are zero.
  func evaluate(_ u: [Double], target: [Double], isAffine: Bool) {
    let c = columns
    let (jacobian, value) = (jacobian, value)
    var output = errors.mutableSpan
    for order in 0..<orders {
      for row in 0..<rows {
        var sum = 0.0
        switch kind {
        case .data:
          sum = target[order * rows + row]
        case .prior:
          let place = order * rows + row
          sum = place < target.count ? -target[place] : 0
        case .causes, .states: break
        }
        if kind == .states && order == orders - 1 {
          output[order * rows + row] = 0
          continue
        }
        if order == 0 { sum -= value[row] }
        // Identity, −J_x and −J_v; at order zero J counts only where g and f are affine.
        let width = order == 0 && !isAffine ? targets : c
        for column in 0..<width {
          let place = positions[order * c + column]
          if place >= 0 { sum += jacobian[row * c + column] * u[place] }
        }
        output[order * rows + row] = sum
      }
    }
    let r = directions.count
    var derivatives = byParameter.mutableSpan
    for direction in 0..<parameterCount {
      let (slope, base) = (slopes[direction], slopeValues[direction])
      for order in 0..<orders {
        for row in 0..<rows {
          var sum = order == 0 ? -base[row] : 0
          if order > 0 || isAffine {
            for column in targets..<c {
              let place = positions[order * c + column]
              if place >= 0 { sum += slope[row * c + column] * u[place] }
            }
          }
          derivatives[(order * rows + row) * r + direction] = sum
        }
      }
    }
  }

  /// Weighs ε̃ and ε̃_φ with `Π̃ = S⁻¹ ⊗ Π`.
  func weigh(_ precision: [Double]) {
    Self.weigh(
      precision, temporal.precision.values, orders: orders, rows: rows, width: 1, errors,
      into: &weighted, scratch: &scratch)
    if directions.isEmpty { return }
    Self.weigh(
      precision, temporal.precision.values, orders: orders, rows: rows, width: directions.count,
      byParameter, into: &weightedParameter, scratch: &scratch)
  }

  /// `(S⁻¹ ⊗ Π) x` for x `[n × rows × width]`.
  static func weigh(
    _ precision: [Double], _ temporal: [Double], orders n: Int, rows: Int, width: Int,
    _ x: [Double], into result: inout [Double], scratch: inout [Double]
  ) {
    let size = rows * width
    let (input, gains, times) = (x.span, precision.span, temporal.span)
    var middle = scratch.mutableSpan
    var output = result.mutableSpan
    for order in 0..<n {
      for row in 0..<rows {
        let out = order * size + row * width
        for w in 0..<width { middle[out + w] = 0 }
        for other in 0..<rows {
          let gain = gains[row * rows + other]
          if gain == 0 { continue }
          let source = order * size + other * width
          for w in 0..<width { middle[out + w] += gain * input[source + w] }
        }
      }
    }
    for order in 0..<n {
      let out = order * size
      for place in 0..<size { output[out + place] = 0 }
      var other = order % 2
      while other < n {
        let gain = times[order * n + other]
        let source = other * size
        for place in 0..<size { output[out + place] += gain * middle[source + place] }
        other += 2
      }
    }
  }

  /// ε̃ᵀ ξ̃.
  var squaredError: Double {
    var sum = 0.0
    for index in errors.indices { sum += errors[index] * weighted[index] }
    return sum
  }

  /// Adds `sign · M̃ᵀ message` to a gradient over the unknowns, M̃ with the matrix `map`.
  func addMessage(
    _ message: [Double], through map: [Double], scale: Double = 1, to gradient: inout [Double],
    at start: Int = 0
  ) {
    let c = columns
    let (input, weights) = (message.span, map.span)
    var output = gradient.mutableSpan
    for order in 0..<orders {
      for column in 0..<c {
        let place = positions[order * c + column]
        if place < 0 { continue }
        var sum = 0.0
        for row in 0..<rows { sum += weights[row * c + column] * input[order * rows + row] }
        output[start + place] += scale * sum
      }
    }
  }

  // MARK: Curvature

  /// Writes `AᵀΠB` `[columns × columns]` for A, B `[rows × columns]`.
  func product(
    _ a: [Double], _ precision: [Double], _ b: [Double], into result: inout [Double]
  ) {
    let c = columns
    for row in 0..<rows {
      for column in 0..<c { mapped[row * c + column] = 0 }
      for other in 0..<rows {
        let gain = precision[row * rows + other]
        if gain == 0 { continue }
        for column in 0..<c { mapped[row * c + column] += gain * b[other * c + column] }
      }
    }
    for place in 0..<(c * c) { result[place] = 0 }
    for row in 0..<rows {
      for p in 0..<c {
        let gain = a[row * c + p]
        if gain == 0 { continue }
        for q in 0..<c { result[p * c + q] += gain * mapped[row * c + q] }
      }
    }
  }

  /// Adds `S⁻¹_jk K` at every pair of orders to the storage of a curvature.
  func scatter(_ k: [Double], scale: Double = 1, into storage: inout [Double]) {
    let size = columns * columns
    let n = orders
    let s = temporal.precision.values
    var at = 0
    for j in 0..<n {
      var other = j % 2
      while other < n {
        let gain = scale * s[j * n + other]
        for place in 0..<size {
          let target = scatterPlaces[at + place]
          if target >= 0 { storage[target] += gain * k[place] }
        }
        at += size
        other += 2
      }
    }
  }

  /// Writes `C̄ = Σ_jk S⁻¹_jk C_jk` `[columns × columns]` of a covariance in the chain's storage.
  func contract(_ covariance: [Double], into result: inout [Double]) {
    let size = columns * columns
    let n = orders
    let s = temporal.precision.values
    for place in 0..<size { result[place] = 0 }
    var at = 0
    for j in 0..<n {
      var other = j % 2
      while other < n {
        let gain = s[j * n + other]
        for place in 0..<size {
          let source = readPlaces[at + place]
          if source >= 0 { result[place] += gain * covariance[source] }
        }
        at += size
        other += 2
      }
    }
  }

  /// Writes `M C̄ Mᵀ` `[rows × rows]`.
  func spread(_ contracted: [Double], into result: inout [Double]) {
    let c = columns
    for place in 0..<(rows * rows) { result[place] = 0 }
    for row in 0..<rows {
      for p in 0..<c {
        let gain = jacobian[row * c + p]
        if gain == 0 { continue }
        for other in 0..<rows {
          var sum = 0.0
          for q in 0..<c { sum += contracted[p * c + q] * jacobian[other * c + q] }
          result[row * rows + other] += gain * sum
        }
      }
    }
  }

  // MARK: Sums over orders

  /// Adds `Σ_jk S⁻¹_jk x_j x_kᵀ` `[rows × rows]` of errors masked by `counted`, where given.
  func addEnergy(counted: [Bool]? = nil, to result: inout [Double]) {
    let n = orders
    let s = temporal.precision.values
    for j in 0..<n {
      var other = j % 2
      while other < n {
        let gain = s[j * n + other]
        for a in 0..<rows {
          if let counted, !counted[j * rows + a] { continue }
          let left = gain * errors[j * rows + a]
          for b in 0..<rows {
            if let counted, !counted[other * rows + b] { continue }
            result[a * rows + b] += left * errors[other * rows + b]
          }
        }
        other += 2
      }
    }
  }

  /// Adds `Σ_jk S⁻¹_jk ε_φ[j] C ε_φ[k]ᵀ` with C `[directions × directions]`.
  func addParameterSpread(_ covariance: [Double], to result: inout [Double]) {
    let r = directions.count
    let n = orders
    let s = temporal.precision.values
    for index in 0..<(n * rows) {
      for column in 0..<r {
        var sum = 0.0
        for other in 0..<r {
          sum += byParameter[index * r + other] * covariance[other * r + column]
        }
        scratch[index * r + column] = sum
      }
    }
    for j in 0..<n {
      var other = j % 2
      while other < n {
        let gain = s[j * n + other]
        for a in 0..<rows {
          for b in 0..<rows {
            var sum = 0.0
            for column in 0..<r {
              sum +=
                scratch[(j * rows + a) * r + column] * byParameter[(other * rows + b) * r + column]
            }
            result[a * rows + b] += gain * sum
          }
        }
        other += 2
      }
    }
  }
}
