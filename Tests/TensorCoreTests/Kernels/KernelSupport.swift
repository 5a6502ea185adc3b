import CKernels

@testable import TensorCore

typealias TestedScalar = CompiledKernels & KernelScalar

/// The kernels of one type for one kind of processor, over arrays.
///
/// Results lie between numbers that must stay as they are.
struct Kernels<Scalar: TestedScalar> {
  let level: Int
  private let table: KernelTable

  init(level: Int) {
    self.level = level
    table = Scalar.table(level: level)
  }

  /// Every level that this processor has.
  static var all: [Kernels] { (0...KernelTable.widest).map(Kernels.init) }

  private static var guardCount: Int { 32 }

  /// Calls `body` with room for `start` between guards, and with copies of `operands`; nil where a
  /// guard was overwritten.
  @safe
  private func guarded(
    _ start: [Scalar], _ operands: [[Scalar]],
    _ body: (odoroki_kernels, UnsafeMutablePointer<Scalar>, [UnsafePointer<Scalar>]) -> Void
  ) -> [Scalar]? {
    let guards = [Scalar](repeating: 12345, count: Self.guardCount)
    var room = guards + start + guards
    let copies = unsafe operands.map { operand in
      let copy = UnsafeMutablePointer<Scalar>.allocate(capacity: max(1, operand.count))
      for (index, number) in operand.enumerated() {
        unsafe (copy + index).initialize(to: number)
      }
      return unsafe copy
    }
    defer { unsafe copies.forEach { unsafe $0.deallocate() } }
    unsafe room.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress {
        unsafe body(
          table.functions.pointee, base + Self.guardCount, copies.map { unsafe UnsafePointer($0) })
      }
    }
    guard room.prefix(Self.guardCount) == guards[...], room.suffix(Self.guardCount) == guards[...]
    else { return nil }
    return Array(room.dropFirst(Self.guardCount).dropLast(Self.guardCount))
  }

  func product(_ layout: ProductLayout, _ a: [Scalar], _ b: [Scalar], _ c: [Scalar]) -> [Scalar]? {
    guarded(c, [a, b]) { table, c, p in
      unsafe table.product(odoroki_product(layout), p[0], p[1], c)
    }
  }

  func apply(_ function: UnaryOperation, _ x: [Scalar]) -> [Scalar]? {
    guard let compiled = function.compiled else { return nil }
    return guarded([Scalar](repeating: 7, count: x.count), [x]) { table, y, p in
      unsafe table.unary(compiled, x.count, p[0], y)
    }
  }

  func apply(
    _ function: BinaryOperation, _ count: Int, _ a: [Scalar], _ aStride: Int, _ b: [Scalar],
    _ bStride: Int
  ) -> [Scalar]? {
    guard let compiled = function.compiled else { return nil }
    return guarded([Scalar](repeating: 7, count: count), [a, b]) { table, y, p in
      unsafe table.binary(compiled, count, p[0], aStride, p[1], bStride, y)
    }
  }

  func reduce(
    _ reduction: ReduceOperation, _ outer: Int, _ extent: Int, _ inner: Int, _ x: [Scalar]
  )
    -> [Scalar]?
  {
    guarded([Scalar](repeating: 7, count: outer * inner), [x]) { table, y, p in
      switch reduction {
      case .sum: unsafe table.sum(outer, extent, inner, p[0], y)
      case .maximum: unsafe table.maximum(outer, extent, inner, p[0], y)
      }
    }
  }

  func softmax(_ rows: Int, _ columns: Int, _ x: [Scalar]) -> [Scalar]? {
    guarded(x, []) { table, y, _ in unsafe table.softmax(rows, columns, y, y) }
  }

  func softmaxGradient(_ rows: Int, _ columns: Int, _ y: [Scalar], _ dy: [Scalar]) -> [Scalar]? {
    guarded(dy, [y]) { table, dx, p in
      unsafe table.softmax_gradient(rows, columns, p[0], dx, dx)
    }
  }

  func logSumExp(_ rows: Int, _ columns: Int, _ x: [Scalar]) -> [Scalar]? {
    guarded([Scalar](repeating: 7, count: rows), [x]) { table, y, p in
      unsafe table.log_sum_exp(rows, columns, p[0], y)
    }
  }

  func standardize(_ rows: Int, _ columns: Int, _ epsilon: Double, _ x: [Scalar]) -> [Scalar]? {
    guarded(x, []) { table, y, _ in unsafe table.standardize(rows, columns, epsilon, y, y) }
  }

  func standardizeGradient(
    _ rows: Int, _ columns: Int, _ epsilon: Double, _ x: [Scalar], _ y: [Scalar], _ dy: [Scalar]
  ) -> [Scalar]? {
    guarded(dy, [x, y]) { table, dx, p in
      unsafe table.standardize_gradient(rows, columns, epsilon, p[0], p[1], dx, dx)
    }
  }

  func attention(
    _ layout: AttentionLayout, _ q: [Scalar], _ k: [Scalar], _ v: [Scalar], _ bias: [Scalar]?
  ) -> [Scalar]? {
    let count = layout.queries == 0 ? 0 : (layout.queries - 1) * layout.oRow + layout.valueWidth
    return guarded(
      [Scalar](repeating: 7, count: count), [q, k, v] + (bias.map { [$0] } ?? [])
    ) { table, o, p in
      unsafe table.attention(
        odoroki_attention(layout), p[0], p[1], p[2], p.count > 3 ? p[3] : nil, o)
    }
  }
}

/// Extents around the widths of vectors and of the blocks of products; the largest only where the
/// compiler's help makes their number bearable.
let testedExtents: [Int] = {
  let all = [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33]
  #if DEBUG
    return all.filter { $0 <= 17 }
  #else
    return all
  #endif
}()

extension RandomSource {
  /// Numbers between −1 and 1.
  mutating func numbers<Scalar: TestedScalar>(_ count: Int) -> [Scalar] {
    (0..<count).map { _ in Scalar(2 * uniform() - 1) }
  }
}

/// The largest difference, over `scale` where that is larger than 1; infinite where just one of two
/// is a NaN or the counts differ.
func distance<Scalar: TestedScalar>(_ a: [Scalar]?, _ b: [Double]) -> Double {
  guard let a, a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0.0) { worst, pair in
    let (x, y) = (Double(pair.0), pair.1)
    if x == y || (x.isNaN && y.isNaN) { return worst }
    let error = abs(x - y) / max(1, abs(y))
    return error.isNaN ? .infinity : max(worst, error)
  }
}
