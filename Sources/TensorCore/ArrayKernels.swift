/// Kernels on whole arrays: the loops of optimisers.
package enum ArrayKernels {
  /// `x += y`.
  package static func add<Scalar: KernelScalar>(_ y: [Scalar], to x: inout [Scalar]) {
    precondition(x.count == y.count, "\(y.count) numbers added to \(x.count)")
    let count = x.count
    unsafe x.withUnsafeMutableBufferPointer { x in
      unsafe y.withUnsafeBufferPointer { y in
        guard let target = x.baseAddress, let source = y.baseAddress else { return }
        unsafe Scalar.apply(
          .add, count: count, UnsafePointer(target), stride: 1, source, stride: 1, into: target)
      }
    }
  }

  /// `x *= factor`.
  package static func scale<Scalar: KernelScalar>(_ x: inout [Scalar], by factor: Scalar) {
    let count = x.count
    unsafe x.withUnsafeMutableBufferPointer { x in
      guard let target = x.baseAddress else { return }
      unsafe withUnsafePointer(to: factor) { factor in
        unsafe Scalar.apply(
          .multiply, count: count, UnsafePointer(target), stride: 1, factor, stride: 0,
          into: target)
      }
    }
  }

  /// `x −= factor · y`, in pieces that stay in the nearest memory.
  ///
  /// - Parameters:
  ///   - y: what is subtracted.
  ///   - factor: its factor.
  ///   - x: what it is subtracted from.
  ///   - scratch: overwritten; enlarged where it is too short.
  package static func subtract<Scalar: KernelScalar>(
    _ y: [Scalar], times factor: Scalar, from x: inout [Scalar], scratch: inout [Scalar]
  ) {
    precondition(x.count == y.count, "\(y.count) numbers subtracted from \(x.count)")
    let piece = 2048
    if scratch.count < piece { scratch = [Scalar](repeating: 0, count: piece) }
    unsafe x.withUnsafeMutableBufferPointer { x in
      unsafe y.withUnsafeBufferPointer { y in
        unsafe scratch.withUnsafeMutableBufferPointer { scratch in
          guard let x = x.baseAddress, let source = y.baseAddress,
            let scaled = scratch.baseAddress
          else { return }
          unsafe withUnsafePointer(to: factor) { factor in
            for start in stride(from: 0, to: y.count, by: piece) {
              let count = min(piece, y.count - start)
              unsafe Scalar.apply(
                .multiply, count: count, source + start, stride: 1, factor, stride: 0,
                into: scaled)
              unsafe Scalar.apply(
                .subtract, count: count, UnsafePointer(x + start), stride: 1,
                UnsafePointer(scaled), stride: 1, into: x + start)
            }
          }
        }
      }
    }
  }

  /// The sum of squares of some entries, accumulated in pieces whose sums are added in order.
  ///
  /// - Parameters:
  ///   - x: the entries.
  ///   - scratch: overwritten; at least as long as `x`.
  /// - Returns: `Σ x²`.
  package static func sumOfSquares<Scalar: KernelScalar>(
    _ x: [Scalar], scratch: inout [Scalar]
  ) -> Double {
    precondition(scratch.count >= x.count, "scratch of \(scratch.count) for \(x.count) numbers")
    var total = 0.0
    let piece = 4096
    unsafe x.withUnsafeBufferPointer { x in
      unsafe scratch.withUnsafeMutableBufferPointer { scratch in
        guard let source = x.baseAddress, let squares = scratch.baseAddress else { return }
        for start in stride(from: 0, to: x.count, by: piece) {
          let count = min(piece, x.count - start)
          unsafe Scalar.apply(
            .multiply, count: count, source + start, stride: 1, source + start, stride: 1,
            into: squares)
          var sum: Scalar = 0
          unsafe Scalar.reduce(
            .sum, outer: 1, extent: count, inner: 1, UnsafePointer(squares), into: &sum)
          total += Double(sum)
        }
      }
    }
    return total
  }

  /// One step of Adam; `memories` are the means of the gradient and of its square.
  package static func adam<Scalar: KernelScalar>(
    _ constants: AdamConstants, gradient: [Scalar], parameters: inout [Scalar],
    memories: inout [[Scalar]]
  ) {
    let count = parameters.count
    precondition(
      gradient.count == count && memories.count == 2 && memories[0].count == count
        && memories[1].count == count, "arrays of different lengths")
    var mean = memories[0]
    var square = memories[1]
    memories = []
    unsafe gradient.withUnsafeBufferPointer { gradient in
      unsafe parameters.withUnsafeMutableBufferPointer { parameters in
        unsafe mean.withUnsafeMutableBufferPointer { mean in
          unsafe square.withUnsafeMutableBufferPointer { square in
            guard let g = gradient.baseAddress, let p = parameters.baseAddress,
              let m = mean.baseAddress, let v = square.baseAddress
            else { return }
            unsafe Scalar.adam(
              count: count, constants, gradient: g, parameters: p, mean: m, square: v)
          }
        }
      }
    }
    memories = [mean, square]
  }
}
