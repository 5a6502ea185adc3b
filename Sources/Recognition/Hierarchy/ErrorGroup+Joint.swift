internal import DynamicModels
internal import TensorCore

/// What errors say about states and parameters together, for schemes that do not hold them apart.
///
///     H_uφ = ε̃_uᵀ Π̃ ε̃_φ     H_φφ = ε̃_φᵀ Π̃ ε̃_φ
extension ErrorGroup {
  /// Replaces ε̃_φ above order zero by what other second derivatives `slopes` give at `u`.
  func replaceParameterMotion(_ slopes: [[Double]], at u: [Double]) {
    let (c, r) = (columns, directions.count)
    for direction in 0..<parameterCount {
      for order in 1..<max(orders, 1) {
        for row in 0..<rows {
          var sum = 0.0
          for column in targets..<c {
            let place = positions[order * c + column]
            if place >= 0 { sum += slopes[direction][row * c + column] * u[place] }
          }
          byParameter[(order * rows + row) * r + direction] = sum
        }
      }
    }
  }

  /// Adds H_uφ to `coupling` `[n_u × free]` and H_φφ to `information` `[free × free]`.
  func addCoupling(
    free: Int, into coupling: inout [Double], _ information: inout [Double]
  ) {
    let (c, r) = (columns, directions.count)
    if r == 0 { return }
    for order in 0..<orders {
      for row in 0..<rows {
        let start = (order * rows + row) * r
        for column in 0..<c {
          let place = positions[order * c + column]
          let gain = jacobian[row * c + column]
          if place < 0 || gain == 0 { continue }
          for i in 0..<r {
            coupling[place * free + directions[i]] += gain * weightedParameter[start + i]
          }
        }
        for i in 0..<r {
          for j in 0..<r {
            information[directions[i] * free + directions[j]] +=
              byParameter[start + i] * weightedParameter[start + j]
          }
        }
      }
    }
  }

  /// Adds `ε̃_φᵀ message` to a gradient over the parameter directions.
  func addParameterMessage(_ message: [Double], to gradient: inout [Double], at start: Int = 0) {
    let r = directions.count
    for row in 0..<(r > 0 ? orders * rows : 0) {
      let gain = message[row]
      if gain == 0 { continue }
      for i in 0..<r { gradient[start + directions[i]] += byParameter[row * r + i] * gain }
    }
  }

  /// Adds `tr(C [ε̃_u ε̃_φ]ᵀ Π̃ ∂ε̃_u/∂φ)` to every parameter direction's place of `gradient`.
  ///
  /// - Parameters:
  ///   - contracted: C̄ of C_uu.
  ///   - cross: C_uφ `[n_u × free]`.
  ///   - free: the number of all parameter directions.
  ///   - precision: Π.
  ///   - slopes: ∂M/∂φ, per direction of this population.
  ///   - gradient: receives the traces.
  func addEntropyGradient(
    _ contracted: [Double], _ cross: [Double], free: Int, _ precision: [Double],
    slopes: [[Double]], to gradient: inout [Double]
  ) {
    let (c, r) = (columns, directions.count)
    if parameterCount == 0 { return }
    // Π M C̄ + Σ_k (Π̃ ε̃_φ)[k] C_φu[k] `[rows × columns]`: all that a derivative of M meets.
    for row in 0..<rows {
      for column in 0..<c { mapped[row * c + column] = 0 }
      for other in 0..<rows {
        let weight = precision[row * rows + other]
        if weight == 0 { continue }
        for p in 0..<c {
          let gain = weight * jacobian[other * c + p]
          if gain == 0 { continue }
          for column in 0..<c { mapped[row * c + column] += gain * contracted[p * c + column] }
        }
      }
    }
    for order in 0..<orders {
      for column in targets..<c {
        let place = positions[order * c + column]
        if place < 0 { continue }
        for row in 0..<rows {
          let start = (order * rows + row) * r
          var sum = 0.0
          for i in 0..<r {
            sum += weightedParameter[start + i] * cross[place * free + directions[i]]
          }
          mapped[row * c + column] += sum
        }
      }
    }
    for direction in 0..<parameterCount {
      var sum = 0.0
      for index in 0..<(rows * c) { sum += slopes[direction][index] * mapped[index] }
      gradient[directions[direction]] += sum
    }
  }

  /// Adds what C_uφ and C_φφ `[free × free]` give to `Σ_jk S⁻¹_jk ([ε̃_u ε̃_φ] C [ε̃_u ε̃_φ]ᵀ)_jk`.
  func addJointSpread(
    _ cross: [Double], _ covariance: [Double], free: Int, to result: inout [Double]
  ) {
    let (c, r, n) = (columns, directions.count, orders)
    if r == 0 { return }
    for order in 0..<n {
      for row in 0..<rows {
        let start = (order * rows + row) * r
        for i in 0..<r {
          var sum = 0.0
          for column in 0..<c {
            let place = positions[order * c + column]
            if place >= 0 {
              sum += jacobian[row * c + column] * cross[place * free + directions[i]]
            }
          }
          for j in 0..<r {
            sum +=
              0.5 * byParameter[start + j] * covariance[directions[j] * free + directions[i]]
          }
          scratch[start + i] = sum
        }
      }
    }
    let s = temporal.precision.values
    for j in 0..<n {
      for k in stride(from: j % 2, to: n, by: 2) {
        let gain = s[j * n + k]
        for a in 0..<rows {
          let left = (j * rows + a) * r
          for b in 0..<rows {
            let right = (k * rows + b) * r
            var sum = 0.0
            for i in 0..<r { sum += scratch[left + i] * byParameter[right + i] }
            result[a * rows + b] += gain * sum
            result[b * rows + a] += gain * sum
          }
        }
      }
    }
  }

  /// Writes `ε̃_φ − ε̃_u A` `[n × rows × free]` for a response A `[n_u × free]` of the unknowns.
  func writeConditionalSlopes(_ response: [Double], free: Int, into result: inout [Double]) {
    let (c, r) = (columns, directions.count)
    for order in 0..<orders {
      for row in 0..<rows {
        let start = (order * rows + row) * free
        for i in 0..<free { result[start + i] = 0 }
        for i in 0..<r {
          result[start + directions[i]] = byParameter[(order * rows + row) * r + i]
        }
        for column in 0..<c {
          let place = positions[order * c + column]
          let gain = jacobian[row * c + column]
          if place < 0 || gain == 0 { continue }
          for i in 0..<free { result[start + i] -= gain * response[place * free + i] }
        }
      }
    }
  }
}
