extension TensorExecutable {
  /// The kernel calls of one step: usually one, more where a window has many uneven axes.
  @inline(__always)
  static func calls(_ step: TensorStep, offsets: [Int]) -> [Call] {
    func place(_ view: StridedView) -> Int { offsets[view.buffer] + view.offset }
    let result = place(step.result)
    let operands = step.operands.map(place)
    switch step.kind {
    case .copy, .binary, .select:
      let views = ([step.result] + step.operands).map { view in
        var placed = view
        placed.offset = place(view)
        return placed
      }
      return LoopNest.nests(over: views).map { elementwise(step.kind, $0) }
    case .unary(let function):
      let count = step.result.count
      let x = operands[0]
      return [
        { arena in
          unsafe Scalar.apply(
            function, count: count, UnsafePointer(arena.base + x), into: arena.base + result)
        }
      ]
    case .product(let layout): return product(layout, step, offsets)
    case .attention(let layout): return attention(layout, step, offsets)
    default: return [rows(step.kind, operands, result, count: step.operands.map(\.count))]
    }
  }

  /// A call of a kernel over whole dense tensors.
  @inline(__always)
  private static func rows(
    _ kind: TensorStep.Kind, _ operands: [Int], _ result: Int, count: [Int]
  ) -> Call {
    let (x, y, z) = (
      operands[0], operands.count > 1 ? operands[1] : 0, operands.count > 2 ? operands[2] : 0
    )
    switch kind {
    case .reduce(let reduction, let outer, let extent, let inner):
      return { arena in
        unsafe Scalar.reduce(
          reduction, outer: outer, extent: extent, inner: inner, UnsafePointer(arena.base + x),
          into: arena.base + result)
      }
    case .gather(let width, let rows):
      let numbers = count[1]
      return { arena in
        for index in 0..<numbers {
          let row = unsafe Self.row(arena.base[y + index], of: rows)
          unsafe (arena.base + result + index * width).update(
            from: arena.base + x + row * width, count: width)
        }
      }
    case .scatterAdd(let width, let rows):
      let numbers = count[0]
      return { arena in
        unsafe (arena.base + result).update(repeating: 0, count: rows * width)
        for index in 0..<numbers {
          let row = unsafe Self.row(arena.base[x + index], of: rows)
          let target = unsafe arena.base + result + row * width
          let source = unsafe arena.base + y + index * width
          unsafe Scalar.apply(
            .add, count: width, UnsafePointer(target), stride: 1, UnsafePointer(source),
            stride: 1, into: target)
        }
      }
    case .softmax(let rows, let columns):
      return { arena in
        unsafe Scalar.softmax(
          rows: rows, columns: columns, UnsafePointer(arena.base + x), into: arena.base + result)
      }
    case .softmaxGradient(let rows, let columns):
      return { arena in
        unsafe Scalar.softmaxGradient(
          rows: rows, columns: columns, UnsafePointer(arena.base + x),
          UnsafePointer(arena.base + y),
          into: arena.base + result)
      }
    case .logSumExp(let rows, let columns):
      return { arena in
        unsafe Scalar.logSumExp(
          rows: rows, columns: columns, UnsafePointer(arena.base + x), into: arena.base + result)
      }
    case .standardize(let rows, let columns, let epsilon):
      return { arena in
        unsafe Scalar.standardize(
          rows: rows, columns: columns, epsilon: epsilon, UnsafePointer(arena.base + x),
          into: arena.base + result)
      }
    case .standardizeGradient(let rows, let columns, let epsilon):
      return { arena in
        unsafe Scalar.standardizeGradient(
          rows: rows, columns: columns, epsilon: epsilon, UnsafePointer(arena.base + x),
          UnsafePointer(arena.base + y), UnsafePointer(arena.base + z), into: arena.base + result)
      }
    case .copy, .unary, .binary, .select, .product, .attention:
      preconditionFailure("\(kind) does not run on dense rows")
    }
  }

  /// The row that a number names.
  @inline(__always)
  private static func row(_ number: Scalar, of rows: Int) -> Int {
    precondition(number >= 0 && number < Scalar(rows), "row \(number) of a table of \(rows)")
    return Int(number)
  }

