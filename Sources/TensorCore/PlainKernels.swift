extension Float: KernelScalar {}
extension Double: KernelScalar {}

/// Every kernel as a plain loop: what the faster ones have to agree with.
extension KernelScalar {
  package static func matrixProduct(
    _ layout: ProductLayout, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
    into c: UnsafeMutablePointer<Self>
  ) {
    for row in 0..<layout.rows {
      let target = unsafe c + row * layout.cRow
      if !layout.accumulates {
        for column in 0..<layout.columns { unsafe target[column] = 0 }
      }
      for middle in 0..<layout.inner {
        let factor = unsafe a[row * layout.aRow + middle * layout.aColumn]
        let source = unsafe b + middle * layout.bRow
        for column in 0..<layout.columns {
          unsafe target[column] += factor * source[column * layout.bColumn]
        }
      }
    }
  }

  package static func apply(
    _ function: UnaryOperation, count: Int, _ x: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>
  ) {
    for index in 0..<count { unsafe y[index] = Self(function(Double(x[index]))) }
  }

  package static func apply(
    _ function: BinaryOperation, count: Int, _ a: UnsafePointer<Self>, stride aStride: Int,
    _ b: UnsafePointer<Self>, stride bStride: Int, into y: UnsafeMutablePointer<Self>
  ) {
    for index in 0..<count {
      unsafe y[index] = Self(
        function(Double(a[index * aStride]), Double(b[index * bStride])))
    }
  }

  package static func reduce(
    _ reduction: ReduceOperation, outer: Int, extent: Int, inner: Int, _ x: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>
  ) {
    for block in 0..<outer {
      let target = unsafe y + block * inner
      for entry in 0..<inner { unsafe target[entry] = reduction == .sum ? 0 : -.infinity }
      for index in 0..<extent {
        let source = unsafe x + (block * extent + index) * inner
        for entry in 0..<inner {
          let term = unsafe source[entry]
          let old = unsafe target[entry]
          switch reduction {
          case .sum: unsafe target[entry] = old + term
          case .maximum: unsafe target[entry] = largest(old, term)
          }
        }
      }
    }
  }

  package static func softmax(
    rows: Int, columns: Int, _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>
  ) {
    for row in 0..<rows {
      let source = unsafe x + row * columns
      let target = unsafe y + row * columns
      var peak = -Self.infinity
      for column in 0..<columns { peak = unsafe largest(peak, source[column]) }
      var total: Self = 0
      for column in 0..<columns {
        let term = unsafe peak == -.infinity ? 0 : exponential(source[column] - peak)
        unsafe target[column] = term
        total += term
      }
      if peak == -.infinity { continue }
      for column in 0..<columns { unsafe target[column] /= total }
    }
  }

  package static func softmaxGradient(
    rows: Int, columns: Int, _ y: UnsafePointer<Self>, _ dy: UnsafePointer<Self>,
    into dx: UnsafeMutablePointer<Self>
  ) {
    for row in 0..<rows {
      let start = row * columns
      var total: Self = 0
      for place in start..<(start + columns) { unsafe total += y[place] * dy[place] }
      for place in start..<(start + columns) { unsafe dx[place] = y[place] * (dy[place] - total) }
    }
  }

  package static func logSumExp(
    rows: Int, columns: Int, _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>
  ) {
    for row in 0..<rows {
      let source = unsafe x + row * columns
      var peak = -Self.infinity
      for column in 0..<columns { peak = unsafe largest(peak, source[column]) }
      var total: Self = 0
      if peak != -.infinity && peak != .infinity {
        for column in 0..<columns { unsafe total += exponential(source[column] - peak) }
        unsafe y[row] = peak + Self(Libm.log(Double(total)))
      } else {
        unsafe y[row] = peak
      }
    }
  }

  package static func standardize(
    rows: Int, columns: Int, epsilon: Double, _ x: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>
  ) {
    for row in 0..<rows {
      let source = unsafe x + row * columns
      let target = unsafe y + row * columns
      let (mean, scale) = unsafe moments(source, columns, epsilon)
      for column in 0..<columns { unsafe target[column] = (source[column] - mean) * scale }
    }
  }

