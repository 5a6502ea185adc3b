/// A seeded generator whose numbers are the same bytes on every platform.
///
/// xoshiro256** seeded by SplitMix64; normal numbers by Marsaglia's polar method with a logarithm
/// made of exactly rounded operations only, so that no system library takes part. `split` derives
/// named streams from the seed alone: they do not depend on how much of the parent was used.
///
/// References: Blackman & Vigna 2021, ACM Trans Math Softw 47:36; Marsaglia & Bray 1964, SIAM
/// Rev 6:260.
public struct RandomSource: RandomNumberGenerator, Sendable, Hashable {
  private let key: UInt64
  private var state: (UInt64, UInt64, UInt64, UInt64)
  private var spare: Double?

  /// Creates the stream of a seed.
  public init(seed: UInt64) {
    key = seed
    var counter = seed
    state = (
      Self.splitMix(&counter), Self.splitMix(&counter), Self.splitMix(&counter),
      Self.splitMix(&counter)
    )
  }

  /// The next 64 uniform bits.
  public mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = (state.3 << 45) | (state.3 >> 19)
    return result
  }

  /// A number uniform on [0, 1), a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A standard normal number.
  public mutating func normal() -> Double {
    if let kept = spare {
      spare = nil
      return kept
    }
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      if square >= 1 || square == 0 { continue }
      let factor = (-2 * Self.portableLog(square) / square).squareRoot()
      spare = y * factor
      return x * factor
    }
  }

  /// `count` standard normal numbers.
  public mutating func normals(_ count: Int) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(normal()) }
    return values
  }

  /// The stream of a name under this one; equal seeds and names give equal streams.
  public func split(_ label: String) -> RandomSource {
    // FNV-1a over the bytes of the name.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in label.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return child(hash, salt: 0x6c61_6265_6c00_0001)
  }

  /// The stream of a number under this one.
  public func split(_ index: Int) -> RandomSource {
    child(UInt64(bitPattern: Int64(index)), salt: 0x6e75_6d62_6572_0001)
  }

  private func child(_ hash: UInt64, salt: UInt64) -> RandomSource {
    var counter = key ^ salt
    let mixed = Self.splitMix(&counter)
    counter = mixed ^ hash
    return RandomSource(seed: Self.splitMix(&counter))
  }

  private static func splitMix(_ counter: inout UInt64) -> UInt64 {
    counter &+= 0x9e37_79b9_7f4a_7c15
    var z = counter
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// The natural logarithm of a positive normal number, by `2 artanh((m − 1)/(m + 1)) + e ln 2`.
  static func portableLog(_ x: Double) -> Double {
    var exponent = Int(x.exponent)
    var significand = x.significand
    if significand > 1.414_213_562_373_095_1 {
      significand /= 2
      exponent += 1
    }
    let ratio = (significand - 1) / (significand + 1)
    let square = ratio * ratio
    var sum = 0.0
    for odd in stride(from: 23, through: 3, by: -2) { sum = square * (sum + 1 / Double(odd)) }
    // ln 2 in two parts, the first with trailing zeros, so that its multiple is exact.
    let high = Double(exponent) * 6.931_471_803_691_238e-01
    let low = Double(exponent) * 1.908_214_929_270_587_7e-10
    return high + (2 * ratio + (2 * ratio * sum + low))
  }

  /// Compares the seeds and the states.
  public static func == (left: RandomSource, right: RandomSource) -> Bool {
    left.key == right.key && left.state == right.state && left.spare == right.spare
  }

  /// Hashes the seed and the state.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(key)
    hasher.combine(state.0)
    hasher.combine(state.1)
    hasher.combine(state.2)
    hasher.combine(state.3)
    hasher.combine(spare)
  }
}