  @inline(__always)
  private static func elementwise(_ kind: TensorStep.Kind, _ nest: LoopNest) -> Call {
    let extents = nest.extents
    let inner = extents.w
    let (target, x) = (nest.strides[0], nest.strides[1])
    let (targetStart, xStart) = (nest.offsets[0], nest.offsets[1])
    switch kind {
    case .copy:
      return { arena in
        loop(extents, target, x, SIMD4(), targetStart, xStart, 0) { t, a, _ in
          if target.w == 1 && x.w == 1 {
            unsafe (arena.base + t).update(from: arena.base + a, count: inner)
          } else {
            for index in 0..<inner {
              unsafe arena.base[t + index * target.w] = arena.base[a + index * x.w]
            }
          }
        }
      }
    case .binary(let function):
      let (y, yStart) = (nest.strides[2], nest.offsets[2])
      return { arena in
        loop(extents, target, x, y, targetStart, xStart, yStart) { t, a, b in
          unsafe Scalar.apply(
            function, count: inner, UnsafePointer(arena.base + a), stride: x.w,
            UnsafePointer(arena.base + b),
            stride: y.w, into: arena.base + t)
        }
      }
    case .select:
      let (y, yStart) = (nest.strides[2], nest.offsets[2])
      let (z, zStart) = (nest.strides[3], nest.offsets[3])
      return { arena in
        var c = zStart
        for i in 0..<extents.x {
          for j in 0..<extents.y {
            for k in 0..<extents.z {
              let t = targetStart + i * target.x + j * target.y + k * target.z
              let a = xStart + i * x.x + j * x.y + k * x.z
              let b = yStart + i * y.x + j * y.y + k * y.z
              c = zStart + i * z.x + j * z.y + k * z.z
              for index in 0..<inner {
                let condition = unsafe arena.base[a + index * x.w]
                unsafe arena.base[t + index * target.w] =
                  condition != 0 ? arena.base[b + index * y.w] : arena.base[c + index * z.w]
              }
            }
          }
        }
      }
    default: preconditionFailure("\(kind) does not run entry by entry")
    }
  }

  /// The three outer loops.
  @inline(__always)
  private static func loop(
    _ extents: SIMD4<Int>, _ target: SIMD4<Int>, _ x: SIMD4<Int>, _ y: SIMD4<Int>,
    _ targetStart: Int, _ xStart: Int, _ yStart: Int, _ body: (Int, Int, Int) -> Void
  ) {
    for i in 0..<extents.x {
      for j in 0..<extents.y {
        for k in 0..<extents.z {
          body(
            targetStart + i * target.x + j * target.y + k * target.z,
            xStart + i * x.x + j * x.y + k * x.z, yStart + i * y.x + j * y.y + k * y.z)
        }
      }
    }
  }

  /// The leading axes of matrices as loops: the matrices' own axes are the kernel's.
  private static func batch(_ views: [StridedView], _ offsets: [Int]) -> [LoopNest] {
    LoopNest.nests(
      over: views.map { view in
        var leading = view
        leading.offset += offsets[view.buffer]
        leading.dimensions.removeLast(2)
        leading.strides.removeLast(2)
        return leading
      })
  }

  @inline(__always)
  private static func product(
    _ layout: ProductLayout, _ step: TensorStep, _ offsets: [Int]
  ) -> [Call] {
    batch([step.result] + step.operands, offsets).map { nest in
      let extents = nest.extents
      let (target, x, y) = (nest.strides[0], nest.strides[1], nest.strides[2])
      let (targetStart, xStart, yStart) = (nest.offsets[0], nest.offsets[1], nest.offsets[2])
      return { arena in
        loop(extents, target, x, y, targetStart, xStart, yStart) { t, a, b in
          for index in 0..<extents.w {
            unsafe Scalar.matrixProduct(
              layout, UnsafePointer(arena.base + a + index * x.w),
              UnsafePointer(arena.base + b + index * y.w), into: arena.base + t + index * target.w)
          }
        }
      }
    }
  }

  @inline(__always)
  private static func attention(
    _ layout: AttentionLayout, _ step: TensorStep, _ offsets: [Int]
  ) -> [Call] {
    batch([step.result] + step.operands, offsets).map { nest in
      let extents = nest.extents
      let hasBias = step.operands.count > 3
      return { arena in
        for i in 0..<extents.x {
          for j in 0..<extents.y {
            for k in 0..<extents.z {
              for l in 0..<extents.w {
                let index = SIMD4(i, j, k, l)
                func place(_ view: Int) -> UnsafeMutablePointer<Scalar> {
                  let move = index &* nest.strides[view]
                  return unsafe arena.base + nest.offsets[view] + move.wrappedSum()
                }
                unsafe Scalar.attention(
                  layout, UnsafePointer(place(1)), UnsafePointer(place(2)),
                  UnsafePointer(place(3)), bias: hasBias ? UnsafePointer(place(4)) : nil,
                  into: place(0))
              }
            }
          }
        }
      }
    }
  }
}