  package static func standardizeGradient(
    rows: Int, columns: Int, epsilon: Double, _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>,
    _ dy: UnsafePointer<Self>, into dx: UnsafeMutablePointer<Self>
  ) {
    for row in 0..<rows {
      let start = row * columns
      let (_, scale) = unsafe moments(x + start, columns, epsilon)
      var first: Self = 0
      var second: Self = 0
      for place in start..<(start + columns) {
        unsafe first += dy[place]
        unsafe second += y[place] * dy[place]
      }
      first /= Self(columns)
      second /= Self(columns)
      for place in start..<(start + columns) {
        unsafe dx[place] = (dy[place] - first - y[place] * second) * scale
      }
    }
  }

  package static func attention(
    _ layout: AttentionLayout, _ q: UnsafePointer<Self>, _ k: UnsafePointer<Self>,
    _ v: UnsafePointer<Self>, bias: UnsafePointer<Self>?, into o: UnsafeMutablePointer<Self>
  ) {
    let scale = Self(layout.scale)
    var scores = [Self](repeating: 0, count: layout.keys)
    for query in 0..<layout.queries {
      let seen =
        layout.isCausal
        ? min(layout.keys, max(0, query + layout.keys - layout.queries + 1)) : layout.keys
      for key in 0..<seen {
        var score: Self = 0
        for entry in 0..<layout.width {
          unsafe score += q[query * layout.qRow + entry] * k[key * layout.kRow + entry]
        }
        score *= scale
        if let bias = unsafe bias { unsafe score += bias[query * layout.biasRow + key] }
        scores[key] = score
      }
      unsafe scores.withUnsafeMutableBufferPointer { buffer in
        if let base = buffer.baseAddress {
          unsafe softmax(rows: 1, columns: seen, base, into: base)
        }
      }
      let target = unsafe o + query * layout.oRow
      for entry in 0..<layout.valueWidth { unsafe target[entry] = 0 }
      for key in 0..<seen where scores[key] != 0 {
        for entry in 0..<layout.valueWidth {
          unsafe target[entry] += scores[key] * v[key * layout.vRow + entry]
        }
      }
    }
  }

  package static func adam(
    count: Int, _ constants: AdamConstants, gradient: UnsafePointer<Self>,
    parameters: UnsafeMutablePointer<Self>, mean: UnsafeMutablePointer<Self>,
    square: UnsafeMutablePointer<Self>
  ) {
    let (beta1, beta2) = (Self(constants.beta1), Self(constants.beta2))
    let rate = Self(constants.rate / constants.correction1)
    let inverse = Self(1 / constants.correction2)
    let epsilon = Self(constants.epsilon)
    for index in 0..<count {
      let slope = unsafe gradient[index]
      let first = unsafe beta1 * mean[index] + (1 - beta1) * slope
      let second = unsafe beta2 * square[index] + (1 - beta2) * slope * slope
      unsafe mean[index] = first
      unsafe square[index] = second
      unsafe parameters[index] -= rate * first / ((second * inverse).squareRoot() + epsilon)
    }
  }

  /// The larger one; a NaN wins.
  private static func largest(_ a: Self, _ b: Self) -> Self {
    b > a ? b : (a.isNaN || b <= a ? a : b)
  }

  private static func exponential(_ x: Self) -> Self { Self(Libm.exp(Double(x))) }

  /// The mean of a row and one over its deviation.
  private static func moments(
    _ x: UnsafePointer<Self>, _ columns: Int, _ epsilon: Double
  ) -> (mean: Self, scale: Self) {
    var mean: Self = 0
    for column in 0..<columns { unsafe mean += x[column] }
    mean /= Self(columns)
    var variance: Self = 0
    for column in 0..<columns {
      let distance = unsafe x[column] - mean
      variance += distance * distance
    }
    return (mean, 1 / (variance / Self(columns) + Self(epsilon)).squareRoot())
  }
}
