package import TensorCore

extension RandomSource {
  /// A whole number from zero below `count`.
  mutating func index(below count: Int) -> Int {
    precondition(count > 0, "no numbers below \(count)")
    return min(Int(uniform() * Double(count)), count - 1)
  }

  /// The numbers below `count` in a random order (Fisher and Yates).
  ///
  /// Not the standard library's shuffle, whose use of random bits may change between versions.
  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, index(below: last + 1))
    }
    return order
  }
}
