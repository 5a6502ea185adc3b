import CRival
import Foundation
import TensorCore

/// Matrix products on one thread against OpenBLAS called from C with the same processor's kernels.
enum Products {
  static func all(quick: Bool) -> [Finding] {
    let library = BLASLibrary.shared
    guard library.refusal == nil else { return [] }
    let large = quick ? [256] : [256, 512, 1024, 2048]
    let small = quick ? [4, 16] : [2, 3, 4, 6, 8, 12, 16]
    return large.map { atSize($0, Float.self, quick) }
      + large.map { atSize($0, Double.self, quick) }
      + small.map { atSize($0, Float.self, quick) } + small.map { atSize($0, Double.self, quick) }
  }

  /// The speed of our product as a multiple of the library's.
  private static func atSize<Scalar: KernelScalar>(
    _ size: Int, _ type: Scalar.Type, _ quick: Bool
  ) -> Finding {
    var random = RandomSource(seed: 1)
    let a = (0..<size * size).map { _ in Scalar(2 * random.uniform() - 1) }
    let b = (0..<size * size).map { _ in Scalar(2 * random.uniform() - 1) }
    var ours = [Scalar](repeating: 0, count: size * size)
    var theirs = ours
    let layout = ProductLayout(
      rows: size, columns: size, inner: size, aRow: size, aColumn: 1, bRow: size, bColumn: 1,
      cRow: size)
    let work = 2 * Double(size * size * size)
    // Batches of a few milliseconds; small ones of a tenth of one.
    let calls = max(1, Int((size > 64 ? 2e8 : 4e6) / (work + 2000)))
    let samples = quick ? 5 : (size > 1000 ? 9 : 41)
    guard let gemm = unsafe BLASLibrary.shared.address(of: type) else {
      preconditionFailure("a library that is used has its functions")
    }
    let isDouble: Int32 = type == Double.self ? 1 : 0
    let result = unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe ours.withUnsafeMutableBufferPointer { ours in
          unsafe theirs.withUnsafeMutableBufferPointer { theirs in
            guard let a = a.baseAddress, let b = b.baseAddress, let ours = ours.baseAddress,
              let theirs = theirs.baseAddress
            else { preconditionFailure("matrices without entries") }
            return Measurement.pair(samples: samples, calls: 1) {
              unsafe rival_products(gemm, isDouble, Int32(size), calls, a, b, theirs)
            } _: {
              for _ in 0..<calls { unsafe Scalar.matrixProduct(layout, a, b, into: ours) }
            }
          }
        }
      }
    }
    let deviation = zip(ours, theirs).reduce(0.0) { max($0, abs(Double($1.0 - $1.1))) }
    precondition(
      deviation <= Double(size) * 4 * Double(Scalar.ulpOfOne), "products differ by \(deviation)")
    let (library, own) = (result.a.median / Double(calls), result.b.median / Double(calls))
    let goal = size > 64 ? 0.9 : 3
    return Finding(
      name: "\(isDouble == 1 ? "f64" : "f32") product \(size) / OpenBLAS in C",
      value: result.ratio, unit: "×", target: size > 64 ? "≥ 0.9" : "≥ 3",
      isMet: result.ratio >= goal,
      note: String(
        format: "%.1f against %.1f GFLOP/s, %.0f against %.0f ns (medians), %@", work / own,
        work / library, own, library, BLASLibrary.shared.core ?? "unnamed kernels"))
  }
}
