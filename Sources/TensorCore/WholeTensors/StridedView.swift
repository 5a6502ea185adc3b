/// A window on a buffer: which of its entries make up a tensor.
///
/// Entry (i₀, i₁, …) lies at `offset + Σ i · stride`; a stride of zero repeats. Permutations, slices
/// and repeats are other windows on the same buffer and cost nothing.
struct StridedView: Hashable, Sendable {
  /// The buffer's number in the plan.
  var buffer: Int
  /// The place of the first entry.
  var offset: Int
  /// The extents.
  var dimensions: [Int]
  /// The distance between neighbours along each axis.
  var strides: [Int]

  /// All of a buffer, row by row.
  init(buffer: Int, shape: Shape) {
    self.buffer = buffer
    offset = 0
    dimensions = shape.dimensions
    strides = shape.strides
  }

  /// The number of entries.
  var count: Int { dimensions.reduce(1, *) }

  /// Whether the entries lie one after the other, row by row.
  var isContiguous: Bool {
    var expected = 1
    for axis in dimensions.indices.reversed() where dimensions[axis] != 1 {
      if dimensions[axis] == 0 { return true }
      if strides[axis] != expected { return false }
      expected *= dimensions[axis]
    }
    return true
  }

  /// The window with its axes in another order.
  func permuted(_ order: [Int]) -> StridedView {
    var view = self
    view.dimensions = order.map { dimensions[$0] }
    view.strides = order.map { strides[$0] }
    return view
  }

  /// The window narrowed along one axis.
  func sliced(axis: Int, start: Int, count: Int) -> StridedView {
    var view = self
    view.offset += start * strides[axis]
    view.dimensions[axis] = count
    return view
  }

  /// The window repeated along new leading axes and along axes of extent one.
  func broadcast(to shape: Shape) -> StridedView {
    let missing = shape.rank - dimensions.count
    var view = self
    view.dimensions = shape.dimensions
    view.strides = (0..<shape.rank).map { axis in
      let own = axis - missing
      return own < 0 || dimensions[own] != shape[axis] ? 0 : strides[own]
    }
    return view
  }

  /// The same entries under another shape, where that is a window too.
  func reshaped(_ shape: Shape) -> StridedView? {
    if isContiguous {
      var view = StridedView(buffer: buffer, shape: shape)
      view.offset = offset
      return view
    }
    // Splitting or dropping axes of extent one is always a window; so is splitting one axis.
    var strides: [Int] = []
    var axis = 0
    var remaining = shape.dimensions[...]
    let own = dimensions.indices.filter { dimensions[$0] != 1 }
    while axis < own.count {
      let extent = dimensions[own[axis]]
      var parts: [Int] = []
      var product = 1
      while product < extent || remaining.first == 1 {
        guard let next = remaining.popFirst() else { return nil }
        parts.append(next)
        product *= next
        if product == extent && remaining.first != 1 { break }
      }
      guard product == extent else { return nil }
      var stride = self.strides[own[axis]]
      var reversed: [Int] = []
      for part in parts.reversed() {
        reversed.append(stride)
        stride *= part
      }
      strides += reversed.reversed()
      axis += 1
    }
    guard remaining.allSatisfy({ $0 == 1 }) else { return nil }
    strides += remaining.map { _ in 0 }
    var view = self
    view.dimensions = shape.dimensions
    view.strides = strides
    return view
  }
}
