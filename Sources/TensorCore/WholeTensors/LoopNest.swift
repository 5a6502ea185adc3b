/// Up to four nested loops over some windows of equal extents, the last of them the kernel's.
///
/// Axes that all windows cross evenly are one loop, so most operations are a single kernel call.
struct LoopNest: Hashable, Sendable {
  /// The extents of the three outer loops and of the kernel's.
  var extents: SIMD4<Int>
  /// Per window, the distances of the four loops.
  var strides: [SIMD4<Int>]
  /// Per window, the place of the first entry.
  var offsets: [Int]

  /// The distances of the kernel's loop.
  var innerStrides: [Int] { strides.map(\.w) }

  /// The loops over windows of equal extents; more than four are several nests.
  static func nests(over views: [StridedView]) -> [LoopNest] {
    guard let dimensions = views.first?.dimensions, !dimensions.contains(0) else { return [] }
    // Merge neighbours, outermost first.
    var extents: [Int] = []
    var strides = views.map { _ in [Int]() }
    for axis in dimensions.indices where dimensions[axis] != 1 {
      let merges =
        !extents.isEmpty
        && views.indices.allSatisfy {
          strides[$0][extents.count - 1] == views[$0].strides[axis] * dimensions[axis]
        }
      if merges {
        extents[extents.count - 1] *= dimensions[axis]
        for index in views.indices {
          strides[index][extents.count - 1] = views[index].strides[axis]
        }
      } else {
        extents.append(dimensions[axis])
        for index in views.indices { strides[index].append(views[index].strides[axis]) }
      }
    }
    if extents.isEmpty {
      extents = [1]
      strides = views.map { _ in [1] }
    }
    return unrolled(extents, strides, views.map(\.offset))
  }

  /// Writes axes beyond four out as separate nests.
  private static func unrolled(
    _ extents: [Int], _ strides: [[Int]], _ offsets: [Int]
  ) -> [LoopNest] {
    guard extents.count > 4 else {
      let padding = [Int](repeating: 1, count: 4 - extents.count)
      let none = [Int](repeating: 0, count: 4 - extents.count)
      return [
        LoopNest(
          extents: SIMD4(padding + extents), strides: strides.map { SIMD4(none + $0) },
          offsets: offsets)
      ]
    }
    return (0..<extents[0]).flatMap { index in
      unrolled(
        Array(extents.dropFirst()), strides.map { Array($0.dropFirst()) },
        zip(offsets, strides).map { $0 + index * $1[0] })
    }
  }
}
